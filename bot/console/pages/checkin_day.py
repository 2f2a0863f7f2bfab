"""A day of a check-in programme: who came, and who of its groups did not."""

from __future__ import annotations

from datetime import date, timedelta

from aiohttp import web

from bot.checkins.checkins import CheckIns
from bot.checkins.days import ZERO
from bot.checkins.programme import Programme
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.paging import offset
from bot.i18n.mark import msgid
from bot.store.bits import Bits
from bot.store.facts import read
from bot.store.members import Group, Members
from bot.store.store import Store

PAGE = 50
WHICH = {"came": msgid("Came"), "missing": msgid("Missing")}


class CheckInDay:
    """The roster of any of the last 400 days, of a group or of all."""

    def __init__(self, frame: Frame, room: CheckIns, store: Store, members: Members) -> None:
        self._frame = frame
        self._room = room
        self._store = store
        self._members = members

    def routes(self) -> list[web.RouteDef]:
        """``/check-ins/{programme}/day?day=2026-11-22&group=3&which=missing``."""
        return [self._frame.get("/check-ins/{programme}/day", self.day)]

    async def day(self, page: Page) -> web.StreamResponse:
        """Who came and who is missing, a page of one of the two."""
        programme = programme_of(page, self._room)
        groups = await groups_of(self._members, programme)
        chosen = next((g for g in groups if str(g.number) == page.arg("group")), None)
        today = self._room.today(programme)
        day = min(day_of(page.arg("day"), today), today)
        which = "missing" if page.arg("which") == "missing" else "came"
        came, missing = await self._both(programme, day, groups, chosen)
        start, asked = offset(page.arg("after")), came if which == "came" else missing
        numbers, more = asked.numbers(start, PAGE + 1), ""
        order = await self._order(programme, day, chosen) if which == "came" else []
        if order:
            numbers = order[start : start + PAGE + 1]
        if len(numbers) > PAGE:
            more = page.here(after=start + PAGE)
        found = {one.number: one for one in await self._members.some(numbers[:PAGE])}
        return page.render(
            "checkin_day.html",
            programme=programme,
            title=programme.title(page.words.say),
            groups=groups,
            chosen=chosen,
            day=day,
            before=day - timedelta(days=1) if day > ZERO else None,
            following=day + timedelta(days=1) if day < today else None,
            which=which,
            words=WHICH,
            counts={"came": came.count(), "missing": missing.count()},
            people=[found[number] for number in numbers[:PAGE] if number in found],
            first=start + 1 if order else 0,
            more=more,
        )

    async def _both(
        self, programme: Programme, day: date, groups: list[Group], chosen: Group | None
    ) -> tuple[Bits, Bits]:
        """Who came, and who is in the groups now and did not."""
        keys = self._store.keys
        where = chosen.number if chosen else 0
        here = keys.checkin_on(programme.name, where, day)
        counted = keys.checkin_on(programme.name, programme.scope(where), day)
        present = [keys.group_present(g.number) for g in ([chosen] if chosen else groups)]
        facts = await read(self._store, [*{here, counted, *present}])
        return facts[here], Bits.union(facts[key] for key in present) - facts[counted]

    async def _order(self, programme: Programme, day: date, chosen: Group | None) -> list[int]:
        """In the order they came, as long as that is kept; then who is in no order."""
        if chosen is None:
            return []
        return [*(await self._room.roster(programme, chosen.number, day)).done]


def programme_of(page: Page, room: CheckIns) -> Programme:
    """The programme an address names; not found when there is none."""
    programme = room.programme(page.request.match_info["programme"])
    if programme is None:
        raise web.HTTPNotFound
    return programme


async def groups_of(members: Members, programme: Programme) -> list[Group]:
    """The groups a programme runs in."""
    found = await members.groups()
    return [one for one in found if not one.gone and programme.runs_in(one.conversation)]


def day_of(text: str, otherwise: date) -> date:
    """A day as addresses and forms write it."""
    try:
        return max(ZERO, date.fromisoformat(text))
    except ValueError:
        return otherwise
