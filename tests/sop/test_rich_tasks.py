"""Messages with pictures and cards that staff confirm or send: nothing of them is lost."""

from __future__ import annotations

import json

import pytest

from bot.model.capabilities import Capabilities
from bot.model.conversation import Account
from bot.model.message import Image, LinkCard, Text
from bot.sop.outcomes.reminders import TaskReminders
from bot.sop.outcomes.tasks import Task
from bot.sop.record import Sop

from .tapping import OFFER, Desk
from .town import HOUR, Town

MINUTE = 60.0
TEA = "https://x.example/tea.png"
MENU = "https://x.example/m"
RICH = OFFER.replace(
    '"New tea is here"',
    f"\"New tea {{{{ image('{TEA}', 'tea') }}}}{{{{ card('{MENU}', 'Menu') }}}}\"",
)
OWN = OFFER.replace(
    '"New tea is here"', "\"{{ image('https://x.example/' ~ member.account, 'code') }}\""
)
JOINED = """
title = "first steps"
anchor = "joined"
[[step]]
id = "hello"
after = "1h"
text = "Hello"
within = "3h"
"""


@pytest.fixture
def desk(town: Town) -> Desk:
    return Desk(town)


async def test_staff_are_asked_to_send_the_whole_message(desk: Desk) -> None:
    await desk.customers("li", "a", "b")
    sop = await desk.offer(RICH)
    await desk.pass_by(5 * MINUTE)
    [made] = desk.platform.made.values()
    assert made.ask.message.segments == (
        Text(text="New tea "),
        Image(url=TEA, alt="tea"),
        LinkCard(url=MENU, title="Menu"),
    )
    assert made.ask.targets == ("a", "b")
    desk.platform.tap("task-1")
    await desk.pass_by(5 * MINUTE)
    assert await desk.town.outcome(sop) == {"planned": 2, "sent": 2}


async def test_messages_that_differ_in_a_picture_only_are_asked_apart(desk: Desk) -> None:
    await desk.customers("li", "a", "b")
    await desk.offer(OWN)
    await desk.pass_by(5 * MINUTE)
    shown = {one.ask.targets: one.ask.message.segments for one in desk.platform.made.values()}
    assert shown == {
        (who,): (Image(url=f"https://x.example/{who}", alt="code"),) for who in ("a", "b")
    }


async def test_a_task_from_before_there_were_pictures_is_asked_as_it_is(desk: Desk) -> None:
    await desk.customers("li", "a")
    await desk.offer()
    keys, store = desk.town.store.keys, desk.town.store
    for ident, body in (await store.table("HGETALL", keys.sop_task())).items():
        old = json.loads(body)
        del old["rich"]
        await store.call("HSET", keys.sop_task(), ident, json.dumps(old))
    await desk.pass_by(5 * MINUTE)
    assert [one.ask.message.text for one in desk.platform.made.values()] == ["New tea is here"]


async def test_who_must_send_it_by_hand_is_reminded_with_the_picture(town: Town) -> None:
    town.can["sandbox"] = Capabilities(staff_confirm=True)
    number = await town.join("a")
    await town.set(number, "owner", "li")
    await town.start(town.template("offer", RICH), "everyone")
    await town.pass_by(HOUR + 60)
    [task] = await town.sops.tasks.open()
    assert task.words == "New tea"
    await town.members.number("sandbox", Account(id="li", name="Li"))
    reminders = TaskReminders(town.sops.tasks, town.store, lambda name: town.can[name], str)
    assert await reminders.remind(town.clock.now()) == 1
    await town.deliver()
    [told] = town.sent
    assert told.to.account == "li"
    assert [one.kind for one in told.message.segments] == ["text", "image", "link_card"]


async def test_words_alone_are_kept_once() -> None:
    where = {"gateway": "sandbox", "account": "a"}
    told = {"id": "s/1/x/each/1", "sop": "s", "run": "s/1/x/each", "target": 1, "due": 1}
    task = Task.model_validate({**told, "to": where, "text": "hello"})
    assert task.rich is None
    assert task.words == task.message.text == "hello"


# the time staff have


async def test_what_nobody_confirms_in_its_time_is_taken_back(desk: Desk) -> None:
    await desk.customers("li", "a")
    sop = await desk.offer(OFFER + 'within = "2h"\n')
    await desk.pass_by(2 * HOUR - 2 * MINUTE)
    assert [one.state for one in desk.platform.made.values()] == ["waiting"]
    await desk.pass_by(4 * MINUTE)
    assert [one.state for one in desk.platform.made.values()] == ["cancelled"]
    assert await desk.town.outcome(sop) == {"planned": 1, "too late": 1}


async def test_after_a_pause_each_customers_time_still_ends_when_it_did(desk: Desk) -> None:
    sop = await _one_after_another(desk)
    await desk.town.sops.pause(sop.id, "ann")
    await desk.pass_by(2 * MINUTE)
    await desk.town.sops.resume(sop.id, "ann")
    await desk.pass_by(5 * MINUTE)
    waiting = [one for one in desk.platform.made.values() if one.state == "waiting"]
    assert sorted(one.ask.targets for one in waiting) == [("a",), ("b",)]
    await desk.pass_by(HOUR)
    assert [one.ask.targets for one in waiting if one.state == "waiting"] == [("b",)]
    desk.platform.tap(next(n for n, one in desk.platform.made.items() if one is waiting[-1]))
    await desk.pass_by(30 * MINUTE)
    assert await desk.town.outcome(sop) == {"planned": 2, "sent": 1, "too late": 1}


async def _one_after_another(desk: Desk) -> Sop:
    """Two customers of Li's, of whom the second came two hours later; both are asked about."""
    sop = await desk.town.start(desk.town.template("first", JOINED), "everyone")
    desk.clock.advance(1)
    await desk.customers("li", "a")
    await desk.pass_by(2 * HOUR)
    await desk.customers("li", "b")
    await desk.pass_by(HOUR + 5 * MINUTE)
    assert [one.ask.targets for one in desk.platform.made.values()] == [("a",), ("b",)]
    return sop
