"""The timeline: a template's steps in the order they come, and what follows what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.console.sop_words import when_words
from bot.console.words import Words
from bot.i18n.duration import duration
from bot.i18n.mark import msgid
from bot.sop.templates.anchor import CALENDAR
from bot.sop.templates.guards import Guards
from bot.sop.templates.step import CAME, TIMED_OUT, SendLate, Step
from bot.sop.templates.template import Template
from bot.sop.times.timing import shift

DAY = 86_400
ACTIONS = {
    "message": (msgid("Message"), "letter"),
    "moment": (msgid("Moment"), "members"),
    "task": (msgid("Task for staff"), "tasks"),
    "wait": (msgid("Wait"), "clock"),
    "branch": (msgid("Branch"), "branch"),
    "tag": (msgid("Give a tag"), "tag"),
    "untag": (msgid("Take a tag away"), "tag"),
    "route": (msgid("Invite into a group"), "route"),
    "start": (msgid("Start another SOP"), "play"),
    "stop": (msgid("End another SOP"), "stop"),
    "nothing": (msgid("Nothing yet"), "more"),
}
"""Every kind of step: its name and its icon."""
WAITS = {
    "reply": msgid("a reply"),
    "click": msgid("a click on a link"),
    "check-in": msgid("a check-in"),
}
"""What can be waited for."""
_WAYS = {CAME: msgid("it came"), TIMED_OUT: msgid("nothing came")}


@dataclass(frozen=True, slots=True)
class Knot:
    """A step on the line; ``way``: what of the step before it comes after."""

    step: Step
    when: str
    way: str = ""
    after: tuple[Knot, ...] = ()


@dataclass(slots=True)
class Row:
    """What begins on one day, or at one of the calendar's times."""

    label: str
    knots: list[Knot] = field(default_factory=list)


def timeline(words: Words, template: Template) -> list[Row]:
    """The steps that follow none by their days; those that follow one, below it."""
    first = [step for step in template.step if step.follows is None]
    rows: dict[str, Row] = {}
    for step in first if template.anchor == CALENDAR else sorted(first, key=_place):
        if template.anchor == CALENDAR:
            label, when = when_words(words, template, step), ""
        else:
            label, when = _day(words, step), _hour(words, template, step)
        knot = Knot(step, when, after=tuple(_followers(words, template, step)))
        rows.setdefault(label, Row(label)).knots.append(knot)
    return list(rows.values())


def way_words(words: Words, way: str) -> str:
    """The way of a wait or branch, to read."""
    return words.say(_WAYS.get(way, way))


def doing_words(words: Words, step: Step) -> str:
    """What a step does that says nothing."""
    tags = ", ".join(f"“{tag}”" for tag in step.tag or step.untag or ())
    name = step.route or step.start or step.stop or ""
    match step.action:
        case "tag":
            return words.say(msgid("Gives the tag {tags}"), tags=tags)
        case "untag":
            return words.say(msgid("Takes away the tag {tags}"), tags=tags)
        case "route":
            return words.say(msgid("Invites into the group of the route “{name}”"), name=name)
        case "start":
            return words.say(msgid("Enters the member into the SOP “{name}”"), name=name)
        case "stop":
            return words.say(msgid("The member gets no more of the SOP “{name}”"), name=name)
        case "wait" if step.wait:
            what, most = words.say(WAITS[step.wait.what]), duration(step.wait.most)
            return words.say(msgid("Waits for {what}, at most {time}"), what=what, time=most)
    return ""


def missed_words(words: Words, step: Step) -> str:
    """What becomes of a step when its time passed, unless it is left out."""
    if isinstance(step.missed, SendLate):
        time = duration(step.missed.send_late)
        return words.say(msgid("up to {time} late"), time=time)
    return words.say(msgid("asks an operator when missed")) if step.missed == "ask" else ""


def guard_words(words: Words, guards: Guards) -> list[str]:
    """Its own limits, one sentence each; who stops it is said by the audience's reading."""
    found = []
    if guards.quiet == "drop":
        found.append(words.say(msgid("What falls into quiet hours is left out")))
    if guards.daily_cap is not None:
        found.append(words.say(msgid("At most {n} of its topic a day"), n=guards.daily_cap))
    if guards.weekly_cap is not None:
        n = guards.weekly_cap
        found.append(words.say(msgid("At most {n} of its topic in seven days"), n=n))
    if rate := guards.rate:
        time = duration(rate.seconds)
        found.append(words.say(msgid("At most {n} messages in {time}"), n=rate.count, time=time))
    if guards.blackout:
        days = ", ".join(guards.blackout).replace("/", "–")
        found.append(words.say(msgid("Nothing on {days}"), days=days))
    if (share := guards.pause_on_failures) is not None:
        found.append(
            words.say(msgid("Pauses when more than {n}% of a step fails"), n=f"{share * 100:g}")
        )
    return found


def _followers(words: Words, template: Template, step: Step) -> Iterator[Knot]:
    for one in template.step:
        if one.after_step == step.id:
            alone = one.model_copy(update={"follows": None})
            way = str(one.follows).partition("/")[2]
            after = tuple(_followers(words, template, one))
            yield Knot(one, when_words(words, template, alone), way, after)


def _place(step: Step) -> tuple[int, str, float]:
    seconds = shift(step).total_seconds()
    return int(seconds / DAY), step.at if isinstance(step.at, str) else "", seconds


def _day(words: Words, step: Step) -> str:
    days = int(shift(step).total_seconds() / DAY)
    if not days:
        return words.say(msgid("On the day"))
    if days < 0:
        return words.count(msgid("{n} day before"), msgid("{n} days before"), -days)
    return words.count(msgid("{n} day later"), msgid("{n} days later"), days)


def _hour(words: Words, template: Template, step: Step) -> str:
    """The time of day, or how long before or after the moment on its day."""
    if step.at is not None:
        clock = when_words(words, template, step.model_copy(update={"after": 0.0, "before": None}))
        return clock.removeprefix(words.say(msgid("On the day"))).strip()
    return when_words(words, template, step) if shift(step) else words.say(msgid("At once"))
