"""Ways: where a link leads whom, worked out when it becomes known and not at every fetch."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from bot.links.destinations import added, location
from bot.links.rules import Closed, app
from bot.links.terms import Branch, Device, Terms


@dataclass(frozen=True, slots=True)
class Visit:
    """Who fetches a link: UTC ms, what they have, want and are; ``person`` tells people apart."""

    at: int
    devices: frozenset[Device]
    language: str
    group: int
    person: str


@dataclass(frozen=True, slots=True)
class Way:
    """One branch with its location, for people whose hundredth is from ``low`` to ``high``."""

    branch: Branch
    location: str
    low: int
    high: int

    def fits(self, visit: Visit, hundredth: int) -> bool:
        """Whether it is for this visit."""
        branch = self.branch
        return (
            self.low <= hundredth < self.high
            and visit.at >= branch.opens
            and not (branch.ends and visit.at >= branch.ends)
            and not (branch.devices and visit.devices.isdisjoint(branch.devices))
            and not (branch.groups and visit.group not in branch.groups)
            and not (branch.languages and not _speaks(visit.language, branch.languages))
        )


class Ways:
    """A link's locations as headers have them."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self.location = location(added(terms.url, terms.parameters))
        self.fallback = location(terms.fallback) if terms.fallback else ""
        self._ways: list[Way] = []
        ends: dict[object, int] = {}
        for branch in terms.branches:
            low = ends.get(branch.asks, 0) if branch.share else 0
            high = low + branch.share if branch.share else 100
            ends[branch.asks] = high
            place = location(added(branch.url, terms.parameters))
            self._ways.append(Way(branch, place, low, high))

    def closed(self, at: int) -> Closed | None:
        """Why it leads nowhere at this moment (UTC ms), if so; the limit is not looked at."""
        terms = self._terms
        if terms.withdrawn:
            return "gone"
        if at < terms.opens:
            return "early"
        return "expired" if terms.ends and at >= terms.ends else None

    def choose(self, visit: Visit) -> tuple[int, str]:
        """The branch that fits first, counted from 1 (0 for none), and its location."""
        hundredth = _hundredth(visit.person)
        for number, way in enumerate(self._ways, 1):
            if way.fits(visit, hundredth):
                return number, way.location
        return 0, self.location


def devices(agent: str) -> frozenset[Device]:
    """What a user agent runs on and in: an iPhone's WeChat is both."""
    folded = agent.lower()
    found: set[Device] = set()
    if any(name in folded for name in ("iphone", "ipad", "ipod")):
        found.add("ios")
    elif "android" in folded or "harmony" in folded:
        found.add("android")
    else:
        found.add("desktop")
    match app(agent):
        case "wecom":
            found.add("wecom")
        case "wechat":
            found.add("wechat")
    return frozenset(found)


def wanted_language(accept: str) -> str:
    """The language an Accept-Language header wants most (RFC 9110 §12.5.4), in small letters."""
    best, weight = "", 0.0
    for part in accept[:500].split(","):
        tag, _, parameter = part.partition(";")
        _, _, value = parameter.partition("=")
        try:
            quality = float(value) if value else 1.0
        except ValueError:
            quality = 0.0
        if quality > weight:
            best, weight = tag.strip().lower(), quality
    return best


def _speaks(language: str, wanted: tuple[str, ...]) -> bool:
    return any(language == tag or language.startswith(tag + "-") for tag in wanted)


def _hundredth(person: str) -> int:
    """The same number from 0 to 99 for the same person."""
    return int.from_bytes(blake2b(person.encode(), digest_size=8).digest(), "big") % 100
