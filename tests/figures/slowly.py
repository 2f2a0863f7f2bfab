"""The slow path: every figure worked out from a plain list of what happened, one by one.

Nothing here knows how anything is kept or added up; it knows what the words mean.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

BOTS = ("curl", "Baiduspider")
FOLLOWED = ("replied", "checked-in", "tagged")


@dataclass(frozen=True)
class Fetched:
    """A fetch, in the order they came to the counter; ``code`` says link, step, group, member."""

    at: int
    code: tuple[int, int, int, int]
    flags: str
    way: str
    visitor: str
    agent: str


@dataclass(frozen=True)
class Sent:
    """A message reached these members, as members of this group; alone or with it."""

    at: int
    run: str
    group: int
    members: frozenset[int]
    alone: bool


@dataclass(frozen=True)
class Did:
    """A member did something: one of FOLLOWED."""

    what: str
    member: int
    group: int


@dataclass(frozen=True)
class Bought:
    """A conversion, as it is told; ``told`` is its code, if one was told."""

    at: int
    member: int
    value: Decimal
    told: tuple[int, int, int, int] | None


@dataclass(frozen=True)
class Night:
    """A day went by: nothing that is done now is put down to what was before."""


@dataclass(frozen=True)
class Hit:
    """A judged fetch."""

    at: int
    day: date
    hour: int
    link: int
    step: int
    group: int
    member: int
    way: str
    verdict: str
    visitor: str
    app: str


@dataclass(frozen=True)
class Sale:
    """A conversion put down to something."""

    day: date
    link: int
    step: int
    group: int
    member: int
    value: Decimal


@dataclass
class World:
    """What does not happen, but is: the names of things, and whose they are."""

    zone: ZoneInfo
    campaigns: dict[int, str] = field(default_factory=dict)
    runs: dict[int, str] = field(default_factory=dict)
    """A step's number → its run, "sop/version/step/occurrence"."""
    used: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    """A run → the links in its texts."""
    owners: dict[int, str] = field(default_factory=dict)
    group_owners: dict[int, str] = field(default_factory=dict)
    channels: dict[int, str] = field(default_factory=dict)
    staff: set[int] = field(default_factory=set)
    players_are_people: bool = True

    def local(self, at: int) -> datetime:
        return datetime.fromtimestamp(at / 1000, UTC).astimezone(self.zone)

    def owner(self, group: int, member: int) -> str:
        return self.owners.get(member) or self.group_owners.get(group, "")


def app(agent: str) -> str:
    return "wechat" if "MicroMessenger" in agent else "dingtalk" if "DingTalk" in agent else ""


