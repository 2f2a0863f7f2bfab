"""The surface: every page, door and endpoint the web server shows, made from the app."""

from __future__ import annotations

from aiohttp import web

from bot.api.api import Api
from bot.app import App
from bot.config import SANDBOX
from bot.console.console import Console, Services
from bot.console.feeds import Feeds
from bot.console.figure_subjects import Subjects
from bot.console.pages.attributes import AttributePages
from bot.console.pages.calendar import Calendar
from bot.console.pages.calendar_feed import CalendarFeed
from bot.console.pages.calendar_move import CalendarMove
from bot.console.pages.checkin_day import CheckInDay
from bot.console.pages.checkin_exports import CheckInExports
from bot.console.pages.checkin_member import CheckInMember
from bot.console.pages.checkin_queue import CheckInQueue
from bot.console.pages.checkin_rules import CheckInRules
from bot.console.pages.checkins import CheckIns
from bot.console.pages.conversions import ConversionPages
from bot.console.pages.figures import FigurePages
from bot.console.pages.figures_campaigns import FigureCampaigns
from bot.console.pages.figures_compare import FigureCompare
from bot.console.pages.figures_members import FigureMembers
from bot.console.pages.gateway import GatewayPage
from bot.console.pages.group_welcomes import GroupWelcomePages
from bot.console.pages.link_edit import LinkEdit
from bot.console.pages.link_qr import LinkQr
from bot.console.pages.links import Links
from bot.console.pages.live_code_form import LiveCodeForms
from bot.console.pages.live_code_qr import LiveCodeQr
from bot.console.pages.live_codes import LiveCodes
from bot.console.pages.member_export import MemberExports
from bot.console.pages.member_import import MemberImports
from bot.console.pages.member_record import MemberRecord
from bot.console.pages.route_form import RouteForms
from bot.console.pages.route_statistics import RouteStatistics
from bot.console.pages.routes import Routes
from bot.console.pages.segments import Segments
from bot.console.pages.sop_approvals import SopApprovals
from bot.console.pages.sop_check import SopCheck
from bot.console.pages.sop_dry_run import SopDryRun
from bot.console.pages.sop_edit import SopEdit
from bot.console.pages.sop_editor import SopEditor
from bot.console.pages.sop_editor_plan import EditorPlans
from bot.console.pages.sop_exports import SopExports
from bot.console.pages.sop_library import SopLibrary
from bot.console.pages.sop_progress import SopProgress
from bot.console.pages.sop_results import SopResults
from bot.console.pages.sop_review import Reviews
from bot.console.pages.sop_start import SopStart
from bot.console.pages.sop_targets import SopTargets
from bot.console.pages.sops import Sops
from bot.console.pages.tags import TagPages
from bot.console.pages.tags_apply import TagApplyPages
from bot.console.pages.tasks import Tasks
from bot.console.pages.tokens import TokenPages
from bot.console.pages.webhooks import WebhookPages
from bot.console.pages.welcome_trial import Trials
from bot.console.pages.welcomes import WelcomePages
from bot.console.passwords import Passwords
from bot.console.sop_readings import Readings
from bot.demo.mark import demo_present
from bot.figures.comparison import Comparisons
from bot.figures.subject import Subject
from bot.gateways.sandbox import Sandbox
from bot.gateways.sandbox.door import Door
from bot.gateways.sandbox.page import SandboxPage
from bot.i18n.mark import msgid
from bot.links.owners import of_hit
from bot.model.capabilities import Capabilities
from bot.sop.changes.difference import Differences
from bot.sop.changes.segment_use import SegmentUse
from bot.sop.outcomes.progress import Progress
from bot.sop.templates.specimen import Specimens
from bot.store.erasure import Erasure
from bot.tokens import Tokens
from bot.welcome.specimen import Specimens as WelcomeSpecimens


