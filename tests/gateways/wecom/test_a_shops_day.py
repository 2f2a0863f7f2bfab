"""A shop's days: after all that can go wrong every customer is accounted for."""

from __future__ import annotations

from collections import Counter

import pytest

from bot.store.store import Store

from .company import AGENT
from .day import CODES, CUSTOMERS, GROUPS, HABITS, Day, day, everybody


@pytest.mark.timeout(60)
@pytest.mark.parametrize("seed", [1, 2])
async def test_after_a_shops_days_every_customer_is_accounted_for(
    store: Store, valkey: str, seed: int
) -> None:
    async with day(store, valkey, seed) as shop:
        await shop.tell()
        assert len(shop.customers) == CUSTOMERS, f"seed {seed}"
        await _each_was_welcomed_or_has_the_reason(shop)
        await _each_has_the_channel(shop)
        await _each_has_one_outcome_of_each_step(shop)
        await _groups_and_offers_are_accounted_for(shop)
        await _staff_were_not_pestered(shop)
        await _what_we_know_is_true(shop)
        assert await shop.bot.app.inbox.dead_letters() == []
        assert shop.bot.app.switchboard.connections["wecom"].status.state == "online"


async def _each_was_welcomed_or_has_the_reason(shop: Day) -> None:
    outcomes = (await shop.table("newcomers"))["welcome"]
    greeted = Counter(one.external_userid for one in shop.server.welcomes.sent)
    received = greeted + shop.received("Welcome to the tea shop")
    assert set(received.values()) == {1}, "nobody was welcomed twice"
    assert outcomes["sent"] == received.keys()
    why = {
        entry.conversation.rpartition("/")[2]: entry.reason
        for entry in await shop.journal("delivery.failed")
    }
    assert outcomes["failed"] == why.keys()
    for customer, fate in shop.customers.items():
        match fate.how:
            case "at once":
                assert customer in greeted, (customer, fate)
            case "by staff":
                assert customer not in greeted, (customer, fate)
                assert customer not in why
            case reason:
                assert reason in why[customer]
    taken = shop.server.asked[AGENT, "externalcontact/send_welcome_msg"]
    talked = [one for one in shop.customers.values() if one.how == "chatting already"]
    assert taken == len(greeted) + len(talked), "no code was tried twice"


async def _each_has_the_channel(shop: Day) -> None:
    for code in CODES:
        came = {c for c, fate in shop.customers.items() if fate.code == code}
        assert came <= await shop.tagged(f"from-{code}")


async def _each_has_one_outcome_of_each_step(shop: Day) -> None:
    table = await shop.table("newcomers")
    assert [*table] == ["welcome", "mark", "call", "guide", "visit"]
    for step, outcomes in table.items():
        assert everybody(outcomes) == shop.customers.keys(), (step, len(everybody(outcomes)))
    assert table["mark"].keys() == {"done"}
    assert table["call"].keys() == {"sent", "skipped:staff", "task"}
    for step, words in (("guide", "How to brew"), ("visit", "Come and taste")):
        assert table[step].keys() == {"sent", "skipped:left", "skipped:staff", "skipped:too late"}
        _agrees(shop, table[step], words)


async def _groups_and_offers_are_accounted_for(shop: Day) -> None:
    (tip,) = (await shop.table("tip")).values()
    assert everybody(tip) == shop.server.world.groups.keys()
    assert len(tip["sent"]) == GROUPS - 1
    _agrees(shop, tip, "Warm the pot first")
    (offer,) = (await shop.table("offer")).values()
    tagged = await shop.tagged("from-flyer") | await shop.tagged("from-window")
    assert everybody(offer) <= tagged
    assert len(everybody(offer)) > CUSTOMERS / 4
    _agrees(shop, offer, "Ten percent off green tea")


def _agrees(shop: Day, outcomes: dict[str, set[str]], words: str) -> None:
    """What the table says was sent is what they received, nobody twice."""
    received = shop.received(words)
    assert outcomes["sent"] == received.keys()
    assert set(received.values()) == {1}


async def _staff_were_not_pestered(shop: Day) -> None:
    reminded = await shop.journal("errand.reminded")
    asked = shop.server.asked["externalcontact/remind_groupmsg_send"]
    assert 0 < len(reminded) == asked, "WeCom, which counts them, refused none"
    assert await shop.journal("errand.not_reminded") == []
    for task in shop.server.mass.tasks.values():
        (staff,) = task.tapped
        if HABITS[staff] == "never":
            assert task.cancelled, "what nobody tapped is taken back"


async def _what_we_know_is_true(shop: Day) -> None:
    world = shop.server.world
    for staff in HABITS:
        there = {c for (s, c), one in world.relations.items() if s == staff and not one.gone}
        assert await shop.contacts(staff) == there, staff
    for chat, group in world.groups.items():
        assert await shop.present(chat) == group.members.keys()
