"""What is looked up by a member's number follows them into a merge, from whatever room it is."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.checkins.days import offset
from bot.clock import utc
from bot.model.conversation import Account, Conversation
from bot.store.address import unix
from bot.store.effects import Effects
from bot.store.keys import Key, declared, form
from bot.store.store import Store
from bot.testing import Community
from tests.store.dump import dump
from tests.store.planting import put

CONFIG = """
[checkin.daily]
[[checkin.daily.stages]]
at = 3
reward = "a cup"

[[routes]]
name = "books"
words = ["books"]
groups = [{ group = "sandbox/tea" }]

[[welcome.scripts]]
id = "hello"
messages = ["hi"]
"""
NUMBERED = {"member", "who", "speaker", "target"}
"""The words of the catalogue that stand for a member's number."""

# what a merge does not carry

ITSELF = {
    *("member", "members_all", "member_names"),
    *("merge_into", "merge_stack", "merge_record", "merge_late"),
}
"""The merge itself: member_merge.lua."""
BY_ATTRIBUTE = {
    *("owner_members", "channel_members", "zone_members", "member_days", "member_dates"),
    *("attribute_has", "attribute_is", "attribute_numbers"),
}
"""They follow the attribute, which is set anew."""
HAPPENED = {
    *("timeline", "tags_lately", "member_notes", "active", "channel_joined", "welcome_variant"),
    *("welcome_quit", "sop_result", "sop_members", "sop_present", "sop_failed"),
    *("link_trail", "link_people", "link_clicked", "link_today", "link_followed"),
    *("conversion_members", "conversion_people"),
}
"""What happened stays under the number, which leads to the survivor: readers follow it."""
UNDER_WAY = {
    *("sop_tasks", "sop_task", "sop_reminders", "sop_unasked"),
    *("sop_errand_targets", "sop_errand_of", "welcome_greeting", "wecom_marking"),
}
"""What was begun with an account is brought to its end with that account."""
ONE_TALK = {"memory"}
"""What was said in one conversation of one account; a dialogue begins anew."""
STAYS = ITSELF | BY_ATTRIBUTE | HAPPENED | UNDER_WAY | ONE_TALK


def naming_members() -> dict[str, Key]:
    """The families that have a member's number in their names or elements."""
    return {
        name: key
        for name, key in declared().items()
        if NUMBERED & {*form(key.pattern).groupindex, *form(key.element).groupindex}
    }


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    async with Community(CONFIG, locate=unix(valkey), workspace=store.keys.workspace) as made:
        yield made


async def furnish(community: Community) -> None:
    """Everything that rooms look up to know where a member can stand."""
    store, keys, members = community.app.store, community.app.store.keys, community.app.members
    for ident in ("u1", "u2"):
        await members.number("sandbox", Account(id=ident, name=ident))
    await members.group_number(Conversation.parse("sandbox/g/tea"), "茶友会")
    application = {"id": "a1", "tag": "vip", "gives": False}
    template = {"template": {"to": "member", "topic": "news"}}
    effects = Effects(keys)
    effects.fact(keys.group_ever(1), 2)
    for command in (
        ("ZADD", keys.tag_names(), 1, "vip"),
        ("SADD", keys.moment_tags(), "vip"),
        ("SADD", keys.tags_ending(), "vip"),
        ("HSET", keys.tags_applications(), "a1", json.dumps(application)),
        ("SADD", keys.tags_open("vip"), "a1"),
        ("HSET", keys.tags_rules(), "a1", "{}"),
        ("SADD", keys.attribute_values("owner"), "ann"),
        ("SADD", keys.wecom_staff("sandbox"), "ann"),
        ("HSET", keys.wecom_tags("sandbox"), "t1", "vip"),
        ("SADD", keys.route_waited(), "books"),
        ("SADD", keys.route_groups("books"), 1),
        ("HSET", keys.sop_state(), "week", "paused/1"),
        ("HSET", keys.sop_versions("week"), 1, json.dumps(template)),
        ("HSET", keys.sop_open("week"), "week/tips/joined", "always"),
        ("SETBIT", keys.checkin_days("daily", 2), offset(today(community)), 1),
        ("ZADD", keys.checkin_pending(), 7, pending(community, 2)),
    ):
        effects.do(*command)
    await store.apply(effects)


