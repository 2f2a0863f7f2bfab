"""Starting a SOP over the API, or proposing it where starts need approval."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bot.api.once import Once, OnceAsked
from bot.api.operation import Answer, Call, Operation
from bot.api.problem import unacceptable
from bot.api.sops import SopShown, sop_shown, told
from bot.located import Problems
from bot.model.base import Frozen
from bot.sop.changes.proposals import Proposals
from bot.sop.record import Sop
from bot.sop.sops import Sops
from bot.sop.templates.template import Value
from bot.store.effects import Effects
from bot.tokens import Token

FIELDS = ("template", "audience", "parameters", "name", "language", "note")


class ProposalShown(Frozen):
    """A start that waits for an operator's word."""

    proposal: str
    state: Literal["waiting"] = "waiting"


class SopWanted(Frozen):
    """A SOP to start; where starts need approval it is only proposed."""

    template: str = Field(
        min_length=1, max_length=100, description="A template's name.", examples=["weekly_tips"]
    )
    audience: str = Field(
        min_length=1, max_length=2000, description="Who it is for.", examples=["all-groups"]
    )
    parameters: dict[str, Value] = Field(default={}, description="What the template asks for.")
    name: str = Field(
        default="", pattern=r"^[a-z0-9_-]{0,60}$", description="Else it is called as its template."
    )
    language: Literal["zh", "en"] | None = None
    propose: bool = Field(default=False, description="Propose it, whatever the settings say.")
    note: str = Field(default="", max_length=500, description="For who approves it.")


class SopStartResource:
    """``POST /sops``."""

    def __init__(self, room: Sops, proposals: Proposals, once: Once) -> None:
        self._room = room
        self._proposals = proposals
        self._once = once

    def operations(self) -> list[Operation]:
        """Starting."""
        answers: dict[int, type[Frozen]] = {201: SopShown, 202: ProposalShown}
        return [
            Operation(
                *("POST", "/sops", "write:sops", self.start_sop, answers),
                *(OnceAsked, SopWanted, (409,)),
            )
        ]

    async def start_sop(self, call: Call[OnceAsked, SopWanted]) -> Answer:
        """Start a SOP, or propose it where starts need approval (202)."""
        wanted, by = call.body, call.token.actor
        try:
            with told():
                if wanted.propose or self._proposals.required:
                    made = await self._proposals.start(
                        *(wanted.template, wanted.audience, by, wanted.parameters),
                        name=wanted.name,
                        language=wanted.language,
                        note=wanted.note,
                    )
                    return Answer(ProposalShown(proposal=made.id), 202)
                sop = await self._started(call.token, call.asked.key, wanted)
        except Problems as problems:
            raise unacceptable(problems, FIELDS, "template") from None
        return Answer(sop_shown(sop, self._room.language), 201)

    async def _started(self, token: Token, key: str, wanted: SopWanted) -> Sop:
        """The SOP this starts, or the one it started before."""
        content = wanted.model_dump_json()
        if name := await self._once.before(token, key, content):
            return await self._room.get(name)

        def remember(effects: Effects, sop: Sop) -> None:
            self._once.remember(effects, token, key, content, sop.id)

        return await self._room.start(
            *(wanted.template, wanted.audience, token.actor, wanted.parameters),
            name=wanted.name,
            language=wanted.language,
            also=remember if key else None,
        )
