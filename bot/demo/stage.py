"""The stage: the real bot, with a clock of its own, on which the story is played."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Self

from bot.app import App
from bot.config import Config
from bot.demo import words
from bot.demo.mark import GATEWAY
from bot.demo.readers import Readers
from bot.demo.story import Act, Story
from bot.gateways.adapter import Inlet
from bot.gateways.sandbox import Sandbox, SandboxSettings
from bot.model.conversation import Account, Conversation
from bot.model.delivery import Delivery, Receipt, Refused
from bot.model.event import MemberJoined, MemberLeft, MessageReceived
from bot.model.message import Message
from bot.store.address import Locate
from bot.switchboard import Make
from bot.testing.clock import TestClock
from bot.testing.community import Community

BY = "demo"
ANNOUNCED = 9
"""The day of the story on which there is an announcement."""
SOPS = {
    "demo-new-member-week": ("new_member_week", ("first-evening", "tips", "week")),
    "demo-weekly-tips": ("weekly_tips", ("monday", "wednesday", "friday")),
    "demo-announcement": ("announcement", ("announcement",)),
}
"""SOPs of the demo: their templates and steps."""
WELCOME = "welcome"
"""What links in welcomes are in."""
STEPS = (WELCOME, *(f"{sop}/{step}" for sop, (_, steps) in SOPS.items() for step in steps))
"""What links of the demo are in."""

Progress = Callable[[float], None]
"""Told how much is done, from 0 to 1."""


class Player(Sandbox):
    """The demo's gateway: everything arrives, but for one person who blocked the bot."""

    readers: Readers
    blocked: str

    async def send(self, delivery: Delivery) -> Receipt:
        """Show it, and let people click on what is in it."""
        to = delivery.to
        if to.account == self.blocked:
            raise Refused("示例：对方已不是好友 / Demo: no contact of ours any more")
        receipt = await super().send(delivery)
        present = await self.world.members(to.group) if to.group else [to.account or ""]
        self.readers.read(delivery, self.inlet.clock.now(), present)
        return receipt


class Actors(App):
    """The app, connected to the demo's gateway alone."""

    def __init__(
        self,
        config: Config,
        clock: TestClock,
        random: Random,
        locate: Locate | None,
        readers: Readers,
        blocked: str,
    ) -> None:
        self._readers = readers
        self._blocked = blocked
        super().__init__(config, clock, random, locate)

    def _gateway_makers(self) -> dict[str, Make]:
        return {GATEWAY: self._player}

    def _player(self, inlet: Inlet) -> Player:
        player = Player(inlet, SandboxSettings(), self.world)
        player.readers, player.blocked = self._readers, self._blocked
        return player


class Stage(Community):
    """Plays a story through the dispatcher, the planner, the sender and the links' counter."""

    def __init__(self, config: Config, locate: Locate | None, random: Random, story: Story) -> None:
        self.clock = TestClock(story.start)
        self.config = config
        self._story = story
        self._acts = story.acts
        self._end = story.end
        self._readers = Readers(random, story.end)
        blocked = self._acts[len(self._acts) // 3].who.id
        self.app = Actors(config, self.clock, random, locate, self._readers, blocked)

    async def __aenter__(self) -> Self:
        await self.app.__aenter__()
        return self

    async def __aexit__(self, *details: object) -> None:
        await self.app.__aexit__(*details)

    async def play(self, names: Mapping[str, str], progress: Progress) -> None:
        """The two weeks; ``names`` are the groups', by id."""
        for ident, name in names.items():
            await self.app.world.make_group(ident, name)
            await self.app.members.group_number(_group(ident), name)
        audience = ", ".join(f"group:{GATEWAY}/{ident}" for ident in names)
        for sop in ("demo-new-member-week", "demo-weekly-tips"):
            await self._start(sop, audience)
        looks = self._looks()
        for number, act in enumerate(self._acts):
            while looks and looks[0][0] <= act.at:
                await self._look(*looks.pop(0), audience)
            await self._until(act.at)
            await self._do(act, number)
            progress(number / len(self._acts))
        for look in looks:
            await self._look(*look, audience)
        await self._until(self._end)
        await self._count_clicks()
        for sop in ("demo-new-member-week", "demo-weekly-tips"):
            await self.app.rooms.sops.pause(sop, BY)
        await self.settle()

    # time

    def _looks(self) -> list[tuple[int, bool]]:
        """The moments at which something may fall due, and whether one announces."""
        times = {(9, 0), (18, 0), (20, 0), (23, 30)}
        for programme in self.config.checkin.values():
            if programme.reminder:
                hour, _, minute = programme.reminder.partition(":")
                times.add((int(hour), int(minute)))
        found = [
            (self._story.moment(day, hour, minute) + 1_000, False)
            for day in self._story.days
            for hour, minute in times
        ]
        announced = self._story.moment(self._story.days[ANNOUNCED], 10, 0)
        return sorted(look for look in [*found, (announced, True)] if look[0] < self._end)

    async def _look(self, at: int, announces: bool, audience: str) -> None:
        await self._until(at)
        if announces:
            text = words.ANNOUNCEMENT[self.config.language]
            await self._start("demo-announcement", audience, text=text)
        await self.app.rooms.tick()
        await self.app.rooms.planner.tick()
        await self.settle()

    async def _until(self, at: int) -> None:
        if at > self.clock.now():
            self.clock.advance((at - self.clock.now()) / 1000)

    async def _start(self, sop: str, audience: str, **parameters: object) -> None:
        template, _ = SOPS[sop]
        await self.app.rooms.sops.start(template, audience, BY, parameters, name=sop)

    # people

    async def _do(self, act: Act, number: int) -> None:
        world, group = self.app.world, act.group
        await world.meet(act.who.id, act.who.name)
        common: dict[str, Any] = {
            "id": f"demo-{number}",
            "gateway": GATEWAY,
            "at": act.at,
            "account": Account(id=act.who.id, name=act.who.name),
            "group": group,
            "group_name": await world.make_group(group) if group else "",
        }
        if act.what == "join":
            await world.enter(group or "", act.who.id)
            await self.accept(MemberJoined(**common, how="link"))
            await self.passes(seconds=8)  # so that nobody waits long for a greeting
        elif act.what == "leave":
            await world.leave(group or "", act.who.id)
            await self.accept(MemberLeft(**common, how="left"))
        else:
            message = Message.of(act.text)
            await self.accept(MessageReceived(**common, message=message, to_bot=group is None))

    async def _count_clicks(self) -> None:
        """Write what readers clicked on, as a redirect does, and have it counted."""
        store, hits = self.app.store, self._readers.hits()
        for start in range(0, len(hits), 64):
            block = b"\n".join(hit.line() for hit in hits[start : start + 64])
            await store.call("XADD", store.keys.hits(), "*", "hits", block)
        await self.app.rooms.counter.drain()


def _group(ident: str) -> Conversation:
    return Conversation(gateway=GATEWAY, group=ident)
