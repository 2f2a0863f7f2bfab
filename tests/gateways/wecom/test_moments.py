"""Moments on the test server: made as a job, published by a tap, shown to customers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.model.asking import Ask
from bot.model.delivery import InDoubt, Refused, Retry
from bot.model.message import LinkCard, Message, Segment, Text, Video
from bot.store.store import Store
from bot.testing.clock import TestClock
from bot.testing.wecom import WeComServer
from bot.testing.wecom.moments import Moment
from bot.testing.wecom.variants import Variants

from .company import company
from .shop import Shop, picture

DAY = 86_400
ADD = "externalcontact/add_moment_task"


@asynccontextmanager
async def room(
    clock: TestClock, store: Store, dispatch: float = 0.0, **more: Any
) -> AsyncIterator[Shop]:
    async with company(clock, variants=Variants(dispatch=dispatch)) as server:
        shop = Shop(server, store, **more)
        try:
            yield shop
        finally:
            await shop.adapter.close()


def customers(server: WeComServer, staff: str, count: int) -> list[str]:
    found = [server.world.meet().external_userid for _ in range(count)]
    for one in found:
        server.world.add(staff, one)
    return found


def ask(clock: TestClock, *targets: str, parts: tuple[str | Segment, ...] = (), **more: Any) -> Ask:
    told = {"message": Message.of(*(parts or ("New tea is here",))), "since": clock.now(), **more}
    return Ask(id="tea/7", gateway="wecom", staff="ann", kind="moment", targets=targets, **told)


def only(server: WeComServer) -> Moment:
    (moment,) = server.moments.jobs.values()
    return moment


async def test_nobody_sees_a_moment_before_the_tap_and_its_customers_after_it(
    clock: TestClock, store: Store
) -> None:
    async with room(clock, store) as shop:
        server, adapter = shop.server, shop.adapter
        one, two, full = customers(server, "ann", 3)
        (stranger,) = customers(server, "ben", 1)
        server.moments.full.add(full)
        asked = ask(clock, one, full, stranger)
        ident = await adapter.ask(asked)
        assert await adapter.asked(ident, asked) == ("waiting", {})
        moment = only(server)
        assert moment.body["visible_range"] == {"sender_list": {"user_list": ["ann"]}}
        server.moments.publish(moment.moment_id, "ann")
        assert moment.shown["ann"] == [one, two]
        assert await adapter.asked(ident, asked) == ("done", {one: ("sent", 0)})


async def test_it_is_known_long_after_wecom_forgot_the_job(clock: TestClock, store: Store) -> None:
    async with room(clock, store, dispatch=90.0) as shop:
        server, adapter = shop.server, shop.adapter
        (one,) = customers(server, "ann", 1)
        asked = ask(clock, one)
        ident = await adapter.ask(asked)
        assert await adapter.asked(ident, asked) == ("preparing", {})
        with pytest.raises(Retry):
            await adapter.withdraw(ident)  # there is nothing to cancel yet
        clock.advance(91)
        assert (await adapter.asked(ident, asked))[0] == "waiting"
        clock.advance(3 * DAY)
        server.moments.publish(only(server).moment_id, "ann")
        assert await adapter.asked(ident, asked) == ("done", {one: ("sent", 0)})
        assert server.asked["externalcontact/get_moment_task_result"] == 3


async def test_tags_of_ours_say_which_customers_see_it(clock: TestClock, store: Store) -> None:
    async with room(clock, store) as shop:
        server, adapter = shop.server, shop.adapter
        one, two = customers(server, "ann", 2)
        (tag,) = server.world.make_tags("Level", "vip")
        server.world.tag("ann", one, tag.id)
        await store.call("HSET", store.keys.wecom_tags("wecom"), tag.id, "vip")
        asked = ask(clock, one, two, seen_by=("vip",))
        ident = await adapter.ask(asked)
        server.moments.publish(only(server).moment_id, "ann")
        assert await adapter.asked(ident, asked) == ("done", {one: ("sent", 0)})
        with pytest.raises(Refused, match="no tag “gold”"):
            await adapter.ask(ask(clock, one, seen_by=("gold",)))


async def test_one_that_was_taken_back_is_published_by_nobody(
    clock: TestClock, store: Store
) -> None:
    async with room(clock, store) as shop:
        (one,) = customers(shop.server, "ann", 1)
        ident = await shop.adapter.ask(ask(clock, one))
        await shop.adapter.withdraw(ident)
        assert only(shop.server).cancelled
        with pytest.raises(Refused, match="no reminder for moments"):
            await shop.adapter.remind(ident)


async def test_an_answer_that_got_lost_is_in_doubt_and_the_moment_is_found(
    clock: TestClock, store: Store
) -> None:
    async with room(clock, store) as shop:
        server, adapter = shop.server, shop.adapter
        (one,) = customers(server, "ann", 1)
        customers(server, "ben", 1)
        asked = ask(clock, one)
        server.refuse[ADD] = [-1]
        with pytest.raises(InDoubt):
            await adapter.ask(asked)
        assert await adapter.find_ask(asked) == ""
        await adapter.ask(asked.model_copy(update={"staff": "ben"}))  # the same words, another's
        assert await adapter.find_ask(asked) == ""
        await adapter.ask(asked)
        found = await adapter.find_ask(asked)
        assert (await adapter.asked(found, asked))[0] == "waiting"
        server.moments.publish(found.removeprefix("moment:"), "ann")
        assert await adapter.asked(found, asked) == ("done", {one: ("sent", 0)})


CARD = LinkCard(url="https://tea.example/new", title="茶" * 30, image=picture("card").url)
BARE = LinkCard(url="https://tea.example/new", title="Tea")
FILM = Video(url="data:video/mp4;base64,AAAAAAAAAAAA", alt="Tea")


@pytest.mark.parametrize(
    ("parts", "kinds", "words"),
    [
        (("Hello", *[picture(str(n)) for n in range(9)]), ["image"] * 9, "Hello"),
        (("Hello", FILM), ["video"], "Hello"),
        (("Hello ", CARD), ["link"], "Hello"),
        (("Hello ", BARE), [], "Hello Tea https://tea.example/new"),
    ],
    ids=["pictures", "film", "card", "card without a picture"],
)
async def test_what_a_moment_can_show_is_uploaded_for_moments(
    clock: TestClock,
    store: Store,
    parts: tuple[str | Segment, ...],
    kinds: list[str],
    words: str,
) -> None:
    async with room(clock, store) as shop:
        (one,) = customers(shop.server, "ann", 1)
        await shop.adapter.ask(ask(clock, one, parts=parts))
        body = only(shop.server).body
        assert [one["msgtype"] for one in body.get("attachments", [])] == kinds
        assert body["text"]["content"] == words
        assert shop.server.asked["media/upload_attachment"] == len(kinds)
        assert not shop.server.asked["media/upload"]
        for row in body.get("attachments", []):
            if row["msgtype"] == "link":
                assert len(row["link"]["title"].encode()) <= 64


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ((picture(), FILM), "nine pictures, or one film"),
        (tuple(picture(str(n)) for n in range(10)), "nine pictures, or one film"),
        (("x" * 2001,), "2000 characters"),
    ],
    ids=["mixed", "ten", "long"],
)
async def test_what_it_cannot_show_is_refused_before_anybody_is_asked(
    clock: TestClock, store: Store, parts: tuple[str | Segment, ...], why: str
) -> None:
    async with room(clock, store) as shop:
        (one,) = customers(shop.server, "ann", 1)
        with pytest.raises(Refused, match=why):
            await shop.adapter.ask(ask(clock, one, parts=parts))
        assert not shop.server.moments.jobs


async def test_a_picture_that_wecom_let_go_of_is_uploaded_anew(
    clock: TestClock, store: Store
) -> None:
    async with room(clock, store) as shop:
        (one,) = customers(shop.server, "ann", 1)
        shop.server.refuse[ADD] = [40007]
        await shop.adapter.ask(ask(clock, one, parts=(Text(text="See"), picture())))
        assert shop.server.asked["media/upload_attachment"] == 2


async def test_ten_are_made_in_a_minute_and_the_next_waits(clock: TestClock, store: Store) -> None:
    async with room(clock, store) as shop:
        (one,) = customers(shop.server, "ann", 1)
        waits = []
        for _ in range(11):
            try:
                await shop.adapter.ask(ask(clock, one))
            except Retry as told:
                waits.append(told.after)
        assert waits
        assert all(0 < wait <= 60 for wait in waits)
        assert 5 <= shop.server.asked[ADD] <= 10


@pytest.mark.parametrize(("told", "counts"), [({}, []), ({"moments_a_month": 4}, [4])])
async def test_the_company_says_how_many_moments_a_customer_is_shown(
    clock: TestClock, store: Store, told: dict[str, int], counts: list[int]
) -> None:
    async with room(clock, store, unconfirmed=told) as shop:
        can = shop.adapter.capabilities
        assert can.moments
        assert [quota.count for quota in can.moment_quotas] == counts
        assert {quota.period for quota in can.moment_quotas} <= {"month"}
