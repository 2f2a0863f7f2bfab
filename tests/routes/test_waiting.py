"""Full groups: the last place, waiting lists, and notices when a place opens."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.model.conversation import Account
from bot.model.event import MemberLeft
from bot.routes.places import Places
from bot.store.address import unix
from bot.store.effects import Effects
from bot.store.erasure import Erasure
from bot.store.store import Store
from bot.testing import Community, Person, TestClock

CONFIG = """
language = "en"
handlers = ["handlers.keyword_routes"]

[[routes]]
name = "tea"
words = ["tea"]
groups = [{ group = "sandbox/tea", link = "https://join.example/tea" }]
capacity = 2
full = "wait"
hold = "2h"

[[routes]]
name = "wine"
words = ["wine"]
groups = ["sandbox/wine"]
capacity = 200
per_day = 2

[[routes]]
name = "beer"
words = ["beer"]
groups = ["sandbox/beer"]
"""
LINE = (
    "“tea” is full at the moment. You are number {} in line and will be told here when a place"
    " opens. To leave the line, say “stop waiting”."
)


@pytest.fixture
async def community(valkey: str, store: Store, clock: TestClock) -> AsyncIterator[Community]:
    async with community_on(valkey, store, clock) as made:
        for ident in ("tea", "wine"):
            await made.member("host", "host").joins(await made.group(ident, f"{ident} club"))
        yield made


def community_on(valkey: str, store: Store, clock: TestClock) -> Community:
    return Community(CONFIG, clock=clock, locate=unix(valkey), workspace=store.keys.workspace)


async def heard(community: Community, person: Person) -> list[str]:
    return [said.message.summary for said in await community.direct(person).hears()]


async def joins(community: Community, group: str, *people: str) -> None:
    for who in people:
        await community.member(who).joins(await community.group(group))


async def leaves(community: Community, group: str, who: str) -> None:
    await community.member(who).leaves(await community.group(group))


async def waits(community: Community, who: str) -> Person:
    person = community.member(who)
    await person.says("tea")
    assert "in line" in (await heard(community, person))[-1]
    await community.passes(seconds=1)
    return person


async def test_at_199_of_200_one_of_two_gets_the_last_place(community: Community) -> None:
    number = await community.app.members.group_number(
        community.app.config.routes[1].groups[0].group
    )
    effects = Effects(community.app.store.keys)
    for member in range(10_001, 10_199):
        effects.fact(effects.keys.group_present(number), member)
    await community.app.store.apply(effects)
    ming, hong = community.member("ming"), community.member("hong")
    await ming.says("wine")
    await hong.says("wine")
    [said] = await heard(community, ming)
    assert said.startswith("“wine club” is the group for you")
    assert await heard(community, hong) == [
        "“wine” is full at the moment. Please ask again another day."
    ]
    await joins(community, "wine", "ming")
    await hong.says("wine")
    assert "is full" in (await heard(community, hong))[0]


async def test_who_finds_it_full_is_told_their_place_in_line(community: Community) -> None:
    await joins(community, "tea", "full")
    for position, who in enumerate(("ming", "hong", "ming"), 1):
        person = community.member(who)
        await person.says("tea")
        assert await heard(community, person) == [LINE.format(1 if who == "ming" else position)]
    waiting = await community.app.rooms.routes.waiting("tea")
    assert [one.to.account for one in waiting] == ["ming", "hong"]


async def test_the_first_in_line_is_told_when_a_place_opens_and_nobody_else(
    community: Community,
) -> None:
    await joins(community, "tea", "full")
    ming, hong = await waits(community, "ming"), await waits(community, "hong")
    await leaves(community, "tea", "full")
    await community.passes(seconds=1)
    assert await heard(community, ming) == [
        "ming, a place in “tea club” is yours for 2 hours. If you do not want it, say "
        "“stop waiting”.\nHere is the way into “tea club”:tea club https://join.example/tea"
    ]
    await community.passes(minutes=10)
    assert await heard(community, ming) == []
    assert await heard(community, hong) == []
    await joins(community, "tea", "ming")
    community.clock.advance(3 * 3600)
    await community.passes(seconds=1)
    assert await heard(community, hong) == []


async def test_a_place_that_was_not_taken_goes_to_the_next(community: Community) -> None:
    await joins(community, "tea", "full")
    ming, hong = await waits(community, "ming"), await waits(community, "hong")
    await leaves(community, "tea", "full")
    await community.passes(seconds=1)
    community.clock.advance(119 * 60)
    await community.passes(seconds=1)
    assert "is yours for 2 hours" in (await heard(community, ming))[0]
    assert await heard(community, hong) == []
    community.clock.advance(60)
    await community.passes(seconds=1)
    assert "is yours for 2 hours" in (await heard(community, hong))[0]
    await ming.says("tea")
    assert await heard(community, ming) == [LINE.format(1)]


async def test_who_does_not_want_it_any_more_says_so(community: Community) -> None:
    await joins(community, "tea", "full")
    ming, hong = await waits(community, "ming"), await waits(community, "hong")
    await joins(community, "beer", "host")
    await ming.says("beer")  # of a group that takes any number no place was promised
    [said] = await heard(community, ming)
    assert "is the group for you" in said
    assert "kept" not in said
    await ming.says("不等了")
    assert await heard(community, ming) == ["All right, your place for tea is given up."]
    await ming.says("不等了")
    assert await heard(community, ming) == []
    await leaves(community, "tea", "full")
    await community.passes(seconds=1)
    assert "is yours" in (await heard(community, hong))[0]
    await hong.says("Stop waiting!")
    await heard(community, hong)
    await ming.says("tea")
    assert (await heard(community, ming))[0].startswith("Here is the way into “tea club”")


async def test_the_line_is_kept_over_a_restart_even_between_place_and_notice(
    valkey: str, store: Store, clock: TestClock
) -> None:
    async with community_on(valkey, store, clock) as before:
        await before.group("tea", "tea club")
        await joins(before, "tea", "host", "full")
        ming, hong = await waits(before, "ming"), await waits(before, "hong")
        await leaves(before, "tea", "full")
        app = before.app  # it ends after it held the place and before it told
        await Places(app.store, app.members).next(app.config.routes[0])
    async with community_on(valkey, store, clock) as after:
        await after.passes(seconds=1)
        ming, hong = after.member("ming"), after.member("hong")
        told = [text for text in await heard(after, ming) if "is yours" in text]
        assert len(told) == 1
        assert not any("is yours" in text for text in await heard(after, hong))


async def test_two_nodes_tell_of_an_opening_once(
    valkey: str, store: Store, clock: TestClock, community: Community
) -> None:
    await joins(community, "tea", "full")
    ming = await waits(community, "ming")
    await leaves(community, "tea", "full")
    async with community_on(valkey, store, clock) as other:
        await other.passes(seconds=2)
        await community.passes(seconds=2)
        assert len(await heard(community, ming)) == 1


async def test_a_removed_route_has_no_line(community: Community) -> None:
    routes = community.app.rooms.routes
    extra = {"name": "x", "words": ["x"], "groups": ["sandbox/wine"], "capacity": 1, "full": "wait"}
    await routes.save(extra)
    await community.member("ming").says("x")
    assert len(await routes.waiting("x")) == 1
    await routes.remove("x")
    await community.passes(seconds=2)
    assert await routes.waiting("x") == []


async def test_nobody_is_shown_the_way_more_often_than_a_day_allows(community: Community) -> None:
    ming = community.member("ming")
    for _ in range(2):
        await ming.says("wine")
    assert len([t for t in await heard(community, ming) if "is the group for you" in t]) == 2
    await ming.says("wine")
    assert await heard(community, ming) == [
        "You were shown the way into “wine” already today. Please ask again tomorrow."
    ]
    community.clock.advance(86_400)
    await ming.says("wine")
    assert "is the group for you" in (await heard(community, ming))[0]


async def test_who_was_removed_is_not_shown_in_again(community: Community) -> None:
    await joins(community, "wine", "ming")
    event = MemberLeft(
        id="removed-1",
        gateway="sandbox",
        at=community.clock.now(),
        account=Account(id="ming"),
        group="wine",
        how="removed",
        by="host",
    )
    await community.accept(event)
    ming = community.member("ming")
    await ming.says("wine")
    assert await heard(community, ming) == ["You were removed from “wine”. Please ask the staff."]
    await joins(community, "wine", "ming")  # the staff let them in again
    await leaves(community, "wine", "ming")
    await ming.says("wine")
    assert "is the group for you" in (await heard(community, ming))[0]


async def test_an_erased_member_waits_no_more_and_holds_nothing(community: Community) -> None:
    await joins(community, "tea", "full")
    await waits(community, "ming")
    app = community.app
    number = await app.members.number("sandbox", Account(id="ming"))
    await community.member("ming").says("wine")
    await Erasure(app.store, app.members, app.node).erase_member(number, "test")
    assert await app.rooms.routes.waiting("tea") == []
    cursor, left = b"0", []
    while True:
        cursor, names = await app.store.call("SCAN", cursor, "MATCH", f"{app.store.prefix}route:*")
        for name in names:
            kind = await app.store.text("TYPE", name)
            if kind == "zset":
                left += await app.store.texts("ZRANGE", name, 0, -1)
            elif kind == "hash" and b"route:ways" not in name:
                left += await app.store.texts("HKEYS", name)
            elif kind == "hash":
                left.append(name.decode().rpartition(":")[2])
        if cursor == b"0":
            break
    assert str(number) not in left
