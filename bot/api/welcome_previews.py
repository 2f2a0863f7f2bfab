"""Previews of welcomes over the API: what somebody would get, and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from bot.api.operation import Call, Operation
from bot.api.problem import unfit, wrong
from bot.api.welcomes import ScriptTable
from bot.clock import millis
from bot.located import Problems
from bot.model.base import Frozen
from bot.model.message import Message
from bot.settings.welcome import Coming, Script
from bot.store.members import Members
from bot.welcome.arrival import Arrival
from bot.welcome.specimen import Part, Specimens
from bot.welcome.welcomes import Welcomes

YEARS = range(2000, 2101)
Text = Annotated[str, Field(max_length=200)]


class PreviewWanted(Frozen):
    """Who comes how, and a script as if it were kept, or none for those that are."""

    gateway: Text = Field(min_length=1, examples=["sandbox"])
    kind: Coming = "group"
    group: Text = Field(default="", description="The group's id at the gateway.", examples=["tea"])
    name: Text = "Ada"
    staff: Text = Field(default="", description="The account that was added, or invited them.")
    code: Text = Field(default="", description="The channel of the live code they came by.")
    at: AwareDatetime | None = Field(default=None, description="When; without it now.")
    script: ScriptTable | None = None


class VariantShown(Frozen):
    """One text of a message; ``wrong`` says why it cannot be written."""

    name: str
    share: int
    text: str
    wrong: str


class PartShown(Frozen):
    """One message; ``after`` is in seconds since they came."""

    after: float
    to: Literal["group", "direct"]
    variants: tuple[VariantShown, ...]


class CandidateShown(Frozen):
    """A script beside who comes, and why it was chosen or not."""

    script: str
    chosen: bool
    why: str


class PreviewShown(Frozen):
    """What they would get; ``reason`` is why they would get nothing."""

    script: str | None
    reason: str
    messages: tuple[PartShown, ...]
    candidates: tuple[CandidateShown, ...]


class WelcomePreviewResource:
    """``/welcome-previews``."""

    def __init__(
        self, room: Welcomes, specimens: Specimens, members: Members, now: Callable[[], int]
    ) -> None:
        self._room = room
        self._specimens = specimens
        self._members = members
        self._now = now

    def operations(self) -> list[Operation]:
        """What can be tried."""
        return [
            Operation(
                *("POST", "/welcome-previews", "read:welcomes", self.preview_welcome),
                *({200: PreviewShown},),
                body=PreviewWanted,
            )
        ]

    async def preview_welcome(self, call: Call[Frozen, PreviewWanted]) -> PreviewShown:
        """What somebody who was never here would get; nothing is kept or sent."""
        body, draft = call.body, self._draft(call.body)
        if body.at and body.at.year not in YEARS:
            raise wrong("body", "at", "expected a time from 2000 to 2100")
        at = millis(body.at) if body.at else self._now()
        group = body.group if body.kind == "group" else ""
        arrival = Arrival(body.kind, body.gateway, group, (body.staff,), body.code)
        told = await self._room.explain(arrival, body.name, at, draft)
        script, parts = draft or told.script, list[Part]()
        if script is not None:
            after = script.window if body.kind == "group" else 0.0
            messages = self._room.spoken(script, at).messages
            name = await self._called(body.gateway, group)
            parts = await self._specimens.parts(messages, body.name, name, body.gateway, after)
        return PreviewShown(
            script=told.script.id if told.script else None,
            reason=str(told.reason or ""),
            messages=tuple(map(_part, parts)),
            candidates=tuple(
                CandidateShown(script=one.script.id, chosen=one.chosen, why=str(one.why))
                for one in told.candidates
            ),
        )

    def _draft(self, body: PreviewWanted) -> Script | None:
        if body.script is None:
            return None
        data: dict[str, Any] = {"id": "draft", **body.script}
        try:
            return self._room.scripts.read(data)
        except Problems as problems:
            raise unfit(problems, "script") from None

    async def _called(self, gateway: str, group: str) -> str:
        """What members call a group."""
        found = (one for one in await self._members.groups() if group)
        names = {(one.conversation.gateway, one.conversation.group): one.name for one in found}
        return names.get((gateway, group)) or group


def _part(one: Part) -> PartShown:
    variants = [
        VariantShown(
            name=name,
            share=one.shares[name],
            text=written.summary if isinstance(written, Message) else "",
            wrong="" if isinstance(written, Message) else str(written),
        )
        for name, written in one.variants.items()
    ]
    return PartShown(
        after=one.at, to="direct" if one.to == "direct" else "group", variants=tuple(variants)
    )
