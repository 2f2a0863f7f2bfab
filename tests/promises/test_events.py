"""Promises 1 and 2: every accepted event is handled exactly once, in order, and alone."""

import asyncio
from random import Random

from bot.delivery.inbox import Inbox
from bot.store.bell import Bell
from tests.promises.conftest import Bots


async def test_events_accepted_before_kill_9_are_answered_exactly_once(bots: Bots) -> None:
    random, sent = Random(7), 0
    for _ in range(5):
        node = await bots.start(behaviour="idempotent")
        for _ in range(60):
            await bots.say(f"e{sent}", f"echo {sent}", f"c{sent % 7}")
            sent += 1
        await asyncio.sleep(random.uniform(0.0, 0.08))
        await node.kill()
    await bots.start(behaviour="idempotent")
    await bots.until(lambda: len(set(bots.heard())) == sent)
    commits: dict[str, set[str]] = {}
    for ident, _, text in bots.wall():
        commits.setdefault(text, set()).add(ident)
    assert all(len(idents) == 1 for idents in commits.values()), "an event was handled twice"


async def test_an_event_told_twice_is_handled_once(bots: Bots) -> None:
    await bots.start()
    told = [await bots.say("same", "echo one") for _ in range(3)]
    await bots.say("other", "echo two")
    await bots.until(lambda: "heard two" in bots.heard())
    assert told == [True, False, False]
    assert bots.heard() == ["heard one", "heard two"]


async def test_a_conversation_stays_in_order_over_two_nodes_and_a_kill(bots: Bots) -> None:
    first = await bots.start("a", "idempotent")
    await bots.start("b", "idempotent")
    for number in range(150):
        await bots.say(f"e{number}", f"echo {number}", f"c{number % 3}")
        if number == 75:
            await first.kill()
    await bots.until(lambda: len(set(bots.heard())) == 150)
    for chat in range(3):
        seen = list(dict.fromkeys(bots.heard(f"c{chat}")))
        assert seen == [f"heard {n}" for n in range(chat, 150, 3)]


async def test_a_slow_conversation_delays_no_other(bots: Bots) -> None:
    await bots.start()
    await bots.say("s", "slow 1", "slow")
    for number in range(20):
        await bots.say(f"e{number}", f"echo {number}", f"c{number}")
    await bots.until(lambda: len(bots.heard()) == 20, seconds=1.9)
    assert "heard 1" not in bots.heard("slow")
    await bots.until(lambda: bots.heard("slow") == ["heard 1"])


async def test_a_failing_handler_loses_only_its_own_effects_and_can_be_replayed(
    bots: Bots,
) -> None:
    await bots.start()
    await bots.say("e1", "boom")
    await bots.say("e2", "echo after")
    await bots.until(lambda: bots.heard() == ["heard after"])
    inbox = Inbox(bots.store, Bell())
    ((ident, letter),) = await inbox.dead_letters()
    assert "the handler is wrong" in letter.reason
    assert "boom" in letter.traceback
    assert not await bots.store.call("EXISTS", bots.store.keys.tag("never"))
    assert await inbox.replay(ident)
    while (letters := await inbox.dead_letters()) == [] or letters[0][0] == ident:
        await asyncio.sleep(0.01)
    assert not await inbox.replay(ident), "a dead letter is replayed once"


async def test_an_event_that_always_ends_the_process_becomes_a_dead_letter(bots: Bots) -> None:
    await bots.say("e1", "exit", "poison")
    await bots.say("e2", "echo after", "poison")
    for _ in range(3):
        assert await (await bots.start()).gone() == 137
    await bots.start()
    await bots.until(lambda: bots.heard("poison") == ["heard after"])
    ((_, letter),) = await Inbox(bots.store, Bell()).dead_letters()
    assert "the process ended 3 times" in letter.reason


async def test_a_node_that_slept_past_its_lease_changes_nothing_when_it_wakes(bots: Bots) -> None:
    sleeper = await bots.start("a")
    await bots.say("e1", "slow 1")
    await asyncio.sleep(0.5)
    sleeper.pause()
    await bots.start("b")
    await bots.say("e2", "echo 2")
    await bots.until(lambda: bots.heard() == ["heard 1", "heard 2"])
    sleeper.go_on()
    await bots.say("e3", "echo 3")
    await bots.until(lambda: "heard 3" in bots.heard())
    assert bots.heard() == ["heard 1", "heard 2", "heard 3"]
