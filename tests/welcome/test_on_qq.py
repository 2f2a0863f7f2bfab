"""Welcomes on QQ: what newcomers are asked, and what is taken back, over OneBot 11."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Community
from tests.gateways.fake_onebot import FakeOneBot, Payload

GATE = {"text": "{{ member.name or '新朋友' }}，先打个招呼", "within": "5m", "mute": True}
MING = {"group_id": 100, "user_id": 20001}


class Group:
    """A QQ group, and the bot in it."""

    def __init__(self, community: Community, fake: FakeOneBot) -> None:
        self.community = community
        self.fake = fake

    async def greets(self, **more: Any) -> None:
        data = {"id": "qq", "messages": ["欢迎！"], "window": "0s", **more}
        await self.community.app.rooms.welcomes.scripts.save(data, "ann")

    async def hears(self) -> Payload:
        """The next message, whose text is under "text"."""
        said = await self._next(self.fake.sent)
        return said | {"text": "".join(part["data"].get("text", "") for part in said["message"])}

    async def sees(self) -> Payload:
        """The next thing done that is no message."""
        return await self._next(self.fake.acts)

    async def _next(self, queue: asyncio.Queue[Payload]) -> Payload:
        async with asyncio.timeout(10):
            while queue.empty():
                await self.community.settle()
        return queue.get_nowait()


@pytest.fixture
async def group(valkey: str, store: Store) -> AsyncIterator[Group]:
    async with FakeOneBot() as fake:
        config = f"""
[sandbox]
enabled = false

[gateways.qq]
adapter = "onebot11"
mode = "forward"
url = "{fake.ws_url}"
"""
        workspace = store.keys.workspace
        async with Community(config, locate=unix(valkey), workspace=workspace) as community:
            await asyncio.wait_for(fake.connected.get(), 10)
            yield Group(community, fake)


async def test_who_cannot_speak_yet_says_the_number_to_the_bot_alone(group: Group) -> None:
    await group.greets(gate=GATE)
    await group.fake.emit(group.fake.joined())
    assert await group.sees() == {"action": "set_group_ban", **MING, "duration": 300}
    asked = await group.hears()
    number = re.findall(r"\d+", asked["text"].partition("回复")[2])[0]
    assert "请私聊发给我" in asked["text"]
    await group.fake.emit(group.fake.private_message(number))
    thanks = await group.hears()
    assert (thanks["action"], thanks["user_id"]) == ("send_private_msg", 20001)
    await group.community.passes(seconds=5)  # the gateway's own rate
    done = [await group.sees(), await group.sees()]
    assert done == [
        {"action": "delete_msg", "message_id": asked["message_id"]},
        {"action": "set_group_ban", **MING, "duration": 0},
    ]
    assert (await group.hears())["text"] == "欢迎！"


async def test_who_does_nothing_is_taken_out_of_the_group(group: Group) -> None:
    await group.greets(gate={**GATE, "mute": False, "otherwise": "remove"})
    await group.fake.emit(group.fake.joined())
    asked = await group.hears()
    assert "私聊" not in asked["text"]
    await group.community.passes(minutes=6)
    done = [await group.sees(), await group.sees()]
    assert done == [
        {"action": "delete_msg", "message_id": asked["message_id"]},
        {"action": "set_group_kick", **MING, "reject_add_request": False},
    ]


async def test_a_welcome_is_taken_back_from_who_leaves_soon(group: Group) -> None:
    await group.greets(withdraw="10m")
    await group.fake.emit(group.fake.joined())
    said = await group.hears()
    await group.fake.emit(group.fake.left())
    assert await group.sees() == {"action": "delete_msg", "message_id": said["message_id"]}


async def test_what_nobody_knows_to_be_done_is_done_again(group: Group) -> None:
    await group.greets(gate=GATE)
    group.fake.answers["set_group_ban"] = group.fake.refusal(1200, "Timeout: no answer")
    await group.fake.emit(group.fake.joined())
    await group.sees()
    del group.fake.answers["set_group_ban"]
    await group.community.passes(seconds=3)
    assert await group.sees() == {"action": "set_group_ban", **MING, "duration": 300}
    assert group.fake.muted == {(100, 20001): 300}
