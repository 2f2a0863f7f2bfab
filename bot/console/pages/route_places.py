"""The part of a route's form that is about places: how they are filled, held and waited for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.console.page import Page
from bot.i18n.mark import msgid
from bot.settings.rooms import RouteSettings

FILLS = {
    "order": msgid("the first group with room"),
    "fewest": msgid("the group with the fewest members"),
}
FULL = {
    "say": msgid("say that all groups are full"),
    "wait": msgid("put them on a waiting list and tell them when a place opens"),
    "create": msgid("make a new group, or show a live code whose platform does"),
}
_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


@dataclass(frozen=True, slots=True)
class PlacesForm:
    """What stands in the fields."""

    fill: str = "order"
    full: str = "say"
    hold: str = "1d"
    per_day: str = ""
    readmit: bool = False

    @classmethod
    def of(cls, route: RouteSettings) -> PlacesForm:
        """From a route."""
        return cls(
            fill=route.fill,
            full=route.full,
            hold=_written(route.hold),
            per_day=str(route.per_day or ""),
            readmit=route.readmit,
        )

    @classmethod
    def posted(cls, page: Page) -> PlacesForm:
        """From the fields of a POST."""
        return cls(
            fill=page.field("fill") or cls().fill,
            full=page.field("full") or cls().full,
            hold=page.field("hold") or cls().hold,
            per_day=page.field("per_day"),
            readmit=page.field("readmit") == "on",
        )

    @property
    def data(self) -> dict[str, Any]:
        """As it would stand in the configuration, without what is as usual."""
        found = {
            "fill": self.fill,
            "full": self.full,
            "hold": self.hold,
            "per_day": self.per_day,
            "readmit": self.readmit,
        }
        usual = {"fill": "order", "full": "say", "hold": "1d", "per_day": "", "readmit": False}
        return {k: v for k, v in found.items() if str(v) != str(usual[k])}


def _written(seconds: float) -> str:
    """A duration as it is written: 1d, 90m."""
    for unit, size in _UNITS.items():
        if seconds % size == 0:
            return f"{seconds / size:g}{unit}"
    return f"{seconds:g}s"
