"""The members behind a figure, with their groups and whose they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from bot.console import figure_words
from bot.console.directory import PAGE, Directory
from bot.console.figure_words import OPENED, Asked, asked
from bot.console.files import file_of
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.paging import offset
from bot.figures.figures import FOLLOWED, FigureRoom
from bot.figures.names import Names
from bot.figures.period import BadPeriod
from bot.figures.row import By, Row
from bot.figures.subject import BadSubject
from bot.i18n.mark import msgid
from bot.reports.table import Column, Table
from bot.store.bits import Bits
from bot.store.members import Group, Member, Members

CHUNK = 500
Line = tuple[Member, Sequence[Group], str]
"""A member, the groups they are in, and whose they are."""


@dataclass(frozen=True, slots=True)
class Behind:
    """Whom a figure is of: all of a subject, or the row of a cut with this key."""

    asked: Asked
    measure: str
    by: By | None
    key: str
    numbers: Bits


class FigureMembers:
    """``/figures/members``, and its files for managers."""

    def __init__(
        self,
        frame: Frame,
        room: FigureRoom,
        names: Names,
        members: Members,
        directory: Directory,
    ) -> None:
        self._frame = frame
        self._room = room
        self._names = names
        self._members = members
        self._directory = directory

    def routes(self) -> list[web.RouteDef]:
        """``/figures/members?subject=…&period=…&measure=…``, with ``by=…&key=…`` of a row."""
        return [
            self._frame.get("/figures/members", self.show),
            self._frame.get("/figures/members.{form:csv|xlsx|parquet}", self.file, "manager"),
        ]

    async def show(self, page: Page) -> web.StreamResponse:
        """The names, a page at a time."""
        behind = await self._behind(page)
        found, more = await self._some(page, behind.numbers)
        there = behind.asked
        whole = await self._row(behind)
        return page.render(
            "figures_members.html",
            asked=there,
            about=await self._names.subject(there.subject, page.words),
            label=OPENED[behind.measure],
            row=await self._row_name(page, behind),
            total=behind.numbers.count(),
            unknown=whole.visitors or 0 if behind.measure == "people" else 0,
            staff=await self._staff(page, behind),
            rows=await self._lines(found),
            hidden={k: page.arg(k, 300) for k in ("subject", "period", "by", "key", "measure")},
            more=more,
            words_of=figure_words,
        )

    async def file(self, page: Page) -> web.StreamResponse:
        """All of them; what is typed into the search is not asked."""
        behind, say = await self._behind(page), page.words.say
        rows: list[tuple[str, ...]] = []
        for start in range(0, behind.numbers.count(), CHUNK):
            some = await self._members.some(behind.numbers.numbers(start, CHUNK))
            for member, places, owner in await self._lines(some):
                accounts = ", ".join(f"{g}/{a}" for g, a in member.accounts.items())
                groups = ", ".join(one.name or str(one.conversation.group) for one in places)
                channel = member.attributes.get("channel", "")
                rows.append((str(member.number), member.name, accounts, groups, owner, channel))
        titles = (
            *(msgid("Number"), msgid("Name"), msgid("Account")),
            *(msgid("Groups"), msgid("Whose"), msgid("Channel")),
        )
        there = behind.asked
        about = await self._names.subject(there.subject, page.words)
        label = say(OPENED[behind.measure])
        told = f"{about} · {there.period}"
        if row := await self._row_name(page, behind):
            told += f" · {row}"
        columns = tuple(Column(say(title)) for title in titles)
        table = Table(label, columns, rows, (f"{label}: {told}",))
        name = f"{behind.measure}-{there.subject}-{there.period}".replace(":", "-")
        form = page.request.match_info["form"]
        return await file_of(table, form, name, page.formats.zone.key, page.formats.now)

    # inside

    async def _behind(self, page: Page) -> Behind:
        """Not found for an address nobody made."""
        measure = page.arg("measure")
        if measure not in OPENED:
            raise web.HTTPNotFound
        try:
            there = asked(page, self._room.today)
            by: By | None = there.by if "key" in page.request.query else None
            key = page.arg("key", 300)
            numbers = await self._room.who(there.subject, there.period, measure, by, key)
        except (BadSubject, BadPeriod):
            raise web.HTTPNotFound from None
        return Behind(there, measure, by, key, numbers)

    async def _row(self, behind: Behind) -> Row:
        figures = await self._room.of(behind.asked.subject, behind.asked.period, behind.by)
        if behind.by is None:
            return figures.total
        return next((row for row in figures.rows if row.key == behind.key), Row(behind.key))

    async def _row_name(self, page: Page, behind: Behind) -> str:
        if behind.by is None:
            return ""
        subject, key = behind.asked.subject, behind.key
        return (await self._names.of(behind.by, [key], page.words, subject))[key]

    async def _staff(self, page: Page, behind: Behind) -> list[tuple[str, int, str]]:
        """Of all of a subject: how many are whose."""
        there, measure = behind.asked, behind.measure
        if behind.by or there.subject.kind == "staff" or measure == "missing":
            return []
        rows = (await self._room.of(there.subject, there.period, "staff")).rows
        names = await self._names.of("staff", [row.key for row in rows], page.words)
        cut = Asked(there.subject, there.period, there.text, "staff")
        found = [
            (
                names[row.key],
                number,
                cut.href("/figures/members", measure=measure, key=row.key),
            )
            for row in rows
            if (number := _number(row, measure))
        ]
        return found if any(row.key for row in rows) else []

    async def _some(self, page: Page, numbers: Bits) -> tuple[Sequence[Member], str]:
        words, cursor = page.arg("q"), page.arg("after", 2000)
        if words:
            found = await self._directory.search(words, cursor, within={*numbers})
            return found.members, page.here(after=found.next) if found.next else ""
        start = offset(cursor)
        more = page.here(after=start + PAGE) if start + PAGE < numbers.count() else ""
        return await self._members.some(numbers.numbers(start, PAGE)), more

    async def _lines(self, members: Sequence[Member]) -> list[Line]:
        places = await self._directory.places_of([member.number for member in members])
        return [_line(member, places.get(member.number, [])) for member in members]


def _line(member: Member, places: Sequence[Group]) -> Line:
    owners = (group.owner for group in places if group.owner)
    return member, places, member.attributes.get("owner") or next(owners, "")


def _number(row: Row, measure: str) -> int:
    match measure:
        case "reach":
            return row.reach or 0
        case "people":
            return row.members
        case followed if followed in FOLLOWED:
            return (row.followed or {}).get(followed, 0)
    return row.converted
