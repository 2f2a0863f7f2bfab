"""Moving a step in the calendar: the change in words, then the new version, and its undoing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from aiohttp import web

from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.calendar import day_of_page
from bot.console.sop_words import when_words
from bot.i18n.mark import msgid
from bot.located import Problems
from bot.sop.changes.move import Immovable, Move, beginning, moved
from bot.sop.changes.proposals import Proposals
from bot.sop.faults import NoSuchSop, WrongState
from bot.sop.record import Sop, Version
from bot.sop.sops import Sops
from bot.sop.templates.anchor import DateAnchor
from bot.sop.templates.template import Template, Value
from bot.sop.times.schedule import FOREVER_MS, instant
from bot.sop.times.timing import moments

LOCKED = msgid(
    "It cannot be changed just now: a step is about to be due, or somebody else changed it. "
    "Look again in some minutes."
)


@dataclass(frozen=True, slots=True)
class Change:
    """When a step comes now and then, in words."""

    step: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One way to move it; ``whole`` moves the date all steps count from."""

    whole: bool
    move: Move
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class Asked:
    """The step that is to be moved; it was meant for ``start`` and came at ``due``, UTC ms."""

    sop: Sop
    version: Version
    step: str
    due: int
    start: int


class CalendarMove:
    """``/calendar/move``: the form, the change in words, and doing it."""

    def __init__(self, frame: Frame, sops: Sops, proposals: Proposals) -> None:
        self._frame = frame
        self._sops = sops
        self._proposals = proposals

    def routes(self) -> list[web.RouteDef]:
        """``/calendar/move``, ``/calendar/moved`` and ``/calendar/undo``."""
        frame = self._frame
        return [
            frame.get("/calendar/move", self.ask, "author"),
            frame.post("/calendar/move", self.move, "author"),
            frame.get("/calendar/moved", self.told),
            frame.post("/calendar/undo", self.undo),
        ]

    async def ask(self, page: Page) -> web.StreamResponse:
        """The form; with a day, and so after dragging, what would change."""
        asked = await self._asked(page, page.arg("sop"), page.arg("step"), page.arg("from", 16))
        to = _target(page, asked.start) if page.arg("day") else None
        return await self._show(page, asked, to)

    async def move(self, page: Page) -> web.StreamResponse:
        """Make the new version, or propose it."""
        asked = await self._asked(page, page.field("sop"), page.field("step"), page.field("from"))
        to = _number(page.field("to", 16))
        if str(asked.sop.version) != page.field("version"):
            return await self._show(page, asked, to, page.words.say(LOCKED))
        by, zone = page.operator.name, asked.version.zone(None, self._sops.means.timezone)
        whole = bool(page.field("whole"))
        try:
            self._demand_ahead(page, to)
            move = moved(asked.version, asked.step, asked.start, to, zone, whole=whole)
            if self._proposes(page):
                await self._proposals.edit(
                    asked.sop.id, by, template=move.template, parameters=move.parameters
                )
                return page.redirect(
                    "/calendar", msgid("It is proposed; another operator decides.")
                )
            sop = await self._sops.edit(
                asked.sop.id, by, template=move.template, parameters=move.parameters
            )
        except Immovable as refused:
            told = page.words.say(refused.phrase)
            return await self._show(page, asked, None, told)
        except Problems as problems:
            return await self._show(page, asked, None, page.words.say(problems.problems[0].said))
        except WrongState:
            return await self._show(page, asked, to, page.words.say(LOCKED))
        query = {"sop": sop.id, "version": sop.version, "step": asked.step}
        return page.redirect(
            f"/calendar/moved?{urlencode({**query, 'day': page.formats.date_of(to)})}"
        )

    async def told(self, page: Page) -> web.StreamResponse:
        """What was done, and the way back."""
        sop, number = await self._sop(page.arg("sop")), page.arg("version", 9)
        version, step = await self._sops.version(sop), None
        if number == str(sop.version):
            step = version.template.find(page.arg("step"))
        if step is None:
            return page.redirect(f"/sops/{sop.id}")
        return page.render(
            "calendar_moved.html",
            sop=sop,
            step=step.id,
            version=sop.version,
            day=day_of_page(page.arg("day"), page.formats.today),
            words=_words(page, version, version.template, version.parameters, step.id),
        )

    async def undo(self, page: Page) -> web.StreamResponse:
        """Go back to the version before, as a new one."""
        sop, number = await self._sop(page.field("sop")), page.field("version", 9)
        day = day_of_page(page.field("day"), page.formats.today)
        back = f"/calendar?day={day}"
        if str(sop.version) != number or sop.version < 2 or self._proposes(page):
            return page.redirect(back, LOCKED)
        old = await self._sops.versions.get(sop.id, sop.version - 1)
        try:
            await self._sops.edit(
                sop.id, page.operator.name, template=old.template, parameters=old.parameters
            )
        except (WrongState, Problems):
            return page.redirect(back, LOCKED)
        return page.redirect(back, msgid("It is as it was before."))

    # inside

    def _proposes(self, page: Page) -> bool:
        return self._proposals.required or not page.may("manager")

    async def _sop(self, ident: str) -> Sop:
        try:
            return await self._sops.get(ident)
        except NoSuchSop:
            raise web.HTTPNotFound from None

    async def _asked(self, page: Page, ident: str, step: str, due: str) -> Asked:
        sop = await self._sop(ident)
        version = await self._sops.version(sop)
        if version.step(step) is None or sop.state not in ("running", "paused"):
            raise web.HTTPNotFound
        zone, ms = version.zone(None, self._sops.means.timezone), _number(due)
        return Asked(sop, version, step, ms, beginning(version, step, ms, zone))

    def _demand_ahead(self, page: Page, to: int) -> None:
        if to <= page.formats.now:
            raise Immovable(msgid("That time is past."))

    async def _show(
        self, page: Page, asked: Asked, to: int | None, problem: str = ""
    ) -> web.Response:
        choices: list[Choice] = []
        if to is not None:
            try:
                self._demand_ahead(page, to)
                choices = self._choices(page, asked, to)
            except Immovable as refused:
                problem = problem or page.words.say(refused.phrase)
        step = asked.version.step(asked.step)
        shown = asked.start if to is None else to
        return page.render(
            "calendar_move.html",
            422 if problem else 200,
            sop=asked.sop,
            step=asked.step,
            start=asked.start,
            due=asked.due,
            to=to,
            day=page.formats.date_of(shown),
            time=page.formats.time(shown),
            window=step is not None and step.until is not None,
            choices=choices,
            recurring=not asked.version.template.finite,
            problem=problem,
            propose=self._proposes(page),
        )

    def _choices(self, page: Page, asked: Asked, to: int) -> list[Choice]:
        """The ways to move it; raises Immovable when there is none."""
        version, found = asked.version, list[Choice]()
        zone, refused = version.zone(None, self._sops.means.timezone), None
        own = version.template.find(asked.step)
        dated = isinstance(version.template.anchor, DateAnchor) and own and own.follows is None
        for whole in (False, True) if dated else (False,):
            try:
                move = moved(version, asked.step, asked.start, to, zone, whole=whole)
            except Immovable as why:
                refused = refused or why
                continue
            if changes := [*_changes(page, version, move)]:
                found.append(Choice(whole, move, changes))
        if not found:
            raise refused or Immovable(msgid("It comes then already."))
        return found


