"""Check-ins: programmes, their boards, pictures and reminders."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.checkins.boards import Boards
from bot.checkins.checkins import CheckIns
from bot.checkins.pictures import CheckInPictures
from bot.checkins.reminders import Reminders
from bot.checkins.streak_reminders import StreakReminders
from bot.routing.writer import Writer
from bot.sop.times.window import Windows

if TYPE_CHECKING:
    from bot.app import App


class CheckInRooms:
    """Check-ins and what is shown and said of them."""

    def __init__(self, app: App, gateways: Collection[str], writer: Writer) -> None:
        config, store = app.config, app.store
        self.checkins = CheckIns(
            *(config.checkin, config.timezone, store, app.members, app.facts, app.clock),
            *(app.translate, writer.names, gateways, app.capabilities),
        )
        self.boards = Boards(self.checkins, store, app.members)
        self.checkin_pictures = CheckInPictures(app.translate, config.language, config.workspace)

    def remind(
        self,
        app: App,
        writer: Writer,
        is_quiet: Callable[[int], bool],
        span: Callable[[int], tuple[int, int]],
        windows: Windows,
    ) -> None:
        """Make the reminders, which keep the hours and caps of SOPs."""
        store, members, zone = app.store, app.members, ZoneInfo(app.config.timezone)
        self.reminders = Reminders(self.checkins, store, members, writer, app.translate, is_quiet)
        self.streak_reminders = StreakReminders(
            *(self.checkins, store, members, writer, app.capabilities, app.translate, span),
            lambda who, ms, topic: windows.caps(who, ms, zone, topic),
        )
