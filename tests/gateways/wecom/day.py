"""A tea shop's days at WeCom: who comes and goes, which staff tap, and what goes wrong.

The bot is the real app over HTTP, in the story's time, which begins on a Wednesday at 8:00 in
Shanghai. Everything random comes from one seed.
"""

from __future__ import annotations

import asyncio
import socket
import tomllib
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from bot.delivery.journal import Entry
from bot.gateways.wecom.sync import PAUSE
from bot.server import Server
from bot.sop.outcomes.results import OUTCOMES, REASONS
from bot.sop.templates.template import Template
from bot.store.address import unix
from bot.store.store import Store
from bot.testing.clock import TestClock
from bot.testing.community import Community
from bot.testing.wecom import WeComServer
from bot.testing.wecom.mass import SENT
from bot.testing.wecom.variants import Variants
from bot.testing.wecom.ways import ContactWay

from .company import AGENT, SECRET
from .shop import KEY, TOKEN

GATEWAY = "wecom"
CONFIG = """
workspace = "{workspace}"
timezone = "Asia/Shanghai"
handlers = ["tests.gateways.wecom.{handlers}"]
{more}
[sandbox]
enabled = false
[web]
port = 0
[gateways.wecom]
adapter = "wecom"
corp_id = "{corp}"
agent_id = {agent}
secret = "{secret}"
token = "{token}"
aes_key = "{key}"
api_url = "{url}"
"""
HABITS = {
    **dict.fromkeys(("ann", "ben", "gus"), "soon"),
    **dict.fromkeys(("cat", "fay"), "late"),
    "dan": "some",
    "eve": "never",
    "hal": "away from noon",
}
"""How each of the staff taps: at once, after five hours, for some only, never."""
CODES = {
    "window": ("ann", "ben"),
    "flyer": ("cat", "dan"),
    "till": ("eve", "fay", "gus"),
    "parcel": ("hal", "ann"),
    "site": ("ben", "cat", "gus"),
}
"""The live codes: state → staff."""
CUSTOMERS = 200
GROUPS = 6
MINUTE, HOUR = 60, 3600
HOP = 10 * MINUTE
"""How often we look while people come."""
LATE_TAP = 5 * HOUR

NEWCOMERS = """
title = "Newcomers"
anchor = "contact_added"
[[step]]
id = "welcome"
after = "0m"
text = "Welcome to the tea shop"
[[step]]
id = "mark"
after = "10m"
tag = ["newcomer"]
[[step]]
id = "call"
after = "2h"
task = "Ask what brought them"
missed = { send_late = "6h" }
[[step]]
id = "guide"
after = "1d"
at = "10:00"
text = "How to brew"
missed = { send_late = "6h" }
[[step]]
id = "visit"
after = "3d"
at = "15:00"
text = "Come and taste"
missed = { send_late = "6h" }
"""
TIP = """
title = "Tip of the week"
anchor = "calendar"
to = "group"
[[step]]
id = "tip"
weekly = "wed"
at = "11:00"
text = "Warm the pot first"
"""
OFFER = """
title = "Offer"
anchor = { date = "day" }
to = "member"
[parameters.day]
type = "date"
default = "today"
[[step]]
id = "offer"
at = "17:00"
text = "Ten percent off green tea"
"""
OFFERED = "tag:from-flyer or tag:from-window"

Table = dict[str, dict[str, set[str]]]
"""Step → outcome → whom it is."""


class Watched(TestClock):
    """Knows how many sleep for how long."""

    def __init__(self) -> None:
        super().__init__()
        self.asleep: Counter[float] = Counter()

    async def sleep(self, seconds: float) -> None:
        self.asleep[seconds] += 1
        try:
            await super().sleep(seconds)
        finally:
            self.asleep[seconds] -= 1


How = Literal["at once", "by staff", "chatting already", "limit for this call"]
"""Sent with the code, confirmed by staff as all else, or failed with this reason."""


@dataclass(slots=True)
class Fate:
    """What one customer does. ``how``: what becomes of their welcome."""

    code: str
    what: str = ""
    how: How = "at once"
    staff: str = ""


FATES: dict[str, tuple[int, How]] = {
    "no code": (8, "by staff"),
    "in WeCom": (6, "by staff"),
    "late": (6, "by staff"),
    "half": (6, "by staff"),
    "talks": (8, "chatting already"),
    "leaves": (14, "at once"),
    "dropped": (6, "at once"),
    "comes again": (8, "at once"),
}
"""What is special about how many, and what that makes of their welcome."""


