"""Promise 2, the hard way: an event that ends the process takes no other event with it."""

from bot.delivery.inbox import Inbox
from bot.store.bell import Bell
from tests.promises.conftest import Bots


async def test_what_was_in_hand_beside_a_poisonous_event_is_handled_and_not_buried(
    bots: Bots,
) -> None:
    for number in range(30):
        text = "exit" if number == 11 else f"echo {number}"
        await bots.say(f"e{number}", text, f"c{number}")
    await bots.say("slow", "slow 100", "slow")
    for _ in range(3):
        assert await (await bots.start(behaviour="idempotent")).gone() == 137
    await bots.start(behaviour="idempotent")
    await bots.until(lambda: len(set(bots.heard())) == 30)
    wanted = {f"heard {n}" for n in [*range(30), 100] if n != 11}
    assert set(bots.heard()) == wanted
    letters = await Inbox(bots.store, Bell()).dead_letters()
    while not letters:
        letters = await Inbox(bots.store, Bell()).dead_letters()
    assert [letter.conversation for _, letter in letters] == ["wall/g/c11"]