def _changes(page: Page, version: Version, move: Move) -> Iterator[Change]:
    """Every step that comes at another time than before."""
    for step in version.template.step:
        before = _words(page, version, version.template, version.parameters, step.id)
        after = _words(page, version, move.template, move.parameters, step.id)
        if before != after:
            yield Change(step.id, before, after)


def _words(
    page: Page, version: Version, template: Template, values: dict[str, Value], ident: str
) -> str:
    """When a step comes, and for a dated one the moment itself."""
    settled = template.settled(values)
    step = settled.find(ident)
    assert step is not None
    told = when_words(page.words, settled, step)
    if isinstance(template.anchor, DateAnchor) and step.follows is None:
        zone, now = version.zone(None, page.formats.zone.key), page.formats.now
        ahead = moments(settled, step, values, zone, 0, now + FOREVER_MS)
        for moment in ahead:
            return f"{page.formats.moment(moment)} ({told})"
    return told


def _target(page: Page, start: int) -> int:
    """The moment asked for: a day and time, or a day and an hour something was dropped on."""
    day: date = day_of_page(page.arg("day"), page.formats.date_of(start))
    clock = page.formats.time(start)
    hour, given = page.arg("hour", 2), page.arg("time", 5)
    if hour.isdecimal() and int(hour) < 24:
        clock = f"{int(hour):02}:{clock[3:]}"
    elif _is_clock(given):
        clock = given
    return instant(day, clock, page.formats.zone)


def _is_clock(text: str) -> bool:
    hour, _, minute = text.partition(":")
    fits = all(len(part) == 2 and part.isascii() and part.isdigit() for part in (hour, minute))
    return fits and int(hour) < 24 and int(minute) < 60


def _number(text: str) -> int:
    """UTC ms in an address; not found when it is none."""
    if not (text.isascii() and text.isdigit() and len(text) < 15):
        raise web.HTTPNotFound
    return int(text)
