"""Answers: what a member who asked for a group is to be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from bot.i18n.duration import duration
from bot.routes.way import BY_NAME, Way
from bot.settings.rooms import RouteSettings

Said = Literal["open", "already", "full", "choose", "which", "cancelled", "gone"]
Asked = Literal["ask", "again", "given_up", "refused"]
Outcome = Said | Asked | Literal["wait", "left", "barred", "enough", "create", "making"]


@dataclass(frozen=True, slots=True)
class Target:
    """A group a route leads to; ``link`` is empty when there is none to join it by."""

    number: int
    gateway: str
    id: str
    name: str
    link: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a member who asked is to be told.

    "open": ``target`` has room, and a place there is held for the member; "already": the member
    is in it; "full": no group of the route has room; "wait": so they are at ``position`` of the
    waiting list; "making": so they are while a new group is made; "create": so they scan the code
    of ``way``, which leads into a new group;
    "left": they wait for none of ``options`` any more; "barred": they were removed from the
    groups; "enough": they were shown the way as often today as one may be; "choose": several
    routes fit, named in ``options``; "which": the number said is not among them; "cancelled";
    "gone": what was chosen is not there any more; "ask": which of ``options``, the labels of the
    route's groups, is theirs; "again": that was none of them; "given_up": once more; "refused":
    the route's conditions do not hold.
    """

    outcome: Outcome
    route: RouteSettings | None = None
    target: Target | None = None
    options: tuple[str, ...] = ()
    position: int = 0
    way: Way = BY_NAME
    held: bool = False
    """Whether the place would be somebody else's otherwise: the group takes so many only."""
    until: int = 0
    """Till when it is held, in UTC ms."""
    fresh: bool = False
    """Whether the place was not held for them before."""

    @property
    def variables(self) -> dict[str, Any]:
        """What a text about it can name: ``route`` and ``target``'s name, id and link …"""
        target = self.target
        known = {"name": target.name, "id": target.id, "link": target.link} if target else None
        return {
            "route": self.route.name if self.route else "",
            "target": known,
            "position": self.position,
            "picture": self.way.picture,
        }

    def kept(self, translate: Callable[[str], str]) -> str:
        """How long the place is held, in words."""
        return duration(self.route.hold if self.route else 0).said(translate)
