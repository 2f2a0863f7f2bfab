"""The words of SOPs: states, outcomes, audiences, and when a step comes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from babel.dates import get_day_names

from bot.audience.audience import Audience
from bot.audience.reading import Reading
from bot.console.words import Words
from bot.i18n.duration import duration
from bot.i18n.mark import msgid
from bot.sop.outcomes.numbers import Numbers
from bot.sop.outcomes.results import Run
from bot.sop.templates.anchor import AttributeAnchor, DateAnchor, TagAnchor
from bot.sop.templates.step import Reference, Step
from bot.sop.templates.template import Template
from bot.sop.templates.words import spoken
from bot.sop.times.cycle import WEEKDAYS
from bot.sop.times.schedule import DAY_MS
from bot.store.members import Group

STATES = {
    "running": (msgid("running"), "good"),
    "paused": (msgid("paused"), "warn"),
    "stopping": (msgid("stopping"), "warn"),
    "stopped": (msgid("stopped"), ""),
    "finished": (msgid("finished"), ""),
}
"""How a SOP is: the word and its colour."""
OUTCOMES = {
    "sent": (msgid("Sent"), "good"),
    "waiting": (msgid("On the way"), "s3"),
    "task": (msgid("With staff"), "s2"),
    "in_doubt": (msgid("In doubt"), "warn"),
    "failed": (msgid("Failed"), "bad"),
    "done": (msgid("Done"), "good"),
}
"""What became of a target, unless it was skipped: the word and its colour."""
RESPONSES = {
    "planned": msgid("Planned"),
    "reached": msgid("Reached"),
    "clicked": msgid("Clicked"),
    "replied": msgid("Replied"),
    "checked-in": msgid("Checked in"),
    "tagged": msgid("Got a tag"),
    "converted": msgid("Converted"),
    "asked": msgid("Waiting for your decision"),
    "deferred": msgid("Held back by quiet hours"),
}
"""What else a number of the results is of."""
SKIPS = {
    "missed": msgid("missed"),
    "left": msgid("left"),
    "opted out": msgid("opted out"),
    "not in the audience": msgid("not in the audience"),
    "condition": msgid("condition"),
    "group gone": msgid("group gone"),
    "cannot be reached": msgid("cannot be reached"),
    "text failed": msgid("text failed"),
    "step removed": msgid("step removed"),
    "frequency cap": msgid("frequency cap"),
    "too late": msgid("too late"),
    "staff": msgid("left out by staff"),
    "stopped": msgid("stopped"),
    "quiet hours": msgid("quiet hours"),
    "hold-out": msgid("hold-out, to compare"),
    "stop condition": msgid("the stop condition holds"),
    "quit": msgid("taken out by another SOP"),
    "no such SOP": msgid("the SOP to start is not running"),
    "route full": msgid("the group is full"),
    "route already": msgid("already in the group"),
    "route gone": msgid("no such route"),
    "route barred": msgid("removed from the group earlier"),
    "route refused": msgid("the route is not for them, or not now"),
    "route wait": msgid("in line for the group"),
    "route making": msgid("in line for a group that is being made"),
    "route ask": msgid("nobody knows which of the groups is theirs"),
    "had another": msgid("already got another message this period"),
    "no moments": msgid("staff publish no moments there"),
}
"""Why a target was skipped."""


SETTINGS = {
    "title": msgid("Title"),
    "notes": msgid("What it is for"),
    "avoid": msgid("When not to use it"),
    "topic": msgid("Topic"),
    "resume": msgid("After a pause"),
    "timezone": msgid("Time zone"),
    "audience": msgid("When the audience is asked"),
    "if": msgid("Only if"),
    "unless": msgid("Not if"),
    "missed": msgid("When its time was missed"),
    "holdout": msgid("Hold-out, percent"),
    "as": msgid("Sent as"),
    "seen_by": msgid("Seen only by contacts with the tag"),
    "task": msgid("What staff do"),
    "within": msgid("How long staff have"),
    "tag": msgid("Gives the tag"),
    "untag": msgid("Takes the tag away"),
    "route": msgid("Invites to the route"),
    "start": msgid("Starts the SOP"),
    "stop": msgid("Ends the SOP"),
    "wait": msgid("Waits"),
    "branch": msgid("Ways"),
    "guards.quiet": msgid("In quiet hours"),
    "guards.daily_cap": msgid("At most in a day"),
    "guards.weekly_cap": msgid("At most in a week"),
    "guards.rate": msgid("At most so fast"),
    "guards.blackout": msgid("Dates nothing leaves on"),
    "guards.stop_when": msgid("Nothing more for whom"),
    "guards.pause_on_failures": msgid("Pauses when so many fail"),
}
"""What the settings of a template and its steps are called, by their keys."""


ANCHORS = {
    "joined": msgid("Counts from joining"),
    "contact_added": msgid("Counts from becoming a contact"),
    "group_created": msgid("Counts from the group's beginning"),
    "enrolled": msgid("Counts from entering it"),
    "calendar": msgid("By the calendar"),
}
"""What a template's steps count from."""


