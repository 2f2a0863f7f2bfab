"""Which values of attributes are days."""

import pytest

from bot.model.dates import whole_day


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("2026-12-01", 20261201),
        (" 2026-12-01 15:00 ", 20261201),
        ("13801231457", None),
        ("20261201", None),
        ("2026-13-01", None),
        ("soon", None),
    ],
)
def test_a_day_is_told_from_a_phone_number(value: str, day: int | None) -> None:
    assert whole_day(value) == day
