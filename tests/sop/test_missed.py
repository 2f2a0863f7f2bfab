"""Steps that were missed: skipped, or sent late, as they say."""

from __future__ import annotations

import pytest

from .samples import DAILY, HELLO, MINUTE, notice
from .town import DAY, HOUR, Town


async def test_a_missed_step_is_skipped_or_sent_late_as_it_says(town: Town) -> None:
    await town.group("tea")
    skip = await town.start(town.template("daily", DAILY))
    late = await town.start(notice(town, "group", '{ send_late = "6h" }'), time="13:00")
    await town.tick()
    town.clock.advance(4 * HOUR)  # the bot was off
    await town.tick()
    assert await town.texts() == ["notice"]
    assert await town.outcome(skip) == {"missed runs": 1}
    assert await town.outcome(late) == {"planned": 1, "sent": 1}
    town.clock.advance(DAY)
    await town.tick()
    assert await town.texts() == []


async def test_what_members_missed_has_a_row_each(town: Town) -> None:
    await town.group("tea")
    sop = await town.start(town.template("hello", HELLO))
    town.clock.advance(MINUTE)
    await town.join("a")
    await town.tick()
    town.clock.advance(5 * HOUR)
    await town.join("b")
    await town.tick()
    assert await town.texts() == []
    assert await town.outcome(sop) == {"planned": 1, "missed": 1}
    await town.pass_by(2 * HOUR)
    assert await town.texts() == ["hello b of tea"]


async def test_a_short_absence_is_no_lateness(town: Town) -> None:
    await town.group("tea")
    await town.start(town.template("daily", DAILY))
    await town.tick()
    town.clock.advance(HOUR + 8 * MINUTE)
    await town.tick()
    assert await town.texts() == ["noon in tea"]


async def test_a_slow_gateway_makes_nobody_late(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.sop.engine.planner.AHEAD", 20)
    for n in range(60):
        await town.join(f"m{n}")
    sop = await town.start(notice(town))
    town.clock.advance(MINUTE)
    for _ in range(5):
        await town.planner.tick()
        assert len(await town.texts()) <= 20
        town.clock.advance(10 * MINUTE)
    assert await town.outcome(sop) == {"planned": 60, "sent": 60}


async def test_a_clock_set_back_an_hour_doubles_nothing(town: Town) -> None:
    await town.group("tea")
    sop = await town.start(town.template("daily", DAILY))
    await town.pass_by(1.5 * HOUR)
    town.clock.advance(-HOUR)
    await town.pass_by(2 * HOUR)
    assert await town.texts() == ["noon in tea"]
    assert await town.outcome(sop) == {"planned": 1, "sent": 1}
