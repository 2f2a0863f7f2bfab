"""The gate: whether a link with terms lets a fetch through, and where to."""

from __future__ import annotations

from dataclasses import dataclass

from bot.links.codes import Code
from bot.links.links import Link, Links
from bot.links.rules import FLAGS, Closed, Rules
from bot.links.ways import Visit, Ways, devices, wanted_language


@dataclass(frozen=True, slots=True)
class Fetch:
    """One fetch of a link that is not plain; ``letters`` is its code, ``at`` UTC ms."""

    code: Code
    letters: str
    at: int
    method_flags: str
    visitor: str
    agent: str
    accept: str


@dataclass(frozen=True, slots=True)
class Passage:
    """Where a fetch goes, or why nowhere; ``flags`` are for its hit."""

    flags: str
    location: str = ""
    closed: Closed | None = None


class Gate:
    """Judges fetches one by one."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self._rules = Rules()

    async def judge(self, link: Link, ways: Ways, fetch: Fetch) -> Passage:
        """Let it through or not; raises StoreError or TimeoutError when a limit cannot be known."""
        closed = ways.closed(fetch.at)
        if closed is None and link.limit and not await self._admit(link, fetch):
            closed = "full"
        if closed:
            return Passage(FLAGS[closed], ways.fallback, closed)
        if not link.branches:
            return Passage("", ways.location)
        number, location = ways.choose(_visit(fetch))
        return Passage(f"{link.version}.{number}", location)

    async def _admit(self, link: Link, fetch: Fetch) -> bool:
        click = not fetch.method_flags and not self._rules.bot(fetch.agent)
        return await self._links.admit(link, fetch.letters, fetch.visitor, fetch.at, click)


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