@dataclass
class Day:
    """The story, told by its methods; afterwards what we say and what happened are compared."""

    bot: Community
    server: WeComServer
    random: Random
    url: str
    customers: dict[str, Fate] = field(default_factory=dict)
    old: set[str] = field(default_factory=set)
    cut: bool = False

    @property
    def clock(self) -> TestClock:
        return self.bot.clock

    # the story

    async def tell(self) -> None:
        """From Wednesday's opening to Sunday evening."""
        await self._open()
        coming = self._who_comes()
        for hop in range(54):  # 9:00 to 18:00
            self._trouble(hop)
            self._go(everybody=hop > 50)
            await self._come(coming[hop])
            await self.passes(HOP)
            if hop == 30:
                self._reach(self.url)
            if hop == 42:  # 16:00
                await self._start("offer", OFFER, OFFERED)
        await self._call()
        while self.clock.now() < self._sunday:
            await self.passes(HOUR if 8 <= self._hour < 22 else 5 * HOUR)

    async def _open(self) -> None:
        """Staff, old customers, groups and codes are there; the bot learns them and begins."""
        world, random = self.server.world, self.random
        for who in HABITS:
            world.hire(who, who.title())
        for number in range(12):
            customer = world.meet(f"Old {number}").external_userid
            world.add(random.choice([*HABITS]), customer)
            self.old.add(customer)
        for number in range(GROUPS):
            world.create_group([*HABITS][number], f"Tea {number}", *random.sample([*self.old], 3))
        self.server.callbacks.waiting.clear()  # before there was a bot
        for state, staff in CODES.items():
            fields = {"state": state, "user": list(staff), "type": 2, "scene": 2}
            self.server.ways.contact[state] = ContactWay(state, fields)
        self._reach(self.url)
        await self.passes(MINUTE)
        await self._start("newcomers", NEWCOMERS, "everyone")
        await self._start("tip", TIP, "all-groups")
        await self.passes(HOUR - MINUTE)

    async def _start(self, name: str, text: str, audience: str) -> None:
        template = Template.model_validate(tomllib.loads(text))
        await self.bot.app.rooms.sops.start(template, audience, "the owner", name=name)

    def _who_comes(self) -> dict[int, list[Fate]]:
        """Who comes at which hop: most at lunch, a few while we cannot be reached."""
        random = self.random
        fates = [
            Fate(random.choice([*CODES]), what, how)
            for what, (count, how) in FATES.items()
            for _ in range(count)
        ]
        fates += [Fate(random.choice([*CODES])) for _ in range(CUSTOMERS - len(fates))]
        random.shuffle(fates)
        hops: defaultdict[int, list[Fate]] = defaultdict(list)
        for number, fate in enumerate(fates):
            if number < 40:
                hop = 21  # 12:30
            elif number < 52:
                hop = 30  # 14:00, when the callbacks do not reach us
            elif number < 60:
                hop = 27  # 13:30, when the welcomes are refused
            else:
                hop = random.choice([n for n in range(48) if n not in (21, 27, 30)])
            hops[hop].append(fate)
        for fate in hops[30]:
            fate.what, fate.how = "", "by staff"
        for fate in hops[27]:
            fate.what, fate.how = "", "limit for this call"
        return hops

    def _trouble(self, hop: int) -> None:
        refuse = self.server.refuse
        match hop:
            case 18:  # noon
                self.server.tokens.revoke()
                self.server.world.staff["hal"].active = False
                self.server.ways.contact["parcel"].fields["user"] = ["ann"]
            case 21:
                for path in ("batch/get_by_user", "groupchat/list", "groupchat/get", "get"):
                    refuse[f"externalcontact/{path}"] = [45009] * 2
            case 27:
                refuse["externalcontact/send_welcome_msg"] = [45009] * 8
            case 28:
                refuse.clear()
            case 30:
                self._reach(nowhere())
            case 48:
                refuse["externalcontact/add_msg_template"] = [45009]

    async def _come(self, fates: list[Fate]) -> None:
        """They scan within one second; the callbacks come a while later, some of them wrong."""
        world, callbacks, random = self.server.world, self.server.callbacks, self.random
        late: list[str] = []
        for fate in fates:
            kind = 2 if fate.what == "in WeCom" else 1
            ident = world.meet(f"Customer {len(self.customers)}", kind).external_userid
            self.customers[ident] = fate
            if fate.what == "no code":
                fate.staff = random.choice(self.server.ways.contact[fate.code].fields["user"])
                world.add(fate.staff, ident, state=fate.code, code=False)
            else:
                self.server.ways.scan(fate.code, ident, half=fate.what == "half")
                fate.staff = next(s for s, c in world.relations if c == ident)
            if fate.what == "talks":
                world.talk(fate.staff, ident)
            if fate.what == "late":
                late.append(ident)
        held = [one for one in callbacks.waiting if one.get("ExternalUserID") in late]
        callbacks.waiting = [one for one in callbacks.waiting if one not in held]
        self.clock.advance(random.uniform(0, 12))
        await self._post()
        if held:
            self.clock.advance(30)
            callbacks.waiting = held
            await self._post()

    async def _post(self) -> None:
        """The callbacks are posted, one in six badly, and the bot does what it has to."""
        callbacks, random = self.server.callbacks, self.random
        for number in range(len(callbacks.waiting)):
            if random.random() < 1 / 6:
                callbacks.fail(random.choice(["duplicate", "unanswered", "out_of_order"]), number)
        await callbacks.flush(at_once=random.random() < 0.5)
        await self._plan()

    async def _plan(self) -> None:
        """The bot handles what came, and does what is due now."""
        await self.bot.settle()
        while await self.bot.app.rooms.planner.tick():
            pass
        await self.bot.settle()

    async def _call(self) -> None:
        """Who taps at once also does what there is to do otherwise; some say they will not."""
        tasks = self.bot.app.rooms.sops.tasks
        for task in await tasks.open(0, 1000):
            if task.title and HABITS[task.owner] in ("soon", "some"):
                end = tasks.done if HABITS[task.owner] == "soon" else tasks.skip
                assert await end(task.id, task.owner)

    def _go(self, *, everybody: bool) -> None:
        """Some go away again, some are confirmed, some come to another member or to a group."""
        world, random = self.server.world, self.random
        if self.cut:
            return
        for ident, fate in self.customers.items():
            if not fate.what or not (everybody or random.random() < 0.3):
                continue
            match fate.what:
                case "half":
                    world.confirm(fate.staff, ident)
                case "leaves":
                    world.removed_by_customer(fate.staff, ident)
                case "dropped":
                    world.remove(fate.staff, ident)
                case "comes again":
                    other = random.choice([s for s in ("ann", "gus", "cat") if s != fate.staff])
                    world.add(other, ident, state="site")
                case _:
                    world.join(random.choice([*world.groups]), ident, state=fate.code)
            fate.what = ""

    # time

    async def passes(self, seconds: float) -> None:
        """Time passes; the bot does what it has to, the staff look at what they were given."""
        await self._post()
        self.clock.advance(seconds)
        rooms = self.bot.app.rooms
        await self.quiet()
        await rooms.tick()
        await self._plan()
        await rooms.errands.tick()
        await self.quiet()
        self._tap()

    async def quiet(self) -> None:
        """Until events are handled, and the comparison waits for the clock."""
        assert isinstance(self.clock, Watched)
        async with asyncio.timeout(20):
            calls = -1
            await asyncio.sleep(0.002)  # who was woken just now goes on
            while not self.clock.asleep[PAUSE] and calls != self._calls:
                calls = self._calls
                await asyncio.sleep(0.05)
        await self.bot.settle()

    @property
    def _calls(self) -> int:
        return sum(self.server.asked.values())

    @property
    def _hour(self) -> int:
        return (self.clock.now() // 3_600_000 + 8) % 24

    @property
    def _sunday(self) -> int:
        return 1_781_654_400_000 + (4 * 24 + 10) * 3_600_000

    def _tap(self) -> None:
        """Each of the staff does with their new tasks what they always do."""
        mass, now = self.server.mass, self.server.world.now()
        for ident, task in mass.tasks.items():
            for who, tapped in task.tapped.items():
                if tapped or task.cancelled:
                    continue
                match HABITS[who]:
                    case "soon":
                        mass.tap(ident, who)
                    case "late" if now - task.made >= LATE_TAP:
                        mass.tap(ident, who)
                    case "some":
                        targets = [target.id for target in task.targets]
                        some = self.random.sample(targets, len(targets) // 2)
                        mass.tap(ident, who, some)
                    case "away from noon" if self.server.world.staff[who].active:
                        mass.tap(ident, who)

    def _reach(self, url: str) -> None:
        self.cut = url != self.url
        self.server.callbacks.to(url, TOKEN, KEY)

    # what we say

    async def table(self, name: str) -> Table:
        """The SOP's result: who is in which outcome of which step."""
        rooms, found = self.bot.app.rooms, Table()
        sop = await rooms.sops.get(name)
        template = (await rooms.sops.version(sop)).template
        names = await self._names(template.to)
        ends = ("waiting", *OUTCOMES, *(f"skipped:{reason}" for reason in REASONS))
        for step in template.step:
            rows = {end: await rooms.report.who(sop, end, step=step.id) for end in ends}
            found[step.id] = {end: {names[n] for n in who} for end, who in rows.items() if who}
        return found

    async def _names(self, to: str) -> dict[int, str]:
        store = self.bot.app.store
        if to == "group":
            groups = await self.bot.app.members.groups()
            return {one.number: str(one.conversation.group) for one in groups}
        rows = await store.table("HGETALL", store.keys.member_accounts(GATEWAY))
        return {int(number): account for account, number in rows.items()}

    async def journal(self, *what: str) -> list[Entry]:
        """What the journal says of these, the oldest first."""
        found: list[Entry] = []
        before = "+"
        while page := await self.bot.app.journal.recent(before, 1000):
            before = page[-1][0]
            found += [entry for _, entry in page if entry.what in what]
        return found[::-1]

    async def tagged(self, tag: str) -> set[str]:
        """Who has a tag of ours."""
        app, names = self.bot.app, await self._names("member")
        return {names[n] for n in await app.facts.numbers(app.store.keys.tag(tag))}

    async def contacts(self, staff: str) -> set[str]:
        """Whom we think a member of the staff has."""
        store, names = self.bot.app.store, await self._names("member")
        key = store.keys.contacts(GATEWAY, staff)
        return {names[int(n)] for n in await store.texts("ZRANGEBYSCORE", key, "(0", "+inf")}

    async def present(self, chat: str) -> set[str]:
        """Who we think is in a group."""
        app, names = self.bot.app, await self._names("member")
        numbers = {name: number for number, name in (await self._names("group")).items()}
        key = app.store.keys.group_present(numbers[chat])
        return {names[n] for n in await app.facts.numbers(key)}

    # what happened

    def received(self, words: str) -> Counter[str]:
        """How often each customer or group got a mass message of these words."""
        return Counter(
            target.id
            for task in self.server.mass.tasks.values()
            if task.body.get("text", {}).get("content") == words
            for target in task.targets
            if target.status == SENT
        )


def nowhere() -> str:
    """An address nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return f"http://127.0.0.1:{taken.getsockname()[1]}/"


def config(server: WeComServer, workspace: str, handlers: str, more: str = "") -> str:
    """The config.toml of a bot at this company; ``handlers``: a module beside this one."""
    about = {"workspace": workspace, "handlers": handlers, "more": more, "url": server.url}
    keys = {"corp": server.corp_id, "agent": AGENT, "secret": SECRET, "token": TOKEN, "key": KEY}
    return CONFIG.format(**about, **keys)


@asynccontextmanager
async def day(store: Store, valkey: str, seed: int) -> AsyncIterator[Day]:
    """A company and a bot at eight in the morning; nothing happened yet."""
    clock = Watched()
    store.clock = clock
    server = WeComServer(clock, variants=Variants(retry_after=0.0), random=Random(seed))
    server.app(AGENT, SECRET)
    async with server.serve():
        text = config(server, store.keys.workspace, "by_channel")
        async with (
            Community(text, clock=clock, locate=unix(valkey), seed=seed) as bot,
            Server(bot.app, []) as web,
        ):
            yield Day(bot, server, Random(seed), f"http://127.0.0.1:{web.port}/gateways/wecom")


def everybody(outcomes: dict[str, set[str]]) -> set[str]:
    """All of one step; fails when somebody has two outcomes."""
    counted = Counter(one for who in outcomes.values() for one in who)
    twice = [one for one, count in counted.items() if count > 1]
    assert not twice, f"{twice} have two outcomes in {outcomes}"
    return set(counted)
