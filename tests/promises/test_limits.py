"""Promise 5: limits hold over all nodes whatever comes, and who matters more goes first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from bot.delivery.outbox import Outbox, Taken
from bot.model.capabilities import Capabilities, Rate
from bot.model.conversation import Conversation
from bot.model.delivery import CLASSES, Cap, Delivery, Retry
from bot.model.message import Message
from bot.store.address import unix
from bot.store.bell import Bell
from bot.store.effects import Effects
from bot.store.store import Store
from bot.testing.clock import TestClock
from tests.promises.stage import GATEWAY, Ear, StageApp, busiest, time_flies, until

Make = Callable[..., StageApp]


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def node(valkey: str, store: Store, clock: TestClock, ear: Ear, tmp_path: Path) -> Make:
    """Make a node of the same bot: ``async with node("a") as app``."""

    def make(name: str = "a") -> StageApp:
        return StageApp(ear, store.keys.workspace, tmp_path / name, clock, unix(valkey))

    return make


# the limiter alone, against a model


@pytest.mark.parametrize("seed", range(6))
async def test_no_pattern_gets_more_than_the_rate_out_of_any_window(
    store: Store, clock: TestClock, seed: int
) -> None:
    random = Random(seed)
    account = Rate(count=random.randint(1, 40), seconds=random.choice([0.5, 1, 7, 60]))
    chat = Rate(count=random.randint(1, 9), seconds=random.choice([0.3, 1, 5, 20]))
    outbox, sent = Outbox(store, Bell()), []
    for _ in range(400):
        await fill(store, clock, random)
        taken, wait = await outbox.take(
            GATEWAY, f"n{random.randint(1, 2)}:1", random.randint(1, 64), account, chat
        )
        sent += [(clock.now(), one.delivery.to.key) for one in taken]
        await asyncio.gather(*(outbox.finish(one, "sent") for one in taken))
        clock.advance(random.choice([0, 0.001, 0.02, max(0.001, wait / 1000), account.seconds]))
    assert len(sent) > 50, "the pattern sent next to nothing"
    assert busiest([at for at, _ in sent], account.seconds * 1000) <= account.count
    for key in {key for _, key in sent}:
        mine = [at for at, to in sent if to == key]
        assert busiest(mine, chat.seconds * 1000) <= chat.count


async def fill(store: Store, clock: TestClock, random: Random) -> None:
    effects = Effects(store.keys)
    for _ in range(random.choice([0, 0, 1, 5])):
        to = Conversation(gateway=GATEWAY, group=f"g{random.randint(1, 12)}")
        priority = random.choice(CLASSES)
        message = Message.of("x")
        effects.deliver(Delivery(to=to, message=message, priority=priority, due=clock.now()))
    await store.apply(effects)


async def test_the_whole_rate_can_be_used(store: Store, clock: TestClock) -> None:
    rate, outbox, sent = Rate(count=20, seconds=10), Outbox(store, Bell()), 0
    for number in range(200):
        await queue(store, clock, f"g{number}")
    for _ in range(100):
        taken, _ = await outbox.take(GATEWAY, "n:1", 64, rate, None)
        sent += len(taken)
        await asyncio.gather(*(outbox.finish(one, "sent") for one in taken))
        clock.advance(0.5)
    assert sent >= 0.7 * 5 * 20, "50 seconds at 20 in 10 s"


async def queue(store: Store, clock: TestClock, group: str, **more: object) -> None:
    effects = Effects(store.keys)
    to = Conversation(gateway=GATEWAY, group=group)
    delivery = Delivery(to=to, message=Message.of("x"), priority="broadcast", due=clock.now())
    effects.deliver(delivery.model_copy(update=more))
    await store.apply(effects)


async def test_a_frequency_cap_is_counted_once_over_two_nodes(
    store: Store, clock: TestClock
) -> None:
    cap = Cap(keys=("g1:2026-06-17",), limit=3, ends=clock.now() + 86_400_000)
    nodes = [Outbox(store, Bell()), Outbox(store, Bell())]
    for number in range(40):
        await queue(store, clock, f"g{number}", caps=(cap,))
    verdicts: list[str] = []

    async def work(outbox: Outbox, token: str) -> None:
        while taken := (await outbox.take(GATEWAY, token, 2, None, None))[0]:
            verdicts.extend(one.verdict for one in taken)
            for one in taken:
                await outbox.finish(one, "sent" if one.verdict == "send" else "skipped")

    await asyncio.gather(*(work(outbox, f"n{i}:1") for i, outbox in enumerate(nodes)))
    assert verdicts.count("send") == 3
    assert verdicts.count("capped") == 37


async def test_a_weekly_cap_adds_up_the_days_and_counts_a_delivery_once(
    store: Store, clock: TestClock
) -> None:
    ends = clock.now() + 86_400_000
    today, before = "g1:2026-06-17", "g1:2026-06-16"
    await store.call("SET", store.keys.cap("g1", "2026-06-16"), 2, "PX", 86_400_000)
    caps = (Cap(keys=(today,), limit=3, ends=ends), Cap(keys=(today, before), limit=4, ends=ends))
    outbox = Outbox(store, Bell())
    verdicts = []
    for number in range(3):
        await queue(store, clock, f"g{number}", caps=caps)
        verdicts.append((await only(outbox)).verdict)
    assert verdicts == ["send", "send", "capped"]


async def test_what_could_not_be_sent_does_not_use_up_the_cap(
    store: Store, clock: TestClock
) -> None:
    cap = Cap(keys=("g1:2026-06-17",), limit=1, ends=clock.now() + 86_400_000)
    outbox = Outbox(store, Bell())
    await queue(store, clock, "g1", caps=(cap,))
    await queue(store, clock, "g2", caps=(cap,))
    first = await only(outbox)
    await outbox.finish(first, "failed", "no such group", give_back_cap=True)
    assert (await only(outbox)).verdict == "send"


async def only(outbox: Outbox) -> Taken:
    (one,), _ = await outbox.take(GATEWAY, "n:1", 1, None, None)
    return one


# the whole way out


async def test_two_nodes_share_the_limits(node: Make, ear: Ear) -> None:
    account, chat = Rate(count=20, seconds=1), Rate(count=4, seconds=2)
    ear.can = Capabilities(account_rate=account, chat_rate=chat)
    async with node("a") as one, node("b") as two:
        for number in range(80):
            await (one, two)[number % 2].queue(f"{number}", f"g{number % 9}")
        await time_flies([one, two], lambda: len(ear.heard) == 80)
    assert ear.most(1) <= 20
    assert max(ear.most(2, f"g{number}") for number in range(9)) <= 4
    assert len(set(ear.texts())) == 80


async def test_replies_overtake_a_queued_broadcast_and_welcomes_come_second(
    node: Make, ear: Ear
) -> None:
    ear.can = Capabilities(account_rate=Rate(count=20, seconds=1))
    async with node() as app:
        for number in range(500):
            await app.queue(f"news {number}", f"g{number}")
        await time_flies([app], lambda: len(ear.heard) >= 20)
        before = len(ear.heard)
        await app.queue("welcome", "g400", "welcome")
        await app.queue("reply", "g450", "reply")
        await app.queue("welcome", "g401", "welcome")
        await time_flies([app], lambda: ear.texts().count("welcome") == 2)
        since = [text for text in ear.texts()[before:] if not text.startswith("news")]
        assert len(ear.texts()) - before <= 6, "they overtook the broadcast"
        assert since in (["reply", "welcome", "welcome"], ["welcome", "reply", "welcome"])


async def test_a_reply_does_not_wait_for_a_broadcast_that_hangs(node: Make, ear: Ear) -> None:
    open_ = asyncio.Event()

    async def hang(delivery: Delivery) -> None:
        if delivery.priority == "broadcast":
            await open_.wait()

    ear.answer = hang
    async with node() as app:
        for number in range(200):
            await app.queue(f"{number}", f"g{number}")
        await until(lambda: app.switchboard.senders[GATEWAY].busy > 32)
        await app.say("e1", "echo now", "g450")
        await until(lambda: ear.texts() == ["heard now"], 5)
        open_.set()
        await until(lambda: len(ear.heard) == 201)


async def test_a_slow_chat_blocks_no_other(node: Make, ear: Ear) -> None:
    slow = asyncio.Event()

    async def answer(delivery: Delivery) -> None:
        if delivery.to.group == "slow":
            await slow.wait()

    ear.answer = answer
    async with node() as app:
        for number in range(300):
            await app.queue(f"{number}", "slow" if number % 3 == 0 else f"g{number % 3}")
        await until(lambda: len(ear.heard) == 200)
        assert not ear.texts("slow")
        slow.set()
        await until(lambda: len(ear.heard) == 300)
    assert ear.texts("slow") == [f"{n}" for n in range(0, 300, 3)]


async def test_a_chat_keeps_its_order_through_retries(node: Make, ear: Ear) -> None:
    random = Random(3)

    async def answer(_: Delivery) -> None:
        if random.random() < 0.4:
            raise Retry("busy", after=random.choice([0.1, 2, 5]))

    ear.answer = answer
    async with node("a") as one, node("b") as two:
        for number in range(60):
            await (one, two)[number % 2].say(f"e{number}", f"echo {number}", f"g{number % 3}")
        await time_flies([one, two], lambda: len(ear.heard) == 60, 0.5)
    for chat in range(3):
        assert ear.texts(f"g{chat}") == [f"heard {n}" for n in range(chat, 60, 3)]


async def test_a_chat_that_asked_for_a_wait_gets_it_though_more_is_said_to_it(
    node: Make, ear: Ear, clock: TestClock
) -> None:
    asked: list[int] = []

    async def answer(_: Delivery) -> None:
        asked.append(clock.now())
        if len(asked) == 1:
            raise Retry("slow down", after=30)

    ear.answer = answer
    async with node() as app:
        await app.queue("one", "g", "reply")
        await until(lambda: asked)
        for number in range(5):
            await app.queue(f"more {number}", "g", "reply")
        await time_flies([app], lambda: len(ear.heard) == 6, 1.0)
    assert asked[1] - asked[0] >= 30_000
    assert ear.texts() == ["one", *(f"more {n}" for n in range(5))]


async def test_an_account_that_asked_for_a_wait_gets_it_from_all_nodes(
    node: Make, ear: Ear, clock: TestClock
) -> None:
    asked: list[int] = []

    async def answer(delivery: Delivery) -> None:
        asked.append(clock.now())
        waits = {"one": 60.0, "two": 5.0}  # the shorter, told later, does not end the longer
        if clock.now() == asked[0] and delivery.message.text in waits:
            await asyncio.sleep(0.01 if delivery.message.text == "one" else 0.03)
            raise Retry("slow down", after=waits[delivery.message.text], scope="account")

    ear.answer = answer
    async with node("a") as one, node("b") as two:
        await one.queue("one", "g1")
        await one.queue("two", "g2")
        await until(lambda: len(asked) == 2)
        await until(lambda: not one.switchboard.senders[GATEWAY].busy)
        for number in range(20):
            await (one, two)[number % 2].queue(f"{number}", f"g{number}", "reply")
        await time_flies([one, two], lambda: len(ear.heard) == 22, 1.0)
    assert min(asked[2:]) - asked[0] >= 60_000
