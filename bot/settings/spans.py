"""The kinds of rates, shares and spans of dates that limit what is sent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainValidator

from bot.located import Kind, expected
from bot.model.capabilities import Rate
from bot.model.phrase import Phrase
from bot.settings.kinds import duration_seconds

_RATE = Phrase('a rate such as "60/1m"')
_SHARE = Phrase('a share such as "20%"')
_SPAN = Phrase('a date "2026-10-01" or a span of dates "2026-10-01/2026-10-07"')


def _rate(value: object) -> Rate:
    if isinstance(value, Rate):
        return value
    if isinstance(value, dict):
        return Rate.model_validate(value)
    number, _, span = value.partition("/") if isinstance(value, str) else ("", "", "")
    try:
        count, seconds = int(number), duration_seconds(span)
    except ValueError:
        raise expected(_RATE) from None
    if count < 1 or seconds <= 0:
        raise expected(_RATE)
    return Rate(count=count, seconds=seconds)


def _share(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1:
        return float(value)
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*%", value.strip()) if isinstance(value, str) else None
    if not found or not 0 < float(found[1]) <= 100:
        raise expected(_SHARE)
    return float(found[1]) / 100


def _span(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    try:
        parts = [date.fromisoformat(part.strip()) for part in str(value).split("/")]
    except ValueError:
        raise expected(_SPAN) from None
    if len(parts) > 2 or parts[0] > parts[-1]:
        raise expected(_SPAN)
    return "/".join(part.isoformat() for part in dict.fromkeys(parts))


SendRate = Annotated[Rate, BeforeValidator(_rate), Kind(_RATE)]
Share = Annotated[float, PlainValidator(_share), Kind(_SHARE)]
DateSpan = Annotated[Any, PlainValidator(_span), AfterValidator(str), Kind(_SPAN)]


def blacked_out(day: date, spans: Sequence[str]) -> bool:
    """Whether a date lies in one of the spans."""
    for span in spans:
        first, _, last = span.partition("/")
        if date.fromisoformat(first) <= day <= date.fromisoformat(last or first):
            return True
    return False
