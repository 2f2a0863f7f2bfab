"""Audiences: who can be meant, by all that rooms know of members."""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.audience.algebra import Algebra
from bot.audience.segments import Segments
from bot.audience.sizes import Sizes
from bot.audience.sources import store_sources
from bot.checkins.audience import CheckedIn
from bot.checkins.checkins import CheckIns
from bot.clock import Days
from bot.links.audience import Clicked
from bot.links.links import Links
from bot.members.attribute_index import AttributeIndex
from bot.members.attribute_source import Attributed
from bot.sop.engine.crowd import OPT_OUT
from bot.sop.engine.stepped import Stepped

if TYPE_CHECKING:
    from bot.app import App


class AudienceRooms:
    """The terms of audiences, saved ones, and what they come to."""

    def __init__(
        self, app: App, zone: ZoneInfo, gateways: Set[str], checkins: CheckIns, links: Links
    ) -> None:
        store, days = app.store, Days(app.config.timezone)
        self.attribute_index = AttributeIndex(store)
        sources = [
            *store_sources(store, app.members, days, gateways, (OPT_OUT,)),
            CheckedIn(store.keys, checkins),
            Clicked(store, links, zone),
            Stepped(store),
            Attributed(store, self.attribute_index),
        ]
        self.segments = Segments(store)
        self.algebra = Algebra(store, app.members, self.segments, sources)
        self.segment_sizes = Sizes(store, self.segments, self.algebra, days)
