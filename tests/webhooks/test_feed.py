"""Nothing is lost and nothing is told under two names: the streams, cursors, crashes, erasure."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from bot.console.webhook_words import EVENTS as WORDS
from bot.delivery.journal import Entry, record
from bot.demo.mark import GATEWAY
from bot.links.codes import Code
from bot.links.conversions import Told
from bot.store.effects import Effects
from bot.store.erasure import Erasure
from bot.webhooks.endpoint import Endpoint
from bot.webhooks.events import EVENTS, body, described
from bot.webhooks.feed import PLAYED, from_journal
from bot.webhooks.queue import LEASE
from tests.console.house import ROBOT, follow, people
from tests.webhooks.conftest import Wired


async def queued(wired: Wired, endpoint: Endpoint) -> list[str]:
    """The events that wait, in their order."""
    return await wired.house.store.texts(
        "ZRANGE", wired.house.store.keys.webhook_due(endpoint.id), 0, -1
    )


async def quiet(wired: Wired, *events: str) -> Endpoint:
    """An endpoint that is paused, with no courier at work, so that a test can turn by hand."""
    endpoint = await wired.connect(*events)
    await wired.rooms.webhooks.pause(endpoint.id, "ann")
    await wired.rooms.courier.stop()
    return endpoint


async def journal(wired: Wired, *entries: Entry) -> None:
    """Write entries."""
    effects = Effects(wired.house.store.keys)
    for entry in entries:
        record(effects, entry)
    assert await wired.house.store.apply(effects)


def said(number: int) -> Entry:
    """A SOP that was paused."""
    return Entry(at=number, what="sop.paused", source=f"sop s{number}, by ann")


async def test_clicks_of_people_and_conversions_are_told(wired: Wired) -> None:
    house = wired.house
    await people(house, 2)
    await wired.connect("link.clicked", "conversion.recorded")
    sale = await house.rooms.links.make("https://shop.example/spring")
    await follow(house, Code(sale, 0, 1, 2))
    await follow(house, Code(sale, 0, 1, 2), ROBOT)
    code = house.rooms.links.codes.pack(Code(sale, 0, 1, 2))
    told = Told(name="id:order-1", kind="sale", value=Decimal(99), currency="CNY", code=code)
    await house.rooms.conversions.record(told, "token shop")
    await house.rooms.conversions.record(told, "token shop")
    await house.rooms.counter.drain()
    await wired.shop.wait(2)
    await asyncio.sleep(0.6)
    found = {one.body["type"]: one.verified(wired.secret)["data"] for one in wired.shop.heard}
    assert len(wired.shop.heard) == 2, "no robot, and no conversion twice"
    assert found["link.clicked"] == {
        "member": 2,
        "accounts": ["sandbox/u1"],
        "conversation": "sandbox/g/tea",
        "link": sale,
        "group": 1,
    }
    sold = found["conversion.recorded"]
    assert (sold["member"], sold["value"], sold["currency"]) == (2, "99", "CNY")


@pytest.mark.parametrize(
    ("entry", "event", "data"),
    [
        (
            {"what": "checkin.recorded", "text": "daily 2026-06-17", "member": 3},
            "check_in.recorded",
            {"programme": "daily", "day": "2026-06-17", "member": 3},
        ),
        (
            {"what": "delivery.failed", "delivery": "7", "source": "sop tips/1/a/x", "reason": "x"},
            "message.failed",
            {"delivery": "7", "sop": "tips", "reason": "x"},
        ),
        (
            {"what": "delivery.sent", "delivery": "7", "source": "event e1"},
            "message.sent",
            {"sop": None},
        ),
        (
            {"what": "task.done", "source": "sop tips, for bob, by ann"},
            "task.done",
            {"sop": "tips", "by": "ann"},
        ),
        ({"what": "task.opened", "source": "sop tips/1/wed/x"}, "task.opened", {"sop": "tips"}),
        ({"what": "sop.running", "source": "sop tips, by ann"}, "sop.resumed", {"by": "ann"}),
        (
            {"what": "member.opted_out", "text": "tea", "member": 1},
            "member.opted_out",
            {"topic": "tea"},
        ),
        (
            {"what": "contact.added", "reason": "poster", "member": 1},
            "contact.added",
            {"channel": "poster"},
        ),
        ({"what": "group.dismissed", "conversation": "qq/g/1"}, "group.dismissed", {}),
    ],
)
def test_what_the_journal_tells_others(
    entry: dict[str, Any], event: str, data: dict[str, Any]
) -> None:
    happened = from_journal(Entry(at=1, **{"text": "secret words", **entry}))
    assert happened
    assert happened.event == event
    filled = {**happened.data, "member": happened.member, "accounts": (), "conversation": None}
    known = {k: v for k, v in filled.items() if k in happened.model.model_fields}
    text = body(event, 1, happened.model.model_validate(known))
    assert "secret words" not in text
    shown = happened.model.model_validate(known).model_dump(mode="json")
    assert {name: shown[name] for name in data} == data
    assert EVENTS[event] is happened.model


@pytest.mark.parametrize("what", ["event.unmatched", "delivery.retried", "member.erased", "x"])
def test_what_is_for_this_house_alone_is_not_told(what: str) -> None:
    assert from_journal(Entry(at=1, what=what, source="sop x, by y", text="what they said")) is None


def test_every_event_has_a_word_and_a_shape() -> None:
    assert [*WORDS] == [*EVENTS]
    assert {one["title"] for one in described()["oneOf"]} == {*EVENTS, "webhook.test"}
    assert f"{GATEWAY}/" == PLAYED


async def test_two_nodes_and_a_crash_between_queue_every_event_once(wired: Wired) -> None:
    endpoint = await quiet(wired, "sop.paused")
    feed = wired.rooms.courier._feed
    await journal(wired, *(said(number) for number in range(300)))
    await asyncio.gather(*(feed.feed() for _ in range(6)))
    while await feed.feed():
        await asyncio.gather(*(feed.feed() for _ in range(3)))
    waiting = await queued(wired, endpoint)
    entries = await wired.house.store.call("XRANGE", wired.house.store.keys.journal(), "-", "+")
    assert len(waiting) == 300
    split = [ident.decode().split("-") for ident, _ in entries]
    assert waiting == [f"journal_{ms}_{int(serial):06}" for ms, serial in split]


async def test_what_a_killed_node_had_in_hand_is_sent_again_under_the_same_name(
    wired: Wired,
) -> None:
    endpoint = await quiet(wired, "sop.paused")
    await journal(wired, said(1), said(2))
    await wired.rooms.courier._feed.feed()
    lost = await wired.rooms.webhook_queue.take(endpoint.id)
    assert len(lost) == 2
    assert await wired.rooms.webhook_queue.take(endpoint.id) == []
    wired.house.clock.advance(LEASE / 1000 + 1)
    again = await wired.rooms.webhook_queue.take(endpoint.id)
    assert [(one.event, one.body) for one in again] == [(one.event, one.body) for one in lost]
    assert await wired.rooms.webhook_queue.finish(lost[0], "done") == -1, "its turn is over"
    assert await wired.rooms.webhook_queue.finish(again[0], "done") == 0
    assert (await wired.health(endpoint)).waiting == 1


async def test_what_is_trimmed_before_it_was_told_is_said(wired: Wired) -> None:
    endpoint, store = await quiet(wired, "sop.paused"), wired.house.store
    await journal(wired, *(said(number) for number in range(50)))
    await store.call("XTRIM", store.keys.journal(), "MAXLEN", "=", 10)
    await wired.rooms.courier._feed.feed()
    assert len(await queued(wired, endpoint)) == 10
    (gap,) = await wired.rooms.webhooks.gaps()
    assert (gap.stream, gap.missing) == ("journal", 40)
    ann = await wired.house.operator("ann", "admin")
    assert "40 entries were forgotten before they could be told (Journal)" in await ann.get(
        "/webhooks"
    )


async def test_what_is_trimmed_after_it_was_told_is_no_gap(wired: Wired) -> None:
    endpoint, store = await quiet(wired, "sop.paused"), wired.house.store
    await journal(wired, *(said(number) for number in range(5)))
    await wired.rooms.courier._feed.feed()
    await store.call("XTRIM", store.keys.journal(), "MAXLEN", "=", 0)
    await journal(wired, said(9))
    await wired.rooms.courier._feed.feed()
    assert len(await queued(wired, endpoint)) == 6
    assert await wired.rooms.webhooks.gaps() == []


async def test_while_nobody_listens_nothing_is_read(wired: Wired) -> None:
    store, endpoint = wired.house.store, await quiet(wired, "sop.paused", "link.clicked")
    cursors = await store.table("HGETALL", store.keys.webhook_cursor())
    assert {*cursors} == {"journal", "hits"}
    await wired.rooms.webhooks.edit(endpoint.id, endpoint.url, ["sop.paused"], "ann")
    assert {*await store.table("HGETALL", store.keys.webhook_cursor())} == {"journal"}
    await wired.rooms.webhooks.remove(endpoint.id, "ann")
    for family in (store.keys.webhook_cursor, store.keys.webhooks, store.keys.webhook_secrets):
        assert await store.call("EXISTS", family()) == 0
    await journal(wired, said(1))
    assert await wired.rooms.courier._feed.feed() == 0


async def test_who_is_erased_is_taken_out_of_what_waits_and_is_never_told(wired: Wired) -> None:
    endpoint, store = await quiet(wired, "member.joined"), wired.house.store
    await wired.happens(2)
    await wired.rooms.courier._feed.feed()
    assert len(await queued(wired, endpoint)) == 2
    await store.call(
        "ZREM", store.keys.webhook_due(endpoint.id), (await queued(wired, endpoint))[1]
    )
    tea = "sandbox/g/tea"
    await journal(
        wired, Entry(at=1, what="member.joined", member=1, conversation=tea, reason="link")
    )
    assert await erase(wired, 1)
    await journal(
        wired, Entry(at=1, what="member.joined", member=1, conversation=tea, reason="link")
    )
    await wired.rooms.courier._feed.feed()
    kept = await store.table("HGETALL", store.keys.webhook_body(endpoint.id))
    assert "guest1" not in str(kept)
    assert len(kept) == 1
    assert await wired.rooms.webhook_queue.take(endpoint.id) == []
    await store.call("DEL", store.keys.webhook_body(endpoint.id))


async def test_what_ends_after_a_merge_is_told_of_the_survivor(wired: Wired) -> None:
    await people(wired.house, 2)
    await wired.connect("message.sent")
    await wired.rooms.merging.merge(1, 2, "ann")
    await journal(wired, Entry(at=1, what="delivery.sent", delivery="7", member=2))
    (told,) = await wired.shop.wait(1)
    assert told.body["data"]["member"] == 1
    assert told.body["data"]["accounts"] == ["sandbox/u0"]


async def erase(wired: Wired, number: int) -> bool:
    """Erase a member."""
    members, erasing = wired.house.members, wired.house.store
    erasure = Erasure(erasing, members, wired.house.community.app.node)
    return await erasure.erase_member(number, "ann")


async def test_of_people_the_demo_plays_nobody_is_told(wired: Wired) -> None:
    endpoint = await quiet(wired, "member.joined")
    played = Entry(at=1, what="member.joined", conversation="demo/g/tea", reason="link")
    await journal(wired, played)
    await wired.rooms.courier._feed.feed()
    assert await queued(wired, endpoint) == []


async def test_a_queue_that_is_full_takes_no_more_and_counts_it(
    wired: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.webhooks.feed.MOST_WAITING", 3)
    endpoint = await quiet(wired, "sop.paused")
    await journal(wired, *(said(number) for number in range(5)))
    await wired.rooms.courier._feed.feed()
    health = await wired.health(endpoint)
    assert (health.waiting, health.dropped) == (3, 2)


async def test_an_entry_of_another_version_holds_up_nothing(wired: Wired) -> None:
    endpoint, store = await quiet(wired, "sop.paused"), wired.house.store
    await store.call("XADD", store.keys.journal(), "*", "entry", '{"new": "form"}')
    await store.call("XADD", store.keys.journal(), "*", "other", "field")
    await journal(wired, said(1))
    await wired.rooms.courier._feed.feed()
    assert len(await queued(wired, endpoint)) == 1
