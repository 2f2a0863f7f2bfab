"""When things happen: wall times in zones as UTC ms, and cron."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from bot.clock import millis, utc
from bot.i18n.mark import msgid
from bot.model.phrase import Phrase

DAY = timedelta(days=1)
DAY_MS = 86_400_000
MOST = 200
"""Occurrences of one step looked at in one go."""
FOREVER_MS = 100 * 366 * DAY_MS
MISTAKES = (
    msgid("Bad minute"),
    msgid("Bad hour"),
    msgid("Bad day-of-month"),
    msgid("Bad month"),
    msgid("Bad day-of-week"),
)
"""What cronsim says of an expression."""


class NotACron(ValueError):
    """A cron expression nobody can follow; the message says what was expected."""


@lru_cache(4096)  # a broadcast asks the same for everybody
def instant(day: date, clock: str | time, zone: ZoneInfo) -> int:
    """UTC ms of a wall time ("HH:MM").

    One that the clocks skip is the moment right after the gap; of one that comes twice, the first.
    """
    at = time.fromisoformat(clock) if isinstance(clock, str) else clock
    local = datetime.combine(day, at, zone)
    early, late = millis(local.replace(fold=1)), millis(local)
    if early >= late:
        return late
    before = utc(early).astimezone(zone).utcoffset()
    while late - early > 1:  # a wall time in a gap: find the moment the offset changes
        middle = (early + late) // 2
        if utc(middle).astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late


def day_of(ms: int, zone: ZoneInfo) -> date:
    """The local date at a moment."""
    return utc(ms).astimezone(zone).date()


def wall(ms: int, zone: ZoneInfo) -> str:
    """A moment as wall time with offset, which names occurrences: ``2026-11-01T01:30-04:00``."""
    return utc(ms).astimezone(zone).isoformat(timespec="minutes")


class Cron:
    """A cron expression of five fields in a zone, by Debian's rules (0 and 7 are Sunday).

    A time that the clocks skip comes right after the gap; one they repeat comes once, unless its
    hour or minute is a ``*``. Raises NotACron.
    """

    def __init__(self, expression: str, zone: ZoneInfo) -> None:
        if len(expression.split()) != 5:
            raise NotACron(Phrase("expected five fields: minute hour day month weekday"))
        self._expression = expression
        self._zone = zone
        try:
            self.next_after(0)
        except CronSimError as error:
            raise NotACron(
                Phrase("not a cron expression: {reason}", reason=Phrase(str(error)))
            ) from None
        except StopIteration:
            raise NotACron(Phrase("this time never comes")) from None

    def after(self, ms: int) -> Iterator[int]:
        """Its moments later than ``ms``, in order."""
        # cronsim reckons fixed hours without the fold, so near one it can name a moment gone by.
        for moment in CronSim(self._expression, utc(ms).astimezone(self._zone)):
            found = millis(moment.astimezone(UTC))
            if found > ms:
                yield found
                ms = found

    def next_after(self, ms: int) -> int:
        """Its first moment later than ``ms``."""
        return next(self.after(ms))

    def between(self, after: int, until: int) -> list[int]:
        """Its moments in (after, until], the first ``MOST`` of them."""
        found = takewhile(lambda ms: ms <= until, self.after(after))
        return [moment for moment, _ in zip(found, range(MOST), strict=False)]
