"""What is handed over of a member is all that an erasure would remove, and nothing of others."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.members.disclosure import Disclosure
from bot.model.conversation import Account, Conversation
from bot.model.delivery import Delivery
from bot.model.message import Message
from bot.store.erasure import Erasure
from bot.store.keys import Key, Keys
from bot.store.members import Members
from bot.store.store import Store
from tests.store.dump import dump
from tests.store.planting import ACCOUNT, FIRST, NAME, declared, filled, put
from tests.store.test_erasure import left_of, member_to_erase

OTHER_TOO = {Keys.member, Keys.member_accounts, Keys.members_all, Keys.member_names}
"""Families in which somebody stands from the start."""
FAMILIES = [*dict.fromkeys((*declared("name"), *declared("element")))]
HIT = b"a hit of theirs"


def of_hit(line: bytes) -> tuple[int, int, int]:
    """Stands for what is read out of a hit's code."""
    return (0, 0, FIRST) if line == HIT else (0, 0, 42)


async def plant(store: Store, key: Key, other: bool) -> str:
    """An element about a member, or about another; its key."""
    name = store.prefix + filled(key.pattern, other)
    element = filled(key.element, other) if key.element else ""
    if key is Keys.outbox_body:
        to = Conversation(gateway="sandbox", account="acct-2" if other else ACCOUNT)
        body = Delivery(to=to, message=Message.of("稍后")).model_dump_json()
        element = f"{8 if other else 7:012d} → {body}"
    await put(store, name, key, element)
    return name.removeprefix(store.prefix)


@pytest.fixture
async def members(store: Store) -> Members:
    found = Members(store)
    await member_to_erase(store, found)
    return found


async def kept(store: Store, members: Members) -> dict[str, Any]:
    found = await Disclosure(store, members, of_hit).of(FIRST)
    assert found is not None
    return dict(json.loads(json.dumps(found))["kept"])


async def test_everything_that_says_a_member_is_handed_over_and_gone_when_they_are_erased(
    store: Store, members: Members
) -> None:
    names = {key: await plant(store, key, other=False) for key in FAMILIES}
    for body in (HIT, b"another's hit"):
        await store.call("XADD", store.keys.hits_kept(), "*", "hit", body)
    found = await kept(store, members)
    missing = [key.pattern for key, name in names.items() if not found.get(name)]
    assert missing == []
    assert found["hits:kept"] == [HIT.decode()]
    await Erasure(store, members, of_hit=of_hit).erase_member(FIRST, "operator admin")
    assert await left_of(store, NAME, ACCOUNT, FIRST) == []
    assert await store.call("XLEN", store.keys.hits_kept()) == 1


async def test_nothing_of_others_is_handed_over(store: Store, members: Members) -> None:
    before = await kept(store, members)
    for key in FAMILIES:
        if key not in OTHER_TOO:
            await plant(store, key, other=True)
    assert await kept(store, members) == before


async def test_what_is_handed_over_can_be_read(store: Store, members: Members) -> None:
    keys, call = store.keys, store.call
    await call("SADD", keys.tag("vip"), FIRST, 42)
    await call("HSET", keys.link_people(3, "2026-06-17"), f"1/2/{FIRST}", "2,5", "1/2/42", "1,1")
    await call("EXPIRE", keys.link_people(3, "2026-06-17"), 86_400)
    await call("ZADD", keys.checkin_pending(), 7, f"{FIRST}:0:daily:2026-06-17")
    await call("XADD", keys.journal(), "*", "entry", json.dumps({"what": "x", "member": FIRST}))
    await call("XADD", keys.journal(), "*", "entry", json.dumps({"what": "y", "member": 42}))
    found = await kept(store, members)
    assert found["tag:vip"] is True
    assert found["link:people:3:2026-06-17"] == {f"1/2/{FIRST}": "2,5"}
    assert found["checkin:pending"] == {f"{FIRST}:0:daily:2026-06-17": "7"}
    assert [json.loads(one)["what"] for one in found["journal"]] == ["x"]


async def test_looking_takes_nothing_away(store: Store, members: Members) -> None:
    for key in FAMILIES:
        await plant(store, key, other=False)
    before = await dump(store)
    await kept(store, members)
    assert await dump(store) == before


async def test_there_is_nothing_of_nobody(store: Store) -> None:
    members = Members(store)
    assert await Disclosure(store, members).of(1) is None
    number = await members.number("sandbox", Account(id="u1", name="小明"))
    assert await Disclosure(store, members).of(number) is not None
