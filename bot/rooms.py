"""The rooms: every capability's service, made once and given to handlers by type."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.audience.algebra import Algebra
from bot.audience.segments import Segments
from bot.audience.sources import store_sources
from bot.checkins.audience import CheckedIn
from bot.checkins.checkins import CheckIns
from bot.checkins.programme import check_programmes
from bot.checkins.reminders import Reminders
from bot.clock import Clock, Days
from bot.config import SANDBOX
from bot.delivery.journal import Journal
from bot.figures.figures import FigureRoom
from bot.figures.finder import Finder
from bot.figures.names import Names
from bot.figures.telling import Telling
from bot.figures.texts import FigureTexts
from bot.figures.tongue import Tongue
from bot.gateways.identity import Identity
from bot.gateways.wechat.oauth import WeChatIdentity
from bot.gateways.wecom.api import WeComApi
from bot.gateways.wecom.oauth import WeComIdentity
from bot.group_welcomes.group_welcomes import GroupWelcomes
from bot.i18n.mark import msgid
from bot.links.arrivals import Arrivals
from bot.links.audience import Clicked
from bot.links.clicks import Clicks
from bot.links.conversions import Conversions
from bot.links.counter import Counter
from bot.links.data_centres import DataCentres
from bot.links.desk import Desk
from bot.links.hits import Hit
from bot.links.identities import Identities
from bot.links.judge import Judge
from bot.links.links import Links
from bot.links.pages import Pages
from bot.links.probe import Probe
from bot.links.recorder import Recorder
from bot.links.redirect import Redirects
from bot.links.signing import SigningKeys
from bot.links.staff import Staff
from bot.links.visitors import Visitors
from bot.live_codes.alerts import Alerts
from bot.live_codes.live_codes import LiveCodes
from bot.live_codes.platform import Platform
from bot.live_codes.standing import Book
from bot.located import Problems
from bot.model.delivery import Delivery
from bot.routes.desk import check_routes
from bot.routes.routes import Routes
from bot.routing.template import Templates
from bot.routing.writer import Writer
from bot.settings.rooms import OAuthSettings
from bot.sop.changes.proposals import Proposals
from bot.sop.check import PlanCheck
from bot.sop.engine.crowd import OPT_OUT
from bot.sop.engine.planner import Planner
from bot.sop.engine.stepped import Stepped
from bot.sop.foresight.agenda import Agenda
from bot.sop.foresight.forecast import Forecast
from bot.sop.foresight.greetings import Greetings
from bot.sop.foresight.preview import Preview
from bot.sop.means import Invitation, Means
from bot.sop.outcomes.asked import Asked
from bot.sop.outcomes.errands import Errands
from bot.sop.outcomes.reminders import TaskReminders
from bot.sop.outcomes.report import Report
from bot.sop.outcomes.retry import Retry
from bot.sop.sops import Sops
from bot.sop.templates.library import Library
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store
from bot.web import peer
from bot.webhooks.courier import Courier
from bot.webhooks.feed import Click, Feed
from bot.webhooks.post import Post
from bot.webhooks.queue import Queue
from bot.webhooks.webhooks import Webhooks
from bot.welcome import Welcomes
from bot.welcome_media import WelcomeMedia

if TYPE_CHECKING:
    from bot.app import App

SHIPPED_TEMPLATES = Path(__file__).parent.parent / "sop_templates"


INVITED = msgid("Here is the way into “{{ target.name }}”: {{ target.link }}")
NAMED = msgid(
    "“{{ target.name }}” is the group for you: look for it by this name, or ask to be invited."
)


class Rooms:
    """Builds the services in the order they need each other."""

    def __init__(self, app: App) -> None:
        config, store = app.config, app.store
        self._app = app
        self._zone = ZoneInfo(config.timezone)
        self._gateways = {*config.gateways, *([SANDBOX] if config.sandbox.enabled else [])}
        self.port: int | None = None
        """The port in use, once the web server listens."""
        self._make_links(app)
        self.templates = Templates()
        reports = FigureTexts(lambda: self.telling)
        self.writer = Writer(
            self.templates, {"link": self.links.link, **reports.functions}, reports.stand_ins
        )
        self.group_welcomes = GroupWelcomes(store, app.adapters)
        self.welcomes = Welcomes(config.welcome, store, app.facts)
        self.checkins = CheckIns(
            config.checkin, config.timezone, store, app.members, app.facts, app.clock
        )
        self._make_audiences(app)
        self._make_sops(app)
        self.reminders = Reminders(
            self.checkins, store, app.members, self.writer, app.translate, self._is_quiet
        )
        self._make_figures(app)
        self.routes = Routes(
            config.routes,
            store,
            app.members,
            app.facts,
            self._gateways,
            self.writer.names,
            Days(config.timezone),
        )
        self._make_webhooks(app)
        self._make_live_codes(app)
        self.services: dict[type, object] = {
            Asked: self.asked,
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
            Store: store,
            Telling: self.telling,
            Welcomes: self.welcomes,
        }

    def _make_links(self, app: App) -> None:
        config, store = app.config, app.store
        self.links = Links(store, lambda: config.web.link_url(self.port))
        self.link_desk = Desk(store, self.links)
        self.clicks = Clicks(store, app.facts, self.links.steps, self._zone)
        self.conversions = Conversions(store, self.links, app.members, app.facts, self._zone)
        self.signing_keys = SigningKeys(store)
        self.arrivals = Arrivals(
            *(self.conversions, self.signing_keys, self.links, app.clock.now),
            *(app.translator.translate, lambda what: app.metrics.arrivals.labels(what).inc()),
        )
        self.probe = Probe(app.clock)
        self._visitors = Visitors(store)
        self.staff = Staff(
            store, self._visitors, config.retention.hits_days, config.links.count_staff
        )
        self.identities = Identities(
            *(store, self._visitors),
            *(_platforms(config.links.oauth, app.clock, store), self.links.word_url),
        )

        def count(what: str, number: int) -> None:
            app.metrics.hits.labels(what).inc(number)

        recorder = Recorder(store, config.data_dir / "spool", count)
        self.redirects = Redirects(
            self.links,
            recorder,
            self._visitors,
            Pages(app.translator.translate, str(config.links.fallback_url or ""), config.workspace),
            app.clock,
            self._address,
            config.web.link_hosts(),
            DataCentres(config.links.data_centres),
            config.links.do_not_track == "respect",
            self.identities,
            config.links.limited_while_away == "wait",
        )
        self.judge = Judge(self.links, self._zone, lambda: self.staff)
        self.counter = Counter(store, self.judge, self.links.steps, recorder.origin, count)

    def _make_figures(self, app: App) -> None:
        config, store, members = app.config, app.store, app.members
        self.figures = FigureRoom(
            *(store, self.links, self.clicks, self.conversions, members),
            *(self.sops.versions, self._zone),
        )
        self.figure_names = Names(self.links, self.link_desk, members, self.sops, self._zone)
        self.finder = Finder(store, self.links, self.sops, members, self.figures)
        self.telling = Telling(
            *(self.figures, self.figure_names, members, Tongue(config.language, app.translate)),
            lambda path: config.web.url(self.port).rstrip("/") + path,
        )

    def _make_live_codes(self, app: App) -> None:
        store = app.store
        self.live_codes: LiveCodes = LiveCodes(
            store,
            app.members,
            Platform(Book(store), app.adapters, app.clock.now),
            Alerts(app.roles.all, app.capabilities, app.translate),
            self._gateways,
            app.capabilities,
            self._zone,
        )

    def _make_webhooks(self, app: App) -> None:
        store, private = app.store, app.config.webhooks.allow_private
        self.webhooks = Webhooks(store, private)
        self.webhook_queue = Queue(store)
        feed = Feed(store, self.webhooks, app.members, self._click)
        post = Post(app.clock, private)
        self.courier = Courier(
            *(store, app.bell, app.random, self.webhooks, feed, self.webhook_queue, post)
        )

    def _click(self, line: bytes) -> Click | None:
        """What a kept hit says, for who knows nothing of links."""
        try:
            hit = Hit.parse(line)
        except ValueError:
            return None
        code = self.links.codes.unpack(hit.code)
        return Click(hit.at, code.link, code.group, code.member) if code else None

    def _make_audiences(self, app: App) -> None:
        config, store = app.config, app.store
        days = Days(config.timezone)
        sources = [
            *store_sources(store, app.members, days, self._gateways, (OPT_OUT,)),
            CheckedIn(store.keys, self.checkins),
            Clicked(store, self.links, self._zone),
            Stepped(store),
        ]
        self.segments = Segments(store)
        self.algebra = Algebra(store, app.members, self.segments, sources)

    def _make_sops(self, app: App) -> None:
        config = app.config
        folder = config.sop_templates if config.sop_templates.is_dir() else SHIPPED_TEMPLATES
        library = Library(folder, self.templates, self.writer.names, tuple(self.workspace))
        means = Means(
            app.store,
            app.members,
            app.facts,
            app.bell,
            self.templates,
            self.writer,
            library,
            app.capabilities,
            self.algebra,
            self._invite,
            config.delivery,
            config.sop,
            config.timezone,
            config.language,
            self.workspace,
        )
        self.sops: Sops = Sops(means)
        self.planner = Planner(self.sops)
        self.preview: Preview = Preview(self.sops)
        self.report = Report(app.store, self.sops.results, self.sops.versions)
        self.asked: Asked = Asked(self.sops)
        self.retry = Retry(self.sops, app.outbox)
        self.task_reminders = TaskReminders(
            self.sops.tasks, app.store, app.capabilities, app.translate
        )
        self.errands = Errands(app.store, app.members, self.sops.tasks, app.adapters, self._opening)
        self.welcome_media = WelcomeMedia(
            *(config.welcome, self.writer, self.workspace, Greetings(self.sops)),
            *(app.adapters, app.clock),
        )
        self.proposals = Proposals(self.sops)
        self.forecast = Forecast(self.sops)
        self.agenda = Agenda(self.sops, self.forecast.all, config.sop.distance)
        self.plan_check = PlanCheck(self.sops, self._gateways, self.probe.check, self.forecast)

    @property
    def workspace(self) -> dict[str, Any]:
        """What every text may use, wherever it is written."""
        config = self._app.config
        return {
            "workspace": config.workspace,
            "timezone": config.timezone,
            "language": config.language,
        }

    async def window(self, delivery: Delivery) -> Delivery | None:
        """A new window for a delivery whose window ended, or None when it is too late."""
        return await self.sops.windows.window(delivery)

    async def tick(self) -> None:
        """Do what the time asks for; called every second on every node."""
        await self.links.refresh()
        await self._visitors.refresh()
        await self.staff.refresh()
        await self.reminders.remind(self._app.clock.now())
        await self.task_reminders.remind(self._app.clock.now())

    async def forget(self, now: int) -> None:
        """Drop what is older than its retention."""
        days = self._app.config.retention.hits_days
        await self.counter.trim(now - days * 86_400_000)

    def check(self) -> list[str]:
        """What is set up wrong in any room raises Problems; the names of the SOP templates."""
        config, library = self._app.config, self.sops.library
        problems = check_programmes(config) + check_routes(config, self.writer.names)
        problems += library.check()
        if problems:
            raise Problems(problems)
        return library.names()

    # life

    async def open(self) -> None:
        """Read what the rooms need to know before anything happens."""
        await self._app.members.complete(self._gateways)
        await self.links.open()

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
        await self.staff.seen(self._address(request), request.headers.get("User-Agent", ""))

    def _address(self, request: web.Request) -> str:
        return peer.address(request, self._app.config.web.trusted_proxies)

    async def _invite(self, route: str, member: int) -> Invitation:
        """What a SOP's step that invites to a route says."""
        answer = await self.routes.room_for(route, member)
        has_link = answer.target is not None and bool(answer.target.link)
        text = (answer.route.reply if answer.route else "") or self._app.translate(
            INVITED if has_link else NAMED
        )
        return Invitation(answer.outcome, text, answer.variables)

    def _is_quiet(self, ms: int) -> bool:
        return self._opening(ms) != ms

    def _opening(self, ms: int) -> int:
        return self.sops.windows.opening(ms, self._zone).due


def _platforms(settings: OAuthSettings, clock: Clock, store: Store) -> dict[str, Identity]:
    """The platforms that can be asked who opens a link; tokens are those of gateways there."""
    found: dict[str, Identity] = {}
    if wecom := settings.wecom:
        api = WeComApi(wecom.api_url, wecom.corp_id, wecom.secret, clock, store)
        found["wecom"] = WeComIdentity(api, wecom.corp_id, wecom.agent_id, wecom.gateway)
    if wechat := settings.wechat:
        found["wechat"] = WeChatIdentity(
            wechat.api_url, wechat.app_id, wechat.secret, wechat.gateway
        )
    return found
