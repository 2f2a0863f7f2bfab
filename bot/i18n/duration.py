"""Durations as sentences say them."""

from __future__ import annotations

from bot.i18n.mark import msgid
from bot.model.phrase import Phrase

_UNITS = (
    (86_400, msgid("{n} day"), msgid("{n} days")),
    (3_600, msgid("{n} hour"), msgid("{n} hours")),
    (60, msgid("{n} minute"), msgid("{n} minutes")),
    (1, msgid("{n} second"), msgid("{n} seconds")),
)


def duration(seconds: float) -> Phrase:
    """A duration in its largest whole unit: 30 days, 90 minutes, 1 second."""
    fitting = (unit for unit in _UNITS if seconds and seconds % unit[0] == 0)
    size, one, many = next(fitting, _UNITS[-1])
    number = seconds / size
    return Phrase(one if number == 1 else many, n=f"{number:,.10g}")
