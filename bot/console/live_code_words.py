"""The words of live codes: kinds, shifts, and what the audit keeps of a change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from babel.dates import get_day_names

from bot.console.words import Words
from bot.i18n.mark import msgid
from bot.model.live_code import LiveCodeKind, Shift

KINDS: dict[LiveCodeKind, str] = {
    "contact": msgid("adds one of the staff"),
    "group": msgid("leads into a group"),
}
"""What a scan does."""
FIELDS = {
    "title": msgid("Title"),
    "gateway": msgid("Gateway"),
    "kind": msgid("A scan"),
    "channel": msgid("Channel"),
    "staff": msgid("Who receives"),
    "shifts": msgid("Shifts"),
    "spare": msgid("Spare staff"),
    "daily_cap": msgid("New contacts a day"),
    "confirm": msgid("Staff accept"),
    "groups": msgid("Groups"),
    "new_group": msgid("New groups"),
    "base_name": msgid("Name of new groups"),
    "base_number": msgid("Number of new groups"),
    "remark": msgid("Remark"),
    "ended": msgid("Ended"),
}
"""What the console calls a live code's fields."""


def weekdays(words: Words) -> list[str]:
    """The short names of the days, Monday first."""
    names = get_day_names("abbreviated", locale=words.language)
    return [names[day] for day in range(7)]


def shift_words(words: Words, shift: Shift) -> str:
    """When a shift is: ``Mon Tue 09:00-18:00``."""
    return _shift(words, shift.weekdays, shift.start, shift.end)


def changed_fields(
    words: Words, before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[tuple[str, str, str]]:
    """(name, before, after) of every field of a code that is not the same any more."""
    names = [name for name in FIELDS if name in before or name in after]
    both = [(name, before.get(name), after.get(name)) for name in names]
    return [
        (words.say(FIELDS[name]), _said(words, name, old), _said(words, name, new))
        for name, old, new in both
        if old != new
    ]


def _said(words: Words, name: str, value: Any) -> str:
    if value is None or value == "":
        return ""
    if name == "kind":
        return words.say(KINDS[value]) if value in KINDS else str(value)
    if isinstance(value, bool):
        return words.say(msgid("yes") if value else msgid("no"))
    if isinstance(value, list | tuple):
        return "; ".join(_kept_shift(words, v) if isinstance(v, dict) else str(v) for v in value)
    return str(value)


def _kept_shift(words: Words, kept: Mapping[str, Any]) -> str:
    when = _shift(words, kept.get("weekdays", ()), kept.get("start", ""), kept.get("end", ""))
    return f"{when} {', '.join(kept.get('staff', ()))}"


def _shift(words: Words, days: Iterable[int], start: str, end: str) -> str:
    names = weekdays(words)
    return f"{' '.join(names[day] for day in sorted(days))} {start}-{end}"
