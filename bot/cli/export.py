"""``muster export``: everything counted, for BI tools."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from bot.app import App
from bot.cli.main import Setup, cli, show_json
from bot.clock import utc
from bot.exports import Export, FolderTaken, NoDays, Written

DAY = click.DateTime(["%Y-%m-%d"])


@cli.command()
@click.option(
    "--parquet",
    "folder",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to make; it is there when it is whole.",
)
@click.option("--since", type=DAY, help="The first day, YYYY-MM-DD; else from the beginning.")
@click.option("--until", type=DAY, help="The last day; else today.")
@click.option("--names", is_flag=True, help="With the names of members.")
@click.option("--force", is_flag=True, help="Replace an earlier export in the folder.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def export(
    setup: Setup,
    folder: Path,
    since: datetime | None,
    until: datetime | None,
    names: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Write everything counted as Parquet files, in the layout docs/parquet.md tells of.

    Example: muster export --parquet warehouse --since 2026-01-01
    """

    async def work() -> Written:
        async with setup.app() as app:
            return await export_of(app).write(
                folder,
                since.date() if since else None,
                until.date() if until else None,
                names=names,
                replace=force,
            )

    try:
        written = setup.run(work())
    except (FolderTaken, NoDays, OSError) as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        complete = utc(written.complete_until).isoformat()
        show_json({"folder": str(folder), "rows": written.rows, "complete_until": complete})
        return
    for table, rows in written.rows.items():
        click.echo(f"{table:<12} {rows:>12,} rows")
    click.echo(f"{folder}: complete until {utc(written.complete_until):%Y-%m-%d %H:%M:%S} UTC")


def export_of(app: App) -> Export:
    """The export of an app's rooms."""
    rooms, config = app.rooms, app.config
    return Export(
        *(app.store, rooms.links, app.members, app.facts, rooms.sops),
        *([one.name for one in rooms.checkins.programmes], ZoneInfo(config.timezone)),
    )
