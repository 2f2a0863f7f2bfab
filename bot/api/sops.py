"""SOPs over the API: what runs, pausing, resuming and stopping."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Literal

from pydantic import Field

from bot.api.operation import Call, Operation
from bot.api.paging import Asked, Paged, page_of
from bot.api.problem import Refused
from bot.clock import utc
from bot.model.base import Frozen
from bot.sop.faults import NoSuchSop, WrongState
from bot.sop.record import Sop, State
from bot.sop.sops import Sops
from bot.sop.templates.template import Value


class SopShown(Frozen):
    """A SOP and the state it is in."""

    name: str
    title: str
    template: str
    state: State
    version: int
    started: datetime
    by: str


class SopKnown(SopShown):
    """A SOP with what its current version does, and for whom."""

    audience: str
    to: Literal["member", "group"]
    parameters: dict[str, Value]
    steps: tuple[str, ...]


class SopList(Paged[SopShown]):
    """SOPs, the last started first."""


class SopAsked(Frozen):
    """Which SOP."""

    name: str = Field(pattern=r"^[a-z0-9_-]{1,80}$", examples=["weekly_tips"])


class PauseWanted(Frozen):
    """Why it is paused."""

    reason: str = Field(default="", max_length=500)


class SopResource:
    """``/sops``."""

    def __init__(self, room: Sops) -> None:
        self._room = room

    def operations(self) -> list[Operation]:
        """What can be done with SOPs."""
        one, shown, stopped = "/sops/{name}", {200: SopShown}, (SopAsked, None, (404, 409))
        read: Literal["read:sops"] = "read:sops"
        write: Literal["write:sops"] = "write:sops"
        return [
            Operation("GET", "/sops", read, self.list_sops, {200: SopList}, Asked),
            Operation("GET", one, read, self.get_sop, {200: SopKnown}, SopAsked, None, (404,)),
            Operation(
                *("POST", f"{one}/pause", write, self.pause_sop, shown),
                *(SopAsked, PauseWanted, (404, 409)),
            ),
            Operation("POST", f"{one}/resume", write, self.resume_sop, shown, *stopped),
            Operation("POST", f"{one}/stop", write, self.stop_sop, shown, *stopped),
        ]

    async def list_sops(self, call: Call[Asked, None]) -> SopList:
        """Every SOP, the last started first."""
        page, onward = page_of(await self._room.all(), call.asked)
        return SopList(
            items=tuple(sop_shown(one, self._room.language) for one in page), next=onward
        )

    async def get_sop(self, call: Call[SopAsked, None]) -> SopKnown:
        """One SOP, with what it does and for whom."""
        sop = await sop_named(self._room, call.asked.name)
        version = await self._room.version(sop)
        return SopKnown(
            **sop_shown(sop, self._room.language).model_dump(),
            audience=str(version.audience),
            to=version.template.to,
            parameters=version.parameters,
            steps=tuple(step.id for step in version.template.step),
        )

    async def pause_sop(self, call: Call[SopAsked, PauseWanted]) -> SopShown:
        """Send nothing more of it till it is resumed."""
        name, by = call.asked.name, call.token.actor
        return await self._switched(self._room.pause(name, by, reason=call.body.reason))

    async def resume_sop(self, call: Call[SopAsked, None]) -> SopShown:
        """Go on with what remains."""
        return await self._switched(self._room.resume(call.asked.name, call.token.actor))

    async def stop_sop(self, call: Call[SopAsked, None]) -> SopShown:
        """End it for good."""
        return await self._switched(self._room.stop(call.asked.name, call.token.actor))

    async def _switched(self, switching: Awaitable[Sop]) -> SopShown:
        with told():
            return sop_shown(await switching, self._room.language)


def sop_shown(sop: Sop, language: str) -> SopShown:
    """A SOP as it is answered."""
    return SopShown(
        name=sop.id,
        title=sop.title(language),
        template=sop.identity.template,
        state=sop.state,
        version=sop.version,
        started=utc(sop.identity.started),
        by=sop.identity.by,
    )


async def sop_named(room: Sops, name: str) -> Sop:
    """The SOP of a name; raises Refused."""
    with told():
        return await room.get(name)


@contextmanager
def told() -> Iterator[None]:
    """Refuses with what the SOP room says is wrong."""
    try:
        yield
    except NoSuchSop as error:
        raise Refused(404, str(error)) from None
    except WrongState as error:
        raise Refused(409, str(error)) from None
