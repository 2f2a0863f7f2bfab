"""``muster checkins``: today's numbers, files, and whom other rules would touch."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from bot.app import App
from bot.checkins.programme import Programme
from bot.checkins.sheets import WHAT, CheckInSheets
from bot.checkins.what_if import WhatIf, changed, what_if
from bot.cli.main import Setup, cli, show_json
from bot.config import load_config
from bot.located import nearest
from bot.reports.csv_text import CsvText
from bot.reports.workbook import Workbook

T = TypeVar("T")
APART = "what counts everywhere and what counts by group cannot be compared"
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@cli.group()
def checkins() -> None:
    """Check-ins: today's numbers, files, and whom other rules would touch.

    Example: muster checkins today
    """


@checkins.command()
@click.argument("name", required=False)
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Another day, YYYY-MM-DD.")
@as_json_option
@click.pass_obj
def today(setup: Setup, name: str | None, day: datetime | None, as_json: bool) -> None:
    """How many came today, group by group; of all programmes or of NAME.

    Example: muster checkins today daily --day 2026-11-21
    """

    async def work(app: App) -> list[dict[str, Any]]:
        room = app.rooms.checkins
        asked = [_found(app, name)] if name else [*room.programmes]
        rows = []
        for programme in asked:
            on = day.date() if day else room.today(programme)
            came = await room.records.count(programme.name, on)
            groups = []
            for group in await app.members.groups():
                if not group.gone and programme.runs_in(group.conversation):
                    here = await room.records.count(programme.name, on, group.number)
                    there = await app.facts.count(app.store.keys.group_present(group.number))
                    title = group.name or group.conversation.group
                    groups.append({"group": title, "came": here, "members": there})
            row = {
                "programme": programme.name,
                "title": programme.title(app.translate),
                "state": programme.rests or "running",
                "day": on.isoformat(),
                "came": came,
            }
            rows.append({**row, "groups": groups})
        return rows

    found = _run(setup, work)
    if as_json:
        show_json(found)
        return
    for row in found:
        state = "" if row["state"] == "running" else f"  ({row['state']})"
        called = "" if row["title"] == row["programme"] else f"  {row['title']}"
        click.echo(f"{row['programme']}{called}  {row['day']}  {row['came']:,} came{state}")
        for one in row["groups"]:
            click.echo(f"  {one['came']:>7,} of {one['members']:<7,} {one['group']}")
    if not found:
        click.echo("No programme. Make one in the console, or add [checkin.daily] to config.toml.")


@checkins.command()
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--what", type=click.Choice([*WHAT]), default="standings", show_default=True)
@click.option("--force", is_flag=True, help="Write over a file that is there.")
@as_json_option
@click.pass_obj
def export(setup: Setup, name: str, file: Path, what: str, force: bool, as_json: bool) -> None:
    """Write the programme NAME to FILE, .csv or .xlsx: standings, records or points.

    Example: muster checkins export daily november.xlsx --what records
    """
    if file.suffix not in (".csv", ".xlsx"):
        raise click.UsageError(f"{file}: expected a name ending in .csv or .xlsx")
    if file.exists() and not force:
        raise click.ClickException(f"{file} is there already; --force writes over it")

    async def work(app: App) -> int:
        programme, zone = _found(app, name), setup.config.timezone
        sheets, written = CheckInSheets(app.rooms.checkins, app.members, app.store), 0
        columns = sheets.columns(what)
        with file.open("wb") as opened:
            if file.suffix == ".csv":
                text = CsvText(columns, zone)
                opened.write(text.head())
                async for rows in sheets.rows(programme, what):
                    written += opened.write(text.rows(rows)) and len(rows)
                return written
            with Workbook(opened, zone, setup.clock.now()) as book:
                sheet = book.sheet(programme.name, columns)
                async for rows in sheets.rows(programme, what):
                    sheet.write(rows)
                    written += len(rows)
        return written

    rows = _run(setup, work)
    if as_json:
        show_json({"file": str(file), "rows": rows})
    else:
        click.echo(f"{file}: {rows:,} rows")


@checkins.command()
@click.argument("name")
@click.option(
    "--with",
    "path",
    required=True,
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="A config.toml with the rules as they would be.",
)
@click.option(
    "--limit", type=click.IntRange(0), default=20, show_default=True, help="Members told."
)
@as_json_option
@click.pass_obj
def preview(setup: Setup, name: str, path: Path, limit: int, as_json: bool) -> None:
    """Whose streak, total or points would change with the rules of another config.toml.

    Nothing is changed.

    Example: muster checkins preview daily --with new.toml
    """

    async def work(app: App) -> WhatIf:
        before, now, new = _found(app, name), setup.clock.now(), load_config(path, os.environ)
        if name not in new.checkin:
            raise click.ClickException(
                _unknown(f'no programme "{name}" in {path}', name, new.checkin)
            )
        settings = new.checkin[name]
        if settings.count != before.settings.count:
            raise click.ClickException(f'count = "{settings.count}": {APART}')
        after = changed(before, settings, new.timezone)
        return await what_if(app.rooms.checkins, app.members, before, after, now, limit)

    found = _run(setup, work)
    if as_json:
        show_json(asdict(found))
        return
    click.echo(f"{found.looked:,} with records, {found.changed:,} would change")
    click.echo(f"  streak: {found.shorter:,} shorter, {found.longer:,} longer")
    click.echo(f"  points: {found.poorer:,} fewer, {found.richer:,} more")
    for one in found.first:
        old, new_ = one.before, one.after
        click.echo(
            f"#{one.member:<8} streak {old.streak} → {new_.streak}"
            f"  in all {old.total} → {new_.total}  points {old.points} → {new_.points}"
        )


def _run(setup: Setup, work: Callable[[App], Awaitable[T]]) -> T:
    async def run() -> T:
        async with setup.app() as app:
            return await work(app)

    return setup.run(run())


def _found(app: App, name: str) -> Programme:
    """The programme of a name; ends with the nearest one otherwise."""
    programme = app.rooms.checkins.programme(name)
    if programme is None:
        known = [one.name for one in app.rooms.checkins.programmes]
        raise click.ClickException(_unknown(f'no check-in programme "{name}"', name, known))
    return programme


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    near = nearest(name, known)
    return f"{what}; {near}" if near else what
