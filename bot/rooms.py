"""The rooms: every capability's service, made once and given to handlers by type."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from aiohttp import web

from bot.audience.algebra import Algebra
from bot.audience.segments import Segments
from bot.audience.sizes import Sizes
from bot.audience.sources import store_sources
from bot.checkins.audience import CheckedIn
from bot.checkins.boards import Boards
from bot.checkins.checkins import CheckIns
from bot.checkins.faults import check_programmes
from bot.checkins.pictures import CheckInPictures
from bot.checkins.reminders import Reminders
from bot.checkins.stages import stages_of
from bot.checkins.streak_reminders import StreakReminders
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
from bot.members.attributes import Attributes
from bot.members.candidates import Candidates
from bot.members.dossier import Dossier
from bot.members.export import MemberExport
from bot.members.footprint import Footprint
from bot.members.import_work import ImportWork
from bot.members.imports import Imports
from bot.members.merging import Merging
from bot.members.notes import Notes
from bot.members.search import Search
from bot.members.timeline import Timeline
from bot.model.delivery import Delivery
from bot.routes.admission import Admission
from bot.routes.conditions import Conditions
from bot.routes.desk import check_routes
from bot.routes.places import Places
from bot.routes.routes import Routes
from bot.routes.statistics import Statistics
from bot.routes.waiting import WaitingLists
from bot.routes.way import TEXTS, live_picture
from bot.routing.template import Templates
from bot.routing.writer import Writer
from bot.settings.rooms import OAuthSettings
from bot.sop.changes.enrol import Enrolment
from bot.sop.changes.proposals import Proposals
from bot.sop.changes.tag_use import TagUse
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
from bot.sop.times.holidays import likely_kind
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store
from bot.tags.configured import configured
from bot.tags.room import Tags
from bot.web import peer
from bot.webhooks.courier import Courier
from bot.webhooks.feed import Click, Feed
from bot.webhooks.post import Post
from bot.webhooks.queue import Queue
from bot.webhooks.webhooks import Webhooks
from bot.welcome.scripts import check_welcomes
from bot.welcome.welcomes import Welcomes
from bot.welcome_media import WelcomeMedia

if TYPE_CHECKING:
    from bot.app import App

SHIPPED_TEMPLATES = Path(__file__).parent.parent / "sop_templates"


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
        self._alerts = Alerts(app.roles.all, app.capabilities, app.translate)
        self.welcomes = Welcomes(
            *(config.welcome, store, app.facts, config.timezone),
            *(lambda day: likely_kind(day) == "holiday", self._enter, self._alerts.told),
            *(app.translate, self.writer.names),
        )
        self.checkins = CheckIns(
            *(config.checkin, config.timezone, store, app.members, app.facts, app.clock),
            app.translate,
        )
        self._make_audiences(app)
        self._make_member_rooms(app)
        self._make_sops(app)
        self._make_tags(app)
        self.reminders = Reminders(
            self.checkins, store, app.members, self.writer, app.translate, self._is_quiet
        )
        self._make_boards(app)
        self._make_figures(app)
        self._make_webhooks(app)
        self._make_live_codes(app)
        self._make_routes(app)
        self.services: dict[type, object] = {
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

    def _make_routes(self, app: App) -> None:
        config, store, members, days = app.config, app.store, app.members, Days(app.config.timezone)
        places = Places(store, members)
        picture = partial(live_picture, self.live_codes)
        admission = Admission(store, members, days, places, picture)
        waiting = WaitingLists(
            *(store, members, places, admission, self.writer, app.capabilities, app.translate)
        )
        conditions = Conditions(store, self.algebra, self._zone)
        self.route_statistics = Statistics(store)
        self.routes: Routes = Routes(
            *(config.routes, store, members, admission, waiting, self._gateways),
            *(self.writer.names, days, conditions, config.synonyms, app.capabilities),
        )

    def _make_boards(self, app: App) -> None:
        config, store, members = app.config, app.store, app.members
        self.boards: Boards = Boards(self.checkins, store, members)
        self.checkin_pictures: CheckInPictures = CheckInPictures(
            app.translate, config.language, config.workspace
        )
        self.streak_reminders = StreakReminders(
            *(self.checkins, store, members, self.writer, app.capabilities, app.translate),
            self._window,
            lambda who, ms, topic: self.sops.windows.caps(who, ms, self._zone, topic),
        )

    def _make_live_codes(self, app: App) -> None:
        store = app.store
        self.live_codes: LiveCodes = LiveCodes(
            store,
            app.members,
            Platform(Book(store), app.adapters, app.clock.now),
            self._alerts,
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
        self.algebra: Algebra = Algebra(store, app.members, self.segments, sources)

    def _make_tags(self, app: App) -> None:
        sops = TagUse(self.sops)

        async def named(tag: str) -> list[str]:
            return [*await sops.of(tag), *configured(app.config.model_dump(), tag)]

        self.tags = Tags(app.store, app.members, self.algebra, self._gateways, named)
        days = Days(app.config.timezone)
        self.segment_sizes = Sizes(app.store, self.segments, self.algebra, days)

    def _make_member_rooms(self, app: App) -> None:
        store, gateways = app.store, sorted(self._gateways)
        self.search = Search(store, app.members, lambda: gateways)
        self.imports = Imports(store, lambda: gateways)
        self.import_work = ImportWork(
            store, self.imports, lambda: app.node, lambda: self.attributes.read
        )
        self.member_export = MemberExport(store, app.members, self.algebra)
        self.attributes = Attributes(store)
        self.notes = Notes(store, app.members)
        self.timeline = Timeline(store, app.members, app.journal, self.notes)
        self.dossier = Dossier(store, app.members, app.facts, self.attributes)
        self.merging = Merging(
            *(store, app.members, app.facts),
            Footprint(store, app.members, app.facts, self._programmes),
        )
        self.candidates = Candidates(store, self.search)

    def _programmes(self) -> dict[str, list[str]]:
        """The check-in programmes with their stages, for who knows nothing of check-ins."""
        return {p.name: [s.name for s in stages_of(p)] for p in self.checkins.programmes}

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
            *(self.welcomes.scripts, self.writer, self.workspace, Greetings(self.sops)),
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
            TEXTS["link" if has_link else "name"]
        )
        return Invitation(answer.outcome, text, answer.variables)

    async def _enter(self, effects: Effects, sop: str, member: int) -> str:
        """Put a member into a SOP with what else is done; why it cannot be, or ''."""
        return await Enrolment(self.sops).also(effects, sop, member)

    def _is_quiet(self, ms: int) -> bool:
        return self._opening(ms) != ms

    def _window(self, ms: int) -> tuple[int, int]:
        opening = self.sops.windows.opening(ms, self._zone)
        return opening.due, opening.until

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