def today(community: Community) -> Any:
    return utc(community.clock.now()).date()


def pending(community: Community, number: int) -> str:
    return f"{number}:0:daily:{today(community)}"


def words(community: Community, number: int) -> dict[str, str]:
    """What stands for the parts of a name, where it is a member's of this number."""
    waits = f"week/tips/joined\n{number}:0\nweek/1/tips/joined"
    return {
        "member": str(number),
        "who": f"m{number}",
        "target": f"{number}:0",
        "speaker": f"{number}/sandbox/d/u2",
        "day": str(today(community)),
        "month": str(today(community))[:7],
        "text": waits,
        "group": "1",
        "gateway": "sandbox",
        "staff": "ann",
        "tag": "vip",
        "id": "a1",
        "programme": "daily",
        "stage": "streak-3",
        "zone": "UTC",
        "route": "books",
        "moment": "contact",
        "scope": "hello",
        "sop": "week",
        "version": "1",
        "occurrence": "week/tips/joined",
        "run": "week/1/tips/joined",
    }


def filled(pattern: str, known: dict[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], "x"), pattern)


async def carried(community: Community) -> set[str]:
    """The families some room claims."""
    member = await community.app.members.member(2)
    assert member is not None
    names = set[str]()
    for kind, *told in await community.app.rooms.footprint.items(member, 1):
        if kind == "tag":  # with what hangs on it: lib_merge.lua
            names |= {f"tag:{told[0]}", f"tags:ends:{told[0]}"}
        names |= {*told}
    return {
        family
        for family, key in naming_members().items()
        if any(key.matches(name) for name in names)
    }


async def test_of_every_key_that_names_a_member_it_is_decided_whether_a_merge_carries_it(
    community: Community,
) -> None:
    await furnish(community)
    claimed = await carried(community)
    undecided = {*naming_members()} - claimed - STAYS
    assert not undecided, "carry it in its room's holding.py, or say in STAYS why it stays"
    assert (claimed & STAYS) <= {"members_all"}, "it is carried, so it does not stay"


async def plant(community: Community, family: str, key: Key, number: int) -> tuple[str, str]:
    """Something a member has in this family; the key and the element it is in."""
    store, known = community.app.store, words(community, number)
    name, element = store.prefix + filled(key.pattern, known), filled(key.element, known)
    match family:
        case "checkin_days":
            return name, ""  # furnished, for the days say in which lists to look
        case "checkin_pending":
            element = pending(community, number)
        case "sop_fed":
            element = str(number)
        case "checkin_ledger":
            element = json.dumps({"id": 5, "what": "gift", "points": 3})
    await put(store, name, key, element)
    return name, element.partition(" → ")[0]


async def has(store: Store, key: Key, name: str, element: str) -> bool:
    ask = {"fact": "SISMEMBER", "set": "SISMEMBER", "zset": "ZSCORE", "hash": "HEXISTS"}
    if "{member}" in key.pattern or "{who}" in key.pattern:
        return bool(await store.call("EXISTS", name))
    return (await store.call(ask[key.kind], name, element)) not in (None, 0)


async def test_a_merge_carries_it_all_and_a_split_gives_it_back(community: Community) -> None:
    await furnish(community)
    store, families = community.app.store, naming_members()
    claimed = sorted(await carried(community) - ITSELF)
    theirs = {one: await plant(community, one, families[one], 2) for one in claimed}
    before = await alike(store)
    await community.app.rooms.merging.merge(1, 2, "ann")
    for one, (name, element) in theirs.items():
        key, known = families[one], words(community, 1)
        mine = store.prefix + filled(key.pattern, known)
        ours = element.replace("2", "1", 1) if element.startswith("2") else element
        assert await has(store, key, mine, ours), one
        if mine == name:
            assert not await has(store, key, name, element), one
    await community.app.rooms.merging.split(2, "ann")
    after = await alike(store)
    for name in sorted({*before, *after}):
        assert after.get(name) == before.get(name), name


async def alike(store: Store) -> dict[str, Any]:
    written = ("journal", "timeline:", "applied:", "merge:version", "member:grams:", "nodes")
    return {k: v for k, v in (await dump(store)).items() if v and not k.startswith(written)}
