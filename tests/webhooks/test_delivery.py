"""What happens here is told to others: signed, until they hear it, and each under one name."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from standardwebhooks.webhooks import WebhookVerificationError

from bot.webhooks.courier import AGAIN, FAILING
from bot.webhooks.endpoint import Endpoint
from tests.webhooks.conftest import Wired
from tests.webhooks.receiver import Heard


async def until(wired: Wired, endpoint: Endpoint, **wanted: int | str) -> None:
    """Wait till the endpoint's health is so."""
    async with asyncio.timeout(10):
        while True:
            health = await wired.health(endpoint)
            if all(getattr(health, name) == value for name, value in wanted.items()):
                return
            await asyncio.sleep(0.01)


async def test_who_listens_is_told_who_joined_and_can_prove_it_is_us(wired: Wired) -> None:
    await wired.connect("member.joined")
    await wired.happens()
    (heard,) = await wired.shop.wait(1)
    told = heard.verified(wired.secret)
    assert told["type"] == "member.joined"
    assert told["timestamp"] == "2026-06-17T00:00:00.000Z"
    data = told["data"]
    assert (data["conversation"], data["how"]) == ("sandbox/g/tea", "unknown")
    assert data["accounts"] == ["sandbox/guest1"]
    assert data["member"] == 1
    with pytest.raises(WebhookVerificationError):
        heard.verified("whsec_" + "A" * 43 + "=")


async def test_only_what_was_asked_for_and_happened_after_the_asking_is_told(wired: Wired) -> None:
    await wired.happens(2)
    endpoint = await wired.connect("member.left")
    await wired.happens(1)
    tea = await wired.house.community.group("tea")
    await wired.house.community.member("guest1").leaves(tea)
    (heard,) = await wired.shop.wait(1)
    assert (heard.body["type"], heard.body["data"]["accounts"]) == (
        "member.left",
        ["sandbox/guest1"],
    )
    await wired.rooms.webhooks.edit(endpoint.id, endpoint.url, ["member.joined"], "ann")
    await wired.happens(1)
    heard = (await wired.shop.wait(2))[1]
    assert heard.body["type"] == "member.joined"
    assert heard.body["data"]["accounts"] == ["sandbox/guest4"]


async def test_it_is_sent_again_under_the_same_name_until_it_is_taken(wired: Wired) -> None:
    endpoint = await wired.connect("member.joined")
    wired.shop.answers = [500, 302, 404]
    await wired.happens()
    for number, wait in enumerate(AGAIN[:3], 1):
        await wired.shop.wait(number)
        await settled(wired, endpoint)
        wired.later(wait - 1)
        await asyncio.sleep(0.05)
        assert len(wired.shop.heard) == number, "not before its time"
        wired.later(wait * 0.2 + 2)
    heard = await wired.shop.wait(4)
    assert len({one.id for one in heard}) == 1
    assert {one.text for one in heard} == {heard[0].text}
    stamps = [int(one.headers["webhook-timestamp"]) for one in heard]
    assert stamps == sorted({*stamps}), "each try is signed at its own time"
    await until(wired, endpoint, waiting=0, failing=0, delivered=1)


async def settled(wired: Wired, endpoint: Endpoint) -> None:
    """Wait till nothing is on its way."""
    key = wired.house.store.keys.webhook_sending(endpoint.id)
    async with asyncio.timeout(10):
        while await wired.house.store.call("ZCARD", key):
            await asyncio.sleep(0.01)


async def test_who_asks_for_time_is_given_it(wired: Wired) -> None:
    endpoint = await wired.connect("member.joined")
    wired.shop.answers, wired.shop.headers = [429], {"Retry-After": "120"}
    await wired.happens()
    await wired.shop.wait(1)
    await settled(wired, endpoint)
    wired.later(110)
    await asyncio.sleep(0.05)
    assert len(wired.shop.heard) == 1
    wired.later(11)
    await wired.shop.wait(2)


async def test_after_the_last_try_it_is_a_dead_letter_that_can_be_sent_again(wired: Wired) -> None:
    endpoint = await wired.connect("member.joined")
    wired.shop.status = 500
    await wired.happens()
    for number, wait in enumerate(AGAIN, 1):
        await wired.shop.wait(number)
        await settled(wired, endpoint)
        wired.later(wait * 1.2 + 1)
    await wired.shop.wait(len(AGAIN) + 1)
    await until(wired, endpoint, waiting=0, dead=1)
    (letter,) = await wired.rooms.webhook_queue.letters(endpoint.id)
    assert (letter.type, letter.tries, letter.reason) == ("member.joined", 8, "status 500")
    assert len(letter.answer) == 500
    wired.shop.status = 200
    assert await wired.rooms.webhook_queue.replay(endpoint.id, "ann") == 1
    heard = await wired.shop.wait(len(AGAIN) + 2)
    assert heard[-1].id == heard[0].id == letter.event
    await until(wired, endpoint, waiting=0, dead=0, delivered=1)
    assert await wired.rooms.webhook_queue.replay(endpoint.id, "ann") == 0


