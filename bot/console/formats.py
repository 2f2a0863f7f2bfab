"""Formats: numbers, days and times as a reader in one zone and language writes them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_timedelta, get_month_names

_MOMENT = {"zh": "M月d日 HH:mm", "en": "d MMM HH:mm"}
_MOMENT_YEAR = {"zh": "y年M月d日 HH:mm", "en": "d MMM y HH:mm"}
_DAY = {"zh": "M月d日", "en": "d MMM"}
_DAY_YEAR = {"zh": "y年M月d日", "en": "d MMM y"}


class Formats:
    """``now`` is UTC ms; a year is written only when it is not this one."""

    def __init__(self, language: str, zone: str, now: int) -> None:
        self.language = language
        self.zone = ZoneInfo(zone)
        self.now = now
        self.today = self._local(now).date()

    def number(self, value: float) -> str:
        """A number with its thousands apart."""
        return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"

    def moment(self, ms: int) -> str:
        """A UTC ms time in the zone, to the minute."""
        local = self._local(ms)
        pattern = _MOMENT if local.year == self.today.year else _MOMENT_YEAR
        return format_datetime(local, pattern[self.language], locale=self.language)

    def exact(self, ms: int) -> str:
        """A UTC ms time in the zone, with year, seconds and offset."""
        return self._local(ms).isoformat(" ", "seconds")

    def iso(self, ms: int) -> str:
        """A UTC ms time for machines."""
        return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds")

    def day(self, day: date) -> str:
        """A calendar day."""
        pattern = _DAY if day.year == self.today.year else _DAY_YEAR
        return format_date(day, pattern[self.language], locale=self.language)

    def weekday(self, day: date) -> str:
        """A calendar day with the day of its week."""
        return f"{self.day(day)} {format_date(day, 'EEE', locale=self.language)}"

    def time(self, ms: int) -> str:
        """The time of day of a UTC ms time in the zone."""
        return self._local(ms).strftime("%H:%M")

    def date_of(self, ms: int) -> date:
        """The calendar day of a UTC ms time in the zone."""
        return self._local(ms).date()

    @property
    def months(self) -> list[str]:
        """The names of the twelve months, short."""
        names = get_month_names("abbreviated", locale=self.language)
        return [names[month] for month in range(1, 13)]

    def ago(self, ms: int) -> str:
        """How long ago, roughly; a time ahead reads "in …"."""
        delta = timedelta(milliseconds=ms - self.now)
        return format_timedelta(delta, add_direction=True, threshold=1.2, locale=self.language)

    def _local(self, ms: int) -> datetime:
        return datetime.fromtimestamp(ms / 1000, self.zone)
