"""The AI-bot adapter by callbacks: verified, told, and answering in streams and once later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import pytest

from bot.gateways.wecom_bot.exchanges import Exchanges
from bot.model.conversation import Conversation
from bot.model.delivery import InDoubt, Refused, Retry
from bot.model.event import ChatOpened, MessageReceived
from bot.model.message import File
from bot.store.line import StoreAway
from bot.store.store import Store
from bot.testing.wecom_bot import Caller
from bot.testing.wecom_bot.caller import AES_KEY, TOKEN

from ..clock import MovableClock
from .bot import Bot


@asynccontextmanager
async def called(
    store: Store, receive_id: str = "", life: float = 3600.0, **settings: Any
) -> AsyncIterator[tuple[Caller, Bot]]:
    clock = MovableClock()
    async with Caller(clock, receive_id, life) as wecom, node(store, clock, **settings) as bot:
        wecom.url = bot.url
        yield wecom, bot


def node(store: Store, clock: MovableClock, **settings: Any) -> Bot:
    login = {"mode": "callback", "token": TOKEN, "aes_key": AES_KEY}
    return Bot(store, clock, **(login | settings))


async def shows(wecom: Caller, stream: str, words: str) -> Mapping[str, Any]:
    """Ask for a stream, as WeCom does, until it says these words; what it is then."""
    async with asyncio.timeout(10):
        while True:
            shown = await wecom.poll(stream)
            if shown["content"] == words:
                return shown
            await asyncio.sleep(0.005)


async def kept(store: Store, text: str, **to: str) -> None:
    """Wait until words are kept for WeCom to ask for."""
    where = Conversation(gateway="bot", **to)
    async with asyncio.timeout(10):
        while not any(text in one.text for _, one in await Exchanges("bot", store).of(where)):
            await asyncio.sleep(0.005)


async def test_the_address_is_verified_and_the_gateway_then_online(store: Store) -> None:
    async with called(store) as (wecom, bot):
        await bot.becomes("connecting", "WeCom has not called yet")
        assert await wecom.verify("8213你好") == "8213你好"
        await bot.becomes("online")


async def test_a_message_opens_a_stream_that_holds_the_answer(store: Store) -> None:
    async with called(store) as (wecom, bot):
        opened = await wecom.post(wecom.message("z", "@小二 几点开门", group="wrAbc"))
        stream = opened["stream"]["id"]
        assert opened["stream"] == {"id": stream, "finish": False, "content": "…"}
        event = await bot.next()
        assert isinstance(event, MessageReceived)
        assert (event.group, event.message.text) == ("wrAbc", "几点开门")

        first = asyncio.create_task(bot.say("9:00", group="wrAbc"))
        assert not (await shows(wecom, stream, "9:00"))["finish"]
        await first

        second = asyncio.create_task(bot.say("周一休息", group="wrAbc"))
        await shows(wecom, stream, "9:00\n\n周一休息")
        await second
        await bot.clock.advance(3)
        last = await wecom.poll(stream)
        assert (last["content"], last["finish"]) == ("9:00\n\n周一休息", True)


async def test_a_message_nobody_answers_is_let_go(store: Store) -> None:
    async with called(store, waiting_text="稍等", patience=20) as (wecom, bot):
        name = (await wecom.post(wecom.message("z", "hi")))["stream"]["id"]
        assert not (await wecom.poll(name))["finish"]
        await bot.clock.advance(20)
        stream = await wecom.poll(name)
        assert (stream["content"], stream["finish"]) == ("稍等", True)
        assert (await wecom.poll("of-a-former-life"))["finish"]


async def test_a_later_answer_goes_out_once_by_each_message(store: Store) -> None:
    async with called(store) as (wecom, bot):
        await wecom.post(wecom.message("z", "hi"))
        await bot.clock.advance(600)
        await bot.say("later", account="z", priority="notice")
        assert wecom.later == [{"msgtype": "markdown", "markdown": {"content": "later"}}]
        with pytest.raises(Refused, match="can only answer"):
            await bot.say("again", account="z")
        with pytest.raises(Refused, match="can only answer"):
            await bot.say("hello", account="nobody")


async def test_after_an_hour_nothing_can_be_answered(store: Store) -> None:
    async with called(store) as (wecom, bot):
        await wecom.post(wecom.message("z", "hi"))
        await bot.clock.advance(3600)
        with pytest.raises(Refused):
            await bot.say("later", account="z")
        assert wecom.later == []


async def test_words_wecom_does_not_ask_for_go_out_later(store: Store) -> None:
    async with called(store) as (wecom, bot):
        name = (await wecom.post(wecom.message("z", "hi")))["stream"]["id"]
        saying = asyncio.create_task(bot.say("hello", account="z"))
        await kept(store, "hello", account="z")
        await bot.clock.advance(10)
        await saying
        assert [one["markdown"]["content"] for one in wecom.later] == ["hello"]
        assert (await wecom.poll(name))["content"] == "…"


async def test_a_message_that_comes_twice_is_one_event_and_one_stream(store: Store) -> None:
    async with called(store) as (wecom, bot):
        message = wecom.message("z", "hi")
        assert await wecom.post(message) == await wecom.post(message)
        await bot.next()
        assert bot.events.empty()


async def test_who_opens_the_chat_is_greeted_in_the_answer(store: Store) -> None:
    async with called(store) as (wecom, bot):
        posting = asyncio.create_task(wecom.post(wecom.entered("z")))
        event = await bot.next()
        assert isinstance(event, ChatOpened)
        await bot.say("欢迎", account="z")
        assert await posting == {"msgtype": "text", "text": {"content": "欢迎"}}


async def test_an_opened_chat_without_greeting_is_acknowledged_in_time(store: Store) -> None:
    async with called(store) as (wecom, bot):
        posting = asyncio.create_task(wecom.post(wecom.entered("z")))
        await bot.next()
        await bot.clock.advance(4)
        assert await posting is None


async def test_an_event_is_acknowledged_only_once_it_is_kept(store: Store) -> None:
    async with called(store) as (wecom, bot):
        bot.away = True
        message = wecom.message("z", "hi")
        assert await wecom.post(message) == 503
        bot.away = False
        assert message["msgid"] in (await wecom.post(message))["stream"]["id"]
        await bot.next()


@pytest.mark.parametrize(
    "spoilt", [{"msg_signature": "0" * 40}, {"timestamp": "1"}, {"encrypt": "AAAA"}]
)
async def test_what_is_not_signed_is_refused(store: Store, spoilt: dict[str, str]) -> None:
    async with called(store) as (wecom, bot):
        assert await wecom.post(wecom.message("z", "hi"), **spoilt) == 403
        assert bot.events.empty()


async def test_what_is_meant_for_another_is_refused(store: Store) -> None:
    async with called(store, receive_id="ww-other") as (wecom, bot):
        assert await wecom.post(wecom.message("z", "hi")) == 403
        assert bot.events.empty()


async def test_unknown_events_are_acknowledged(store: Store) -> None:
    async with called(store) as (wecom, bot):
        body = wecom.message("z", "", msgtype="event", event={"eventtype": "new"})
        assert await wecom.post(body) is None
        assert bot.events.empty()
        assert await wecom.post({"msgtype": "text"}) == 400


# several nodes behind one address


async def test_any_node_answers_and_any_node_is_asked(store: Store) -> None:
    async with called(store) as (wecom, first), node(store, first.clock) as second:
        assert not first.adapter.exclusive
        name = (await wecom.post(wecom.message("z", "hi")))["stream"]["id"]
        wecom.url = second.url
        saying = asyncio.create_task(first.say("hello", account="z"))
        await shows(wecom, name, "hello")
        await saying
        wecom.url = first.url
        assert (await wecom.poll(name))["content"] == "hello"


async def test_a_greeting_of_another_node_is_in_the_answer(store: Store) -> None:
    async with called(store) as (wecom, first), node(store, first.clock) as second:
        posting = asyncio.create_task(wecom.post(wecom.entered("z")))
        await first.next()
        await second.say("欢迎", account="z", priority="welcome")
        assert await posting == {"msgtype": "text", "text": {"content": "欢迎"}}
        with pytest.raises(Refused):
            await second.say("欢迎", account="z", priority="welcome")


async def test_a_restart_loses_no_open_answer(store: Store) -> None:
    async with called(store) as (wecom, before):
        name = (await wecom.post(wecom.message("z", "hi")))["stream"]["id"]
        await before.next()
        async with node(store, before.clock) as after:
            await before.connection.stop()
            wecom.url = after.url
            saying = asyncio.create_task(after.say("hello", account="z"))
            await shows(wecom, name, "hello")
            await saying


async def test_what_a_killed_node_had_said_is_not_said_twice(store: Store) -> None:
    async with called(store) as (wecom, killed), node(store, killed.clock) as other:
        name = (await wecom.post(wecom.message("z", "hi")))["stream"]["id"]
        saying = asyncio.create_task(killed.say("hello", account="z", id="d7"))
        await kept(store, "hello", account="z")
        saying.cancel()
        again = asyncio.create_task(other.say("hello", account="z", id="d7"))
        await shows(wecom, name, "hello")
        await again
        await other.say("hello", account="z", id="d7")
        assert (await wecom.poll(name))["content"] == "hello"
        assert wecom.later == []


async def test_two_nodes_never_use_one_later_answer_both(store: Store) -> None:
    async with called(store) as (wecom, first), node(store, first.clock) as second:
        await wecom.post(wecom.message("z", "hi"))
        await first.clock.advance(600)
        both = (first.say("one", account="z", id="d1"), second.say("two", account="z", id="d2"))
        ends = await asyncio.gather(*both, return_exceptions=True)
        assert sorted(type(end).__name__ for end in ends) == ["Receipt", "Refused"]
        assert len(wecom.later) == 1


@pytest.mark.parametrize(("seconds", "posted"), [(300, 0), (3600, 1)])
async def test_a_later_answer_is_tried_as_long_as_is_set(
    store: Store, seconds: float, posted: int
) -> None:
    async with called(store, answer_seconds=seconds) as (wecom, bot):
        await wecom.post(wecom.message("z", "hi"))
        await bot.clock.advance(400)
        with suppress(Refused):
            await bot.say("later", account="z")
        assert len(wecom.later) == posted


async def test_a_later_answer_wecom_gives_up_earlier_than_set_is_refused(store: Store) -> None:
    async with called(store, life=300) as (wecom, bot):
        await wecom.post(wecom.message("z", "hi"))
        await bot.clock.advance(400)
        with pytest.raises(Refused, match="answered no more"):
            await bot.say("later", account="z")


async def test_nobody_at_the_address_of_a_later_answer_leaves_it_unused(store: Store) -> None:
    async with called(store) as (wecom, bot):
        message = wecom.message("z", "hi", response_url="http://127.0.0.1:9/")
        await wecom.post(message)
        await bot.clock.advance(600)
        for _ in range(2):
            with pytest.raises(Retry, match="cannot be reached"):
                await bot.say("later", account="z")


async def test_a_later_answer_nobody_acknowledges_is_in_doubt_and_used_up(store: Store) -> None:
    async with called(store) as (wecom, bot):
        message = wecom.message("z", "hi")
        message["response_url"] = bot.url  # answers what is no JSON
        await wecom.post(message)
        await bot.clock.advance(600)
        with pytest.raises(InDoubt):
            await bot.say("later", account="z")
        with pytest.raises(Refused):
            await bot.say("later", account="z")


async def test_without_the_store_nothing_is_acknowledged_and_a_send_waits(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> object:
        raise StoreAway("the connection ended")

    async with called(store) as (wecom, bot):
        message = wecom.message("z", "hi")
        with monkeypatch.context() as while_away:
            while_away.setattr(store, "table", away)
            assert await wecom.post(message) == 503
            with pytest.raises(Retry, match="store is away"):
                await bot.say("hello", account="z")
        assert (await wecom.post(message))["stream"]
        await bot.next()


async def test_only_the_last_messages_of_a_conversation_are_kept(store: Store) -> None:
    async with called(store) as (wecom, bot):
        for number in range(25):
            await wecom.post(wecom.message("z", f"{number}"))
            await bot.clock.advance(1)
        where = Conversation(gateway="bot", account="z")
        assert len(await Exchanges("bot", store).of(where)) == 10


@pytest.mark.parametrize(("window", "status"), [(3600, 403), (0, None)])
async def test_a_call_from_long_ago_is_refused_as_set(
    store: Store, window: int, status: int | None
) -> None:
    async with called(store, replay_window=window) as (wecom, bot):
        entered = wecom.entered("z") | {"event": {"eventtype": "new"}}
        await bot.clock.advance(7200)
        wecom.clock = MovableClock()  # two hours behind
        assert await wecom.post(entered) == status


# what comes with messages


async def test_a_file_is_fetched_and_decrypted_when_it_is_opened(store: Store) -> None:
    async with called(store) as (wecom, bot), aiohttp.ClientSession() as session:
        await wecom.post(wecom.sent("z", "file", b"tea" * 1000, "菜单.pdf"))
        event = await bot.next()
        assert isinstance(event, MessageReceived)
        [file] = event.message.segments
        assert isinstance(file, File)
        assert wecom.blobs.counts == 0
        async with session.get(file.url) as answer:
            assert await answer.read() == b"tea" * 1000


async def test_a_quoted_message_comes_with_its_answer(store: Store) -> None:
    async with called(store) as (wecom, bot):
        quote = {"msgtype": "text", "text": {"content": "周三几点？"}}
        await wecom.post(wecom.message("z", "九点") | {"quote": quote})
        event = await bot.next()
        assert isinstance(event, MessageReceived)
        assert event.quote
        assert (event.message.text, event.quote.text) == ("九点", "周三几点？")
