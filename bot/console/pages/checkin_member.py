"""A member in a check-in programme: the month, the points, and what staff may correct."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable
from datetime import date, timedelta

from aiohttp import web

from bot.checkins.calendar_picture import STATES, svg_of, text_of
from bot.checkins.checkins import CheckIns
from bot.checkins.days import ZERO
from bot.checkins.pictures import CheckInPictures
from bot.checkins.programme import Programme
from bot.checkins.sheets import WORDS
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.checkin_day import groups_of, programme_of
from bot.console.paging import offset
from bot.i18n.mark import msgid
from bot.model.phrase import Phrase
from bot.store.members import Group, Members

PAGE = 20
LONGEST = 200
Act = Callable[[str, str, int], Awaitable[bool]]
"""What a form does, for whom it is done by, why, and in which group."""
REASON = msgid("Say why: the member and the audit are told.")
"""What a form without a reason is answered."""


class CheckInMember:
    """One member's page, with its forms."""

    def __init__(self, frame: Frame, room: CheckIns, members: Members) -> None:
        self._frame = frame
        self._room = room
        self._members = members

    def routes(self) -> list[web.RouteDef]:
        """``/check-ins/{programme}/members/{number}`` and its forms."""
        one = "/check-ins/{programme}/members/{number}"
        return [
            self._frame.get(one, self.one),
            self._frame.post(f"{one}/correct", self.correct),
            self._frame.post(f"{one}/excuse", self.excuse),
            self._frame.post(f"{one}/points", self.points),
            self._frame.post(f"{one}/reverse", self.reverse),
        ]

    async def one(self, page: Page) -> web.StreamResponse:
        """The month as the member is shown it, and the ledger."""
        return await self._show(page)

    async def correct(self, page: Page) -> web.StreamResponse:
        """Add or take away a day."""
        programme, day = programme_of(page, self._room), self._day(page)
        done = page.field("done") == "yes"
        if day is None:
            return await self._show(page, msgid("Choose a day that is not to come."))
        return await self._did(
            page,
            lambda by, why, group: self._room.correct(
                programme, page.number("number"), day, done, by, why, group
            ),
            msgid("It is corrected."),
            msgid("It was so already."),
        )

    async def excuse(self, page: Page) -> web.StreamResponse:
        """Let the streak hold over a day."""
        programme, day = programme_of(page, self._room), self._day(page)
        if day is None:
            return await self._show(page, msgid("Choose a day that is not to come."))
        return await self._did(
            page,
            lambda by, why, group: self._room.excuse(
                programme, page.number("number"), day, by, why, group
            ),
            msgid("The streak holds over that day."),
            msgid("It was so already."),
        )

    async def points(self, page: Page) -> web.StreamResponse:
        """Give points, or take some for something."""
        programme, number = programme_of(page, self._room), offset(page.field("points"))
        if not 0 < number <= 1_000_000:
            return await self._show(page, msgid("Write a number of points from 1 to 1,000,000."))
        act = self._room.points.spend if page.field("what") == "take" else self._room.points.give
        return await self._did(
            page,
            lambda by, why, group: act(programme, page.number("number"), number, by, why, group),
            msgid("Done."),
            msgid("They have not as many points."),
        )

    async def reverse(self, page: Page) -> web.StreamResponse:
        """Take back an entry of the ledger."""
        programme, said = programme_of(page, self._room), page.field("entry", 16)
        entry = int(said) if said.isascii() and said.isdigit() else 0
        return await self._did(
            page,
            lambda by, why, group: self._room.points.reverse(
                programme, page.number("number"), entry, by, why, group
            ),
            msgid("It is taken back."),
            msgid("It was taken back already."),
        )

    # inside

    async def _did(self, page: Page, act: Act, done: str, already: str) -> web.StreamResponse:
        """Do it; what is wrong with the form is said beside it."""
        reason, group = page.field("reason", LONGEST), self._group(page)
        if not reason:
            return await self._show(page, REASON)
        try:
            changed = await act(page.operator.name, reason, group)
        except ValueError as error:
            return await self._show(page, Phrase.of(error))
        back = page.request.path.rpartition("/")[0]
        return page.redirect(
            f"{back}?group={group}" if group else back, done if changed else already
        )

    async def _show(self, page: Page, problem: str = "") -> web.StreamResponse:
        programme, number = programme_of(page, self._room), page.number("number")
        member = await self._members.member(number)
        if member is None:
            raise web.HTTPNotFound
        groups = await groups_of(self._members, programme)
        group = self._chosen(page, programme, groups)
        today = self._room.today(programme)
        first = _month(page.arg("month"), today)
        scope = group.number if group else 0
        month = await self._room.month(programme, number, first.year, first.month, scope)
        words = CheckInPictures(page.words.say, page.language, "")
        calendar = words.calendar(programme, month, member.name or f"#{number}", today)
        picture = b64encode(svg_of(calendar, page.words.say).encode()).decode()
        ledger = await self._room.ledger(programme, number, scope)
        start = offset(page.arg("after"))
        last, following = first - timedelta(days=1), first + timedelta(days=31)
        return page.render(
            "checkin_member.html",
            422 if problem else 200,
            problem=problem,
            programme=programme,
            title=programme.title(page.words.say),
            member=member,
            groups=groups if programme.settings.count == "group" else [],
            chosen=group,
            month=month,
            picture=f"data:image/svg+xml;base64,{picture}",
            described=text_of(calendar, page.words.say),
            states=STATES,
            today=today,
            before=f"{last:%Y-%m}" if last >= ZERO else "",
            following=f"{following:%Y-%m}" if following.replace(day=1) <= today else "",
            rows=ledger[start : start + PAGE],
            what=WORDS,
            more=page.here(after=start + PAGE) if start + PAGE < len(ledger) else "",
        )

    def _chosen(self, page: Page, programme: Programme, groups: list[Group]) -> Group | None:
        """Where each group makes its own streak, the one that is looked at."""
        if programme.settings.count == "everywhere" or not groups:
            return None
        asked = str(self._group(page))
        return next((one for one in groups if str(one.number) == asked), groups[0])

    def _group(self, page: Page) -> int:
        return offset(page.field("group") or page.arg("group"))

    def _day(self, page: Page) -> date | None:
        try:
            day = date.fromisoformat(page.field("day"))
        except ValueError:
            return None
        return day if day >= ZERO else None


def _month(text: str, today: date) -> date:
    """The first day of a month as addresses write it; this month for anything else."""
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        first = today.replace(day=1)
    return first if ZERO <= first <= today else today.replace(day=1)
