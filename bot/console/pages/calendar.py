"""The calendar: what running SOPs will send and what they sent, by month, week and day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain
from typing import get_args

from aiohttp import web
from babel.dates import format_date, get_day_names

from bot.console.directory import Directory
from bot.console.frame import Frame
from bot.console.page import Page
from bot.i18n.mark import msgid
from bot.reports import Day, Period, View, bounds, lay
from bot.settings.spans import blacked_out
from bot.sop.foresight.agenda import FARTHEST, Agenda, Only, Slot
from bot.sop.foresight.agenda_feed import clash_words, count_words
from bot.sop.record import Sop
from bot.sop.sops import Sops
from bot.sop.templates.step import Action
from bot.sop.times.holidays import (
    NotPublished,
    day_kind,
    holiday_name,
    likely_kind,
    notice_year,
    published,
)
from bot.sop.times.schedule import DAY_MS
from bot.store.bits import Bits
from bot.store.members import Group, Member, Members

YEARS = (1971, 2098)
"""The first and last year that can be looked at."""
MORNING, EVENING = 8, 20
"""The hours from first to last that are always shown."""
SHOWN = 4
"""Entries a day of the month shows before it says how many more there are."""
KINDS: dict[Action, str] = {
    "message": msgid("message"),
    "moment": msgid("moment"),
    "task": msgid("staff task"),
    "tag": msgid("gives a tag"),
    "untag": msgid("takes a tag away"),
    "route": msgid("invitation to a group"),
    "start": msgid("starts an SOP"),
    "stop": msgid("stops an SOP"),
    "wait": msgid("waits"),
    "branch": msgid("branches"),
    "nothing": msgid("nothing"),
}
"""What a step does, in a word."""


@dataclass(frozen=True, slots=True)
class Row:
    """An hour of a day; ``quiet`` when nothing may leave in it."""

    hour: int
    quiet: bool
    slots: Sequence[Slot]


@dataclass(frozen=True, slots=True)
class Cell:
    """A day: its entries, and what kind of day it is.

    ``kind`` is "holiday" or "makeup" for those days of the Chinese calendar and ``name`` the
    holiday's; ``closed`` says that nothing may leave.
    """

    day: Day[Slot]
    kind: str
    name: str
    closed: bool
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class Filter:
    """Whom and what the page is about."""

    sop: str = ""
    group: Group | None = None
    member: Member | None = None
    unknown: bool = False
    """Whether a member was asked for whom nobody knows."""


class Calendar:
    """The page, month, week and day alike."""

    def __init__(
        self, frame: Frame, sops: Sops, agenda: Agenda, members: Members, directory: Directory
    ) -> None:
        self._frame = frame
        self._sops = sops
        self._agenda = agenda
        self._members = members
        self._directory = directory

    def routes(self) -> list[web.RouteDef]:
        """``/calendar``."""
        return [self._frame.get("/calendar", self.show)]

    async def show(self, page: Page) -> web.StreamResponse:
        """One month, week or day."""
        view, day = _view(page), _day(page)
        sops = {sop.id: sop for sop in await self._sops.all()}
        groups = [group for group in await self._members.groups() if not group.gone]
        asked = await self._filter(page, sops, groups)
        zone = page.formats.zone
        start, end = bounds(view, day, zone.key)
        slots = await self._agenda.between(
            *(start, end, _key(page, view)), sop=asked.sop, only=await self._only(asked)
        )
        period = lay(view, day, slots, zone.key)
        blackout = await self._blackout(asked, sops)
        hours = _hours(period)
        days = [
            self._cell(page, one, blackout, hours if view != "month" else ())
            for one in chain.from_iterable(period.weeks)
        ]
        now = page.formats.now
        return page.render(
            "calendar.html",
            view=view,
            views=get_args(View),
            day=day,
            title=_title(page, view, period),
            period=period,
            days=days,
            hours=hours,
            weekdays=[get_day_names("abbreviated", locale=page.language)[n] for n in range(7)],
            asked=asked,
            sops=sops,
            names=_names(sops, page.language),
            groups=groups,
            most=SHOWN,
            kinds=KINDS,
            count=lambda slot: count_words(page.words.say, slot),
            clashes=lambda slot: clash_words(slot, sops, page.language, page.words.say),
            movable=lambda slot: _movable(page, sops[slot.sop], slot),
            quiet=self._sops.means.delivery.quiet_hours,
            unpublished=_unpublished(period),
            own_times=await self._own_times(asked, sops) if start < now else [],
            too_far=end > now + FARTHEST * DAY_MS,
        )

    # what is asked for

    async def _filter(self, page: Page, sops: Mapping[str, Sop], groups: Sequence[Group]) -> Filter:
        sop, words = page.arg("sop"), page.arg("member")
        group = next((one for one in groups if str(one.number) == page.arg("group")), None)
        member = None
        if words:
            gateways = {one.conversation.gateway for one in groups}
            exact = await self._directory.exactly(words, gateways)
            found = exact or (await self._directory.search(words, limit=1)).members
            member = next(iter(found), None)
        return Filter(sop if sop in sops else "", group, member, bool(words) and member is None)

    async def _only(self, asked: Filter) -> Only | None:
        """The members and groups asked for; a member's are also those of the groups they are in."""
        if asked.unknown:
            return {"group": Bits(), "member": Bits()}
        found: list[tuple[Bits, Bits]] = []
        if asked.group is not None:
            number = asked.group.number
            found.append((Bits.of([number]), await self._sops.roster.present(number)))
        if asked.member is not None:
            number = asked.member.number
            inside = await self._directory.groups_of(number)
            found.append((Bits.of([group.number for group, _ in inside]), Bits.of([number])))
        if not found:
            return None
        groups, members = found[0]
        for more_groups, more_members in found[1:]:
            groups, members = groups & more_groups, members & more_members
        return {"group": groups, "member": members}

    # what kind of days they are

    async def _blackout(self, asked: Filter, sops: Mapping[str, Sop]) -> tuple[str, ...]:
        """The dates nothing leaves on; those of a SOP when only it is shown."""
        ours = self._sops.means.delivery.blackout
        if not asked.sop:
            return ours
        version = await self._sops.version(sops[asked.sop])
        return (*ours, *version.template.guards.blackout)

    def _cell(
        self, page: Page, day: Day[Slot], blackout: Sequence[str], hours: Sequence[int]
    ) -> Cell:
        kind, name = _kind(day.date, page.language)
        closed = bool(blackout) and blacked_out(day.date, blackout)
        rows = [
            Row(
                hour,
                quiet,
                [slot for one in day.hours if _of(one.clock, hour) for slot in one.entries],
            )
            for hour, quiet in self._quiet(page, day, hours)
        ]
        return Cell(day, kind, name, closed, rows)

    def _quiet(
        self, page: Page, day: Day[Slot], hours: Sequence[int]
    ) -> Iterator[tuple[int, bool]]:
        starts = {int(one.clock[:2]): one.at for one in day.hours}
        for hour in hours:
            at = starts.get(hour)
            opening = self._sops.windows.opening(at, page.formats.zone) if at else None
            yield hour, opening is not None and opening.why == "quiet hours"

    async def _own_times(self, asked: Filter, sops: Mapping[str, Sop]) -> list[Sop]:
        """SOPs of which the past shows nothing, as each member has their own times."""
        shown = [sop for sop in sops.values() if asked.sop in ("", sop.id)]
        return [sop for sop in shown if (await self._sops.version(sop)).template.personal]


