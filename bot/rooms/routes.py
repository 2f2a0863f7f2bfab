"""Routes: which group somebody is brought to, by words, SOPs and live codes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Set
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.audience.algebra import Algebra
from bot.clock import Days
from bot.live_codes.alerts import Alerts
from bot.live_codes.live_codes import LiveCodes
from bot.live_codes.platform import Platform
from bot.live_codes.standing import Book
from bot.model.conversation import Conversation
from bot.model.phrase import Phrase
from bot.routes.admission import Admission
from bot.routes.conditions import Conditions
from bot.routes.growth import Growth
from bot.routes.lookout import Lookout
from bot.routes.opening import Openings
from bot.routes.places import Places
from bot.routes.routes import Routes
from bot.routes.statistics import Statistics
from bot.routes.waiting import WaitingLists
from bot.routes.way import NEW, live_picture
from bot.routing.writer import Writer
from bot.sop.means import Invitation

if TYPE_CHECKING:
    from bot.app import App


class RouteRooms:
    """Keyword routes and live codes."""

    def __init__(
        self,
        app: App,
        zone: ZoneInfo,
        gateways: Set[str],
        alerts: Alerts,
        algebra: Algebra,
        writer: Writer,
        wrong_value: Callable[[str, str], Phrase | None],
        span: Callable[[int], tuple[int, int]],
        unwanted: Callable[[str, int], Awaitable[bool]],
    ) -> None:
        """``wrong_value``: of an attribute; ``span``: when it may be said what falls due;
        ``unwanted``: whether a member wants to hear no more of what led them here."""
        config, store, days = app.config, app.store, Days(app.config.timezone)
        self._translate = app.translate
        self.live_codes = LiveCodes(
            *(store, app.members, Platform(Book(store), app.adapters, app.clock.now), alerts),
            *(gateways, app.capabilities, zone),
        )
        places, picture = Places(store, app.members), partial(live_picture, self.live_codes)
        admission = Admission(store, app.members, days, places, picture, app.capabilities)
        openings = Openings(store, admission, writer, app.translate, span)
        conditions = Conditions(store, algebra, zone)
        waiting = WaitingLists(store, app.members, places, openings, conditions, unwanted)
        growth = Growth(store, app.members, places, waiting, app.adapters)
        lookout = Lookout(store, app.members, app.adapters)
        self.route_statistics = Statistics(store)
        self.routes = Routes(
            *(config.routes, store, app.members, admission, waiting, places, lookout, gateways),
            functions=writer.names,
            days=days,
            conditions=conditions,
            synonyms=config.synonyms,
            capabilities=app.capabilities,
            growth=growth,
            values=wrong_value,
        )

    async def invite(
        self, route: str, member: int, to: Conversation | None = None, source: str = ""
    ) -> Invitation:
        """What a SOP's step that invites to a route says."""
        if to is None:
            return Invitation((await self.routes.room_for(route)).outcome)
        guest = await self.routes.invite(route, member, to, source)
        answer = guest.answer
        if answer.outcome == "create":
            return Invitation("open", self._translate(NEW), answer.variables)
        text = (answer.route.reply if answer.route else "") or self._translate(answer.way.text)
        return Invitation(answer.outcome, text, answer.variables, guest.told, guest.untold)
