"""Random histories: a fair where everything that happens is also written down plainly."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from bot.delivery.outbox import Taken
from bot.links.codes import Code
from bot.links.conversions import Told
from bot.links.counter import Counter
from bot.links.hits import Hit
from bot.links.judge import Judge
from bot.links.rules import Rules
from bot.sop.record import Sop
from bot.store.effects import Effects
from bot.store.store import Store
from bot.testing.clock import TestClock
from tests.figures.fair import ZONE, Fair
from tests.figures.slowly import Bought, Did, Fetched, Night, Sent, World
from tests.links.site import PHONE
from tests.sop.town import HOUR

PLAYER = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) DingTalk/7.0 Player/1"
DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"
AGENTS = (PHONE, PHONE, PHONE, DESKTOP, PLAYER, "curl/8.5.0")
FLAGS = (*[""] * 12, "h", "p", "x", "e", "f", "b", "c", "d", "n", "dn")
WAYS = ("0", "0", "2.1", "2.2")
DAILY = """
title = "tips"
anchor = "calendar"
[[step]]
id = "tip"
every = "0 13 * * *"
text = "{{ link('https://shop.example/sale', 'spring') }} {{ link('https://shop.example/b') }}"
[[step]]
id = "late"
every = "30 23 * * *"
text = "{{ link('https://shop.example/sale', 'spring') }}"
"""
ALONE = """
title = "hello"
anchor = "joined"
to = "member"
[[step]]
id = "hi"
after = "1h"
text = "{{ link('https://shop.example/hi', 'hello') }}"
[[step]]
id = "more"
after = "1d"
text = "{{ link('https://shop.example/sale', 'spring') }}"
"""


class Bosses:
    """Members whose hits are the staff's own."""

    def __init__(self, members: set[int]) -> None:
        self.members = members

    def owns(self, hit: Hit, member: int) -> bool:
        return member in self.members


