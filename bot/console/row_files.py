"""Row files: a table of any length as CSV, XLSX or Parquet, made while its rows are read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from tempfile import TemporaryFile

from aiohttp import web

from bot.console.files import headers_of
from bot.console.page import Page
from bot.reports.csv_text import CsvText
from bot.reports.parquet_file import ParquetFile
from bot.reports.table import Column, Row
from bot.reports.workbook import Workbook
from bot.web.headers import protect

PIECE = 1 << 16
Pieces = AsyncIterator[list[Row]]


async def send_rows(
    page: Page, form: str, name: str, columns: Sequence[Column], rows: Pieces, title: str = ""
) -> web.StreamResponse:
    """Answer with the file; a CSV is sent as it is made, the others are written to disk first.

    ``title`` is what the table inside is called, else as the file. Raises HTTPNotFound for a form
    there is none of.
    """
    if form == "csv":
        return await _csv(page, name, columns, rows)
    if form not in ("xlsx", "parquet"):
        raise web.HTTPNotFound
    zone, now = page.formats.zone.key, page.formats.now
    with TemporaryFile(prefix="muster-export-") as file:
        if form == "xlsx":
            book = await asyncio.to_thread(Workbook, file, zone, now)
            async with _in_a_thread(book):
                sheet = book.sheet(title or name, columns)
                async for some in rows:
                    await asyncio.to_thread(sheet.write, some)
        else:
            made = await asyncio.to_thread(ParquetFile, file, title or name, columns, zone)
            async with _in_a_thread(made):
                async for some in rows:
                    await asyncio.to_thread(made.write, some)
        answer = await _begun(page, form, name)
        file.seek(0)
        while piece := await asyncio.to_thread(file.read, PIECE):
            await answer.write(piece)
        await answer.write_eof()
        return answer


async def _csv(
    page: Page, name: str, columns: Sequence[Column], rows: Pieces
) -> web.StreamResponse:
    text = CsvText(columns, page.formats.zone.key)
    answer = await _begun(page, "csv", name)
    await answer.write(text.head())
    async for some in rows:
        await answer.write(text.rows(some))
    await answer.write_eof()
    return answer


async def _begun(page: Page, form: str, name: str) -> web.StreamResponse:
    answer = protect(web.StreamResponse(headers=headers_of(name, form)), "'none'")
    await answer.prepare(page.request)
    return answer


@asynccontextmanager
async def _in_a_thread(made: Workbook | ParquetFile) -> AsyncIterator[None]:
    """Finish a file, or give it up, where its packing holds nobody up."""
    try:
        yield
    except BaseException as error:
        await asyncio.to_thread(made.__exit__, type(error), error, None)
        raise
    await asyncio.to_thread(made.__exit__, None, None, None)
