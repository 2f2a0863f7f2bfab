"""Welcomes over the API: the scripts, saving and removing them, and what they came to."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue

from bot.api.checkins import Day, day_of
from bot.api.operation import Answer, Call, Operation
from bot.api.problem import Refused, unfit
from bot.located import Problems
from bot.model.base import Frozen
from bot.welcome.choosing import Listed
from bot.welcome.welcomes import Welcomes

ScriptTable = Annotated[
    dict[str, JsonValue],
    Field(
        description="As in the configuration file ([[welcome.scripts]]), usual values left out.",
        examples=[{"title": "Tea", "messages": [{"text": "Welcome, {{ member.name }}"}]}],
    ),
]


class ScriptShown(Frozen):
    """A script; those that are not ``stored`` stand in the configuration file."""

    id: str
    title: str
    enabled: bool
    stored: bool
    script: ScriptTable


class ScriptList(Frozen):
    """Every script; those that are closest to who comes first."""

    items: tuple[ScriptShown, ...]


class ScriptAsked(Frozen):
    """Which script."""

    script: str = Field(pattern=r"^[a-z0-9_-]{1,60}$", examples=["tea"])


class ScriptWanted(Frozen):
    """A script to be kept, new or in the place of the one of its id."""

    script: ScriptTable


class CountsAsked(Frozen):
    """Which day; without one today."""

    day: Day | None = None


class ScriptCounts(Frozen):
    """What one script came to: "greeted", the reasons why not, and variants such as "1B"."""

    script: str
    counts: dict[str, int]


class CountList(Frozen):
    """What scripts came to on a day."""

    items: tuple[ScriptCounts, ...]


class WelcomeResource:
    """``/welcomes`` and ``/welcome-counts``."""

    def __init__(self, room: Welcomes) -> None:
        self._room = room

    def operations(self) -> list[Operation]:
        """What can be done with scripts."""
        one, shown = "/welcomes/{script}", ScriptShown
        read: Literal["read:welcomes"] = "read:welcomes"
        write: Literal["write:welcomes"] = "write:welcomes"
        return [
            Operation("GET", "/welcomes", read, self.list_scripts, {200: ScriptList}),
            Operation(
                "GET", "/welcome-counts", read, self.count_welcomes, {200: CountList}, CountsAsked
            ),
            Operation("GET", one, read, self.get_script, {200: shown}, ScriptAsked, None, (404,)),
            Operation(
                *("PUT", one, write, self.save_script, {200: shown, 201: shown}),
                *(ScriptAsked, ScriptWanted),
            ),
            Operation(
                *("DELETE", one, write, self.remove_script, {200: shown}),
                *(ScriptAsked, None, (404, 409)),
            ),
        ]

    async def list_scripts(self, call: Call[Frozen, None]) -> ScriptList:
        """Every script, those made here and those of the configuration file."""
        listed = sorted(await self._room.scripts.all(), key=lambda one: one.order)
        return ScriptList(items=tuple(map(_shown, listed)))

    async def get_script(self, call: Call[ScriptAsked, None]) -> ScriptShown:
        """One script."""
        return _shown(await self._known(call.asked.script))

    async def save_script(self, call: Call[ScriptAsked, ScriptWanted]) -> Answer:
        """Keep a script, in use at once; new it is answered with 201."""
        ident = call.asked.script
        old = await self._room.scripts.get(ident)
        try:
            data: dict[str, Any] = {**call.body.script, "id": ident}
            made = await self._room.scripts.save(data, call.token.actor)
        except Problems as problems:
            raise unfit(problems, "script") from None
        return Answer(_shown(Listed(made, True)), 200 if old else 201)

    async def remove_script(self, call: Call[ScriptAsked, None]) -> ScriptShown:
        """Take a script away."""
        found = await self._known(call.asked.script)
        if not found.stored:
            raise Refused(409, "It stands in the configuration file: change it there.")
        if not await self._room.scripts.remove(found.script.id, call.token.actor):
            raise Refused(404, f"There is no script {found.script.id}.")
        return _shown(found)

    async def count_welcomes(self, call: Call[CountsAsked, None]) -> CountList:
        """Who was greeted on a day, and why others were not, by script."""
        day = day_of("day", call.asked.day)
        ledger = self._room.ledger
        found = await (ledger.of(day.isoformat()) if day else ledger.today())
        shown = [ScriptCounts(script=name, counts=counts) for name, counts in found.items()]
        return CountList(items=tuple(sorted(shown, key=lambda one: one.script)))

    async def _known(self, ident: str) -> Listed:
        found = await self._room.scripts.get(ident)
        if found is None:
            raise Refused(404, f"There is no script {ident}.")
        return found


def _shown(one: Listed) -> ScriptShown:
    return ScriptShown(
        id=one.script.id,
        title=one.script.title,
        enabled=one.script.enabled,
        stored=one.stored,
        script=one.script.model_dump(mode="json", exclude_defaults=True),
    )
