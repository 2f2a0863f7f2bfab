"""Who is found to be somebody known, while their welcome goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.model.conversation import Account
from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Community


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    async with Community(locate=unix(valkey), workspace=store.keys.workspace) as made:
        yield made


async def merged_into_an_older_member(community: Community, account: str) -> None:
    """Find that an account is of somebody who was here before."""
    rooms, members = community.app.rooms, community.app.members
    former = await members.number("sandbox", Account(id=account))
    older = await members.number("sandbox", Account(id="old"))
    assert 0 < older < former
    await rooms.merging.merge(former, older, "ann")


async def test_later_messages_of_a_welcome_go_on_after_a_merge(community: Community) -> None:
    data = {"id": "two", "messages": ["欢迎 {{ member.name }}", {"text": "群规", "after": "10m"}]}
    await community.app.rooms.welcomes.scripts.save(data, "ann")
    tea = await community.group("tea")
    await community.member("old", "旧").says("hello", tea)
    ming = community.member("u1", "小明")
    await ming.joins(tea)
    await community.passes(seconds=10)
    await tea.expects("欢迎 小明")
    await merged_into_an_older_member(community, "u1")
    await community.passes(minutes=11)
    await tea.expects("群规")


async def test_who_never_answers_is_let_go_also_after_a_merge(community: Community) -> None:
    gate = {"ask": "button", "text": "点一下", "button": "是我", "within": "5m"}
    data = {"id": "gated", "messages": ["hi"], "gate": gate}
    await community.app.rooms.welcomes.scripts.save(data, "ann")
    tea = await community.group("tea")
    await community.member("old", "旧").says("hello", tea)
    await community.member("u1", "小明").joins(tea)
    await tea.expects("点一下")
    await merged_into_an_older_member(community, "u1")
    keys = community.app.store.keys
    assert "1" in await community.app.store.table("HGETALL", keys.welcome_gate(1))
    await community.passes(minutes=6)
    told = [entry.reason for _, entry in await community.app.journal.recent()]
    assert "did not do what newcomers are asked to" in told
    assert not await community.app.store.table("HGETALL", keys.welcome_gate(1))
