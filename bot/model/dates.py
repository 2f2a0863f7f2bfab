"""Dates as people write them."""

from __future__ import annotations

from datetime import date


def month_day(value: str) -> int | None:
    """MMDD of ``2001-05-31``, ``05-31`` or ``5/31``; None when it is no date."""
    words = value.split()
    parts = words[0].replace("/", "-").replace(".", "-").split("-") if words else []
    if len(parts) not in (2, 3) or not all(part.isdecimal() for part in parts):
        return None
    month, day = int(parts[-2]), int(parts[-1])
    try:
        date(2000, month, day)
    except ValueError:
        return None
    return month * 100 + day


def whole_day(value: str) -> int | None:
    """YYYYMMDD of ``2026-12-01`` or ``2026-12-01 15:00``; None when it names no day of a year."""
    written = value.strip()[:10]
    if "-" not in written:  # a phone number begins like 20261201 too
        return None
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return None
    return day.year * 10_000 + day.month * 100 + day.day
