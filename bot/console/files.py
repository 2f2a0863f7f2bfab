"""Files: a table as the CSV, XLSX or Parquet file somebody asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from urllib.parse import quote

from aiohttp import web

from bot.reports.csv_text import csv_of
from bot.reports.parquet_file import parquet_of
from bot.reports.table import Table
from bot.reports.workbook import xlsx_of
from bot.web.headers import protect

FORMS = ("csv", "xlsx", "parquet")
KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
    "png": "image/png",
}


async def file_of(table: Table, form: str, name: str, zone: str, now: int) -> web.Response:
    """A table that fits memory as a download; made in a thread, for packing takes its time.

    Raises HTTPNotFound for a form there is none of, ValueError for a cell no file can hold.
    """
    makers: dict[str, Callable[[], bytes]] = {
        "csv": lambda: b"".join(csv_of(table, zone)),
        "xlsx": lambda: xlsx_of([table], zone, now),
        "parquet": lambda: parquet_of(table, zone),
    }
    if form not in makers:
        raise web.HTTPNotFound
    return download(await asyncio.to_thread(makers[form]), form, name)


def download(body: bytes, form: str, name: str) -> web.Response:
    """Bytes as a file; ``name`` is without its ending and may have any letters."""
    return protect(web.Response(body=body, headers=headers_of(name, form)), "'none'")


def headers_of(name: str, form: str) -> dict[str, str]:
    """What says that the answer is a file, as of ``download``."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in name)
    called = f"attachment; filename=\"{plain}.{form}\"; filename*=UTF-8''{quote(name)}.{form}"
    return {
        "Content-Type": KINDS[form],
        "Content-Disposition": called,
        "Cache-Control": "no-store",
    }
