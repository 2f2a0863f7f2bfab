"""SOP pages: writing, starting, watching and reading SOPs, with their calendar and tasks."""

from __future__ import annotations

from bot.app import App
from bot.console.cards import Card
from bot.console.console import Console
from bot.console.feeds import Feeds
from bot.console.pages.calendar import Calendar
from bot.console.pages.calendar_feed import CalendarFeed
from bot.console.pages.calendar_move import CalendarMove
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
from bot.console.pages.tasks import Tasks
from bot.console.sop_readings import Readings
from bot.sop.changes.difference import Differences
from bot.sop.changes.segment_use import SegmentUse
from bot.sop.outcomes.progress import Progress
from bot.sop.templates.specimen import Specimens


class SopPages:
    """Adds the pages about SOPs to the console."""

    def __init__(self, app: App, console: Console) -> None:
        self._app = app
        self._rooms = app.rooms
        self._sops = app.rooms.sops
        self._members = app.members
        self._console = console
        self._frame = console.frame
        self._directory = console.directory

    def add(self) -> list[Card]:
        """All of them, single SOPs last; what they tell on the overview."""
        approvals = self._changing()
        self._add_calendar()
        return [approvals, *self._running()]

    def _changing(self) -> Card:
        """Writing, starting, changing and approving."""
        rooms, frame, members, sops = self._rooms, self._frame, self._members, self._sops
        preview, proposals, segments = rooms.preview, rooms.proposals, rooms.segments
        differences, directory = Differences(sops, preview), self._directory
        dry_run = SopDryRun(frame, sops, rooms.forecast, members)
        approvals = SopApprovals(frame, sops, differences, proposals, members)
        self._console.add(
            SopLibrary(frame, sops.shelf),
            self._editor(),
            SopStart(frame, sops, preview, proposals, segments, members, directory, dry_run),
            SopEdit(frame, sops, differences, proposals, segments, members),
            SopCheck(frame, sops, rooms.plan_check, proposals),
            dry_run,
            approvals,
            Segments(
                *(frame, segments, SegmentUse(sops, segments)),
                *(Readings(sops, members), lambda: rooms.segment_sizes),
            ),
        )
        return approvals.waiting

    def _editor(self) -> SopEditor:
        """The template editor, and what it says of a draft."""
        sops, switchboard = self._sops, self._app.switchboard
        specimens, readings = Specimens(sops.means), Readings(sops, self._members)
        reviews = Reviews(
            *(sops.shelf, specimens),
            lambda: {name: can for name, _, _, can in switchboard.gateways()},
        )
        plans = EditorPlans(sops, specimens, self._rooms.plan_check, readings)
        return SopEditor(self._frame, sops.shelf, reviews, plans, self._app.config.language)

    def _add_calendar(self) -> None:
        app, rooms, frame, sops = self._app, self._rooms, self._frame, self._sops
        self._console.add(
            Calendar(frame, sops, rooms.agenda, self._members, self._directory),
            CalendarMove(frame, sops, rooms.proposals),
            CalendarFeed(
                *(frame, Feeds(app.store, self._console.operators), sops, rooms.agenda),
                *(app.translator, app.clock, lambda: app.config.web.url(rooms.port)),
            ),
        )

    def _running(self) -> list[Card]:
        """SOPs as they run, what came of them, and the tasks they gave."""
        app, rooms, frame, sops = self._app, self._rooms, self._frame, self._sops
        members, directory = self._members, self._directory
        report, asked = rooms.report, rooms.asked
        progress = SopProgress(frame, sops, Progress(app.store, report))
        results = SopResults(frame, sops, report, asked, rooms.retry, progress)
        pages = Sops(frame, sops, rooms.preview, members, directory, results, progress)
        tasks = Tasks(frame, sops.tasks, directory, self._console.audit, rooms.errands)
        self._console.add(
            SopTargets(frame, sops, report, asked, members, directory),
            SopExports(frame, sops, report, members),
            *(progress, results, pages, tasks),
        )
        return [pages.soon, tasks.waiting, results.waiting]
