"""The OneBot 11 adapter against an implementation: events in, messages out, in all three modes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from typing import Any

import aiohttp
import pytest

from bot.model.conversation import Account, Conversation
from bot.model.delivery import InDoubt, Misconfigured, Refused, Retry, SendError
from bot.model.event import MemberJoined, MessageReceived
from bot.model.message import File, Image, LinkCard, Mention, Text

from .fake_onebot import FakeOneBot, Payload
from .gateway import Gateway

MODES = ["forward", "reverse", "http"]


@asynccontextmanager
async def connected(mode: str, **settings: Any) -> AsyncIterator[tuple[FakeOneBot, Gateway]]:
    """An implementation and a gateway that are online together."""
    fake = FakeOneBot(token="tea-token", secret="tea-secret" if mode == "http" else None)
    async with fake:
        where = {
            "forward": {"url": fake.ws_url},
            "reverse": {},
            "http": {"api_url": fake.api_url, "secret": "tea-secret"},
        }
        async with Gateway(
            mode=mode, access_token="tea-token", **(where[mode] | settings)
        ) as gateway:
            if mode == "reverse":
                await fake.dial(gateway.ws_url)
            await gateway.becomes("online")
            yield fake, gateway


async def report(fake: FakeOneBot, gateway: Gateway, payload: Payload) -> None:
    """Report an event the way the mode does."""
    if gateway.adapter.settings.mode == "http":
        assert await fake.post(gateway.http_url, payload) == 204
    else:
        await fake.emit(payload)


@pytest.mark.parametrize("mode", MODES)
async def test_a_member_joins_asks_and_is_answered(mode: str) -> None:
    async with connected(mode) as (fake, gateway):
        await report(fake, gateway, fake.joined(20001))
        await report(fake, gateway, fake.group_message("几点开门 [CQ:at,qq=10001]"))
        joined, asked = await gateway.next(), await gateway.next()
        assert isinstance(joined, MemberJoined)
        assert (joined.account.id, joined.group, joined.by) == ("20001", "100", "30001")
        assert isinstance(asked, MessageReceived)
        assert (asked.message.text, asked.to_bot) == ("几点开门", True)
        assert asked.account == Account(id="20001", name="茶客小明")

        receipt = await gateway.say(Mention(account="20001", name="小明"), " 9:00", group="100")
        sent = fake.sent.get_nowait()
        assert (sent["action"], sent["group_id"]) == ("send_group_msg", 100)
        assert sent["message"] == [
            {"type": "at", "data": {"qq": "20001"}},
            {"type": "text", "data": {"text": " 9:00"}},
        ]
        assert receipt.message_id
        assert receipt.degraded == ()


@pytest.mark.parametrize("mode", MODES)
async def test_a_direct_message_goes_to_the_person(mode: str) -> None:
    async with connected(mode, message_format="string") as (fake, gateway):
        await report(fake, gateway, fake.private_message("在吗"))
        asked = await gateway.next()
        assert isinstance(asked, MessageReceived)
        assert (asked.group, asked.to_bot) == (None, True)
        await gateway.say("1 < 2 & [3]", Image(url="https://x.example/a.png"), account="20001")
        sent = fake.sent.get_nowait()
        assert (sent["action"], sent["user_id"]) == ("send_private_msg", 20001)
        assert sent["message"] == ("1 < 2 &amp; &#91;3&#93;[CQ:image,file=https://x.example/a.png]")


@pytest.mark.parametrize("mode", MODES)
async def test_members_and_groups_are_listed(mode: str) -> None:
    async with connected(mode) as (_, gateway):
        assert gateway.adapter.capabilities.member_list
        assert await gateway.adapter.groups() == [("100", "茶友会"), ("200", "护肤群")]
        assert await gateway.adapter.members("100") == [
            Account(id="20001", name="小明"),
            Account(id="20002", name="群里的小红"),
        ]


@pytest.mark.parametrize(
    "echo_as",
    [lambda echo: echo, int, str],
    ids=["as sent", "integer", "string"],
)
async def test_an_answer_is_known_by_its_echo_however_it_is_written(
    echo_as: Callable[[Any], Any],
) -> None:
    async with connected("forward") as (fake, gateway):
        fake.echo_as = echo_as
        receipts = await asyncio.gather(*(gateway.say(f"{n}", group="100") for n in range(20)))
        assert len({receipt.message_id for receipt in receipts}) == 20


async def test_what_cannot_be_shown_is_said_in_the_receipt() -> None:
    async with connected("forward") as (fake, gateway):
        card = LinkCard(url="https://x.example/l/1", title="新品", description="春茶")
        menu = File(url="https://x.example/menu.pdf", name="menu.pdf")
        receipt = await gateway.say(card, menu, group="100")
        assert receipt.degraded == ("link card shown as text", "file menu.pdf shown as a link")
        (first, second) = fake.sent.get_nowait()["message"]
        assert first["data"]["text"] == "新品\n春茶\nhttps://x.example/l/1"
        assert second["data"]["text"] == "\n[menu.pdf] https://x.example/menu.pdf"
        with pytest.raises(Refused, match="nothing of the message"):
            await gateway.say("", group="100")


async def test_a_link_card_is_a_share_where_the_settings_allow_it() -> None:
    async with connected("forward", link_cards=True) as (fake, gateway):
        receipt = await gateway.say(LinkCard(url="https://x.example", title="T"), group="100")
        assert fake.sent.get_nowait()["message"][0]["type"] == "share"
        assert receipt.degraded == ()
        assert "link_card" in gateway.adapter.capabilities.segments


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status": "failed", "retcode": 1400}, Refused),
        ({"status": "failed", "retcode": 1404}, Misconfigured),
        ({"status": "failed", "retcode": 100, "msg": "SEND_MSG_API_ERROR"}, InDoubt),
        ({"status": "failed", "retcode": 1200, "message": "Timeout: NTEvent"}, InDoubt),
        ({"status": "failed", "retcode": "201"}, Retry),
    ],
    ids=lambda value: str(value.get("retcode")) if isinstance(value, dict) else value.__name__,
)
async def test_a_failed_send_is_told_by_its_kind(
    mode: str, answer: Payload, error: type[SendError]
) -> None:
    async with connected(mode) as (fake, gateway):
        fake.answers["send_group_msg"] = answer
        with pytest.raises(error):
            await gateway.say("hello", group="100")


async def test_taken_for_later_counts_as_sent() -> None:
    async with connected("forward") as (fake, gateway):
        fake.answers["send_group_msg"] = {"status": "async", "retcode": 1, "data": None}
        assert (await gateway.say("hello", group="100")).message_id == ""


@pytest.mark.parametrize("mode", ["forward", "reverse"])
async def test_a_send_without_an_answer_is_in_doubt(mode: str) -> None:
    async with connected(mode) as (fake, gateway):
        fake.answers["send_group_msg"] = None
        late = asyncio.create_task(gateway.say("hello", group="100"))
        await fake.sent.get()
        await gateway.clock.advance(31)
        with pytest.raises(InDoubt, match="no answer within 30 s"):
            await late

        cut = asyncio.create_task(gateway.say("hello", group="100"))
        await fake.sent.get()
        await fake.cut()
        with pytest.raises(InDoubt, match="ended before the answer"):
            await cut


async def test_an_http_send_without_an_answer_is_in_doubt() -> None:
    async with connected("http", action_timeout=0.2) as (fake, gateway):
        fake.answers["send_group_msg"] = None
        with pytest.raises(InDoubt, match="no answer"):
            await gateway.say("hello", group="100")


@pytest.mark.parametrize("mode", ["forward", "reverse"])
async def test_a_send_while_not_connected_waits_for_another_try(mode: str) -> None:
    async with Gateway(mode=mode, url="ws://127.0.0.1:1/") as gateway:
        with pytest.raises(Retry) as caught:
            await gateway.say("hello", group="100")
        assert caught.value.scope == "account"


async def test_an_http_api_that_is_not_there_is_worth_another_try() -> None:
    async with Gateway(mode="http", api_url="http://127.0.0.1:1") as gateway:
        await gateway.becomes("waiting", "cannot be reached")
        with pytest.raises(Retry):
            await gateway.say("hello", group="100")


async def test_a_cut_forward_connection_comes_back_and_works() -> None:
    async with connected("forward") as (fake, gateway):
        await gateway.passes("online")
        await fake.cut()
        await gateway.passes("waiting")
        await gateway.passes("online")
        assert gateway.status.reconnects == 1
        await fake.emit(fake.group_message("again"))
        await gateway.next()
        assert (await gateway.say("here", group="100")).message_id


async def test_a_reverse_connection_that_comes_back_is_taken_without_waiting() -> None:
    async with connected("reverse") as (fake, gateway):
        for _ in range(5):
            await fake.cut()
            await gateway.becomes("connecting", "closed the connection")
            await fake.dial(gateway.ws_url)
            await gateway.becomes("online")
        await fake.emit(fake.group_message("again"))
        await gateway.next()
        assert (await gateway.say("here", group="100")).message_id


async def test_a_connection_gone_deaf_and_dumb_is_replaced() -> None:
    async with connected("forward") as (fake, gateway):
        await fake.connected.get()
        fake.mute = True
        await gateway.passes("waiting", "nothing heard for 90 s")
        fake.mute = False
        await gateway.passes("online")
        assert (await gateway.say("hello", group="100")).message_id


async def test_a_quiet_connection_that_answers_is_kept() -> None:
    async with connected("forward") as (fake, gateway):
        for _ in range(20):
            await gateway.clock.advance(31)
            await fake.emit()  # nothing: only our own question is answered
            async with asyncio.timeout(5):
                await gateway.adapter.groups()
        assert gateway.status.reconnects == 0
        assert gateway.status.state == "online"


async def test_a_promised_heartbeat_sets_how_long_silence_may_last() -> None:
    async with connected("forward") as (fake, gateway):
        await fake.emit(fake.heartbeat(interval=8000), fake.group_message("x"))
        await gateway.next()
        assert gateway.adapter.silence == 24


async def test_a_port_that_accepts_and_says_nothing_is_given_up() -> None:
    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            await reader.read()

    server = await asyncio.start_server(hold, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Gateway(mode="forward", url=f"ws://127.0.0.1:{port}") as gateway:
        await gateway.passes("waiting", "no WebSocket handshake")


async def test_an_open_connection_on_which_nothing_is_said_is_given_up() -> None:
    async with FakeOneBot() as fake:
        fake.mute = True
        async with Gateway(mode="forward", url=fake.ws_url) as gateway:
            await gateway.passes("waiting", "nothing was said for 20 s")


@pytest.mark.parametrize("in_frame", [False, True])
async def test_a_wrong_token_is_shown_as_a_setting_to_change(in_frame: bool) -> None:
    async with (
        FakeOneBot(token="right", refuse_in_frame=in_frame) as fake,
        Gateway(mode="forward", url=fake.ws_url, access_token="wrong") as gateway,
    ):
        await gateway.becomes("misconfigured", "access token refused")
        await gateway.clock.advance(50)
        assert fake.refused == 1
        await gateway.clock.advance(11)
        assert "wrong" not in repr(gateway.changes)


async def test_an_http_api_that_refuses_the_token_is_shown_as_a_setting_to_change() -> None:
    async with (
        FakeOneBot(token="right") as fake,
        Gateway(mode="http", api_url=fake.api_url, access_token="wrong") as gateway,
    ):
        await gateway.becomes("misconfigured", "HTTP 403")


async def test_an_account_that_is_offline_is_shown_and_not_sent_to() -> None:
    async with connected("forward") as (fake, gateway):
        await fake.emit(fake.heartbeat(online=False))
        await gateway.becomes("connecting", "offline")
        with pytest.raises(Retry, match="offline"):
            await gateway.say("hello", group="100")
        await fake.emit(fake.heartbeat())
        await gateway.becomes("online")
        assert (await gateway.say("hello", group="100")).message_id


# reverse connections


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer wrong"}, 403),
        ({"Authorization": "Token wrong"}, 403),
        ({"Authorization": ""}, 401),
        ({"X_Client_Role": "API"}, 400),
        ({"X_Self_ID": "99999"}, 409),
    ],
    ids=str,
)
async def test_a_reverse_connection_that_may_not_come_in_is_refused(
    headers: dict[str, str], status: int
) -> None:
    async with connected("reverse") as (fake, gateway):
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await fake.dial(gateway.ws_url, **headers)
        assert caught.value.status == status
        assert gateway.status.state == "online", "the one inside is not disturbed"


async def test_a_refused_reverse_connection_is_shown_while_nobody_is_connected() -> None:
    async with FakeOneBot(token="wrong") as fake, Gateway(access_token="right") as gateway:
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await fake.dial(gateway.ws_url)
        assert gateway.status.last_error == "a connection was refused: access token wrong"


@pytest.mark.parametrize("authorization", ["Token tea-token", "bearer tea-token"])
async def test_the_token_may_come_in_either_form(authorization: str) -> None:
    async with FakeOneBot() as fake, Gateway(access_token="tea-token") as gateway:
        await fake.dial(gateway.ws_url, Authorization=authorization)
        await gateway.becomes("online")
        await fake.dial(gateway.ws_url + "?access_token=tea-token")


@pytest.mark.parametrize("header", ["X_Forwarded_For", "Origin"])
async def test_without_a_token_only_programs_of_this_machine_come_in(header: str) -> None:
    async with FakeOneBot() as fake, Gateway() as gateway:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await fake.dial(gateway.ws_url, **{header: "http://evil.example"})
        assert caught.value.status == 403
        await fake.dial(gateway.ws_url)
        await gateway.becomes("online")


async def test_a_new_reverse_connection_takes_over_and_the_old_ones_end_harms_nothing() -> None:
    async with connected("reverse") as (fake, gateway):
        old = await fake.connected.get()
        await fake.dial(gateway.ws_url)
        new = await fake.connected.get()
        await fake.emit(fake.group_message("from the new one"))
        await gateway.next()
        assert old.closed
        assert not new.closed
        assert (await gateway.say("still here", group="100")).message_id
        assert gateway.status.state == "online"


async def test_a_send_in_flight_on_the_old_connection_is_in_doubt_when_it_is_replaced() -> None:
    async with connected("reverse") as (fake, gateway):
        fake.answers["send_group_msg"] = None
        sending = asyncio.create_task(gateway.say("hello", group="100"))
        await fake.sent.get()
        await fake.dial(gateway.ws_url)
        with pytest.raises(InDoubt):
            await sending


# frames as they come


@pytest.mark.parametrize(
    "frame",
    [
        "not json",
        "[]",
        "null",
        '"text"',
        "[" * 100_000,
        '{"post_type": "message"}',
        '{"post_type": "message", "message_type": "group", "user_id": []}',
        '{"post_type": "notice", "notice_type": "group_increase"}',
        '{"post_type": "from_the_future"}',
        '{"post_type": "notice", "notice_type": "from_the_future", "group_id": 1}',
        '{"echo": {"nested": 1}, "status": "ok"}',
        '{"echo": "999999", "status": "ok", "retcode": 0}',
        b"\xff\xfe\x00 random bytes",
    ],
    ids=lambda frame: repr(frame)[:40],
)
async def test_a_frame_nobody_understands_is_skipped_and_the_connection_stays(
    frame: str | bytes,
) -> None:
    async with connected("forward") as (fake, gateway):
        await fake.emit_raw(frame)
        await fake.emit(fake.group_message("after"))
        event = await gateway.next()
        assert isinstance(event, MessageReceived)
        assert event.message.text == "after"
        assert gateway.status.reconnects == 0


async def test_unknown_reports_are_counted() -> None:
    async with connected("forward") as (fake, gateway):
        poke = fake.joined() | {"notice_type": "notify", "sub_type": "poke"}
        await fake.emit(poke, poke, fake.group_message("after"))
        await gateway.next()
        assert gateway.adapter.reports.ignored == {"notice.notify": 2}


async def test_two_real_identical_notices_of_one_second_are_both_kept() -> None:
    async with connected("forward") as (fake, gateway):
        await fake.emit(fake.joined(), fake.left(), fake.joined())
        ids = {(await gateway.next()).id for _ in range(3)}
        assert len(ids) == 3


async def test_a_notice_replayed_after_a_reconnect_is_the_same_event() -> None:
    async with connected("reverse") as (fake, gateway):
        await fake.emit(fake.joined())
        first = await gateway.next()
        await fake.cut()
        await gateway.becomes("connecting", "closed")
        await fake.dial(gateway.ws_url)
        await gateway.becomes("online")
        await fake.emit(fake.joined())
        assert (await gateway.next()).id == first.id


async def test_a_reply_to_the_bots_own_message_is_for_the_bot() -> None:
    async with connected("forward") as (fake, gateway):
        receipt = await gateway.say("question?", group="100")
        await fake.emit(
            fake.group_message(f"[CQ:reply,id={receipt.message_id}]answer"),
            fake.group_message("[CQ:reply,id=424242]another talk"),
        )
        ours, others = await gateway.next(), await gateway.next()
        assert isinstance(ours, MessageReceived)
        assert isinstance(others, MessageReceived)
        assert (ours.to_bot, others.to_bot) == (True, False)
        assert ours.message.segments == (Text(text="answer"),)


@pytest.mark.parametrize("mode", MODES)
async def test_a_message_of_five_megabytes_is_taken_whole(mode: str) -> None:
    async with connected(mode) as (fake, gateway):
        await report(fake, gateway, fake.group_message("x" * 5_000_000))
        event = await gateway.next()
        assert isinstance(event, MessageReceived)
        assert len(event.message.text) == 5_000_000


async def test_a_frame_beyond_the_limit_ends_the_connection_which_comes_back() -> None:
    async with connected("forward") as (fake, gateway):
        await fake.emit(fake.group_message("x" * 9_000_000))
        await gateway.passes("online")
        await gateway.passes("waiting", "exceeds limit")
        await gateway.passes("online")
        await fake.emit(fake.group_message("after"))
        await gateway.next()


# callbacks


async def test_a_callback_posted_again_is_the_same_event() -> None:
    async with connected("http") as (fake, gateway):
        for payload in (fake.joined(), fake.group_message("hi")):
            await fake.post(gateway.http_url, payload)
            await fake.post(gateway.http_url, payload)
            assert (await gateway.next()).id == (await gateway.next()).id


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"\x00\xff random \xfe bytes", {}, 400),
        (b"[1, 2]", {}, 400),
        (b'{"post_type": "message", "message_type": "group"}', {}, 400),
        (b'{"post_type": "unheard_of"}', {}, 204),
        (b"{}", {"X_Signature": "sha1=0000"}, 403),
        (b"{}", {"X_Signature": ""}, 401),
        (b"{}", {"X_Signature": "sha1=\u00e9"}, 403),
        (b" " * 17_000_000, {}, 413),
    ],
    ids=["random", "array", "incomplete", "unknown", "forged", "unsigned", "odd", "huge"],
)
async def test_a_callback_is_answered_by_what_it_is(
    body: bytes, headers: dict[str, str], status: int
) -> None:
    async with connected("http") as (fake, gateway):
        assert await fake.post(gateway.http_url, body, **headers) == status
        assert gateway.events.empty()
        assert await fake.post(gateway.http_url, fake.group_message("after")) == 204


async def test_a_callback_is_not_acknowledged_while_the_inbox_is_away() -> None:
    async with connected("http") as (fake, gateway):
        gateway.away = True
        assert await fake.post(gateway.http_url, fake.joined()) == 503
        gateway.away = False
        assert await fake.post(gateway.http_url, fake.joined()) == 204


async def test_without_a_secret_only_programs_of_this_machine_may_post() -> None:
    async with FakeOneBot() as fake, Gateway(mode="http", api_url=fake.api_url) as gateway:
        posted = await fake.post(gateway.http_url, fake.joined(), X_Forwarded_For="8.8.8.8")
        assert posted == 403
        assert await fake.post(gateway.http_url, fake.joined()) == 204


async def test_an_address_of_another_mode_is_not_there() -> None:
    async with connected("forward") as (fake, gateway):
        assert await fake.post(gateway.http_url, fake.joined()) == 404


GROUP = Conversation(gateway="qq", group="100")


@pytest.mark.parametrize("mode", MODES)
async def test_what_was_said_is_taken_back_by_its_number(mode: str) -> None:
    async with connected(mode) as (fake, gateway):
        for ident in ("12", "-2147483000"):  # some implementations count below nought
            await gateway.adapter.recall(GROUP, ident)
        assert fake.recalled == [12, -2147483000]
        await gateway.adapter.recall(GROUP, "12")  # is gone already


@pytest.mark.parametrize("why", ["消息12不存在", "MESSAGE_NOT_FOUND"])
async def test_a_message_that_is_gone_is_no_failure_and_any_other_refusal_is_told(why: str) -> None:
    async with connected("forward") as (fake, gateway):
        fake.answers["delete_msg"] = fake.refusal(1200, why)
        await gateway.adapter.recall(GROUP, "12")
        fake.answers["delete_msg"] = fake.refusal(100, "it is older than two minutes")
        with pytest.raises(Refused, match="two minutes"):
            await gateway.adapter.recall(GROUP, "12")


async def test_who_is_no_admin_is_told_that_nobody_was_taken_out_or_kept_from_speaking() -> None:
    async with connected("forward") as (fake, gateway):
        for action in ("set_group_kick", "set_group_ban"):
            fake.answers[action] = fake.refusal(200, "no permission")
        with pytest.raises(Refused, match="no permission"):
            await gateway.adapter.remove("100", "20001")
        with pytest.raises(Refused, match="no permission"):
            await gateway.adapter.mute("100", "20001", 60)
        await gateway.adapter.remove("100", "20009")  # is not in it


async def test_nobody_is_kept_from_speaking_for_longer_than_qq_can() -> None:
    async with connected("forward") as (fake, gateway):
        await gateway.adapter.mute("100", "20001", 0.2)
        assert fake.muted == {(100, 20001): 1}
        await gateway.adapter.mute("100", "20001", 1e9)
        assert fake.muted == {(100, 20001): 30 * 86_400}
        with pytest.raises(Refused, match="anonymous"):
            await gateway.adapter.mute("100", "anonymous:7", 60)


async def test_while_the_account_is_offline_nothing_is_done_and_it_is_tried_again() -> None:
    async with connected("forward") as (fake, gateway):
        await fake.emit(fake.heartbeat(online=False))
        await gateway.becomes("connecting", "offline")
        for act in (
            gateway.adapter.recall(GROUP, "12"),
            gateway.adapter.remove("100", "20001"),
            gateway.adapter.mute("100", "20001", 60),
        ):
            with pytest.raises(Retry, match="offline"):
                await act
        assert fake.acts.empty()
