"""Live codes: the list with who receives and what is wrong, and one code with what it brought."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from aiohttp import web
from markupsafe import Markup

from bot.clock import millis
from bot.console import charts
from bot.console.audit import Audit
from bot.console.cards import Need
from bot.console.frame import Frame
from bot.console.live_code_words import KINDS, changed_fields, shift_words
from bot.console.page import Page
from bot.console.pages.live_code_form import Gateways
from bot.console.paging import offset
from bot.i18n.mark import msgid
from bot.live_codes.live_codes import DayCount
from bot.live_codes.live_codes import LiveCodes as Room
from bot.model.delivery import SendError
from bot.model.live_code import LiveCode, LiveCodeState
from bot.model.phrase import Phrase
from bot.store.audit import Change
from bot.store.members import Members

PAGE = 25
DAYS = 14
WEEK = 7
TONES = ("s1", "s2", "s4")
"""Of the staff with the most contacts; the others share one."""
LOOK = 2000
"""Entries of the audit that are looked through for one code's."""
HISTORY = 20


@dataclass(frozen=True, slots=True)
class Row:
    """A code in the list; ``today`` and ``week`` are scans."""

    code: LiveCode
    state: LiveCodeState
    today: int
    week: int


@dataclass(slots=True)
class Share:
    """What one of the staff received in the last days; ``new``: people not known before."""

    staff: str
    today: int = 0
    week: int = 0
    every: int = 0
    new: int = 0


class LiveCodes:
    """``/live-codes`` and ``/live-codes/{id}``."""

    def __init__(
        self, frame: Frame, room: Room, members: Members, audit: Audit, gateways: Gateways
    ) -> None:
        self._frame = frame
        self._room = room
        self._members = members
        self._audit = audit
        self._gateways = gateways

    def routes(self) -> list[web.RouteDef]:
        """The list, one code, and what can be done with it."""
        frame, one = self._frame, "/live-codes/{id}"
        return [
            frame.get("/live-codes", self.index),
            frame.get(one, self.one),
            frame.post(f"{one}/check", self.check),
            frame.post(f"{one}/end", self.end),
        ]

    async def waiting(self, page: Page) -> Need | None:
        """For the overview: how many codes do not do what they should."""
        count = sum(bool(faults(code, state)) for code, state in await self._room.all())
        if not count:
            return None
        one, many = msgid("{n} live code needs care"), msgid("{n} live codes need care")
        return Need(page.words.count(one, many, count), "/live-codes", "bad")

    async def index(self, page: Page) -> web.StreamResponse:
        """Every code with how it stands."""
        words, start = page.arg("q").casefold(), offset(page.arg("after"))
        every = await self._room.all()
        fitting = [one for one in every if words in _searched(*one)]
        shown = fitting[start : start + PAGE]
        more = start + PAGE < len(fitting)
        return page.render(
            "live_codes.html",
            rows=await asyncio.gather(*(self._row(page, *one) for one in shown)),
            known=len(every),
            able=any(can.live_codes for can in self._gateways().values()),
            kinds=KINDS,
            faults=faults,
            names=await self._names(),
            more=page.here(after=start + PAGE) if more else "",
        )

    async def one(self, page: Page) -> web.StreamResponse:
        """One code: its picture, who receives, what it brought, what was changed."""
        code, state = await self._found(page)
        counts = await self._counts(page, code.id, DAYS)
        return page.render(
            "live_codes_one.html",
            code=code,
            state=state,
            kinds=KINDS,
            faults=faults(code, state),
            names=await self._names(),
            shifts=[(shift_words(page.words, one), one.staff) for one in code.shifts],
            chart=_chart(page, counts) if counts else None,
            brought=_by_staff(page, counts),
            history=await self._history(page, code.id),
        )

    async def check(self, page: Page) -> web.StreamResponse:
        """Look at it on its platform now."""
        code, _ = await self._found(page)
        try:
            await self._room.check(code.id)
        except SendError:
            said = msgid("The platform did not answer; the page says what it told.")
            return page.redirect(f"/live-codes/{code.id}", said)
        return page.redirect(f"/live-codes/{code.id}", msgid("It was looked at just now."))

    async def end(self, page: Page) -> web.StreamResponse:
        """Take it off its platform."""
        code, _ = await self._found(page)
        there = f"/live-codes/{code.id}"
        try:
            await self._room.end(code.id, page.operator.name)
        except SendError:
            said = msgid("The platform did not take it away; try again soon.")
            return page.redirect(there, said)
        await self._audit.write(page.operator.name, "live_code.ended", code.id)
        return page.redirect(there, msgid("The live code is ended: nobody can scan it any more."))

    # inside

    async def _found(self, page: Page) -> tuple[LiveCode, LiveCodeState]:
        found = await self._room.get(page.request.match_info["id"])
        if found is None:
            raise web.HTTPNotFound
        return found[0], found[1] or LiveCodeState()

    async def _row(self, page: Page, code: LiveCode, state: LiveCodeState | None) -> Row:
        counts = await self._counts(page, code.id, WEEK)
        today = sum(one.scans for one in counts if one.day == page.formats.today)
        return Row(code, state or LiveCodeState(), today, sum(one.scans for one in counts))

    async def _counts(self, page: Page, ident: str, days: int) -> list[DayCount]:
        """Of the last days up to now."""
        first = page.formats.today - timedelta(days=days - 1)
        since = millis(datetime.combine(first, time(), page.formats.zone))
        return await self._room.counts(ident, since, page.formats.now + 1)

    async def _names(self) -> dict[tuple[str, str], tuple[int, str]]:
        """Gateway and group id → the group's number and name."""
        return {
            (one.conversation.gateway, one.conversation.group or ""): (one.number, one.name)
            for one in await self._members.groups()
        }

    async def _history(self, page: Page, ident: str) -> list[tuple[Change, list[Any]]]:
        """Who changed what of it, the newest first."""
        found: list[tuple[Change, list[Any]]] = []
        before, looked = "+", 0
        while looked < LOOK and len(found) < HISTORY:
            rows = await self._audit.recent(before, 200)
            for _, change in rows:
                if change.on == ident and change.what.startswith("live_code."):
                    fields = changed_fields(page.words, change.before, change.after)
                    found.append((change, fields))
            if len(rows) < 200:
                break
            looked, before = looked + len(rows), rows[-1][0]
        return found[:HISTORY]


