"""The configuration: defaults, config.toml and environment as one frozen value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal, Self, TypeVar

import re2
from pydantic import BaseModel, Field, PrivateAttr

from bot.located import KeyPath, Located, Problem, Problems, load, nearest, validate
from bot.model.base import Frozen
from bot.model.conversation import Conversation
from bot.settings.checkins import CheckInSettings
from bot.settings.environment import overlay
from bot.settings.kinds import Module, Name, WorkspaceName, Zone
from bot.settings.rooms import (
    DeliverySettings,
    LinkSettings,
    RouteSettings,
    SopSettings,
    Synonyms,
    WebhookSettings,
)
from bot.settings.secret_files import read_secret_files
from bot.settings.server import (
    GatewaySettings,
    LogSettings,
    RetentionSettings,
    SandboxSettings,
    StoreSettings,
    WebSettings,
)
from bot.settings.welcome import WelcomeSettings

FILE = "config.toml"
SANDBOX = "sandbox"
"""The name of the sandbox's gateway, which needs no section of its own."""

STARTER = Path(__file__).parent / "starter.toml"
"""What runs where there is no file."""
M = TypeVar("M", bound=BaseModel)


class Config(Frozen):
    """Everything that is set before the start."""

    workspace: WorkspaceName = Field(
        default="main",
        description="The community's name in the store; several can share one server.",
    )
    data_dir: Path = Field(
        default=Path("data"), description="The folder of the embedded store and of spooled clicks."
    )
    timezone: Zone = Field(
        default="Asia/Shanghai", description="The zone days and times of day are in."
    )
    language: Literal["zh", "en"] = Field(
        default="zh", description="The language of standard texts, until somebody chooses another."
    )
    handlers: tuple[Module, ...] = Field(
        default=("handlers",), description="The modules and packages handlers are loaded from."
    )
    sop_templates: Path = Field(
        default=Path("sop_templates"), description="The folder of SOP template files."
    )
    web: WebSettings = Field(default=WebSettings(), description="The web server.")
    store: StoreSettings = Field(default=StoreSettings(), description="The store.")
    sandbox: SandboxSettings = Field(default=SandboxSettings(), description="The sandbox.")
    gateways: dict[Name, GatewaySettings] = Field(
        default={}, description="Connections to chat accounts."
    )
    sop: SopSettings = Field(default=SopSettings(), description="How SOPs are made and checked.")
    delivery: DeliverySettings = Field(
        default=DeliverySettings(), description="Limits of what is sent unasked."
    )
    welcome: WelcomeSettings = Field(
        default=WelcomeSettings(), description="How new members are greeted."
    )
    routes: tuple[RouteSettings, ...] = Field(default=(), description="Keyword routes into groups.")
    synonyms: Synonyms = Field(
        default={}, description="Words that say the same in every keyword route."
    )
    links: LinkSettings = Field(default=LinkSettings(), description="Tracked links.")
    webhooks: WebhookSettings = Field(
        default=WebhookSettings(), description="Telling other systems what happens."
    )
    checkin: dict[Name, CheckInSettings] = Field(default={}, description="Check-in programmes.")
    log: LogSettings = Field(default=LogSettings(), description="The log.")
    retention: RetentionSettings = Field(
        default=RetentionSettings(), description="How long details are kept."
    )

    _located: Located = PrivateAttr(default_factory=lambda: Located(FILE))
    _folder: Path = PrivateAttr(default_factory=Path)

    def gateway_settings(self, name: str, model: type[M]) -> M:
        """The keys of ``[gateways.<name>]`` that are the adapter's, as its model.

        Raises Problems at the places where they were written.
        """
        path: KeyPath = ("gateways", name)
        own = {"gateways": {name: self.gateways[name].model_extra or {}}}
        located = Located(self._located.file, own, self._located.places)
        return _settle(model, *read_secret_files(model, located, self._folder, path), at=path)

    @property
    def built_in(self) -> bool:
        """Whether it is the starter community's, for there is no configuration file."""
        return self._located.file == str(STARTER)

    def problem(self, path: KeyPath, message: str, hint: str = "") -> Problem:
        """A problem with the setting at ``path``, for what only others can check."""
        return self._located.problem(path, message, hint)

    def _at(self, located: Located, folder: Path) -> Self:
        """The same settings, with their places, and paths that start at ``folder``."""
        paths = {
            "data_dir": folder / self.data_dir.expanduser(),
            "sop_templates": folder / self.sop_templates.expanduser(),
        }
        config = self.model_copy(update=paths)
        config._located, config._folder = located, folder
        return config


def load_config(
    path: Path | None, environ: Mapping[str, str], folder: Path | None = None
) -> Config:
    """Defaults, overridden by the file, overridden by the environment. Raises Problems.

    Without ``path``, config.toml in the current folder is read if there is one. Relative paths
    start at ``folder``, by default the file's, else the current one.
    """
    if path is None and Path(FILE).exists():
        path = Path(FILE)
    located = load(path) if path else Located(FILE)
    folder = folder or (path.parent if path else Path())
    located, unknown = overlay(Config, located, environ)
    located, unreadable = read_secret_files(Config, located, folder)
    config = _settle(Config, located, unknown + unreadable)
    if problems := [*_contradictions(config)]:
        raise Problems(located.problem(*problem) for problem in problems)
    return config._at(located, folder)


def _settle(model: type[M], located: Located, problems: list[Problem], at: KeyPath = ()) -> M:
    """The validated settings; raises Problems, the earlier ones and its own, one for each key."""
    try:
        settings = validate(model, located, at)
    except Problems as found:
        told = {problem.key for problem in problems}
        problems = problems + [new for new in found.problems if new.key not in told]
    if problems:
        raise Problems(problems)
    return settings


def _contradictions(config: Config) -> Iterator[tuple[KeyPath, str, str]]:
    """Settings that are right alone and wrong together: key path, message and hint."""
    known = [*config.gateways, SANDBOX] if config.sandbox.enabled else [*config.gateways]
    for path, group in _groups(config):
        if group.gateway not in known:
            hint = nearest(group.gateway, known)
            yield path, f'unknown gateway "{group.gateway}"', hint
    names: set[str] = set()
    for index, route in enumerate(config.routes):
        if route.name in names:
            yield ("routes", index, "name"), f'another route is called "{route.name}" too', ""
        names.add(route.name)
        for position, word in enumerate(route.words if route.mode == "regex" else ()):
            if reason := _not_a_pattern(word):
                yield (
                    ("routes", index, "words", position),
                    f"not a regular expression: {reason}",
                    "",
                )


def _groups(config: Config) -> Iterator[tuple[KeyPath, Conversation]]:
    """Every group that is named, and where."""
    for index, route in enumerate(config.routes):
        for position, target in enumerate(route.groups):
            yield ("routes", index, "groups", position), target.group
        for position, group in enumerate(route.lobby):
            yield ("routes", index, "lobby", position), group
    for name, programme in config.checkin.items():
        for position, group in enumerate(programme.groups if programme.groups != "all" else ()):
            yield ("checkin", name, "groups", position), group
        for position, group in enumerate(programme.reminder_groups):
            yield ("checkin", name, "reminder_groups", position), group


def _not_a_pattern(word: str) -> str:
    quiet = re2.Options()
    quiet.log_errors = False
    try:
        re2.compile(word, quiet)
    except re2.error as error:
        return str(error.args[0], "utf-8", "replace")
    return ""
