"""Make-ups: a missed day made up for, within a deadline, so often a month, for points."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from bot.checkins.days import DAY, ZERO
from bot.checkins.ledger import Entry
from bot.checkins.programme import Programme
from bot.checkins.refusal import NotNow
from bot.checkins.standing import Reckoning
from bot.checkins.tally import Sheet
from bot.i18n.mark import msgid

UNKNOWN = msgid("Which day? Say “make up yesterday”, or a date such as 6-17.")
NO_MAKE_UPS = msgid("Days cannot be made up for here.")
NOTHING_MISSED = msgid("{{ member.name }}, you missed no day that can still be made up for.")
HAS_IT = msgid("{{ member.name }}, {{ day }} is checked in already.")
TOO_LATE = msgid(
    "{{ day }} can no longer be made up for: only the last"
    " {% if days > 1 %}{{ days }} days{% else %}day{% endif %} can."
)
OUTSIDE = msgid("{{ day }} is no day of this programme.")
TODAY = msgid("{{ member.name }}, today is not over: just check in.")
USED_UP = msgid(
    "{{ member.name }}, {% if most > 1 %}{{ most }} days{% else %}one day{% endif %} of a month"
    " can be made up for, and you did that."
)
TOO_FEW = msgid("{{ member.name }}, a day costs {{ cost }} points and you have {{ points }}.")

_BACK = {"昨天": 1, "昨日": 1, "yesterday": 1, "前天": 2, "前日": 2, "大前天": 3}
_DATE = re.compile(r"(?:(\d{4})\s*[-/.年]\s*)?(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?")


def day_named(text: str, today: date) -> date | None:
    """The day a member names, the latest that fits; None when no day is named.

    Raises ValueError for words that name none.
    """
    words = unicodedata.normalize("NFKC", text).strip().casefold()
    if not words:
        return None
    if words in _BACK:
        return today - DAY * _BACK[words]
    found = _DATE.fullmatch(words)
    if not found:
        raise ValueError(f"not a day: {text}")
    year, month, day = found.groups()
    if year:
        return date(int(year), int(month), int(day))
    this = date(today.year, int(month), int(day))
    return this if this <= today else date(today.year - 1, int(month), int(day))


def missed_day(reckoning: Reckoning) -> date | None:
    """The latest day that was missed and can still be made up for."""
    settings = reckoning.programme.settings.make_up
    today, sheet = reckoning.today, reckoning.sheet
    back = (today - DAY * n for n in range(1, (settings.days if settings else 0) + 1))
    return next((d for d in back if _is_free(reckoning.programme, sheet, d)), None)


def refusal(reckoning: Reckoning, day: date) -> NotNow | None:
    """Why a day cannot be made up for, or None."""
    programme, sheet, today = reckoning.programme, reckoning.sheet, reckoning.today
    settings = programme.settings.make_up
    if settings is None:
        return NotNow(NO_MAKE_UPS)
    shown = day.isoformat()
    if day in sheet.days:
        return NotNow(HAS_IT, {"day": shown})
    if day == today:
        return NotNow(TODAY)
    rules = programme.rules
    if day > today or day < ZERO or not rules.runs_on(day) or day in rules.paused:
        return NotNow(OUTSIDE, {"day": shown})
    if (today - day).days > settings.days:
        return NotNow(TOO_LATE, {"day": shown, "days": settings.days})
    used = sum((one.year, one.month) == (day.year, day.month) for one in sheet.made_up)
    if used >= settings.per_month:
        return NotNow(USED_UP, {"most": settings.per_month})
    points = reckoning.points if settings.cost else 0
    if points < settings.cost:
        return NotNow(TOO_FEW, {"cost": settings.cost, "points": max(0, points)})
    return None


def cost(programme: Programme, day: date, now: int) -> Entry:
    """The entry of a day that is made up for at ``now`` (UTC ms)."""
    settings = programme.settings.make_up
    return Entry(what="make-up", points=-(settings.cost if settings else 0), at=now, day=day)


def _is_free(programme: Programme, sheet: Sheet, day: date) -> bool:
    rules = programme.rules
    rests = day in rules.paused
    return day >= ZERO and day not in sheet.days and rules.runs_on(day) and not rests
