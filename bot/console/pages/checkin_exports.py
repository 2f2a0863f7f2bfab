"""Exports of a check-in programme: records, standings and points as files."""

from __future__ import annotations

from aiohttp import web

from bot.checkins.checkins import CheckIns
from bot.checkins.sheets import WHAT, CheckInSheets
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.checkin_day import programme_of
from bot.console.row_files import send_rows
from bot.store.members import Members
from bot.store.store import Store


class CheckInExports:
    """Files that name people: for managers."""

    def __init__(self, frame: Frame, room: CheckIns, members: Members, store: Store) -> None:
        self._frame = frame
        self._room = room
        self._sheets = CheckInSheets(room, members, store)

    def routes(self) -> list[web.RouteDef]:
        """``/check-ins/{programme}/export.csv``, and so on, of ``?what=records|…``."""
        return [self._frame.get("/check-ins/{programme}/export.{form}", self.file, "manager")]

    async def file(self, page: Page) -> web.StreamResponse:
        """One table in the form that was asked for."""
        programme, what = programme_of(page, self._room), page.arg("what") or "standings"
        if what not in WHAT:
            raise web.HTTPNotFound
        columns = self._sheets.columns(what, page.words.say)
        rows = self._sheets.rows(programme, what, page.words.say)
        name, form = f"{programme.name}-{what}", page.request.match_info["form"]
        return await send_rows(page, form, name, columns, rows, programme.name)
