"""Figures: who was reached, clicked and did what followed, and how it is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.figures.figures import FigureRoom
from bot.figures.finder import Finder
from bot.figures.names import Names
from bot.figures.telling import Telling
from bot.figures.tongue import Tongue
from bot.rooms.links import LinkRooms
from bot.sop.sops import Sops

if TYPE_CHECKING:
    from bot.app import App


class FigureRooms:
    """Figures, the words for them, and where they are found."""

    def __init__(
        self, app: App, zone: ZoneInfo, links: LinkRooms, sops: Sops, address: Callable[[], str]
    ) -> None:
        """``address``: where the console is."""
        store, members = app.store, app.members
        self.figures = FigureRoom(
            *(store, links.links, links.clicks, links.conversions, members, sops.versions, zone)
        )
        self.figure_names = Names(links.links, links.link_desk, members, sops, zone)
        self.finder = Finder(store, links.links, sops, members, self.figures)
        tongue = Tongue(app.config.language, app.translate)
        self.telling = Telling(
            *(self.figures, self.figure_names, members, tongue),
            lambda path: address().rstrip("/") + path,
        )
