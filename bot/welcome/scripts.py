"""Scripts: those of the settings and those made in the console, kept and checked."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import structlog

from bot.config import SANDBOX, Config
from bot.located import KeyPath, Located, Problem, Problems, nearest, validate
from bot.model.phrase import Phrase
from bot.routing.template import Templates
from bot.settings.welcome import (
    Coming,
    Script,
    WelcomeMessage,
    WelcomeSettings,
    WelcomeWhen,
)
from bot.store.audit import Change, audit
from bot.store.effects import Effects
from bot.store.store import Store
from bot.welcome.choosing import Listed
from bot.welcome.names import BlockList

log = structlog.get_logger(__name__)

FRESH = 1_000
"""How long, in ms, another node's changes may go unseen."""
MOST = 500
"""Scripts kept in the store."""
LONGEST = 30 * 86_400.0
"""Seconds from the first to the last message of a welcome."""
SETTINGS = "settings"
"""The id of the settings' script for every group; that of one group's has the group behind it."""
PLAIN = Script(id=SETTINGS)
KNOWN = frozenset(
    {"member.name", "member.account", "members", "count", "gateway", "group.name", "group.id"}
    | {"workspace", "timezone", "language"}
)
"""What every text can name; ``group`` is not there in a direct chat."""


class Scripts:
    """Keeps scripts; those of the settings are read-only.

    A change is seen by every node within a second.
    """

    def __init__(
        self, settings: WelcomeSettings, store: Store, functions: frozenset[str] = frozenset()
    ) -> None:
        """``functions`` are what texts can call besides naming what is KNOWN."""
        self.configured = tuple(configured(settings))
        self.problems: tuple[Problem, ...] = ()
        """What is wrong with scripts that are kept and left out."""
        self._store = store
        self._functions = functions
        self._stored: dict[str, Script] = {}
        self._gated = any(one.gate for one in self.configured)
        self._version = ""
        self._looked: int | None = None

    async def all(self) -> list[Listed]:
        """Every script, at most a second old."""
        await self._freshen()
        stored = [Listed(script, True) for script in self._stored.values()]
        return [*stored, *(Listed(script, False) for script in self.configured)]

    async def gated(self) -> bool:
        """Whether any asks newcomers to do something first; cheap, for every message."""
        await self._freshen()
        return self._gated

    async def get(self, ident: str) -> Listed | None:
        """One script."""
        return next((one for one in await self.all() if one.script.id == ident), None)

    async def version(self) -> str:
        """Changes with every change of what is kept."""
        return await self._store.text("GET", self._store.keys.welcome_version()) or ""

    def read(self, data: Mapping[str, Any]) -> Script:
        """Check a script without keeping it; raises Problems, each at its key."""
        located = Located("script", data)
        script = validate(Script, located)
        found = [located.problem(*fault) for fault in faults(script, self._functions)]
        if any(one.id == script.id for one in self.configured):
            taken = Phrase("{name} is in the configuration file: change it there", name=script.id)
            found.append(located.problem(("id",), taken))
        if found:
            raise Problems(found)
        return script

    async def save(self, data: Mapping[str, Any], by: str) -> Script:
        """Keep a script, new or in the place of its id's; raises Problems."""
        script = self.read(data)
        await self._refresh()
        old = self._stored.get(script.id)
        if old is None and len(self._stored) >= MOST:
            message = Phrase("there are {n} scripts already", n=MOST)
            raise Problems([Located("script").problem((), message)])
        before, after = _differing(old, script)
        what = "welcome.changed" if old else "welcome.made"
        now = self._store.clock.now()
        change = Change(at=now, who=by, what=what, on=script.name, before=before, after=after)
        await self._write(script.id, script.model_dump_json(exclude_defaults=True), change)
        return script

    async def remove(self, ident: str, by: str) -> bool:
        """Drop a script that is kept; False when there is none."""
        await self._refresh()
        old = self._stored.get(ident)
        if old is None:
            return False
        now = self._store.clock.now()
        change = Change(at=now, who=by, what="welcome.ended", on=old.name)
        await self._write(ident, None, change)
        return True

    async def _write(self, ident: str, body: str | None, change: Change) -> None:
        effects, keys = Effects(self._store.keys), self._store.keys
        effects.do("INCR", keys.welcome_version())
        if body is None:
            effects.do("HDEL", keys.welcome_scripts(), ident)
        else:
            effects.do("HSET", keys.welcome_scripts(), ident, body)
        audit(effects, change)
        await self._store.apply(effects)
        await self._refresh()

    async def _freshen(self) -> None:
        now = self._store.clock.now()
        if self._looked is None or abs(now - self._looked) >= FRESH:
            await self._refresh()
            self._looked = now

    async def _refresh(self) -> None:
        """Read what changed; a script that cannot be read is left out and told."""
        version = await self.version()
        if version == self._version:
            return
        found: dict[str, Script] = {}
        problems: list[Problem] = []
        rows = await self._store.table("HGETALL", self._store.keys.welcome_scripts())
        for ident, body in rows.items():
            try:
                found[ident] = validate(Script, Located(f"script {ident}", json.loads(body)))
            except Problems as error:
                problems += error.problems
                log.warning("welcome.left_out", script=ident, reason=str(error))
        self._stored, self.problems = dict(sorted(found.items())), tuple(problems)
        self._gated = any(one.gate for one in (*self.configured, *found.values()))
        self._version = version


