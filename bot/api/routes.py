"""Keyword routes over the API: the list, why a text leads where, places, and statistics."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, Field

from bot.api.operation import LARGEST, Call, Operation, Whole
from bot.api.paging import Asked, Paged, page_of
from bot.api.problem import Refused, wrong
from bot.clock import millis, utc
from bot.model.base import Frozen
from bot.model.conversation import Conversation
from bot.routes.places import Room
from bot.routes.routes import Listed, Routes
from bot.routes.statistics import Statistics
from bot.settings.rooms import RouteSettings

FOREVER = 2**53
PLACE = r"^([a-z0-9_-]{1,60}/[^\x00-\x1f\x7f]{1,200})?$"


class RouteShown(Frozen):
    """A route; those that are not ``editable`` stand in the configuration file.

    ``cautions`` say what looks unintended about it.
    """

    name: str
    words: tuple[str, ...]
    mode: str
    priority: int
    groups: tuple[str, ...] = Field(description='"gateway/group id", in their order.')
    full: str = Field(description="What happens when all groups are full.")
    editable: bool
    cautions: tuple[str, ...]


class RouteList(Frozen):
    """Every route, those of the configuration file first."""

    items: tuple[RouteShown, ...]


class TextAsked(Frozen):
    """What is said, where (without it in a direct chat), by whom and when."""

    text: str = Field(min_length=1, max_length=500, examples=["skincare please"])
    where: str = Field(default="", pattern=PLACE, description='"gateway/group id".')
    member: Whole = Field(default=0, ge=0, le=LARGEST, description="0: conditions are only told.")
    at: AwareDatetime | None = Field(default=None, description="When; without it now.")


class ReasonShown(Frozen):
    """A route that fits, and in words why it wins or loses."""

    route: str
    won: bool
    why: str


class ExplanationShown(Frozen):
    """Every route that fits a text, the best first; of several that win the member chooses."""

    folded: str = Field(description="The text as it is compared.")
    reasons: tuple[ReasonShown, ...]


class RouteAsked(Frozen):
    """Which route."""

    route: str = Field(min_length=1, max_length=200, examples=["Tea"])


class FunnelAsked(RouteAsked):
    """Which route, from when until before when; without it all there ever was."""

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None


class FunnelShown(Frozen):
    """Numbers of people in one group (by number), or in all together (0)."""

    group: int
    asked: int = Field(description="Counted of the whole route alone.")
    invited: int
    joined: int
    stayed: int


class FunnelList(Frozen):
    """What came of a route: all its groups together, then each."""

    items: tuple[FunnelShown, ...]


class PlaceShown(Frozen):
    """Room in a group; without a capacity ``free`` is null."""

    group: str
    number: int | None = Field(description="The group's number; null while it is not known.")
    capacity: int | None
    present: int
    held: int = Field(description="Places held for who was shown the way in and is not there yet.")
    free: int | None


class PlaceList(Frozen):
    """The groups of a route, in its order."""

    items: tuple[PlaceShown, ...]


class WaitingAsked(Asked, RouteAsked):
    """Which page of a waiting list."""


class WaiterShown(Frozen):
    """Somebody who waits."""

    member: int
    since: datetime


class WaiterList(Paged[WaiterShown]):
    """Who waits for a place, in their order."""


class RouteResource:
    """``/routes``."""

    def __init__(self, room: Routes, statistics: Statistics) -> None:
        self._room = room
        self._statistics = statistics

    def operations(self) -> list[Operation]:
        """What can be asked about routes."""
        read: Literal["read:routes"] = "read:routes"
        return [
            Operation("GET", "/routes", read, self.list_routes, {200: RouteList}),
            Operation(
                *("GET", "/routes/explanation", read, self.explain_text),
                *({200: ExplanationShown}, TextAsked),
            ),
            Operation(
                *("GET", "/routes/statistics", read, self.get_route_statistics),
                *({200: FunnelList}, FunnelAsked, None, (404,)),
            ),
            Operation(
                *("GET", "/routes/places", read, self.list_places),
                *({200: PlaceList}, RouteAsked, None, (404,)),
            ),
            Operation(
                *("GET", "/routes/waiting", read, self.list_waiting),
                *({200: WaiterList}, WaitingAsked, None, (404,)),
            ),
        ]

    async def list_routes(self, call: Call[Frozen, None]) -> RouteList:
        """Every route, with what looks unintended about it."""
        cautions: dict[str, list[str]] = {}
        for one in await self._room.cautions():
            cautions.setdefault(one.routes[0], []).append(str(one.message))
        listed = await self._room.routes()
        return RouteList(items=tuple(_shown(one, cautions) for one in listed))

    async def explain_text(self, call: Call[TextAsked, None]) -> ExplanationShown:
        """Which routes a text leads to, and why; nothing is counted or held."""
        asked = call.asked
        gateway, _, group = asked.where.partition("/")
        place = Conversation(gateway=gateway, group=group) if group else None
        at = None if asked.at is None else moment("at", asked.at)
        found = await self._room.explain(asked.text, place, asked.member, at)
        reasons = [
            ReasonShown(route=one.route, won=one.won, why=one.text()) for one in found.reasons
        ]
        return ExplanationShown(folded=found.folded, reasons=tuple(reasons))

    async def get_route_statistics(self, call: Call[FunnelAsked, None]) -> FunnelList:
        """Who asked for a route, was shown the way in, joined, and stayed for seven days."""
        asked = call.asked
        await self._known(asked.route)
        since = moment("since", asked.since) if asked.since else 0
        until = moment("until", asked.until) if asked.until else FOREVER
        rows = await self._statistics.funnel(asked.route, since, until)
        shown = [
            FunnelShown(
                group=one.group,
                asked=one.asked,
                invited=one.invited,
                joined=one.joined,
                stayed=one.stayed,
            )
            for one in rows
        ]
        return FunnelList(items=tuple(shown))

    async def list_places(self, call: Call[RouteAsked, None]) -> PlaceList:
        """Room in each group of a route."""
        rooms = await self._room.room(await self._known(call.asked.route))
        return PlaceList(items=tuple(map(_place, rooms)))

    async def list_waiting(self, call: Call[WaitingAsked, None]) -> WaiterList:
        """Who waits for a place, in their order."""
        await self._known(call.asked.route)
        page, onward = page_of(await self._room.waiting(call.asked.route), call.asked)
        shown = [WaiterShown(member=one.member, since=utc(one.asked)) for one in page]
        return WaiterList(items=tuple(shown), next=onward)

    async def _known(self, name: str) -> RouteSettings:
        for one in await self._room.routes():
            if one.route.name == name:
                return one.route
        raise Refused(404, f"There is no route {name}.")


def _place(room: Room) -> PlaceShown:
    return PlaceShown(
        group=room.group.written,
        number=room.number if room.seen else None,
        capacity=room.capacity or None,
        present=room.present,
        held=room.held,
        free=room.free if room.capacity else None,
    )


def moment(name: str, at: datetime) -> int:
    """A moment of a query, UTC ms; raises Refused where the calendar has no such year."""
    if not 2000 <= at.year <= 2100:
        raise wrong("query", name, "expected a time from 2000 to 2100")
    return millis(at)


def _shown(one: Listed, cautions: dict[str, list[str]]) -> RouteShown:
    route = one.route
    return RouteShown(
        name=route.name,
        words=route.words,
        mode=route.mode,
        priority=route.priority,
        groups=tuple(f"{target.group.gateway}/{target.group.group}" for target in route.groups),
        full=route.full,
        editable=one.editable,
        cautions=tuple(cautions.get(route.name, ())),
    )
