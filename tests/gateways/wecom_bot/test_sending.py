"""The AI-bot adapter sending: replies, greetings, pushes, files, and what becomes of failures."""

from __future__ import annotations

import asyncio
import base64

import pytest
from aiohttp import web

from bot.model.delivery import InDoubt, Misconfigured, Refused, Retry, SendError
from bot.model.message import File, Image, LinkCard, Mention
from bot.store.store import Store
from bot.testing.wecom_bot import AiBotServer, Variants

from .bot import Bot, online

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"
PICTURE = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"


async def passes(wecom: AiBotServer, bot: Bot, seconds: int) -> None:
    """Let time pass on a quiet connection."""
    for ping in range(1, seconds // 30 + 1):
        await bot.clock.advance(30)
        await wecom.until("ping", ping)


async def test_a_reply_answers_the_message_and_a_notice_is_written_first(store: Store) -> None:
    async with online(store) as (wecom, bot):
        req_id = await wecom.says("z", "几点开门", group="g")
        await bot.next()
        await bot.say(Mention(account="z", name="小明"), "9:00", group="g")
        await bot.say("**公告**", group="g", priority="notice")
        reply, notice = wecom.shown
        assert (reply.cmd, reply.text) == ("aibot_respond_msg", "@小明 9:00")
        assert (notice.cmd, notice.text) == ("aibot_send_msg", "**公告**")
        assert notice.body["chat_type"] == 2
        [frame] = [one for one in wecom.frames if one["cmd"] == "aibot_respond_msg"]
        assert frame["headers"] == {"req_id": req_id}


async def test_a_bot_cannot_write_first_where_nobody_wrote(store: Store) -> None:
    async with online(store) as (wecom, bot):
        wecom.world.chat("z")
        with pytest.raises(Refused, match="only where somebody wrote"):
            await bot.say("hello", account="z", priority="broadcast")
        with pytest.raises(Refused, match="no such conversation"):
            await bot.say("hello", account="Z", priority="broadcast")


async def test_replies_go_as_markdown_where_set_so(store: Store) -> None:
    async with online(store, reply_as="markdown") as (wecom, bot):
        await wecom.says("z", "hi")
        await bot.next()
        await passes(wecom, bot, 450)
        await bot.say("late", account="z")
        assert wecom.shown[0].body["msgtype"] == "markdown"


@pytest.mark.parametrize("life", [360.0, 600.0])
async def test_a_late_reply_is_written_first(store: Store, life: float) -> None:
    """Whichever of the two lives of a stream WeCom enforces, and whichever we believe in."""
    async with online(store, Variants(stream_life=life), stream_seconds=600) as (wecom, bot):
        await wecom.says("z", "hi")
        await bot.next()
        await passes(wecom, bot, 480)
        await bot.say("late", account="z")
        [shown] = wecom.shown
        assert shown.text == "late"
        assert shown.cmd == ("aibot_send_msg" if life < 480 else "aibot_respond_msg")


@pytest.mark.parametrize("priority", ["reply", "welcome"])
async def test_who_opens_the_chat_is_greeted_in_time(store: Store, priority: str) -> None:
    async with online(store) as (wecom, bot):
        await wecom.enters("z")
        await bot.next()
        await bot.clock.advance(4)
        await bot.say("欢迎", account="z", priority=priority)  # type: ignore[arg-type]
        [shown] = wecom.shown
        assert (shown.cmd, shown.text) == ("aibot_respond_welcome_msg", "欢迎")


async def test_a_greeting_too_late_is_refused_where_nobody_wrote(store: Store) -> None:
    async with online(store) as (wecom, bot):
        await wecom.enters("z")
        await bot.next()
        await bot.clock.advance(6)
        with pytest.raises(Refused, match="only where somebody wrote"):
            await bot.say("欢迎", account="z", priority="welcome")
        assert wecom.shown == []


async def test_pictures_are_uploaded_once_and_words_come_first(store: Store) -> None:
    async with online(store) as (wecom, bot):
        await wecom.says("z", "hi")
        await bot.next()
        await bot.say(Image(url=PICTURE, alt="tea"), "look", account="z")
        await bot.say(Image(url=PICTURE), account="z", priority="notice")
        words, first, second = wecom.shown
        assert words.text == "look"
        assert first.cmd == "aibot_respond_msg"
        assert first.body["image"] == second.body["image"]
        assert wecom.counts["aibot_upload_media_finish"] == 1
        [upload] = wecom.world.media.values()
        assert upload.data == PNG


@pytest.mark.parametrize("first", [0, 1])
async def test_a_large_file_goes_in_pieces(store: Store, first: int) -> None:
    data = bytes(range(256)) * 5000
    url = f"data:application/pdf;base64,{base64.b64encode(data).decode()}"
    variants = Variants(first_chunk=1 if first else 0)
    async with online(store, variants, first_chunk=first) as (wecom, bot):
        await wecom.says("z", "hi")
        await bot.next()
        await bot.say(File(url=url, name="菜单.pdf"), account="z")
        [upload] = wecom.world.media.values()
        assert (upload.filename, upload.chunks, upload.data) == ("菜单.pdf", 3, data)
        assert wecom.shown[0].body["msgtype"] == "file"


async def test_an_upload_wecom_let_go_of_is_made_again(store: Store) -> None:
    async with online(store) as (wecom, bot):
        await wecom.says("z", "hi")
        await bot.next()
        await bot.say(Image(url=PICTURE), account="z")
        wecom.world.media.clear()
        with pytest.raises(Retry, match="let go"):
            await bot.say(Image(url=PICTURE), account="z")
        await bot.say(Image(url=PICTURE), account="z")
        assert len(wecom.shown) == 2


async def test_a_file_that_cannot_be_fetched_says_so(store: Store) -> None:
    async def missing(_: web.Request) -> web.Response:
        raise web.HTTPNotFound

    app = web.Application()
    app.router.add_get("/a.png", missing)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = "http://{}:{}/a.png".format(*runner.addresses[0][:2])
    try:
        async with online(store) as (wecom, bot):
            await wecom.says("z", "hi")
            await bot.next()
            with pytest.raises(Refused, match="404"):
                await bot.say(Image(url=url), account="z")
            receipt = await bot.say("look", Image(url=url), account="z")
            assert "404" in receipt.degraded[0]
            with pytest.raises(Retry, match="could not be fetched"):
                await bot.say(Image(url="http://127.0.0.1:9/a.png"), account="z")
            with pytest.raises(Refused, match="no address"):
                await bot.say(Image(url="nowhere"), account="z")
    finally:
        await runner.cleanup()


async def test_a_link_is_a_card(store: Store) -> None:
    async with online(store) as (wecom, bot):
        await wecom.says("z", "hi")
        await bot.next()
        await bot.say(LinkCard(url="https://t.example", title="新茶"), account="z")
        card = wecom.shown[0].body["template_card"]
        assert card["card_action"] == {"type": 1, "url": "https://t.example"}
        assert card["main_title"]["title"] == "新茶"


async def test_a_text_over_the_limit_comes_in_pieces(store: Store) -> None:
    async with online(store) as (wecom, bot):
        await wecom.says("z", "hi")
        await bot.next()
        await bot.say("茶。" * 5000, account="z")
        assert len(wecom.shown) == 2
        assert "".join(one.text for one in wecom.shown) == "茶。" * 5000


async def test_a_lost_ack_leaves_a_send_in_doubt_and_a_repeated_reply_is_shown_once(
    store: Store,
) -> None:
    async with online(store) as (wecom, bot):
        await wecom.says("z", "hi")
        await bot.next()
        wecom.faults.lost_acks = 1
        sending = asyncio.create_task(bot.say("hello", account="z", id="d9"))
        await wecom.until("aibot_respond_msg")
        await bot.clock.advance(5)
        with pytest.raises(InDoubt, match="no ack"):
            await sending
        await bot.say("hello", account="z", id="d9")
        await bot.say("other", account="z", id="d10")
        assert [shown.text for shown in wecom.shown] == ["hello", "other"]
        # A late ack of the first could be taken for the other's, so that one was written first.
        assert [shown.cmd for shown in wecom.shown] == ["aibot_respond_msg", "aibot_send_msg"]


async def test_an_ack_in_time_is_waited_for(store: Store) -> None:
    async with online(store) as (wecom, bot):
        await wecom.says("z", "hi")
        await bot.next()
        wecom.faults.ack_delay = 4.5
        sending = asyncio.create_task(bot.say("hello", account="z"))
        await wecom.until("aibot_respond_msg")
        await bot.clock.advance(4.5)
        await sending


async def test_replies_to_one_message_go_one_after_the_other(store: Store) -> None:
    async with online(store) as (wecom, bot):
        await wecom.says("z", "hi")
        await bot.next()
        wecom.faults.ack_delay = 1
        sending = [asyncio.create_task(bot.say(f"r{n}", account="z")) for n in range(3)]
        for times in range(1, 4):
            await wecom.until("aibot_respond_msg", times)
            await bot.clock.advance(0)
            assert wecom.counts["aibot_respond_msg"] == times
            await bot.clock.advance(1)
        await asyncio.gather(*sending)
        assert [shown.text for shown in wecom.shown] == ["r0", "r1", "r2"]


async def test_a_connection_that_ends_leaves_a_send_in_doubt(store: Store) -> None:
    async with online(store) as (wecom, bot):
        await wecom.says("z", "hi")
        await bot.next()
        wecom.faults.lost_acks = 1
        sending = asyncio.create_task(bot.say("hello", account="z"))
        await wecom.until("aibot_respond_msg")
        await wecom.cut()
        with pytest.raises(InDoubt, match="connection ended"):
            await sending


@pytest.mark.parametrize("code", [846605, 846608])
async def test_what_can_be_answered_no_more_is_written_first(store: Store, code: int) -> None:
    async with online(store) as (wecom, bot):
        await wecom.says("z", "hi")
        await bot.next()
        wecom.faults.fail("aibot_respond_msg", code)
        await bot.say("one", account="z")
        await bot.say("two", account="z")
        assert [shown.cmd for shown in wecom.shown] == ["aibot_send_msg"] * 2


@pytest.mark.parametrize("last", [True, False])
async def test_after_a_reconnection_a_reply_is_written_first(store: Store, last: bool) -> None:
    async with online(store, Variants(req_ids_last=last)) as (wecom, bot):
        await wecom.says("z", "hi")
        await bot.next()
        await wecom.cut()
        await bot.becomes("waiting")
        await bot.flies("online")
        await bot.say("back", account="z")
        assert [shown.text for shown in wecom.shown] == ["back"]
        assert wecom.counts["aibot_respond_msg"] == 0


async def test_the_part_that_was_sent_is_not_sent_again(store: Store) -> None:
    async with online(store) as (wecom, bot):
        await wecom.says("z", "hi")
        await bot.next()
        wecom.faults.fail("aibot_upload_media_init", 45009)
        with pytest.raises(Retry):
            await bot.say("look", Image(url=PICTURE), account="z", id="d1")
        await bot.say("look", Image(url=PICTURE), account="z", id="d1")
        assert [shown.body["msgtype"] for shown in wecom.shown] == ["stream", "image"]
        assert wecom.counts["aibot_respond_msg"] == 2


@pytest.mark.parametrize("passing", [True, False])
async def test_codes_that_are_not_documented_pass_or_not_as_set(
    store: Store, passing: bool
) -> None:
    codes = [846601, 846602] if passing else []
    async with online(store, passing_codes=codes) as (wecom, bot):
        wecom.faults.fail("aibot_send_msg", 846602)
        with pytest.raises(Retry if passing else Refused, match="846602"):
            await bot.say("hello", account="z", priority="notice")


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        (45009, Retry, "limit"),
        (846601, Retry, "846601"),
        (93001, Refused, "write first"),
        (93006, Refused, "no such conversation"),
        (93008, Refused, "not in this group"),
        (93017, Refused, "empty"),
        (93018, Refused, "too large"),
        (93019, Misconfigured, "bot_id"),
        (-1, InDoubt, "busy"),
        (999999, Refused, "999999: made to fail"),
    ],
)
async def test_each_code_says_what_to_do(
    store: Store, code: int, error: type[SendError], words: str
) -> None:
    async with online(store) as (wecom, bot):
        await wecom.says("z", "hi")
        await bot.next()
        wecom.faults.fail("aibot_send_msg", code)
        with pytest.raises(error, match=words):
            await bot.say("hello", account="z", priority="notice")


async def test_the_limits_of_a_conversation_are_kept(store: Store) -> None:
    async with online(store) as (wecom, bot):
        assert bot.adapter.capabilities.chat_rate
        assert bot.adapter.capabilities.chat_rate.count == 30
        await wecom.says("z", "hi")
        await bot.next()
        for _ in range(30):
            await bot.say("hello", account="z", priority="notice")
        with pytest.raises(Retry) as over:
            await bot.say("hello", account="z", priority="notice")
        assert over.value.after == 60


async def test_the_hourly_limit_is_ours_to_keep(store: Store) -> None:
    async with online(store) as (wecom, bot):
        await wecom.says("z", "hi")
        await bot.next()
        for _ in range(1000):
            wecom.world.chats["z"].sent.clear()
            await bot.say("hello", account="z", priority="notice")
        with pytest.raises(Retry, match="hourly limit") as over:
            await bot.say("hello", account="z", priority="notice")
        assert over.value.after == 3600
        assert wecom.counts["aibot_send_msg"] == 1000