class Slowly:
    """Reads everything that happened."""

    def __init__(self, world: World, events: Iterable[Any]) -> None:
        self.world = world
        self.events = [*events]
        self.sent = [one for one in self.events if isinstance(one, Sent)]
        self.hits: list[Hit] = []
        self.sales: list[Sale] = []
        self.after_click: defaultdict[tuple[int, str], set[int]] = defaultdict(set)
        self.after_run: defaultdict[tuple[str, str], set[int]] = defaultdict(set)
        self._clicked: dict[tuple[Any, ...], int] = {}
        self._before: dict[tuple[int, ...], Fetched] = {}
        self._heard: dict[str, str] = {}
        self._last: dict[int, tuple[int, int, int, int]] = {}
        for one in self.events:
            self._happens(one)

    def _happens(self, one: Any) -> None:
        match one:
            case Fetched():
                self._fetched(one)
            case Sent():
                for who in [f"m{n}" for n in one.members] if one.alone else [f"g{one.group}"]:
                    self._heard[who] = one.run
            case Did():
                self._credit(one.what, one.member, one.group)
            case Bought():
                self._bought(one)
            case Night():
                self._heard.clear()
                self._last.clear()

    def _fetched(self, one: Fetched) -> None:
        link, step, group, member = one.code
        verdict = self._verdict(one)
        local = self.world.local(one.at)
        self.hits.append(
            Hit(
                *(one.at, local.date(), local.hour, link, step, group, member),
                *(one.way, verdict, one.visitor, app(one.agent)),
            )
        )
        if verdict == "click" and member:
            self._last[member] = one.code

    def _verdict(self, one: Fetched) -> str:
        before = self._before.get(one.code)
        self._before[one.code] = one
        if "h" in one.flags:
            return "head"
        if "p" in one.flags:
            return "prefetch"
        if any(bot in one.agent for bot in BOTS) or (
            "Player" in one.agent and not self.world.players_are_people
        ):
            return "bot"
        for flag, why in (("g", "gone"), ("e", "early"), ("x", "expired"), ("f", "full")):
            if flag in one.flags:
                return why
        if "b" in one.flags:
            return "page"
        again = (
            one.code[3]
            and before
            and 0 <= one.at - before.at <= 30_000
            and before.visitor != one.visitor
            and app(before.agent) == "wechat"
            and app(one.agent) in ("", "wechat")
        )
        weight = 60 * ("d" in one.flags) + 50 * ("n" in one.flags) + (60 if again else 0)
        if one.code[3] in self.world.staff:
            return "staff"
        if weight >= 100:
            return "suspect"
        place = (one.code, one.visitor)
        if place in self._clicked and abs(one.at - self._clicked[place]) < 10_000:
            return "repeat"
        self._clicked[place] = one.at
        return "click"

    def _credit(self, what: str, member: int, group: int) -> None:
        for who in (f"m{member}", f"g{group}"):
            if who in self._heard:
                self.after_run[self._heard[who], what].add(member)
        if member in self._last:
            self.after_click[self._last[member][0], what].add(member)

    def _bought(self, one: Bought) -> None:
        link, step, group, _ = one.told or self._last.get(one.member, (0, 0, 0, 0))
        member = one.member or (one.told or (0, 0, 0, 0))[3]
        day = self.world.local(one.at).date()
        self.sales.append(Sale(day, link, step, group, member, one.value))
        if member:
            self._credit("converted", member, group)

    # figures

    def rows(
        self, subject: tuple[str, str], by: str | None, days: set[date]
    ) -> dict[str, dict[str, Any]]:
        """The figures of each row; of the whole under '' where ``by`` is None."""
        question = Question(self, subject, by, days)
        keys = {question.key(hit) for hit in question.hits}
        keys |= {key for sale in question.sales for key in question.sale_keys(sale)}
        keys |= {key for sent in question.sent for key in question.sent_keys(sent)}
        if by is None:
            keys = {""}
        return {key: question.row(key) for key in keys}

    def entries(self, hits: Iterable[Hit]) -> dict[tuple[Any, ...], list[Hit]]:
        """Clicks by link, day, step, group and member."""
        found = defaultdict(list)
        for hit in hits:
            if hit.verdict == "click":
                found[hit.link, hit.day, hit.step, hit.group, hit.member].append(hit)
        return found

    def delay(self, hit: Hit) -> int | None:
        """From the message to this click."""
        run = self.world.runs.get(hit.step, "")
        for sent in reversed(self.sent):
            whom = sent.group == hit.group if not sent.alone else hit.member in sent.members
            if sent.run == run and whom and sent.group == hit.group:
                return max(0, hit.at - sent.at // 1000 * 1000)
        return None


class Question:
    """What happened of a subject on some days."""

    def __init__(
        self, slowly: Slowly, subject: tuple[str, str], by: str | None, days: set[date]
    ) -> None:
        self.slowly, self.world = slowly, slowly.world
        self.kind, self.name = subject
        self.by = by
        self.hits = [h for h in slowly.hits if h.day in days and self._about(h) and self._whose(h)]
        self.sales = [
            s for s in slowly.sales if s.day in days and self._about(s) and self._whose(s)
        ]
        self.sent = [
            s
            for s in slowly.sent
            if self.world.local(s.at).date() in days and self._of(s.run, s.group) and self.people(s)
        ]
        self.firsts = [
            min(some, key=lambda hit: hit.at) for some in slowly.entries(self.hits).values()
        ]
        self.of_people = by in ("staff", "channel") or self.kind in ("staff", "channel")
        self.part = self.kind in ("sop", "step", "run", "group")

    def _about(self, one: Hit | Sale) -> bool:
        run, world = self.world.runs.get(one.step, ""), self.world
        match self.kind:
            case "link":
                return str(one.link) == self.name
            case "campaign":
                return world.campaigns.get(one.link) == self.name
            case "group":
                return str(one.group) == self.name
            case "sop" | "step" | "run":
                return self._of(run, one.group)
        return True

    def _of(self, run: str, group: int) -> bool:
        """Whether a run's message to a group is what this is about."""
        match self.kind:
            case "sop":
                return run.split("/")[0] == self.name
            case "step":
                return bool(run) and "/".join(run.split("/")[0:3:2]) == self.name
            case "run":
                return run == self.name
            case "group":
                return str(group) == self.name
            case "link":
                return int(self.name) in self.world.used[run]
            case "campaign":
                return any(self.world.campaigns[n] == self.name for n in self.world.used[run])
        return bool(self.world.used[run])

    def _whose(self, one: Hit | Sale) -> bool:
        if self.kind in ("staff", "channel") and isinstance(one, Sale) and not one.member:
            return False
        return self._theirs(one.group, one.member)

    def _theirs(self, group: int, member: int) -> bool:
        if self.kind == "staff":
            return self.world.owner(group, member) == self.name
        return self.kind != "channel" or self.world.channels.get(member, "") == self.name

    def people(self, sent: Sent) -> set[int]:
        return {member for member in sent.members if self._theirs(sent.group, member)}

    # rows

    def key(self, one: Hit | Sale) -> str:
        return self._key(one.link, one.step, one.group, one.member, one)

    def _key(self, link: int, step: int, group: int, member: int, one: Any) -> str:
        world, run = self.world, self.world.runs.get(step, "")
        match self.by:
            case "link":
                return str(link)
            case "campaign":
                return world.campaigns.get(link, "")
            case "sop":
                return run.split("/")[0]
            case "step":
                return "/".join(run.split("/")[0:3:2])
            case "run":
                return run
            case "group":
                return str(group)
            case "staff":
                return world.owner(group, member)
            case "channel":
                return world.channels.get(member, "")
            case "day":
                return str(one.day.isoformat())
            case "hour":
                return f"{one.hour:02}"
            case "way":
                return str(one.way)
        return ""

    def sale_keys(self, sale: Sale) -> list[str]:
        if self.by in ("hour", "way") or (self.by in ("staff", "channel") and not sale.member):
            return []
        return [self.key(sale)]

    def sent_keys(self, sent: Sent) -> list[str]:
        """The rows some of whom it reached are in."""
        return sorted({key for member in self.people(sent) for key in self._reached(sent, member)})

    def _reached(self, sent: Sent, member: int) -> list[str]:
        step = next(n for n, run in self.world.runs.items() if run == sent.run)
        match self.by:
            case "day" | "hour" | "way":
                return []
            case "link" | "campaign":
                links = [n for n in self.world.used[sent.run] if self._link_fits(n)]
                return sorted({self._key(n, step, 0, 0, None) for n in links})
        return [self._key(0, step, sent.group, member, None)]

    def _link_fits(self, link: int) -> bool:
        if self.kind == "link":
            return str(link) == self.name
        return self.kind != "campaign" or self.world.campaigns[link] == self.name

    def row(self, key: str) -> dict[str, Any]:
        hits = [hit for hit in self.hits if self.key(hit) == key]
        sales = [sale for sale in self.sales if key in self.sale_keys(sale)]
        reach = {m for s in self.sent for m in self.people(s) if key in self._reached(s, m)}
        mine = [hit for hit in self.firsts if self.key(hit) == key]
        clicked = {hit.member for hit in mine if hit.member}
        clicks = Counter(hit.verdict for hit in hits)["click"]
        visitors = self._visitors(hits)
        delays: dict[tuple[int, int, int], int] = {}
        for hit in mine:
            if (delay := self.slowly.delay(hit)) is not None:
                place = (hit.step, hit.group, hit.member)
                delays[place] = min(delay, delays.get(place, delay))
        found: dict[str, Any] = {
            "hits": None if self.of_people else len(hits),
            "clicks": clicks,
            "verdicts": {} if self.of_people else dict(Counter(hit.verdict for hit in hits)),
            "members": len(clicked),
            "visitors": visitors,
            "delay": _spread([*delays.values()]),
            "conversions": len(sales),
            "converted": len({sale.member for sale in sales if sale.member}),
            "revenue": {},
            "reach": len(reach),
            "clickers": self._clickers(key, mine, hits) if reach else None,
            "received": sum(map(len, self._received(key).values())) if reach else None,
            "followed": self._followed(key, clicked, reach) if reach or self._by_links else {},
        }
        if not self.of_people and (total := sum((s.value for s in sales), Decimal(0))):
            found["revenue"] = {"CNY": total}
        if self.of_people and self.by in ("hour", "way"):
            # Of single people a day's clicks are known together, and stand where the first does.
            entries = self.slowly.entries(self.hits).values()
            found["clicks"] = sum(
                len(some) for some in entries if self.key(min(some, key=lambda hit: hit.at)) == key
            )
        return found

    def _clickers(self, key: str, mine: list[Hit], hits: list[Hit]) -> int:
        """For each message, who clicked in it of those of the row it reached."""
        total = 0
        for step, reached in self._received(key).items():
            known = {hit.member for hit in mine if hit.member and hit.step == step}
            there = [hit for hit in hits if hit.step == step]
            total += len(known & reached) + (self._visitors(there, steps=True) or 0)
        return total

    def _received(self, key: str) -> dict[int, set[int]]:
        """Whom of the row each message reached."""
        found: dict[int, set[int]] = {}
        for number, run in self.world.runs.items():
            reached = {
                member
                for sent in self.sent
                if sent.run == run
                for member in self.people(sent)
                if key in self._reached(sent, member)
            }
            if reached:
                found[number] = reached
        return found

    def _visitors(self, hits: Iterable[Hit], steps: bool = False) -> int | None:
        steps = steps or self.kind in ("sop", "step", "run") or self.by in ("sop", "step", "run")
        groups = self.kind in ("group", "staff") or self.by in ("group", "staff")
        if self.by in ("hour", "channel") or self.kind == "channel":
            return None
        if self.by == "way" and (self.part or self.kind == "staff"):
            return None
        return len(
            {
                (
                    *(hit.link, hit.day, hit.visitor, hit.step if steps else 0),
                    *(hit.group if groups else 0, hit.way if self.by == "way" else ""),
                )
                for hit in hits
                if hit.verdict == "click" and not hit.member
            }
        )

    @property
    def _by_links(self) -> bool:
        return self.by in ("link", "campaign") or (
            self.by is None and self.kind in ("link", "campaign")
        )

    def _followed(self, key: str, clicked: set[int], reach: set[int]) -> Mapping[str, int]:
        slowly = self.slowly
        if self.by in ("day", "hour", "way"):
            return {}
        found = {}
        for what in FOLLOWED:
            if self._by_links:
                links = [
                    n
                    for n in self.world.campaigns
                    if self._link_fits(n)
                    and (self.by is None or self._key(n, 0, 0, 0, None) == key)
                ]
                who = clicked & set().union(*(slowly.after_click[n, what] for n in links))
            else:
                who = {
                    member
                    for sent in self.sent
                    for member in self.people(sent) & slowly.after_run[sent.run, what]
                    if key in self._reached(sent, member)
                }
            found[what] = len(who)
        return found


def _spread(delays: list[int]) -> tuple[int, int, int] | None:
    """How many, the lower middle one, and the one nine of ten do not exceed."""
    if not delays:
        return None
    ordered = sorted(delays)
    return len(ordered), ordered[(len(ordered) - 1) // 2], ordered[ceil(len(ordered) * 0.9) - 1]
