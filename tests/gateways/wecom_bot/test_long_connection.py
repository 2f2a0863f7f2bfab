"""The AI-bot adapter on its long connection: staying connected, hearing, and being told apart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from bot.gateways.wecom_bot.files import MOST
from bot.model.delivery import Retry
from bot.model.event import ActionChosen, ChatOpened, MessageReceived
from bot.model.message import File, Image, Mention, Text, Video
from bot.store.address import unix
from bot.store.store import Store
from bot.testing.clock import TestClock
from bot.testing.wecom_bot import AiBotServer, Variants

from ..clock import MovableClock
from .bot import Bot, online

PNG = b"\x89PNG\r\n\x1a\npicture"
CLOSED = "the file cannot be decrypted"


async def test_a_member_asks_in_a_group_and_in_a_chat(store: Store) -> None:
    async with online(store, name="茶 小二") as (wecom, bot):
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


async def test_without_its_name_only_a_call_at_the_start_is_cut(store: Store) -> None:
    async with online(store) as (wecom, bot):
        await wecom.says("z", "@小二 几点开门", group="g")
        await wecom.says("z", "mail a@b.example", group="g")
        first, second = await bot.next(), await bot.next()
        assert isinstance(first, MessageReceived)
        assert isinstance(second, MessageReceived)
        assert first.message.text == "几点开门"
        assert second.message.text == "mail a@b.example"


async def test_pictures_files_voice_and_mixed_messages_come_through(store: Store) -> None:
    async with online(store) as (wecom, bot), aiohttp.ClientSession() as session:
        await wecom.sends("z", "image", PNG)
        await wecom.sends("z", "file", b"tea" * 11, "菜单.pdf")  # 33 bytes: nearly whole padding
        await wecom.sends("z", "video", b"film" * 8)  # 32 bytes: a block of padding
        await wecom.says("z", "", msgtype="voice", voice={"content": "说的话"})
        mixed = [
            {"msgtype": "text", "text": {"content": "看"}},
            {"msgtype": "image", "image": wecom.blob(PNG)},
        ]
        await wecom.says("z", "", msgtype="mixed", mixed={"msg_item": mixed})
        image, file, video, voice, both = [await message(bot) for _ in range(5)]
        assert await opened(session, image) == (PNG, "file")
        assert await opened(session, file) == (b"tea" * 11, "菜单.pdf")
        assert await opened(session, video) == (b"film" * 8, "file")
        assert voice.message.segments == (Text(text="说的话"),)
        assert both.message.text == "看"
        assert await opened(session, both) == (PNG, "file")


async def message(bot: Bot) -> MessageReceived:
    event = await bot.next()
    assert isinstance(event, MessageReceived)
    return event


async def opened(session: aiohttp.ClientSession, event: MessageReceived) -> tuple[bytes, str]:
    """What is at the address of the last thing in a message, and its name."""
    segment = event.message.segments[-1]
    assert isinstance(segment, Image | File | Video)
    async with session.get(segment.url) as answer:
        assert answer.status == 200
        assert answer.content_disposition
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        return await answer.read(), answer.content_disposition.filename or ""


async def test_no_address_and_no_key_of_wecoms_is_in_an_event(store: Store) -> None:
    async with online(store) as (wecom, bot):
        await wecom.sends("z", "file", b"tea")
        written = (await message(bot)).model_dump_json()
        assert "q-secret" not in written
        assert wecom.blobs.base not in written
        assert "aeskey" not in written


async def test_a_file_that_comes_twice_has_one_address(store: Store) -> None:
    async with online(store) as (wecom, bot):
        blob = wecom.blob(PNG)
        for _ in range(2):
            await wecom.says("z", "", msgtype="image", image=blob)
        assert (await message(bot)).message == (await message(bot)).message


async def test_what_cannot_be_opened_says_why(store: Store) -> None:
    async with online(store) as (wecom, bot), aiohttp.ClientSession() as session:

        async def refusal(blob: dict[str, str]) -> tuple[int, str]:
            await wecom.says("z", "", msgtype="image", image=blob)
            [segment] = (await message(bot)).message.segments
            assert isinstance(segment, Image)
            async with session.get(segment.url) as answer:
                return answer.status, await answer.text()

        other = wecom.blob(PNG)["aeskey"]
        assert await refusal(wecom.blob(PNG) | {"aeskey": other}) == (502, CLOSED)
        assert await refusal(wecom.blob(PNG) | {"aeskey": "short"}) == (502, CLOSED)
        assert (await refusal(wecom.blob(b"x" * (MOST + 64))))[1].startswith("larger than")
        assert (await refusal({"url": "nowhere"}))[0] == 502
        gone = wecom.blob(PNG)
        await bot.clock.advance(300)
        assert (await refusal(gone))[1] == "WeCom does not give the file (HTTP 403)"
        async with session.get(f"{bot.url}?file=made-up") as answer:
            assert answer.status == 404


async def test_an_address_is_forgotten_with_wecoms_own(store: Store) -> None:
    async with online(store) as (wecom, bot):
        await wecom.sends("z", "file", b"tea")
        await message(bot)
        [name] = await store.texts("KEYS", store.keys.wecom_bot_file("bot", "*"))
        assert 0 < await store.call("TTL", name) <= 300


async def test_a_quoted_message_comes_with_its_answer(store: Store) -> None:
    async with online(store) as (wecom, bot), aiohttp.ClientSession() as session:
        quote = {"msgtype": "image", "image": wecom.blob(PNG)}
        await wecom.says("z", "@小二 这是什么", group="g", quote=quote)
        asked = await message(bot)
        assert asked.message.text == "这是什么"
        assert asked.quote
        assert await opened(session, asked.model_copy(update={"message": asked.quote})) == (
            PNG,
            "file",
        )
        await wecom.says("z", "没有")
        assert (await message(bot)).quote is None


async def test_a_card_click_an_opened_chat_and_feedback_are_told(store: Store) -> None:
    async with online(store) as (wecom, bot):
        await wecom.clicks("z", "sign-up", group="g")
        await wecom.enters("z")
        await wecom.rates("z", "f1", 2)
        click, opening, feedback = [await bot.next() for _ in range(3)]
        assert isinstance(click, ActionChosen)
        assert isinstance(opening, ChatOpened)
        assert isinstance(feedback, ActionChosen)
        assert [click.action, feedback.action] == ["sign-up", "feedback:f1:2"]
        assert [event.group for event in (click, opening, feedback)] == ["g", None, None]


async def test_what_is_malformed_or_unknown_is_skipped_and_the_connection_stays(
    store: Store,
) -> None:
    async with online(store) as (wecom, bot):
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


async def test_pings_keep_a_quiet_connection(store: Store) -> None:
    async with online(store) as (wecom, bot):
        for ping in range(1, 6):
            await bot.clock.advance(30)
            await wecom.until("ping", ping)
        assert bot.status.state == "online"
        assert wecom.connections == 1


async def test_where_a_server_wants_signs_of_life_more_often_they_are_given(store: Store) -> None:
    async with online(store, Variants(heartbeat=5), ping_seconds=3) as (wecom, bot):
        await bot.clock.advance(3)
        await wecom.until("ping", 1)
        assert bot.status.state == "online"


async def test_two_pings_without_answer_end_a_connection(store: Store) -> None:
    async with online(store) as (wecom, bot):
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


async def test_a_lost_connection_is_made_again(store: Store) -> None:
    async with online(store) as (wecom, bot):
        await wecom.cut()
        await bot.becomes("waiting", "WeCom closed the connection")
        with pytest.raises(Retry, match="not connected"):
            await bot.say("hello", account="z")
        await bot.flies("online")
        await wecom.says("z", "back?")
        assert isinstance(await bot.next(), MessageReceived)


@pytest.mark.parametrize("closes", [True, False])
async def test_whoever_is_evicted_does_not_come_back(
    store: Store, valkey: str, closes: bool
) -> None:
    variants = Variants(closes_evicted=closes)
    async with (
        online(store, variants) as (wecom, bot),
        elsewhere(valkey) as theirs,
        Bot(theirs, MovableClock(), **login(wecom)) as other,
    ):
        await other.becomes("online")
        await bot.becomes("misconfigured", "another program has connected")
        assert bot.status.remedy.startswith("Stop that program, then try again")
        with pytest.raises(Retry, match="another program"):
            await bot.say("hello", account="z")
        for _ in range(200):
            await bot.clock.advance(1)
        assert other.status.state == "online"
        assert wecom.connections == 2


def login(wecom: AiBotServer) -> dict[str, str]:
    return {"url": wecom.url, "bot_id": wecom.bot_id, "secret": wecom.secret}


@asynccontextmanager
async def elsewhere(valkey: str) -> AsyncIterator[Store]:
    """The store of another Muster, which knows nothing of ours."""
    theirs = Store(unix(valkey), "elsewhere", TestClock())
    await theirs.open()
    try:
        yield theirs
    finally:
        await theirs.close()


async def evicted(wecom: AiBotServer, bot: Bot, theirs: Store) -> None:
    """Another program takes the bot over, for a moment."""
    async with Bot(theirs, MovableClock(), **login(wecom)) as other:
        await other.becomes("online")
        await bot.becomes("misconfigured")


async def test_a_node_that_takes_over_from_an_evicted_one_stays_away_until_restarted(
    store: Store, valkey: str
) -> None:
    async with online(store) as (wecom, bot), elsewhere(valkey) as theirs:
        await bot.clock.advance(1)
        waiting = Bot(store, bot.clock, **login(wecom))  # running, without the lease
        await bot.clock.advance(1)
        await evicted(wecom, bot, theirs)
        await bot.connection.stop()
        async with waiting:
            await waiting.becomes("misconfigured", "another program has connected")
            assert wecom.connections == 2
        await bot.clock.advance(1)
        for _ in range(2):  # once it was restarted, any connection is as good as the first
            async with Bot(store, bot.clock, **login(wecom)) as restarted:
                await restarted.becomes("online")


async def test_an_operator_who_stopped_the_other_program_lets_the_bot_try_again(
    store: Store, valkey: str
) -> None:
    async with online(store) as (wecom, bot), elsewhere(valkey) as theirs:
        assert bot.adapter.exclusive
        assert not bot.adapter.capabilities.refresh
        await evicted(wecom, bot, theirs)
        assert bot.adapter.capabilities.refresh
        await bot.adapter.refresh()
        bot.connection.retry()
        await bot.becomes("online")


async def test_a_node_evicted_by_another_of_ours_leaves_the_bot_to_it(store: Store) -> None:
    lease = store.keys.gateway_owner("bot")
    await store.call("SET", lease, "first", "EX", 60)
    async with online(store) as (wecom, first):
        await store.call("SET", lease, "second", "EX", 60)  # the first has slept through its lease
        async with Bot(store, first.clock, **login(wecom)) as second:
            await second.becomes("online")
            await first.becomes("misconfigured")
            await wecom.cut()
            await second.becomes("waiting")
            await second.flies("online")
            assert first.status.state == "misconfigured"


async def test_a_wrong_secret_is_told_and_not_tried_in_haste(store: Store) -> None:
    clock = MovableClock()
    async with (
        AiBotServer(clock) as wecom,
        Bot(store, clock, url=wecom.url, bot_id="bot-1", secret="a-wrong-one") as bot,
    ):
        await bot.becomes("misconfigured", "bot_id or secret is wrong")
        assert "a-wrong-one" not in bot.status.last_error
        await clock.advance(59)
        assert wecom.connections == 1


async def test_an_address_where_nobody_listens_is_told(store: Store) -> None:
    async with Bot(store, MovableClock(), url="ws://127.0.0.1:9", bot_id="b", secret="s") as bot:
        await bot.becomes("waiting", "cannot connect to WeCom")


async def test_a_subscription_that_is_lost_is_made_again(store: Store) -> None:
    async with online(store) as (wecom, bot):
        await wecom.says("z", "hi")
        await bot.next()
        await wecom.unsubscribe()
        with pytest.raises(Retry) as error:
            await bot.say("hello", account="z", priority="notice")
        assert error.value.scope == "account"
        await bot.flies("online", "unsubscribed")
        await bot.say("hello", account="z", priority="notice")
        assert [shown.text for shown in wecom.shown] == ["hello"]


async def test_closing_leaves_nothing_behind(store: Store) -> None:
    async with online(store) as (wecom, bot):
        wecom.faults.ack_delay = 3600
        waiting = asyncio.create_task(bot.say("hello", account="z"))
        await wecom.until("aibot_send_msg")
    with pytest.raises(Exception, match="the connection ended before the answer"):
        await waiting
