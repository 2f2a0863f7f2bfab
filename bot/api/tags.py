"""Tags over the API: what there is, the three parts, giving to many, and undoing."""

from __future__ import annotations

from csv import writer
from datetime import datetime
from io import StringIO
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from bot.api.operation import Call, Operation
from bot.api.problem import Refused, unacceptable
from bot.clock import millis, utc
from bot.located import Problems
from bot.model.base import Frozen
from bot.tags.application import Application, State
from bot.tags.parts import Choice, Part, Parted, said
from bot.tags.room import Tags

LARGEST = 6 * 1024 * 1024
"""Bytes a list of members may have, as in the console."""
Chosen = Annotated[str, Field(min_length=1, max_length=2000)]
Named = Annotated[str, Field(min_length=1, max_length=60)]


class TagShown(Frozen):
    """A tag; ``lasts`` is in seconds, 0 for ever."""

    name: str
    colour: str
    group: str
    description: str
    lasts: float
    members: int


class TagTable(Frozen):
    """Every tag, by group and name."""

    items: tuple[TagShown, ...]


class PartsWanted(Frozen):
    """Groups or other audiences, and a list of members, one a line."""

    chosen: tuple[Chosen, ...] = Field(
        default=(), max_length=50, examples=[["group:sandbox/tea", "group:sandbox/run"]]
    )
    listed: tuple[Named, ...] = Field(
        default=(), description="At most 200,000 accounts, #numbers or phones."
    )
    at: AwareDatetime | None = Field(default=None, description="Who was in the groups then.")
    within: Chosen = Field(default="everyone", description="Only these members.")


class PartsShown(Frozen):
    """How many are in all, in some but not all, and in none of what was chosen."""

    all: int
    some: int
    none: int
    exact_from: datetime | None = Field(
        description="Since when comings and goings are known, where that is after `at`."
    )
    unknown: tuple[int, ...] = Field(description="Places in the list that name nobody.")


class ApplicationWanted(PartsWanted):
    """A tag for one of the three parts."""

    tag: str = Field(min_length=1, max_length=60, examples=["regular"])
    part: Part
    way: Literal["give", "take"] = "give"


class ApplicationShown(Frozen):
    """What was applied; ``open``: how many can be changed back, none once it cannot be undone."""

    id: int
    tag: str
    way: Literal["give", "take"]
    part: str
    what: str
    by: str
    at: datetime
    state: State
    total: int
    looked: int
    changed: int
    undone: int
    open: int | None


class ApplicationList(Frozen):
    """What was applied lately, the newest first."""

    items: tuple[ApplicationShown, ...]


class ApplicationAsked(Frozen):
    """Which application."""

    application: str = Field(pattern=r"^[1-9][0-9]{0,8}$")


class TagResource:
    """``/tags``, ``/tag-parts`` and ``/tag-applications``."""

    def __init__(self, room: Tags) -> None:
        self._room = room

    def operations(self) -> list[Operation]:
        """What can be done with tags."""
        read: Literal["read:members"] = "read:members"
        write: Literal["write:members"] = "write:members"
        every, shown = "/tag-applications", ApplicationShown
        one = f"{every}/{{application}}"
        return [
            Operation("GET", "/tags", read, self.list_tags, {200: TagTable}),
            Operation(
                *("POST", "/tag-parts", read, self.count_parts, {200: PartsShown}),
                body=PartsWanted,
                largest=LARGEST,
            ),
            Operation("GET", every, read, self.list_applications, {200: ApplicationList}),
            Operation(
                *("POST", every, write, self.apply_tag, {201: shown}),
                body=ApplicationWanted,
                largest=LARGEST,
            ),
            Operation(
                *("GET", one, read, self.get_application, {200: shown}),
                *(ApplicationAsked, None, (404,)),
            ),
            Operation(
                *("POST", f"{one}/undo", write, self.undo_application, {200: shown}),
                *(ApplicationAsked, None, (404, 409)),
            ),
        ]

    async def list_tags(self, call: Call[Frozen, None]) -> TagTable:
        """Every tag, with what is said about it and how many members have it."""
        tags = await self._room.registry.all()
        counts = await self._room.registry.counts(tag.name for tag in tags)
        shown = (TagShown(**tag.model_dump(), members=counts[tag.name]) for tag in tags)
        return TagTable(items=tuple(shown))

    async def count_parts(self, call: Call[Frozen, PartsWanted]) -> PartsShown:
        """How many are in all, in some and in none of what is chosen, now or at a time."""
        choice = _choice(call.body)
        found = await self._parts(choice)
        late = choice.at is not None and found.exact_from > choice.at
        unknown = found.listed.unknown if found.listed else ()
        return PartsShown(
            **found.counts(),
            exact_from=utc(found.exact_from) if late else None,
            unknown=tuple(line for line, _ in unknown),
        )

    async def list_applications(self, call: Call[Frozen, None]) -> ApplicationList:
        """What was applied lately, and what came of it."""
        shown = [await self._shown(one) for one in await self._room.applications.all()]
        return ApplicationList(items=tuple(shown))

    async def get_application(self, call: Call[ApplicationAsked, None]) -> ApplicationShown:
        """One application, and how far it is."""
        return await self._shown(await self._known(call.asked.application))

    async def apply_tag(self, call: Call[Frozen, ApplicationWanted]) -> ApplicationShown:
        """Begin to give a tag to one of the three parts, or to take it; the bot goes on with it."""
        body, choice = call.body, _choice(call.body)
        found = await self._parts(choice)
        try:
            one = await self._room.applications.begin(
                *(body.tag, found.part(body.part), call.token.actor),
                gives=body.way == "give",
                part=body.part,
                what=said(choice),
            )
        except Problems as problems:
            raise unacceptable(problems, ApplicationWanted.model_fields, "tag") from None
        return await self._shown(one)

    async def undo_application(self, call: Call[ApplicationAsked, None]) -> ApplicationShown:
        """Begin to take back what it changed, for those whose tag nobody changed since."""
        one = await self._known(call.asked.application)
        try:
            return await self._shown(await self._room.applications.undo(one.id, call.token.actor))
        except Problems as problems:
            raise Refused(409, str(problems.problems[0].said)) from None

    async def _parts(self, choice: Choice) -> Parted:
        try:
            return await self._room.parting.of(choice)
        except Problems as problems:
            raise unacceptable(problems, PartsWanted.model_fields, "chosen") from None

    async def _known(self, ident: str) -> Application:
        one = await self._room.applications.get(ident)
        if one is None:
            raise Refused(404, f"There is no application {ident}.")
        return one

    async def _shown(self, one: Application) -> ApplicationShown:
        progress = await self._room.applications.progress(one)
        return ApplicationShown(
            id=int(one.id),
            tag=one.tag,
            way="give" if one.gives else "take",
            part=one.part,
            what=one.what,
            by=one.by,
            at=utc(one.at),
            state=one.state,
            **progress.model_dump(),
        )


def _choice(body: PartsWanted) -> Choice:
    at = None if body.at is None else millis(body.at)
    listed = StringIO()
    writer(listed).writerows([one] for one in body.listed)
    return Choice(body.chosen, listed.getvalue(), at, body.within)
