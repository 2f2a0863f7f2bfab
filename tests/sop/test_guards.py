"""Guards: what keeps a SOP from writing too much, at the wrong time, or to the wrong people."""

from __future__ import annotations

import pytest

from bot.sop.faults import WrongState
from bot.store.effects import Effects

from .town import DAY, HOUR, Town

MINUTE = 60.0


def daily(guards: str = "", more: str = "", topic: str = "tips") -> str:
    return f"""
title = "t"
topic = "{topic}"
anchor = "calendar"
to = "member"
[guards]
{guards}
[[step]]
id = "daily"
every = "0 13 * * *"
text = "news {{{{ member.name }}}}"
{more}
"""


async def test_who_opted_out_of_a_topic_still_gets_the_others(town: Town) -> None:
    for name in ("a", "b"):
        number = await town.join(name)
    await town.tag(number, "opt-out:tips")
    await town.start(town.template("tips", daily()), "everyone")
    await town.start(town.template("care", daily(topic="care")), "everyone")
    await town.pass_by(2 * HOUR)
    assert sorted(await town.texts()) == ["news a", "news a", "news b"]


async def test_a_topic_s_own_caps_hold_by_day_and_by_week(town: Town) -> None:
    await town.join("a")
    text = daily("daily_cap = 1\nweekly_cap = 3").replace("0 13 * * *", "0 13,15 * * *")
    sop = await town.start(town.template("t", text), "everyone")
    await town.pass_by(6 * DAY, 10 * MINUTE)
    assert len(await town.texts()) == 3
    assert await town.outcome(sop) == {"planned": 12, "sent": 3, "frequency cap": 9}
    await town.pass_by(2 * DAY, 10 * MINUTE)
    assert len(await town.texts()) >= 1, "a week later there is room again"


async def test_quiet_hours_drop_what_would_be_stale_in_the_morning(town: Town) -> None:
    town.change(quiet_hours="12:30-14:00")
    await town.join("a")
    sop = await town.start(town.template("t", daily('quiet = "drop"')), "everyone")
    await town.pass_by(4 * HOUR)
    assert await town.texts() == []
    assert await town.outcome(sop) == {"planned": 1, "quiet hours": 1}


async def test_a_blackout_date_makes_it_wait_for_the_day_after(town: Town) -> None:
    await town.join("a")
    sop = await town.start(
        town.template("t", daily('blackout = ["2026-06-17"]', 'missed = { send_late = "1d" }')),
        "everyone",
    )
    await town.pass_by(11 * HOUR, 10 * MINUTE)
    assert await town.texts() == []
    await town.pass_by(2 * HOUR, 10 * MINUTE)
    assert await town.texts() == ["news a"]
    assert (await town.outcome(sop))["deferred"] == 1


async def test_it_goes_no_faster_than_it_may(town: Town) -> None:
    for n in range(100):
        await town.join(f"m{n}")
    await town.start(town.template("t", daily('rate = "20/1m"')), "everyone")
    await town.pass_by(HOUR, MINUTE)
    counts = []
    for _ in range(8):
        await town.pass_by(MINUTE, 10)
        counts.append(len(await town.texts()))
    assert max(counts) <= 20
    assert sum(counts) == 100, "and everybody gets it"


async def test_who_the_stop_condition_holds_for_gets_nothing_more(town: Town) -> None:
    one, _ = await town.join("a"), await town.join("b")
    sop = await town.start(town.template("t", daily('stop_when = "tag:customer"')), "everyone")
    await town.pass_by(2 * HOUR)
    assert sorted(await town.texts()) == ["news a", "news b"]
    await town.tag(one, "customer")
    await town.pass_by(DAY, 10 * MINUTE)
    assert await town.texts() == ["news b"]
    assert (await town.outcome(sop))["stop condition"] == 1


async def test_it_stops_for_those_who_replied_to_any_step(town: Town) -> None:
    one, _ = await town.join("a"), await town.join("b")
    sop = await town.start(town.template("t", daily('stop_when = "step:any/replied"')), "everyone")
    await town.pass_by(2 * HOUR)
    await town.texts()
    effects = Effects(town.store.keys)
    effects.heard("reply", one, 1, town.clock.now())
    assert await town.store.apply(effects)
    await town.pass_by(DAY, 10 * MINUTE)
    assert await town.texts() == ["news b"]
    assert (await town.outcome(sop))["stop condition"] == 1


async def test_it_pauses_itself_when_too_much_fails(town: Town) -> None:
    for n in range(50):
        await town.join(f"m{n}")
    guard = 'pause_on_failures = "20%"\nrate = "20/1m"'
    sop = await town.start(town.template("t", daily(guard)), "everyone")
    town.clock.advance(HOUR)
    while (await town.sops.get(sop.id)).state == "running":
        town.clock.advance(10)
        await town.planner.tick()
        taken, _ = await town.outbox.take("sandbox", "node:1", 500, None, None)
        for one in taken:
            await town.outbox.finish(one, "failed", "blocked by the platform")
    outcome = await town.outcome(sop)
    assert outcome["planned"] < 50, "the others were spared"
    (entry,) = [
        entry
        async for _, entry in town.journal.search("failure guard")
        if entry.what == "sop.paused"
    ]
    assert "failed in 1/daily/" in entry.reason


async def test_a_fixed_audience_is_who_was_in_it_at_the_start(town: Town) -> None:
    for name in ("a", "b"):
        number = await town.join(name)
        await town.tag(number, "vip")
    text = daily().replace('topic = "tips"', 'audience = "fixed"')
    await town.start(town.template("t", text), "tag:vip")
    await town.tag(await town.join("late"), "vip")
    await town.pass_by(2 * HOUR)
    assert sorted(await town.texts()) == ["news a", "news b"]


async def test_shortly_before_a_step_it_is_locked(town: Town) -> None:
    await town.join("a")
    town.sop_settings = town.sop_settings.model_copy(update={"lock": 600.0})
    town.change()
    sop = await town.start(town.template("t", daily()), "everyone")
    await town.sops.edit(sop.id, "小王", audience="all-groups")
    town.clock.advance(55 * MINUTE)
    with pytest.raises(WrongState, match=r"locked: a step is due at 2026-06-17T13:00\+08:00"):
        await town.sops.edit(sop.id, "小王", audience="everyone")
