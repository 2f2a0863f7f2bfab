"""Layers: what a script says at a moment: special dates over the week over the default."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.i18n.mark import msgid
from bot.model.phrase import Phrase
from bot.settings.spans import blacked_out
from bot.settings.welcome import Script, Weekday, WelcomeLayer, WelcomeMessage

WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SPECIAL = msgid("it is a special date: {layer}")
WEEKLY = msgid("it is the time of the week for: {layer}")
DEFAULT = msgid("no special time: what is said by default")
UNNAMED = msgid("layer {n}")

Holiday = Callable[[date], bool]
"""Whether a date is a public holiday."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What is said at a moment; ``layer`` is its place among the layers, -1 for the default."""

    messages: tuple[WelcomeMessage, ...]
    layer: int
    why: Phrase


def at(script: Script, moment: datetime, holiday: Holiday) -> Spoken:
    """What a script says at a local time; of layers that fit equally the first one holds."""
    for special, why in ((True, SPECIAL), (False, WEEKLY)):
        for number, layer in enumerate(script.layers):
            if layer.special is special and holds(layer, moment, holiday):
                title = layer.title or Phrase(UNNAMED, n=number + 1)
                return Spoken(layer.messages, number, Phrase(why, layer=title))
    return Spoken(script.messages, -1, Phrase(DEFAULT))


def holds(layer: WelcomeLayer, moment: datetime, holiday: Holiday) -> bool:
    """Whether it is a layer's time; after midnight it may still be the day before's."""
    start, end = layer.start or "00:00", layer.end or "24:00"
    clock, today = moment.strftime("%H:%M"), moment.date()
    if start < end:
        return start <= clock < end and _on(layer, today, holiday)
    if clock >= start:
        return _on(layer, today, holiday)
    return clock < end and _on(layer, today - timedelta(days=1), holiday)


def _on(layer: WelcomeLayer, day: date, holiday: Holiday) -> bool:
    if layer.weekdays and WEEK[day.weekday()] not in layer.weekdays:
        return False
    if not layer.special:
        return True
    return blacked_out(day, layer.dates) or (layer.holidays and holiday(day))
