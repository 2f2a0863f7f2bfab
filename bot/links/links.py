"""Links: destinations with their numbers, made by texts and operators, known to every redirect."""

from __future__ import annotations

import asyncio
import json
import unicodedata
from collections.abc import Callable, Sequence
from hashlib import sha256
from urllib.parse import quote, unquote

from bot.links.codes import Code, Codes
from bot.links.destinations import BadDestination, destination
from bot.links.rules import WINDOW
from bot.links.steps import Steps
from bot.links.terms import LONGEST_CAMPAIGN, Terms
from bot.links.ways import Ways
from bot.model.phrase import Phrase
from bot.routing.writer import Reader
from bot.store.store import Store, as_text

PATH = "/l/"
PAGE = 1000
FIELDS = ("url", "campaign", "since", "version", "terms")
PATIENCE = 0.3
"""Seconds a redirect waits for the store to know a link."""


class Link(Terms):
    """A destination and campaign, and the terms it leads there on; ``since`` is UTC ms.

    ``asked`` is the destination and campaign texts call it by, whatever it was changed to later.
    """

    number: int
    since: int = 0
    version: int = 1
    asked: tuple[str, str]

    @property
    def name(self) -> str:
        """What lists call it: its title or campaign, else where it leads."""
        shown = self.title or self.campaign or self.url.partition("://")[2]
        return shown if len(shown) <= 60 else shown[:59] + "…"

    @property
    def terms(self) -> Terms:
        """What may be changed of it."""
        return Terms.model_construct(**{name: getattr(self, name) for name in Terms.model_fields})


Keep = Callable[[Link], bool]