def day_of_page(text: str, today: date) -> date:
    """The date an address names, else today."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return today
    return found if YEARS[0] <= found.year <= YEARS[1] else today


def _view(page: Page) -> View:
    return next((view for view in get_args(View) if view == page.arg("view")), "month")


def _day(page: Page) -> date:
    return day_of_page(page.arg("day"), page.formats.today)


def _key(page: Page, view: View) -> Callable[[int], object]:
    """What is told as one entry: a step's times of a day, nearer those of an hour."""
    if view == "month":
        return page.formats.date_of
    return lambda ms: (page.formats.date_of(ms), page.formats.time(ms)[:2])


def _title(page: Page, view: View, period: Period[Slot]) -> str:
    first, last = period.weeks[0][0].date, period.weeks[-1][-1].date
    if view == "month":
        pattern = "y年M月" if page.language == "zh" else "MMMM y"
        return format_date(period.day, pattern, locale=page.language)
    if view == "week":
        return f"{page.formats.day(first)} – {page.formats.day(last)}"
    return page.formats.weekday(period.day)


def _hours(period: Period[Slot]) -> range:
    """From the first to the last hour worth showing."""
    busy = [
        int(hour.clock[:2])
        for day in chain.from_iterable(period.weeks)
        for hour in day.hours
        if hour.entries
    ]
    return range(min([MORNING, *busy]), max([EVENING, *busy]) + 1)


def _of(clock: str, hour: int) -> bool:
    return int(clock[:2]) == hour


def _kind(day: date, language: str) -> tuple[str, str]:
    try:
        kind, name = day_kind(day), holiday_name(day, language) or ""
    except NotPublished:
        kind, name = likely_kind(day), ""
    return (kind, name) if kind in ("holiday", "makeup") else ("", "")


def _unpublished(period: Period[Slot]) -> list[int]:
    """The years shown whose public holidays nobody knows yet."""
    first, last = period.weeks[0][0].date, period.weeks[-1][-1].date
    years = {notice_year(first), notice_year(last), notice_year(first + timedelta(days=8))}
    return sorted(year for year in years if not published(year))


def _names(sops: Mapping[str, Sop], language: str) -> dict[str, str]:
    """Their titles; where several have the same one, with what commands call them."""
    titles = {ident: sop.title(language) for ident, sop in sops.items()}
    often = Counter(titles.values())
    return {i: f"{title} · {i}" if often[title] > 1 else title for i, title in titles.items()}


def _movable(page: Page, sop: Sop, slot: Slot) -> bool:
    ahead = not slot.past and slot.at > page.formats.now
    return ahead and sop.state in ("running", "paused") and page.may("author")
