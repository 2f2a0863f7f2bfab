"""The gate: whether a link with terms lets a fetch through, and where to."""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.links.codes import Code
from bot.links.links import Link, Links
from bot.links.rules import FLAGS, Closed, Rules
from bot.links.ways import Visit, Ways, devices, wanted_language
from bot.store.line import StoreError


@dataclass(frozen=True, slots=True)
class Fetch:
    """One fetch of a link that is not plain; ``letters`` is its code, ``at`` UTC ms.

    ``untracked``: the visitor asks not to be tracked, and is heard.
    """

    code: Code
    letters: str
    at: int
    method_flags: str
    visitor: str
    agent: str
    accept: str
    untracked: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """Where a fetch goes, or why nowhere; ``flags`` are for its hit."""

    flags: str
    location: str = ""
    closed: Closed | None = None


class Gate:
    """Judges fetches one by one.

    While the store is away nobody knows what a limit leaves: then all are let through, or none
    where it is ``strict``.
    """

    def __init__(self, links: Links, strict: bool = False) -> None:
        self._links = links
        self._strict = strict
        self._rules = Rules()

    async def judge(self, link: Link, ways: Ways, fetch: Fetch, between: bool = False) -> Passage:
        """Let it through or not; raises StoreError or TimeoutError where it must be known and
        cannot.

        With ``between`` a page comes first, and no place of a limited number is taken yet.
        """
        closed = ways.closed(fetch.at)
        if closed is None and link.limit and not await self._admit(link, fetch, between):
            closed = "full"
        if closed:
            return Passage(FLAGS[closed], ways.fallback, closed)
        if not link.branches:
            return Passage("", ways.location)
        number, location = ways.choose(_visit(fetch))
        return Passage(f"{link.version}.{number}", location)

    async def _admit(self, link: Link, fetch: Fetch, between: bool) -> bool:
        click = not (between or fetch.method_flags or self._rules.bot(fetch.agent))
        letters = fetch.letters
        if fetch.untracked:
            letters = self._links.codes.pack(replace(fetch.code, member=0))
        try:
            return await self._links.admit(link, letters, fetch.visitor, fetch.at, click)
        except (StoreError, TimeoutError):
            if self._strict:
                raise
            return True


def _visit(fetch: Fetch) -> Visit:
    code = fetch.code
    who = f"m{code.member}" if code.member else fetch.visitor
    return Visit(
        at=fetch.at,
        devices=devices(fetch.agent),
        language=wanted_language(fetch.accept),
        group=code.group,
        person=f"{code.link}:{who}",
    )
