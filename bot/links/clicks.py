"""Clicks: what was counted, read back per link, step, group, member and day."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta, tzinfo
from typing import Any, Literal

from pydantic import Field

from bot.clock import utc
from bot.links.days import Days
from bot.links.hits import Hit
from bot.links.rules import FLAGS, VERDICTS, Closed
from bot.links.steps import Steps
from bot.model.base import Frozen
from bot.store.facts import Facts
from bot.store.store import Store, as_text

BARS = "▁▂▃▄▅▆▇█"

By = Literal["day", "step", "group"]


class Sums(Frozen):
    """How often a link was fetched (``hits``), by people (``clicks``), and by how many.

    ``members`` are exact; ``visitors`` are those whose code names no member, each counted once a
    day and link.
    """

    hits: int = 0
    clicks: int = 0
    members: int = 0
    visitors: int = 0

    @property
    def people(self) -> int:
        """Members and visitors."""
        return self.members + self.visitors


class LinkSums(Sums):
    """A link's sums; ``verdicts`` says what its hits were judged, ``apps`` where clicks came from.

    ``first`` and ``last`` are the first and last click counted, UTC ms, 0 for none.
    """

    verdicts: Mapping[str, int] = Field(default={})
    apps: Mapping[str, int] = Field(default={})
    first: int = 0
    last: int = 0


class Day(Sums):
    """One day's sums."""

    day: date


class Part(Sums):
    """What one step or group has of a link's sums; a step has a ``name``."""

    number: int
    name: str = ""


class MemberClicks(Frozen):
    """How often one member clicked a link in one group."""

    member: int
    clicks: int


class KeptHit(Frozen):
    """One judged hit; ``at`` is UTC ms."""

    at: int
    code: str
    verdict: str
    rules: int
    agent: str
    referrer: str


