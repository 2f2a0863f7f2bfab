"""Greetings: what running SOPs say first to a new contact."""

from __future__ import annotations

from typing import Any

import structlog

from bot.model.message import AnySegment
from bot.routing.template import TemplateFailed
from bot.sop.record import Version
from bot.sop.sops import Sops
from bot.sop.templates.anchor import CONTACT_ADDED
from bot.sop.templates.specimen import NAMES
from bot.sop.templates.step import Step
from bot.sop.templates.words import Words, spoken

log = structlog.get_logger(__name__)

SOON = 60.0
"""Seconds after the contact in which a step may be a welcome; no platform gives more."""


class Greetings:
    """Writes the first steps for nobody, to know what they show."""

    def __init__(self, sops: Sops) -> None:
        self._sops = sops
        self._writer = sops.means.writer.rehearsal()

    async def state(self) -> dict[str, str]:
        """Changes when what is said may have changed."""
        store = self._sops.means.store
        return await store.table("HGETALL", store.keys.sop_state())

    async def segments(self) -> set[AnySegment]:
        """Everything that is shown, words among it."""
        found = set[AnySegment]()
        for sop in await self._sops.all():
            if sop.state == "running":
                version = await self._sops.version(sop)
                for words in _first(version):
                    found |= await self._shown(version, words)
        return found

    async def _shown(self, version: Version, words: Words) -> set[AnySegment]:
        name, group = NAMES.get(version.language, NAMES["en"])
        variables: dict[str, Any] = {
            **self._sops.means.workspace,
            **version.parameters,
            "gateway": "",
            "group": {"name": group, "id": "1"},
            "member": {"name": name, "account": "1"},
        }
        try:
            message = await self._writer.write(spoken(words, version.language), variables)
        except TemplateFailed as error:
            log.warning("greetings.text_failed", reason=str(error))
            return set()
        return {*message.segments}


def _first(version: Version) -> list[Words]:
    """What may be said as a welcome."""
    if version.template.anchor != CONTACT_ADDED:
        return []
    steps = [step for step in version.settled.step if _at_once(step)]
    return [words for step in steps for words in step.texts.values()]


def _at_once(step: Step) -> bool:
    soon = step.follows is None and step.at is None and (step.after or 0.0) < SOON
    return soon and step.action in ("message", "route")
