"""The words of SOPs: states, outcomes, audiences, and when a step comes."""

from __future__ import annotations

from collections.abc import Mapping

from babel.dates import get_day_names

from bot.console.words import Words
from bot.i18n.mark import msgid
from bot.settings.kinds import duration_text
from bot.sop.audience import Audience
from bot.sop.results import Run
from bot.sop.schedule import DAY_MS
from bot.sop.template import AttributeAnchor, DateAnchor, Reference, Step, Template, spoken
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
}
"""What became of a target, unless it was skipped: the word and its colour."""
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
}
"""Why a target was skipped."""
_MOST = 3


def outcome_word(words: Words, outcome: str) -> str:
    """An outcome, in the reader's language."""
    if outcome.startswith("skipped:"):
        reason = outcome.removeprefix("skipped:")
        return words.say(msgid("Skipped: {reason}"), reason=words.say(SKIPS.get(reason, reason)))
    if outcome == "deferred":
        return words.say(msgid("Held back by quiet hours"))
    return words.say(OUTCOMES[outcome][0]) if outcome in OUTCOMES else outcome


def outcomes(run: Run) -> list[tuple[str, int, str]]:
    """(outcome, how many, colour) of a run, the good ones first, without empty ones."""
    found = [(name, getattr(run, name), tone) for name, (_, tone) in OUTCOMES.items()]
    found += [(f"skipped:{reason}", number, "s4") for reason, number in run.skipped.items()]
    return [one for one in found if one[1]]


def run_word(words: Words, run: Run, moment: str) -> str:
    """Which time of its step a run is; ``moment`` is the run's own, formatted, if it has one."""
    if moment:
        return moment
    if run.occurrence.isdecimal():
        return words.say(msgid("In {year}"), year=run.occurrence)
    return words.say(msgid("For each as they join"))


def audience_words(words: Words, audience: Audience, places: Mapping[str, Group]) -> str:
    """Who an audience is; ``places`` are groups by their conversation's key."""
    match audience.kind:
        case "everyone":
            return words.say(msgid("Everyone"))
        case "all-groups":
            return words.say(msgid("All groups"))
        case "tag":
            return words.say(msgid("Tagged “{tag}”"), tag=audience.tag)
    names = [
        places[one.key].name if one.key in places and places[one.key].name else str(one.group)
        for one in audience.groups
    ]
    more = f" +{len(names) - _MOST}" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more


def anchor_words(words: Words, template: Template) -> str:
    """What a template's steps count from."""
    match template.anchor:
        case AttributeAnchor(attribute=name):
            return words.say(msgid("Counts from each member's {name}"), name=words.say(name))
        case DateAnchor():
            return words.say(msgid("Counts from one date"))
        case "joined":
            return words.say(msgid("Counts from joining"))
    return words.say(msgid("By the calendar"))


def when_words(words: Words, template: Template, step: Step) -> str:
    """When a step comes."""
    clock = f" {_given(words, template, step.at)}" if step.at else ""
    if step.every is not None:
        given = _given(words, template, step.every)
        return given if isinstance(step.every, Reference) else _cron(words, given)
    if step.on is not None:
        return f"{step.on.isoformat()}{clock}"
    days, rest = divmod((step.after or step.before or 0.0) * 1000, DAY_MS)
    if rest or (days and not step.at):
        after = words.say(msgid("{time} later"), time=duration_text(step.after or 0.0))
        return after if not step.before else f"−{duration_text(step.before)}{clock}"
    if not days:
        return words.say(msgid("On the day")) + clock
    one, many = msgid("{n} day later"), msgid("{n} days later")
    if step.before:
        one, many = msgid("{n} day before"), msgid("{n} days before")
    return words.count(one, many, int(days)) + clock


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
