"""The shelf: the workspace's own templates, kept with their versions beside the library's files."""

from __future__ import annotations

import re
from difflib import unified_diff

from bot.delivery.journal import Entry
from bot.i18n.mark import msgid
from bot.located import Place, Problem, Problems, nearest
from bot.model.base import Frozen
from bot.model.phrase import Phrase
from bot.sop.templates.library import Library
from bot.sop.templates.template import Template
from bot.store.audit import audit_entry
from bot.store.effects import Effects
from bot.store.store import Store

NAME = re.compile(r"[a-z0-9_-]{1,60}")
RESERVED = frozenset({"new"})
"""Names a template cannot have: the console's pages beside it do."""
LARGEST = 256 * 1024
"""Bytes a template's text may have."""
KEPT = 50
"""Versions kept of each template."""
TOLD = 600
"""Characters the audit tells of what was there before, and of what is there after."""


class Shelved(Frozen):
    """One version of a template's text; ``at`` is UTC ms. A file has version 0 and no author."""

    name: str
    text: str
    version: int = 0
    by: str = ""
    at: int = 0


class Changed(Exception):
    """Somebody else changed the template since it was read."""


class Shelf:
    """Templates by name: our own, and the library's files; an own one hides a file of its name."""

    def __init__(self, store: Store, library: Library) -> None:
        self._store = store
        self._keys = store.keys
        self._library = library

    # reading

    async def names(self) -> list[str]:
        """Every template there is."""
        return sorted({*self._library.names(), *await self.own()})

    async def own(self) -> list[str]:
        """Those that are the workspace's own."""
        return sorted(await self._store.texts("HKEYS", self._keys.sop_shelf()))

    async def get(self, name: str) -> Template:
        """One template; raises Problems when there is none of that name or it is wrong."""
        kept = await self._kept(name)
        return self._library.get(name) if kept is None else self.check(name, kept.text)

    async def find(self, name: str) -> Shelved:
        """One template's text as it stands; raises Problems when there is none."""
        if kept := await self._kept(name):
            return kept
        names = self._library.names()
        if name not in names:
            message = Phrase('no template "{name}"', name=name)
            raise Problems([Problem(Place(name), "", message, nearest(name, await self.names()))])
        return Shelved(name=name, text=self._library.text(name))

    async def history(self, name: str) -> list[Shelved]:
        """The versions kept of an own template, also of one taken away, the newest first."""
        found = await self._store.table("HGETALL", self._keys.sop_shelf_history(name))
        versions = map(Shelved.model_validate_json, found.values())
        return sorted(versions, key=lambda one: -one.version)

    def check(self, name: str, text: str) -> Template:
        """Read a text; raises Problems, everything wrong with it, placed in ``name.toml``."""
        if len(text.encode()) > LARGEST:
            message = msgid("expected a text of at most 256 kB")
            raise Problems([Problem(Place(f"{name}.toml"), "", message)])
        return self._library.parse(text, f"{name}.toml")

    # changing

    async def save(self, name: str, text: str, by: str, base: int | None = None) -> Shelved:
        """Keep a text as the newest version of a template.

        ``base`` is the version it was made from, 0 when there was no own one; None overwrites.
        Raises Problems, or Changed when another version has come since.
        """
        self._check_name(name)
        self.check(name, text)
        while True:
            before, last = await self._kept(name), await self._last(name)
            if base is not None and base != (before.version if before else 0):
                raise Changed(name)
            if before and before.text == text:
                return before
            made = Shelved(
                name=name, text=text, version=last + 1, by=by, at=self._store.clock.now()
            )
            effects = self._changing(before, name)
            effects.do("HSET", self._keys.sop_shelf(), name, made.model_dump_json())
            history = self._keys.sop_shelf_history(name)
            effects.do("HSET", history, made.version, made.model_dump_json())
            effects.do("HDEL", history, made.version - KEPT)
            self._note(effects, "template.saved", by, before or Shelved(name=name, text=""), made)
            if await self._store.apply(effects) or await self._kept(name) == made:
                return made

    async def add(self, name: str, text: str, by: str) -> Shelved:
        """Keep a text under a name that is free; raises Problems."""
        self._check_name(name)
        if name in await self.names():
            raise _name_problem(msgid("Another template is called this."))
        try:
            return await self.save(name, text, by, 0)
        except Changed:
            raise _name_problem(msgid("Another template is called this.")) from None

    async def duplicate(self, name: str, to: str, by: str) -> Shelved:
        """Keep a copy under another name; raises Problems."""
        return await self.add(to, (await self.find(name)).text, by)

    async def delete(self, name: str, by: str) -> bool:
        """Take an own template away; its versions stay. False when there is none.

        What was started or proposed from it keeps its own copy.
        """
        while before := await self._kept(name):
            effects = self._changing(before, name)
            effects.do("HDEL", self._keys.sop_shelf(), name)
            self._note(effects, "template.deleted", by, before, Shelved(name=name, text=""))
            if await self._store.apply(effects):
                return True
        return False

    async def restore(self, name: str, version: int, by: str) -> Shelved:
        """Make an earlier version the newest; raises Problems, LookupError when it is not kept."""
        body = await self._store.text("HGET", self._keys.sop_shelf_history(name), version)
        if body is None:
            raise LookupError(version)
        return await self.save(name, Shelved.model_validate_json(body).text, by)

    # inside

    async def _kept(self, name: str) -> Shelved | None:
        body = await self._store.text("HGET", self._keys.sop_shelf(), name)
        return None if body is None else Shelved.model_validate_json(body)

    async def _last(self, name: str) -> int:
        versions = await self._store.texts("HKEYS", self._keys.sop_shelf_history(name))
        return max(map(int, versions), default=0)

    def _check_name(self, name: str) -> None:
        if name in RESERVED:
            raise _name_problem(msgid("This name is a page's; choose another."))
        if not NAME.fullmatch(name):
            raise _name_problem(msgid("Expected lower-case letters, digits, - and _, at most 60."))

    def _changing(self, before: Shelved | None, name: str) -> Effects:
        """Effects that only happen when the template is as it was."""
        effects, body = Effects(self._keys), before.model_dump_json() if before else ""
        effects.guard(body, "HGET", self._keys.sop_shelf(), name)
        return effects

    def _note(self, effects: Effects, what: str, by: str, before: Shelved, after: Shelved) -> None:
        entry = Entry(
            at=self._store.clock.now(),
            what=what,
            source=f"{after.name}, by {by}",
            reason=" → ".join(_changes(before, after)),
        )
        audit_entry(effects, entry)


def _changes(before: Shelved, after: Shelved) -> list[str]:
    """What was there before, and what is there after: the version and the lines that differ."""
    lines = [*unified_diff(before.text.splitlines(), after.text.splitlines(), n=0)][2:]
    found = []
    for one, mark in ((before, "-"), (after, "+")):
        differ = " ".join(line[1:].strip() for line in lines if line.startswith(mark))
        told = differ.replace(" → ", "→")
        told = told[: TOLD - 1] + "…" if len(told) > TOLD else told
        found.append(f"{one.version}: {told}" if told else str(one.version))
    return found


def _name_problem(message: str) -> Problems:
    return Problems([Problem(Place("name"), "", message)])