def configured(settings: WelcomeSettings) -> Iterator[Script]:
    """The settings as scripts: everywhere, single groups, contacts, opened chats, and scripts."""
    for key in ("", *settings.groups):
        plain = settings.plain(key)
        update = {
            "id": f"{SETTINGS}:{key}" if key else SETTINGS,
            "silent": not plain.enabled,
            "when": WelcomeWhen(groups=(key,) if key else ()),
            "priority": int("/" in key),  # "gateway/group" before "group" alone
            "messages": plain.messages,
            "window": plain.window,
            "again": plain.again_after,
        }
        yield PLAIN.model_copy(update=update)
    kinds: dict[Coming, str | None] = {"contact": settings.contact, "opened": settings.opened}
    for kind, text in kinds.items():
        if text is not None:
            update = {
                "id": f"{SETTINGS}-{kind}",
                "when": WelcomeWhen(kinds=(kind,)),
                "messages": (WelcomeMessage(text=text),),
                "again": "always",
            }
            yield PLAIN.model_copy(update=update)
    yield from settings.scripts


def check_welcomes(config: Config, functions: frozenset[str] = frozenset()) -> list[Problem]:
    """What is wrong with the scripts of a configuration, for the start and ``muster check``."""
    settings, seen = config.welcome, set[str]()
    found: list[tuple[KeyPath, str, str]] = []
    for number, pattern in enumerate(settings.block):
        found += [(("block", number), what, "") for what in _unreadable(pattern)]
    for number, script in enumerate(settings.scripts):
        at: KeyPath = ("scripts", number)
        found += [((*at, *path), what, hint) for path, what, hint in faults(script, functions)]
        if script.id in seen:
            found.append(((*at, "id"), Phrase("another script has this id"), ""))
        seen.add(script.id)
        for place, name in enumerate(script.when.gateways):
            if name not in {*config.gateways, SANDBOX}:
                what = Phrase('unknown gateway "{name}"', name=name)
                hint = nearest(name, {*config.gateways, SANDBOX})
                found.append(((*at, "when", "gateways", place), what, hint))
    return [config.problem(("welcome", *path), what, hint) for path, what, hint in found]


def faults(script: Script, functions: frozenset[str]) -> Iterator[tuple[KeyPath, str, str]]:
    """What is wrong with a script beyond its form: key path, message and hint."""
    for number, pattern in enumerate(script.block):
        for what in _unreadable(pattern):
            yield ("block", number), what, ""
    yield from _texts((), script.messages, functions)
    for number, layer in enumerate(script.layers):
        yield from _texts(("layers", number), layer.messages, functions)
    if script.gate is not None:
        yield from _text(("gate", "text"), script.gate.text, functions | {"number"})


def _unreadable(pattern: str) -> Iterator[Phrase]:
    try:
        BlockList([pattern])
    except ValueError as error:
        yield Phrase.of(error)


def _texts(
    path: KeyPath, messages: tuple[WelcomeMessage, ...], functions: frozenset[str]
) -> Iterator[tuple[KeyPath, str, str]]:
    if sum(message.after for message in messages) > LONGEST:
        yield (*path, "messages"), Phrase("last longer than {n} days", n=30), ""
    for number, message in enumerate(messages):
        where = (*path, "messages", number)
        yield from _text((*where, "text"), message.text, functions)
        for place, variant in enumerate(message.variants):
            yield from _text((*where, "variants", place, "text"), variant.text, functions)


def _text(
    path: KeyPath, text: str, functions: frozenset[str]
) -> Iterator[tuple[KeyPath, str, str]]:
    for problem in Templates().check(text, KNOWN | functions):
        message = Phrase("line {n}: {what}", n=problem.line, what=Phrase.of(problem.message))
        yield path, message, problem.hint


def _differing(old: Script | None, new: Script) -> tuple[dict[str, Any], dict[str, Any]]:
    """Before and after of the fields that are not the same, for the audit."""
    before = old.model_dump(mode="json") if old else {}
    after = new.model_dump(mode="json", exclude_defaults=old is None)
    names = [name for name, value in after.items() if before.get(name) != value]
    return {name: before[name] for name in names if old}, {name: after[name] for name in names}