def faults(code: LiveCode, state: LiveCodeState | None) -> list[Phrase]:
    """What is wrong with a code, each with what to do; nothing when it is well or ended."""
    if code.ended or state is None:
        return []
    return [*([state.problem] if state.problem else []), *state.health]


def _searched(code: LiveCode, state: LiveCodeState | None) -> str:
    receive = state.staff if state else ()
    return " ".join([code.id, code.title, code.brings, code.gateway, *receive]).casefold()


def _days(page: Page) -> list[date]:
    return [page.formats.today - timedelta(days=n) for n in reversed(range(DAYS))]


def _chart(page: Page, counts: Sequence[DayCount]) -> Markup:
    """A stack a day, the busiest staff apart."""
    sums, say = Counter[str](), page.words.say
    daily: Counter[tuple[str, date]] = Counter()
    for one in counts:
        sums[one.staff] += one.scans
        daily[one.staff, one.day] += one.scans
    days = _days(page)
    busy = [staff for staff, _ in sums.most_common(len(TONES))]
    series = [
        charts.Series(
            staff or say(msgid("Entered a group")), [daily[staff, day] for day in days], tone
        )
        for staff, tone in zip(busy, TONES, strict=False)
    ]
    if rest := [staff for staff in sums if staff not in busy]:
        others = [sum(daily[staff, day] for staff in rest) for day in days]
        series.append(charts.Series(say(msgid("Others")), others, "s3"))
    labels = [page.formats.day(day) for day in days]
    return charts.bars(say(msgid("Scans, day by day")), labels, series)


def _by_staff(page: Page, counts: Sequence[DayCount]) -> list[Share]:
    """What each received, the busiest first."""
    today, week = page.formats.today, page.formats.today - timedelta(days=WEEK - 1)
    found: dict[str, Share] = {}
    for one in counts:
        share = found.setdefault(one.staff, Share(one.staff))
        share.today += one.scans if one.day == today else 0
        share.week += one.scans if one.day >= week else 0
        share.every += one.scans
        share.new += one.joined
    return sorted(found.values(), key=lambda share: (-share.every, share.staff))
