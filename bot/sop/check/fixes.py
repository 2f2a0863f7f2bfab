"""Fixes: changes of a draft that one click makes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from bot.gateways.pieces import Measure, in_bytes, in_units
from bot.i18n.mark import msgid
from bot.model.base import Frozen
from bot.model.phrase import Phrase
from bot.sop.check.cutting import parted, shortened
from bot.sop.templates.step import Step
from bot.sop.templates.template import Template
from bot.sop.templates.words import Localized, Words

DAY_MINUTES = 24 * 60
_WHEN = ("before", "at", "until", "every", "weekly", "monthly", "on", "lunar", "holiday", "days")
_A_MINUTE_LATER: dict[str, Any] = {**dict.fromkeys(_WHEN), "after": 60.0, "closed": "skip"}
Unit = Literal["bytes", "units"]


class ShiftTime(Frozen):
    """Send a step some minutes later, or earlier when negative."""

    kind: Literal["shift"] = "shift"
    step: str
    minutes: int

    @property
    def title(self) -> Phrase:
        """What the button says."""
        text = msgid("Send it {minutes} minutes later")
        if self.minutes < 0:
            text = msgid("Send it {minutes} minutes earlier")
        return Phrase(text, minutes=abs(self.minutes))

    def apply(self, template: Template) -> Template:
        """The draft with it; the same draft where the time is a parameter's or leaves the day."""
        return _changed(template, self.step, lambda step: _shifted(step, self.minutes))


class SetTime(Frozen):
    """Send a step at another time of day."""

    kind: Literal["time"] = "time"
    step: str
    at: str

    @property
    def title(self) -> Phrase:
        """What the button says."""
        return Phrase("Send it at {time}", time=self.at)

    def apply(self, template: Template) -> Template:
        """The draft with it."""

        def change(step: Step) -> Step:
            return step.model_copy(update={"at": self.at, "until": None})

        return _changed(template, self.step, change)


class ShortenText(Frozen):
    """Cut a step's text to a limit."""

    kind: Literal["shorten"] = "shorten"
    step: str
    variant: str = ""
    limit: int
    unit: Unit = "bytes"

    @property
    def title(self) -> Phrase:
        """What the button says."""
        return Phrase("Shorten the text")

    def apply(self, template: Template) -> Template:
        """The draft with it; the same draft where the text cannot be cut."""

        def change(step: Step) -> Step:
            if not self.variant:
                return step.model_copy(update={"text": self._cut(step.text)})
            texts = [
                one.model_copy(update={"text": self._cut(one.text)})
                if one.name == self.variant
                else one
                for one in step.variant
            ]
            return step.model_copy(update={"variant": tuple(texts)})

        return _changed(template, self.step, change)

    def _cut(self, words: Words | None) -> Words | None:
        def cut(text: str) -> str:
            measure = _measure(self.unit)
            return text if measure(text) <= self.limit else _short(text, self.limit, measure)

        if isinstance(words, Localized):
            return Localized(zh=cut(words.zh), en=cut(words.en))
        return None if words is None else cut(words)


class SplitText(Frozen):
    """Send a step's text as several messages, a minute after each other."""

    kind: Literal["split"] = "split"
    step: str
    limit: int
    unit: Unit = "bytes"

    @property
    def title(self) -> Phrase:
        """What the button says."""
        return Phrase("Split it into several messages")

    def apply(self, template: Template) -> Template:
        """The draft with it; the same draft where the text cannot be cut."""
        step = template.find(self.step)
        texts = self._texts(step.text) if step and step.text else None
        if step is None or not texts or len(texts) < 2:
            return template
        names, before = {one.id for one in template.step}, step.id
        steps = [step.model_copy(update={"text": texts[0]})]
        for number, text in enumerate(texts[1:], 2):
            name = f"{step.id}-{number}"
            if name in names:
                return template
            changes = {"id": name, "follows": before, "text": text, **_A_MINUTE_LATER}
            steps.append(step.model_copy(update=changes))
            before = name
        at = template.step.index(step)
        changed = (*template.step[:at], *steps, *template.step[at + 1 :])
        return template.model_copy(update={"step": changed})

    def _texts(self, words: Words) -> list[Words] | None:
        measure = _measure(self.unit)
        if not isinstance(words, Localized):
            pieces = parted(words, self.limit, measure)
            return None if pieces is None else [*pieces]
        zh, en = (parted(text, self.limit, measure) for text in (words.zh, words.en))
        if zh is None or en is None or len(zh) != len(en):
            return None
        return [Localized(zh=one, en=other) for one, other in zip(zh, en, strict=True)]


class TakeOutBlackout(Frozen):
    """Take a blackout date out of the draft's own."""

    kind: Literal["blackout"] = "blackout"
    span: str

    @property
    def title(self) -> Phrase:
        """What the button says."""
        return Phrase("Take {dates} out of the blackout dates", **_dates(self.span))

    def apply(self, template: Template) -> Template:
        """The draft with it."""
        kept = tuple(span for span in template.guards.blackout if span != self.span)
        guards = template.guards.model_copy(update={"blackout": kept})
        return template.model_copy(update={"guards": guards})


class OnWorkdays(Frozen):
    """Let a step wait for the next workday."""

    kind: Literal["workday"] = "workday"
    step: str

    @property
    def title(self) -> Phrase:
        """What the button says."""
        return Phrase("Let it wait for the next workday")

    def apply(self, template: Template) -> Template:
        """The draft with it."""

        def change(step: Step) -> Step:
            return step.model_copy(update={"days": "workday", "closed": "next"})

        return _changed(template, self.step, change)


Fix = Annotated[
    ShiftTime | SetTime | ShortenText | SplitText | TakeOutBlackout | OnWorkdays,
    Field(discriminator="kind"),
]
"""Each has a ``title`` for its button and ``apply(template)``."""

_FIXES: TypeAdapter[Any] = TypeAdapter(Fix)


def fix_of(text: str) -> Fix:
    """A fix from the JSON a page carried; raises ValueError."""
    fix: Fix = _FIXES.validate_json(text)
    return fix


def _changed(template: Template, ident: str, change: Any) -> Template:
    steps = tuple(change(step) if step.id == ident else step for step in template.step)
    return template if steps == template.step else template.model_copy(update={"step": steps})


def _shifted(step: Step, minutes: int) -> Step:
    found: dict[str, str] = {}
    for key in ("at", "until"):
        clock = getattr(step, key)
        if isinstance(clock, str):
            hour, _, minute = clock.partition(":")
            found[key] = _clock(int(hour) * 60 + int(minute) + minutes)
    if isinstance(step.every, str):
        minute, hour, rest = step.every.split(maxsplit=2)
        if minute.isdecimal() and hour.isdecimal():
            hour, _, minute = _clock(int(hour) * 60 + int(minute) + minutes).partition(":")
            found["every"] = f"{int(minute)} {int(hour)} {rest}" if hour else ""
    return step.model_copy(update=found) if found and all(found.values()) else step


def _clock(minutes: int) -> str:
    """A time of day, '' for one on another day."""
    if not 0 <= minutes < DAY_MINUTES:
        return ""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _measure(unit: Unit) -> Measure:
    return in_units if unit == "units" else in_bytes


def _short(text: str, limit: int, measure: Measure) -> str:
    return shortened(text, limit, measure) or text


def _dates(span: str) -> dict[str, str]:
    return {"dates": span.replace("/", " – ")}