async def test_dead_letters_can_be_dropped(wired: Wired) -> None:
    endpoint, store = await wired.connect("member.joined"), wired.house.store
    wired.shop.status = 500
    await wired.happens(3)
    await wired.shop.wait(3)
    await settled(wired, endpoint)
    due, dead = store.keys.webhook_due(endpoint.id), store.keys.webhook_dead(endpoint.id)
    for event, score in (await store.table("ZRANGE", due, 0, -1, "WITHSCORES")).items():
        await store.call("ZREM", due, event)
        await store.call("ZADD", dead, score, event)
    queue = wired.rooms.webhook_queue
    first = (await queue.letters(endpoint.id))[0].event
    assert await queue.drop(endpoint.id, "ann", first) == 1
    assert first not in [one.event for one in await queue.letters(endpoint.id)]
    assert await queue.drop(endpoint.id, "ann") == 2
    assert await store.call("EXISTS", store.keys.webhook_body(endpoint.id)) == 0


async def test_who_says_gone_is_paused_and_loses_nothing(wired: Wired) -> None:
    endpoint = await wired.connect("member.joined")
    wired.shop.answers = [410]
    await wired.happens()
    await wired.shop.wait(1)
    async with asyncio.timeout(10):
        while (found := await wired.rooms.webhooks.get(endpoint.id)).state == "active":
            await asyncio.sleep(0.01)
    assert found.why == "gone"
    await wired.happens()
    wired.later(86_400)
    await asyncio.sleep(0.1)
    assert len(wired.shop.heard) == 1
    await wired.rooms.webhooks.resume(endpoint.id, "ann")
    heard = await wired.shop.wait(3)
    assert heard[1].id == heard[0].id
    await until(wired, endpoint, waiting=0, delivered=2)


async def test_who_fails_for_three_days_is_paused_and_it_is_said(wired: Wired) -> None:
    endpoint = await wired.connect("member.joined")
    wired.shop.status = 503
    await wired.happens()
    await wired.shop.wait(1)
    await settled(wired, endpoint)
    wired.later(FAILING / 1000 + 1)
    async with asyncio.timeout(10):
        while (found := await wired.rooms.webhooks.get(endpoint.id)).state == "active":
            await asyncio.sleep(0.01)
    assert found.why == "failing"
    ann = await wired.house.operator("ann", "admin")
    assert "was paused: it failed for three days" in await ann.get("/")
    bob = await wired.house.operator("bob", "viewer")
    assert "was paused" not in await bob.get("/")


async def test_one_that_is_slow_holds_up_nobody_else_and_gets_few_at_once(wired: Wired) -> None:
    free = asyncio.Event()
    most = 0
    now = 0

    async def respond(heard: Heard) -> web.Response:
        nonlocal most, now
        if "slow" not in heard.path:
            return web.Response()
        now += 1
        most = max(most, now)
        await free.wait()
        now -= 1
        return web.Response()

    wired.shop.respond = respond
    slow = await wired.connect("member.joined", path="/slow")
    await wired.connect("member.joined", path="/fast")
    await wired.happens(8)
    async with asyncio.timeout(10):
        while sum("fast" in one.path for one in wired.shop.heard) < 8:
            await asyncio.sleep(0.01)
    assert most == 4
    free.set()
    await until(wired, slow, waiting=0, delivered=8)
    assert most == 4


async def test_events_leave_in_the_order_they_happened(wired: Wired) -> None:
    endpoint = await wired.connect("member.joined")
    await wired.rooms.webhooks.pause(endpoint.id, "ann")
    await wired.happens(12)
    await until(wired, endpoint, waiting=12)
    keys = wired.house.store.keys
    due = await wired.house.store.texts("ZRANGE", keys.webhook_due(endpoint.id), 0, -1)
    entries = [tuple(map(int, one.split("_")[1:])) for one in due]
    assert entries == sorted(entries)
    await wired.rooms.webhooks.resume(endpoint.id, "ann")
    await wired.shop.wait(12)
    await until(wired, endpoint, waiting=0)


async def test_for_a_day_after_a_new_secret_the_old_one_is_good_too(wired: Wired) -> None:
    endpoint = await wired.connect("member.joined")
    old = wired.secret
    new = await wired.rooms.webhooks.rotate(endpoint.id, "ann")
    await wired.happens()
    (heard,) = await wired.shop.wait(1)
    assert heard.verified(old) == heard.verified(new)
    wired.later(86_401)
    await wired.happens()
    heard = (await wired.shop.wait(2))[1]
    assert heard.verified(new)
    with pytest.raises(WebhookVerificationError):
        heard.verified(old)


async def test_a_test_event_is_answered_while_one_waits_also_when_paused(wired: Wired) -> None:
    endpoint = await wired.connect("member.joined")
    await wired.rooms.webhooks.pause(endpoint.id, "ann")
    wired.shop.answers = [500]
    reply = await wired.rooms.courier.test(endpoint)
    assert (reply.status, reply.reason, len(reply.text)) == (500, "status", 4096)
    reply = await wired.rooms.courier.test(endpoint)
    assert (reply.status, reply.reason) == (204, "")
    assert wired.shop.heard[1].verified(wired.secret)["type"] == "webhook.test"
    assert (await wired.health(endpoint)).delivered == 0


async def test_an_answer_that_does_not_come_is_not_waited_for(wired: Wired) -> None:
    async def never(heard: Heard) -> web.Response:
        await asyncio.sleep(30)
        raise AssertionError

    wired.shop.respond = never
    endpoint = await wired.connect("member.joined")
    await wired.happens()
    await wired.shop.wait(1)
    await asyncio.sleep(0.05)
    wired.later(10.1)
    await until(wired, endpoint, waiting=1, reason="timeout")
