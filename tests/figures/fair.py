"""A fair for figure tests: a town whose SOPs have real links, people who click, and the figures."""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.figures.figures import FigureRoom
from bot.links.clicks import Clicks
from bot.links.codes import Code
from bot.links.conversions import Conversions, Told
from bot.links.counter import Counter
from bot.links.hits import Hit
from bot.links.judge import Judge
from bot.links.links import Links
from bot.model.delivery import Delivery
from bot.sop.sops import Sops
from bot.store.store import Store
from bot.testing.clock import TestClock
from tests.links.site import PHONE
from tests.sop.town import Town

ZONE = ZoneInfo("Asia/Shanghai")


class Fair(Town):
    """A town with links; ``open`` it first."""

    def __init__(self, store: Store, clock: TestClock, folder: Path) -> None:
        self.links = Links(store, lambda: "https://go.example")
        super().__init__(store, clock, folder)
        self.judge = Judge(self.links, ZONE)
        self.counter = Counter(store, self.judge, self.links.steps, "a")
        self.clicks = Clicks(store, self.facts, self.links.steps, ZONE)
        self.conversions = Conversions(store, self.links, self.members, self.facts, ZONE)
        self.figures = FigureRoom(
            *(store, self.links, self.clicks, self.conversions, self.members),
            *(self.sops.versions, ZONE),
        )
        self._serial = count(1)
        self._orders = count(1)

    def room(self) -> Sops:
        sops = super().room()
        sops.means.writer._functions = {"link": self.links.link}
        return sops

    async def open(self) -> None:
        await self.links.open()

    def hit(
        self, code: Code, visitor: str = "v", after: float = 0, flags: str = "", agent: str = PHONE
    ) -> Hit:
        """A fetch now or ``after`` seconds, as the redirect writes it."""
        at = self.clock.now() + int(after * 1000)
        letters = self.links.codes.pack(code)
        return Hit("fair", next(self._serial), at, letters, flags, visitor, agent)

    async def fetch(self, *hits: Hit) -> None:
        """Put fetches on disk and count them."""
        block = b"\n".join(hit.line() for hit in hits)
        await self.store.call("XADD", self.store.keys.hits(), "*", "hits", block)
        await self.counter.drain()

    async def click(self, code: Code, visitor: str = "v", after: float = 0) -> None:
        """One person's click."""
        await self.fetch(self.hit(code, visitor, after))

    def code(self, delivery: Delivery) -> Code:
        """The code in a message."""
        letters = delivery.message.summary.rpartition("/l/")[2].split()[0]
        code = self.links.codes.unpack(letters)
        assert code, letters
        return code

    async def buys(self, member: int, value: str, code: Code | None = None) -> None:
        """A sale, told as a shop tells it."""
        told = Told(
            name=f"order-{next(self._orders)}",
            kind="sale",
            value=Decimal(value),
            currency="CNY",
            member=member or None,
            code=self.links.codes.pack(code) if code else "",
        )
        await self.conversions.record(told, "shop")
