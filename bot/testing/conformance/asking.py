"""Asking: what the contract says of messages that staff confirm inside their platform."""

from __future__ import annotations

from contextlib import suppress

import pytest

from bot.model.asking import Ask, AskKind, NobodyToAsk, Targets, TargetState
from bot.model.conversation import Conversation
from bot.model.delivery import InDoubt, Misconfigured, Refused, Retry, SendError
from bot.model.message import Image, Message, Segment
from bot.testing.conformance.line import GATEWAY, Line
from bot.testing.conformance.platform import Platform
from bot.testing.conformance.showing import PICTURE

KINDS: tuple[AskKind, ...] = ("direct", "group")
DAY = 86_400
MANY_REMINDERS = 30


class Asking:
    """Asks: one task for each, nothing before the tap, then a result for every target."""

    pytestmark = pytest.mark.asyncio

    async def test_what_needs_a_tap_is_never_sent_by_itself(self, platform: Platform) -> None:
        async with Line(platform) as line:
            if not await _can_ask(line):
                return
            assert line.adapter.capabilities.staff_confirm, "asks are for where staff must confirm"
            to = Conversation(gateway=GATEWAY, account=await platform.target("direct", 0))
            error = await line.fails(line.delivery(to, "hello"))
            assert isinstance(error, Refused), f"expected Refused, got {error!r}"
            assert not await platform.sent()

    @pytest.mark.parametrize("kind", KINDS)
    async def test_nothing_arrives_before_the_tap_and_everything_after_it(
        self, platform: Platform, kind: AskKind
    ) -> None:
        async with Line(platform) as line:
            if not await _can_ask(line):
                return
            ask = await _ask(line, "New tea", kind=kind)
            ident = await line.do(line.adapter.ask(ask))
            assert ident, "the platform's id is empty"
            [put] = await platform.put()
            assert (put.staff, {*put.targets}, put.text) == (ask.staff, {*ask.targets}, "New tea")
            assert not await platform.sent(), "it arrived before the tap"
            state, found = await line.do(line.adapter.asked(ident, ask))
            assert state == "waiting"
            assert {became for became, _ in found.values()} <= {"waiting"}
            await platform.tap()
            state, found = await line.do(line.adapter.asked(ident, ask))
            assert state == "done"
            assert _ends(found) == dict.fromkeys(ask.targets, "sent")
            for _, at in found.values():
                assert at == 0 or 10**12 <= at < 10**13, f"in UTC milliseconds, not {at}"
            arrived = await platform.sent()
        assert {(one.group or one.account) for one in arrived} == {*ask.targets}
        assert [one.text for one in arrived] == ["New tea"] * len(ask.targets)

    async def test_pictures_are_put_before_staff_as_well(self, platform: Platform) -> None:
        async with Line(platform) as line:
            if not await _can_ask(line):
                return
            shown = "image" in line.adapter.capabilities.segments
            ask = await _ask(line, "New tea", Image(url=PICTURE, alt="tea"))
            await line.do(line.adapter.ask(ask))
            [put] = await platform.put()
            assert put.kinds == (("image",) if shown else ())
            assert "New tea" in put.text
            assert shown or "tea" in put.text.replace("New tea", ""), "the picture is not told"

    async def test_who_is_gone_is_told_from_who_was_reached(self, platform: Platform) -> None:
        async with Line(platform) as line:
            if not await _can_ask(line):
                return
            ask = await _ask(line, "New tea")
            ident = await line.do(line.adapter.ask(ask))
            await platform.lose(ask.targets[0])
            await platform.tap()
            state, found = await line.do(line.adapter.asked(ident, ask))
            assert (state, _ends(found)) == (
                "done",
                {ask.targets[0]: "gone", ask.targets[1]: "sent"},
            )
            alone = ask.model_copy(update={"id": "offer/2", "targets": ask.targets[:1]})
            try:
                ident = await line.do(line.adapter.ask(alone))
            except NobodyToAsk:
                assert not await platform.put(), "there was nobody to ask about, but it is there"
                return
            await platform.tap()
            _, found = await line.do(line.adapter.asked(ident, alone))
            assert _ends(found) == {alone.targets[0]: "gone"}

    # once, whatever happens

    @pytest.mark.parametrize("kind", [Retry, Refused, Misconfigured])
    async def test_an_ask_that_is_refused_is_not_there(
        self, platform: Platform, kind: type[SendError]
    ) -> None:
        async with Line(platform) as line:
            if not await _can_ask(line):
                return
            if kind not in platform.traits.refusals:
                with pytest.raises(NotImplementedError):
                    await platform.refuse(kind)
                return
            await platform.refuse(kind)
            with pytest.raises(kind) as told:
                await line.do(line.adapter.ask(await _ask(line, "New tea")))
            assert told.value.reason, "the reason is empty"
            assert not await platform.put()

    async def test_an_ask_whose_answer_was_lost_is_found_and_there_once(
        self, platform: Platform
    ) -> None:
        async with Line(platform) as line:
            if not await _can_ask(line):
                return
            if not platform.traits.silence:
                with pytest.raises(NotImplementedError):
                    await platform.fall_silent()
                return
            ask = await _ask(line, "New tea")
            await platform.fall_silent()
            error = await line.failing(line.adapter.ask(ask))
            assert isinstance(error, InDoubt) or not isinstance(error, SendError), f"{error!r}"
            ident = await line.do(line.adapter.find_ask(ask))
            assert ident, "it is there, but was not found"
            assert len(await platform.put()) == 1, "looking for it made another"
            state, _ = await line.do(line.adapter.asked(ident, ask))
            assert state == "waiting"

    async def test_only_what_was_asked_is_found(self, platform: Platform) -> None:
        async with Line(platform) as line:
            if not await _can_ask(line):
                return
            adapter, ask = line.adapter, await _ask(line, "New tea")
            found = await line.do(adapter.find_ask(ask))
            assert len(await platform.put()) == (1 if found else 0), "what was found is not there"
            other = (await _ask(line, "Old tea")).model_copy(update={"id": "offer/2"})
            ident = await line.do(adapter.ask(other))
            assert await line.do(adapter.find_ask(other)) == ident
            assert await line.do(adapter.find_ask(ask)) == found != ident

    # afterwards

    async def test_staff_are_reminded_until_it_was_too_often(self, platform: Platform) -> None:
        async with Line(platform) as line:
            if not await _can_ask(line):
                return
            ident = await line.do(line.adapter.ask(await _ask(line, "New tea")))
            most = platform.traits.reminders
            for _ in range(min(most, MANY_REMINDERS)):
                await line.do(line.adapter.remind(ident))
            if most < MANY_REMINDERS:
                with pytest.raises(Refused):
                    await line.do(line.adapter.remind(ident))
                platform.clock.advance(DAY + 1)
                await line.do(line.adapter.remind(ident))

    async def test_what_is_taken_back_is_gone_and_may_be_taken_back_again(
        self, platform: Platform
    ) -> None:
        async with Line(platform) as line:
            if not await _can_ask(line):
                return
            ask = await _ask(line, "New tea")
            ident = await line.do(line.adapter.ask(ask))
            for _ in range(2):
                await line.do(line.adapter.withdraw(ident))
            assert not await platform.put(), "it is still before the staff member"
            state, found = await line.do(line.adapter.asked(ident, ask))
            assert state != "done"
            assert "sent" not in _ends(found).values()

    async def test_what_was_confirmed_keeps_its_results(self, platform: Platform) -> None:
        async with Line(platform) as line:
            if not await _can_ask(line):
                return
            ask = await _ask(line, "New tea")
            ident = await line.do(line.adapter.ask(ask))
            await platform.tap()
            with suppress(SendError):
                await line.do(line.adapter.withdraw(ident))
            state, found = await line.do(line.adapter.asked(ident, ask))
            assert state == "done"
            assert _ends(found) == dict.fromkeys(ask.targets, "sent")


async def _can_ask(line: Line) -> bool:
    """Whether there are asks; what the capabilities do not declare cannot be done."""
    adapter = line.adapter
    if adapter.capabilities.asks:
        return True
    ask = Ask(id="a/1", gateway=GATEWAY, staff="x", kind="direct", targets=(), message=Message())
    for call in (
        adapter.ask(ask),
        adapter.find_ask(ask),
        adapter.asked("1", ask),
        adapter.remind("1"),
        adapter.withdraw("1"),
    ):
        with pytest.raises(NotImplementedError):
            await line.do(call)
    return False


async def _ask(line: Line, *parts: str | Segment, kind: AskKind = "direct") -> Ask:
    """An ask of the one staff member, about two targets."""
    platform = line.platform
    targets = (await platform.target(kind, 0), await platform.target(kind, 1))
    return Ask(
        id="offer/1",
        gateway=GATEWAY,
        staff=platform.staff,
        kind=kind,
        targets=targets,
        message=Message.of(*parts),
        since=platform.clock.now(),
    )


def _ends(found: Targets) -> dict[str, TargetState]:
    return {target: became for target, (became, _) in found.items()}
