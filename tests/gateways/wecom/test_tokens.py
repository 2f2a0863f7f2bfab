"""One token for all nodes: fetched once, renewed early, never asked for in vain."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack

import pytest

from bot.gateways.wecom.api import WeComApi
from bot.gateways.wecom.errors import HOLD
from bot.store.address import unix
from bot.store.store import Store
from bot.testing.clock import TestClock
from bot.testing.wecom import Fault, Variants, WeComServer
from bot.testing.wecom.call import Answer

from .company import client, company, refused

FOLLOWERS = "externalcontact/get_follow_user_list"


async def together(clock: TestClock, *apis: WeComApi) -> None:
    """Call with all at once, letting time pass for those who wait for another node."""
    calls = asyncio.gather(*(api.get(FOLLOWERS) for api in apis for _ in range(5)))
    while not calls.done():
        await asyncio.sleep(0.005)
        clock.advance(0.02)
    await calls


async def test_nodes_that_start_together_fetch_one_token(store: Store, clock: TestClock) -> None:
    async with company(clock) as server, AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(client(server, clock, store)) for _ in range(4)]
        await together(clock, *nodes)
        assert server.asked["gettoken"] == 1
        assert server.asked[FOLLOWERS] == 20


async def test_a_token_is_renewed_by_one_node_before_it_ends(
    store: Store, clock: TestClock
) -> None:
    variants = Variants(same_token=False)
    async with company(clock, variants=variants) as server, AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(client(server, clock, store)) for _ in range(2)]
        await together(clock, *nodes)
        clock.advance(6600)
        await together(clock, *nodes)
        assert server.asked["gettoken"] == 2
        clock.advance(600)  # the first would have ended now
        await together(clock, *nodes)
        assert server.asked["gettoken"] == 2


async def test_a_token_that_is_repeated_till_its_end_is_not_asked_for_all_the_time(
    clock: TestClock,
) -> None:
    async with company(clock) as server, client(server, clock) as api:
        for _ in range(240):  # an hour more than its two
            assert await api.get(FOLLOWERS)
            clock.advance(45)
        assert 2 < server.asked["gettoken"] <= 10


@pytest.mark.parametrize("end", ["revoke", "expire"])
async def test_a_token_that_ended_early_is_fetched_once_and_the_calls_go_through(
    store: Store, clock: TestClock, end: str
) -> None:
    async with company(clock) as server, AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(client(server, clock, store)) for _ in range(3)]
        await together(clock, *nodes)
        getattr(server.tokens, end)()
        await together(clock, *nodes)
        assert server.asked["gettoken"] == 2
        assert server.asked[FOLLOWERS] <= 15 + 15 + 15


async def test_a_node_that_comes_late_takes_the_token_another_has_renewed(
    store: Store, clock: TestClock
) -> None:
    async with (
        company(clock) as server,
        client(server, clock, store) as one,
        client(server, clock, store) as two,
    ):
        await one.get(FOLLOWERS)
        await two.get(FOLLOWERS)
        server.tokens.revoke()
        await one.get(FOLLOWERS)
        await two.get(FOLLOWERS)
        assert server.asked["gettoken"] == 2


async def test_a_call_refused_with_two_tokens_is_not_tried_a_third_time(clock: TestClock) -> None:
    async with company(clock) as server, client(server, clock) as api:
        server.refuse[FOLLOWERS] = [42001, 42001, 42001]
        assert (await refused(api, FOLLOWERS)).errcode == 42001
        assert server.asked[FOLLOWERS] == 2


async def test_a_wrong_secret_is_asked_for_less_and_less_by_all_nodes(
    store: Store, clock: TestClock
) -> None:
    async with (
        company(clock) as server,
        client(server, clock, store, "wrong") as one,
        client(server, clock, store, "wrong") as two,
    ):
        for minutes, asked in [(0, 1), (1, 2), (1, 2), (1, 3), (3, 3), (1, 4)]:
            clock.advance(minutes * 60)
            for api in (one, two):
                error = await refused(api, FOLLOWERS)
                assert error.errcode == 40001
                assert 0 < error.after <= 480
                assert "wrong" not in str(error)
            assert server.asked["gettoken"] == asked


async def test_a_secret_that_wecom_repeats_is_not_told_on(
    clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with company(clock) as server, client(server, clock, secret="my-secret") as api:

        def give(query: Mapping[str, str], source: str) -> Answer:
            raise Fault(40001, f"invalid credential {query['corpsecret']}")

        monkeypatch.setattr(server.tokens, "give", give)
        assert "my-secret" not in str(await refused(api, FOLLOWERS))


async def test_a_mended_secret_works_at_once(store: Store, clock: TestClock) -> None:
    async with company(clock) as server:
        async with client(server, clock, store, "wrong") as api:
            await refused(api, FOLLOWERS)
        async with client(server, clock, store) as api:
            assert await api.get(FOLLOWERS)


async def test_while_renewing_fails_the_old_token_is_used_and_asking_is_held_back(
    clock: TestClock,
) -> None:
    async with company(clock) as server, client(server, clock) as api:
        await api.get(FOLLOWERS)
        clock.advance(6600)
        server.refuse["gettoken"] = [40001] * 9
        for _ in range(5):
            await api.get(FOLLOWERS)
        assert server.asked["gettoken"] == 2
        clock.advance(HOLD / 1000)
        await api.get(FOLLOWERS)
        assert server.asked["gettoken"] == 3


async def test_while_the_store_is_away_a_node_fetches_for_itself(clock: TestClock) -> None:
    away = Store(unix("/nowhere"), "away", clock)
    async with company(clock) as server, client(server, clock, away) as api:
        assert await api.get(FOLLOWERS)
        assert await api.get(FOLLOWERS)
        assert server.asked["gettoken"] == 1


async def test_no_answer_tells_nothing_and_makes_nobody_wait_in_turn(clock: TestClock) -> None:
    async with company(clock) as served:
        gone: WeComServer = served
    async with client(gone, clock) as api:
        errors = await asyncio.gather(*(refused(api, FOLLOWERS) for _ in range(10)))
        assert {error.errcode for error in errors} == {0}
        assert not any(error.sent for error in errors)
        assert not any("app-secret" in str(error) for error in errors)
