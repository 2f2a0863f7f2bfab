"""A bot that tells a shop what happens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import count

import pytest

from bot.rooms import Rooms
from bot.webhooks.endpoint import Endpoint
from bot.webhooks.webhooks import Health
from tests.console.house import CONFIG, House, opened
from tests.webhooks.receiver import Receiver, judge_by, listening

_houses = count(1)
PRIVATE = f"{CONFIG}\n[webhooks]\nallow_private = true\n"


@dataclass
class Wired:
    """A bot and a shop that listens."""

    house: House
    shop: Receiver
    secret: str = field(default="", repr=False)

    @property
    def rooms(self) -> Rooms:
        """The bot's rooms."""
        return self.house.rooms

    async def connect(self, *events: str, path: str = "") -> Endpoint:
        """Add the shop as an endpoint for these events."""
        made, self.secret = await self.rooms.webhooks.add(
            self.shop.url + path, events, "ann", "shop"
        )
        return made

    async def happens(self, number: int = 1) -> None:
        """Somebody joins, this often, each a new member."""
        community = self.house.community
        tea = await community.group("tea", "Tea")
        start = int(await self.house.store.text("GET", self.house.store.keys.member_seq()) or 0)
        for index in range(number):
            await community.member(f"guest{start + index + 1}", f"Guest {start + index}").joins(tea)
        await community.settle()

    def later(self, seconds: float) -> None:
        """Time passes, and the courier looks."""
        self.house.clock.advance(seconds)
        self.house.community.app.bell.ring("webhooks")

    async def health(self, endpoint: Endpoint) -> Health:
        """How the endpoint does."""
        return await self.rooms.webhooks.health(endpoint.id)


@pytest.fixture
async def shop() -> AsyncIterator[Receiver]:
    """Somebody who listens."""
    async with listening() as receiver:
        yield receiver


@pytest.fixture
async def wired(
    valkey: str, shop: Receiver, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Wired]:
    """A running bot that may tell machines of the own network."""
    async with opened(valkey, f"hooks{next(_houses)}", PRIVATE) as house:
        judge_by(house.clock, monkeypatch)
        yield Wired(house, shop)
        await house.rooms.courier.stop()
