"""Check-ins: the programmes with today's numbers, one programme's boards, roster and days."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from aiohttp import web
from markupsafe import Markup

from bot.checkins.board import Board, Row
from bot.checkins.boards import Boards
from bot.checkins.checkins import CheckIns as Room
from bot.checkins.checkins import Roster
from bot.checkins.programme import Programme
from bot.checkins.records import EVERYWHERE
from bot.console import charts
from bot.console.cards import Tile
from bot.console.checkin_words import STATES
from bot.console.directory import Directory
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.checkin_day import programme_of
from bot.console.pages.checkin_rules import given
from bot.console.paging import offset
from bot.i18n.mark import msgid
from bot.store.bits import Bits
from bot.store.facts import Facts, read
from bot.store.members import Group, Member, Members
from bot.store.store import Store

BOARDS: dict[Board, str] = {
    "day": msgid("Today"),
    "week": msgid("This week"),
    "month": msgid("This month"),
    "total": msgid("In all"),
    "streak": msgid("Streak"),
    "points": msgid("Points"),
}
EXPORTS = {
    "standings": msgid("Standings"),
    "records": msgid("Records"),
    "points": msgid("Points"),
}
PAGE = 25
LOOK = 5_000
"""Places of a board one search looks at."""
DAYS = 30
WEEKS = 26
GROUPS = 20


@dataclass(frozen=True, slots=True)
class Share:
    """How many of a group checked in today."""

    group: Group
    done: int
    size: int


class CheckIns:
    """Pages about check-in programmes."""

    def __init__(
        self,
        frame: Frame,
        room: Room,
        boards: Boards,
        store: Store,
        members: Members,
        facts: Facts,
        directory: Directory,
    ) -> None:
        self._frame = frame
        self._room = room
        self._boards = boards
        self._store = store
        self._members = members
        self._facts = facts
        self._directory = directory

    def routes(self) -> list[web.RouteDef]:
        """``/check-ins`` and ``/check-ins/{programme}``."""
        return [
            self._frame.get("/check-ins", self.index),
            self._frame.get("/check-ins/{programme}", self.one),
        ]

    async def today(self, page: Page) -> Tile | None:
        """For the overview: check-ins of all programmes."""
        if not self._room.programmes:
            return None
        each = await asyncio.gather(*(self._daily(p, 14) for p in self._room.programmes))
        sums = [sum(day) for day in zip(*(counts.values() for counts in each), strict=True)]
        return Tile(page.words.say(msgid("Checked in today")), sums[-1], "/check-ins", trend=sums)

    async def panel(self, page: Page, number: int) -> Markup | None:
        """For a member's page: their standing and days, of programmes they took part in."""
        rows = []
        for programme in self._room.programmes:
            standing = await self._room.standing(programme, number)
            if standing.total:
                days = dict.fromkeys(await self._room.records.days(programme.name, number), 1.0)
                said = programme.title(page.words.say)
                title = page.words.say(msgid("Check-ins: {name}"), name=said)
                last = self._room.today(programme)
                chart = charts.calendar(title, days, last, page.formats.months)
                rows.append((programme, number, standing, chart))
        return page.part("checkins_panel.html", rows=rows) if rows else None

    async def index(self, page: Page) -> web.StreamResponse:
        """Every programme: today, the last days, group by group."""
        await self._room.refresh()
        wanted, start = page.arg("q").casefold(), offset(page.arg("after"))
        say = page.words.say
        fitting = [
            one
            for one in self._room.programmes
            if wanted in " ".join([one.title(say), one.name, *one.settings.words]).casefold()
        ]
        shown = fitting[start : start + PAGE]
        groups = await self._groups()
        return page.render(
            "checkins.html",
            problems=self._room.book.problems,
            states=STATES,
            rows=[await self._summary(page, one, groups) for one in shown],
            known=len(self._room.programmes),
            more=page.here(after=start + PAGE) if start + PAGE < len(fitting) else "",
        )

    async def one(self, page: Page) -> web.StreamResponse:
        """One programme, of all groups or of one."""
        await self._room.refresh()
        programme = programme_of(page, self._room)
        groups = [g for g in await self._groups() if programme.runs_in(g.conversation)]
        chosen = next((g for g in groups if str(g.number) == page.arg("group")), None)
        board: Board = next((b for b in BOARDS if b == page.arg("board")), "streak")
        number = chosen.number if chosen else EVERYWHERE
        rows, more = await self._board(page, programme, board, number)
        last = self._room.today(programme)
        first = last - timedelta(days=WEEKS * 7 - 1)
        days = await self._room.counts(programme, first, last, number)
        roster = await self._room.roster(programme, number) if chosen else None
        here = await self._faces(roster) if roster else ((), ())
        return page.render(
            "checkin.html",
            programme=programme,
            title=programme.title(page.words.say),
            states=STATES,
            stages=await given(self._room, self._members, programme),
            groups=groups,
            chosen=chosen,
            boards=BOARDS,
            exports=EXPORTS,
            board=board,
            rows=rows,
            more=page.here(after=more) if more else "",
            today=days[last],
            rate=await self._rate(programme, [chosen] if chosen else groups, last),
            heat=charts.calendar(
                page.words.say(msgid("Check-ins, day by day")),
                days,
                last,
                page.formats.months,
                WEEKS,
            ),
            chart=self._bars(page, {day: days[day] for day in [*days][-DAYS:]}),
            roster=roster,
            done=here[0],
            missing=here[1],
            shares=[] if chosen else await self._shares(programme, groups),
        )

    # inside

    async def _groups(self) -> list[Group]:
        return [group for group in await self._members.groups() if not group.gone]

    async def _daily(self, programme: Programme, days: int) -> dict[date, int]:
        last = self._room.today(programme)
        return await self._room.counts(programme, last - timedelta(days=days - 1), last)

    def _bars(self, page: Page, days: Mapping[date, int]) -> Markup:
        return charts.bars(
            page.words.say(msgid("Check-ins in 30 days")),
            [page.formats.day(day) for day in days],
            [charts.Series(page.words.say(msgid("Check-ins")), [*days.values()])],
        )

    async def _summary(
        self, page: Page, programme: Programme, groups: Sequence[Group]
    ) -> tuple[Programme, int, int, Markup, list[Share]]:
        """A programme, today's number, how many ever took part, its chart and its groups."""
        days = await self._daily(programme, DAYS)
        shares = await self._shares(programme, groups)
        ever = len(await self._room.records.ever(programme.name))
        return programme, [*days.values()][-1], ever, self._bars(page, days), shares

    async def _shares(self, programme: Programme, groups: Sequence[Group]) -> list[Share]:
        """Today in the groups it runs in, the most first."""
        today, keys = self._room.today(programme), self._store.keys
        fitting = [group for group in groups if programme.runs_in(group.conversation)]
        done = await asyncio.gather(
            *(self._room.records.count(programme.name, today, g.number) for g in fitting)
        )
        sizes = await asyncio.gather(
            *(self._facts.count(keys.group_present(g.number)) for g in fitting)
        )
        found = [Share(*row) for row in zip(fitting, done, sizes, strict=True)]
        return sorted(found, key=lambda one: (-one.done, -one.size))[:GROUPS]

    async def _rate(
        self, programme: Programme, groups: Sequence[Group], day: date
    ) -> tuple[int, int]:
        """How many of those who are in the groups now came, and how many they are."""
        keys = self._store.keys
        came = keys.checkin_on(programme.name, EVERYWHERE, day)
        present = [keys.group_present(group.number) for group in groups]
        facts = await read(self._store, [came, *present])
        there = Bits.union(facts[key] for key in present)
        return (there & facts[came]).count(), there.count()

    async def _board(
        self, page: Page, programme: Programme, board: Board, group: int
    ) -> tuple[list[Row], int]:
        """A page of the leaderboard, and where it goes on (0: nowhere)."""
        words, start = page.arg("q").casefold(), offset(page.arg("after"))
        if words:
            every = await self._boards.page(programme, board, group, LOOK)
            fitting = [row for row in every if words in row.name.casefold()]
            rows = fitting[start : start + PAGE + 1]
        else:
            rows = await self._boards.page(programme, board, group, PAGE + 1, start)
        return rows[:PAGE], start + PAGE if len(rows) > PAGE else 0

    async def _faces(self, roster: Roster) -> tuple[Sequence[Member], Sequence[Member]]:
        """The first who came and the first who are missing, with their names."""
        done = await self._members.some(roster.done[:PAGE])
        return done, await self._members.some(roster.missing[:PAGE])
