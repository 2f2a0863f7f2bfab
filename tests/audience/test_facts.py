"""The facts audiences ask are kept as members come, change hands and move."""

from __future__ import annotations

from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.members import Members
from tests.audience.conftest import Village


async def test_a_member_changes_owners_and_zones(village: Village) -> None:
    a, b = [await village.member(name) for name in "ab"]
    facts, keys = Facts(village.store), village.keys
    for member in (a, b):
        await village.set(member, "owner", "ann")
        await village.set(member, "timezone", "Asia/Tokyo")
    await village.set(b, "owner", "bob")
    await village.set(b, "timezone", "Europe/Paris")
    assert await facts.numbers(keys.owner_members("ann")) == [a]
    assert await facts.numbers(keys.owner_members("bob")) == [b]
    assert await facts.numbers(keys.zone_members("Asia/Tokyo")) == [a]
    assert await facts.numbers(keys.zone_members("Europe/Paris")) == [b]
    await village.set(a, "owner", "")
    assert await facts.numbers(keys.owner_members("ann")) == []
    found = await village.members.member(b)
    assert found is not None
    assert found.attributes == {"owner": "bob", "timezone": "Europe/Paris"}


async def test_two_changes_in_one_event_leave_the_last(village: Village) -> None:
    a = await village.member("a")
    effects = Effects(village.keys)
    effects.attribute(a, "owner", "ann")
    effects.attribute(a, "owner", "bob")
    assert await village.store.apply(effects)
    assert await village.who("owner:ann") == []
    assert await village.who("owner:bob") == [a]


async def test_members_of_before_are_found_at_their_gateway(village: Village) -> None:
    numbers = [await village.member(f"m{n}") for n in range(1200)]
    await village.store.call("DEL", village.keys.gateway_members("sandbox"))
    await village.member("new")
    members = Members(village.store)
    assert await members.complete(["sandbox", "matrix"]) == 1201
    assert await village.who("gateway:sandbox") == [*numbers, 1201]
    assert await members.complete(["sandbox", "matrix"]) == 0
