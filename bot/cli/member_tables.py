"""``muster members search | import | export``: members found, and as tables in and out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import click

from bot.app import App
from bot.audience.audience import Audience
from bot.cli.main import Setup, show_json
from bot.cli.members import members
from bot.members.export import Sheet
from bot.members.import_columns import (
    ACCOUNT,
    ATTRIBUTE,
    NAME,
    NUMBER,
    PHONE,
    TAGS,
    WrongColumns,
)
from bot.members.import_preview import Look, Preview
from bot.members.import_results import wrong
from bot.members.import_sheet import Unreadable
from bot.members.import_work import ImportWork
from bot.members.imports import Import, Result, WrongState
from bot.members.search import Found
from bot.reports.csv_text import CsvText
from bot.reports.parquet_file import ParquetFile
from bot.reports.table import Row
from bot.reports.workbook import Workbook

WRONG = (Unreadable, WrongColumns, WrongState)
SHOWN = 20
BY = "command line"
"""Who did it."""


@members.command("search")
@click.argument("words")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def search_members(setup: Setup, words: str, limit: int, as_json: bool) -> None:
    """Find members by part of a name, number, account, phone, other attribute, initials or tag.

    Example: muster members search "tag:vip 小明"
    """
    found = setup.run(_searched(setup, words, limit))
    if as_json:
        show_json([member.model_dump() for member in found.members])
        return
    for member in found.members:
        accounts = ", ".join(f"{gateway}/{ident}" for gateway, ident in member.accounts.items())
        click.echo(f"#{member.number:<6} {member.name or '–'}  ({accounts})")
    if not found.members:
        click.echo("Nobody found.")
    elif found.next:
        click.echo(f"There are more; --limit {limit * 5} shows more of them.")


@members.command("import")
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
@click.option(
    *("--column", "columns"),
    multiple=True,
    metavar="NAME=MEANING",
    help=f"What a column is: {NUMBER}, {PHONE} (whose it is), {NAME}, {TAGS}, {ACCOUNT}GATEWAY, "
    f"{ATTRIBUTE}NAME, or nothing to leave it out; else as its name says.",
)
@click.option("--existing", is_flag=True, help="Refuse accounts nobody has; make no new members.")
@click.option("--dry-run", is_flag=True, help="Show what the first rows would do, and do nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def import_members(
    setup: Setup, file: Path, columns: Sequence[str], existing: bool, dry_run: bool, as_json: bool
) -> None:
    """Bring members in from a table, CSV or XLSX; each row is done wholly or not at all.

    Interrupted, it goes on in a running bot, or from the page of imports. Exit code 1 when rows
    were refused. Example: muster members import people.xlsx --column 手机=attribute:phone
    """
    meant = dict(one.partition("=")[::2] for one in columns)
    try:
        if dry_run:
            _tell_looks(*setup.run(_looked(setup, file, meant, not existing)), as_json=as_json)
            return
        done, refused = setup.run(_imported(setup, file, meant, not existing, as_json))
    except WRONG as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        show_json({**done.model_dump(), "refusals": [one.model_dump() for one in refused]})
    else:
        click.echo(
            f"{done.new:,} new, {done.changed:,} changed, {done.same:,} as they were, "
            f"{done.refused:,} refused."
        )
        for one in refused[:SHOWN]:
            click.echo(f"  row {one.row}: {wrong(one, done.header, str)}")
        if len(refused) > SHOWN:
            click.echo(f"  and {len(refused) - SHOWN:,} more: see /members/imports/{done.id}")
    if refused:
        raise SystemExit(1)


@members.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--audience", default="everyone", show_default=True, help="Who: segment:NAME, tag:…")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def export_members(setup: Setup, file: Path, audience: str, as_json: bool) -> None:
    """Write members as a table; the FILE's ending says which: .csv, .xlsx or .parquet.

    Example: muster members export vip.xlsx --audience "tag:vip and not active:30d"
    """
    if file.suffix not in (".csv", ".xlsx", ".parquet"):
        raise click.ClickException(f"{file}: expected a name that ends in .csv, .xlsx or .parquet")
    if file.exists():
        raise click.ClickException(f"{file} is there already; take another name")
    count = setup.run(_exported(setup, file, audience))
    if as_json:
        show_json({"file": str(file), "members": count})
    else:
        click.echo(f"{file}: {count:,} members")


async def _searched(setup: Setup, words: str, limit: int) -> Found:
    async with setup.app() as app:
        return await app.rooms.search.find(words, "", limit)


async def _draft(app: App, file: Path, meant: dict[str, str], create: bool) -> Import:
    """The file as a draft with its columns; forgotten again when these cannot be."""
    imports = app.rooms.imports
    draft = await imports.take(BY, file.name, await asyncio.to_thread(file.read_bytes))
    try:
        if unknown := [name for name in meant if name not in draft.header]:
            raise click.ClickException(f"{file} has no column {', '.join(unknown)}")
        pairs = zip(draft.header, draft.columns, strict=True)
        columns = [meant.get(name, guessed) for name, guessed in pairs]
        return await imports.choose(draft.id, columns, create)
    except (WrongColumns, click.ClickException):
        await imports.drop(draft.id)
        raise


async def _looked(
    setup: Setup, file: Path, meant: dict[str, str], create: bool
) -> tuple[Import, list[Look]]:
    async with setup.app() as app:
        draft = await _draft(app, file, meant, create)
        rooms = app.rooms
        preview = Preview(app.store, app.members, rooms.imports, rooms.attributes.read)
        looks = await preview.of(draft)
        await app.rooms.imports.drop(draft.id)
        return draft, looks


def _tell_looks(draft: Import, looks: list[Look], *, as_json: bool) -> None:
    columns = dict(zip(draft.header, draft.columns, strict=True))
    if as_json:
        rows = [
            {
                "row": look.row,
                "did": look.did,
                "faults": {draft.header[at]: str(f.phrase) for at, f in look.faults.items()},
                "before": {draft.header[at]: old for at, old in look.before.items()},
            }
            for look in looks
        ]
        show_json({"columns": columns, "rows": rows})
        return
    for name, target in columns.items():
        click.echo(f"{name}: {target or 'left out'}")
    for look in looks[:SHOWN]:
        said = [f"{draft.header[at]}: {fault.phrase}" for at, fault in look.faults.items()]
        said += [f"{draft.header[at]}: was {old or 'empty'}" for at, old in look.before.items()]
        click.echo(f"row {look.row}: {look.did}  {'; '.join(said)}".rstrip())


async def _imported(
    setup: Setup, file: Path, meant: dict[str, str], create: bool, quiet: bool
) -> tuple[Import, list[Result]]:
    async with setup.app() as app:
        imports = app.rooms.imports
        draft = await _draft(app, file, meant, create)
        await imports.run(draft.id, BY)
        work = ImportWork(app.store, imports, lambda: BY)
        with click.progressbar(length=draft.rows, hidden=quiet, label="Importing") as bar:
            found = draft
            while found.state != "done":
                await work.work(draft.id, steps=20)
                found, before = await imports.get(draft.id), found.done
                bar.update(found.done - before)
                if found.done == before:  # a running bot took it, and does it as well
                    await app.clock.sleep(0.2)
        refused = [
            r async for some in imports.results(draft.id) for r in some if r.did == "refused"
        ]
        return found, refused


async def _exported(setup: Setup, file: Path, audience: str) -> int:
    async with setup.app() as app:
        export, zone = app.rooms.member_export, app.config.timezone
        sheet = await export.sheet(Audience.parse(audience))
        await _written(file, sheet, export.rows(sheet), zone, app.clock.now())
        return sheet.who.count()


async def _written(
    file: Path, sheet: Sheet, rows: AsyncIterator[list[Row]], zone: str, now: int
) -> None:
    columns = sheet.columns(str)
    with file.open("xb") as out:
        if file.suffix == ".csv":
            text = CsvText(columns, zone)
            out.write(text.head())
            async for some in rows:
                out.write(text.rows(some))
        elif file.suffix == ".xlsx":
            with Workbook(out, zone, now) as book:
                page = book.sheet("Members", columns)
                async for some in rows:
                    page.write(some)
        else:
            with ParquetFile(out, "Members", columns, zone) as made:
                async for some in rows:
                    made.write(some)
