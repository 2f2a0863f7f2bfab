"""A console on a real store and a real port, a community in it, and a browser."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest
from aiohttp import ClientResponse, ClientSession, CookieJar, web
from argon2 import PasswordHasher
from playwright.async_api import Browser, async_playwright

from bot.clock import utc
from bot.console.console import Console, Services
from bot.console.passwords import Passwords
from bot.delivery.inbox import DeadLetter, Inbox
from bot.delivery.journal import Entry, Journal, record
from bot.delivery.outbox import Outbox
from bot.gateways.supervision import Status
from bot.i18n import Translator
from bot.members.notes import Notes
from bot.members.timeline import Timeline
from bot.model.capabilities import Capabilities, Rate
from bot.model.conversation import Account, Conversation
from bot.model.delivery import Delivery
from bot.model.message import Message
from bot.settings.server import WebSettings
from bot.store.bell import Bell
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store
from bot.testing.clock import TestClock

if TYPE_CHECKING:
    from tests.console.house import House

_houses = count(1)
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "correct horse battery"
TEA = Conversation(gateway="sandbox", group="tea")
DAY = 86_400_000
CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass
class Site:
    """A running console."""

    url: str
    store: Store
    clock: TestClock
    console: Console
    members: Members
    inbox: Inbox
    outbox: Outbox
    gateways: list[tuple[str, str, Status, Capabilities]]
    clients: list[ClientSession] = field(default_factory=list)

    def visitor(self, **headers: str) -> Visitor:
        """Somebody with a browser of their own."""
        client = ClientSession(self.url, cookie_jar=CookieJar(unsafe=True), headers=headers)
        self.clients.append(client)
        return Visitor(client, self.url)

    async def operator(self, name: str, role: str, language: str = "en") -> Visitor:
        """A new operator who has logged in and chosen a password."""
        first = await self.console.operators.add("test", name, role)  # type: ignore[arg-type]
        await self.console.operators.set_password(name, first, PASSWORD)
        visitor = self.visitor(**{"Accept-Language": language})
        await visitor.log_in(name, PASSWORD)
        return visitor


@dataclass
class Visitor:
    """A browser's worth of cookies."""

    client: ClientSession
    url: str

    async def get(self, path: str) -> str:
        """A page's text; fails on any error."""
        async with self.client.get(path) as response:
            text = await response.text()
            assert response.status == 200, (path, response.status, text[:500])
            return text

    async def status(self, path: str) -> tuple[int, str]:
        """Where a GET leads without following: status and Location."""
        async with self.client.get(path, allow_redirects=False) as response:
            return response.status, response.headers.get("Location", "")

    async def post(
        self, path: str, form: Mapping[str, str], csrf: str | None = None, **headers: str
    ) -> ClientResponse:
        """Send a form with the session's token, as a browser does."""
        token = csrf if csrf is not None else await self.csrf()
        given = {"Origin": self.url, **headers}
        async with self.client.post(
            path, data={**form, "csrf": token}, headers=given, allow_redirects=False
        ) as response:
            await response.read()
            return response

    async def csrf(self) -> str:
        """The token of the session."""
        found = CSRF.search(await self.get("/account"))
        assert found
        return found[1]

    async def log_in(self, name: str, password: str, **form: str) -> ClientResponse:
        """Send the login form."""
        return await self.post("/login", {"name": name, "password": password, **form}, csrf="")


@pytest.fixture
async def site(store: Store, clock: TestClock) -> AsyncIterator[Site]:
    """A console without anybody in it."""
    bell = Bell()
    members, facts = Members(store), Facts(store)
    inbox, outbox = Inbox(store, bell), Outbox(store, bell)
    gateways = [
        (
            "sandbox",
            "Sandbox",
            Status("online", clock.now() - DAY, clock.now() - 60_000, 2),
            Capabilities(segments=frozenset({"text", "image"}), idempotent=True),
        ),
        (
            "qq",
            "OneBot11",
            Status("waiting", clock.now() - 600_000, None, 0, "connection refused"),
            Capabilities(chat_rate=Rate(count=20, seconds=60)),
        ),
    ]
    services = Services(
        store=store,
        clock=clock,
        members=members,
        facts=facts,
        inbox=inbox,
        outbox=outbox,
        journal=Journal(store),
        translator=Translator(),
        gateways=lambda: gateways,
        timeline=Timeline(store, members, Journal(store), Notes(store, members)),
    )
    console = Console(services, WebSettings(), "zh", "Asia/Shanghai", Passwords(CHEAP))
    app = web.Application()
    app.add_routes(console.routes())
    runner = web.AppRunner(app)
    await runner.setup()
    server = web.TCPSite(runner, "127.0.0.1", 0)
    await server.start()
    port = runner.addresses[0][1]
    made = Site(f"http://127.0.0.1:{port}", store, clock, console, members, inbox, outbox, gateways)
    try:
        yield made
    finally:
        for client in made.clients:
            await client.close()
        await runner.cleanup()


