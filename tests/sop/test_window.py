"""Windows: quiet hours and days in zones, also where the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.clock import millis
from bot.model.conversation import Conversation
from bot.model.delivery import Cap, Delivery
from bot.model.message import Message
from bot.settings.rooms import DeliverySettings
from bot.sop.templates.guards import Guards
from bot.sop.times.schedule import wall
from bot.sop.times.window import Windows
from bot.testing.clock import TestClock

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")


def windows(quiet: str | None = "22:00-08:00", cap: int | None = 3, now: int = 0) -> Windows:
    async def zone_of(_: Delivery) -> tuple[ZoneInfo, tuple[str, ...]]:
        return SHANGHAI, ()

    settings = DeliverySettings(quiet_hours=quiet, daily_cap=cap)
    return Windows(settings, TestClock(now), zone_of)


def at(text: str, zone: ZoneInfo = SHANGHAI) -> int:
    return millis(datetime.fromisoformat(text).replace(tzinfo=zone))


@pytest.mark.parametrize(
    ("quiet", "now", "due", "until"),
    [
        ("22:00-08:00", "2026-06-17T12:00", "2026-06-17T12:00", "2026-06-17T22:00"),
        ("22:00-08:00", "2026-06-17T22:00", "2026-06-18T08:00", "2026-06-18T22:00"),
        ("22:00-08:00", "2026-06-18T07:59", "2026-06-18T08:00", "2026-06-18T22:00"),
        ("22:00-08:00", "2026-06-18T08:00", "2026-06-18T08:00", "2026-06-18T22:00"),
        ("12:00-14:00", "2026-06-17T13:00", "2026-06-17T14:00", "2026-06-18T00:00"),
        ("00:00-06:00", "2026-06-17T03:00", "2026-06-17T06:00", "2026-06-18T00:00"),
        (None, "2026-06-17T23:30", "2026-06-17T23:30", "2026-06-18T00:00"),
    ],
)
def test_the_next_window(quiet: str | None, now: str, due: str, until: str) -> None:
    opening = windows(quiet).opening(at(now), SHANGHAI)
    assert (opening.due, opening.until) == (at(due), at(until))


def test_the_repeated_hour_is_quiet_no_longer_than_written() -> None:
    quiet = windows("00:30-01:30")
    second_pass = millis(datetime(2026, 11, 1, 6, 0, tzinfo=UTC))  # 01:00 for the second time
    opening = quiet.opening(second_pass, NEW_YORK)
    assert opening.due == second_pass
    assert wall(quiet.opening(second_pass - 3_600_000, NEW_YORK).due, NEW_YORK) == (
        "2026-11-01T01:30-04:00"
    )


def test_quiet_hours_that_end_in_a_gap_end_with_it() -> None:
    opening = windows("22:00-02:30").opening(at("2026-03-08T01:00", NEW_YORK), NEW_YORK)
    assert wall(opening.due, NEW_YORK) == "2026-03-08T03:00-04:00"


def delivery(expires: int | None, cap: Cap | None = None) -> Delivery:
    to = Conversation(gateway="sandbox", group="tea")
    return Delivery(to=to, message=Message.of("hi"), expires=expires, caps=(cap,) if cap else ())


async def test_a_delivery_caught_by_quiet_hours_waits_and_expires_later() -> None:
    now = at("2026-06-17T22:00")
    cap = Cap(keys=("g1:2026-06-17",), limit=3, ends=at("2026-06-18T00:00"))
    moved = await windows(now=now).window(delivery(now + 60_000, cap))
    assert moved is not None
    assert (moved.due, moved.until) == (at("2026-06-18T08:00"), at("2026-06-18T22:00"))
    assert moved.expires == at("2026-06-18T08:01")
    assert moved.caps == (Cap(keys=("g1:2026-06-18",), limit=3, ends=at("2026-06-19T00:00")),)


async def test_a_delivery_whose_time_is_over_gets_no_window() -> None:
    assert await windows(now=1_000).window(delivery(1_000)) is None


def test_nothing_leaves_on_a_blackout_date_and_the_window_after_it_is_found() -> None:
    spans = ("2026-06-17/2026-06-18", "2026-06-19")
    opening = windows().opening(at("2026-06-17T12:00"), SHANGHAI, spans)
    assert (opening.due, opening.why) == (at("2026-06-20T08:00"), "blackout")
    assert windows().opening(at("2026-06-16T12:00"), SHANGHAI, spans).due == at("2026-06-16T12:00")


def test_a_weekly_cap_counts_the_last_seven_days_and_a_topic_its_own() -> None:
    settings = DeliverySettings(daily_cap=3, weekly_cap=5, topic_caps={"tips": 1})
    caps = Windows(settings, TestClock(0), None).caps(  # type: ignore[arg-type]
        "m7", at("2026-06-17T12:00"), SHANGHAI, "tips", Guards(weekly_cap=2)
    )
    assert [(cap.keys[0], len(cap.keys), cap.limit) for cap in caps] == [
        ("m7:2026-06-17", 1, 3),
        ("m7:2026-06-17", 7, 5),
        ("m7:tips:2026-06-17", 1, 1),
        ("m7:tips:2026-06-17", 7, 2),
    ]
    assert caps[1].keys[-1] == "m7:2026-06-11"