class Surface:
    """Collects the routes of all rooms."""

    def __init__(self, app: App, passwords: Passwords | None = None) -> None:
        self._app = app
        config = app.config
        services = Services(
            store=app.store,
            clock=app.clock,
            members=app.members,
            facts=app.facts,
            inbox=app.inbox,
            outbox=app.outbox,
            journal=app.journal,
            translator=app.translator,
            gateways=app.switchboard.gateways,
            banner=self._banner,
            seen=app.rooms.saw_operator,
        )
        self.console = Console(services, config.web, config.language, config.timezone, passwords)
        tokens = Tokens(app.store)
        self.console.add(TokenPages(self.console.frame, tokens))
        self._add_pages()
        self._api = Api(app, self.console.directory, tokens)
        self._door = Door(
            SANDBOX, app.world, app.accept, app.clock, app.random, config.sandbox.open
        )
        self._sandbox = self._sandbox_page() if config.sandbox.enabled else None
        if self._sandbox:
            self.console.frame.show("/sandbox")

    def routes(self) -> list[web.RouteDef]:
        """Everything the web server answers."""
        routes = [*self.console.routes(), *self._api.routes()]
        routes += self._app.rooms.redirects.routes()
        routes += self._app.rooms.arrivals.routes()
        if self._sandbox:
            routes += [*self._door.routes(), *self._sandbox.routes()]
        return routes

    def _add_pages(self) -> None:
        """The pages of the rooms, and what they tell on the overview and a member's page."""
        app, rooms, console = self._app, self._app.rooms, self.console
        frame, directory, audit = console.frame, console.directory, console.audit
        report, asked = rooms.report, rooms.asked
        progress = SopProgress(frame, rooms.sops, Progress(app.store, report))
        results = SopResults(frame, rooms.sops, report, asked, rooms.retry, progress)
        sops = Sops(frame, rooms.sops, rooms.preview, app.members, directory, results, progress)
        tasks = Tasks(frame, rooms.sops.tasks, directory, audit, rooms.errands)
        routes = Routes(frame, rooms.routes, app.members, audit)
        checkins = CheckIns(
            *(frame, rooms.checkins, rooms.boards, app.store, app.members, app.facts, directory)
        )
        queue = self._add_check_ins()
        desk, figures = rooms.link_desk, self._figures()
        links = Links(
            *(frame, rooms.links, rooms.clicks, app.members, directory, audit, desk),
            *(rooms.identities, figures, rooms.figure_names),
        )
        self._add_sop_pages()
        console.add(
            SopTargets(frame, rooms.sops, report, asked, app.members, directory),
            SopExports(frame, rooms.sops, report, app.members),
            *(progress, results),
            RouteForms(frame, rooms.routes, app.members, audit),
            RouteStatistics(frame, rooms.routes, rooms.route_statistics, app.members),
            *(sops, tasks, routes, checkins, links),
            LinkEdit(frame, rooms.links, desk, app.members, rooms.identities),
            LinkQr(frame, rooms.links),
            ConversionPages(
                *(frame, rooms.conversions, rooms.signing_keys, rooms.links),
                *(app.members, directory),
            ),
        )
        console.add(*self._calendar_pages())
        console.cards += [checkins.today, links.today, routes.today, sops.soon, tasks.waiting]
        console.cards += [results.waiting, queue.waiting]
        webhooks = WebhookPages(frame, rooms.webhooks, rooms.webhook_queue, rooms.courier)
        console.add(webhooks)
        console.cards.append(webhooks.waiting)
        console.panels.append(checkins.panel)
        console.add(
            GatewayPage(
                *(frame, lambda: app.switchboard.connections, app.outbox, app.journal),
                *(directory, audit, app.config.web),
            )
        )
        self._add_group_welcomes()
        self._add_live_codes()
        self._add_welcomes()
        self._add_tags()
        self._add_member_tables()
        self._add_member_record()

    def _add_check_ins(self) -> CheckInQueue:
        """The pages below a programme; the queue before the pages whose path fits all."""
        app, frame, directory = self._app, self.console.frame, self.console.directory
        room, store, members = app.rooms.checkins, app.store, app.members
        queue = CheckInQueue(frame, room, store, directory)
        self.console.add(
            queue,
            CheckInDay(frame, room, store, members),
            CheckInMember(frame, room, members),
            CheckInRules(frame, room, members, directory, app.config.timezone),
            CheckInExports(frame, room, members, store),
        )
        return queue

    def _add_member_tables(self) -> None:
        """Members as tables, in and out."""
        app, frame, rooms = self._app, self.console.frame, self._app.rooms
        self.console.add(
            MemberImports(
                *(frame, rooms.imports, app.store, app.members, lambda: rooms.attributes.read)
            ),
            MemberExports(frame, rooms.member_export),
        )

    def _add_member_record(self) -> None:
        """What is done with one member."""
        app, console, rooms = self._app, self.console, self._app.rooms

        async def erase(number: int, by: str) -> bool:
            erasure = Erasure(app.store, app.members, app.node, of_hit(rooms.links))
            return await erasure.erase_member(number, by)

        record = MemberRecord(
            *(console.frame, app.members, console.directory, rooms.attributes, rooms.dossier),
            *(rooms.notes, rooms.merging, rooms.candidates, erase, console.audit),
        )
        console.add(AttributePages(console.frame, rooms.attributes, console.audit), record)
        console.panels.insert(0, record.panel)

    def _add_welcomes(self) -> None:
        """Scripts for who comes."""
        app, rooms = self._app, self._app.rooms

        async def codes() -> list[str]:
            return [code.brings for code, _ in await rooms.live_codes.all() if not code.ended]

        def gateways() -> dict[str, Capabilities]:
            return {name: can for name, _, _, can in app.switchboard.gateways()}

        specimens = WelcomeSpecimens(rooms.writer, rooms.workspace)
        trials = Trials(
            *(rooms.welcomes, specimens, app.members, app.clock, gateways, app.config.timezone)
        )
        self.console.add(
            WelcomePages(
                self.console.frame,
                rooms.welcomes,
                trials,
                app.store,
                rooms.sops,
                gateways,
                codes,
            )
        )

    def _add_live_codes(self) -> None:
        """Codes people scan; the forms before the pages of single codes, whose path fits all."""
        app, frame, audit = self._app, self.console.frame, self.console.audit
        room, members = app.rooms.live_codes, app.members

        def gateways() -> dict[str, Capabilities]:
            return {name: can for name, _, _, can in app.switchboard.gateways()}

        pages = LiveCodes(frame, room, members, audit, gateways)
        self.console.add(
            LiveCodeForms(frame, room, members, audit, gateways, app.adapters),
            pages,
            LiveCodeQr(frame, room),
        )
        self.console.cards.append(pages.waiting)

    def _add_tags(self) -> None:
        app, frame, tags = self._app, self.console.frame, self._app.rooms.tags
        pages = TagPages(frame, tags, app.rooms.segments)
        self.console.add(pages, TagApplyPages(frame, tags, app.members))
        self.console.panels.append(pages.panel)

    def _add_group_welcomes(self) -> None:
        """Texts for who joins a group, where a gateway can keep them."""
        if any(can.group_welcomes for *_, can in self._app.switchboard.gateways()):
            pages = GroupWelcomePages(self.console.frame, self._app.rooms.group_welcomes)
            self.console.add(pages)
            self.console.cards.append(pages.waiting)

    def _figures(self) -> FigurePages:
        """The pages of figures, and what they tell on a group's page."""
        app, rooms, frame = self._app, self._app.rooms, self.console.frame
        room, names, members = rooms.figures, rooms.figure_names, app.members
        subjects = Subjects(app.store, rooms.links, members, rooms.sops)
        figures = FigurePages(frame, room, names, subjects, rooms.finder)
        self.console.add(
            figures,
            FigureMembers(frame, room, names, members, self.console.directory),
            FigureCampaigns(frame, room),
            FigureCompare(frame, room, names, Comparisons(room)),
        )
        self.console.group_panels.append(
            lambda page, number: figures.brief(page, Subject("group", str(number)))
        )
        return figures

    def _add_sop_pages(self) -> None:
        """Starting, changing, approving; before the pages of single SOPs, whose paths fit all."""
        rooms, frame, members = self._app.rooms, self.console.frame, self._app.members
        directory = self.console.directory
        sops, preview, proposals = rooms.sops, rooms.preview, rooms.proposals
        differences = Differences(sops, preview)
        dry_run = SopDryRun(frame, sops, rooms.forecast, members)
        approvals = SopApprovals(frame, sops, differences, proposals, members)
        self.console.add(
            SopLibrary(frame, sops.shelf),
            self._editor(),
            SopStart(frame, sops, preview, proposals, rooms.segments, members, directory, dry_run),
            SopEdit(frame, sops, differences, proposals, rooms.segments, members),
            SopCheck(frame, sops, rooms.plan_check, proposals),
            dry_run,
            approvals,
            Segments(
                *(frame, rooms.segments, SegmentUse(sops, rooms.segments)),
                *(Readings(sops, members), lambda: rooms.segment_sizes),
            ),
        )
        self.console.cards.append(approvals.waiting)

    def _editor(self) -> SopEditor:
        """The template editor, and what it says of a draft."""
        app, rooms, switchboard = self._app, self._app.rooms, self._app.switchboard
        sops, specimens = rooms.sops, Specimens(rooms.sops.means)
        reviews = Reviews(
            sops.shelf,
            specimens,
            lambda: {name: can for name, _, _, can in switchboard.gateways()},
        )
        plans = EditorPlans(sops, specimens, rooms.plan_check, Readings(sops, app.members))
        return SopEditor(self.console.frame, sops.shelf, reviews, plans, app.config.language)

    def _calendar_pages(self) -> tuple[Calendar, CalendarMove, CalendarFeed]:
        app, rooms, console = self._app, self._app.rooms, self.console
        frame, sops, agenda = console.frame, rooms.sops, rooms.agenda
        return (
            Calendar(frame, sops, agenda, app.members, console.directory),
            CalendarMove(frame, sops, rooms.proposals),
            CalendarFeed(
                *(frame, Feeds(app.store, console.operators), sops, agenda),
                *(app.translator, app.clock, lambda: app.config.web.url(rooms.port)),
            ),
        )

    async def start(self, port: int) -> None:
        """Read what pages remember; call when the web server listens."""
        self._app.rooms.port = port
        if self._sandbox:
            await self._sandbox.start()

    async def stop(self) -> None:
        """Answer who waits for news, so that the web server can stop."""
        if self._sandbox:
            await self._sandbox.stop()

    def _sandbox_page(self) -> SandboxPage:
        app = self._app
        return SandboxPage(
            SANDBOX,
            self._door,
            app.world,
            self._sandbox_adapter,
            app.accept,
            app.clock,
            app.random,
            app.translator,
            app.config.language,
        )

    async def _banner(self) -> str:
        if await demo_present(self._app.store):
            return msgid("Demo data is shown; remove it with “muster demo --remove”.")
        return ""

    def _sandbox_adapter(self) -> Sandbox:
        adapter = self._app.switchboard.connections[SANDBOX].adapter
        assert isinstance(adapter, Sandbox)
        return adapter

    async def first_password(self) -> str | None:
        """The admin's one-time password, at the very first start."""
        return await self.console.operators.ensure_admin()
