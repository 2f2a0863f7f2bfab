"""Periods: the days figures are of, as people say them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from bot.model.phrase import Phrase

LONGEST = 400
"""Days back who clicked is known; figures go no further."""
USUAL = 30
_CHINESE = {
    "今天": "today",
    "今日": "today",
    "昨天": "yesterday",
    "昨日": "yesterday",
    "本周": "week",
    "上周": "last week",
    "本月": "month",
    "上月": "last month",
    "上个月": "last month",
    "全部": "all",
}


class BadPeriod(ValueError):
    """Not a period; the message is a Phrase."""


@dataclass(frozen=True, slots=True)
class Period:
    """The days from ``since`` to ``until``, both included, in the workspace's zone."""

    since: date
    until: date

    def __post_init__(self) -> None:
        if self.until < self.since:
            raise BadPeriod(Phrase("the last day is before the first"))

    @property
    def days(self) -> list[date]:
        """Every day of it."""
        number = (self.until - self.since).days + 1
        return [self.since + timedelta(days=n) for n in range(number)]

    @property
    def before(self) -> Period:
        """As many days right before it."""
        length = self.until - self.since + timedelta(days=1)
        return Period(self.since - length, self.since - timedelta(days=1))

    def __contains__(self, day: date) -> bool:
        return self.since <= day <= self.until

    def __str__(self) -> str:
        if self.since == self.until:
            return self.since.isoformat()
        return f"{self.since.isoformat()}..{self.until.isoformat()}"


def last(days: int, today: date) -> Period:
    """The last ``days`` days, today included."""
    return Period(today - timedelta(days=min(days, LONGEST) - 1), today)


def read_period(text: str, today: date) -> Period:
    """What people say: "30d", "today", "yesterday", "week", "last week", "month", "last month",
    "2026-11", a day, or two days as in "2026-11-01..2026-11-15"; '' for the last 30 days. The
    words may be Chinese.

    Weeks begin on Monday; "week" and "month" are those of today; no day is after today. Raises
    BadPeriod.
    """
    text = " ".join(text.lower().split())
    text = _CHINESE.get(text, text)
    period = _read(text, today) if text else last(USUAL, today)
    if period.until < today - timedelta(days=LONGEST - 1):
        raise BadPeriod(Phrase("figures go back {n} days", n=LONGEST))
    if period.since > today:
        raise BadPeriod(Phrase("these days are yet to come"))
    first = today - timedelta(days=LONGEST - 1)
    return Period(max(period.since, first), min(period.until, today))


def _read(text: str, today: date) -> Period:
    yesterday = today - timedelta(days=1)
    monday, first = today - timedelta(days=today.weekday()), today.replace(day=1)
    before = first - timedelta(days=1)
    named = {
        "today": Period(today, today),
        "yesterday": Period(yesterday, yesterday),
        "week": Period(monday, today),
        "last week": Period(monday - timedelta(days=7), monday - timedelta(days=1)),
        "month": Period(first, today),
        "last month": Period(before.replace(day=1), before),
        "all": last(LONGEST, today),
    }
    if text in named:
        return named[text]
    if found := re.fullmatch(r"(\d{1,3})\s*(d|days?|天)", text):
        if not int(found[1]):
            raise BadPeriod(Phrase("“{text}” is no time", text=text))
        return last(int(found[1]), today)
    if re.fullmatch(r"\d{4}-\d\d", text):
        first = _day(f"{text}-01")
        following = (first + timedelta(days=31)).replace(day=1)
        return Period(first, following - timedelta(days=1))
    since, dots, until = text.partition("..")
    return Period(_day(since), _day(until) if dots and until else today if dots else _day(since))


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        say = Phrase(
            "“{text}” is no time; write 30d, today, week, last week, month, 2026-11, 2026-11-01 or "
            "two days as in 2026-11-01..2026-11-15",
            text=text,
        )
        raise BadPeriod(say) from None
