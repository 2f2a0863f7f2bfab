"""The AI-bot adapter on its long connection: staying connected, hearing, and being told apart."""

from __future__ import annotations

import asyncio

import pytest

from bot.model.delivery import Retry
from bot.model.event import ActionChosen, MessageReceived
from bot.model.message import File, Image, Mention, Text
from bot.testing.wecom_bot import AiBotServer, Variants

from ..clock import MovableClock
from .bot import Bot, online


async def test_a_member_asks_in_a_group_and_in_a_chat() -> None:
    async with online(name="茶 小二") as (wecom, bot):
        await wecom.says("ZhangSan", "@茶 小二 几点开门", group="wrCaseMatters")
        await wecom.says("zhangsan", "在吗", quote={"msgtype": "text", "text": {"content": "旧"}})
        asked, direct = await bot.next(), await bot.next()
        assert isinstance(asked, MessageReceived)
        assert isinstance(direct, MessageReceived)
        assert (asked.group, asked.account.id) == ("wrCaseMatters", "ZhangSan")
        assert asked.message.text == "几点开门"
        assert isinstance(asked.message.segments[0], Mention)
        assert (direct.group, direct.account.id) == (None, "zhangsan")
        assert direct.message.segments == (Text(text="在吗"),)
        assert asked.to_bot
        assert direct.to_bot


async def test_without_its_name_only_a_call_at_the_start_is_cut() -> None:
    async with online() as (wecom, bot):
        await wecom.says("z", "@小二 几点开门", group="g")
        await wecom.says("z", "mail a@b.example", group="g")
        first, second = await bot.next(), await bot.next()
        assert isinstance(first, MessageReceived)
        assert isinstance(second, MessageReceived)
        assert first.message.text == "几点开门"
        assert second.message.text == "mail a@b.example"


async def test_pictures_files_voice_and_mixed_messages_come_through() -> None:
    url = "https://ww.example/blob"
    async with online() as (wecom, bot):
        await wecom.says("z", "", msgtype="image", image={"url": url, "aeskey": "k"})
        await wecom.says("z", "", msgtype="file", file={"url": url})
        await wecom.says("z", "", msgtype="voice", voice={"content": "说的话"})
        mixed = [
            {"msgtype": "text", "text": {"content": "看"}},
            {"msgtype": "image", "image": {"url": url}},
        ]
        await wecom.says("z", "", msgtype="mixed", mixed={"msg_item": mixed})
        found = []
        for _ in range(4):
            event = await bot.next()
            assert isinstance(event, MessageReceived)
            found.append(event.message.segments)
        assert found == [
            (Image(url=url),),
            (File(url=url, name="file"),),
            (Text(text="说的话"),),
            (Text(text="看"), Image(url=url)),
        ]


async def test_a_card_click_an_opened_chat_and_feedback_are_actions() -> None:
    async with online() as (wecom, bot):
        await wecom.clicks("z", "sign-up", group="g")
        await wecom.enters("z")
        await wecom.rates("z", "f1", 2)
        actions = [event async for event in _next(bot, 3)]
        assert [event.action for event in actions] == ["sign-up", "enter_chat", "feedback:f1:2"]
        assert [event.group for event in actions] == ["g", None, None]


async def _next(bot: Bot, times: int):  # type: ignore[no-untyped-def]
    for _ in range(times):
        event = await bot.next()
        assert isinstance(event, ActionChosen)
        yield event


async def test_what_is_malformed_or_unknown_is_skipped_and_the_connection_stays() -> None:
    async with online() as (wecom, bot):
        await wecom.tell("{nonsense")
        await wecom.tell({"cmd": "aibot_msg_callback", "headers": [], "body": [1]})
        await wecom.tell({"cmd": "aibot_msg_callback", "body": {"msgtype": "text"}})
        body = {"from": {"userid": "z"}, "msgtype": "event", "event": {"eventtype": "new"}}
        await wecom.tell({"cmd": "aibot_event_callback", "headers": {"req_id": "x"}, "body": body})
        await wecom.tell({"headers": {"req_id": "nobody-waits"}, "errcode": 0})
        await wecom.says("z", "好")
        event = await bot.next()
        assert isinstance(event, MessageReceived)
        assert event.message.text == "好"
        assert wecom.connections == 1


async def test_pings_keep_a_quiet_connection() -> None:
    async with online() as (wecom, bot):
        for ping in range(1, 6):
            await bot.clock.advance(30)
            await wecom.until("ping", ping)
        assert bot.status.state == "online"
        assert wecom.connections == 1


async def test_two_pings_without_answer_end_a_connection() -> None:
    async with online() as (wecom, bot):
        wecom.faults.deaf = True
        await bot.clock.advance(30)
        await wecom.until("ping", 1)
        await bot.clock.advance(30)
        await wecom.until("ping", 2)
        assert bot.status.state == "online"
        await bot.clock.advance(30)
        await bot.becomes("waiting", "2 pings were not acknowledged")
        wecom.faults.deaf = False
        await bot.flies("online")
        assert wecom.connections == 2


async def test_a_lost_connection_is_made_again() -> None:
    async with online() as (wecom, bot):
        await wecom.cut()
        await bot.becomes("waiting", "WeCom closed the connection")
        with pytest.raises(Retry, match="not connected"):
            await bot.say("hello", account="z")
        await bot.flies("online")
        await wecom.says("z", "back?")
        assert isinstance(await bot.next(), MessageReceived)


@pytest.mark.parametrize("closes", [True, False])
async def test_whoever_is_evicted_does_not_come_back(closes: bool) -> None:
    async with online(Variants(closes_evicted=closes)) as (wecom, bot):
        login = {"url": wecom.url, "bot_id": wecom.bot_id, "secret": wecom.secret}
        async with Bot(MovableClock(), **login) as other:
            await other.becomes("online")
            await bot.becomes("misconfigured", "another program has connected")
            with pytest.raises(Retry, match="another program"):
                await bot.say("hello", account="z")
            for _ in range(200):
                await bot.clock.advance(1)
            assert other.status.state == "online"
            assert wecom.connections == 2


async def test_a_wrong_secret_is_told_and_not_tried_in_haste() -> None:
    clock = MovableClock()
    async with (
        AiBotServer(clock) as wecom,
        Bot(clock, url=wecom.url, bot_id="bot-1", secret="a-wrong-one") as bot,
    ):
        await bot.becomes("misconfigured", "bot_id or secret is wrong")
        assert "a-wrong-one" not in bot.status.last_error
        await clock.advance(59)
        assert wecom.connections == 1


async def test_an_address_where_nobody_listens_is_told() -> None:
    async with Bot(MovableClock(), url="ws://127.0.0.1:9", bot_id="b", secret="s") as bot:
        await bot.becomes("waiting", "cannot connect to WeCom")


async def test_a_subscription_that_is_lost_is_made_again() -> None:
    async with online() as (wecom, bot):
        await wecom.says("z", "hi")
        await bot.next()
        await wecom.unsubscribe()
        with pytest.raises(Retry) as error:
            await bot.say("hello", account="z", priority="notice")
        assert error.value.scope == "account"
        await bot.flies("online", "unsubscribed")
        await bot.say("hello", account="z", priority="notice")
        assert [shown.text for shown in wecom.shown] == ["hello"]


async def test_closing_leaves_nothing_behind() -> None:
    async with online() as (wecom, bot):
        wecom.faults.ack_delay = 3600
        waiting = asyncio.create_task(bot.say("hello", account="z"))
        await wecom.until("aibot_send_msg")
    with pytest.raises(Exception, match="the connection ended before the answer"):
        await waiting
