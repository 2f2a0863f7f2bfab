"""Where tags are named by SOPs that have not ended; their texts are fixed."""

from __future__ import annotations

from bot.audience.expression import terms
from bot.sop.changes.segment_use import ENDED, audiences
from bot.sop.record import Sop, Version
from bot.sop.sops import Sops
from bot.sop.templates.anchor import TagAnchor


class TagUse:
    """Knows which SOPs give, take, count from or ask for a tag."""

    def __init__(self, sops: Sops) -> None:
        self._sops = sops

    async def of(self, tag: str) -> list[str]:
        """The SOPs under way that name a tag."""
        return [
            f"SOP {sop.id}"
            for sop in await self._sops.all()
            if sop.state not in ENDED and tag in await self._named(sop)
        ]

    async def _named(self, sop: Sop) -> set[str]:
        current = await self._sops.version(sop)
        stayed = [await self._sops.versions.get(sop.id, number) for number in current.stayed]
        return {tag for version in (current, *stayed) for tag in _named(version)}


def _named(version: Version) -> set[str]:
    template = version.template
    found = {tag for step in template.step for tag in (*(step.tag or ()), *(step.untag or ()))}
    if isinstance(template.anchor, TagAnchor):
        found.add(template.anchor.tag)
    asked = (term for one in audiences(version) for term in terms(one.expression))
    return found | {term.value for term in asked if term.kind == "tag"}