@pytest.fixture
async def house(valkey: str) -> AsyncIterator[House]:
    """A running bot with all its pages, without anybody in it."""
    from tests.console.house import opened

    async with opened(valkey, f"house{next(_houses)}") as made:
        yield made


NAMES = (
    *("小明", "李雷", "韩梅梅", "Ada Lovelace", "王芳", "张伟", "Grace Hopper", "刘洋", "陈静"),
    *("杨帆", "赵敏", "Bob", "周涛", "吴倩", "Anna Müller", "孙悦", "朱莉", "🌸樱花🌸", "郭靖"),
)


async def populate(site: Site, members: int = 60) -> None:
    """Two weeks of a small community."""
    random, store, now = Random(7), site.store, site.clock.now()
    effects = Effects(store.keys)
    groups = [
        await site.members.group_number(Conversation(gateway=g, group=i), name)
        for g, i, name in (
            ("sandbox", "tea", "茶友会 Tea"),
            ("sandbox", "skincare-1", "护肤一群"),
            ("qq", "88123456", "Running club"),
        )
    ]
    for index in range(members):
        name = NAMES[index] if index < len(NAMES) else f"{NAMES[index % 19]} {index}"
        number = await site.members.number("sandbox", Account(id=f"u{index}", name=name))
        for group in groups:
            if random.random() < 0.6:
                at = now - random.randrange(20 * DAY)
                effects.fact(store.keys.group_present(group), number)
                effects.do("ZADD", store.keys.group_joined(group), at, number)
        if index % 4 == 0:
            effects.fact(store.keys.tag("asked-hours"), number)
            effects.do("ZADD", store.keys.tag_names(), "NX", 1, "asked-hours")
        for back in range(170):
            if random.random() < 0.25:
                day = (utc(now) - timedelta(days=back)).date().isoformat()
                effects.fact(store.keys.active(day), number)
                effects.do("EXPIRE", store.keys.active(day), 400 * 86_400, "NX")
    effects.do("HSET", store.keys.member(1), "attribute:birthday", "2001-05-31")
    for back in range(14):
        day = (utc(now) - timedelta(days=back)).date().isoformat()
        for what, most in (
            ("event:message_received", 420),
            ("event:member_joined", 12),
            ("event:member_left", 4),
            ("delivery:sent", 160),
            ("delivery:failed", 5),
            ("delivery:skipped", 14),
        ):
            effects.count(day, what, 1 + random.randrange(most))
    for phrase, times in (("几点开门", 12), ("退款", 7), ("how do i unsubscribe", 3)):
        effects.do("ZADD", store.keys.unmatched(), times, phrase)
    for index in reversed(range(70)):
        entry = _entry(index, now - index * 900_000)
        record(effects, entry)
    letter = DeadLetter(
        at=now - 3_600_000,
        conversation=TEA.key,
        event='{"kind":"message_received","id":"m1","text":"几点开门"}',
        reason="KeyError: 'hours'",
        traceback='Traceback (most recent call last):\n  File "handlers/tea.py", line 9\n'
        "    return HOURS['hours']\nKeyError: 'hours'",
    )
    effects.do("XADD", store.keys.inbox_dead(), "*", "letter", letter.model_dump_json())
    doubt = Delivery(
        id="000000000042",
        to=TEA,
        message=Message.of("本周小技巧：泡茶水温 85℃，不要用沸水。https://bot.example/l/a1b2"),
        priority="broadcast",
    )
    effects.do("HSET", store.keys.outbox_doubt(), doubt.id, doubt.model_dump_json())
    assert await store.apply(effects)


def _entry(index: int, at: int) -> Entry:
    kinds = (
        ("member.joined", "invited", ""),
        ("delivery.sent", "", "欢迎 小明 加入 茶友会 Tea！每天发「签到」可以积分。"),
        ("delivery.sent", "", "签到成功！连续 3 天，今天第 5 位。"),
        ("event.unmatched", "", "几点开门"),
        ("delivery.skipped", "frequency cap", "本周小技巧"),
        ("delivery.failed", "gave up: the group is muted", "Good morning!"),
        ("delivery.deferred", "quiet hours", "晚安小贴士"),
    )
    what, reason, text = kinds[index % len(kinds)]
    delivery = f"{index:012d}" if what.startswith("delivery") else ""
    return Entry(
        at=at,
        what=what,
        conversation=TEA.key if index % 3 else "sandbox/d/u1",
        member=1 + index % 5,
        delivery=delivery,
        reason=reason,
        text=text,
    )


ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where screenshots go; MUSTER_PICTURES keeps them."""
    folder = Path(os.environ.get("MUSTER_PICTURES", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Debian's Chromium, without a window."""
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=ARGUMENTS
        )
        try:
            yield opened
        finally:
            await opened.close()
