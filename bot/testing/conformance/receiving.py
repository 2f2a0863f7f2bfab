"""Receiving: what the contract says of events."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from bot.model.conversation import Conversation
from bot.model.delivery import Misconfigured
from bot.model.event import BaseEvent, MemberJoined, MemberLeft, MessageReceived, event_adapter
from bot.testing.conformance.line import GATEWAY, Line
from bot.testing.conformance.platform import KINDS, PLACES, Kind, Place, Platform
from bot.testing.conformance.sending import by_itself

CROWD = 20
ACTS: dict[Kind, str] = {"message": "say", "joined": "join", "left": "leave"}


class Receiving:
    """Events: who, where, in which order, under which id, and when they are acknowledged."""

    pytestmark = pytest.mark.asyncio

    # what was said

    @pytest.mark.parametrize("place", PLACES)
    async def test_words_arrive_with_who_said_them_and_where(
        self, platform: Platform, place: Place
    ) -> None:
        group = platform.group(0) if place == "group" else None
        async with Line(platform) as line:
            if place not in platform.traits.places:
                await _cannot(line, "say", platform.account(0), group, "开门了吗")
                assert platform.traits.mute or not by_itself(line, place)
                return
            await platform.say(platform.account(0), group, "几点开门?\n🍵")
            event = await line.next()
        assert isinstance(event, MessageReceived), f"a message became {event!r}"
        assert event.message.text == "几点开门?\n🍵"
        assert (event.account.id, event.group) == (platform.account(0), group)
        assert event.gateway == GATEWAY, "the gateway is the inlet's"
        assert 10**12 <= event.at < 10**13, f"at is in UTC milliseconds, not {event.at}"
        assert event_adapter.validate_json(event.model_dump_json()) == event

    @pytest.mark.parametrize("place", PLACES)
    async def test_who_speaks_to_the_bot_is_known(self, platform: Platform, place: Place) -> None:
        group = platform.group(0) if place == "group" else None
        async with Line(platform) as line:
            if place not in platform.traits.places:
                await _cannot(line, "say", platform.account(0), group, "hello")
                return
            called = await line.hears("hello", group)
            await platform.say(platform.account(0), group, "hello")
            plain = await line.next()
        assert isinstance(called, MessageReceived)
        assert isinstance(plain, MessageReceived)
        assert called.to_bot, "somebody spoke to the bot, but to_bot is False"
        overheard = place == "group" and platform.traits.overhears
        assert plain.to_bot is not overheard, f"to_bot is {plain.to_bot} for {plain!r}"

    @pytest.mark.parametrize("kind", ["joined", "left"])
    async def test_who_comes_and_goes_is_told(self, platform: Platform, kind: Kind) -> None:
        async with Line(platform) as line:
            if kind not in platform.traits.tells:
                await _cannot(line, ACTS[kind], *_whom(platform, kind))
                return
            event = await _happens(line, kind, 0)
        assert isinstance(event, MemberJoined if kind == "joined" else MemberLeft), f"{event!r}"
        assert (event.account.id, event.group) == (platform.account(0), platform.group(0))

    # ids

    @pytest.mark.parametrize("kind", KINDS)
    async def test_an_event_told_again_is_the_same_event_or_another_one(
        self, platform: Platform, kind: Kind
    ) -> None:
        traits = platform.traits
        async with Line(platform) as line:
            if kind not in traits.tells:
                await _cannot(line, ACTS[kind], *_whom(platform, kind))
                return
            first = await _happens(line, kind, 0)
            assert await platform.repeat(), "an event that is kept already is acknowledged"
            again = await line.next()
        if kind in traits.repeats:
            assert again.id == first.id, "an event that is repeated keeps its id"
        else:
            assert again.id != first.id, "this platform never repeats: these are two events"

    @pytest.mark.parametrize("kind", KINDS)
    async def test_what_happens_in_one_second_are_as_many_events(
        self, platform: Platform, kind: Kind
    ) -> None:
        async with Line(platform) as line:
            if kind not in platform.traits.tells:
                await _cannot(line, ACTS[kind], *_whom(platform, kind))
                return
            # Words may be equal and of one person; who joins is another one each time.
            people = [0] * CROWD if kind == "message" else list(range(CROWD))
            found = [await _happens(line, kind, number) for number in people]
        assert all(event.id for event in found), "an id is empty"
        assert len({event.id for event in found}) == CROWD, "events of one second share an id"

    # conversations

    async def test_a_conversation_is_a_group_or_one_person(self, platform: Platform) -> None:
        traits = platform.traits
        said: dict[str, list[Conversation]] = {}
        async with Line(platform) as line:
            for place in sorted(traits.places):
                for person in (0, 1):
                    for number in (0, 1):
                        group = platform.group(number) if place == "group" else None
                        account = platform.account(person)
                        await platform.say(account, group, "hello", to_bot=True)
                        where = group or f"the direct chat of {account}"
                        said.setdefault(where, []).append((await line.next()).conversation)
        for where, found in said.items():
            assert len(set(found)) == 1, f"{where} is more than one conversation: {found}"
            assert Conversation.parse(found[0].key) == found[0]
        assert len({found[0] for found in said.values()}) == len(said), f"mixed up: {said}"

    async def test_a_conversation_keeps_its_order(self, platform: Platform) -> None:
        places = sorted(platform.traits.places)
        async with Line(platform) as line:
            for number in range(CROWD):
                for place in places:
                    group = platform.group(0) if place == "group" else None
                    account = platform.account(number % 2 if group else 0)
                    await platform.say(account, group, f"word {number}")
            found = [await line.next() for _ in range(CROWD * len(places))]
        for where in {event.conversation for event in found}:
            here = [event for event in found if event.conversation == where]
            words = [event.message.text for event in here if isinstance(event, MessageReceived)]
            assert words == [f"word {number}" for number in range(CROWD)], f"in {where.key}"

    # acknowledgement

    async def test_nothing_is_acknowledged_before_it_is_kept(self, platform: Platform) -> None:
        if platform.traits.mute:
            async with Line(platform) as line:
                await _cannot(line, "say", platform.account(0), platform.group(0), "hello")
            return
        place = sorted(platform.traits.places)[-1]
        group = platform.group(0) if place == "group" else None
        async with Line(platform) as line:
            line.away = True
            taken = await platform.say(platform.account(0), group, "hello", to_bot=True)
            if not platform.traits.acknowledged:
                assert taken, "nothing is acknowledged here: say returns True"
                await line.next()
                assert not line.asked, "nobody repeats this event: yield it, and it is not lost"
                return
            assert line.asked, "hand the event to inlet.accept before it is acknowledged"
            assert not taken, "acknowledged, although the inbox had not taken the event"
            assert not line.events
            line.away = False
            assert await platform.repeat(), "the event was kept, but not acknowledged"
            assert line.events, "acknowledged, but not yet kept"
            event = await line.next()
        assert isinstance(event, MessageReceived)
        assert event.message.text.endswith("hello")

    # the connection

    async def test_a_lost_connection_is_seen_and_another_one_works(
        self, platform: Platform
    ) -> None:
        async with Line(platform) as line:
            assert line.receiving is not None
            heard = line.alive
            match platform.traits.ending:
                case "ends":
                    await platform.drop()
                    error = await line.ended()
                    assert not isinstance(error, Misconfigured), f"nothing is wrong: {error!r}"
                    heard = line.alive
                    line.receive()
                    await line.until(lambda: line.alive > heard, "it is connected again")
                case "told":
                    before = len(line.lost)
                    await platform.drop()
                    await line.until(lambda: len(line.lost) > before, "inlet.lost is called")
                    await platform.start(line.url)
                    await line.until(lambda: line.alive > heard, "it is connected again")
                case "never":
                    await _cannot(line, "drop")
                    await asyncio.sleep(0)
                    assert not line.receiving.done(), "receive ended, but nothing was lost"
            await line.chat()

    async def test_a_login_that_is_not_accepted_is_misconfigured(self, platform: Platform) -> None:
        if not platform.traits.logins:
            async with Line(platform) as line:
                await _cannot(line, "lock_out")
            return
        await platform.lock_out()
        async with Line(platform, wait=False) as line:
            error = await line.ended()
        assert isinstance(error, Misconfigured), f"expected Misconfigured, got {error!r}"

    async def test_only_the_platform_may_call_the_webhook(self, platform: Platform) -> None:
        async with Line(platform) as line:
            if platform.traits.webhook:
                status = await platform.forge()
                assert status in (401, 403), f"an unsigned call was answered with {status}"
                assert not line.events, f"an unsigned call became {line.events}"
                assert not line.asked
                await line.chat()
            else:
                request = make_mocked_request("POST", f"/gateways/{GATEWAY}")
                with pytest.raises(web.HTTPNotFound):
                    await line.do(_call(line, request))


async def _call(line: Line, request: web.Request) -> web.StreamResponse:
    return await line.adapter.webhook(request)


async def _happens(line: Line, kind: Kind, person: int) -> BaseEvent:
    """Let something happen; its event."""
    platform = line.platform
    if kind == "message":
        place = sorted(platform.traits.places)[-1]
        group = platform.group(0) if place == "group" else None
        return await line.hears("hello", group)
    act = platform.join if kind == "joined" else platform.leave
    assert await act(platform.account(person), platform.group(0)), "it was not acknowledged"
    return await line.next()


def _whom(platform: Platform, kind: Kind) -> tuple[str, ...]:
    """What an act is told: who, where, and the words."""
    return (platform.account(0), platform.group(0), *(("hello",) if kind == "message" else ()))


async def _cannot(line: Line, what: str, *how: object) -> None:
    """What the traits do not declare, the double cannot do either, and nothing comes of it."""
    with pytest.raises(NotImplementedError):
        await getattr(line.platform, what)(*how)
    assert not line.events
