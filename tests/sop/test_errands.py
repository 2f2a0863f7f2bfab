"""Messages that need a tap: asked once, followed to every target, taken back when not wanted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.model.asking import NobodyToAsk
from bot.model.delivery import InDoubt, Misconfigured, Refused, Retry
from bot.store.effects import Effects

from .tapping import AFTER, NOTICE, OFFER, STAFF, Desk, Killed
from .town import DAY, HOUR, Town

MINUTE = 60.0


@pytest.fixture
def desk(town: Town) -> Desk:
    return Desk(town)


# asking


async def test_each_staff_member_is_asked_once_for_all_their_customers(desk: Desk) -> None:
    await desk.customers("li", "a", "b", "c")
    await desk.customers("wu", "d")
    sop = await desk.offer()
    await desk.pass_by(5 * MINUTE)
    assert sorted(desk.platform.asks) == [("li", ("a", "b", "c")), ("wu", ("d",))]
    assert {one.ask.message.text for one in desk.platform.made.values()} == {"New tea is here"}
    assert {one.ask.kind for one in desk.platform.made.values()} == {"direct"}
    assert await desk.town.outcome(sop) == {"planned": 4, "task": 4}
    assert await desk.town.store.call("ZCARD", desk.town.store.keys.sop_reminders()) == 0


async def test_what_comes_while_they_are_gathered_is_asked_together(desk: Desk) -> None:
    await desk.customers("li", "a")
    await desk.offer()
    await desk.errands.tick()
    assert desk.platform.asks == []
    await desk.pass_by(21, 21)
    assert desk.platform.asks == [("li", ("a",))]


async def test_a_group_is_written_to_by_its_owner(desk: Desk) -> None:
    await desk.owned("tea", "li")
    await desk.owned("books", "li")
    await desk.owned("cats", "wu")
    sop = await desk.offer(NOTICE, "all-groups")
    await desk.pass_by(5 * MINUTE)
    assert sorted(desk.platform.asks) == [("li", ("books", "tea")), ("wu", ("cats",))]
    assert {one.ask.kind for one in desk.platform.made.values()} == {"group"}
    desk.platform.tap(_of(desk, "li"))
    await desk.pass_by(5 * MINUTE)
    assert await desk.town.outcome(sop) == {"planned": 3, "sent": 2, "task": 1}


async def test_what_nobody_owns_waits_for_a_person(desk: Desk) -> None:
    await desk.customers("", "a")
    sop = await desk.offer()
    await desk.pass_by(HOUR)
    assert desk.platform.asks == []
    (task,) = await desk.town.sops.tasks.open()
    assert await desk.town.sops.tasks.done(task.id, "ann")
    assert await desk.town.outcome(sop) == {"planned": 1, "sent": 1}


async def test_no_ask_has_more_targets_than_the_platform_takes(desk: Desk) -> None:
    desk.platform.can = STAFF.model_copy(update={"ask_accounts": 2})
    await desk.customers("li", "a", "b", "c", "d", "e")
    await desk.offer()
    await desk.pass_by(5 * MINUTE)
    assert [targets for _, targets in desk.platform.asks] == [("a", "b"), ("c", "d"), ("e",)]


async def test_texts_that_differ_are_asked_apart(desk: Desk) -> None:
    await desk.customers("li", "a", "b")
    await desk.offer(OFFER.replace("New tea is here", "{{ member.name }}, new tea"))
    await desk.pass_by(5 * MINUTE)
    assert sorted(targets for _, targets in desk.platform.asks) == [("a",), ("b",)]


async def test_two_nodes_ask_once(desk: Desk) -> None:
    await desk.customers("li", *(f"m{n}" for n in range(50)))
    await desk.offer()
    nodes = [desk.node() for _ in range(3)]
    for _ in range(4):
        desk.clock.advance(30)
        await asyncio.gather(*(node.tick() for node in nodes))
    targets = [target for _, some in desk.platform.asks for target in some]
    assert sorted(targets) == sorted(f"m{n}" for n in range(50))


async def test_nobody_is_asked_in_quiet_hours(desk: Desk) -> None:
    await desk.customers("li", "a")
    await desk.offer()
    desk.opens_at = desk.clock.now() + 3 * 3_600_000
    await desk.pass_by(2.9 * HOUR, 600)
    assert desk.platform.asks == []
    await desk.pass_by(0.3 * HOUR)
    assert desk.platform.asks == [("li", ("a",))]


# what becomes of it


async def test_every_target_ends_as_the_platform_says(desk: Desk) -> None:
    await desk.customers("li", "a", "b", "c", "d")
    sop = await desk.offer()
    await desk.pass_by(3 * HOUR)
    assert await desk.town.outcome(sop) == {"planned": 4, "task": 4}
    desk.platform.tap("task-1", b="gone", c="limited", d="failed")
    await desk.pass_by(HOUR)
    (run,) = await desk.town.sops.results.runs(sop.id)
    assert (run.sent, run.failed, run.task) == (1, 1, 0)
    assert run.skipped == {"left": 1, "had another": 1}
    assert await desk.town.sops.tasks.count() == 0
    assert await _left(desk) == []


async def test_what_follows_counts_from_the_moment_it_was_sent(desk: Desk) -> None:
    await desk.customers("li", "a", "b")
    await desk.offer(OFFER + AFTER)
    await desk.pass_by(2 * HOUR)
    desk.platform.tap("task-1", b="gone")
    await desk.pass_by(1.9 * HOUR)
    assert [task.title for task in await desk.town.sops.tasks.open()] == []
    await desk.pass_by(0.3 * HOUR)
    assert [task.member for task in await desk.town.sops.tasks.open()] == [1]


async def test_what_was_left_out_at_the_tap_is_left_out(desk: Desk) -> None:
    await desk.customers("li", "a", "b")
    sop = await desk.offer()
    await desk.pass_by(5 * MINUTE)
    desk.platform.tap("task-1", ["a"])
    await desk.pass_by(10 * MINUTE)
    assert await desk.town.outcome(sop) == {"planned": 2, "sent": 1, "task": 1}
    await desk.pass_by(1.1 * HOUR)
    assert await desk.town.outcome(sop) == {"planned": 2, "sent": 1, "staff": 1}
    assert await _left(desk) == []


async def test_nobody_taps_for_a_day_and_it_is_taken_back(desk: Desk) -> None:
    await desk.customers("li", "a", "b")
    sop = await desk.offer()
    await desk.pass_by(1.1 * DAY, 600)
    assert desk.platform.made["task-1"].state == "cancelled"
    assert await desk.town.outcome(sop) == {"planned": 2, "too late": 2}
    assert await desk.told() == ["errand.asked", *["errand.reminded"] * 3, "errand.withdrawn"]
    assert await _left(desk) == []


async def test_staff_cancel_it_themselves(desk: Desk) -> None:
    await desk.customers("li", "a")
    sop = await desk.offer()
    await desk.pass_by(5 * MINUTE)
    desk.platform.made["task-1"].state = "cancelled"
    await desk.pass_by(5 * MINUTE)
    assert await desk.town.outcome(sop) == {"planned": 1, "staff": 1}


async def test_done_by_hand_it_is_taken_back(desk: Desk) -> None:
    await desk.customers("li", "a", "b")
    sop = await desk.offer()
    await desk.pass_by(5 * MINUTE)
    for task in await desk.town.sops.tasks.open():
        await desk.town.sops.tasks.done(task.id, "ann")
    await desk.pass_by(5 * MINUTE)
    assert desk.platform.made["task-1"].state == "cancelled"
    assert await desk.town.outcome(sop) == {"planned": 2, "sent": 2}
    assert await _left(desk) == []


# reminders


async def test_reminders_come_three_times_a_day_and_not_in_quiet_hours(desk: Desk) -> None:
    desk.town.change()
    await desk.customers("li", "a")
    await desk.offer()
    await desk.pass_by(3.9 * HOUR, 300)
    desk.opens_at = desk.clock.now() + 5 * 3_600_000
    await desk.pass_by(4.5 * HOUR, 300)
    assert desk.platform.made["task-1"].reminded == []
    await desk.pass_by(DAY - 10 * HOUR, 300)
    assert len(desk.platform.made["task-1"].reminded) == 3
    assert desk.platform.made["task-1"].reminded[0] >= desk.opens_at


async def test_a_manager_reminds_but_no_more_often_than_is_allowed(desk: Desk) -> None:
    await desk.customers("li", "a", "b")
    await desk.offer()
    await desk.pass_by(5 * MINUTE)
    (first, _) = await desk.town.sops.tasks.open()
    for _ in range(4):
        assert await desk.errands.wish(first.id, "remind", "ann")
        await desk.pass_by(MINUTE)
    assert len(desk.platform.made["task-1"].reminded) == 3
    assert (await desk.told())[-1] == "errand.not_reminded"
    shown = (await desk.errands.of([first.id]))[first.id]
    assert (shown.staff, len(shown.reminded)) == ("li", 3)


async def test_a_reminder_the_platform_refuses_is_not_counted(desk: Desk) -> None:
    desk.platform.refuse_reminder = [Refused("three times today already")]
    await desk.customers("li", "a")
    await desk.offer()
    await desk.pass_by(5 * HOUR, 300)
    (task,) = await desk.town.sops.tasks.open()
    assert (await desk.errands.of([task.id]))[task.id].reminded == ()
    assert (await desk.told())[-1] == "errand.not_reminded"


# taking back


async def test_a_stop_takes_it_back_but_counts_what_was_sent_just_before(desk: Desk) -> None:
    await desk.customers("li", "a", "b")
    await desk.customers("wu", "c")
    sop = await desk.offer()
    await desk.pass_by(2 * HOUR)
    desk.platform.tap(_of(desk, "li"))
    await desk.town.sops.stop(sop.id, "ann")
    await desk.pass_by(2, 1)
    assert desk.platform.made[_of(desk, "wu")].state == "cancelled"
    assert await desk.town.outcome(sop) == {"planned": 3, "sent": 2, "stopped": 1}
    assert await _left(desk) == []


async def test_a_stop_before_staff_were_asked_asks_nobody(desk: Desk) -> None:
    await desk.customers("li", "a")
    sop = await desk.offer()
    await desk.town.sops.stop(sop.id, "ann")
    await desk.pass_by(HOUR)
    assert desk.platform.asks == []
    assert await desk.town.outcome(sop) == {"planned": 1, "stopped": 1}


async def test_a_pause_takes_it_back_and_a_resume_asks_anew(desk: Desk) -> None:
    await desk.customers("li", "a")
    sop = await desk.offer()
    await desk.pass_by(5 * MINUTE)
    await desk.town.sops.pause(sop.id, "ann")
    await desk.pass_by(2, 1)
    assert desk.platform.made["task-1"].state == "cancelled"
    await desk.pass_by(HOUR)
    assert len(desk.platform.made) == 1
    await desk.town.sops.resume(sop.id, "ann")
    await desk.pass_by(5 * MINUTE)
    assert desk.platform.made["task-2"].ask.targets == ("a",)
    desk.platform.tap("task-2")
    await desk.pass_by(5 * MINUTE)
    assert await desk.town.outcome(sop) == {"planned": 1, "sent": 1}


async def test_what_cannot_be_taken_back_in_a_pause_is_not_asked_twice(desk: Desk) -> None:
    await desk.customers("li", "a")
    sop = await desk.offer()
    await desk.pass_by(5 * MINUTE)
    desk.platform.refuse_back = [Refused("too late") for _ in range(100)]
    await desk.town.sops.pause(sop.id, "ann")
    await desk.pass_by(10 * MINUTE)
    await desk.town.sops.resume(sop.id, "ann")
    await desk.pass_by(10 * MINUTE)
    assert len(desk.platform.made) == 1
    desk.platform.tap("task-1")
    await desk.pass_by(10 * MINUTE)
    assert await desk.town.outcome(sop) == {"planned": 1, "sent": 1}


async def test_a_manager_takes_it_back_and_it_waits_for_a_person(desk: Desk) -> None:
    await desk.customers("li", "a")
    sop = await desk.offer()
    await desk.pass_by(5 * MINUTE)
    (task,) = await desk.town.sops.tasks.open()
    assert await desk.errands.wish(task.id, "withdraw", "ann")
    await desk.pass_by(HOUR)
    assert len(desk.platform.made) == 1
    assert desk.platform.made["task-1"].state == "cancelled"
    assert not await desk.errands.wish(task.id, "remind", "ann")
    assert await desk.town.sops.tasks.done(task.id, "ann")
    assert await desk.town.outcome(sop) == {"planned": 1, "sent": 1}


# faults


async def test_a_busy_platform_is_asked_again_later(desk: Desk) -> None:
    desk.platform.before = [Retry("busy", 120), Misconfigured("no right")]
    await desk.customers("li", "a")
    await desk.offer()
    await desk.pass_by(MINUTE)
    assert desk.platform.asks == []
    await desk.pass_by(20 * MINUTE)
    assert desk.platform.asks == [("li", ("a",))]
    assert await desk.told() == ["errand.waits", "errand.asked"]


async def test_what_the_platform_refuses_is_a_persons_to_send(desk: Desk) -> None:
    desk.platform.before = [Refused("too long")]
    await desk.customers("li", "a")
    sop = await desk.offer()
    await desk.pass_by(HOUR)
    assert desk.platform.asks == []
    assert await desk.town.outcome(sop) == {"planned": 1, "task": 1}
    assert await desk.told() == ["errand.refused"]
    assert await _left(desk) == []


async def test_customers_who_are_all_gone_are_left_out(desk: Desk) -> None:
    desk.platform.before = [NobodyToAsk("nobody")]
    await desk.customers("li", "a", "b")
    sop = await desk.offer()
    await desk.pass_by(MINUTE)
    assert await desk.town.outcome(sop) == {"planned": 2, "left": 2}


@pytest.mark.parametrize("error", [InDoubt("no answer"), KeyError("msgid")])
async def test_an_ask_whose_answer_is_lost_is_found_and_not_repeated(
    desk: Desk, error: Exception
) -> None:
    desk.platform.after = [error]
    await desk.customers("li", "a")
    sop = await desk.offer()
    await desk.pass_by(5 * MINUTE)
    assert desk.platform.sought == 1
    desk.platform.tap("task-1")
    await desk.pass_by(5 * MINUTE)
    assert await desk.town.outcome(sop) == {"planned": 1, "sent": 1}
    assert len(desk.platform.made) == 1


async def test_an_ask_that_cannot_be_found_is_left_to_people(desk: Desk) -> None:
    desk.platform.after, desk.platform.blind = [InDoubt("no answer")], True
    await desk.customers("li", "a")
    sop = await desk.offer()
    await desk.pass_by(3 * HOUR)
    assert len(desk.platform.made) == 1
    assert await desk.town.outcome(sop) == {"planned": 1, "task": 1}
    assert await desk.told() == ["errand.seek", "errand.doubt"]
    (task,) = await desk.town.sops.tasks.open()
    assert (await desk.errands.of([task.id]))[task.id].step == "doubt"
    desk.platform.blind = False  # a list that was slow
    await desk.pass_by(HOUR)
    assert (await desk.errands.of([task.id]))[task.id].step == "asked"


async def test_a_stop_ends_what_is_in_doubt(desk: Desk) -> None:
    desk.platform.after, desk.platform.blind = [InDoubt("no answer")], True
    await desk.customers("li", "a")
    sop = await desk.offer()
    await desk.pass_by(HOUR)
    await desk.town.sops.stop(sop.id, "ann")
    await desk.pass_by(5 * MINUTE)
    assert await desk.town.outcome(sop) == {"planned": 1, "stopped": 1}
    assert await _left(desk) == []


@pytest.mark.parametrize("late", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("write", range(1, 22))
async def test_a_node_killed_at_any_write_asks_nobody_twice_and_loses_nobody(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, write: int, late: bool
) -> None:
    names = ("a", "b", "c", "d")
    await desk.customers("li", *names)
    sop = await desk.offer()
    life = Life(desk, write, late)
    monkeypatch.setattr(desk.town.store, "apply", life.apply)
    for minute in range(60):
        desk.clock.advance(MINUTE)
        try:
            await desk.errands.tick()
        except Killed:
            await life.rest()
        for ident, made in desk.platform.made.items():
            if made.state == "waiting" and minute > 4:
                desk.platform.tap(ident)
    targets = [target for _, some in desk.platform.asks for target in some]
    tasks = [task.id for task in await desk.town.sops.tasks.open()]
    if not targets:  # noted, and killed before it was asked: nobody can know
        assert {one.step for one in (await desk.errands.of(tasks)).values()} == {"doubt"}
        assert len(tasks) == 4
        return
    assert sorted(targets) == sorted(names)
    assert await desk.town.outcome(sop) == {"planned": 4, "sent": 4}
    assert await _left(desk) == []


class Life:
    """Ends at a write to the store, before it or after; whatever runs then ends too."""

    def __init__(self, desk: Desk, write: int, late: bool) -> None:
        self._desk, self._write, self._late = desk, write, late
        self._apply = desk.town.store.apply
        self._dead = False
        self._before = asyncio.all_tasks()

    async def apply(self, effects: Effects) -> Any:
        self._write -= 1
        if self._dead or (self._write == 0 and not self._late):
            self._dead = True
            raise Killed
        done = await self._apply(effects)
        if self._write == 0:
            self._dead = True
            raise Killed
        return done

    async def rest(self) -> None:
        """Another process begins, once nothing of this one is left."""
        others = asyncio.all_tasks() - self._before - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)
        self._dead = False
        self._desk.errands = self._desk.node()


@pytest.mark.parametrize("made", [False, True])
async def test_a_node_killed_while_it_asks_asks_nobody_twice(desk: Desk, made: bool) -> None:
    if made:
        desk.platform.after = [Killed()]
    else:
        desk.platform.before = [Killed()]
    await desk.customers("li", "a")
    sop = await desk.offer()
    desk.clock.advance(30)
    with pytest.raises(Killed):
        await desk.errands.tick()
    desk.errands = desk.node()
    await desk.pass_by(HOUR)
    assert len(desk.platform.made) == made
    (task,) = await desk.town.sops.tasks.open()
    step = (await desk.errands.of([task.id]))[task.id].step
    assert step == ("asked" if made else "doubt")
    assert await desk.town.outcome(sop) == {"planned": 1, "task": 1}


def _of(desk: Desk, staff: str) -> str:
    return next(name for name, one in desk.platform.made.items() if one.ask.staff == staff)


async def _left(desk: Desk) -> list[str]:
    """Keys of errands that are still there."""
    keys = desk.town.store.keys
    names = [keys.sop_errand(), keys.sop_errand_of(), keys.sop_errand_wish()]
    names += [
        keys.sop_errands("sandbox"),
        keys.sop_unasked("sandbox"),
        keys.sop_gathering("sandbox"),
    ]
    return [name for name in names if await desk.town.store.call("EXISTS", name)]
