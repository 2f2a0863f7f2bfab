"""When things happen: wall times in zones as UTC ms, cron, and the moments of a step."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from bot.clock import millis, utc
from bot.sop.template import DateAnchor, Step, Template, Value

DAY = timedelta(days=1)
DAY_MS = 86_400_000
MOST = 200
"""Occurrences of one step looked at in one go."""
FOREVER_MS = 100 * 366 * DAY_MS
WIDEST = 26 * 3_600_000
"""Ms between the same wall time in the first and the last zone of the world."""


class NotACron(ValueError):
    """A cron expression nobody can follow; the message says what was expected."""


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
            raise NotACron("expected five fields: minute hour day month weekday")
        self._expression = expression
        self._zone = zone
        try:
            self.next_after(0)
        except CronSimError as error:
            raise NotACron(f"not a cron expression: {error}") from None
        except StopIteration:
            raise NotACron("this time never comes") from None

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


def occurrences(
    template: Template, step: Step, values: dict[str, Value], zone: ZoneInfo, after: int, until: int
) -> list[int]:
    """When a step of a calendar or date SOP comes, in (after, until]."""
    if isinstance(step.every, str):
        return Cron(step.every, zone).between(after, until)
    day = step.on
    if isinstance(template.anchor, DateAnchor):
        day = date.fromisoformat(str(values[template.anchor.date])) + shift(step)
    if day is None or not isinstance(step.at, str):
        return []
    moment = instant(day, step.at, zone)
    return [moment] if after < moment <= until else []


def shift(step: Step) -> timedelta:
    """How far a step is from its anchor; negative for ``before``."""
    return timedelta(seconds=(step.after or 0.0) - (step.before or 0.0))


def due(step: Step, anchor: int, zone: ZoneInfo) -> int:
    """When a step comes for somebody whose anchor is this moment.

    With ``at``: that time of day so many days later; when it has passed on the day of the anchor
    itself, on the next.
    """
    later = shift(step)
    if not isinstance(step.at, str):
        return anchor + int(later.total_seconds() * 1000)
    day = day_of(anchor, zone) + later
    moment = instant(day, step.at, zone)
    return moment if moment >= anchor else instant(day + DAY, step.at, zone)


def reach(step: Step, now: int) -> int:
    """No anchor later than this can be due at ``now``, in any zone."""
    anchor = now - int(shift(step).total_seconds() * 1000)
    return min(now, anchor + (WIDEST if step.at else 0))


def month_days(day: date) -> list[int]:
    """The yearly dates (MMDD) celebrated on a day: 29 February on the 28th in most years."""
    leap = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
    found = [day.month * 100 + day.day]
    return [*found, 229] if found == [228] and not leap else found