class Clicks:
    """Reads what the counter added up; days are those of ``zone``, ``book`` has each by itself."""

    def __init__(self, store: Store, facts: Facts, steps: Steps, zone: tzinfo) -> None:
        self._store = store
        self._facts = facts
        self._steps = steps
        self.book = Days(store)
        self.zone = zone

    async def sums(self, link: int) -> LinkSums:
        """A link's sums; of link 0, hits, clicks and verdicts of all links (and orphans)."""
        found = await self._numbers(self._store.keys.link_counts(link))
        apps = {k.removeprefix("app:"): n for k, n in found.items() if k.startswith("app:")}
        verdicts = {k: n for k, n in found.items() if k in VERDICTS}
        rest = {k: found.get(k, 0) for k in (*Sums.model_fields, "first", "last")}
        return LinkSums(**rest, verdicts=verdicts, apps=apps)  # type: ignore[arg-type]

    async def many(self, links: Iterable[int]) -> dict[int, Sums]:
        """The sums of several links, for a list."""
        fields, numbers = list(Sums.model_fields), list(links)
        asked = [
            self._store.ask("HMGET", self._store.keys.link_counts(n), *fields) for n in numbers
        ]
        answers = await asyncio.gather(*asked)
        return {
            link: Sums(**{f: int(v or 0) for f, v in zip(fields, answer, strict=True)})
            for link, answer in zip(numbers, answers, strict=True)
        }

    async def days(self, link: int, days: int = 30) -> list[Day]:
        """The sums of the last ``days`` days, today last, days without any too; for a chart.

        Of link 0, hits and clicks of all links.
        """
        today = utc(self._store.clock.now()).astimezone(self.zone).date()
        wanted = [today - timedelta(days=n) for n in reversed(range(days))]
        names = list(Sums.model_fields)
        fields = [f"{day.isoformat()}:{name}" for day in wanted for name in names]
        flat = await self._store.call("HMGET", self._by("day", link), *fields)
        rows = (flat[i : i + len(names)] for i in range(0, len(flat), len(names)))
        return [
            Day(day=day, **{f: int(v or 0) for f, v in zip(names, row, strict=True)})
            for day, row in zip(wanted, rows, strict=True)
        ]

    async def steps(self, link: int) -> list[Part]:
        """What each step has in all its runs, most clicks first."""
        runs = await self._parts("step", link)
        named = await self._steps.named({run.number for run in runs})
        together: defaultdict[str, list[Part]] = defaultdict(list)
        for run in runs:
            step = named[run.number]
            together[f"{step.sop}/{step.step}" if step.sop else step.name].append(run)
        keys = self._store.keys
        found = []
        for name, parts in together.items():
            facts = [keys.link_clicked(link, f"s{part.number}") for part in parts]
            members = {n for fact in facts for n in await self._facts.numbers(fact)}
            found.append(_sum(parts, name, len(members)))
        return sorted(found, key=lambda part: (-part.clicks, -part.hits, part.number))

    async def groups(self, link: int) -> list[Part]:
        """What each group has, most clicks first; group 0 is direct chats and short codes."""
        return await self._parts("group", link)

    async def members(
        self, link: int, group: int, offset: int = 0, limit: int = 50
    ) -> list[MemberClicks]:
        """Members who clicked a link in a group, by number."""
        clicked = self._store.keys.link_clicked(link, f"g{group}")
        page = (await self._facts.numbers(clicked))[offset : offset + limit]
        counts: Counter[int] = Counter()
        for one in await self.book.people(link, await self.book.of(link)):
            if one.group == group:
                counts[one.member] += one.clicks
        return [MemberClicks(member=number, clicks=counts[number]) for number in page]

    async def top(self, limit: int = 10) -> list[tuple[int, int]]:
        """The links with most clicks, and how many."""
        found = await self._store.table(
            "ZREVRANGE", self._store.keys.link_top(), 0, limit - 1, "WITHSCORES"
        )
        return [(int(link), int(float(clicks))) for link, clicks in found.items()]

    async def orphans(self, limit: int = 50) -> list[tuple[str, int]]:
        """Codes that led nowhere, most frequent first; rare ones are forgotten beyond 1000."""
        found = await self._store.table(
            "ZREVRANGE", self._store.keys.link_orphans(), 0, limit - 1, "WITHSCORES"
        )
        return [(code, int(float(number))) for code, number in found.items()]

    async def closed(self, limit: int = 100) -> list[tuple[int, Closed, int]]:
        """Links that were fetched while they led nowhere: link, why, and how often; most first."""
        found = []
        for why in FLAGS:
            key = self._store.keys.link_closed(why)
            rows = await self._store.table("ZREVRANGE", key, 0, limit - 1, "WITHSCORES")
            found += [(int(link), why, int(float(number))) for link, number in rows.items()]
        return sorted(found, key=lambda row: -row[2])[:limit]

    async def hits(self, before: str = "+", limit: int = 50) -> list[tuple[str, KeptHit]]:
        """Single judged hits with their ids, newest first, while they are kept."""
        end = before if before == "+" else f"({before}"
        rows = await self._store.call(
            "XREVRANGE", self._store.keys.hits_kept(), end, "-", "COUNT", limit
        )
        return [(as_text(ident), _kept(dict(_pairs(fields)))) for ident, fields in rows]

    async def complete_until(self) -> int:
        """The UTC ms before which every hit in the store is counted."""
        rows = await self._store.call("XRANGE", self._store.keys.hits(), "-", "+", "COUNT", 1)
        return int(rows[0][0].split(b"-")[0]) if rows else self._store.clock.now()

    async def _parts(self, by: By, link: int) -> list[Part]:
        found: defaultdict[int, dict[str, int]] = defaultdict(dict)
        for field, number in (await self._numbers(self._by(by, link))).items():
            part, _, kind = field.partition(":")
            found[int(part)][kind] = number
        parts = [Part.model_validate({"number": n, **sums}) for n, sums in found.items()]
        return sorted(parts, key=lambda part: (-part.clicks, -part.hits, part.number))

    def _by(self, by: By, link: int) -> str:
        return self._store.keys.link_by(by, link)

    async def _numbers(self, key: str) -> dict[str, int]:
        return {k: int(v) for k, v in (await self._store.table("HGETALL", key)).items()}


def spark(values: Iterable[int]) -> str:
    """A tiny chart of bars: ``▁▃█``."""
    numbers = list(values)
    highest = max(numbers, default=0) or 1
    return "".join(BARS[-(-n * (len(BARS) - 1) // highest)] for n in numbers)


def _sum(parts: Sequence[Part], name: str, members: int) -> Part:
    return Part(
        number=parts[0].number,
        name=name,
        members=members,
        hits=sum(part.hits for part in parts),
        clicks=sum(part.clicks for part in parts),
        visitors=sum(part.visitors for part in parts),
    )


def _kept(fields: Mapping[bytes, bytes]) -> KeptHit:
    hit = Hit.parse(fields[b"hit"])
    return KeptHit(
        at=hit.at,
        code=hit.code,
        verdict=as_text(fields[b"verdict"]),
        rules=int(fields[b"rules"]),
        agent=hit.agent,
        referrer=hit.referrer,
    )


def _pairs(flat: list[Any]) -> Iterable[tuple[Any, Any]]:
    return zip(flat[::2], flat[1::2], strict=True)
