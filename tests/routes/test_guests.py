"""SOPs that invite to a route: each guest has a place held, a place in line, or a reason."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.model.conversation import Account, Conversation
from bot.routes.statistics import Funnel, Led
from bot.sop.engine.planner import Planner
from bot.store.address import unix
from bot.store.effects import Effects
from bot.store.store import Store
from bot.testing import Community, TestClock

CONFIG = """
language = "en"
timezone = "UTC"
handlers = ["handlers.keyword_routes"]
sop_templates = "{folder}"

[delivery]
quiet_hours = "{quiet}"
daily_cap = "none"

[[routes]]
name = "tea"
words = ["tea", "cha"]
groups = [{{ group = "sandbox/tea", link = "https://join.example/tea" }}]
capacity = 2
full = "{full}"
hold = "2h"
when = {{ {when} }}
"""
WEEK = """
title = "Week"
anchor = "joined"
[[step]]
id = "invite"
after = "1m"
route = "tea"
{more}
"""
Open = Callable[..., Awaitable[Community]]


@pytest.fixture
async def open_with(
    valkey: str, store: Store, clock: TestClock, tmp_path: Path
) -> AsyncIterator[Open]:
    @asynccontextmanager
    async def made(full: str, when: str, more: str, quiet: str) -> AsyncIterator[Community]:
        (tmp_path / "week.toml").write_text(WEEK.format(more=more), encoding="utf-8")
        config = CONFIG.format(folder=tmp_path, full=full, when=when, quiet=quiet)
        workspace = store.keys.workspace
        async with Community(
            config, clock=clock, locate=unix(valkey), workspace=workspace
        ) as community:
            await community.group("tea", "tea club")
            yield community

    open_ones = []

    async def enter(
        full: str = "say", when: str = "", more: str = "", quiet: str = "none"
    ) -> Community:
        context = made(full, when, more, quiet)
        open_ones.append(context)
        return await context.__aenter__()

    yield enter
    for one in reversed(open_ones):
        await one.__aexit__(None, None, None)


async def invites(community: Community, *people: str) -> None:
    """The SOP runs for people who come into the hall."""
    await begins(community, *people)
    await community.passes(minutes=2)


async def begins(community: Community, *people: str) -> None:
    hall = await community.group("hall")
    await community.member("host").joins(hall)
    await community.app.rooms.sops.start("week", "group:sandbox/hall", "Li")
    await community.passes(seconds=1)
    for who in people:
        await community.member(who).joins(hall)


async def heard(community: Community, who: str) -> list[str]:
    said = await community.direct(community.member(who)).hears()
    return [one.message.summary for one in said]


async def held(community: Community) -> int:
    app = community.app
    group = await app.members.group_number(app.config.routes[0].groups[0].group)
    key, now = app.store.keys.route_held(group), community.clock.now()
    return int(await app.store.call("ZCOUNT", key, f"({now}", "+inf"))


async def outcomes(community: Community) -> dict[str, int]:
    rooms = community.app.rooms
    [sop] = await rooms.sops.all()
    [run] = await rooms.sops.results.runs(sop.id)
    return run.skipped


async def reasons(community: Community, what: str) -> list[str]:
    entries = [entry for _, entry in await community.app.journal.recent()]
    return [entry.reason for entry in entries if entry.what == what]


async def test_each_guest_has_a_place_and_no_more_are_invited_than_there_are(
    open_with: Open,
) -> None:
    community = await open_with()
    await invites(community, "ming", "hong", "lan")
    told = [await heard(community, who) for who in ("ming", "hong", "lan")]
    assert sorted(map(len, told)) == [0, 1, 1]
    assert await held(community) == 2
    assert await outcomes(community) == {"route full": 1}
    await community.member("late").says("tea")
    assert "is full" in (await heard(community, "late"))[-1]
    community.clock.advance(3 * 3600)  # nobody came
    await community.member("late").says("tea")
    assert "Here is the way" in (await heard(community, "late"))[-1]


async def test_who_finds_no_place_waits_and_is_told_like_by_a_broadcast(open_with: Open) -> None:
    community = await open_with("wait")
    for who in ("a", "b"):
        await community.member(who).joins(await community.group("tea"))
    await invites(community, "ming")
    assert await heard(community, "ming") == []
    [waiting] = await community.app.rooms.routes.waiting("tea")
    assert waiting.source == "sop week"
    await community.member("a").leaves(await community.group("tea"))
    await community.passes(seconds=2)
    [said] = await heard(community, "ming")
    assert "a place in “tea club” is yours for 2 hours" in said
    [led] = await community.app.rooms.route_statistics.sources("tea", 0, 2**52)
    assert (led.kind, led.funnel.invited) == ("sop", 1)


async def test_a_place_that_opens_at_night_is_held_from_the_morning(
    open_with: Open, clock: TestClock
) -> None:
    community = await open_with("wait", quiet="22:00-08:00")
    clock.advance((36 * 3600 - clock.now() / 1000) % 86_400)  # noon, UTC
    for who in ("a", "b"):
        await community.member(who).joins(await community.group("tea"))
    await invites(community, "ming")
    clock.advance(11 * 3600)
    await community.member("a").leaves(await community.group("tea"))
    await community.passes(hours=8)
    assert await heard(community, "ming") == []
    await community.passes(hours=2)
    assert "is yours for 2 hours" in (await heard(community, "ming"))[0]
    assert await held(community) == 1
    await community.passes(hours=2)
    assert await held(community) == 0


async def test_a_guest_who_opted_out_while_waiting_loses_the_place_in_line(
    open_with: Open,
) -> None:
    community = await open_with("wait")
    for who in ("a", "b"):
        await community.member(who).joins(await community.group("tea"))
    await invites(community, "ming")
    app = community.app
    number = await app.members.number("sandbox", Account(id="ming"))
    effects = Effects(app.store.keys)
    effects.tag("opt-out", number, community.clock.now())
    await app.store.apply(effects)
    await community.member("a").leaves(await community.group("tea"))
    await community.passes(seconds=2)
    assert await heard(community, "ming") == []
    assert await app.rooms.routes.waiting("tea") == []
    assert await held(community) == 0
    assert await reasons(community, "route.passed_over") == ["tea: opted out"]


async def test_an_invitation_is_not_for_whom_the_route_is_not(open_with: Open) -> None:
    community = await open_with("wait", 'audience = "tag:vip"')
    await invites(community, "ming")
    assert await heard(community, "ming") == []
    assert await outcomes(community) == {"route refused": 1}
    assert await held(community) == 0


async def test_a_place_nobody_is_told_of_is_given_back(open_with: Open) -> None:
    community = await open_with(more='text = "{{ 1 // (member.name | length - 4) }}"')
    await invites(community, "ming")
    assert await outcomes(community) == {"text failed": 1}
    assert await held(community) == 0


async def test_a_place_asked_for_meanwhile_is_not_given_back(open_with: Open) -> None:
    community = await open_with()
    await community.member("ming").says("hello")
    app, routes = community.app, community.app.rooms.routes
    ming = Conversation(gateway="sandbox", account="ming")
    number = await app.members.number("sandbox", Account(id="ming"))
    guest = await routes.invite("tea", number, ming, "sop week")
    await community.member("ming").says("tea")
    late = Effects(app.store.keys)
    guest.untold(late)
    assert not await app.store.apply(late)
    assert await held(community) == 1
    again = await routes.invite("tea", number, ming, "sop week")
    assert not again.answer.fresh


async def test_sops_and_words_are_counted_apart(open_with: Open) -> None:
    community = await open_with()
    await invites(community, "ming")
    hong = community.member("hong")
    await hong.says("cha")
    for who in ("ming", "hong"):
        await community.member(who).joins(await community.group("tea"))
    community.clock.advance(7 * 86_400)
    await community.member("ming").leaves(await community.group("tea"))
    statistics = community.app.rooms.route_statistics
    assert await statistics.sources("tea", 0, 2**52) == [
        Led("word", "cha", Funnel("tea\nword cha", 0, asked=1, invited=1, joined=1, stayed=1)),
        Led("sop", "week", Funnel("tea\nsop week", 0, asked=0, invited=1, joined=1, stayed=1)),
    ]
    [whole, _] = await statistics.funnel("tea", 0, 2**52)
    assert whole == Funnel("tea", 0, asked=1, invited=2, joined=2, stayed=2)


async def test_two_nodes_and_a_lost_turn_invite_each_guest_once(
    open_with: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    community, other = await open_with(), await open_with()
    await begins(community, "ming", "hong")
    rooms = community.app.rooms
    with monkeypatch.context() as broken:  # it ends after places were held, before it is written

        async def ends(*_: object) -> None:
            raise ConnectionError

        broken.setattr("bot.sop.engine.writing.Writing.write", ends)
        community.clock.advance(120)
        await Planner(rooms.sops).tick()
        assert await held(community) == 2
    await asyncio.gather(rooms.planner.tick(), other.app.rooms.planner.tick())
    await community.settle()
    await other.settle()
    for who in ("ming", "hong"):
        assert len(await heard(community, who)) == 1
    [whole, _] = await rooms.route_statistics.funnel("tea", 0, 2**52)
    assert (whole.invited, await held(community)) == (2, 2)
