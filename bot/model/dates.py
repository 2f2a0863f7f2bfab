"""Dates as people write them."""

from __future__ import annotations

import re
from datetime import date

_DAY = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})(?![0-9])")


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
    """YYYYMMDD of ``2026-12-01``, ``2026/12/1`` or ``2026-12-01 15:00``; None when it is no day."""
    found = _DAY.match(value.strip())  # a phone number begins like 20261201 too
    if found is None:
        return None
    try:
        day = date(int(found[1]), int(found[3]), int(found[4]))
    except ValueError:
        return None
    return day.year * 10_000 + day.month * 100 + day.day
