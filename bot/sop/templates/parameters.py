"""Parameters: what is given when a SOP is started, checked and settled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bot.clock import utc
from bot.i18n.mark import msgid
from bot.located import Place, Problem, Problems, nearest
from bot.model.phrase import Phrase
from bot.sop.templates.template import Parameter, ParameterType, Value
from bot.sop.templates.words import Localized, spoken
from bot.sop.times.schedule import Cron, NotACron

PLACE = Place("parameters")
MINUTE = 60_000

_EXPECTED: dict[ParameterType, str] = {
    "text": msgid("expected text"),
    "url": msgid("expected an http or https URL"),
    "number": msgid("expected a number"),
    "date": msgid("expected a date such as 2026-10-01"),
    "time": msgid('expected a time of day such as "20:00"'),
    "cron": msgid('expected a cron expression such as "0 20 * * 3"'),
}


def wrong_value(kind: ParameterType, value: object, *, defaults: bool = False) -> str:
    """What is wrong with a parameter's value, '' when nothing is.

    ``defaults`` lets a date be "today" and a time be "now".
    """
    if defaults and (kind, value) in {("date", "today"), ("time", "now")}:
        return ""
    try:
        settle_value(kind, value)
    except NotACron as error:
        return Phrase("{what}: {reason}", what=Phrase(_EXPECTED[kind]), reason=Phrase.of(error))
    except (ValueError, TypeError):
        return Phrase(_EXPECTED[kind])
    return ""


def settle_value(kind: ParameterType, value: object) -> Value:
    """A value in the form it is kept in; raises ValueError or TypeError."""
    match kind:
        case "number":
            return _number(value)
        case "date":
            day = value.date() if isinstance(value, datetime) else value
            return (day if isinstance(day, date) else date.fromisoformat(str(day))).isoformat()
        case "time":
            return _time(str(value).strip())
    text = str(value).strip()
    if not text:
        raise ValueError
    if kind == "url":
        parts = urlsplit(text)
        if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"\s", text):
            raise ValueError
    if kind == "cron":
        Cron(text, ZoneInfo("UTC"))
    return text


def settle(
    asked: Mapping[str, Parameter],
    given: Mapping[str, object],
    now: int,
    zone: ZoneInfo,
    language: str,
) -> dict[str, Value]:
    """Every parameter's value, from what was given or its default.

    "today" and "now" become the date and the coming minute of ``now`` in the zone, a default in
    both languages what it is in ``language``. Raises Problems.
    """
    problems = [
        Problem(PLACE, name, Phrase("unknown parameter"), nearest(name, asked))
        for name in given
        if name not in asked
    ]
    values: dict[str, Value] = {}
    local = utc(now - now % MINUTE + MINUTE).astimezone(zone)
    moments = {("date", "today"): f"{local:%Y-%m-%d}", ("time", "now"): f"{local:%H:%M}"}
    for name, parameter in asked.items():
        value = given.get(name)
        if value is None or value == "":
            value = parameter.default
        if isinstance(value, Localized):
            value = spoken(value, language)
        value = moments.get((parameter.type, str(value)), value)
        if value is None:
            message = Phrase("missing; {what}", what=Phrase(_EXPECTED[parameter.type]))
            problems.append(Problem(PLACE, name, message))
        elif wrong := wrong_value(parameter.type, value):
            problems.append(Problem(PLACE, name, wrong))
        else:
            values[name] = settle_value(parameter.type, value)
    if problems:
        raise Problems(problems)
    return values


def _number(value: object) -> int | float:
    if isinstance(value, bool):
        raise TypeError
    number = float(str(value))
    if number != number or abs(number) > 1e15:
        raise ValueError
    return int(number) if number == int(number) else number


def _time(text: str) -> str:
    found = re.fullmatch(r"(\d{1,2}):(\d\d)(:00)?", text)
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise ValueError
    return f"{int(found[1]):02}:{found[2]}"
