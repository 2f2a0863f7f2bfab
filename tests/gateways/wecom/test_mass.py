"""Mass sends on the test server: staff tap late, never, or for some."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.gateways.wecom.mass import MassSends
from bot.model.asking import Ask, NobodyToAsk
from bot.model.delivery import InDoubt, Misconfigured, Refused, Retry
from bot.model.message import LinkCard, Message, Text
from bot.testing.clock import TestClock
from bot.testing.wecom import WeComServer
from bot.testing.wecom.variants import Limits, Variants

from .company import client, company

MINUTE, DAY = 60, 86_400


@asynccontextmanager
async def room(clock: TestClock, **about: Any) -> AsyncIterator[tuple[WeComServer, MassSends]]:
    async with company(clock, **about) as server, client(server, clock) as api:
        yield server, MassSends(api)


def customers(server: WeComServer, staff: str, count: int) -> list[str]:
    """New customers of somebody."""
    found = [server.world.meet().external_userid for _ in range(count)]
    for one in found:
        server.world.add(staff, one)
    return found


def ask(clock: TestClock, *targets: str, staff: str = "ann", **more: Any) -> Ask:
    told = {"message": Message.of("New tea is here"), "since": clock.now(), **more}
    kind = told.pop("kind", "direct")
    return Ask(id="offer/7", gateway="wecom", staff=staff, kind=kind, targets=targets, **told)


async def test_nothing_is_sent_before_the_tap_and_everything_after_it(clock: TestClock) -> None:
    async with room(clock) as (server, mass):
        one, two = customers(server, "ann", 2)
        asked = ask(clock, one, two)
        ident = await mass.ask(asked)
        clock.advance(5 * DAY)
        assert await mass.asked(ident, asked) == ("waiting", {})
        server.mass.tap(ident, "ann")
        moment = clock.now() // 1000 * 1000
        assert await mass.asked(ident, asked) == (
            "done",
            {one: ("sent", moment), two: ("sent", moment)},
        )


async def test_groups_are_sent_to_by_their_owner(clock: TestClock) -> None:
    async with room(clock) as (server, mass):
        groups = [server.world.create_group("ann", name).chat_id for name in ("tea", "books")]
        asked = ask(clock, *groups, kind="group")
        ident = await mass.ask(asked)
        server.mass.tap(ident, "ann")
        state, found = await mass.asked(ident, asked)
        assert (state, {name: end for name, (end, _) in found.items()}) == (
            "done",
            dict.fromkeys(groups, "sent"),
        )


async def test_who_is_no_friend_or_got_another_is_told_apart(clock: TestClock) -> None:
    async with room(clock, limits=Limits(month=1)) as (server, mass):
        there, gone, full = customers(server, "ann", 3)
        first = await mass.ask(ask(clock, full))
        server.mass.tap(first, "ann")
        asked = ask(clock, there, gone, full)
        ident = await mass.ask(asked)
        server.world.removed_by_customer("ann", gone)
        server.mass.tap(ident, "ann")
        _, found = await mass.asked(ident, asked)
        assert {name: end for name, (end, _) in found.items()} == {
            there: "sent",
            gone: "gone",
            full: "limited",
        }


async def test_whom_the_member_left_out_waits(clock: TestClock) -> None:
    async with room(clock) as (server, mass):
        one, two = customers(server, "ann", 2)
        asked = ask(clock, one, two)
        ident = await mass.ask(asked)
        server.mass.tap(ident, "ann", [one])
        _, found = await mass.asked(ident, asked)
        assert (found[one][0], found[two]) == ("sent", ("waiting", 0))


async def test_a_customer_whom_wecom_never_took_is_gone(clock: TestClock) -> None:
    async with room(clock) as (server, mass):
        (mine,) = customers(server, "ann", 1)
        (other,) = customers(server, "ben", 1)
        asked = ask(clock, mine, other)
        ident = await mass.ask(asked)
        server.mass.tap(ident, "ann")
        _, found = await mass.asked(ident, asked)
        assert (found[mine][0], found[other][0]) == ("sent", "gone")


async def test_without_anybody_to_send_to_nothing_is_asked(clock: TestClock) -> None:
    async with room(clock) as (server, mass):
        (other,) = customers(server, "ben", 1)
        with pytest.raises(NobodyToAsk):
            await mass.ask(ask(clock, other))


async def test_a_task_that_is_being_handed_out_is_prepared(clock: TestClock) -> None:
    async with room(clock, variants=Variants(dispatch=90.0)) as (server, mass):
        asked = ask(clock, *customers(server, "ann", 1))
        ident = await mass.ask(asked)
        assert await mass.asked(ident, asked) == ("preparing", {})
        with pytest.raises(Retry):
            await mass.remind(ident)
        clock.advance(91)
        assert await mass.asked(ident, asked) == ("waiting", {})


async def test_results_are_read_to_the_last_page(clock: TestClock) -> None:
    async with room(clock) as (server, mass):
        targets = customers(server, "ann", 2300)
        asked = ask(clock, *targets)
        ident = await mass.ask(asked)
        server.mass.tap(ident, "ann")
        _, found = await mass.asked(ident, asked)
        assert set(found) == set(targets)
        assert {state for state, _ in found.values()} == {"sent"}
        assert server.asked["externalcontact/get_groupmsg_send_result"] == 3


async def test_the_fourth_reminder_of_a_day_is_refused(clock: TestClock) -> None:
    async with room(clock) as (server, mass):
        ident = await mass.ask(ask(clock, *customers(server, "ann", 1)))
        for _ in range(3):
            await mass.remind(ident)
        with pytest.raises(Refused, match="three times"):
            await mass.remind(ident)
        clock.advance(DAY)
        await mass.remind(ident)


async def test_taken_back_it_is_not_reminded_of_and_may_be_taken_back_again(
    clock: TestClock,
) -> None:
    async with room(clock) as (server, mass):
        ident = await mass.ask(ask(clock, *customers(server, "ann", 1)))
        await mass.withdraw(ident)
        await mass.withdraw(ident)
        assert server.mass.tasks[ident].cancelled
        with pytest.raises(Refused):
            await mass.remind(ident)


async def test_a_lost_answer_is_found_by_text_sender_and_targets(clock: TestClock) -> None:
    async with room(clock) as (server, mass):
        one, two = customers(server, "ann", 2)
        (bens,) = customers(server, "ben", 1)
        await mass.ask(ask(clock, two))  # another's, with the same text
        await mass.ask(ask(clock, bens, staff="ben"))
        await mass.ask(ask(clock, one, message=Message.of("Something else")))
        wanted = ask(clock, one)
        assert await mass.find_ask(wanted) == ""
        ident = await mass.ask(wanted)
        clock.advance(3 * MINUTE)
        assert await mass.find_ask(wanted) == ident
        await mass.ask(wanted)  # of two nobody knows which
        assert await mass.find_ask(wanted) == ""


async def test_an_old_task_is_not_taken_for_a_new_one(clock: TestClock) -> None:
    async with room(clock) as (server, mass):
        (one,) = customers(server, "ann", 1)
        await mass.ask(ask(clock, one))
        clock.advance(3600)
        assert await mass.find_ask(ask(clock, one)) == ""


async def test_a_text_that_is_too_long_is_refused_before_it_is_asked(clock: TestClock) -> None:
    async with room(clock) as (server, mass):
        targets = customers(server, "ann", 1)
        with pytest.raises(Refused, match="4000"):
            await mass.ask(ask(clock, *targets, message=Message.of("茶" * 1334)))
        assert server.asked["externalcontact/add_msg_template"] == 0
        await mass.ask(ask(clock, *targets, message=Message.of("茶" * 1333)))


async def test_a_link_card_is_attached_and_cut_to_what_fits(clock: TestClock) -> None:
    async with room(clock) as (server, mass):
        card = LinkCard(url="https://tea.example/new", title="茶" * 60, description="d" * 600)
        message = Message(segments=(Text(text="Look"), card))
        ident = await mass.ask(ask(clock, *customers(server, "ann", 1), message=message))
        body = server.mass.tasks[ident].body
        (attached,) = body["attachments"]
        assert body["text"] == {"content": "Look"}
        assert attached["link"]["url"] == "https://tea.example/new"
        assert attached["link"]["title"] == "茶" * 42
        assert len(attached["link"]["desc"]) == 512


@pytest.mark.parametrize(
    ("code", "error"),
    [(45009, Retry), (48002, Misconfigured), (-1, InDoubt), (40058, Refused)],
)
async def test_what_wecom_answers_says_whether_to_ask_again(
    clock: TestClock, code: int, error: type[Exception]
) -> None:
    async with room(clock) as (server, mass):
        targets = customers(server, "ann", 1)
        server.refuse["externalcontact/add_msg_template"] = [code]
        with pytest.raises(error):
            await mass.ask(ask(clock, *targets))