class History(Fair):
    """A fair in which people do what they like; ``events`` is everything that happened."""

    def __init__(self, store: Store, clock: TestClock, folder: Path, seed: int) -> None:
        super().__init__(store, clock, folder)
        self.random = Random(seed)
        self.world = World(ZONE)
        self.events: list[Any] = []
        self.rosters: dict[int, set[int]] = {}
        self.names: dict[int, str] = {}
        self.codes: list[Code] = []
        self.started: list[Sop] = []
        self.world.staff.add(3)
        self.bosses = Bosses(self.world.staff)
        self.judge = self.judged_by()
        self.counter = Counter(store, self.judge, self.links.steps, "a")
        self._waiting: list[Fetched] = []

    def judged_by(self, rules: Rules | None = None) -> Judge:
        return Judge(self.links, ZONE, lambda: self.bosses, rules)

    # what happens

    async def begin(self) -> None:
        """Groups, SOPs, and a link in print."""
        await self.open()
        for name in ("tea", "books"):
            number = await self.group(name)
            self.rosters[number], self.names[number] = set(), name
        self.world.group_owners[await self.group("tea")] = "Wang"
        effects = Effects(self.store.keys)
        effects.group(await self.group("tea"), "owner", "Wang")
        assert await self.store.apply(effects)
        for name, text in (("daily", DAILY), ("alone", ALONE)):
            self.started.append(await self.start(self.template(name, text)))
        self.codes.append(Code(await self.links.make("https://shop.example/poster", "print")))

    async def live(self, days: int) -> None:
        """Let days go by."""
        for _ in range(days * 12):
            await self._people()
            before = self.world.local(self.clock.now()).date()
            await self.pass_by(2 * HOUR, step=1800)
            if self.world.local(self.clock.now()).date() != before:
                await self._night()
        await self._count()
        for link in self.links.search(limit=100):
            self.world.campaigns[link.number] = link.campaign

    async def _night(self) -> None:
        """As if a day had gone by on the server's clock."""
        await self._count()
        keys = self.store.keys
        for key in (keys.sop_heard("*"), keys.link_heard("*")):
            pattern = key.replace("{", r"{").replace("[", r"\[")
            for name in await self.store.call("KEYS", pattern):
                await self.store.call("DEL", name)
        self.events.append(Night())

    async def _people(self) -> None:
        for group, there in self.rosters.items():
            for _ in range(self.random.choice((0, 0, 1, 2))):
                await self._joins(group)
            for member in sorted(there):
                await self._does_something(member, group)
        for _ in range(self.random.randrange(12)):
            await self._fetches()
        if self.random.random() < 0.7:
            await self._count()
        await self._buys()

    async def _joins(self, group: int) -> None:
        name = f"m{self.random.randrange(25)}"
        member = await self.join(name, self.names[group])
        self.rosters[group].add(member)
        if member not in self.world.channels:
            owner, channel = self.random.choice(("", "Li", "Wang")), self.random.choice(("", "ad"))
            await self.set(member, "owner", owner)
            await self.set(member, "channel", channel)
            self.world.owners[member], self.world.channels[member] = owner, channel

    async def _does_something(self, member: int, group: int) -> None:
        match self.random.randrange(25):
            case 0:
                await self._says("reply", "replied", member, group)
            case 1:
                await self._says("check-in", "checked-in", member, group)
            case 2:
                await self._count()
                await self.tag(member, f"tag{len(self.events)}")
                self.events.append(Did("tagged", member, 0))
            case 3:
                await self.leave(member, self.names[group])
                self.rosters[group].discard(member)

    async def _says(self, kind: Any, what: str, member: int, group: int) -> None:
        await self._count()
        effects = Effects(self.store.keys)
        effects.heard(kind, member, group, self.clock.now())
        assert await self.store.apply(effects)
        self.events.append(Did(what, member, group))

    async def _fetches(self) -> None:
        """Somebody opens a link, perhaps several times; some of it is told of late."""
        code, agent = self.random.choice(self.codes), self.random.choice(AGENTS)
        if code.group and not code.member and self.random.random() < 0.3:
            code = Code(code.link, code.step, code.group, self.random.randrange(1, 12))
        visitor, after = self.random.choice("uvwxyz"), self.random.randrange(7000)
        way = self.random.choice(WAYS)
        for _ in range(self.random.choice((1, 1, 2, 3))):
            self._waiting.append(
                Fetched(
                    at=self.clock.now() + after * 1000,
                    code=(code.link, code.step, code.group, code.member),
                    flags=self.random.choice(FLAGS),
                    way=way,
                    visitor=visitor if self.random.random() < 0.8 else self.random.choice("ab"),
                    agent=agent,
                )
            )
            after += self.random.choice((1, 5, 11, 31, 900))

    async def _count(self) -> None:
        """What waits comes to the counter."""
        self.random.shuffle(self._waiting) if self.random.random() < 0.2 else None
        hits = []
        for one in self._waiting:
            way = "" if one.way == "0" else one.way
            letters = self.links.codes.pack(Code(*one.code))
            flags = one.flags + way
            hits.append(
                Hit("x", next(self._serial), one.at, letters, flags, one.visitor, one.agent)
            )
        if self.random.random() < 0.3:  # a code of nobody's
            hits.append(Hit("x", next(self._serial), self.clock.now(), "nobody", "o", "v", PHONE))
        self.events += self._waiting
        self._waiting = []
        if hits:
            await self.fetch(*hits)

    async def _buys(self) -> None:
        for _ in range(self.random.choice((0, 0, 1))):
            await self._count()
            code = self.random.choice(self.codes) if self.random.random() < 0.5 else None
            known = sorted(set().union(*self.rosters.values()))
            member = self.random.choice(known) if known and self.random.random() < 0.8 else 0
            if not member and (code is None or not code.member):
                continue
            value = Decimal(self.random.randrange(1, 9999)) / 100
            told = Told(
                name=f"order-{next(self._orders)}",
                kind="sale",
                value=value,
                currency="CNY",
                member=member or None,
                code=self.links.codes.pack(code) if code else "",
            )
            await self.conversions.record(told, "shop")
            place = (code.link, code.step, code.group, code.member) if code else None
            self.events.append(Bought(self.clock.now(), member, value, place))

    # what the gateway does

    async def _send(self, one: Taken) -> None:
        result, before = one.delivery.result, len(self.sent)
        assert result
        await super()._send(one)
        if len(self.sent) == before:
            return
        codes = []
        for word in one.delivery.message.summary.split():
            code = self.links.codes.unpack(word.rpartition("/l/")[2])
            if code is not None:
                codes.append(code)
        alone = result.who.startswith("m")
        members = {result.target} if alone else {*self.rosters[result.target]}
        group = codes[0].group if alone else result.target
        now = self.clock.now()
        self.events.append(Sent(now, result.run, group, frozenset(members), alone))
        for code in codes:
            self.world.runs[code.step] = result.run
            self.world.used[result.run].add(code.link)
        self.codes += codes
