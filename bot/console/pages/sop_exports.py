"""Exports: a SOP's results as CSV, XLSX and Parquet files."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.sop_results import EXPORTS, PERSONAL
from bot.console.result_tables import ALL, ResultTables
from bot.console.row_files import Pieces, send_rows
from bot.reports.table import Column, Row
from bot.sop.faults import NoSuchSop
from bot.sop.outcomes.report import Report
from bot.sop.record import Sop
from bot.sop.sops import Sops
from bot.store.members import Members


class SopExports:
    """Files of results. Viewers get numbers; what names people is for managers."""

    def __init__(self, frame: Frame, sops: Sops, report: Report, members: Members) -> None:
        self._frame = frame
        self._sops = sops
        self._report = report
        self._members = members

    def routes(self) -> list[web.RouteDef]:
        """``/sops/{id}/export.csv``, and so on, of ``?what=steps|times|targets|staff``."""
        return [self._frame.get("/sops/{id}/export.{form}", self.file)]

    async def file(self, page: Page) -> web.StreamResponse:
        """One table in the form that was asked for."""
        sop, what = await self._asked(page)
        title, columns, rows = await self._table(page, sop, what)
        form = page.request.match_info["form"]
        return await send_rows(page, form, f"{sop.id}-{what}", columns, rows, title)

    async def _asked(self, page: Page) -> tuple[Sop, str]:
        what = page.arg("what") or "steps"
        if what not in EXPORTS or (what in PERSONAL and not page.may("manager")):
            raise web.HTTPNotFound
        try:
            return await self._sops.get(page.request.match_info["id"]), what
        except NoSuchSop:
            raise web.HTTPNotFound from None

    async def _table(self, page: Page, sop: Sop, what: str) -> tuple[str, Sequence[Column], Pieces]:
        tables = ResultTables(page.words, page.formats)
        if what == "targets":
            to = (await self._sops.version(sop)).template.to
            rows = tables.targets(self._report, self._members, sop, to)
            return page.words.say(EXPORTS[what]), tables.target_columns(), rows
        if what == "steps":
            table = tables.steps(await self._report.of(sop))
        elif what == "times":
            table = tables.times(await self._report.runs(sop, 0, ALL))
        else:
            table = tables.staff(await self._sops.tasks.shares(sop.id))
        return table.name, table.columns, _at_once([*table.rows])


async def _at_once(rows: list[Row]) -> Pieces:
    yield rows
