"""A new customer is welcomed within twenty seconds, once, or a reason says why not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from bot.model.delivery import InDoubt, Refused, Retry
from bot.model.message import File, Image, LinkCard, MiniProgram
from bot.store.store import Store
from bot.testing.clock import TestClock
from bot.testing.wecom import WeComServer

from .company import company
from .shop import Shop, picture, shop

SEND = "externalcontact/send_welcome_msg"
UPLOAD = "media/upload"


@pytest.fixture
async def server(clock: TestClock) -> AsyncIterator[WeComServer]:
    async with company(clock) as served:
        yield served


@pytest.fixture
async def ours(server: WeComServer, store: Store) -> AsyncIterator[Shop]:
    async with shop(server, store) as opened:
        yield opened


async def test_who_scans_a_code_is_welcomed_with_words_and_what_is_attached(
    server: WeComServer, ours: Shop
) -> None:
    customer = await ours.scans()
    card = LinkCard(url="https://x.example/menu", title="Menu", description="Of today")
    program = MiniProgram(app="wx1", path="pages/a", title="Order", picture=picture().url)
    pdf = File(url="data:application/pdf,%25PDF-1.7", name="价目表.pdf")
    receipt = await ours.welcome(customer, "Welcome!", picture(), card, program, pdf)
    assert receipt.degraded == ()
    [sent] = server.welcomes.sent
    assert (sent.userid, sent.external_userid) == ("ann", customer)
    assert sent.body["text"] == {"content": "Welcome!"}
    assert [one["msgtype"] for one in sent.body["attachments"]] == [
        *("image", "link", "miniprogram", "file"),
    ]
    assert sent.body["attachments"][1]["link"]["desc"] == "Of today"
    named = server.media.find(sent.body["attachments"][3]["file"]["media_id"])
    assert named.upload.filename == "价目表.pdf"


async def test_a_second_welcome_is_refused_and_the_first_may_be_tried_again(
    server: WeComServer, ours: Shop
) -> None:
    customer = await ours.scans()
    server.refuse[SEND] = [45033]
    with pytest.raises(Retry):
        await ours.welcome(customer, id="one")
    with pytest.raises(Refused, match="used already"):
        await ours.welcome(customer, id="two")
    await ours.welcome(customer, id="one", attempt=1)
    assert len(server.welcomes.sent) == 1


async def test_a_welcome_whose_answer_was_lost_is_not_called_failed(
    server: WeComServer, ours: Shop
) -> None:
    customer = await ours.scans()
    server.refuse[SEND] = [-1]
    with pytest.raises(Retry):
        await ours.welcome(customer, id="one")
    next(iter(server.world.welcome_codes.values())).used = True  # it had gone out
    await ours.welcome(customer, id="one", attempt=1)


async def test_an_unanswered_welcome_is_in_doubt_once_the_time_is_over(
    server: WeComServer, ours: Shop, clock: TestClock
) -> None:
    customer = await ours.scans()
    clock.advance(19.5)
    server.refuse[SEND] = [-1]
    with pytest.raises(InDoubt):
        await ours.welcome(customer)


@pytest.mark.parametrize(("seconds", "asked"), [(20.5, 1), (23, 0)])
async def test_too_late_a_welcome_is_refused_with_the_reason(
    server: WeComServer, ours: Shop, clock: TestClock, seconds: float, asked: int
) -> None:
    customer = await ours.scans()
    clock.advance(seconds)
    with pytest.raises(Refused, match="20 seconds"):
        await ours.welcome(customer)
    assert server.asked[SEND] == asked
    assert server.welcomes.sent == []


async def test_without_a_code_the_reason_says_so(server: WeComServer, ours: Shop) -> None:
    customer = await ours.scans(code=False)
    with pytest.raises(Refused, match="no welcome code"):
        await ours.welcome(customer)
    assert server.asked[SEND] == 0


async def test_who_agrees_to_be_recorded_is_welcomed_with_the_code_that_comes_then(
    server: WeComServer, ours: Shop
) -> None:
    customer = await ours.scans(told=False)
    server.callbacks.waiting.clear()
    [code] = server.world.welcome_codes
    change = {"ChangeType": "msg_audit_approved", "UserID": "ann", "ExternalUserID": customer}
    server.callbacks.emit({"Event": "change_external_contact", **change, "WelcomeCode": code})
    await server.callbacks.flush()
    await ours.welcome(customer)
    assert len(server.welcomes.sent) == 1


async def test_who_chats_already_is_not_welcomed(server: WeComServer, ours: Shop) -> None:
    customer = await ours.scans()
    server.world.talk("ann", customer)
    with pytest.raises(Refused, match="41051"):
        await ours.welcome(customer)


async def test_while_another_app_welcomes_it_is_tried_again_within_the_twenty_seconds(
    server: WeComServer, ours: Shop, clock: TestClock
) -> None:
    customer = await ours.scans()
    [code] = server.world.welcome_codes.values()
    code.busy = True
    with pytest.raises(Retry) as told:
        await ours.welcome(customer, id="one")
    assert told.value.after == 1
    clock.advance(18)
    with pytest.raises(Refused, match="20 seconds were over"):
        await ours.welcome(customer, id="one", attempt=1)
    code.busy = False
    await ours.welcome(customer, id="one", attempt=2)


async def test_any_node_may_send_the_welcome_but_only_one_does(
    server: WeComServer, ours: Shop, store: Store
) -> None:
    customer = await ours.scans()
    other = Shop(server, store)
    try:
        done = await asyncio.gather(
            ours.welcome(customer, id="one"),
            other.welcome(customer, id="two"),
            return_exceptions=True,
        )
    finally:
        await other.adapter.close()
    assert sorted(type(one).__name__ for one in done) == ["Receipt", "Refused"]
    assert len(server.welcomes.sent) == 1


async def test_a_callback_that_comes_twice_makes_no_second_welcome(
    server: WeComServer, ours: Shop
) -> None:
    customer = await ours.scans(told=False)
    server.callbacks.fail("duplicate")
    await server.callbacks.flush()
    await ours.welcome(customer)
    with pytest.raises(Refused, match="used already"):
        await ours.welcome(customer)


async def test_a_picture_is_uploaded_once_for_all_and_again_when_wecom_let_go_of_it(
    server: WeComServer, ours: Shop, clock: TestClock
) -> None:
    await ours.adapter.prepare([picture()])
    customers = [await ours.scans() for _ in range(3)]
    await asyncio.gather(*(ours.welcome(one, "Hello", picture()) for one in customers))
    assert server.asked[UPLOAD] == 1
    clock.advance(3 * 86_400)  # the store's clock is another, so we still hold the old id
    await ours.welcome(await ours.scans(), "Hello", picture())
    assert server.asked[UPLOAD] == 2
    assert len(server.welcomes.sent) == 4


@asynccontextmanager
async def pictures(answer: Callable[[], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """The address of a picture on the web."""

    async def get(_: web.Request) -> web.Response:
        return await answer()

    app = web.Application()
    app.router.add_get("/p.png", get)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield "http://{}:{}/p.png".format(*runner.addresses[0][:2])
    finally:
        await runner.cleanup()


async def test_a_picture_that_does_not_come_is_left_out_and_the_words_go(
    server: WeComServer, ours: Shop, clock: TestClock
) -> None:
    asked, never = asyncio.Event(), asyncio.Event()

    async def hang() -> web.Response:
        asked.set()
        await never.wait()
        return web.Response()

    customer = await ours.scans()
    async with pictures(hang) as url:
        sending = asyncio.create_task(ours.welcome(customer, "Hello", Image(url=url)))
        await asked.wait()
        clock.advance(11)
        receipt = await sending
        never.set()
    assert receipt.degraded == ("picture left out: it took too long",)
    [sent] = server.welcomes.sent
    assert sent.body["text"] == {"content": "Hello"}
    assert "attachments" not in sent.body


async def test_a_picture_that_is_away_is_what_it_was_before(
    server: WeComServer, ours: Shop, clock: TestClock
) -> None:
    answers = [web.Response(body=b"\x89PNG\r\n\x1a\none"), web.Response(status=503)]

    async def answer() -> web.Response:
        return answers.pop(0)

    async with pictures(answer) as url:
        for minutes in (0, 5, 11):  # fetched, still fresh, away
            clock.advance(minutes * 60)
            receipt = await ours.welcome(await ours.scans(), Image(url=url))
            assert receipt.degraded == ()
    assert answers == []
    assert len(server.welcomes.sent) == 3
    assert server.asked[UPLOAD] == 1


async def test_too_long_a_welcome_is_cut_and_too_many_attachments_are_left_out(
    server: WeComServer, ours: Shop
) -> None:
    customer = await ours.scans()
    pictures = [picture(str(number) * 3) for number in range(11)]
    receipt = await ours.welcome(customer, "好" * 2000, *pictures)
    assert receipt.degraded == ("text shortened", "2 attachments left out")
    [sent] = server.welcomes.sent
    assert len(sent.body["text"]["content"].encode()) <= 4000
    assert len(sent.body["attachments"]) == 9
