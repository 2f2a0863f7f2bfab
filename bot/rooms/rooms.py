"""The rooms: every capability's service, made once and given to handlers by type."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.checkins.boards import Boards
from bot.checkins.checkins import CheckIns
from bot.checkins.faults import check_programmes
from bot.checkins.holding import CheckInHolding
from bot.checkins.pictures import CheckInPictures
from bot.clock import Clock
from bot.config import SANDBOX
from bot.delivery.holding import CapHolding
from bot.delivery.journal import Journal
from bot.figures.figures import FigureRoom
from bot.figures.finder import Finder
from bot.figures.telling import Telling
from bot.figures.texts import FigureTexts
from bot.gateways.wecom.holding import WeComHolding
from bot.group_welcomes.group_welcomes import GroupWelcomes
from bot.links.clicks import Clicks
from bot.links.holding import LinkHolding
from bot.links.links import Links
from bot.live_codes.alerts import Alerts
from bot.live_codes.live_codes import LiveCodes
from bot.located import Problems
from bot.members.footprint import Holding
from bot.members.holding import MemberHolding
from bot.rooms.audiences import AudienceRooms
from bot.rooms.checkins import CheckInRooms
from bot.rooms.figures import FigureRooms
from bot.rooms.links import LinkRooms
from bot.rooms.members import MemberRooms
from bot.rooms.routes import RouteRooms
from bot.rooms.sops import SopRooms
from bot.rooms.webhooks import WebhookRooms
from bot.routes.desk import check_routes
from bot.routes.holding import RouteHolding
from bot.routes.routes import Routes
from bot.routing.template import Templates
from bot.routing.writer import Writer
from bot.sop.foresight.greetings import Greetings
from bot.sop.foresight.preview import Preview
from bot.sop.holding import SopHolding
from bot.sop.outcomes.asked import Asked
from bot.sop.sops import Sops
from bot.sop.times.holidays import likely_kind
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store
from bot.tags.holding import TagHolding
from bot.web import peer
from bot.welcome.holding import WelcomeHolding
from bot.welcome.scripts import check_welcomes
from bot.welcome.welcomes import Welcomes
from bot.welcome_media import WelcomeMedia

if TYPE_CHECKING:
    from bot.app import App


class Rooms(
    LinkRooms,
    CheckInRooms,
    AudienceRooms,
    SopRooms,
    MemberRooms,
    FigureRooms,
    WebhookRooms,
    RouteRooms,
):
    """Builds the services in the order they need each other."""

    def __init__(self, app: App) -> None:
        config, store, zone = app.config, app.store, ZoneInfo(app.config.timezone)
        self._app = app
        self._gateways = {*config.gateways, *([SANDBOX] if config.sandbox.enabled else [])}
        self.port: int | None = None
        """The port in use, once the web server listens."""
        own = partial(self._address_of, config.web.link_url)
        LinkRooms.__init__(self, app, zone, own, self._caller)
        self.templates, reports = Templates(), FigureTexts(lambda: self.telling)
        self.writer = Writer(
            self.templates, {"link": self.links.link, **reports.functions}, reports.stand_ins
        )
        self.group_welcomes = GroupWelcomes(store, app.adapters)
        alerts = Alerts(app.roles.all, app.capabilities, app.translate)
        self.welcomes = Welcomes(
            *(config.welcome, store, app.facts, config.timezone),
            *(lambda day: likely_kind(day) == "holiday", self.enter, alerts.told),
            *(app.translate, self.writer.names),
        )
        CheckInRooms.__init__(self, app, self._gateways, self.writer)
        AudienceRooms.__init__(self, app, zone, self._gateways, self.checkins, self.links)
        SopRooms.__init__(
            *(self, app, zone, self._gateways, self.algebra, self.probe, self.writer),
            *(self.templates, self.invite),
        )
        MemberRooms.__init__(
            *(self, app, self._gateways, self.algebra, self.attribute_index, self.links),
            *(self.sops, self._holdings()),
        )
        self.remind(app, self.writer, self.is_quiet, self.span, self.sops.windows)
        FigureRooms.__init__(
            self, app, zone, self, self.sops, partial(self._address_of, config.web.url)
        )
        WebhookRooms.__init__(self, app, self.click)
        RouteRooms.__init__(
            *(self, app, zone, self._gateways, alerts, self.algebra, self.writer),
            *(self.wrong_value, self.span, self.unwanted),
        )
        self.welcome_media = WelcomeMedia(
            *(self.welcomes.scripts, self.writer, self.workspace, Greetings(self.sops)),
            *(app.adapters, app.clock),
        )
        self.services = self._services()

    def _services(self) -> dict[type, object]:
        """What handlers can ask for."""
        app = self._app
        return {
            Asked: self.asked,
            Boards: self.boards,
            CheckInPictures: self.checkin_pictures,
            CheckIns: self.checkins,
            Clicks: self.clicks,
            Clock: app.clock,
            Facts: app.facts,
            FigureRoom: self.figures,
            Finder: self.finder,
            Journal: app.journal,
            Links: self.links,
            LiveCodes: self.live_codes,
            Members: app.members,
            Preview: self.preview,
            Routes: self.routes,
            Sops: self.sops,
            Store: app.store,
            Telling: self.telling,
            Welcomes: self.welcomes,
        }

    def _holdings(self) -> list[Holding]:
        """What each room keeps of a member."""
        config, store = self._app.config, self._app.store
        sops = SopHolding(store)
        return [
            MemberHolding(store),
            TagHolding(store),
            WelcomeHolding(store, self.welcomes.scripts),
            CheckInHolding(store, lambda: self.checkins.programmes),
            RouteHolding(store, (route.name for route in config.routes)),
            LinkHolding(store),
            CapHolding(store, config.delivery.topic_caps, sops.topics),
            WeComHolding(store),
            sops,
        ]

    async def tick(self) -> None:
        """Do what the time asks for; called every second on every node."""
        await self.links.refresh()
        await self.visitors.refresh()
        await self.staff.refresh()
        await self.checkins.refresh()
        await self.reminders.remind(self._app.clock.now())
        await self.streak_reminders.remind(self._app.clock.now())
        await self.task_reminders.remind(self._app.clock.now())
        await self.routes.tick()

    async def forget(self, now: int) -> None:
        """Drop what is older than its retention."""
        days = self._app.config.retention.hits_days
        await self.counter.trim(now - days * 86_400_000)

    def check(self) -> list[str]:
        """What is set up wrong in any room raises Problems; the names of the SOP templates."""
        config, library = self._app.config, self.sops.library
        problems = check_programmes(config, self.writer.names) + check_routes(
            config, self.writer.names, self._app.capabilities
        )
        problems += check_welcomes(config, self.writer.names)
        problems += library.check()
        if problems:
            raise Problems(problems)
        return library.names()

    # life

    async def open(self) -> None:
        """Read what the rooms need to know before anything happens."""
        await self._app.members.complete(self._gateways)
        await self.search.begin()
        await self.attributes.refresh()
        await self.links.open()
        await self.tags.open()
        await self.checkins.refresh()

    async def start(self) -> None:
        """Begin what runs by itself."""
        await self.redirects.start()
        await self.counter.start()
        await self.planner.start()
        await self.courier.start()

    async def stop(self) -> None:
        """End it."""
        await self.courier.stop()
        await self.planner.stop()
        await self.counter.stop()
        await self.redirects.stop()
        await self.probe.close()

    # what rooms ask each other

    async def saw_operator(self, request: web.Request) -> None:
        """Somebody who is logged in uses the console: their browser's clicks are the staff's."""
        await self.staff.seen(self._caller(request), request.headers.get("User-Agent", ""))

    def _caller(self, request: web.Request) -> str:
        return peer.address(request, self._app.config.web.trusted_proxies)

    def _address_of(self, url: Callable[[int | None], str]) -> str:
        return url(self.port)
