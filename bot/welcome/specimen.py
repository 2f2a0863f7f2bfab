"""Specimens: a welcome as somebody made up would read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.model.capabilities import Capabilities
from bot.model.message import Message
from bot.model.phrase import Phrase
from bot.routing.template import TemplateFailed
from bot.routing.writer import Writer
from bot.settings.welcome import WelcomeGate, WelcomeMessage
from bot.welcome.arrival import Joiner, named
from bot.welcome.gate import needs, question

NUMBER = "1234"


@dataclass(frozen=True, slots=True)
class Part:
    """One message: when and where it comes, and its variants or why they cannot be written."""

    at: float
    """Seconds after the coming."""
    to: str
    variants: Mapping[str, Message | Phrase]
    shares: Mapping[str, int]


class Specimens:
    """Writes welcomes for nobody."""

    def __init__(self, writer: Writer, workspace: Mapping[str, Any]) -> None:
        self._writer = writer.rehearsal()
        self._workspace = workspace

    async def parts(
        self, messages: Sequence[WelcomeMessage], name: str, group: str, gateway: str, after: float
    ) -> list[Part]:
        """What is said to ``name``; ``group`` is its name, '' for the direct chat.

        ``after``: seconds until the first message counts.
        """
        variables = {
            **self._workspace,
            **named([Joiner(0, "1", name)]),
            "gateway": gateway,
            "group": {"name": group, "id": group} if group else None,
        }
        found = []
        for message in messages:
            after += message.after
            written = {n: await self._write(t, variables) for n, (t, _) in message.texts.items()}
            to = message.to if group else "direct"
            shares = {n: share for n, (_, share) in message.texts.items()}
            found.append(Part(after, to, written, shares))
        return found

    async def asked(
        self,
        gate: WelcomeGate,
        name: str,
        group: str,
        gateway: str,
        can: Capabilities,
        translate: Callable[[str], str],
    ) -> Part:
        """What ``name`` is asked in a group before the welcome, with a number made up."""
        says, muted = needs(gate, can)
        variables = {
            **self._workspace,
            **named([Joiner(0, "1", name)]),
            "gateway": gateway,
            "group": {"name": group, "id": group},
            "number": NUMBER if says else "",
        }
        written = await self._write(gate.text, variables)
        if isinstance(written, Message):
            number = str(variables["number"])
            written = question(gate, written, name, number, muted, translate)
        return Part(0, "group", {"": written}, {"": 1})

    async def _write(self, text: str, variables: Mapping[str, Any]) -> Message | Phrase:
        try:
            return await self._writer.write(text, variables)
        except TemplateFailed as error:
            return Phrase.of(error)
