"""What newcomers must do before they are welcomed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest

from bot.gateways.sandbox.door import Door, DoorEvent, DoorMember
from bot.model.conversation import Account, Conversation
from bot.model.event import ActionChosen
from bot.model.message import Button
from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Community
from bot.testing.community import Chat, Person
from bot.welcome.gate import GATE

ASKED: dict[str, Any] = {"text": "{{ member.name }}，点一下", "button": "我是人", "within": "5m"}
QUESTION = {
    "ask": "question",
    "text": "茶的英文是？",
    "answers": ["tea", "茶"],
    "within": "5m",
}


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    config = '[welcome]\nmessages = ["欢迎 {{ member.name }}"]\n'
    async with Community(config, locate=unix(valkey), workspace=store.keys.workspace) as made:
        yield made


async def gated(community: Community, **gate: Any) -> tuple[Chat, Person]:
    scripts = community.app.rooms.welcomes.scripts
    data = {"id": "gated", "messages": ["hi {{ member.name }}"], "tags": ["in"], "gate": gate}
    await scripts.save(data, "ann")
    return await community.group("tea", "茶友会"), community.member("u1", "小明")


async def press(community: Community, person: Person, group: str, action: str = GATE) -> None:
    event = ActionChosen(
        id=f"press-{person.id}-{action}-{community.clock.now()}",
        gateway="sandbox",
        at=community.clock.now(),
        account=Account(id=person.id, name=person.name),
        group=group,
        action=action,
    )
    await community.accept(event)


async def shown(community: Community) -> list[str]:
    await community.settle()
    rows = await community.app.world.last()
    return [s.message.text for _, s in rows if s.by is None and s.what == "message"]


async def counts(community: Community) -> dict[str, int]:
    return (await community.app.rooms.welcomes.ledger.today())["gated"]


async def test_who_presses_the_button_is_welcomed_and_the_question_goes(
    community: Community,
) -> None:
    tea, ming = await gated(community, **ASKED)
    await ming.joins(tea)
    asked = await tea.expects("小明，点一下")
    assert asked.message.segments[-1] == Button(action=GATE, label="我是人")
    await community.passes(minutes=1)
    await tea.expects_nothing()
    await press(community, community.member("u2", "小红"), "tea")  # nobody asked her
    await press(community, ming, "tea", "other")
    await community.passes(seconds=5)
    await tea.expects_nothing()
    await press(community, ming, "tea")
    await community.passes(seconds=5)
    assert await shown(community) == ["hi 小明"]
    assert await counts(community) == {"asked": 1, "greeted": 1}
    assert await community.app.facts.has(community.app.store.keys.tag("in"), 1)
    await community.passes(minutes=10)
    assert await shown(community) == ["hi 小明"]


async def test_an_answer_counts_however_it_is_written_and_other_words_do_not(
    community: Community,
) -> None:
    tea, ming = await gated(community, **QUESTION)
    await ming.joins(tea)
    await ming.says("coffee", tea)
    await community.passes(seconds=10)
    assert await shown(community) == ["茶的英文是？"]
    await community.member("u2", "小红").says("tea", tea)
    await community.passes(seconds=10)
    assert await shown(community) == ["茶的英文是？"]
    await ming.says("是 ＴＥＡ！", tea)
    await community.passes(seconds=5)
    assert await shown(community) == ["hi 小明"]


async def test_who_does_nothing_is_not_greeted_and_the_reason_is_kept(
    community: Community,
) -> None:
    tea, ming = await gated(community, **ASKED)
    await ming.joins(tea)
    await community.passes(minutes=6)
    assert await shown(community) == []
    reason = "did not do what newcomers are asked to"
    assert await counts(community) == {"asked": 1, reason: 1}
    assert await community.app.world.members("tea") == ["u1"]
    assert not await community.app.facts.has(community.app.store.keys.tag("in"), 1)
    await press(community, ming, "tea")
    await community.passes(seconds=5)
    await tea.expects_nothing()
    await ming.leaves(tea)
    await ming.joins(tea)  # is asked anew
    await tea.expects("小明，点一下")


async def test_who_does_nothing_is_taken_out_of_the_group_where_it_says_so(
    community: Community,
) -> None:
    tea, ming = await gated(community, **ASKED, otherwise="remove")
    await ming.joins(tea)
    await community.passes(minutes=6)
    assert await community.app.world.members("tea") == []
    keys, facts = community.app.store.keys, community.app.facts
    assert not await facts.has(keys.group_present(1), 1)


async def test_operators_are_told_where_it_says_so(community: Community) -> None:
    tea, ming = await gated(community, **ASKED, otherwise="tell")
    boss = community.member("boss", "Boss")
    await boss.says("hello")
    await community.app.roles.give("sandbox", "boss", "manager")
    await ming.joins(tea)
    await community.passes(minutes=6)
    await boss.expects("小明")


async def test_who_leaves_meanwhile_is_waited_for_no_more(community: Community) -> None:
    tea, ming = await gated(community, **ASKED)
    await ming.joins(tea)
    await ming.leaves(tea)
    await community.passes(minutes=6)
    assert await shown(community) == []
    assert await counts(community) == {"asked": 1, "left before the greeting": 1}


def switch(community: Community, **switches: bool) -> None:
    sandbox = community.app.adapters()["sandbox"]
    sandbox.settings = sandbox.settings.model_copy(update=switches)  # type: ignore[attr-defined]


async def test_where_no_button_can_be_shown_a_number_is_asked_for(community: Community) -> None:
    tea, ming = await gated(community, **ASKED)
    switch(community, text_only=True)
    await ming.joins(tea)
    asked = await tea.expects("小明，点一下")
    number = re.findall(r"\d+", asked.message.text)[0]
    assert asked.message.text == f"小明，点一下\n小明，请回复 {number}。"
    await press(community, ming, "tea")  # there is nothing to press
    await ming.says(f"1{number}", tea)
    await community.member("u2", "小红").says(number, tea)
    await community.passes(seconds=10)
    assert await shown(community) == [asked.message.text]
    await ming.says(f"我是 {number}。", tea)
    await community.passes(seconds=5)
    assert await shown(community) == ["hi 小明"]


async def test_a_text_that_says_the_number_is_left_as_it_is(community: Community) -> None:
    tea, ming = await gated(community, ask="number", text="回复 {{ number }} 即可发言")
    await ming.joins(tea)
    (said,) = await tea.hears()
    number = re.findall(r"\d+", said.message.text)[0]
    assert said.message.text == f"回复 {number} 即可发言"
    await ming.says(number, tea)
    await community.passes(seconds=5)
    assert await shown(community) == ["hi 小明"]


async def test_where_nobody_can_be_asked_everybody_is_welcomed_and_it_is_told(
    community: Community,
) -> None:
    tea, ming = await gated(community, **ASKED)
    switch(community, staff_confirm=True)
    await ming.joins(tea)
    await community.passes(seconds=5)
    told = [e.reason for _, e in await community.app.journal.recent() if e.reason]
    assert "this gateway cannot show what newcomers are asked to do" in told


async def test_the_sandboxs_door_lets_people_press(community: Community) -> None:
    said = DoorEvent(type="action", group="tea", member=DoorMember(id="u1"), action=GATE)
    app = community.app
    door = Door("sandbox", app.world, app.accept, community.clock, Random(1), everybody=True)
    event = await door.event(said)
    assert isinstance(event, ActionChosen)
    assert (event.action, event.conversation) == (
        GATE,
        Conversation(gateway="sandbox", group="tea"),
    )
