"""Pages: those of each room, made from the app and added to the console."""

from __future__ import annotations

from bot.app import App
from bot.console.cards import Card
from bot.console.console import Console
from bot.console.figure_subjects import Subjects
from bot.console.pages.attributes import AttributePages
from bot.console.pages.checkin_day import CheckInDay
from bot.console.pages.checkin_edit import CheckInEdit
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
from bot.console.pages.link import LinkPages
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
from bot.console.pages.tags import TagPages
from bot.console.pages.tags_apply import TagApplyPages
from bot.console.pages.webhooks import WebhookPages
from bot.console.pages.welcome_trial import Trials
from bot.console.pages.welcomes import WelcomePages
from bot.figures.comparison import Comparisons
from bot.figures.subject import Subject
from bot.links.owners import of_hit
from bot.members.disclosure import Disclosure
from bot.model.capabilities import Capabilities
from bot.store.erasure import Erasure
from bot.surface.sop_pages import SopPages
from bot.welcome.specimen import Specimens as WelcomeSpecimens


class Pages:
    """Adds the rooms' pages to the console, with what they tell on its overview and elsewhere."""

    def __init__(self, app: App, console: Console) -> None:
        self._app = app
        self._rooms = app.rooms
        self._members = app.members
        self._console = console
        self._frame = console.frame
        self._directory = console.directory
        self._audit = console.audit

    def add(self) -> None:
        """All of them; within a room, pages whose path fits any name come last."""
        self._add_members()
        check_ins, queue = self._check_ins()
        self._console.cards += [
            check_ins,
            self._links(),
            self._routes(),
            *SopPages(self._app, self._console).add(),
            queue,
            self._webhooks(),
            self._group_welcomes(),
            self._live_codes(),
        ]
        self._add_welcomes()
        self._add_tags()
        self._add_gateways()

    # members

    def _add_members(self) -> None:
        """Members as tables, in and out, and what is done with one."""
        app, rooms, frame = self._app, self._rooms, self._frame
        whose = of_hit(rooms.links)

        async def erase(number: int, by: str) -> bool:
            return await Erasure(app.store, app.members, app.node, whose).erase_member(number, by)

        record = MemberRecord(
            *(frame, app.members, self._directory, rooms.attributes, rooms.dossier),
            Disclosure(app.store, app.members, whose),
            *(rooms.notes, rooms.merging, rooms.candidates, erase, self._audit),
        )
        self._console.add(
            MemberImports(
                *(frame, rooms.imports, app.store, app.members, lambda: rooms.attributes.read)
            ),
            MemberExports(frame, rooms.member_export),
            AttributePages(frame, rooms.attributes, rooms.attribute_index, self._audit),
            record,
        )
        self._console.panels.append(record.panel)

    def _add_tags(self) -> None:
        pages = TagPages(self._frame, self._rooms.tags, self._members)
        self._console.add(pages, TagApplyPages(self._frame, self._rooms.tags, self._members))
        self._console.panels.append(pages.panel)

    # what members do

    def _check_ins(self) -> tuple[Card, Card]:
        """Programmes, and the queue of what staff decide."""
        app, frame, directory, members = self._app, self._frame, self._directory, self._members
        room, store = self._rooms.checkins, app.store
        queue = CheckInQueue(frame, room, store, directory)
        pages = CheckIns(*(frame, room, self._rooms.boards, store, members, app.facts, directory))
        self._console.add(
            queue,
            CheckInDay(frame, room, store, members),
            CheckInMember(frame, room, members),
            CheckInEdit(frame, room, members, directory, self._rooms.routes),
            CheckInRules(frame, room, members, directory, app.config.timezone),
            CheckInExports(frame, room, members, store),
            pages,
        )
        self._console.panels.append(pages.panel)
        return pages.today, queue.waiting

    def _routes(self) -> Card:
        frame, rooms, members, audit = self._frame, self._rooms, self._members, self._audit
        built_in = self._app.config.built_in
        routes = Routes(frame, rooms.routes, members, audit, built_in=built_in)
        self._console.add(
            RouteForms(frame, rooms.routes, members, audit),
            RouteStatistics(frame, rooms.routes, rooms.route_statistics, members),
            routes,
        )
        return routes.today

    def _links(self) -> Card:
        """Links with their figures, and what happened after a click."""
        frame, rooms, members, directory = self._frame, self._rooms, self._members, self._directory
        desk, identities, figures = rooms.link_desk, rooms.identities, self._figures()
        links = Links(frame, rooms.links, rooms.clicks, self._audit)
        self._console.add(
            links,
            LinkPages(
                *(frame, rooms.links, rooms.clicks, members, directory, desk, identities),
                *(figures, rooms.figure_names),
            ),
            LinkEdit(frame, rooms.links, desk, members, identities),
            LinkQr(frame, rooms.links),
            ConversionPages(
                *(frame, rooms.conversions, rooms.signing_keys, rooms.links),
                *(members, directory),
            ),
        )
        return links.today

    def _figures(self) -> FigurePages:
        """The pages of figures, and what they tell on a group's page."""
        rooms, frame, members = self._rooms, self._frame, self._members
        room, names = rooms.figures, rooms.figure_names
        subjects = Subjects(self._app.store, rooms.links, members, rooms.sops)
        figures = FigurePages(frame, room, names, subjects, rooms.finder)
        self._console.add(
            figures,
            FigureMembers(frame, room, names, members, self._directory),
            FigureCampaigns(frame, room),
            FigureCompare(frame, room, names, Comparisons(room)),
        )
        self._console.group_panels.append(
            lambda page, number: figures.brief(page, Subject("group", str(number)))
        )
        return figures

    # who comes

    def _add_welcomes(self) -> None:
        """Scripts for who comes."""
        app, rooms = self._app, self._rooms

        async def codes() -> list[str]:
            return [code.brings for code, _ in await rooms.live_codes.all() if not code.ended]

        specimens = WelcomeSpecimens(rooms.writer, rooms.workspace)
        trials = Trials(
            *(rooms.welcomes, specimens, app.members, app.clock, self._gateways),
            app.config.timezone,
        )
        self._console.add(
            WelcomePages(
                *(self._frame, rooms.welcomes, trials, app.store, rooms.sops),
                *(self._gateways, codes, rooms.attributes.written),
            )
        )

    def _group_welcomes(self) -> Card:
        """Texts for who joins a group, where a gateway can keep them."""

        def keeping() -> list[str]:
            return [name for name, can in self._gateways().items() if can.group_welcomes]

        pages = GroupWelcomePages(self._frame, self._rooms.group_welcomes, keeping)
        self._console.add(pages)
        return pages.waiting

    def _live_codes(self) -> Card:
        """Codes people scan."""
        frame, room, members = self._frame, self._rooms.live_codes, self._members
        given = (frame, room, members, self._audit, self._gateways)
        pages = LiveCodes(*given)
        self._console.add(LiveCodeForms(*given, self._app.adapters), pages, LiveCodeQr(frame, room))
        return pages.waiting

    # connections

    def _add_gateways(self) -> None:
        app = self._app
        self._console.add(
            GatewayPage(
                *(self._frame, lambda: app.switchboard.connections, app.outbox, app.journal),
                *(self._directory, self._audit, app.config.web),
            )
        )

    def _webhooks(self) -> Card:
        rooms = self._rooms
        pages = WebhookPages(self._frame, rooms.webhooks, rooms.webhook_queue, rooms.courier)
        self._console.add(pages)
        return pages.waiting

    def _gateways(self) -> dict[str, Capabilities]:
        return {name: can for name, _, _, can in self._app.switchboard.gateways()}
