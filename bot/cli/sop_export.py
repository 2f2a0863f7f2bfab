"""``muster sop export``: a SOP's results as a CSV, XLSX or Parquet file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import BinaryIO

import click

from bot.app import App
from bot.cli.main import Setup, show_json
from bot.cli.sop import as_json_option, sop, work_on
from bot.console.formats import Formats
from bot.console.result_tables import ALL, ResultTables
from bot.console.words import Words
from bot.reports.csv_text import CsvText
from bot.reports.parquet_file import ParquetFile
from bot.reports.table import Column, Row
from bot.reports.workbook import Workbook

FORMS = ("csv", "xlsx", "parquet")
WHAT = ("steps", "times", "targets", "staff")
Pieces = AsyncIterator[Sequence[Row]]


@sop.command()
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--what", type=click.Choice(WHAT), default="steps", show_default=True)
@click.option("--format", "form", type=click.Choice(FORMS), help="Else as FILE ends.")
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@as_json_option
@click.pass_obj
def export(
    setup: Setup, name: str, file: Path, what: str, form: str | None, force: bool, as_json: bool
) -> None:
    """Write what became of the SOP NAME to FILE: by step, by time, by target or by staff.

    Example: muster sop export weekly_tips results.xlsx --what targets
    """
    form = form or file.suffix.removeprefix(".")
    if form not in FORMS:
        ends = ".csv, .xlsx or .parquet"
        raise click.UsageError(f"{file}: expected a name ending in {ends}, or --format")
    if file.exists() and not force:
        raise click.ClickException(f"{file} is there already; --force writes over it")

    async def work(app: App) -> int:
        title, columns, rows = await _table(app, name, what)
        with file.open("wb") as opened:
            if form == "csv":
                return await _csv(opened, columns, rows, setup.config.timezone)
            if form == "parquet":
                return await _parquet(opened, title, columns, rows, setup.config.timezone)
            return await _xlsx(opened, title, columns, rows, app)

    written = work_on(setup, work)
    if as_json:
        show_json({"file": str(file), "rows": written})
    else:
        click.echo(f"{file}: {written:,} rows")


async def _table(app: App, name: str, what: str) -> tuple[str, Sequence[Column], Pieces]:
    """The title, columns and rows of one of the tables."""
    config, sops, report = app.config, app.rooms.sops, app.rooms.report
    words = Words(app.translator, config.language)
    tables = ResultTables(words, Formats(config.language, config.timezone, app.clock.now()))
    found = await sops.get(name)
    if what == "targets":
        to = (await sops.version(found)).template.to
        rows = tables.targets(report, app.members, found, to)
        return f"{name} {what}", tables.target_columns(), rows
    if what == "steps":
        table = tables.steps(await report.of(found))
    elif what == "times":
        table = tables.times(await report.runs(found, 0, ALL))
    else:
        table = tables.staff(await sops.tasks.shares(found.id))
    return table.name, table.columns, _at_once([*table.rows])


async def _at_once(rows: Sequence[Row]) -> Pieces:
    yield rows


async def _csv(file: BinaryIO, columns: Sequence[Column], rows: Pieces, zone: str) -> int:
    text, written = CsvText(columns, zone), 0
    file.write(text.head())
    async for some in rows:
        file.write(text.rows(some))
        written += len(some)
    return written


async def _xlsx(
    file: BinaryIO, title: str, columns: Sequence[Column], rows: Pieces, app: App
) -> int:
    written = 0
    with Workbook(file, app.config.timezone, app.clock.now()) as book:
        sheet = book.sheet(title, columns)
        async for some in rows:
            sheet.write(some)
            written += len(some)
    return written


async def _parquet(
    file: BinaryIO, title: str, columns: Sequence[Column], rows: Pieces, zone: str
) -> int:
    written = 0
    with ParquetFile(file, title, columns, zone) as made:
        async for some in rows:
            made.write(some)
            written += len(some)
    return written
