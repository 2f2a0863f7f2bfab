"""Settings of welcomes: scripts, where and when they apply, and what they say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, PlainValidator, model_validator

from bot.located import Kind, expected
from bot.model.base import Frozen
from bot.model.phrase import Phrase
from bot.settings.kinds import ClockTime, Duration, Name, duration_seconds
from bot.settings.spans import DateSpan

DAY = 86_400.0
Words = Annotated[str, Field(min_length=1)]
Coming = Literal["group", "contact", "opened"]
"""How somebody comes: into a group, as a new contact, or by opening the direct chat."""
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Across = Literal["group", "script", "everywhere"]

_AGAIN = Phrase('"never", "always", or a duration such as "30d"')


def _again(value: object) -> str | float:
    if value in ("never", "always"):
        return str(value)
    try:
        return duration_seconds(value)
    except ValueError:
        raise expected(_AGAIN) from None


Again = Annotated[str | float, PlainValidator(_again), Kind(_AGAIN)]
"""Seconds, "never" or "always"."""


class WelcomeVariant(Frozen):
    """Another text in a message's place; the text alone may be written."""

    text: Words = Field(description="What is said instead.")
    share: int = Field(default=1, ge=1, description="How many parts of all who come get it.")

    @model_validator(mode="before")
    @classmethod
    def _text_alone(cls, value: Any) -> Any:
        return {"text": value} if isinstance(value, str) else value


class WelcomeMessage(Frozen):
    """One message of a welcome; the text alone may be written in its place."""

    text: Words = Field(description="What is said; Jinja2 with member, members, group and gateway.")
    after: Duration = Field(default=0.0, description="How long to wait after the message before.")
    to: Literal["group", "direct"] = Field(
        default="group", description="Whether it goes to the group or to the member alone."
    )
    share: int = Field(
        default=1, ge=1, description="How many parts get this text, where there are variants."
    )
    variants: tuple[WelcomeVariant, ...] = Field(
        default=(), max_length=9, description="Other texts for some of those who come."
    )

    @model_validator(mode="before")
    @classmethod
    def _text_alone(cls, value: Any) -> Any:
        return {"text": value} if isinstance(value, str) else value

    @property
    def texts(self) -> dict[str, tuple[str, int]]:
        """Text and share of each variant; the first is "A"."""
        texts = [(self.text, self.share), *((one.text, one.share) for one in self.variants)]
        return {chr(ord("A") + number): one for number, one in enumerate(texts)}


class WelcomeLayer(Frozen):
    """What is said at special times instead.

    With dates or holidays it is of special dates, which go before every day of the week.
    """

    title: str = Field(default="", description="How it is called in lists.")
    dates: tuple[DateSpan, ...] = Field(default=(), description="The dates it is for.")
    holidays: bool = Field(default=False, description="Whether it is for public holidays too.")
    weekdays: tuple[Weekday, ...] = Field(
        default=(), description="Its days of the week; none means every day."
    )
    start: ClockTime | None = Field(default=None, description="When it begins, each day.")
    end: ClockTime | None = Field(
        default=None, description="When it ends; before its start, it lasts until the next day."
    )
    messages: tuple[WelcomeMessage, ...] = Field(default=(), description="What is said then.")

    @model_validator(mode="after")
    def _some_time(self) -> WelcomeLayer:
        if not (self.special or self.weekdays or self.start or self.end):
            raise ValueError(Phrase("needs dates, holidays, weekdays or times of day"))
        if self.start == self.end and self.start is not None:
            raise ValueError(Phrase("begins and ends at the same time"))
        return self

    @property
    def special(self) -> bool:
        """Whether it is of special dates."""
        return bool(self.dates) or self.holidays


class WelcomeWhen(Frozen):
    """Where a script applies; what is left empty says nothing."""

    kinds: tuple[Coming, ...] = Field(
        default=("group",), min_length=1, description="How somebody comes."
    )
    codes: tuple[Words, ...] = Field(default=(), description="Channels of live codes.")
    staff: tuple[Words, ...] = Field(
        default=(), description="Accounts of staff: who was added, invited, or owns the group."
    )
    groups: tuple[Words, ...] = Field(default=(), description='"group id" or "gateway/group id".')
    gateways: tuple[Name, ...] = Field(default=(), description="Gateways.")


