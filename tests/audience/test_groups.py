"""Groups remembered: read once while none of them changes, whoever changes one."""

from __future__ import annotations

from bot.model.conversation import Conversation
from bot.store.members import Members
from tests.audience.conftest import Village


async def names(members: Members) -> list[str]:
    return [group.name + " (gone)" * group.gone for group in await members.groups()]


async def test_what_another_node_changes_is_seen_at_the_next_look(village: Village) -> None:
    other = Members(village.store)
    assert await names(other) == []
    tea = await village.group("tea")
    assert await names(other) == ["tea"]
    await village.group("books")
    assert await names(other) == ["tea", "books"]
    await village.members.group_number(Conversation(gateway="sandbox", group="tea"), "green tea")
    assert await names(other) == ["green tea", "books"]
    await village.change(tea, "gone", "1")
    assert await names(other) == ["green tea (gone)", "books"]


async def test_groups_are_not_read_again_while_none_changes(village: Village) -> None:
    tea = await village.group("tea")
    assert await names(village.members) == ["tea"]
    await village.store.call("DEL", village.keys.group(tea))  # nobody is told
    assert await names(village.members) == ["tea"]
