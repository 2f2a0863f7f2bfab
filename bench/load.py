"""The load: members who click and a shop that sells, and what they were answered."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any
from urllib.parse import urlencode

import aiohttp

from bench.killable import Bot
from bot.links.codes import Code
from bot.links.links import Links
from bot.links.signing import sign

MEMBERS = 2000
BROWSERS, SHOPS = 24, 3
AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.40"
TROUBLE = (aiohttp.ClientError, TimeoutError, ConnectionError)


@dataclass
class Load:
    """What members and the shop do until ``ended``, each order at both bots, and the answers."""

    bots: list[Bot]
    links: Links
    numbers: list[int]
    token: str
    key: tuple[str, str]
    random: Random
    browsers: int = BROWSERS
    rest: float = 0.0
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    answered: Counter[str] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    told: dict[int, str] = field(default_factory=dict)
    tries: int = 0
    _orders: Any = field(default_factory=lambda: count(1))

    async def run(self) -> None:
        """Until ``ended``; what was begun is brought to its end."""
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=20)
        headers = {"User-Agent": AGENT, "Accept-Language": "zh-CN"}
        async with aiohttp.ClientSession(
            connector=connector, timeout=timeout, headers=headers
        ) as http:
            await asyncio.gather(
                *(self._browse(http) for _ in range(self.browsers)),
                *(self._sell(http) for _ in range(SHOPS)),
            )

    async def _browse(self, http: aiohttp.ClientSession) -> None:
        while not self.ended.is_set():
            bot = await self._bot()
            link, member = self.random.choice(self.numbers), self.random.randint(1, MEMBERS)
            letters = self.links.codes.pack(Code(link, 1, 1 + member % 9, member))
            try:
                async with http.get(f"{bot.base}/l/{letters}", allow_redirects=False) as answer:
                    assert answer.status == 302, answer.status
                self.answered[letters] += 1
            except TROUBLE:
                self.unanswered[letters] += 1
            await asyncio.sleep(self.rest)

    async def _bot(self) -> Bot:
        while True:
            up = [bot for bot in self.bots if bot.up.is_set()]
            if up:
                return self.random.choice(up)
            await asyncio.sleep(0.01)

    async def _sell(self, http: aiohttp.ClientSession) -> None:
        """Each order is worth its number in cents, so that none is taken for another."""
        while not self.ended.is_set():
            order = next(self._orders)
            link, member = self.random.choice(self.numbers), self.random.randint(1, MEMBERS)
            code = self.links.codes.pack(Code(link, 1, 1 + member % 9, member))
            fields = {"code": code, "value": f"{Decimal(order) / 100:.2f}", "currency": "CNY"}
            tell = self._post if order % 3 else self._visit
            await asyncio.gather(*(tell(http, bot, order, fields) for bot in self.bots))
            self.told[order] = code

    async def _post(
        self, http: aiohttp.ClientSession, bot: Bot, order: int, fields: dict[str, str]
    ) -> None:
        body = {"id": f"order-{order}", "kind": "sale", **fields}
        headers = {"Authorization": f"Bearer {self.token}"}
        await self._until(
            lambda: http.post(f"{bot.base}/api/v1/conversions", json=body, headers=headers), bot
        )

    async def _visit(
        self, http: aiohttp.ClientSession, bot: Bot, order: int, fields: dict[str, str]
    ) -> None:
        ident, secret = self.key
        signed = {"name": f"order-{order}", "key": ident, **fields}
        query = urlencode({**signed, "sig": sign(secret, "sale", signed)})
        await self._until(lambda: http.get(f"{bot.base}/v/sale?{query}"), bot)

    async def _until(self, ask: Any, bot: Bot) -> None:
        """Ask again and again until it is recorded."""
        while True:
            await bot.up.wait()
            self.tries += 1
            with suppress(*TROUBLE):
                async with ask() as answer:
                    if answer.status in (200, 201, 204):
                        return
                    assert answer.status in (429, 503), await answer.text()
            await asyncio.sleep(0.05)
