"""Promise 3: what a crash in the moment of sending leaves, by gateway and class."""

import pytest

from bot.delivery.outbox import Outbox
from bot.model.conversation import Conversation
from bot.model.delivery import Delivery, DeliveryClass
from bot.model.message import Message
from bot.store.bell import Bell
from bot.store.effects import Effects
from tests.promises.conftest import Bots


async def queue(bots: Bots, text: str, priority: DeliveryClass) -> None:
    effects = Effects(bots.store.keys)
    to = Conversation(gateway="wall", group="c")
    effects.deliver(Delivery(to=to, message=Message.of(text), priority=priority))
    await bots.store.apply(effects)


async def crash_while_sending(bots: Bots, priority: DeliveryClass, behaviour: str) -> None:
    await queue(bots, "first", priority)
    dying = await bots.start(behaviour=f"{behaviour} dies")
    assert await dying.gone() == 137
    await bots.start(behaviour=behaviour)
    await queue(bots, "second", priority)
    await bots.until(lambda: "second" in bots.heard())


@pytest.mark.parametrize("priority", ["welcome", "notice", "broadcast"])
async def test_a_broadcast_that_may_have_been_sent_is_in_doubt_and_not_sent_again(
    bots: Bots, priority: DeliveryClass
) -> None:
    await crash_while_sending(bots, priority, "fine")
    assert bots.heard() == ["first", "second"]
    (doubtful,) = await Outbox(bots.store, Bell()).in_doubt()
    assert doubtful.message.text == "first"


async def test_an_operator_can_send_an_in_doubt_broadcast_again_once(bots: Bots) -> None:
    await crash_while_sending(bots, "broadcast", "fine")
    outbox = Outbox(bots.store, Bell())
    (doubtful,) = await outbox.in_doubt()
    assert await outbox.decide(doubtful.id, resend=True, by="boss")
    assert not await outbox.decide(doubtful.id, resend=True, by="boss")
    await bots.until(lambda: bots.heard() == ["first", "second", "first"])
    assert await outbox.in_doubt() == []


async def test_a_reply_that_may_have_been_sent_is_sent_again(bots: Bots) -> None:
    await crash_while_sending(bots, "reply", "fine")
    assert bots.heard() == ["first", "first", "second"]


async def test_an_idempotent_gateway_is_handed_the_same_delivery_again(bots: Bots) -> None:
    await crash_while_sending(bots, "broadcast", "idempotent")
    idents = [ident for ident, _, text in bots.wall() if text == "first"]
    assert len(idents) == 2
    assert len(set(idents)) == 1
