"""Differences: what a start or an edit would change, for whoever has to say yes to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from bot.audience.audience import Audience
from bot.audience.source import Scope
from bot.routing.template import TemplateFailed
from bot.sop.changes.redline import Piece, redline
from bot.sop.engine.moments import anchored, between
from bot.sop.foresight.preview import Preview
from bot.sop.record import ALWAYS, Sop, Version
from bot.sop.sops import Sops
from bot.sop.templates.step import Step
from bot.sop.templates.words import spoken
from bot.sop.times.timing import due
from bot.store.bits import Bits
from bot.store.facts import read

NAMES = 8
"""Names told of those who join or leave an audience."""
TIMES = frozenset(
    {
        *("after", "before", "follows", "at", "until", "spread", "every", "weekly", "monthly"),
        *("on", "lunar", "holiday", "days", "closed"),
    }
)
"""What of a step says when it comes."""
_APART = frozenset({"id", "text", "variant"})


@dataclass(frozen=True, slots=True)
class Change:
    """One setting: ``what`` is its key; '' was or is not there."""

    what: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class StepChange:
    """A step before and after, None where there is none.

    ``texts`` are what readers will see, by variant ('' without variants), as redlines;
    ``timed`` says that its time changed, ``settings`` what else did.
    """

    id: str
    before: Step | None
    after: Step | None
    texts: Mapping[str, tuple[Piece, ...]]
    timed: bool = False
    settings: tuple[Change, ...] = ()

    @property
    def kind(self) -> Literal["added", "removed", "changed"]:
        """What became of it."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"

    @property
    def reworded(self) -> bool:
        """Whether any text reads differently."""
        return any(mark != "same" for pieces in self.texts.values() for mark, _ in pieces)


