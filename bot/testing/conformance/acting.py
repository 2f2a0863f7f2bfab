"""Acting: what can be done in a chat that is no message, where it is declared."""

from __future__ import annotations

import pytest

from bot.model.conversation import Conversation
from bot.testing.conformance.line import GATEWAY, Line
from bot.testing.conformance.platform import Platform


class Acting:
    """Taking back what was said, bringing people into groups and taking them out, and so on."""

    pytestmark = pytest.mark.asyncio

    async def test_what_was_sent_can_be_taken_back_where_declared(self, platform: Platform) -> None:
        async with Line(platform) as line:
            adapter = line.adapter
            if not adapter.capabilities.recall:
                with pytest.raises(NotImplementedError):
                    await line.do(adapter.recall(Conversation(gateway=GATEWAY, group="g"), "1"))
                return
            to = await line.chat()
            receipt, _ = await line.send(to, "a mistake"), await line.send(to, "this stays")
            assert receipt.message_id, "nothing to take it back by: the receipt has no message_id"
            for _ in range(2):  # what is gone already raises nothing
                await line.do(adapter.recall(to, receipt.message_id))
            assert [one.text for one in await platform.left_there()] == ["this stays"]

    async def test_members_can_be_taken_out_where_declared(self, platform: Platform) -> None:
        group, somebody = platform.group(0), platform.account(1)
        async with Line(platform) as line:
            adapter = line.adapter
            if not adapter.capabilities.remove:
                with pytest.raises(NotImplementedError):
                    await line.do(adapter.remove(group, somebody))
                return
            for _ in range(2):  # who is not in it raises nothing
                await line.do(adapter.remove(group, somebody))
            assert not await platform.is_in(somebody, group)
            assert await platform.is_in(platform.account(0), group), "somebody else was taken out"

    async def test_members_can_be_brought_in_where_declared(self, platform: Platform) -> None:
        group, somebody = platform.group(0), platform.account(2)
        async with Line(platform) as line:
            adapter = line.adapter
            if not adapter.capabilities.invite:
                with pytest.raises(NotImplementedError):
                    await line.do(adapter.invite(group, somebody))
                return
            for _ in range(2):  # who is in it already raises nothing
                await line.do(adapter.invite(group, somebody))
            assert await platform.is_in(somebody, group)
            assert not await platform.is_in(platform.account(3), group), "somebody else came too"

    async def test_groups_can_be_made_where_declared(self, platform: Platform) -> None:
        async with Line(platform) as line:
            adapter = line.adapter
            if not adapter.capabilities.create_group:
                with pytest.raises(NotImplementedError):
                    await line.do(adapter.create_group("Tea 2", platform.group(0)))
                return
            ident = await line.do(adapter.create_group("Tea 2", platform.group(0)))
            other = await line.do(adapter.create_group("Tea 3", platform.group(0)))
            assert ident != other
            there = dict(await line.do(adapter.groups()))
            told = "a group whose answer was lost is found by its name in groups()"
            assert (there.get(ident), there.get(other)) == ("Tea 2", "Tea 3"), told

    async def test_members_can_be_kept_from_speaking_where_declared(
        self, platform: Platform
    ) -> None:
        group, somebody = platform.group(0), platform.account(1)
        async with Line(platform) as line:
            adapter = line.adapter
            if not adapter.capabilities.mute:
                with pytest.raises(NotImplementedError):
                    await line.do(adapter.mute(group, somebody, 60))
                return
            await line.do(adapter.mute(group, somebody, 60))
            assert not await platform.may_speak(somebody, group)
            assert await platform.may_speak(platform.account(0), group), "it was somebody else"
            await line.do(adapter.mute(group, somebody, 0))
            assert await platform.may_speak(somebody, group)
