"""Readings: a written audience in words and numbers, while somebody is writing it."""

from __future__ import annotations

from typing import Any

from bot.audience.audience import Audience
from bot.audience.reading import Target
from bot.console.page import Page
from bot.console.sop_words import audience_words
from bot.located import Problems
from bot.sop.sops import Sops
from bot.store.members import Members


class Readings:
    """Reads audiences aloud in the page's language."""

    def __init__(self, room: Sops, members: Members) -> None:
        self._room = room
        self._members = members

    async def of(self, page: Page, text: str, to: Target) -> dict[str, Any]:
        """``words`` and ``count``, or what is ``wrong``: what sop_audience.html shows."""
        found: dict[str, Any] = {"words": "", "count": None, "wrong": "", "to": to}
        if not text.strip():
            return found
        try:
            audience = Audience.parse(text)
            if wrong := await self._room.roster.algebra.check(audience, to):
                raise Problems(wrong)
            count = await self._room.roster.count(audience, to)
        except Problems as problems:
            return {**found, "wrong": page.words.say(problems.problems[0].keyed)}
        return {**found, "words": await self.say(page, audience, to), "count": count}

    async def say(self, page: Page, audience: Audience, to: str) -> str:
        """An audience in words, with the groups' names."""
        places = {group.conversation.key: group for group in await self._members.groups()}
        return audience_words(page.words, audience, places, to)
