"""Export of members: everybody in an audience as a table, some rows at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from bot.audience.algebra import Algebra
from bot.audience.audience import Audience
from bot.i18n.mark import msgid
from bot.reports.table import Column, Row
from bot.store.bits import Bits
from bot.store.members import Member, Members
from bot.store.store import Store

CHUNK = 500
MOST_COLUMNS = 150
"""Attributes and gateways a table has columns for."""

Say = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """Who is exported, and the columns they are told in."""

    who: Bits
    gateways: tuple[str, ...]
    attributes: tuple[str, ...]
    groups: dict[str, Bits]
    tags: dict[str, Bits]

    def columns(self, say: Say) -> tuple[Column, ...]:
        """The columns; an import knows them by these names in English and Chinese."""
        return (
            Column(say(msgid("Number"))),
            Column(say(msgid("Name"))),
            Column(say(msgid("Known since")), "moment"),
            *(Column(f"{say(msgid('Account'))}: {gateway}") for gateway in self.gateways),
            *(Column(attribute) for attribute in self.attributes),
            Column(say(msgid("Tags"))),
            Column(say(msgid("Groups"))),
        )

    def row(self, member: Member) -> Row:
        """One member."""
        number = member.number
        return (
            str(number),
            member.name,
            member.since or None,
            *(member.accounts.get(gateway, "") for gateway in self.gateways),
            *(member.attributes.get(attribute, "") for attribute in self.attributes),
            ",".join(tag for tag, who in self.tags.items() if number in who),
            ", ".join(group for group, who in self.groups.items() if number in who),
        )


class MemberExport:
    """Makes sheets of audiences and reads their rows."""

    def __init__(self, store: Store, members: Members, algebra: Algebra) -> None:
        self._store = store
        self._members = members
        self._algebra = algebra

    async def sheet(self, audience: Audience, attributes: Sequence[str] = ()) -> Sheet:
        """Who is meant now, and the columns; raises Problems when it cannot be told who.

        ``attributes`` are those that have a column whatever members have; others are looked for.
        """
        who = await self._algebra.members(audience)
        keys, fact = self._store.keys, self._algebra.fact
        seen = await self._seen(who, attributes)
        tags = await self._store.texts("ZRANGE", keys.tag_names(), 0, -1)
        groups = [group for group in await self._members.groups() if not group.gone]
        has = {tag: (await fact(keys.tag(tag))) & who for tag in tags}
        there = {
            g.name or str(g.conversation.group): (await fact(keys.group_present(g.number))) & who
            for g in groups
        }
        return Sheet(
            who=who,
            gateways=tuple(sorted(name for kind, name in seen if kind == "account")),
            attributes=tuple(name for kind, name in seen if kind == "attribute"),
            tags={tag: found for tag, found in has.items() if found},
            groups={name: found for name, found in there.items() if found},
        )

    async def rows(self, sheet: Sheet) -> AsyncIterator[list[Row]]:
        """Everybody, by number; who was erased meanwhile is left out."""
        for start in range(0, sheet.who.count(), CHUNK):
            members = await self._members.some(sheet.who.numbers(start, CHUNK))
            yield [sheet.row(member) for member in members]

    async def _seen(self, who: Bits, attributes: Sequence[str]) -> list[tuple[str, str]]:
        """The gateways and attributes members have; everybody is looked at."""
        found = dict.fromkeys(("attribute", name) for name in attributes)
        for start in range(0, who.count(), CHUNK):
            for member in await self._members.some(who.numbers(start, CHUNK)):
                found |= dict.fromkeys(("account", gateway) for gateway in member.accounts)
                has = member.attributes.items()
                found |= dict.fromkeys(("attribute", name) for name, value in has if value)
        return [*found][:MOST_COLUMNS]
