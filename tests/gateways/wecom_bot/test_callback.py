"""The AI-bot adapter by callbacks: verified, told, and answering in streams and once later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.model.delivery import Refused
from bot.model.event import ActionChosen, MessageReceived
from bot.testing.wecom_bot import Caller
from bot.testing.wecom_bot.caller import AES_KEY, TOKEN

from ..clock import MovableClock, settle
from .bot import Bot


@asynccontextmanager
async def called(receive_id: str = "", **settings: Any) -> AsyncIterator[tuple[Caller, Bot]]:
    clock = MovableClock()
    login = {"mode": "callback", "token": TOKEN, "aes_key": AES_KEY}
    async with Caller(clock, receive_id) as wecom, Bot(clock, **(login | settings)) as bot:
        wecom.url = bot.url
        yield wecom, bot


async def test_the_address_is_verified_and_the_gateway_then_online() -> None:
    async with called() as (wecom, bot):
        await bot.becomes("connecting", "WeCom has not called yet")
        assert await wecom.verify("8213你好") == "8213你好"
        await bot.becomes("online")


async def test_a_message_opens_a_stream_that_holds_the_answer() -> None:
    async with called() as (wecom, bot):
        message = wecom.message("z", "@小二 几点开门", group="wrAbc")
        opened = await wecom.post(message)
        assert opened["stream"] == {"id": message["msgid"], "finish": False, "content": "…"}
        event = await bot.next()
        assert isinstance(event, MessageReceived)
        assert (event.group, event.message.text) == ("wrAbc", "几点开门")

        first = asyncio.create_task(bot.say("9:00", group="wrAbc"))
        await settle()
        stream = await wecom.poll(message["msgid"])
        assert (stream["content"], stream["finish"]) == ("9:00", False)
        await first

        second = asyncio.create_task(bot.say("周一休息", group="wrAbc"))
        await settle()
        assert (await wecom.poll(message["msgid"]))["content"] == "9:00\n\n周一休息"
        await second
        await bot.clock.advance(3)
        last = await wecom.poll(message["msgid"])
        assert (last["content"], last["finish"]) == ("9:00\n\n周一休息", True)


async def test_a_message_nobody_answers_is_let_go() -> None:
    async with called(waiting_text="稍等", patience=20) as (wecom, bot):
        message = wecom.message("z", "hi")
        await wecom.post(message)
        assert not (await wecom.poll(message["msgid"]))["finish"]
        await bot.clock.advance(20)
        stream = await wecom.poll(message["msgid"])
        assert (stream["content"], stream["finish"]) == ("稍等", True)
        assert (await wecom.poll("of-a-former-life"))["finish"]


async def test_a_later_answer_goes_out_once_by_each_message() -> None:
    async with called() as (wecom, bot):
        await wecom.post(wecom.message("z", "hi"))
        await bot.clock.advance(600)
        await bot.say("later", account="z", priority="notice")
        assert wecom.later == [{"msgtype": "markdown", "markdown": {"content": "later"}}]
        with pytest.raises(Refused, match="can only answer"):
            await bot.say("again", account="z")
        with pytest.raises(Refused, match="can only answer"):
            await bot.say("hello", account="nobody")


async def test_after_an_hour_nothing_can_be_answered() -> None:
    async with called() as (wecom, bot):
        await wecom.post(wecom.message("z", "hi"))
        await bot.clock.advance(3600)
        with pytest.raises(Refused):
            await bot.say("later", account="z")
        assert wecom.later == []


async def test_words_wecom_does_not_ask_for_go_out_later() -> None:
    async with called() as (wecom, bot):
        message = wecom.message("z", "hi")
        await wecom.post(message)
        saying = asyncio.create_task(bot.say("hello", account="z"))
        await settle()
        await bot.clock.advance(10)
        await saying
        assert [one["markdown"]["content"] for one in wecom.later] == ["hello"]
        assert (await wecom.poll(message["msgid"]))["content"] == "…"


async def test_a_message_that_comes_twice_is_one_event_and_one_stream() -> None:
    async with called() as (wecom, bot):
        message = wecom.message("z", "hi")
        assert await wecom.post(message) == await wecom.post(message)
        await bot.next()
        assert bot.events.empty()


async def test_who_opens_the_chat_is_greeted_in_the_answer() -> None:
    async with called() as (wecom, bot):
        posting = asyncio.create_task(wecom.post(wecom.entered("z")))
        event = await bot.next()
        assert isinstance(event, ActionChosen)
        await bot.say("欢迎", account="z")
        assert await posting == {"msgtype": "text", "text": {"content": "欢迎"}}


async def test_an_opened_chat_without_greeting_is_acknowledged_in_time() -> None:
    async with called() as (wecom, bot):
        posting = asyncio.create_task(wecom.post(wecom.entered("z")))
        await bot.next()
        await bot.clock.advance(4)
        assert await posting is None


async def test_an_event_is_acknowledged_only_once_it_is_kept() -> None:
    async with called() as (wecom, bot):
        bot.away = True
        message = wecom.message("z", "hi")
        assert await wecom.post(message) == 503
        bot.away = False
        assert (await wecom.post(message))["stream"]["id"] == message["msgid"]
        await bot.next()


@pytest.mark.parametrize(
    "spoilt", [{"msg_signature": "0" * 40}, {"timestamp": "1"}, {"encrypt": "AAAA"}]
)
async def test_what_is_not_signed_is_refused(spoilt: dict[str, str]) -> None:
    async with called() as (wecom, bot):
        assert await wecom.post(wecom.message("z", "hi"), **spoilt) == 403
        assert bot.events.empty()


async def test_what_is_meant_for_another_is_refused() -> None:
    async with called(receive_id="ww-other") as (wecom, bot):
        assert await wecom.post(wecom.message("z", "hi")) == 403
        assert bot.events.empty()


async def test_unknown_events_are_acknowledged() -> None:
    async with called() as (wecom, bot):
        body = wecom.message("z", "", msgtype="event", event={"eventtype": "new"})
        assert await wecom.post(body) is None
        assert bot.events.empty()
        assert await wecom.post({"msgtype": "text"}) == 400
