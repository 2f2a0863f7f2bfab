"""SOPs: planned, checked, sent, confirmed by staff, and reported."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot.audience.algebra import Algebra
from bot.links.probe import Probe
from bot.model.delivery import Delivery
from bot.routing.template import Templates
from bot.routing.writer import Writer
from bot.sop.changes.enrol import Enrolment
from bot.sop.changes.proposals import Proposals
from bot.sop.check import PlanCheck
from bot.sop.engine.crowd import Crowd
from bot.sop.engine.planner import Planner
from bot.sop.faults import NoSuchSop
from bot.sop.foresight.agenda import Agenda
from bot.sop.foresight.forecast import Forecast
from bot.sop.foresight.preview import Preview
from bot.sop.means import Invite, Means
from bot.sop.outcomes.asked import Asked
from bot.sop.outcomes.errands import Errands
from bot.sop.outcomes.reminders import TaskReminders
from bot.sop.outcomes.report import Report
from bot.sop.outcomes.retry import Retry
from bot.sop.sops import Sops
from bot.sop.templates.library import Library
from bot.store.effects import Effects

if TYPE_CHECKING:
    from bot.app import App

SHIPPED_TEMPLATES = Path(__file__).parents[2] / "sop_templates"


class SopRooms:
    """The SOPs of a workspace and all that looks at them."""

    def __init__(
        self,
        app: App,
        zone: ZoneInfo,
        gateways: Collection[str],
        algebra: Algebra,
        probe: Probe,
        writer: Writer,
        templates: Templates,
        invite: Invite,
    ) -> None:
        config, store, self._zone = app.config, app.store, zone
        self._algebra = algebra
        self.workspace: dict[str, Any] = {
            "workspace": config.workspace,
            "timezone": config.timezone,
            "language": config.language,
        }
        """What every text may use, wherever it is written."""
        folder = config.sop_templates if config.sop_templates.is_dir() else SHIPPED_TEMPLATES
        library = Library(folder, templates, writer.names, tuple(self.workspace))
        means = Means(
            *(store, app.members, app.facts, app.bell, templates, writer, library),
            *(app.capabilities, algebra, invite, config.delivery, config.sop),
            *(config.timezone, config.language, self.workspace),
        )
        self.sops = Sops(means)
        self.planner = Planner(self.sops)
        self.preview = Preview(self.sops)
        self.report = Report(store, self.sops.results, self.sops.versions)
        self.asked = Asked(self.sops)
        self.retry = Retry(self.sops, app.outbox)
        tasks = self.sops.tasks
        self.task_reminders = TaskReminders(tasks, store, app.capabilities, app.translate)
        self.errands = Errands(store, app.members, tasks, app.adapters, self.opening)
        self.proposals = Proposals(self.sops)
        self.forecast = Forecast(self.sops)
        self.agenda = Agenda(self.sops, self.forecast.all, config.sop.distance)
        self.plan_check = PlanCheck(self.sops, gateways, probe.check, self.forecast)

    async def window(self, delivery: Delivery) -> Delivery | None:
        """A new window for a delivery whose window ended, or None when it is too late."""
        return await self.sops.windows.window(delivery)

    # what other rooms ask; moments are UTC ms

    def opening(self, ms: int) -> int:
        """When what falls due at a moment may be said: after quiet hours."""
        return self.span(ms)[0]

    def span(self, ms: int) -> tuple[int, int]:
        """From when until when it may be said."""
        opening = self.sops.windows.opening(ms, self._zone)
        return opening.due, opening.until

    def is_quiet(self, ms: int) -> bool:
        """Whether a moment is in quiet hours."""
        return self.opening(ms) != ms

    async def enter(self, effects: Effects, sop: str, member: int) -> str:
        """Put a member into a SOP with what else is done; why it cannot be, or ''."""
        return await Enrolment(self.sops).also(effects, sop, member)

    async def unwanted(self, source: str, member: int) -> bool:
        """Whether a member wants to hear no more of what an SOP led them to."""
        ident = source.removeprefix("sop ")
        try:
            topic = (await self.sops.version(await self.sops.get(ident))).template.topic
        except NoSuchSop:
            topic = None
        return member in await Crowd(self._algebra, ident).opted_out(topic)
