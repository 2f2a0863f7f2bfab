"""Exports: a SOP's results as CSV, XLSX and Parquet files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from tempfile import TemporaryFile
from typing import BinaryIO

from aiohttp import web

from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.sop_results import EXPORTS, PERSONAL
from bot.console.result_tables import ALL, ResultTables
from bot.reports.csv_text import CsvText
from bot.reports.parquet_file import ParquetFile
from bot.reports.table import Column, Row
from bot.reports.workbook import Sheet, Workbook
from bot.sop.outcomes.report import Report
from bot.sop.record import Sop
from bot.sop.sops import NoSuchSop, Sops
from bot.store.members import Members
from bot.web.headers import protect

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PARQUET = "application/vnd.apache.parquet"
PIECE = 1 << 16
Pieces = AsyncIterator[list[Row]]


class SopExports:
    """Files of results. Viewers get numbers; what names people is for managers."""

    def __init__(self, frame: Frame, sops: Sops, report: Report, members: Members) -> None:
        self._frame = frame
        self._sops = sops
        self._report = report
        self._members = members

    def routes(self) -> list[web.RouteDef]:
        """``/sops/{id}/export.csv``, and so on, of ``?what=steps|times|targets|staff``."""
        return [
            self._frame.get("/sops/{id}/export.csv", self.csv),
            self._frame.get("/sops/{id}/export.xlsx", self.xlsx),
            self._frame.get("/sops/{id}/export.parquet", self.parquet),
        ]

    async def csv(self, page: Page) -> web.StreamResponse:
        """One CSV, sent as it is made."""
        sop, what = await self._asked(page)
        _, columns, rows = await self._table(page, sop, what)
        text = CsvText(columns, page.formats.zone.key)
        answer = self._answer(f"{sop.id}-{what}.csv", CSV)
        await answer.prepare(page.request)
        await answer.write(text.head())
        async for some in rows:
            await answer.write(text.rows(some))
        await answer.write_eof()
        return answer

    async def xlsx(self, page: Page) -> web.StreamResponse:
        """One workbook; it is written to disk first, in a thread, as its form demands."""
        sop, what = await self._asked(page)
        name, columns, rows = await self._table(page, sop, what)
        with TemporaryFile(prefix="muster-export-") as file:
            zone, now = page.formats.zone.key, page.formats.now
            book = await asyncio.to_thread(Workbook, file, zone, now)
            async with _in_a_thread(book):
                await _written(book.sheet(name, columns), rows)
            return await self._sent(page, f"{sop.id}-{what}.xlsx", XLSX, file)

    async def parquet(self, page: Page) -> web.StreamResponse:
        """One Parquet file; like a workbook."""
        sop, what = await self._asked(page)
        name, columns, rows = await self._table(page, sop, what)
        with TemporaryFile(prefix="muster-export-") as file:
            zone = page.formats.zone.key
            made = await asyncio.to_thread(ParquetFile, file, name, columns, zone)
            async with _in_a_thread(made):
                await _written(made, rows)
            return await self._sent(page, f"{sop.id}-{what}.parquet", PARQUET, file)

    # inside

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

    async def _sent(self, page: Page, name: str, kind: str, file: BinaryIO) -> web.StreamResponse:
        answer = self._answer(name, kind)
        await answer.prepare(page.request)
        file.seek(0)
        while piece := file.read(PIECE):
            await answer.write(piece)
        await answer.write_eof()
        return answer

    def _answer(self, name: str, kind: str) -> web.StreamResponse:
        headers = {
            "Content-Type": kind,
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
        }
        return protect(web.StreamResponse(headers=headers), "'none'")


async def _at_once(rows: list[Row]) -> Pieces:
    yield rows


async def _written(into: Sheet | ParquetFile, rows: Pieces) -> None:
    async for some in rows:
        await asyncio.to_thread(into.write, some)


@asynccontextmanager
async def _in_a_thread(made: Workbook | ParquetFile) -> AsyncIterator[None]:
    """Finish a file, or give it up, where its packing holds nobody up."""
    try:
        yield
    except BaseException as error:
        await asyncio.to_thread(made.__exit__, type(error), error, None)
        raise
    await asyncio.to_thread(made.__exit__, None, None, None)
