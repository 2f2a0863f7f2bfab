"""Sending: what the contract says of receipts and errors."""

from __future__ import annotations

import asyncio

import pytest

from bot.model.conversation import Conversation
from bot.model.delivery import InDoubt, Misconfigured, Refused, Retry, SendError
from bot.testing.conformance.line import GATEWAY, Line
from bot.testing.conformance.platform import PLACES, Arrived, Place, Platform


class Sending:
    """Sends: there once the receipt is, or failed in a way that says what to do."""

    pytestmark = pytest.mark.asyncio

    @pytest.mark.parametrize("place", PLACES)
    async def test_what_has_a_receipt_is_there(self, platform: Platform, place: Place) -> None:
        async with Line(platform) as line:
            if not by_itself(line, place):
                to = _somewhere(platform, place)
                error = await line.fails(line.delivery(to, "hello"))
                assert isinstance(error, Refused), f"it cannot be sent: {error!r}"
                assert not await platform.sent()
                return
            to = await line.chat(place)
            receipt = await line.send(to, "9:00 开门\n🍵")
            assert await platform.sent(), "there is a receipt, but nothing has arrived"
            assert receipt.degraded == ()
            (arrived,) = await platform.sent()
        assert arrived == Arrived(to.group, to.account, "9:00 开门\n🍵")

    async def test_equal_words_are_shown_as_often_as_they_are_sent(
        self, platform: Platform
    ) -> None:
        async with Line(platform) as line:
            to = await line.chat()
            for _ in range(3):
                await line.send(to, "open")
            assert [one.text for one in await platform.sent()] == ["open"] * 3

    async def test_words_are_shown_in_the_order_of_the_sends(self, platform: Platform) -> None:
        async with Line(platform) as line:
            to = await line.chat()
            words = [f"word {number}" for number in range(8)]
            for word in words:
                await line.send(to, word)
            assert [one.text for one in await platform.sent()] == words

    async def test_a_delivery_that_is_sent_twice_is_shown_as_declared(
        self, platform: Platform
    ) -> None:
        async with Line(platform) as line:
            delivery = line.delivery(await line.chat(), "once")
            for _ in range(2):
                await line.do(line.adapter.send(delivery))
            shown = [one.text for one in await platform.sent()]
            most = 1 if line.adapter.capabilities.idempotent else 2
            assert shown in (["once"], ["once"] * most), f"shown: {shown}"

    # errors

    @pytest.mark.parametrize("kind", [Retry, Refused, Misconfigured])
    async def test_a_refusal_says_what_to_do(
        self, platform: Platform, kind: type[SendError]
    ) -> None:
        async with Line(platform) as line:
            to = await line.chat()
            if kind not in platform.traits.refusals:
                with pytest.raises(NotImplementedError):
                    await platform.refuse(kind)
                return
            told = await platform.refuse(kind)
            error = await line.fails(line.delivery(to, "hello"))
            assert isinstance(error, kind), f"expected {kind.__name__}, got {error!r}"
            assert error.reason, "the reason is empty"
            assert not await platform.sent(), f"{kind.__name__}, but it is there"
            if isinstance(error, Retry):
                assert error.after > 0
                assert told is None or error.after == pytest.approx(told, abs=1), (
                    f"the platform says {told} s, the error {error.after} s"
                )

    async def test_after_a_retry_the_same_delivery_gets_through(self, platform: Platform) -> None:
        async with Line(platform) as line:
            delivery = line.delivery(await line.chat(), "hello")
            if Retry not in platform.traits.refusals:
                with pytest.raises(NotImplementedError):
                    await platform.refuse(Retry)
            else:
                await platform.refuse(Retry)
                error = await line.fails(delivery)
                assert isinstance(error, Retry), f"expected Retry, got {error!r}"
                platform.clock.advance(error.after)
            await line.do(line.adapter.send(delivery))
            assert [one.text for one in await platform.sent()] == ["hello"]

    async def test_a_send_without_answer_is_in_doubt(self, platform: Platform) -> None:
        async with Line(platform) as line:
            delivery = line.delivery(await line.chat(), "hello")
            if not platform.traits.silence:
                with pytest.raises(NotImplementedError):
                    await platform.fall_silent()
                return
            await platform.fall_silent()
            error = await line.fails(delivery)
            if isinstance(error, Retry):  # right where the platform knows a repeat
                platform.clock.advance(error.after)
                await line.do(line.adapter.send(delivery))
                shown = [one.text for one in await platform.sent()]
                assert shown == ["hello"], f"it had got there, and was tried again: {shown}"
            else:
                _check_in_doubt(error)

    async def test_a_connection_lost_before_the_answer_leaves_a_send_in_doubt(
        self, platform: Platform
    ) -> None:
        traits = platform.traits
        async with Line(platform) as line:
            delivery = line.delivery(await line.chat(), "hello")
            if traits.ending == "never" or not traits.silence:
                undeclared = platform.drop if traits.ending == "never" else platform.fall_silent
                with pytest.raises(NotImplementedError):
                    await undeclared()
                return
            await platform.fall_silent()
            failing = asyncio.create_task(line.fails(delivery))
            await line.arrives(1)
            await platform.drop()
            _check_in_doubt(await failing)

    async def test_a_send_without_connection_is_there_or_to_be_tried_again(
        self, platform: Platform
    ) -> None:
        traits = platform.traits
        place: Place = "group" if "group" in traits.places or traits.mute else "direct"
        async with Line(platform, receiving=False) as line:
            delivery = line.delivery(_somewhere(platform, place), "hello")
            try:
                await line.do(line.adapter.send(delivery))
            except Retry:
                assert not await platform.sent(), "to be tried again, but it is there"
            except Refused:
                # Where one can only answer, nobody has said anything yet.
                assert platform.traits.ending == "never", "refused, but it was only not connected"
                assert not await platform.sent(), "refused, but it is there"
            else:
                assert [one.text for one in await platform.sent()] == ["hello"]


def by_itself(line: Line, place: Place) -> bool:
    """Whether what we send there arrives without anybody's tap."""
    can = line.adapter.capabilities
    needs_tap = can.staff_confirm and place not in line.platform.traits.places
    return (can.send_group if place == "group" else can.send_direct) and not needs_tap


def _somewhere(platform: Platform, place: Place) -> Conversation:
    if place == "group":
        return Conversation(gateway=GATEWAY, group=platform.group(0))
    return Conversation(gateway=GATEWAY, account=platform.account(0))


def _check_in_doubt(error: Exception) -> None:
    """Whatever is no SendError counts as InDoubt, too."""
    assert isinstance(error, InDoubt) or not isinstance(error, SendError), (
        f"nobody knows whether it was sent, but it is {error!r}"
    )