class WelcomeGate(Frozen):
    """What a newcomer must do before the welcome."""

    ask: Literal["button", "number", "question"] = Field(
        default="button",
        description="A button to press, a number to say, or a question to answer; the number "
        "also takes the button's place where none can be shown.",
    )
    text: Words = Field(
        description="What newcomers are asked; Jinja2 as in messages, and {{ number }}."
    )
    button: Words = Field(default="🙋", description="What stands on the button.")
    answers: tuple[Words, ...] = Field(
        default=(), description="What counts as an answer, however it is written."
    )
    within: Duration = Field(default=300.0, gt=0, description="How long they have.")
    mute: bool = Field(
        default=False,
        description="Whether they cannot speak in the group till then, where the gateway can.",
    )
    otherwise: Literal["nothing", "remove", "tell"] = Field(
        default="nothing",
        description="What becomes of who does not: nothing, out of the group again, or operators "
        "are told.",
    )

    @model_validator(mode="after")
    def _answers(self) -> WelcomeGate:
        if self.ask == "question" and not self.answers:
            raise ValueError(Phrase("a question needs answers"))
        return self


class Script(Frozen):
    """Who is greeted how."""

    id: Name = Field(description="A short name; it stays.")
    title: str = Field(default="", description="How it is called in lists.")
    enabled: bool = Field(default=True, description="Whether it counts at all.")
    silent: bool = Field(default=False, description="Whether it has nobody greeted.")
    when: WelcomeWhen = Field(default=WelcomeWhen(), description="Where it applies.")
    priority: int = Field(default=0, description="Of scripts equally close, the highest wins.")
    messages: tuple[WelcomeMessage, ...] = Field(default=(), description="What is said, in order.")
    layers: tuple[WelcomeLayer, ...] = Field(
        default=(), max_length=30, description="What is said at special times instead."
    )
    window: Duration = Field(
        default=5.0,
        description="Who joins within this time of each other is greeted in one message.",
    )
    again: Again = Field(
        default="30d",
        validate_default=True,
        description="Whether somebody greeted before is greeted again: never, always, or after so "
        "long.",
    )
    across: Across = Field(
        default="group",
        description="What counts as before: in this group, by this script, or anywhere.",
    )
    block: tuple[Words, ...] = Field(
        default=(),
        description="Whose name holds one of these is not greeted; =name is the whole name, "
        "/…/ a regular expression.",
    )
    withdraw: Duration = Field(
        default=0.0, description="Who leaves within this time: what was said is taken back."
    )
    keep_last: int | None = Field(
        default=None, ge=1, description="How many welcomes stay in a group; older ones go."
    )
    tags: tuple[Words, ...] = Field(default=(), description="Tags who comes is given.")
    attributes: dict[Name, str] = Field(default={}, description="Attributes who comes is given.")
    start: tuple[Name, ...] = Field(
        default=(), description='SOPs who comes is put into; their anchor is "enrolled".'
    )
    gate: WelcomeGate | None = Field(default=None, description="What must be done before.")

    @property
    def name(self) -> str:
        """What people call it."""
        return self.title or self.id

    def said(self) -> Iterator[WelcomeMessage]:
        """Every message of every layer."""
        yield from self.messages
        for layer in self.layers:
            yield from layer.messages


class PlainWelcome(Frozen):
    """How somebody who joins a group is greeted."""

    enabled: bool = Field(default=True, description="Whether anybody is greeted.")
    messages: tuple[WelcomeMessage, ...] = Field(default=(), description="What is said, in order.")
    window: Duration = Field(
        default=5.0,
        description="Who joins within this time of each other is greeted in one message.",
    )
    again_after: Duration = Field(
        default=30 * DAY, description="Who comes back sooner than this is not greeted again."
    )


class WelcomeSettings(PlainWelcome):
    """The welcome in every group, what single groups have instead, and scripts for more."""

    opened: Words | None = Field(
        default=None,
        description="What is said to somebody who opens the direct chat with the bot, where the "
        "platform tells; Jinja2 with member and gateway.",
    )
    contact: Words | None = Field(
        default=None,
        description="What is said to a new contact; takes the place of a SOP's welcome. Jinja2 "
        "with member and gateway.",
    )
    groups: dict[str, PlainWelcome] = Field(
        default={},
        description='What is different in a group, by "group id" or "gateway/group id".',
    )
    block: tuple[Words, ...] = Field(
        default=(),
        description="Nobody whose name holds one of these is greeted, by whatever script; =name "
        "is the whole name, /…/ a regular expression.",
    )
    scripts: tuple[Script, ...] = Field(
        default=(), description="Scripts, beside those made in the console."
    )

    def plain(self, key: str) -> PlainWelcome:
        """The welcome of the group with this key in ``groups``, '' for every other one.

        What a group does not set itself is as everywhere.
        """
        own = self.groups.get(key, PlainWelcome())
        merged = {
            name: getattr(own if name in own.model_fields_set else self, name)
            for name in PlainWelcome.model_fields
        }
        return PlainWelcome.model_construct(**merged)
