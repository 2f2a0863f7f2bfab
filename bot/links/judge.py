"""The judge: what hits on disk mean, by the rules of today; for counting and for replay."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from typing import Protocol

import structlog

from bot.clock import utc
from bot.links.codes import Code
from bot.links.hits import Hit
from bot.links.links import Links
from bot.links.rules import Before, Rules, app
from bot.links.steps import Step

log = structlog.get_logger(__name__)

NOWHERE = Code(0)
REMEMBERED = 50_000
"""Codes whose last hit is remembered: far more than are fetched while it matters."""


class Staff(Protocol):
    """Knows whose hits are the staff's own."""

    def owns(self, hit: Hit, member: int) -> bool:
        """Whether a hit by this member (0: unknown) is."""
        ...


@dataclass(frozen=True, slots=True)
class Judged:
    """A hit and what it means, before repeats are told from clicks.

    ``day`` is ISO and ``hour`` 0 to 23, both in the workspace's zone. ``way`` is the version and
    branch of the link's rules it went ("3.1"), "0" for none. ``letters`` is the code to list it
    by.
    """

    hit: Hit
    line: bytes
    verdict: str
    code: Code
    letters: str
    day: str
    hour: int
    way: str

    def row(self, step: Step) -> list[object]:
        """What ``link_count.lua`` wants to know of it."""
        hit, code = self.hit, self.code
        return [
            *(hit.origin, hit.serial, hit.at, self.day, self.hour, self.letters, hit.visitor),
            *(self.verdict, app(hit.agent), self.way, code.link, code.step, step.run),
            *(code.group, code.member, self.line),
        ]


class Judge:
    """Reads hits in their order and says what each is; days are those of ``zone``."""

    def __init__(
        self,
        links: Links,
        zone: tzinfo,
        staff: Callable[[], Staff | None] = lambda: None,
        rules: Rules | None = None,
    ) -> None:
        self._links = links
        self._staff = staff
        self._rules = rules or Rules()
        self._last: OrderedDict[str, Before] = OrderedDict()
        self.zone = zone

    @property
    def version(self) -> int:
        """Of the rules it judges by."""
        return self._rules.version

    def anew(self) -> Judge:
        """The same judge before any hit, to judge from the first one on again."""
        return Judge(self._links, self.zone, self._staff, self._rules)

    def of(self, lines: Iterable[bytes]) -> Iterator[Judged]:
        """The hits of some lines, in their order; what cannot be read is left out and logged."""
        for line in lines:
            try:
                hit = Hit.parse(line)
            except ValueError:
                log.warning("hits.unreadable", length=len(line))
                continue
            yield self._one(hit, line)

    def _one(self, hit: Hit, line: bytes) -> Judged:
        code = self._links.codes.unpack(hit.code)
        before = self._before(hit) if code and code.member else None
        verdict: str = self._rules.judge(hit, before)
        letters, where = hit.code, code or NOWHERE
        if not code:
            verdict = "orphan"
        elif verdict == "orphan":  # a code of ours whose link is no more: it names nobody
            verdict, where = "gone", NOWHERE
            letters = self._links.codes.pack(Code(code.link))
        elif (
            verdict in ("click", "suspect")
            and (staff := self._staff())
            and staff.owns(hit, code.member)
        ):
            verdict = "staff"
        local = utc(hit.at).astimezone(self.zone)
        day, way = local.date().isoformat(), way_of(hit.flags)
        return Judged(hit, line, verdict, where, letters, day, local.hour, way)

    def _before(self, hit: Hit) -> Before | None:
        """The last hit of the same code, among the latest of all."""
        before = self._last.pop(hit.code, None)
        self._last[hit.code] = Before(hit.at, hit.visitor, app(hit.agent))
        if len(self._last) > REMEMBERED:
            self._last.popitem(last=False)
        return before


def way_of(flags: str) -> str:
    """The version and branch in a hit's flags: "3.1"; "0" when there is none."""
    digits = flags.lstrip("abcdefghijklmnopqrstuvwxyz")
    numbers = digits.rstrip("abcdefghijklmnopqrstuvwxyz")
    return numbers if "." in numbers else "0"
