"""A community in a test: members join and speak, time passes, and the bot's words are expected."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Self

from bot.app import App
from bot.config import SANDBOX, Config, load_config
from bot.gateways.sandbox.world import Said
from bot.members.attributes import Attribute, Type
from bot.model.conversation import Account
from bot.model.event import (
    BaseEvent,
    ContactAdded,
    MemberJoined,
    MemberLeft,
    MessageReceived,
)
from bot.model.message import Message
from bot.store.address import Locate
from bot.testing.clock import TestClock

HOP = 600.0
"""The longest step in which time passes, in seconds: planners look at every one."""
PATIENCE = 15.0
"""Real seconds a test waits for the bot to finish what it has to do."""

_events = count(1)


class Community:
    """One bot, its clock, and people to try it with.

    ``config`` is the text of a config.toml; ``locate`` a store to use instead of starting one.
    Use as ``async with Community(...) as community``.
    """

    def __init__(
        self,
        config: str = "",
        *,
        clock: TestClock | None = None,
        locate: Locate | None = None,
        workspace: str = "",
        environ: Mapping[str, str] | None = None,
        seed: int = 1,
    ) -> None:
        self.clock = clock or TestClock()
        self._folder = tempfile.TemporaryDirectory(prefix="muster-test-")
        folder = Path(self._folder.name)
        (folder / "config.toml").write_text(config, encoding="utf-8")
        changed: dict[str, Any] = {"workspace": workspace} if workspace else {}
        try:
            settings = load_config(folder / "config.toml", environ or {})
            self.config: Config = settings.model_copy(update=changed)
            self.app = App(self.config, self.clock, Random(seed), locate)  # noqa: S311
        except BaseException:
            self._folder.cleanup()
            raise
        self._chats: dict[tuple[str | None, str | None], Chat] = {}

    async def __aenter__(self) -> Self:
        await self.app.__aenter__()
        return self

    async def __aexit__(self, *details: object) -> None:
        await self.app.__aexit__(*details)
        self._folder.cleanup()

    # people and places

    def member(self, ident: str, name: str = "") -> Person:
        """Somebody with an account at the sandbox gateway."""
        return Person(self, ident, name or ident)

    async def group(self, ident: str, name: str = "") -> Chat:
        """A group of the sandbox, made if there is none."""
        await self.app.world.make_group(ident, name)
        return self._chat(ident, None)

    def direct(self, person: Person) -> Chat:
        """The direct chat of a person with the bot."""
        return self._chat(None, person.id)

    def _chat(self, group: str | None, member: str | None) -> Chat:
        return self._chats.setdefault((group, member), Chat(self, group, member))

    async def declares(self, attribute: str, type_: Type, *choices: str) -> None:
        """Declare what an attribute of members holds: text, number, date, choice, phone, …"""
        made = Attribute(name=attribute, type=type_, choices=choices)
        await self.app.rooms.attributes.save(made)

    # time

    async def passes(
        self, *, seconds: float = 0, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> None:
        """Let time pass, with everything that falls due on the way happening at its time."""
        left = seconds + 60 * minutes + 3600 * hours + 86_400 * days
        await self.settle()
        while left > 0:
            hop = min(left, await self._next_hop())
            self.clock.advance(hop)
            left -= hop
            await self.app.rooms.tick()
            await self.app.rooms.planner.tick()
            await self.settle()

    async def _next_hop(self) -> float:
        store, now = self.app.store, self.clock.now()
        moments = [now + HOP * 1000]
        for key in (store.keys.timers(), *self._due_keys()):
            first = await store.table("ZRANGE", key, 0, 0, "WITHSCORES")
            moments += [float(score) for score in first.values()]
        return max(0.001, (min(moments) - now) / 1000)

    def _due_keys(self) -> list[str]:
        keys = self.app.store.keys
        classes = ("reply", "welcome", "notice", "broadcast")
        return [keys.outbox_due(g, c) for g in self.app.switchboard.connections for c in classes]

    async def settle(self) -> None:
        """Wait until the bot has nothing left to do at this moment."""
        for bell in ("timers", "inbox", "outbox"):
            self.app.bell.ring(bell)
        async with asyncio.timeout(PATIENCE):
            quiet = 0
            while quiet < 2:
                await asyncio.sleep(0.001)
                quiet = quiet + 1 if await self._is_quiet() else 0

    async def _is_quiet(self) -> bool:
        store, app, now = self.app.store, self.app, self.clock.now()
        if app.dispatcher.busy or any(s.busy for s in app.switchboard.senders.values()):
            return False
        waiting = await store.call("LLEN", store.keys.inbox_ready())
        timers = await store.call("ZCOUNT", store.keys.timers(), "-inf", now)
        due = [await store.call("ZCOUNT", key, "-inf", now) for key in self._due_keys()]
        if waiting or timers or any(due):
            for bell in ("timers", "inbox", "outbox"):
                app.bell.ring(bell)
            return False
        return True

    async def accept(self, event: BaseEvent) -> None:
        """Hand the bot any event and wait until it is handled."""
        await self.app.accept(event)
        await self.settle()


@dataclass(frozen=True, slots=True)
class Person:
    """A member of the community, as the test plays them."""

    community: Community
    id: str
    name: str

    async def joins(self, chat: Chat) -> None:
        """Come into a group."""
        await self.community.app.world.enter(chat.group or "", self.id)
        await self._does(MemberJoined, chat)

    async def leaves(self, chat: Chat) -> None:
        """Go out of a group."""
        await self.community.app.world.leave(chat.group or "", self.id)
        await self._does(MemberLeft, chat, how="left")

    async def says(self, text: str, chat: Chat | None = None) -> None:
        """Say something in a group or, without one, to the bot alone."""
        to_bot = chat is None or chat.group is None
        await self._does(MessageReceived, chat, message=Message.of(text), to_bot=to_bot)

    async def adds_the_bot(self) -> None:
        """Become a contact of the bot."""
        await self._does(ContactAdded, None)

    async def expects(self, words: str) -> Said:
        """Expect words in the direct chat with the bot."""
        return await self.community.direct(self).expects(words)

    async def has_tag(self, name: str) -> bool:
        """Whether they have the tag."""
        app = self.community.app
        return await app.facts.has(app.store.keys.tag(name), await self._number())

    async def attribute(self, name: str) -> str:
        """An attribute as it is kept; '' for none."""
        member = await self.community.app.members.member(await self._number())
        return member.attributes.get(name, "") if member else ""

    async def _number(self) -> int:
        account = Account(id=self.id, name=self.name)
        return await self.community.app.members.number(SANDBOX, account)

    async def _does(self, kind: type[BaseEvent], chat: Chat | None, **more: Any) -> None:
        app, group = self.community.app, chat.group if chat else None
        await app.world.meet(self.id, self.name)
        event = kind(
            id=f"test-{next(_events)}",
            gateway=SANDBOX,
            at=self.community.clock.now(),
            account=Account(id=self.id, name=self.name),
            group=group,
            group_name=await app.world.make_group(group) if group else "",
            **more,
        )
        await self.community.accept(event)


@dataclass(slots=True)
class Chat:
    """A group or direct chat; remembers how far the test has read."""

    community: Community
    group: str | None
    member: str | None
    _read: str = field(default="0")

    async def hears(self) -> list[Said]:
        """What the bot said here since the test last looked."""
        await self.community.settle()
        rows = await self.community.app.world.feed(self._read, 10_000)
        if rows:
            self._read = rows[-1][0]
        return [
            s
            for _, s in rows
            if s.by is None and (s.what, s.group, s.member) == ("message", self.group, self.member)
        ]

    async def expects(self, words: str) -> Said:
        """The next message with these words; AssertionError with what was said instead."""
        heard = await self.hears()
        for said in heard:
            if words in said.message.summary:
                return said
        shown = "\n".join(f"  {said.message.summary}" for said in heard) or "  (nothing)"
        raise AssertionError(f"expected {words!r}; the bot said:\n{shown}")

    async def expects_nothing(self) -> None:
        """Fail when the bot said anything here since the test last looked."""
        heard = [said.message.summary for said in await self.hears()]
        assert not heard, f"expected nothing; the bot said: {heard}"
