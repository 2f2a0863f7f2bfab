"""SOPs paused, resumed, stopped and edited while they run."""

from __future__ import annotations

import pytest

from bot.sop.faults import WrongState

from .samples import DAILY, MINUTE, NOTICE, notice
from .town import DAY, HOUR, Town


async def fifty(town: Town, missed: str = '"skip"') -> str:
    for n in range(50):
        await town.join(f"m{n}")
    sop = await town.start(notice(town, "member", missed))
    town.clock.advance(MINUTE)
    await town.tick()
    return sop.id


async def test_pausing_takes_back_what_the_outbox_holds(town: Town) -> None:
    ident = await fifty(town)
    taken, _ = await town.outbox.take("sandbox", "node:1", 20, None, None)
    paused = await town.sops.pause(ident, "小王")
    assert paused.state == "paused"
    again, _ = await town.outbox.take("sandbox", "node:1", 500, None, None)
    assert again == []
    for one in taken:
        await town.outbox.finish(one, "sent")
    await town.pass_by(5 * MINUTE)
    assert await town.texts() == []
    await town.sops.resume(ident, "小王")
    await town.tick()
    assert len(await town.texts()) == 30
    sop = await town.sops.get(ident)
    assert await town.outcome(sop) == {"planned": 50, "sent": 50}


async def test_a_retry_while_paused_goes_back_too(town: Town) -> None:
    ident = await fifty(town)
    taken, _ = await town.outbox.take("sandbox", "node:1", 20, None, None)
    await town.sops.pause(ident, "小王")
    await town.outbox.finish(taken[0], "again", "slow down", due=town.clock.now())
    await town.tick()
    again, _ = await town.outbox.take("sandbox", "node:1", 500, None, None)
    assert again == []
    assert await town.sops.recall.waiting(ident) == 19


async def test_after_a_long_pause_there_is_no_backlog(town: Town) -> None:
    ident = await fifty(town)
    await town.sops.pause(ident, "小王")
    await town.pass_by(2 * HOUR)
    await town.sops.resume(ident, "小王")
    await town.tick()
    assert await town.texts() == []
    assert await town.outcome(await town.sops.get(ident)) == {"planned": 50, "missed": 50}


async def test_after_a_long_pause_what_may_be_late_is_sent(town: Town) -> None:
    ident = await fifty(town, '{ send_late = "6h" }')
    await town.sops.pause(ident, "小王")
    await town.pass_by(2 * HOUR)
    await town.sops.resume(ident, "小王")
    await town.tick()
    assert len(await town.texts()) == 50


async def test_occurrences_of_a_pause_are_not_made_up_for(town: Town) -> None:
    await town.group("tea")
    sop = await town.start(town.template("daily", DAILY))
    await town.sops.pause(sop.id, "小王")
    await town.pass_by(3 * DAY, HOUR)
    await town.sops.resume(sop.id, "小王")
    await town.tick()
    assert await town.texts() == []
    assert await town.outcome(sop) == {"missed runs": 3}


async def test_stopping_ends_what_was_planned_and_waits_for_the_gateway(town: Town) -> None:
    ident = await fifty(town)
    taken, _ = await town.outbox.take("sandbox", "node:1", 20, None, None)
    assert (await town.sops.stop(ident, "小王")).state == "stopping"
    for one in taken:
        await town.outbox.finish(one, "sent")
    await town.tick()
    sop = await town.sops.get(ident)
    assert sop.state == "stopped"
    assert await town.outcome(sop) == {"planned": 50, "sent": 20, "stopped": 30}
    with pytest.raises(WrongState):
        await town.sops.resume(ident, "小王")


async def test_an_edit_changes_what_was_not_sent_and_doubles_nothing(town: Town) -> None:
    for n in range(10):
        await town.join(f"m{n}")
    sop = await town.start(notice(town))
    town.clock.advance(MINUTE)
    await town.tick()
    taken, _ = await town.outbox.take("sandbox", "node:1", 4, None, None)
    text = NOTICE.replace("TO", "member").replace("MISSED", '"skip"').replace('"notice"', '"new"')
    changed = town.sops.library.parse(text.replace('id = "new"', 'id = "notice"'), "t.toml")
    edited = await town.sops.edit(sop.id, "小王", template=changed)
    assert edited.version == 2
    for one in taken:
        await town.outbox.finish(one, "sent")
    await town.tick()
    assert await town.texts() == ["new"] * 6
    assert await town.outcome(sop) == {"planned": 10, "sent": 10}
    assert [version.number for version in await town.sops.versions.all(sop.id)] == [2, 1]


async def test_a_step_that_is_gone_skips_who_waited_for_it(town: Town) -> None:
    town.change(quiet_hours="11:00-15:00")
    await town.group("tea")
    sop = await town.start(town.template("daily", DAILY))
    await town.pass_by(2 * HOUR)
    text = DAILY.replace('id = "noon"', 'id = "evening"').replace("0 13", "0 20")
    await town.sops.edit(sop.id, "小王", template=town.sops.library.parse(text, "t.toml"))
    await town.pass_by(3 * HOUR)
    assert await town.texts() == []
    assert await town.outcome(sop) == {"planned": 1, "deferred": 1, "step removed": 1}
