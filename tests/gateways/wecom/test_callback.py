"""Callbacks over real HTTP: verified, taken once, refused, and acknowledged only from disk."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientSession

from bot.delivery.inbox import Inbox
from bot.gateways.wecom.callback import LARGEST, PATIENCE, WRONG_COMPANY, WRONG_KEY, WRONG_TIME
from bot.model.event import BaseEvent, ContactAdded, MemberJoined, MessageReceived
from bot.store.bell import Bell
from bot.store.store import Store
from bot.testing.clock import TestClock

from .caller import CORP, NONCE, OTHER_KEY, Caller, crypto, event, scanned, xml

SAID = {"ToUserName": CORP, "FromUserName": "ann", "CreateTime": 1_781_654_399, "MsgType": "text"}


@pytest.fixture
async def wecom(clock: TestClock) -> AsyncIterator[Caller]:
    async with Caller(clock) as caller:
        yield caller


async def verified(wecom: Caller, echo: str, raw: str) -> tuple[int, bytes, str]:
    """Verify the address with ``echo`` as it stands in the query: status, body, type."""
    query = "&".join(f"{k}={v}" for k, v in wecom.signed(echo, crypto()).items())
    async with wecom.http.get(f"{wecom.url}?{query}&echostr={raw}") as answer:
        return answer.status, await answer.read(), answer.headers["Content-Type"]


def with_plus() -> str:
    """Sealed digits whose base64 has a plus."""
    while "+" not in (echo := crypto().seal(b"1616140317555161061")):
        pass
    return echo


@pytest.mark.parametrize(
    "plus", ["%2B", "+", "%20"], ids=["percent-encoded", "as it is", "already a space"]
)
async def test_the_address_is_verified_however_its_plus_arrives(wecom: Caller, plus: str) -> None:
    echo = with_plus()
    status, body, kind = await verified(wecom, echo, echo.replace("+", plus))
    assert (status, body, kind) == (200, b"1616140317555161061", "text/plain")
    assert wecom.status == ["alive"]


async def test_a_stranger_verifies_nothing(wecom: Caller) -> None:
    async with wecom.http.get(f"{wecom.url}?echostr=abc") as answer:
        assert answer.status == 403
    async with wecom.http.get(wecom.url) as answer:
        assert answer.status == 403
    async with wecom.http.put(wecom.url) as answer:
        assert answer.status == 405
    assert wecom.status == []


@pytest.mark.parametrize("form", ["xml", "json"])
async def test_a_contact_is_taken_with_channel_and_welcome_code(wecom: Caller, form: str) -> None:
    assert await wecom.post(scanned("wmBo", WelcomeCode="W1"), form=form) == 200
    (added,) = wecom.events
    assert isinstance(added, ContactAdded)
    assert (added.account.id, added.staff) == ("wmBo", "ann")
    assert (added.channel, added.welcome_token) == ("door", "W1")
    assert (added.at, added.gateway) == (1_781_654_399_000, "wecom")
    assert wecom.status == ["alive"]


async def test_a_message_may_be_json_inside_too(wecom: Caller) -> None:
    plain = json.dumps({**SAID, "Content": "几点开门", "MsgId": 42}).encode()
    assert await wecom.post(plain, form="json") == 200
    (asked,) = wecom.events
    assert isinstance(asked, MessageReceived)
    assert (asked.message.text, asked.account.id, asked.id) == ("几点开门", "ann", "m:42")


async def test_a_callback_is_acknowledged_when_it_is_on_disk_and_not_before(
    clock: TestClock,
) -> None:
    asked, on_disk = asyncio.Event(), asyncio.Event()

    async def accept(event: BaseEvent) -> bool:
        asked.set()
        await on_disk.wait()
        return True

    async with Caller(clock, accept) as wecom:
        answer = asyncio.create_task(wecom.post(scanned("wmBo")))
        await asyncio.wait_for(asked.wait(), 10)
        assert not (await asyncio.wait({answer}, timeout=0.1))[0]
        on_disk.set()
        assert await answer == 200


async def test_wecom_is_asked_to_send_again_what_could_not_be_kept(clock: TestClock) -> None:
    kept: list[str] = []
    away = True

    async def accept(event: BaseEvent) -> bool:
        if away and event.account.id == "wmCy":
            raise ConnectionError("the store is away")
        kept.append(event.id)
        return True

    joined = xml(
        event(
            "change_external_chat",
            ChatId="wrTea",
            ChangeType="update",
            UpdateDetail="add_member",
            MemChangeList=["wmBo", "wmCy"],
        )
    )
    async with Caller(clock, accept) as wecom:
        assert await wecom.post(joined) == 503
        assert wecom.notes == []
        away = False
        assert await wecom.post(joined) == 200
        assert len(kept) == 3
        assert len(set(kept)) == 2
        wecom.keep_fails = True
        assert await wecom.post(joined) == 503
        wecom.keep_fails = False
        assert await wecom.post(joined) == 200
        assert len(wecom.notes) == 2


async def test_an_event_that_can_never_be_kept_is_not_sent_again_and_again(
    store: Store, clock: TestClock
) -> None:
    async with Caller(clock, Inbox(store, Bell()).accept) as wecom:
        assert await wecom.post(json.dumps(SAID | {"MsgId": "4\t2"}).encode()) == 200
        assert await wecom.post(scanned("wmBo")) == 200


async def test_an_unknown_kind_is_acknowledged_and_counted(wecom: Caller) -> None:
    strange = xml(event("change_weather", ChangeType="Rain"))
    assert [await wecom.post(strange) for _ in range(2)] == [200, 200]
    assert wecom.ours.unknown == {"change_weather.rain": 2}
    for number in range(120):
        assert await wecom.post(xml(event(f"kind{number}"))) == 200
    assert wecom.ours.unknown["other"] == 21
    assert wecom.events == []


@pytest.mark.parametrize(
    ("by", "status", "said"),
    [
        (crypto(token="another"), 403, []),
        (crypto(key=OTHER_KEY), 400, [WRONG_KEY]),
        (crypto(receive_id="ww0000000000000000"), 403, [WRONG_COMPANY]),
        (crypto(receive_id=""), 403, [WRONG_COMPANY]),
    ],
    ids=["token", "AES key", "company", "AI-bot"],
)
async def test_what_is_sealed_otherwise_is_refused_and_the_operator_is_told_of_what_wecom_signed(
    wecom: Caller, by: Any, status: int, said: list[str]
) -> None:
    assert await wecom.post(scanned("wmBo"), by) == status
    assert (wecom.events, wecom.status) == ([], said)


@pytest.mark.parametrize(
    ("late", "window", "status"),
    [
        (6 * 3600, None, 200),
        (-6 * 3600, None, 200),
        (6 * 3600 + 1, None, 403),
        (-6 * 3600 - 1, None, 403),
        (61, 60, 403),
        (10**9, 0, 200),
    ],
)
async def test_a_callback_of_another_time_is_refused(
    clock: TestClock, late: float, window: float | None, status: int
) -> None:
    settings: dict[str, Any] = {} if window is None else {"replay_window": window}
    async with Caller(clock, **settings) as wecom:
        assert await wecom.post(scanned("wmBo"), late=late) == status
        assert wecom.status == (["alive"] if status == 200 else [WRONG_TIME])


async def test_a_wrong_signature_is_noticed_before_a_wrong_time(wecom: Caller) -> None:
    assert await wecom.post(scanned("wmBo"), crypto(token="another"), late=10**8) == 403
    assert wecom.status == []


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1" * 40, "１７８１６５４３９９"])
async def test_a_timestamp_that_is_none_is_refused(wecom: Caller, timestamp: str) -> None:
    sealed = crypto().seal(scanned("wmBo"))
    signature = crypto().sign(timestamp, NONCE, sealed)
    query = {"msg_signature": signature, "timestamp": timestamp, "nonce": NONCE}
    assert await wecom.raw(query, data=xml({"Encrypt": sealed})) == 403


@pytest.mark.parametrize(
    ("plain", "status"),
    [
        (b"", 400),
        (b"hello", 400),
        (b"<xml><Event>", 400),
        (b"{", 400),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><xml><MsgType>&a;</MsgType></xml>', 400),
        (xml(event("change_external_contact", ChangeType="del_follow_user")), 400),
        (xml({**SAID, "CreateTime": "later"}), 400),
    ],
)
async def test_what_cannot_be_read_is_refused_although_it_is_signed(
    wecom: Caller, plain: bytes, status: int
) -> None:
    assert await wecom.post(plain) == status
    assert wecom.events == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"{}",
        b"[]",
        b'{"encrypt": 5}',
        b"<xml/>",
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml><Encrypt>a</Encrypt></xml>',
        b"\xff\xfe<\x00x\x00",
        b"[" * 5000,
        b'{"a":' * 5000,
        b"<a>" * 5000,
    ],
)
async def test_a_hostile_body_is_refused(wecom: Caller, body: bytes) -> None:
    assert await wecom.raw({}, data=body) in (400, 403)
    assert await wecom.post(scanned("wmBo")) == 200


async def test_a_body_that_is_too_large_is_refused_even_unpacked(wecom: Caller) -> None:
    assert await wecom.raw({}, data=b"<xml>" + b" " * LARGEST) == 413
    packed = gzip.compress(b"<xml>" + b" " * 10**7)
    assert await wecom.raw({}, data=packed, headers={"Content-Encoding": "gzip"}) == 413


async def test_a_body_that_does_not_arrive_is_not_waited_for(wecom: Caller) -> None:
    began = asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"<xml>"
        began.set()
        await asyncio.Event().wait()

    async with ClientSession() as http:
        answer = asyncio.create_task(http.post(wecom.url, data=slow()))
        await began.wait()
        while not answer.done():
            wecom.clock.advance(PATIENCE)
            await asyncio.wait({answer}, timeout=0.02)
        assert (await answer).status == 408


async def test_two_hundred_at_once_are_each_taken_once(store: Store, clock: TestClock) -> None:
    inbox = Inbox(store, Bell())
    news: list[bool] = []

    async def accept(event: BaseEvent) -> bool:
        new = await inbox.accept(event)
        news.append(new)
        return new

    # Five staff, and in one second the customers differ in nothing but who they are.
    callbacks = [scanned(f"wm{n % 40}", UserID=f"staff{n // 40}") for n in range(200)]
    async with Caller(clock, accept) as wecom:
        answers = await asyncio.gather(*map(wecom.post, callbacks))
        assert answers == [200] * 200
        assert news == [True] * 200
        again = await asyncio.gather(*map(wecom.post, callbacks[::4] * 2))
        assert again == [200] * 100
        assert news[200:] == [False] * 100
    leased = await inbox.lease("node", 100)
    assert len(leased) == 40
    assert sum(len(held.items) for held in leased) == 200


async def test_the_same_callback_twice_at_once_is_one_event(store: Store, clock: TestClock) -> None:
    news: list[bool] = []
    inbox = Inbox(store, Bell())

    async def accept(event: BaseEvent) -> bool:
        news.append(await inbox.accept(event))
        return news[-1]

    async with Caller(clock, accept) as wecom:
        both = await asyncio.gather(*(wecom.post(scanned("wmBo")) for _ in range(20)))
    assert both == [200] * 20
    assert sorted(news) == [False] * 19 + [True]


async def test_those_who_joined_together_are_taken_in_the_order_of_the_list(
    store: Store, clock: TestClock
) -> None:
    inbox = Inbox(store, Bell())
    who = [f"wm{n}" for n in range(30)]
    change = {"ChatId": "wrTea", "ChangeType": "update", "UpdateDetail": "add_member"}
    async with Caller(clock, inbox.accept) as wecom:
        assert (
            await wecom.post(xml(event("change_external_chat", **change, MemChangeList=who))) == 200
        )
    (group,) = await inbox.lease("node", 10)
    stored = [MemberJoined.model_validate_json(item.split(b"\n", 1)[1]) for item in group.items]
    assert [joined.account.id for joined in stored] == who
