"""Staff tasks with pictures and cards in the console."""

from __future__ import annotations

from bot.model.conversation import Conversation
from bot.model.message import Image, LinkCard, Message
from bot.sop.outcomes.tasks import Task
from bot.store.effects import Effects
from tests.console.house import House, people


async def test_a_task_shows_what_is_to_be_sent_beside_the_words_to_copy(house: House) -> None:
    await people(house, 1)
    sop = await house.rooms.sops.start("weekly_tips", "all-groups", "ann")
    message = Message.of(
        "New tea",
        Image(url="https://x.example/tea.png?a=1&b=2", alt="a <cup>"),
        Image(url="data:image/png;base64,iVBORw0KGgo=", alt="drawn"),
        LinkCard(url="javascript:alert(1)", title="Menu"),
    )
    task = Task(
        id=f"{sop.id}/1/wednesday/x/1",
        sop=sop.id,
        run=f"{sop.id}/1/wednesday/x",
        target=1,
        to=Conversation(gateway="sandbox", account="u0"),
        text=message.summary,
        rich=message,
        due=house.clock.now(),
        member=1,
    )
    effects = Effects(house.store.keys)
    house.rooms.sops.tasks.assign(effects, task)
    assert await house.store.apply(effects)
    page = await (await house.operator("ann", "manager")).get("/tasks")
    assert 'id="task-1">New tea</p>' in page
    assert '<a href="https://x.example/tea.png?a=1&amp;b=2" rel="noreferrer">' in page
    assert "a &lt;cup&gt;" in page
    assert "drawn" in page
    assert "Menu" in page
    assert "javascript:" not in page
    assert "base64" not in page
