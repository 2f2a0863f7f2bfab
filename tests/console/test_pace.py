"""The pace of what goes out, as somebody who looks at it is told."""

from __future__ import annotations

from bot.console.pace import Pace


def test_the_pace_is_what_ended_in_the_last_minute() -> None:
    pace = Pace()
    assert pace.per_minute("tips", 0, 100) is None
    assert pace.per_minute("tips", 1_000, 150) is None  # too soon to tell
    assert pace.per_minute("tips", 6_000, 200) == 1_000
    assert pace.per_minute("tips", 66_000, 1_200) == 1_000  # what was a minute ago still counts
    assert pace.per_minute("tips", 126_001, 1_200) is None  # nobody looked for a minute
    assert pace.per_minute("other", 126_001, 5) is None


def test_a_clock_set_back_or_rows_taken_back_begin_anew() -> None:
    pace = Pace()
    pace.per_minute("tips", 100_000, 500)
    assert pace.per_minute("tips", 90_000, 510) is None
    assert pace.per_minute("tips", 100_000, 400) is None  # tried again
    assert pace.per_minute("tips", 110_000, 500) == 600