def outcome_word(words: Words, outcome: str) -> str:
    """An outcome, in the reader's language."""
    if outcome.startswith("skipped:"):
        reason = outcome.removeprefix("skipped:")
        return words.say(msgid("Skipped: {reason}"), reason=words.say(SKIPS.get(reason, reason)))
    if outcome.startswith("way:"):
        return outcome.removeprefix("way:")
    if outcome in RESPONSES:
        return words.say(RESPONSES[outcome])
    return words.say(OUTCOMES[outcome][0]) if outcome in OUTCOMES else outcome


def outcomes(run: Run | Numbers) -> list[tuple[str, int, str]]:
    """(outcome, how many, colour) of a run or several, the good ones first, without empty ones."""
    found = [(name, getattr(run, name), tone) for name, (_, tone) in OUTCOMES.items()]
    found += [(f"skipped:{reason}", number, "s4") for reason, number in run.skipped.items()]
    return [one for one in found if one[1]]


def run_word(words: Words, run: Run, moment: str) -> str:
    """Which time of its step a run is; ``moment`` is the run's own, formatted, if it has one."""
    if moment:
        return moment
    if run.occurrence.isdecimal():
        return words.say(msgid("In {year}"), year=run.occurrence)
    return words.say(msgid("For each at their own time"))


def audience_words(
    words: Words, audience: Audience, places: Mapping[str, Group], to: str = "member"
) -> str:
    """Who an audience is; ``places`` are groups by their conversation's key."""
    names = {
        f"{group.conversation.gateway}/{group.conversation.group}": group.name
        for group in places.values()
        if group.name
    }
    return Reading(words.say, names).of(audience, "group" if to == "group" else "member")


def setting_word(words: Words, key: str) -> str:
    """What a setting is called; a parameter or something new is shown as it is."""
    return words.say(SETTINGS[key]) if key in SETTINGS else key


def anchor_words(words: Words, template: Template) -> str:
    """What a template's steps count from."""
    match template.anchor:
        case AttributeAnchor(attribute=name):
            return words.say(msgid("Counts from each member's {name}"), name=words.say(name))
        case TagAnchor(tag=tag):
            return words.say(msgid("Counts from being tagged “{tag}”"), tag=tag)
        case DateAnchor():
            return words.say(msgid("Counts from one date"))
        case anchor:
            return words.say(ANCHORS[anchor])


def when_words(words: Words, template: Template, step: Step) -> str:
    """When a step comes."""
    clock = f" {_given(words, template, step.at)}" if step.at else ""
    clock += f"–{step.until}" if step.until else ""
    if step.every is not None:
        given = _given(words, template, step.every)
        return given if isinstance(step.every, Reference) else _cron(words, given)
    if days := _calendar_days(words, template, step):
        return days + clock
    later = _offset_words(words, step, bool(clock))
    if step.follows:
        before = step.follows.replace("/", " → ")
        return words.say(msgid("after “{step}”, {later}"), step=before, later=later) + clock
    return later + clock


def _calendar_days(words: Words, template: Template, step: Step) -> str:
    """On which days of the calendar, or nothing."""
    if step.on is not None:
        return (
            step.on.isoformat() if isinstance(step.on, date) else _given(words, template, step.on)
        )
    if step.weekly:
        names = get_day_names("abbreviated", locale=words.language)
        return " ".join(names[WEEKDAYS.index(day)] for day in step.weekly if day in WEEKDAYS)
    if step.monthly:
        days = ", ".join(words.say(msgid("last")) if d == "last" else str(d) for d in step.monthly)
        return words.say(msgid("monthly: {days}"), days=days)
    if step.lunar:
        return words.say(msgid("lunar {day}"), day=step.lunar)
    if step.holiday:
        shifted = _offset_words(words, step, True) if step.after or step.before else ""
        return f"{words.say(step.holiday)} {shifted}".strip()
    return ""


def _offset_words(words: Words, step: Step, clock: bool) -> str:
    days, rest = divmod((step.after or step.before or 0.0) * 1000, DAY_MS)
    if rest or (days and not clock):
        if step.before:
            return words.say(msgid("{time} before"), time=duration(step.before))
        return words.say(msgid("{time} later"), time=duration(step.after or 0.0))
    if not days:
        return words.say(msgid("On the day")) if clock else words.say(msgid("At once"))
    one, many = msgid("{n} day later"), msgid("{n} days later")
    if step.before:
        one, many = msgid("{n} day before"), msgid("{n} days before")
    return words.count(one, many, int(days))


def _given(words: Words, template: Template, value: str | Reference) -> str:
    """A value as it stands, or the title of the parameter that gives it."""
    if not isinstance(value, Reference):
        return value
    title = template.parameters[value.parameter].title
    return f"({spoken(title, words.language) if title else value.parameter})"


def _cron(words: Words, every: str) -> str:
    """A cron expression read aloud where that is easy, else as it stands."""
    minute, hour, day, month, weekday = every.split()
    if not (minute.isdecimal() and hour.isdecimal() and month == "*"):
        return every
    at = f" {int(hour):02}:{int(minute):02}"
    if day == weekday == "*":
        return words.say(msgid("Every day")) + at
    if day == "*" and weekday.isdecimal():
        name = get_day_names("wide", locale=words.language)[(int(weekday) - 1) % 7]
        return words.say(msgid("Every {weekday}"), weekday=name) + at
    if weekday == "*" and day.isdecimal():
        return words.say(msgid("Every month on day {n}"), n=day) + at
    return every
