"""The setting: the configuration the demo's bot runs with, made from the workspace's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bot.config import Config
from bot.demo import words
from bot.demo.mark import GATEWAY
from bot.demo.people import SKIN, TEA
from bot.demo.story import Vocabulary
from bot.model.conversation import Conversation
from bot.settings.checkins import CheckInSettings
from bot.settings.conditions import RouteConditions
from bot.settings.rooms import (
    DeliverySettings,
    RouteGroup,
    RouteSettings,
)
from bot.settings.server import SandboxSettings
from bot.settings.welcome import WelcomeMessage, WelcomeSettings

TEMPLATES = Path(__file__).parent / "sop_templates"


def setting(config: Config, workspace: str, folder: Path) -> Config:
    """What is configured, but for groups of the demo's own; ``folder`` takes its files."""
    return config.model_copy(
        update={
            "workspace": workspace,
            "data_dir": folder,
            "handlers": ("handlers", "bot.demo.answers"),
            "sop_templates": TEMPLATES,
            "gateways": {},
            "sandbox": SandboxSettings(enabled=False),
            "delivery": DeliverySettings(),
            "welcome": _welcome(config.language),
            "routes": tuple(map(_route, config.routes)),
            "checkin": {name: _programme(one) for name, one in config.checkin.items()},
        }
    )


def vocabulary(config: Config) -> Vocabulary:
    """What people can say so that the bot does something."""
    return Vocabulary(
        check_in=[programme.words[0] for programme in config.checkin.values()],
        groups=[phrase for route in config.routes for phrase in _asking(route, config.language)],
    )


def _welcome(language: str) -> WelcomeSettings:
    messages = [
        WelcomeMessage(text=text, after=2.0 * n) for n, text in enumerate(words.WELCOME[language])
    ]
    return WelcomeSettings(window=3.0, messages=tuple(messages))


def _programme(programme: CheckInSettings) -> CheckInSettings:
    reminded = (_group(TEA),) if programme.reminder else ()
    return programme.model_copy(update={"groups": "all", "reminder_groups": reminded})


def _route(route: RouteSettings) -> RouteSettings:
    """The same route into one of the demo's groups."""
    skin = any("肤" in word or "skin" in word.casefold() for word in route.words)
    groups = (RouteGroup(group=_group(SKIN if skin else TEA)),)
    free = {"lobby": (), "capacity": None, "ask": None, "when": RouteConditions()}
    return route.model_copy(update={"groups": groups, **free})


def _asking(route: RouteSettings, language: str) -> Iterator[str]:
    forms: Sequence[str] = words.WANTED[language] if route.mode == "contains" else ("{}",)
    if route.mode != "regex":
        yield from (form.format(route.words[0]) for form in forms)


def _group(ident: str) -> Conversation:
    return Conversation(gateway=GATEWAY, group=ident)
