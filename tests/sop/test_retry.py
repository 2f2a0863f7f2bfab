"""Second tries: what failed, what is in doubt, and what waits for a word."""

from __future__ import annotations

import asyncio

import pytest

from bot.delivery.outbox import Ending
from bot.model.capabilities import Capabilities
from bot.sop.faults import WrongState
from bot.sop.outcomes.asked import Asked
from bot.sop.outcomes.reminders import TaskReminders
from bot.sop.outcomes.retry import Retry
from bot.sop.record import Sop
from bot.store.effects import Effects

from .samples import NOTICE
from .town import DAY, HOUR, Town

MINUTE = 60.0


def notice(town: Town, missed: str = '"skip"') -> str:
    return town.template("notice", NOTICE.replace("TO", "member").replace("MISSED", missed))


async def ends(town: Town, ending: Ending) -> list[int]:
    """The gateway ends everything so; to whom."""
    taken, _ = await town.outbox.take("sandbox", "node:1", 500, None, None)
    for one in taken:
        await town.outbox.finish(one, ending, "no such user")
    return sorted(one.delivery.member or 0 for one in taken)


async def broadcast(town: Town) -> Sop:
    """Thirty members: ten failed, ten in doubt, ten sent."""
    for n in range(30):
        await town.join(f"m{n}")
    sop = await town.start(notice(town))
    town.clock.advance(MINUTE)
    await town.planner.tick()
    taken, _ = await town.outbox.take("sandbox", "node:1", 500, None, None)
    for one in taken:
        number = one.delivery.member or 0
        endings: tuple[Ending, ...] = ("failed", "in_doubt", "sent")
        await town.outbox.finish(one, endings[(number - 1) // 10], "no such user")
    return sop


async def run_of(town: Town, sop: Sop) -> str:
    (run,) = await town.sops.results.runs(sop.id)
    return run.id


async def closes(town: Town) -> None:
    """Two looks: one closes what is over, the next one the SOP."""
    await town.tick()
    await town.tick()


async def test_only_what_failed_is_tried_again_and_each_once(town: Town) -> None:
    sop = await broadcast(town)
    await closes(town)
    assert (await town.sops.get(sop.id)).state == "finished"
    retry, run = Retry(town.sops, town.outbox), await run_of(town, sop)
    town.clock.advance(DAY)
    again = await asyncio.gather(
        *(retry.failed(sop.id, run, "ann") for _ in range(2)), return_exceptions=True
    )
    assert sorted(n for n in again if isinstance(n, int)) in ([10], [0, 10])
    assert (await town.sops.get(sop.id)).state == "running"
    await town.planner.tick()
    assert await ends(town, "sent") == [*range(1, 11)]
    now = await town.sops.results.run(sop.id, run)
    assert (now.planned, now.sent, now.failed, now.in_doubt) == (30, 20, 0, 10)
    await closes(town)
    assert (await town.sops.get(sop.id)).state == "finished"
    assert await retry.failed(sop.id, run, "ann") == 0
    assert await town.texts() == []


async def test_what_fails_again_can_be_tried_again(town: Town) -> None:
    sop = await broadcast(town)
    retry, run = Retry(town.sops, town.outbox), await run_of(town, sop)
    for _ in range(3):
        assert await retry.failed(sop.id, run, "ann") == 10
        await town.planner.tick()
        assert len(await ends(town, "failed")) == 10
    now = await town.sops.results.run(sop.id, run)
    assert (now.planned, now.sent, now.failed) == (30, 10, 10)
    kept = await town.store.table("HGETALL", town.store.keys.sop_failed(now.name))
    assert kept["1"] == "1:1\nno such user"


async def test_who_left_meanwhile_is_not_tried_again(town: Town) -> None:
    for n in range(3):
        await town.join(f"m{n}")
    await town.group("tea")
    text = 'title = "t"\nanchor = "joined"\n[[step]]\nid = "hello"\nafter = "1h"\n'
    sop = await town.start(town.template("t", text + 'text = "in {{ group.name }}"\n'))
    town.clock.advance(MINUTE)
    numbers = [await town.join(f"n{n}") for n in range(2)]
    town.clock.advance(HOUR + MINUTE)
    await town.planner.tick()
    assert await ends(town, "failed") == numbers
    await town.leave(numbers[0])
    assert await Retry(town.sops, town.outbox).failed(sop.id, "1/hello/each", "ann") == 2
    await town.planner.tick()
    assert await town.texts() == ["in tea"]  # the target is still met in its group
    run = await town.sops.results.run(sop.id, "1/hello/each")
    assert (run.planned, run.sent, run.failed, run.skipped) == (2, 1, 0, {"left": 1})


async def test_a_stopped_sop_tries_nothing_again(town: Town) -> None:
    for n in range(3):
        await town.join(f"m{n}")
    sop = await town.start(notice(town))
    town.clock.advance(MINUTE)
    await town.planner.tick()
    await ends(town, "failed")
    run = await run_of(town, sop)
    await town.sops.stop(sop.id, "ann")
    with pytest.raises(WrongState):
        await Retry(town.sops, town.outbox).failed(sop.id, run, "ann")


async def test_what_is_in_doubt_is_sent_again_only_on_purpose(town: Town) -> None:
    sop = await broadcast(town)
    retry, run = Retry(town.sops, town.outbox), await run_of(town, sop)
    assert await retry.in_doubt(sop.id, "1/other/run", "ann", resend=True) == 0
    assert await town.texts() == []
    assert await retry.in_doubt(sop.id, run, "ann", resend=True) == 10
    assert await retry.in_doubt(sop.id, run, "ann", resend=True) == 0
    assert await ends(town, "sent") == [*range(11, 21)]
    now = await town.sops.results.run(sop.id, run)
    assert (now.planned, now.sent, now.in_doubt) == (30, 20, 0)


# what waits for a word


async def slept(town: Town) -> Sop:
    """Five members, and a step nobody sent in time."""
    for n in range(5):
        await town.join(f"m{n}")
    sop = await town.start(notice(town, '"ask"'))
    await town.planner.tick()
    town.clock.advance(6 * HOUR)  # the bot was off
    await town.planner.tick()
    return sop


async def test_a_missed_step_that_asks_is_sent_when_somebody_says_so(town: Town) -> None:
    sop = await slept(town)
    assert await town.texts() == []
    asked = Asked(town.sops)
    (question,) = await asked.all()
    assert (question.sop, question.step, question.count) == (sop.id, "notice", 5)
    assert await asked.targets(question.occurrence) == [1, 2, 3, 4, 5]
    await town.sops.pause(sop.id, "ann")
    with pytest.raises(WrongState):
        await asked.send(sop.id, question.occurrence, "ann")
    await town.sops.resume(sop.id, "ann")
    assert await asked.send(sop.id, question.occurrence, "ann") == 5
    assert await asked.send(sop.id, question.occurrence, "ann") == 0
    await town.tick()
    assert await town.texts() == ["notice"] * 5
    assert await asked.all() == []


async def test_a_missed_step_that_asks_is_skipped_when_somebody_says_so(town: Town) -> None:
    sop = await slept(town)
    asked = Asked(town.sops)
    (question,) = await asked.all()
    assert await asked.skip(sop.id, question.occurrence, "ann") == 5
    await closes(town)
    assert await town.texts() == []
    assert await town.outcome(sop) == {"planned": 5, "missed": 5}
    assert (await town.sops.get(sop.id)).state == "finished"


# tasks


async def test_the_owner_of_a_task_is_told_once_when_its_time_has_passed(town: Town) -> None:
    town.can["sandbox"] = Capabilities()
    owner, member = await town.join("li"), await town.join("小明")
    effects = Effects(town.store.keys)
    effects.attribute(member, "owner", "li")
    effects.tag("care", member, town.clock.now())
    assert await town.store.apply(effects)
    text = NOTICE.replace("TO", "member").replace("MISSED", '"skip"')
    text = text.replace('text = "notice"', 'task = "call {{ member.name }}"\nwithin = "2h"')
    await town.start(town.template("notice", text), "tag:care")
    await town.pass_by(2 * MINUTE, MINUTE)
    reminders = TaskReminders(
        town.sops.tasks, town.store, lambda _: Capabilities(), lambda text: text
    )
    assert await reminders.remind(town.clock.now()) == 0
    town.clock.advance(3 * HOUR)
    (task,) = await town.sops.tasks.open()
    told = await asyncio.gather(*(reminders.remind(town.clock.now()) for _ in range(3)))
    assert sorted(told) == [0, 0, 1]
    assert await town.texts() == ["⏰ A task waits for you: call 小明"]
    assert await town.sops.tasks.postpone(task.id, town.clock.now() + 3_600_000, "ann")
    assert await reminders.remind(town.clock.now()) == 0
    town.clock.advance(2 * HOUR)
    assert await reminders.remind(town.clock.now()) == 1
    assert [d.to.account for d in town.sent] == []
    await town.texts()
    assert await town.sops.tasks.done(task.id, "li")
    assert await reminders.remind(town.clock.now()) == 0
    assert owner != member
