"""Subjects: what figures are about, and which links, steps, groups and members that means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, get_args

from bot.links.links import Links
from bot.links.steps import Step, Steps
from bot.model.phrase import Phrase
from bot.store.members import Members
from bot.store.store import Store

Kind = Literal["all", "link", "campaign", "sop", "step", "run", "group", "staff", "channel"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_NUMBER = re.compile("[0-9]{1,15}")


class BadSubject(ValueError):
    """Nothing that figures can be about; the message is a Phrase."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What figures are about.

    ``name`` is a link's or group's number, a campaign, a SOP's id, a step as "sop/step", a run as
    "sop/version/step/occurrence", a staff member or a channel.
    """

    kind: Kind = "all"
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}" if self.name else self.kind

    @classmethod
    def parse(cls, text: str) -> Subject:
        """The form ``str`` gives; raises BadSubject."""
        kind, colon, name = text.strip().partition(":")
        known = next((one for one in KINDS if one == kind), None)
        unnumbered = known in ("link", "group") and not _NUMBER.fullmatch(name)
        if known is None or (known == "all") is bool(colon) or unnumbered:
            raise BadSubject(
                Phrase(
                    "“{text}” is nothing figures are about; write {kinds}, or all",
                    text=text,
                    kinds=", ".join(f"{one}:…" for one in KINDS[1:]),
                )
            )
        return cls(known, name)


@dataclass(frozen=True, slots=True)
class Scope:
    """What of everything counted belongs to a subject; None is no limit.

    ``links`` and ``steps`` are numbers, ``group`` one, ``staff`` and ``channel`` names.
    """

    links: frozenset[int] | None = None
    steps: frozenset[int] | None = None
    group: int | None = None
    staff: str | None = None
    channel: str | None = None


class Scopes:
    """Finds out what a subject means now."""

    def __init__(self, store: Store, links: Links, members: Members, steps: Steps) -> None:
        self._store = store
        self._links = links
        self._members = members
        self._steps = steps

    async def of(self, subject: Subject) -> Scope:
        """Its scope; raises BadSubject when there is nothing of that name."""
        match subject.kind:
            case "link":
                return Scope(links=frozenset({self._link(subject.name)}))
            case "campaign":
                return Scope(links=self._campaign(subject.name))
            case "sop" | "step" | "run":
                steps = {step.number for step in await self.runs(subject)}
                return Scope(links=await self._in(steps), steps=frozenset(steps))
            case "group":
                return Scope(group=int(subject.name))
            case "staff":
                return Scope(staff=subject.name)
            case "channel":
                return Scope(channel=subject.name)
        return Scope()

    async def runs(self, subject: Subject) -> list[Step]:
        """The runs of a SOP, or of one of its steps, that had links in them."""
        sop, _, rest = subject.name.partition("/")
        runs = await self._store.texts("ZRANGE", self._store.keys.sop_runs(sop), 0, -1)
        if subject.kind == "run":
            runs = [run for run in runs if run == rest]
        elif subject.kind == "step":
            runs = [run for run in runs if run.split("/", 2)[1] == rest]
        elif not await self._store.call("HEXISTS", self._store.keys.sop_all(), sop):
            raise BadSubject(Phrase("there is no SOP “{name}”", name=sop))
        names = [f"sop/{sop}/{run}" for run in runs]
        known = await self._steps.known(names)
        return [Step(number, name) for name, number in known.items()]

    async def used(self, link: int) -> list[Step]:
        """The steps whose texts had a link."""
        numbers = await self._store.call("SMEMBERS", self._store.keys.link_used(link))
        return [*(await self._steps.named({int(number) for number in numbers})).values()]

    def _link(self, name: str) -> int:
        if self._links.get(int(name)) is None:
            raise BadSubject(Phrase("there is no link #{number}", number=name))
        return int(name)

    def _campaign(self, name: str) -> frozenset[int]:
        every = self._links.search(limit=self._links.count())
        found = frozenset(link.number for link in every if link.campaign == name)
        if not found:
            raise BadSubject(Phrase("no link is of the campaign “{name}”", name=name))
        return found

    async def _in(self, steps: set[int]) -> frozenset[int]:
        keys = self._store.keys
        found: set[int] = set()
        for step in steps:
            links = await self._store.call("SMEMBERS", keys.link_in(step))
            found |= {int(link) for link in links}
        return frozenset(found)