@dataclass(frozen=True, slots=True)
class Crowding:
    """Who an audience gains and loses: members' numbers, or groups' where it is for groups.

    ``joining`` and ``leaving`` are the first names of those who come and go.
    """

    before: Audience | None
    after: Audience
    staying: int
    joins: Bits
    leaves: Bits
    joining: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Whether it is said in other words, or is for others."""
        return self.before != self.after

    @property
    def total(self) -> int:
        """How many it is for afterwards."""
        return self.staying + self.joins.count()


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that is not as before.

    ``flight``: who got a step and may stay on their version. ``past``: for each new step, whose
    time for it is over, who get it only when that is asked for.
    """

    steps: tuple[StepChange, ...]
    settings: tuple[Change, ...]
    parameters: tuple[Change, ...]
    audience: Crowding
    flight: Bits = field(default_factory=Bits)
    past: Mapping[str, Bits] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether nothing changes."""
        same = not (self.steps or self.settings or self.parameters)
        return same and not self.audience.changed


class Differences:
    """Compares versions; reads only."""

    def __init__(self, sops: Sops, preview: Preview) -> None:
        self._sops = sops
        self._preview = preview
        self._store = sops.means.store
        self._keys = sops.means.store.keys

    async def start(self, new: Version, *, group: int = 0, member: int = 0) -> Difference:
        """What a start brings: every step is new. Texts are as this group or member reads them."""
        return await self._between(None, None, new, group, member)

    async def edit(self, sop: Sop, new: Version, *, group: int = 0, member: int = 0) -> Difference:
        """What an edit changes; ``new`` is as Sops.revised makes it."""
        old = await self._sops.version(sop)
        return await self._between(sop, old, new, group, member)

    async def _between(
        self, sop: Sop | None, old: Version | None, new: Version, group: int, member: int
    ) -> Difference:
        crowding = await self._crowding(sop, old, new)
        if not group and not member:
            group, member = await self._somebody(new, crowding)
        texts = [await self._texts(v, group, member) if v else {} for v in (old, new)]
        past = await self._past(sop, old, new) if sop and old else {}
        return Difference(
            steps=tuple(_steps(old, new, texts[0], texts[1])),
            settings=tuple(_changes(_template(old), _template(new))) if old else (),
            parameters=tuple(_changes(old.parameters, new.parameters)) if old else (),
            audience=crowding,
            flight=await self._fed(sop, old) if sop and old and old.always else Bits(),
            past=past,
        )

    # texts

    async def _somebody(self, new: Version, crowding: Crowding) -> tuple[int, int]:
        """The first group or member it is for."""
        groups = await self._sops.roster.groups(new.audience, new.template.to)
        group = next(iter(groups), 0)
        if new.template.to == "group":
            return group, 0
        who = crowding.joins or await self._sops.roster.algebra.members(new.audience)
        return group, next(iter(who), 0)

    async def _texts(self, version: Version, group: int, member: int) -> dict[str, str]:
        """Every text by ``step/variant`` as it reads, or as it is written where that fails."""
        try:
            messages = await self._preview.template(
                version.template,
                version.parameters,
                group=group,
                member=member,
                language=version.language,
            )
        except TemplateFailed:
            return {
                f"{step.id}/{way}": spoken(words, version.language)
                for step in version.template.step
                for way, words in step.texts.items()
            }
        return {
            key if "/" in key else f"{key}/": message.summary for key, message in messages.items()
        }

    # people

    async def _crowding(self, sop: Sop | None, old: Version | None, new: Version) -> Crowding:
        before = await self._who(sop, old) if old else Bits()
        after = await self._who(sop, new)
        joins, leaves = after - before, before - after
        return Crowding(
            before=old.audience if old else None,
            after=new.audience,
            staying=(before & after).count(),
            joins=joins,
            leaves=leaves,
            joining=await self._names(joins, new),
            leaving=await self._names(leaves, new),
        )

    async def _who(self, sop: Sop | None, version: Version) -> Bits:
        algebra = self._sops.roster.algebra
        if version.template.to == "group":
            return Bits.of(await algebra.groups(version.audience))
        return await algebra.members(version.audience, Scope(sop.id if sop else ""))

    async def _names(self, who: Bits, version: Version) -> tuple[str, ...]:
        numbers = who.numbers(0, NAMES)
        if version.template.to == "member":
            return tuple(one.name or str(one.number) for one in await self._members(numbers))
        found = [await self._sops.means.members.group(number) for number in numbers]
        return tuple(one.name or one.conversation.key for one in found if one)

    async def _members(self, numbers: list[int]) -> Any:
        return await self._sops.means.members.some(numbers)

    async def _fed(self, sop: Sop, old: Version) -> Bits:
        """Who got any step so far."""
        keys = [self._keys.sop_fed(sop.occurrence(s.id, ALWAYS)) for s in old.settled.step]
        return Bits.union((await read(self._store, keys)).values())

    async def _past(self, sop: Sop, old: Version, new: Version) -> dict[str, Bits]:
        """For each new step that counts from a moment, whose time for it is over already."""
        added = [s for s in new.settled.step if old.step(s.id) is None and s.follows is None]
        if not new.always or not added:
            return {}
        found: dict[str, set[int]] = {step.id: set() for step in added}
        chosen, now = await self._who(sop, new), self._store.clock.now()
        turn, zone = await self._sops.turn(sop, now), new.zone(None, self._sops.means.timezone)
        groups = await self._sops.roster.groups(new.audience, new.template.to)
        sets = anchored(self._keys, sop, new.template, [*groups])
        async for page in between(self._store, sets, sop.identity.started, now):
            for name, moment in page:
                number = int(name.partition(":")[0])
                for step in added:
                    if number in chosen and due(step, moment, zone, turn.pauses) <= now:
                        found[step.id].add(number)
        return {step: Bits.of(numbers) for step, numbers in found.items()}


def _steps(
    old: Version | None, new: Version, before: dict[str, str], after: dict[str, str]
) -> Iterator[StepChange]:
    """The steps that are not as before, in the new order, those that went at the end."""
    olds = {step.id: step for step in old.settled.step} if old else {}
    news = {step.id: step for step in new.settled.step}
    for ident in [*news, *(name for name in olds if name not in news)]:
        was, now = olds.get(ident), news.get(ident)
        change = StepChange(
            id=ident,
            before=was,
            after=now,
            texts=_redlines(ident, before, after),
            timed=was is not None and now is not None and _dump(was, TIMES) != _dump(now, TIMES),
            settings=tuple(_settings(was, now)) if was and now else (),
        )
        if change.kind != "changed" or change.timed or change.settings or change.reworded:
            yield change


def _redlines(
    ident: str, before: dict[str, str], after: dict[str, str]
) -> dict[str, tuple[Piece, ...]]:
    keys = [key for key in {**after, **before} if key.partition("/")[0] == ident]
    return {key.partition("/")[2]: redline(before.get(key, ""), after.get(key, "")) for key in keys}


def _settings(old: Step, new: Step) -> Iterator[Change]:
    """What changed but words and times; of variants, only how they share."""
    names = frozenset(type(old).model_fields) - TIMES - _APART
    before, after = _dump(old, names), _dump(new, names)
    before |= {f"variant {one.name}": one.share for one in old.variant}
    after |= {f"variant {one.name}": one.share for one in new.variant}
    yield from _changes(before, after)


def _template(version: Version | None) -> dict[str, Any]:
    """A template's settings by their keys, without steps and the questions at the start."""
    if version is None:
        return {}
    found: dict[str, Any] = version.template.model_dump(
        mode="json", by_alias=True, exclude={"step", "parameters", "guards"}, exclude_defaults=True
    )
    guards = version.template.guards.model_dump(mode="json", exclude_defaults=True)
    return found | {f"guards.{name}": value for name, value in guards.items()}


def _dump(step: Step, names: frozenset[str]) -> dict[str, Any]:
    return step.model_dump(mode="json", by_alias=True, include={*names}, exclude_defaults=True)


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for name in {**before, **after}:
        if before.get(name) != after.get(name):
            yield Change(name, _shown(before.get(name)), _shown(after.get(name)))


def _shown(value: Any) -> str:
    """A value as a manager reads it."""
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_shown(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value))
    return str(value)
