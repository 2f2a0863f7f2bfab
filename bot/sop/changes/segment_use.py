"""Where segments are used: by SOPs that have not ended, and by other segments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from bot.audience.audience import Audience
from bot.audience.expression import terms
from bot.audience.segments import SEGMENT, SegmentInUse, Segments
from bot.sop.record import Sop, Version
from bot.sop.sops import Sops

ENDED = ("stopped", "finished")


@dataclass(frozen=True, slots=True)
class Uses:
    """What names a segment."""

    sops: tuple[Sop, ...] = ()
    segments: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.sops or self.segments)

    @property
    def names(self) -> list[str]:
        """All of them, as programs and errors say them."""
        return [*(f"SOP {sop.id}" for sop in self.sops), *(f"segment {n}" for n in self.segments)]


class SegmentUse:
    """Knows who uses segments, so that none of those is deleted."""

    def __init__(self, sops: Sops, segments: Segments) -> None:
        self._sops = sops
        self._segments = segments

    async def all(self) -> dict[str, Uses]:
        """The uses of every segment that has any.

        SOPs count with their current version and those members stayed on.
        """
        sops, segments = defaultdict[str, list[Sop]](list), defaultdict[str, list[str]](list)
        for sop in await self._sops.all():
            if sop.state not in ENDED:
                for name in await self._named(sop):
                    sops[name].append(sop)
        for segment in await self._segments.all():
            for name in _named(segment.audience):
                segments[name].append(segment.name)
        return {name: Uses(tuple(sops[name]), tuple(segments[name])) for name in {*sops, *segments}}

    async def of(self, name: str) -> Uses:
        """The uses of one segment."""
        return (await self.all()).get(name, Uses())

    async def delete(self, name: str, by: str) -> bool:
        """Delete a segment; False when there is none. Raises SegmentInUse, naming the users."""
        if uses := await self.of(name):
            raise SegmentInUse(f'"{name}" is used by {", ".join(uses.names)}')
        return await self._segments.delete(name, by)

    async def _named(self, sop: Sop) -> set[str]:
        current = await self._sops.version(sop)
        stayed = [await self._sops.versions.get(sop.id, number) for number in current.stayed]
        return {
            name
            for version in (current, *stayed)
            for audience in audiences(version)
            for name in _named(audience)
        }


def audiences(version: Version) -> Iterator[Audience]:
    """Every expression a version asks."""
    yield version.audience
    for step in version.template.step:
        ways = (way.condition for way in step.branch)
        yield from filter(None, (step.condition, step.unless, *ways))
    if version.template.guards.stop_when:
        yield version.template.guards.stop_when


def _named(audience: Audience) -> set[str]:
    """The segments an audience names itself."""
    return {term.value for term in terms(audience.expression) if term.kind == SEGMENT}
