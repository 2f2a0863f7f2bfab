"""Calendar: quiet hours, blackout dates, holidays, and times that are past."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from bot.clock import utc
from bot.i18n.mark import msgid
from bot.settings.spans import blacked_out
from bot.sop.check.finding import Finding, told
from bot.sop.check.fixes import Fix, OnWorkdays, SetTime, TakeOutBlackout
from bot.sop.check.plan import SEEN, Plan
from bot.sop.sops import Sops
from bot.sop.templates.step import Step
from bot.sop.times.holidays import NotPublished, day_kind, holiday_name
from bot.sop.times.schedule import DAY, day_of, instant
from bot.sop.times.timing import cycle_of

_QUIET = {
    "defer": msgid("{time} is within the quiet hours {hours}: it waits until {until}"),
    "drop": msgid("{time} is within the quiet hours {hours}: nobody gets it"),
}
_BLACKOUT = msgid("{day} is a blackout date: it waits until {until}")
_BLACKOUTS = msgid("Nothing leaves on {dates}: what is due then waits until {until}")
_HOLIDAY = msgid("{day} is a public holiday ({name})")
_MAKEUP = msgid("{day} is a weekend day that is worked for a holiday ({name})")
_UNCERTAIN = msgid("The public holidays of {year} are not yet published: its days may change")
_PAST = msgid("Its time is past: nobody gets it")


async def calendar(plan: Plan, sops: Sops) -> list[Finding]:
    """Everything about dates and times of day."""
    found = [*_blackouts(plan, sops)]
    for step in plan.template.step:
        moments = plan.moments(step)
        found += _past(plan, step, moments)
        found += _uncertain(plan, step)
        if step.action in SEEN:
            found += _quiet(plan, sops, step, moments)
            found += _blackout(plan, sops, step, moments)
            found += _holidays(plan, sops, step, moments)
    return found


def _quiet(plan: Plan, sops: Sops, step: Step, moments: Sequence[int]) -> Iterator[Finding]:
    """The first of its times that lies in quiet hours; every day is like another here."""
    hours = sops.means.delivery.quiet_hours
    if not moments and isinstance(step.at, str):
        moments = [instant(day_of(plan.now, plan.zone) + DAY, step.at, plan.zone)]
    for moment in moments:
        opening = sops.windows.opening(moment, plan.zone)
        if not hours or opening.why != "quiet hours":
            continue
        until = _clock(plan, opening.due)
        fix: Fix | None = None
        if isinstance(plan.draft(step).at, str):
            fix = SetTime(step=step.id, at=until)
        text = _QUIET[plan.template.guards.quiet]
        values = {"time": _clock(plan, moment), "hours": hours}
        if plan.template.guards.quiet == "defer":
            values["until"] = until
        yield told("warning", plan.at(step.id, "at"), text, fix, **values)
        return


def _blackout(plan: Plan, sops: Sops, step: Step, moments: Sequence[int]) -> Iterator[Finding]:
    """Each date of a calendar step that is blacked out."""
    own, ours = plan.template.guards.blackout, sops.means.delivery.blackout
    for day in dict.fromkeys(day_of(moment, plan.zone) for moment in moments):
        if blacked_out(day, (*ours, *own)):
            opening = sops.windows.opening(instant(day, "12:00", plan.zone), plan.zone, own)
            until = str(day_of(opening.due, plan.zone))
            spans = [span for span in own if blacked_out(day, [span])]
            removable = spans and not blacked_out(day, ours)
            fix = TakeOutBlackout(span=spans[0]) if removable else None
            yield told("warning", plan.at(step.id, "on"), _BLACKOUT, fix, day=str(day), until=until)


def _blackouts(plan: Plan, sops: Sops) -> Iterator[Finding]:
    """Blackout dates ahead, where everybody has times of their own."""
    own, ours = plan.template.guards.blackout, sops.means.delivery.blackout
    first, last = day_of(plan.now, plan.zone), day_of(plan.until, plan.zone)
    for span in dict.fromkeys((*ours, *own)) if plan.template.personal else ():
        begin, _, end = span.partition("/")
        if date.fromisoformat(end or begin) < first or date.fromisoformat(begin) > last:
            continue
        noon = instant(date.fromisoformat(begin), "12:00", plan.zone)
        until = day_of(sops.windows.opening(noon, plan.zone, own).due, plan.zone)
        fix = TakeOutBlackout(span=span) if span in own and span not in ours else None
        place, dates = plan.at(key="guards.blackout"), span.replace("/", " – ")
        yield told("note", place, _BLACKOUTS, fix, dates=dates, until=str(until))


def _holidays(plan: Plan, sops: Sops, step: Step, moments: Sequence[int]) -> Iterator[Finding]:
    """Days of a calendar step on which people are off, or at work when they usually are not."""
    if step.days or step.holiday or step.lunar:
        return
    days = dict.fromkeys(day_of(moment, plan.zone) for moment in moments)
    kinds = {day: _kind(day) for day in days}
    on_workdays = step.every or step.weekly or step.monthly or step.on
    weekend = {"restday", "makeup"} & {*kinds.values()}
    fix = OnWorkdays(step=step.id) if on_workdays and not weekend else None
    for day, kind in kinds.items():
        place, name = plan.at(step.id, "days"), holiday_name(day, sops.language) if kind else ""
        if kind == "holiday":
            yield told("note", place, _HOLIDAY, fix, day=str(day), name=name or "")
        elif kind == "makeup":
            yield told("note", place, _MAKEUP, day=str(day), name=name or "")


def _kind(day: date) -> str:
    try:
        return day_kind(day)
    except NotPublished:
        return ""


def _uncertain(plan: Plan, step: Step) -> Iterator[Finding]:
    if plan.template.personal or step.follows or not (step.days or step.holiday):
        return
    for year in cycle_of(step).uncertain(plan.zone, plan.now, plan.until):
        yield told("warning", plan.at(step.id, "days"), _UNCERTAIN, year=str(year))


def _past(plan: Plan, step: Step, moments: Sequence[int]) -> Iterator[Finding]:
    if plan.template.finite and not moments and not step.follows:
        yield told("warning", plan.at(step.id, "on" if step.on else "after"), _PAST)


def _clock(plan: Plan, moment: int) -> str:
    return f"{utc(moment).astimezone(plan.zone):%H:%M}"
