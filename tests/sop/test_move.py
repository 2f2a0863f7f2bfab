"""Moving a step in the calendar: what its template says then, and when it has no meaning."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.audience.audience import Audience
from bot.clock import millis
from bot.sop.changes.move import Immovable, Move, beginning, moved
from bot.sop.record import Version
from bot.sop.templates.step import Step
from bot.sop.templates.template import Template, Value
from bot.sop.times.schedule import wall
from bot.sop.times.timing import occurrences

ZONE = ZoneInfo("Asia/Shanghai")
DAY = 86_400_000
WEBINAR = {"date": "day", "time": "start"}
ASKED = {"day": {"type": "date"}, "start": {"type": "time"}, "rule": {"type": "cron"}}
GIVEN: dict[str, Value] = {"day": "2026-06-20", "start": "20:00", "rule": "0 20 * * 3"}


def at(text: str) -> int:
    return millis(datetime.fromisoformat(text).replace(tzinfo=ZONE))


def version(anchor: Any, *steps: dict[str, Any]) -> Version:
    """A SOP with these steps; the first is the one that is moved."""
    asked = [{"id": f"step{n}", "text": "hi", **step} for n, step in enumerate(steps)]
    template = {"title": "t", "anchor": anchor, "parameters": ASKED, "step": asked}
    return Version(
        number=1,
        since=0,
        by="ann",
        template=Template.model_validate(template),
        parameters=GIVEN,
        audience=Audience.parse("all-groups"),
        language="en",
    )


def move(asked: Version, start: str, to: str, *, whole: bool = False) -> Move:
    return moved(asked, "step0", at(start), at(to), ZONE, whole=whole)


def step(anchor: Any, given: dict[str, Any], start: str, to: str) -> Step:
    return move(version(anchor, given), start, to).template.step[0]


@pytest.mark.parametrize(
    ("given", "to", "then"),
    [
        ({"every": "30 20 * * 3"}, "2026-06-17T19:05", {"every": "5 19 * * 3"}),
        ({"every": "30 20 * * wed"}, "2026-06-21T20:30", {"every": "30 20 * * 0"}),
        ({"every": "30 20 17 * *"}, "2026-06-19T20:30", {"every": "30 20 19 * *"}),
        ({"every": "30 20 17 6 *"}, "2026-07-01T20:30", {"every": "30 20 1 7 *"}),
        ({"every": "30 20 * * *"}, "2026-06-17T21:00", {"every": "0 21 * * *"}),
        ({"weekly": ["wed"], "at": "20:30"}, "2026-06-18T20:30", {"weekly": ("thu",)}),
        (
            {"weekly": ["mon", "wed"], "at": "20:30"},
            "2026-06-19T09:00",
            {"weekly": ("mon", "fri"), "at": "09:00"},
        ),
        (
            {"monthly": [1, 17, "last"], "at": "20:30"},
            "2026-06-20T20:30",
            {"monthly": (1, 20, "last")},
        ),
        ({"lunar": "05-03", "at": "20:30"}, "2026-06-17T21:15", {"at": "21:15"}),
        (
            {"weekly": ["wed"], "at": "20:30", "until": "22:00"},
            "2026-06-17T23:30",
            {"at": "23:30", "until": "01:00"},
        ),
    ],
)
def test_a_step_by_the_calendar_keeps_its_cycle_on_the_new_day_and_hour(
    given: dict[str, Any], to: str, then: dict[str, Any]
) -> None:
    found = step("calendar", given, "2026-06-17T20:30", to)
    before = version("calendar", given).template.step[0]
    assert found == before.model_copy(update=then)


def test_a_holidays_step_is_put_more_days_before_or_after_it() -> None:
    given = {"holiday": "national-day", "at": "09:00"}
    start = "2026-10-01T09:00"
    earlier = step("calendar", given, start, "2026-09-29T17:30")
    assert (earlier.before, earlier.after, earlier.at) == (2 * 86_400, None, "17:30")
    given = {**given, "before": "2d", "at": "09:00"}
    later = step("calendar", given, "2026-09-29T09:00", "2026-10-02T09:00")
    assert (later.before, later.after) == (None, 86_400)


def test_a_step_on_one_day_moves_that_day_or_the_parameter_that_names_it() -> None:
    plain = step(
        "calendar", {"on": "2026-06-20", "at": "09:00"}, "2026-06-20T09:00", "2026-07-02T10:00"
    )
    assert (str(plain.on), plain.at) == ("2026-07-02", "10:00")
    asked = {"on": {"parameter": "day"}, "at": {"parameter": "start"}}
    found = move(version("calendar", asked), "2026-06-20T20:00", "2026-06-22T18:00")
    assert found.template == version("calendar", asked).template
    assert found.parameters == {**GIVEN, "day": "2026-06-22", "start": "18:00"}
    found = move(
        version("calendar", {"every": {"parameter": "rule"}}),
        "2026-06-17T20:00",
        "2026-06-19T20:00",
    )
    assert found.parameters == {**GIVEN, "rule": "0 20 * * 5"}


@pytest.mark.parametrize(
    ("anchor", "given", "start", "to", "then"),
    [
        ("joined", {"after": "1d", "at": "20:00"}, "17T20:00", "20T19:30", (4, None, "19:30")),
        ("joined", {"after": "2h"}, "17T14:00", "17T15:30", (3.5 / 24, None, None)),
        ("enrolled", {"after": "0d", "at": "20:00"}, "17T20:00", "17T21:00", (0, None, "21:00")),
        (
            {"attribute": "birthday"},
            {"after": "1d", "at": "09:00"},
            *("17T09:00", "15T09:00", (None, 1, "09:00")),
        ),
        ({"attribute": "birthday"}, {"at": "09:00"}, "17T09:00", "19T09:00", (2, None, "09:00")),
        (WEBINAR, {"before": "1h"}, "20T19:00", "20T19:30", (None, 0.5 / 24, None)),
        (WEBINAR, {"before": "1d", "at": "20:00"}, "19T20:00", "21T20:00", (1, None, "20:00")),
    ],
)
def test_a_step_that_counts_from_something_comes_so_much_earlier_or_later(
    anchor: Any,
    given: dict[str, Any],
    start: str,
    to: str,
    then: tuple[float | None, float | None, str | None],
) -> None:
    found = step(anchor, given, f"2026-06-{start}", f"2026-06-{to}")
    after, before, clock = then
    assert found.after == (None if after is None else after * 86_400)
    assert found.before == (None if before is None else before * 86_400)
    assert found.at == clock


def test_the_date_itself_is_moved_with_all_steps() -> None:
    asked = version(WEBINAR, {"before": "1h"}, {"after": "1d", "at": "10:00"})
    found = move(asked, "2026-06-20T19:00", "2026-06-23T18:30", whole=True)
    assert found.template == asked.template
    assert found.parameters == {**GIVEN, "day": "2026-06-23", "start": "19:30"}
    asked = version(WEBINAR, {"before": "1d", "at": "20:00"}, {"after": "1d", "at": "10:00"})
    found = move(asked, "2026-06-19T20:00", "2026-06-22T21:00", whole=True)
    assert found.parameters == {**GIVEN, "day": "2026-06-23"}
    assert [one.at for one in found.template.step] == ["21:00", "10:00"]
    with pytest.raises(Immovable, match="count from one date"):
        move(version("joined", {"after": "1d"}), "2026-06-17T20:00", "2026-06-18T20:00", whole=True)


def test_a_step_that_follows_another_keeps_following_it() -> None:
    later = {"follows": "step1", "after": "1d", "at": "20:00"}
    first = {"id": "step1", "every": "0 9 * * 1"}
    asked = version("calendar", first, {**later, "id": "step0"})
    found = move(asked, "2026-06-17T20:00", "2026-06-19T20:00").template.find("step0")
    assert found is not None
    assert (found.follows, found.after) == ("step1", 3 * 86_400)
    with pytest.raises(Immovable, match="before what it counts from"):
        move(asked, "2026-06-17T20:00", "2026-06-15T20:00")


@pytest.mark.parametrize(
    ("anchor", "given", "start", "to", "why"),
    [
        ("calendar", {"lunar": "05-03", "at": "20:30"}, "17T20:30", "18T20:30", "lunar"),
        ("calendar", {"every": "0 20 * * *"}, "17T20:00", "18T20:00", "every day"),
        ("calendar", {"every": "0 20 * * 1,3"}, "17T20:00", "18T20:00", "several days"),
        ("calendar", {"every": "0 8,20 * * 3"}, "17T20:00", "17T21:00", "several times a day"),
        (
            "calendar",
            {"weekly": ["wed", "thu"], "at": "20:00"},
            *("17T20:00", "18T20:00", "on that day already"),
        ),
        (
            "calendar",
            {"weekly": ["wed"], "at": "20:00", "days": "workday"},
            *("17T20:00", "20T20:00", "leaves that day out"),
        ),
        (
            "calendar",
            {"weekly": ["fri"], "at": "20:00", "days": "workday", "closed": "next"},
            *("22T20:00", "23T20:00", "instead of a closed one"),
        ),
        ("joined", {"after": "1d", "at": "20:00"}, "17T20:00", "15T20:00", "before what it counts"),
    ],
)
def test_a_move_without_meaning_is_refused_with_its_reason(
    anchor: Any, given: dict[str, Any], start: str, to: str, why: str
) -> None:
    with pytest.raises(Immovable, match=why):
        step(anchor, given, f"2026-06-{start}", f"2026-06-{to}")


def test_a_moved_step_comes_at_the_moment_it_was_put_to() -> None:
    """Every hour of two weeks, for each kind of cycle: it is refused, or it comes then."""
    kinds: list[dict[str, Any]] = [
        {"every": "0 20 * * 3"},
        {"weekly": ["mon", "wed"], "at": "20:00"},
        {"monthly": [17, "last"], "at": "20:00"},
        {"on": "2026-06-17", "at": "20:00"},
        {"weekly": ["wed"], "at": "20:00", "days": "workday"},
    ]
    start, came = at("2026-06-17T20:00"), 0
    for given in kinds:
        asked = version("calendar", given)
        for to in range(start - 7 * DAY, start + 7 * DAY, 5 * 3_600_000):
            try:
                found = moved(asked, "step0", start, to, ZONE)
            except Immovable:
                continue
            one, came = found.template.step[0], came + 1
            assert occurrences(found.template, one, GIVEN, ZONE, to - 1, to) == [to], (given, to)
    assert came > 150


def test_what_quiet_hours_held_back_is_moved_from_the_time_it_was_meant_for() -> None:
    weekly = version("calendar", {"weekly": ["wed"], "at": "23:00"})
    found = beginning(weekly, "step0", at("2026-06-18T08:00"), ZONE)
    assert wall(found, ZONE) == "2026-06-17T23:00+08:00"
    window = version("joined", {"after": "1d", "at": "19:00", "until": "21:00"})
    found = beginning(window, "step0", at("2026-06-18T19:45"), ZONE)
    assert wall(found, ZONE) == "2026-06-18T19:00+08:00"
    late = version("joined", {"after": "1d", "at": "23:00"})
    found = beginning(late, "step0", at("2026-06-18T08:00"), ZONE)
    assert wall(found, ZONE) == "2026-06-17T23:00+08:00"
