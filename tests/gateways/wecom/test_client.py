"""Our client against the test server: limits, holds, uploads and lanes."""

from __future__ import annotations

import asyncio

import pytest

from bot.gateways.wecom.errors import HOLD, failure
from bot.gateways.wecom.limits import MEMBER, Limits, Window
from bot.model.delivery import InDoubt, Misconfigured, Retry
from bot.store.store import Store
from bot.testing.clock import TestClock

from .company import AGENT, client, company, refused, text

FOLLOWERS = "externalcontact/get_follow_user_list"
MARK = "externalcontact/mark_tag"


@pytest.mark.parametrize("code", [48002, 45009])
async def test_a_call_that_is_not_allowed_is_not_made_again_for_a_minute_and_then_longer(
    clock: TestClock, code: int
) -> None:
    async with company(clock) as server, client(server, clock) as api:
        server.refuse[FOLLOWERS] = [code, code]
        for minutes, asked in [(0, 1), (0, 1), (1, 2), (1, 2)]:
            clock.advance(minutes * 60)
            error = await refused(api, FOLLOWERS)
            assert error.errcode == code
            assert error.after > 0
            assert server.asked[FOLLOWERS] == asked
        assert await api.post("message/send", text("ann"))  # other calls go on
        clock.advance(60)
        assert await api.get(FOLLOWERS)


async def test_calls_under_way_together_count_as_one_refusal(clock: TestClock) -> None:
    async with company(clock) as server, client(server, clock) as api:
        server.refuse[FOLLOWERS] = [48002] * 5
        errors = await asyncio.gather(*(refused(api, FOLLOWERS) for _ in range(5)))
        assert {round(error.after) for error in errors} == {HOLD // 1000}


async def test_an_address_that_is_not_trusted_stops_every_call_and_says_what_to_do(
    clock: TestClock,
) -> None:
    async with company(clock) as server, client(server, clock) as api:
        server.trusted = frozenset({"203.0.113.9"})
        told = failure(await refused(api, FOLLOWERS))
        assert isinstance(told, Misconfigured)
        assert "企业可信IP" in told.reason
        assert (await refused(api, "message/send", text("ann"))).errcode == 60020
        assert server.asked["message/send"] == 0
        server.trusted = None
        clock.advance(HOLD / 1000)
        assert await api.get(FOLLOWERS)


async def test_files_are_uploaded_and_their_ids_can_be_sent(clock: TestClock) -> None:
    async with company(clock) as server, client(server, clock) as api:
        kept = await api.upload("media/upload", "price 表.pdf", b"%PDF-1.7", type="file")
        message = {"touser": "ann", "msgtype": "file", "agentid": AGENT}
        await api.post("message/send", message | {"file": {"media_id": kept["media_id"]}})
        assert server.media.find(kept["media_id"]).upload.filename == "price 表.pdf"
        assert server.media.find(kept["media_id"]).upload.data == b"%PDF-1.7"


async def test_customers_are_marked_five_at_a_time(clock: TestClock) -> None:
    async with company(clock) as server, client(server, clock) as api:
        customer = server.world.meet().external_userid
        server.world.add("ann", customer)
        [tag] = server.world.make_tags("level", "gold")
        server.gates[MARK] = asyncio.Event()
        body = {"userid": "ann", "external_userid": customer, "add_tag": [tag.id]}
        calls = [asyncio.create_task(api.post(MARK, body)) for _ in range(12)]
        while server.asked[MARK] < 5:
            await asyncio.sleep(0.005)
        server.gates[MARK].set()
        await asyncio.gather(*calls)
        assert server.world.relations["ann", customer].tags == {tag.id}


async def test_our_limit_ends_before_theirs_on_all_nodes_together(
    store: Store, clock: TestClock
) -> None:
    limits = Limits(store, "corp", str(AGENT)), Limits(store, "corp", str(AGENT))
    waits = await asyncio.gather(*(limits[n % 2].call("appchat/create") for n in range(600)))
    assert waits.count(0.0) == 500  # of 1000 a day, half at once and half spread over it
    async with company(clock) as server, client(server, clock, limits=limits[0]) as api:
        users = {"userlist": ["ann", "ben"]}
        error = await refused(api, "appchat/create", users)
        assert error.errcode == 45009
        assert error.after == waits[-1] > 0
        assert server.asked["appchat/create"] == 0
        assert await api.get(FOLLOWERS)
        clock.advance(error.after)
        assert await api.post("appchat/create", users)


async def test_a_clock_set_back_blocks_nothing_for_longer_than_the_window(
    store: Store, clock: TestClock
) -> None:
    limits = Limits(store, "corp", str(AGENT))
    assert await limits.call(FOLLOWERS) == 0
    clock.advance(-30 * 86_400)
    wait = await limits.call(FOLLOWERS)
    assert 0 < wait <= 3600
    clock.advance(wait)
    assert await limits.call(FOLLOWERS) == 0


async def test_nothing_is_dropped_silently_however_much_is_asked_for(
    store: Store, clock: TestClock
) -> None:
    limits = Limits(store, "corp", str(AGENT)), Limits(store, "corp", str(AGENT))
    async with company(clock) as server, client(server, clock) as api:
        sent = 0
        for turn in range(3 * 60):
            waits = await limits[turn % 2].members(["ann", "ben"])
            if able := [userid for userid, wait in waits.items() if not wait]:
                await api.post("message/send", text("|".join(able)))
                sent += len(able)
            clock.advance(1)
        assert not server.messages.dropped
        assert len(server.messages.received) == sent
        assert sent > 2 * 3 * 15


@pytest.mark.parametrize("window", [*MEMBER, Window(1, 5), Window(3, 7)])
def test_the_pace_never_makes_more_than_the_window_allows(window: Window) -> None:
    burst, interval = window.pace
    # What fits into any window: all of the burst, and one more for every interval that has ended.
    assert burst + (window.seconds * 1_000_000) // interval <= max(window.count, 2)


@pytest.mark.parametrize(
    ("path", "kind"), [("gettoken", Retry), ("message/send", InDoubt)], ids=["before", "after"]
)
async def test_a_busy_wecom_leaves_in_doubt_only_what_it_was_asked_to_send(
    clock: TestClock, path: str, kind: type[Exception]
) -> None:
    async with company(clock) as server, client(server, clock) as api:
        server.refuse[path] = [-1]
        assert type(failure(await refused(api, "message/send", text("ann")))) is kind
        clock.advance(1)
        assert await api.post("message/send", text("ann"))
