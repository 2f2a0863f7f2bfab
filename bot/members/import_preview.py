"""Preview of an import: what would become of its first rows now, cell by cell."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.members.import_columns import ATTRIBUTE, NAME, PHONE
from bot.members.import_rows import (
    NO_PHONE,
    NOBODY,
    PHONES,
    UNKNOWN,
    Fault,
    RowReader,
    Rule,
    Wanted,
    free_text,
)
from bot.members.imports import Import, Imports
from bot.store.facts import Facts, read
from bot.store.members import Member, Members
from bot.store.store import Store

LOOKED = 200
"""Rows that are looked at."""


@dataclass(frozen=True, slots=True)
class Look:
    """One row as it would be done: ``before`` has the old values of cells that would change."""

    row: int
    cells: Sequence[str]
    did: Literal["new", "changed", "same", "refused"]
    faults: Mapping[int, Fault] = field(default_factory=dict)
    before: Mapping[int, str] = field(default_factory=dict)


class Preview:
    """Looks at rows that wait, and does nothing."""

    def __init__(
        self, store: Store, members: Members, imports: Imports, rule: Rule = free_text
    ) -> None:
        self._store = store
        self._members = members
        self._imports = imports
        self._rule = rule

    async def of(self, found: Import, count: int = LOOKED) -> list[Look]:
        """The first rows that are not done."""
        rows = await self._imports.first(found.id, count)
        reader = RowReader(found.columns, self._rule)
        wanted = [reader.read(row) for row in rows]
        known = await self._meant(found.gateway, wanted)
        tags = await asyncio.gather(*map(self._tagged, wanted, known))
        return [
            _look(found, reader.key, one, cells, member, tagged)
            for one, (_, cells), member, tagged in zip(wanted, rows, known, tags, strict=True)
        ]

    async def _tagged(self, one: Wanted, member: Member | str | None) -> bool:
        """Whether somebody has all the tags a row gives."""
        if not isinstance(member, Member):
            return False
        facts, key = Facts(self._store), self._store.keys.tag
        return all(await asyncio.gather(*(facts.has(key(t), member.number) for t in one.tags)))

    async def _meant(self, gateway: str, wanted: Sequence[Wanted]) -> list[Member | str | None]:
        """The member each row means, if there is one, or why it cannot be told who that is."""
        fact = self._store.keys.attribute_is
        keys = {one.phone: fact(PHONE, one.phone) for one in wanted if one.phone}
        phones = await read(self._store, [*keys.values()])
        accounts = [one.account for one in wanted if one.account]
        numbers: dict[str, int] = {}
        if accounts:
            key = self._store.keys.member_accounts(gateway)
            given = await self._store.call("HMGET", key, *accounts)
            numbers = {a: int(n) for a, n in zip(accounts, given, strict=True) if n is not None}
        led = await self._members.survivors(one.member for one in wanted)
        meant: list[int | str] = []
        for one in wanted:
            if one.phone:
                having = phones[keys[one.phone]].numbers()
                meant.append(PHONES if len(having) > 1 else sum(having))
            else:
                meant.append(led.get(one.member, one.member) or numbers.get(one.account, 0))
        some = await self._members.some(sorted({n for n in meant if isinstance(n, int) and n}))
        members = {member.number: member for member in some}
        return [one if isinstance(one, str) else members.get(one) for one in meant]


def _look(
    found: Import,
    key: int,
    one: Wanted,
    cells: Sequence[str],
    member: Member | str | None,
    tagged: bool,
) -> Look:
    faults = {fault.column: fault for fault in one.faults}
    if member is None:
        why = NOBODY if one.member else NO_PHONE if one.phone else "" if found.create else UNKNOWN
    else:
        why = member if isinstance(member, str) else ""
    if not faults and why:
        faults = {key: Fault(column=key, say=why)}
    if faults:
        return Look(one.row, cells, "refused", faults)
    if not isinstance(member, Member):
        return Look(one.row, cells, "new")
    before = _before(found.columns, one, member)
    return Look(one.row, cells, "changed" if before or not tagged else "same", before=before)


def _before(columns: Sequence[str], one: Wanted, member: Member) -> dict[int, str]:
    """The values that would be others afterwards, by column."""
    attributes = {name: value for name, value, *_ in one.attributes}
    found: dict[int, str] = {}
    for at, target in enumerate(columns):
        if target == NAME and one.name and not member.name:
            found[at] = ""
        elif target.startswith(ATTRIBUTE):
            name = target.removeprefix(ATTRIBUTE)
            old = member.attributes.get(name, "")
            if attributes.get(name, old) != old:
                found[at] = old
    return found
