"""Exports of a check-in programme: records, standings and points as CSV and XLSX files."""

from __future__ import annotations

import asyncio
from tempfile import TemporaryFile

from aiohttp import web

from bot.checkins.checkins import CheckIns
from bot.checkins.programme import Programme
from bot.checkins.sheets import WHAT, CheckInSheets
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.checkin_day import programme_of
from bot.reports.csv_text import CsvText
from bot.reports.workbook import Workbook
from bot.store.members import Members
from bot.store.store import Store
from bot.web.headers import protect

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PIECE = 1 << 16


class CheckInExports:
    """Files that name people: for managers."""

    def __init__(self, frame: Frame, room: CheckIns, members: Members, store: Store) -> None:
        self._frame = frame
        self._room = room
        self._sheets = CheckInSheets(room, members, store)

    def routes(self) -> list[web.RouteDef]:
        """``/check-ins/{programme}/export.csv`` and ``.xlsx`` of ``?what=records|…``."""
        return [
            self._frame.get("/check-ins/{programme}/export.csv", self.csv, "manager"),
            self._frame.get("/check-ins/{programme}/export.xlsx", self.xlsx, "manager"),
        ]

    async def csv(self, page: Page) -> web.StreamResponse:
        """One CSV, sent as it is made."""
        programme, what = self._asked(page)
        text = CsvText(self._sheets.columns(what, page.words.say), page.formats.zone.key)
        answer = _answer(f"{programme.name}-{what}.csv", CSV)
        await answer.prepare(page.request)
        await answer.write(text.head())
        async for some in self._sheets.rows(programme, what, page.words.say):
            await answer.write(text.rows(some))
        await answer.write_eof()
        return answer

    async def xlsx(self, page: Page) -> web.StreamResponse:
        """One workbook; it is written to disk first, in a thread, as its form demands."""
        programme, what = self._asked(page)
        with TemporaryFile(prefix="muster-export-") as file:
            zone, now = page.formats.zone.key, page.formats.now
            book = await asyncio.to_thread(Workbook, file, zone, now)
            try:
                sheet = book.sheet(programme.name, self._sheets.columns(what, page.words.say))
                async for some in self._sheets.rows(programme, what, page.words.say):
                    await asyncio.to_thread(sheet.write, some)
            except BaseException as error:
                await asyncio.to_thread(book.__exit__, type(error), error, None)
                raise
            await asyncio.to_thread(book.__exit__, None, None, None)
            answer = _answer(f"{programme.name}-{what}.xlsx", XLSX)
            await answer.prepare(page.request)
            file.seek(0)
            while piece := file.read(PIECE):
                await answer.write(piece)
            await answer.write_eof()
            return answer

    def _asked(self, page: Page) -> tuple[Programme, str]:
        what = page.arg("what") or "standings"
        if what not in WHAT:
            raise web.HTTPNotFound
        return programme_of(page, self._room), what


def _answer(name: str, kind: str) -> web.StreamResponse:
    headers = {
        "Content-Type": kind,
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return protect(web.StreamResponse(headers=headers), "'none'")
