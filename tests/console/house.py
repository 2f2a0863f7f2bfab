"""A whole bot with its console: a community that lives, and operators who look at it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from aiohttp import web

from bot.console.passwords import Passwords
from bot.links.codes import Code
from bot.model.conversation import Conversation
from bot.rooms import Rooms
from bot.sop.outcomes.tasks import Task
from bot.sop.record import Sop
from bot.store.address import unix
from bot.store.effects import Effects
from bot.surface.surface import Surface
from bot.testing import Community
from bot.testing.community import Person
from tests.conftest import check_keys
from tests.console.conftest import CHEAP, NAMES, Site

CONFIG = """
timezone = "Asia/Shanghai"

[delivery]
quiet_hours = "none"
daily_cap = "none"

[welcome]
enabled = false

[checkin.daily]
words = ["签到", "打卡", "check in"]

[checkin.reading]
words = ["读书"]
points = 5
reminder = "20:30"

[[routes]]
name = "护肤群"
words = ["护肤", "skincare"]
mode = "contains"
groups = [{ group = "sandbox/skincare", capacity = 3 }]

[[routes]]
name = "喝茶"
words = ["茶"]
mode = "contains"
groups = ["sandbox/tea"]
"""


@dataclass
class House(Site):
    """A console over a running bot; ``community`` plays the members."""

    community: Community = None  # type: ignore[assignment]

    @property
    def rooms(self) -> Rooms:
        """The bot's rooms."""
        return self.community.app.rooms


@asynccontextmanager
async def opened(valkey: str, workspace: str, config: str = CONFIG) -> AsyncIterator[House]:
    """A running bot on a real store, with its pages on a real port."""
    community = Community(config, locate=unix(valkey), workspace=workspace)
    async with community:
        app = community.app
        surface = Surface(app, Passwords(CHEAP))
        pages = web.Application()
        pages.add_routes(surface.routes())
        runner = web.AppRunner(pages, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        await surface.start(port)
        house = House(
            url=f"http://127.0.0.1:{port}",
            store=app.store,
            clock=community.clock,
            console=surface.console,
            members=app.members,
            inbox=app.inbox,
            outbox=app.outbox,
            gateways=[],
            community=community,
        )
        try:
            yield house
            await check_keys(app.store)
        finally:
            for client in house.clients:
                await client.close()
            await surface.stop()
            await runner.cleanup()
            await app.store.call("FLUSHALL")


PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.40"
ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
GROUPS = {"tea": "茶友会 Tea", "skincare": "护肤交流群", "running": "Running club 跑团"}


async def people(house: House, number: int) -> list[Person]:
    """Members, each in two of the groups."""
    community = house.community
    chats = [await community.group(ident, name) for ident, name in GROUPS.items()]
    found = []
    for index in range(number):
        name = NAMES[index] if index < len(NAMES) else f"{NAMES[index % len(NAMES)]} {index}"
        person = community.member(f"u{index}", name)
        for chat in (chats[index % 3], chats[(index + 1) % 3]):
            await person.joins(chat)
        found.append(person)
    return found


async def keep_checking_in(house: House, members: int, days: int) -> None:
    """Records of the last days up to yesterday, as check-ins would have left them."""
    random, records = Random(3), house.rooms.checkins.records
    programme = house.rooms.checkins.programmes[0]
    today = house.rooms.checkins.today(programme)
    for back in range(days, 0, -1):
        effects, day = Effects(house.store.keys), today - timedelta(days=back)
        came = [m for m in range(1, members + 1) if random.random() < 0.3 + 0.6 / m]
        for place, member in enumerate(came, 1):
            records.add(effects, "daily", day, member, 1 + member % 3, place)
        assert await house.store.apply(effects)


async def passes(house: House, days: int) -> None:
    """Days in which SOPs go out, from one moment something is due to the next."""
    until = house.clock.now() + days * 86_400_000
    while (now := house.clock.now()) < until:
        ahead = [one.due for one in await house.rooms.preview.upcoming(days)]
        after = min([until, *(due for due in ahead if due > now)])
        house.clock.advance((after - now) / 1000 + 1)
        while await house.rooms.planner.tick():
            await house.community.settle()
        await house.community.settle()


async def follow(house: House, code: Code, agent: str = PHONE) -> None:
    """Somebody fetches a link."""
    visitor = house.visitor(**{"User-Agent": agent})
    path = f"/l/{house.rooms.links.codes.pack(code)}"
    async with visitor.client.get(path, allow_redirects=False) as answer:
        assert answer.status == 302


async def click_around(house: House) -> int:
    """Ten days of clicks on one link, less on two others; the first one's number."""
    random, links = Random(5), house.rooms.links
    sale = await links.make("https://shop.example/spring?from=group", "spring-sale")
    others = [await links.make(f"https://shop.example/{path}") for path in ("guide", "faq")]
    step = await links.steps.number("sop/weekly_tips/1/wednesday/each")
    for _ in range(10):
        for _ in range(random.randrange(2, 9)):
            member = random.randrange(1, 20)
            await follow(house, Code(sale, step, 1 + member % 3, member))
        await follow(house, Code(sale), ROBOT)
        await follow(house, Code(others[0], 0, 1, 2))
        house.clock.advance(86_400)
    await house.rooms.counter.drain()
    return sale


async def assign(house: House, sop: Sop, text: str, late: float = 0.0, member: int = 1) -> Task:
    """A task for staff, due ``late`` hours ago."""
    task = Task(
        id=f"{sop.id}/1/wednesday/x/{member}",
        sop=sop.id,
        run=f"{sop.id}/1/wednesday/x",
        target=member,
        to=Conversation(gateway="sandbox", account=f"u{member - 1}"),
        text=text,
        due=house.clock.now() - int(late * 3_600_000),
        member=member,
    )
    effects = Effects(house.store.keys)
    house.rooms.sops.tasks.assign(effects, task)
    assert await house.store.apply(effects)
    return task


async def live(house: House) -> int:
    """A community at work; the number of its busiest link."""
    sops, community = house.rooms.sops, house.community
    persons = await people(house, 30)
    await sops.start("weekly_tips", "all-groups", "小王")
    await sops.start("new_member_week", "all-groups", "小王", {"topic": "茶与器"})
    await passes(house, 1)
    sale = await click_around(house)
    for person in persons[:4]:
        await person.joins(await community.group("tea"))
    notice = {"text": "周六下午三点，茶友会线下聚会，地点见群公告。\n想来的朋友发「报名」。"}
    await sops.start("announcement", "group:sandbox/tea, group:sandbox/running", "ann", notice)
    paused = await sops.start("birthday", "everyone", "小王", name="birthday-vip")
    await passes(house, 5)
    await sops.pause(paused.id, "小王")
    await keep_checking_in(house, 30, 80)
    tea = await community.group("tea")
    for person in (persons[2], persons[0], persons[5], persons[3]):
        await person.says("签到", tea)
    for person, text in zip(
        persons,
        ("我想进护肤群", "护肤", "喝茶", "skincare please", "几点开门", "几点开门", "退款"),
        strict=False,
    ):
        await person.says(text)
    route = {"name": "跑步", "words": ["跑步", "running"], "groups": ["sandbox/running"]}
    await house.rooms.routes.save({**route, "mode": "contains"}, "ann")
    weekly = await sops.get("weekly_tips")
    await assign(
        house, weekly, "小明，这周的新茶到了，给你留了一份。\n周五前告诉我要不要寄。", 5, 1
    )
    await assign(house, weekly, "本周三晚八点直播：怎么泡好一杯白茶。", -20, 4)
    return sale
