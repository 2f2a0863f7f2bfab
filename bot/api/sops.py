"""SOPs over the API: what runs, what became of it, and starting, pausing, resuming, stopping."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from typing import Any, Literal

from pydantic import Field

from bot.api.operation import Answer, Call, Operation
from bot.api.paging import Asked, Paged, page_of
from bot.api.problem import Refused, unacceptable
from bot.clock import utc
from bot.located import Problems
from bot.model.base import Frozen
from bot.sop.changes.proposals import Proposals
from bot.sop.outcomes.numbers import Numbers
from bot.sop.outcomes.report import Report
from bot.sop.record import Sop, State, Version
from bot.sop.sops import NoSuchSop, Sops, WrongState
from bot.sop.templates.template import Value
from bot.store.effects import Effects

ONCE = 86_400
"""Seconds a start is known by its idempotency key."""
FIELDS = ("template", "audience", "parameters", "name", "language", "note")


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


class StartAsked(Frozen):
    """By what key a start is done once."""

    key: str = Field(
        default="",
        alias="Idempotency-Key",
        pattern=r"^[!-~]{1,200}$",
        description="For a day a start sent again under this key is not done again.",
    )


class SopAsked(Frozen):
    """Which SOP."""

    name: str = Field(pattern=r"^[a-z0-9_-]{1,80}$", examples=["weekly_tips"])


class RunsAsked(Asked, SopAsked):
    """Which SOP, and which page of its runs."""


class PauseWanted(Frozen):
    """Why it is paused."""

    reason: str = Field(default="", max_length=500)


class RunShown(Frozen):
    """A step at one of its times, in one version, and what became of it."""

    run: str
    step: str
    version: int
    at: datetime
    numbers: Numbers


class RunList(Paged[RunShown]):
    """Runs, the latest first."""


class StepResult(Frozen):
    """What became of one step in all its runs."""

    step: str
    numbers: Numbers


class SopResults(Frozen):
    """What became of a SOP, and of each of its steps."""

    name: str
    to: Literal["member", "group"]
    total: Numbers
    steps: tuple[StepResult, ...]


class SopResource:
    """``/sops``."""

    def __init__(self, room: Sops, report: Report, proposals: Proposals) -> None:
        self._room = room
        self._report = report
        self._proposals = proposals
        self._store = room.means.store

    def operations(self) -> list[Operation]:
        """What can be done with SOPs."""
        one, shown = "/sops/{name}", {200: SopShown}
        read: Literal["read:sops"] = "read:sops"
        write: Literal["write:sops"] = "write:sops"
        return [
            Operation("GET", "/sops", read, self.list_sops, {200: SopList}, Asked),
            Operation(
                "POST",
                "/sops",
                write,
                self.start_sop,
                {201: SopShown, 202: ProposalShown},
                StartAsked,
                SopWanted,
                (409,),
            ),
            Operation("GET", one, read, self.get_sop, {200: SopKnown}, SopAsked, None, (404,)),
            Operation(
                "GET",
                f"{one}/results",
                read,
                self.get_sop_results,
                {200: SopResults},
                SopAsked,
                None,
                (404,),
            ),
            Operation(
                "GET",
                f"{one}/runs",
                read,
                self.list_sop_runs,
                {200: RunList},
                RunsAsked,
                None,
                (404,),
            ),
            Operation(
                "POST",
                f"{one}/pause",
                write,
                self.pause_sop,
                shown,
                SopAsked,
                PauseWanted,
                (404, 409),
            ),
            Operation(
                "POST",
                f"{one}/resume",
                write,
                self.resume_sop,
                shown,
                SopAsked,
                None,
                (404, 409),
            ),
            Operation(
                "POST", f"{one}/stop", write, self.stop_sop, shown, SopAsked, None, (404, 409)
            ),
        ]

    # reading

    async def list_sops(self, call: Call[Asked, None]) -> SopList:
        """Every SOP, the last started first."""
        page, onward = page_of(await self._room.all(), call.asked)
        return SopList(items=tuple(map(self._shown, page)), next=onward)

    async def get_sop(self, call: Call[SopAsked, None]) -> SopKnown:
        """One SOP, with what it does and for whom."""
        sop = await self._sop(call.asked.name)
        version = await self._room.version(sop)
        return SopKnown(
            **self._shown(sop).model_dump(),
            audience=str(version.audience),
            to=version.template.to,
            parameters=version.parameters,
            steps=_steps(version),
        )

    async def get_sop_results(self, call: Call[SopAsked, None]) -> SopResults:
        """What became of a SOP: all together, and step by step."""
        found = await self._report.of(await self._sop(call.asked.name))
        steps = [StepResult(step=line.step, numbers=line.numbers) for line in found.lines]
        return SopResults(name=call.asked.name, to=found.to, total=found.total, steps=tuple(steps))

    async def list_sop_runs(self, call: Call[RunsAsked, None]) -> RunList:
        """The runs of a SOP, the latest first, each with its numbers."""
        sop, asked = await self._sop(call.asked.name), call.asked
        page, onward = page_of(range(await self._room.results.count(sop.id)), asked)
        shown = [
            RunShown(
                run=run.id, step=run.step, version=run.version, at=utc(run.at), numbers=numbers
            )
            for run, numbers in await self._report.runs(sop, asked.offset, len(page))
        ]
        return RunList(items=tuple(shown), next=onward)

    # doing

    async def start_sop(self, call: Call[StartAsked, SopWanted]) -> Answer:
        """Start a SOP, or propose it where starts need approval (202)."""
        wanted, by = call.body, call.token.actor
        with told():
            if wanted.propose or self._proposals.required:
                made = await self._proposals.start(
                    *(wanted.template, wanted.audience, by, wanted.parameters),
                    name=wanted.name,
                    language=wanted.language,
                    note=wanted.note,
                )
                return Answer(ProposalShown(proposal=made.id), 202)
            sop = await self._started(call.asked.key, wanted, by)
        return Answer(self._shown(sop), 201)

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

    # inside

    async def _started(self, key: str, wanted: SopWanted, by: str) -> Sop:
        """The SOP this starts, or the one it started before."""
        digest = sha256(f"{by}\n{key}".encode()).hexdigest()
        once = self._store.keys.api_once(digest)
        content = sha256(wanted.model_dump_json().encode()).hexdigest()[:32]

        def remember(effects: Effects, sop: Sop) -> None:
            effects.guard("", "GET", once)
            effects.do("SET", once, f"{content} {sop.id}", "EX", ONCE)

        if key and (kept := await self._store.text("GET", once)):
            before, _, name = kept.partition(" ")
            if before != content:
                raise Refused(409, "Another start was sent with this Idempotency-Key.")
            return await self._room.get(name)
        return await self._room.start(
            *(wanted.template, wanted.audience, by, wanted.parameters),
            name=wanted.name,
            language=wanted.language,
            also=remember if key else None,
        )

    async def _switched(self, switching: Awaitable[Sop]) -> SopShown:
        with told():
            return self._shown(await switching)

    async def _sop(self, name: str) -> Sop:
        with told():
            return await self._room.get(name)

    def _shown(self, sop: Sop) -> SopShown:
        return SopShown(
            name=sop.id,
            title=sop.title(self._room.language),
            template=sop.identity.template,
            state=sop.state,
            version=sop.version,
            started=utc(sop.identity.started),
            by=sop.identity.by,
        )


@contextmanager
def told() -> Iterator[Any]:
    """Refuses with what the SOP room says is wrong."""
    try:
        yield
    except NoSuchSop as error:
        raise Refused(404, str(error)) from None
    except WrongState as error:
        raise Refused(409, str(error)) from None
    except Problems as problems:
        raise unacceptable(problems, FIELDS, "template") from None


def _steps(version: Version) -> tuple[str, ...]:
    return tuple(step.id for step in version.template.step)
