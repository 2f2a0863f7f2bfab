"""Links: destinations with their numbers, made by texts and operators, known to every redirect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from hashlib import sha256

from bot.links.codes import Code, Codes
from bot.links.destinations import destination, location
from bot.model.base import Frozen
from bot.routing.writer import Reader
from bot.store.store import Store, as_text

PATH = "/l/"
PAGE = 1000
PATIENCE = 0.3
"""Seconds a redirect waits for the store to know a link."""


class Link(Frozen):
    """A destination and campaign; ``since`` is UTC ms."""

    number: int
    url: str
    campaign: str = ""
    since: int = 0

    @property
    def name(self) -> str:
        """What lists call it: its campaign, else where it leads."""
        shown = self.campaign or self.url.partition("://")[2]
        return shown if len(shown) <= 60 else shown[:59] + "…"


class Links:
    """Makes links and knows them all; ``base`` gives the public URL codes are put behind."""

    codes: Codes

    def __init__(self, store: Store, base: Callable[[], str]) -> None:
        self._store = store
        self._base = base
        self._links: dict[int, Link] = {}
        self._numbers: dict[tuple[str, str], int] = {}
        self._locations: dict[int, str] = {}
        self._steps: dict[str, int] = {}
        self._known = 0

    # knowing

    async def open(self) -> None:
        """Get the workspace's key and read every link; raises StoreError."""
        self.codes = await Codes.of(self._store)
        await self.refresh()

    async def refresh(self) -> None:
        """Read the links made since the last time, to be called every second or so.

        A redirect to one made elsewhere meanwhile asks by itself. When links were removed, all
        are read anew. Raises StoreError.
        """
        if int(await self._store.call("HLEN", self._store.keys.link_ids())) < len(self._links):
            self._links, self._numbers, self._locations, self._known = {}, {}, {}, 0
        last = int(await self._store.text("GET", self._store.keys.link_seq()) or 0)
        while self._known < last:
            upto = min(last, self._known + PAGE)
            await self._read(range(self._known + 1, upto + 1))
            self._known = upto

    async def _read(self, numbers: Sequence[int]) -> None:
        asked = [
            self._store.ask("HMGET", self._store.keys.link(n), "url", "campaign", "since")
            for n in numbers
        ]
        for number, answer in zip(numbers, await asyncio.gather(*asked), strict=True):
            if answer[0] is not None:
                url, campaign, since = map(as_text, answer)
                self._learn(Link(number=number, url=url, campaign=campaign, since=int(since)))

    def _learn(self, link: Link) -> None:
        self._links[link.number] = link
        self._numbers[link.url, link.campaign] = link.number
        self._locations[link.number] = location(link.url)

    # making

    async def link(self, reader: Reader, url: str, campaign: str = "") -> str:
        """The tracked URL for ``url`` in a text for this reader: ``{{ link(url) }}``.

        Raises BadDestination for what is not http or https, StoreError when a link that is new
        cannot be kept.
        """
        number = await self.make(str(url), str(campaign))
        step = await self._step(reader.step)
        return self.url(Code(number, step, reader.group, reader.member))

    async def make(self, url: str, campaign: str = "") -> int:
        """The number of the link with this destination and campaign, made at first use."""
        url, campaign = destination(url), campaign.strip()
        known = self._numbers.get((url, campaign))
        if known:
            return known
        keys, now = self._store.keys, self._store.clock.now()
        ident = sha256(f"{url}\n{campaign}".encode()).hexdigest()[:32]
        number = int(
            await self._store.run(
                "link_make",
                [keys.link_ids(), keys.link_seq()],
                [self._store.prefix, ident, url, campaign, now],
            )
        )
        await self._read([number])
        return number

    def url(self, code: Code) -> str:
        """The public URL of a code; one with a link alone is short, for print."""
        return f"{self._base().rstrip('/')}{PATH}{self.codes.pack(code)}"

    async def _step(self, name: str) -> int:
        if not name:
            return 0
        if name not in self._steps:
            steps = self._store.keys.link_steps()
            self._steps[name] = int(await self._store.run("link_step", [steps], [name]))
        return self._steps[name]

    # finding

    def location(self, number: int) -> str | None:
        """Where a link leads, as a header has it; None when it is not known here (yet)."""
        return self._locations.get(number)

    async def look_up(self, number: int) -> str | None:
        """Where a link leads, asking the store; None when there is none.

        Raises StoreError or TimeoutError when that cannot be known now.
        """
        await asyncio.wait_for(self._read([number]), PATIENCE)
        return self._locations.get(number)

    def get(self, number: int) -> Link | None:
        """One link."""
        return self._links.get(number)

    def search(self, words: str = "", offset: int = 0, limit: int = 50) -> list[Link]:
        """Links whose destination or campaign has ``words``, newest first."""
        return self._found(words)[offset : offset + limit]

    def count(self, words: str = "") -> int:
        """How many links ``search`` would find."""
        return len(self._found(words))

    def find(self, what: str) -> list[Link]:
        """The links an operator means: by number, code, tracked URL, campaign, or words."""
        what = what.strip()
        if what.removeprefix("#").isdecimal():
            number = int(what.removeprefix("#"))
        else:
            code = self.codes.unpack(what.rpartition(PATH)[2])
            number = code.link if code else 0
        if number in self._links:
            return [self._links[number]]
        exact = [k for k in self._found(what) if what in (k.campaign, k.url)]
        return exact or (self._found(what) if what else [])

    def _found(self, words: str) -> list[Link]:
        wanted = words.casefold()
        return [
            link
            for _, link in sorted(self._links.items(), reverse=True)
            if wanted in f"{link.url}\n{link.campaign}".casefold()
        ]