class Links:
    """Makes links and knows them all; ``base`` gives the public URL codes are put behind.

    A plain link's location is ready; what a link with further terms leads to, its ways decide.
    """

    codes: Codes

    def __init__(self, store: Store, base: Callable[[], str]) -> None:
        self._store = store
        self._base = base
        self._links: dict[int, Link] = {}
        self._numbers: dict[tuple[str, str], int] = {}
        self._locations: dict[int, str] = {}
        self._ways: dict[int, Ways] = {}
        self._words: dict[str, tuple[int, str]] = {}
        self._edits = 0
        self.steps = Steps(store)
        self._used: set[tuple[int, int]] = set()
        self._known = 0

    # knowing

    async def open(self) -> None:
        """Get the workspace's key and read every link; raises StoreError."""
        self.codes = await Codes.of(self._store)
        await self.refresh()

    async def refresh(self) -> None:
        """Read the links made and edited since the last time, to be called every second or so.

        A redirect to one made elsewhere meanwhile asks by itself. When links were removed, all
        are read anew. Raises StoreError.
        """
        keys = self._store.keys
        if int(await self._store.call("HLEN", keys.link_ids())) < len(self._links):
            self._links, self._numbers, self._known = {}, {}, 0
            self._locations, self._ways = {}, {}
        last = int(await self._store.text("GET", keys.link_seq()) or 0)
        while self._known < last:
            upto = min(last, self._known + PAGE)
            await self._read(range(self._known + 1, upto + 1))
            self._known = upto
        await self._read_edited()

    async def _read_edited(self) -> None:
        keys = self._store.keys
        while edited := await self._store.table(
            *("ZRANGEBYSCORE", keys.link_edited(), f"({self._edits}", "+inf"),
            *("WITHSCORES", "LIMIT", 0, PAGE),
        ):
            await self._read([int(number) for number in edited if number != "0"])
            if "0" in edited:
                words = await self._store.table("HGETALL", keys.link_words())
                self._words = {
                    word: (int(number), self.codes.pack(Code(int(number))))
                    for word, number in words.items()
                }
            self._edits = max(int(float(count)) for count in edited.values())

    async def _read(self, numbers: Sequence[int]) -> None:
        asked = [self._store.ask("HMGET", self._store.keys.link(n), *FIELDS) for n in numbers]
        for number, answer in zip(numbers, await asyncio.gather(*asked), strict=True):
            if answer[0] is not None:
                self._learn(_link(number, answer))

    def _learn(self, link: Link) -> None:
        known = self._links.get(link.number)
        if known and known.version > link.version:
            return  # two answers that crossed
        self._links[link.number] = link
        self._numbers[link.asked] = link.number
        ways = Ways(link)
        if link.plain:
            self._ways.pop(link.number, None)
            self._locations[link.number] = ways.location
        else:
            self._locations.pop(link.number, None)
            self._ways[link.number] = ways

    # making

    async def link(self, reader: Reader, url: str, campaign: str = "") -> str:
        """The tracked URL for ``url`` in a text for this reader: ``{{ link(url) }}``.

        Raises BadDestination for what is not http or https, StoreError when a link that is new
        cannot be kept.
        """
        number = await self.make(str(url), str(campaign))
        step = await self.steps.number(reader.step)
        await self._use(number, step)
        return self.url(Code(number, step, reader.group, reader.member))

    async def make(self, url: str, campaign: str = "") -> int:
        """The number of the link with this destination and campaign, made at first use.

        Raises BadDestination, also for a campaign that is too long to be kept.
        """
        url, campaign = destination(url), campaign.strip()
        if len(campaign) > LONGEST_CAMPAIGN:
            raise BadDestination(Phrase("a campaign has at most {n} letters", n=LONGEST_CAMPAIGN))
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

    def word_url(self, word: str) -> str:
        """The public URL of a word."""
        return f"{self._base().rstrip('/')}{PATH}{quote(word)}"

    async def _use(self, number: int, step: int) -> None:
        """Keep that a step's texts have a link: whom it reached is known by that."""
        if not step or (number, step) in self._used:
            return
        keys = self._store.keys
        await asyncio.gather(
            self._store.ask("SADD", keys.link_used(number), step),
            self._store.ask("SADD", keys.link_in(step), number),
        )
        self._used.add((number, step))

    async def taken(self, number: int) -> int:
        """How many of a limited number of clicks are taken; raises StoreError."""
        return int(await self._store.text("GET", self._store.keys.link_admitted(number)) or 0)

    # finding

    def location(self, number: int) -> str | None:
        """Where a plain link leads, as a header has it; None for others, and when unknown."""
        return self._locations.get(number)

    def ways(self, number: int) -> Ways | None:
        """Where a link that is not plain may lead."""
        return self._ways.get(number)

    async def look_up(self, number: int) -> Link | None:
        """A link, asking the store when it is not known here; None when there is none.

        Raises StoreError or TimeoutError when that cannot be known now.
        """
        if number not in self._links:
            await asyncio.wait_for(self._read([number]), PATIENCE)
        return self._links.get(number)

    async def reread(self, number: int) -> Link | None:
        """A link as the store has it now, also when it was just edited; raises StoreError."""
        await self._read([number])
        return self._links.get(number)

    def worded(self, word: str) -> tuple[int, str] | None:
        """The number and short code of the link that has this word."""
        return self._words.get(folded(word))

    def words(self, number: int) -> list[str]:
        """The words a link has."""
        return sorted(word for word, (owner, _) in self._words.items() if owner == number)

    async def admit(self, link: Link, code: str, visitor: str, at: int, click: bool) -> bool:
        """Whether a link's limit leaves room for this fetch; a ``click`` takes it, once.

        Decided in the store, so never more than the limit are let in, on however many nodes. A
        process that dies between this and the hit's record leaves one place unused. Raises
        StoreError or TimeoutError when it cannot be known now.
        """
        keys = self._store.keys
        answer = self._store.run(
            "link_admit",
            [keys.link_admitted(link.number), keys.link_place(code, visitor)],
            [link.limit, at, WINDOW, int(click)],
        )
        return bool(await asyncio.wait_for(answer, PATIENCE))

    def get(self, number: int) -> Link | None:
        """One link."""
        return self._links.get(number)

    def search(
        self, words: str = "", offset: int = 0, limit: int = 50, keep: Keep = lambda link: True
    ) -> list[Link]:
        """Links to ``keep`` whose destination, campaign or title has ``words``, newest first."""
        return [link for link in self._found(words) if keep(link)][offset : offset + limit]

    def count(self, words: str = "", keep: Keep = lambda link: True) -> int:
        """How many links ``search`` would find."""
        return sum(map(keep, self._found(words)))

    def find(self, what: str) -> list[Link]:
        """The links an operator means: by number, code, tracked URL, campaign, or words."""
        what = what.strip()
        if what.removeprefix("#").isdecimal():
            number = int(what.removeprefix("#"))
        else:
            letters = unquote(what.rpartition(PATH)[2])
            code, worded = self.codes.unpack(letters), self.worded(letters)
            number = code.link if code else worded[0] if worded else 0
        if number in self._links:
            return [self._links[number]]
        exact = [k for k in self._found(what) if what in (k.campaign, k.url)]
        return exact or (self._found(what) if what else [])

    def _found(self, words: str) -> list[Link]:
        wanted = words.casefold()
        return [
            link
            for _, link in sorted(self._links.items(), reverse=True)
            if wanted in "\n".join((link.url, link.campaign, link.title, *link.asked)).casefold()
        ]


def folded(word: str) -> str:
    """A word as it is kept: width and case make no difference."""
    return unicodedata.normalize("NFKC", word).casefold()


def _link(number: int, answer: Sequence[bytes | None]) -> Link:
    url, campaign, since, version, terms = (
        as_text(value) if value is not None else "" for value in answer
    )
    held = json.loads(terms) if terms else {"url": url, "campaign": campaign}
    return Link(
        number=number, since=int(since), version=int(version or 1), asked=(url, campaign), **held
    )
