"""The staff's own clicks."""

from __future__ import annotations

import pytest

from bot.links.hits import Hit
from bot.links.staff import REREAD, Staff
from bot.links.visitors import DAY, Visitors
from bot.model.conversation import Account
from bot.store.members import Members
from bot.store.store import Store
from bot.testing.clock import TestClock
from tests.links.site import PHONE

OFFICE = "203.0.113.9"


@pytest.fixture
async def visitors(store: Store) -> Visitors:
    made = Visitors(store)
    await made.refresh()
    return made


def hit(store: Store, visitors: Visitors, address: str = OFFICE, agent: str = PHONE) -> Hit:
    at = store.clock.now()
    return Hit("o", 1, at, "c", "", visitors.hash(at, address, agent), agent)


async def test_a_member_with_a_role_in_chat_is_staff_and_an_owner_of_members_is_not(
    store: Store, visitors: Visitors, clock: TestClock
) -> None:
    members, staff = Members(store), Staff(store, visitors)
    ann = await members.number("sandbox", Account(id="ann", name="Ann"))
    bob = await members.number("sandbox", Account(id="bob", name="Bob"))
    await store.call(
        "HSET", store.keys.roles(), "sandbox/ann", "manager", "sandbox/nobody", "admin"
    )
    await staff.refresh()
    assert staff.owns(hit(store, visitors), ann)
    assert not staff.owns(hit(store, visitors), bob)
    assert not staff.owns(hit(store, visitors), 0)
    await store.call("HDEL", store.keys.roles(), "sandbox/ann")
    clock.advance(REREAD / 1000)
    await staff.refresh()
    assert not staff.owns(hit(store, visitors), ann)


async def test_the_browser_of_an_operator_is_known_on_every_node_for_that_day(
    store: Store, visitors: Visitors, clock: TestClock
) -> None:
    here, there = Staff(store, visitors), Staff(store, visitors)
    await here.seen(OFFICE, PHONE)
    await here.seen(OFFICE, PHONE)
    await there.refresh()
    for staff in (here, there):
        assert staff.owns(hit(store, visitors), 0)
        assert not staff.owns(hit(store, visitors, "203.0.113.10"), 0)
        assert not staff.owns(hit(store, visitors, agent=PHONE + "x"), 0)
    first = hit(store, visitors)
    key = store.keys.link_staff(first.at // DAY)
    assert OFFICE.encode() not in b"".join(await store.call("SMEMBERS", key))
    assert 0 < await store.call("TTL", key) <= 92 * 86_400
    clock.advance(3 * 86_400)
    later = Staff(store, visitors)
    await later.refresh()
    assert not later.owns(first, 0)
    await later.recall([first.at // DAY])
    assert later.owns(first, 0)


async def test_a_workspace_may_count_them_like_everybody(store: Store, visitors: Visitors) -> None:
    staff = Staff(store, visitors, counted=True)
    await staff.seen(OFFICE, PHONE)
    assert not staff.owns(hit(store, visitors), 0)
