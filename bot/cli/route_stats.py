"""``muster routes stats``: what became of those who asked for a route."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import click

from bot.cli.main import Setup, show_json
from bot.cli.routes import routes
from bot.clock import millis
from bot.figures.period import BadPeriod, read_period
from bot.located import nearest
from bot.routes.statistics import DEFINITIONS

COLUMNS = ("asked", "invited", "joined", "stayed")


@routes.command()
@click.argument("name", required=False)
@click.option("--since", default="", help="Which days: 30d, week, 2026-11, …; else 30d.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def stats(setup: Setup, name: str | None, since: str, as_json: bool) -> None:
    """Who asked for the route NAME, or for each, was shown the way, joined and stayed 7 days.

    Example: muster routes stats 护肤 --since 30d
    """
    found = setup.run(_found(setup, name, since))
    if as_json:
        parted = {
            "routes": [row for row in found if "by" not in row],
            "sources": [row for row in found if "by" in row],
        }
        show_json({"definitions": DEFINITIONS, **parted})
        return
    for row in found:
        numbers = "  ".join(f"{what} {row[what]}" for what in COLUMNS if what in row)
        part = row["group"] or row.get("by", "")
        click.echo(f"{'  ' if part else ''}{part or row['route']}: {numbers}")
    if not found:
        click.echo("No routes yet.")
    for what, meaning in DEFINITIONS.items():
        click.echo(f"{what}: {meaning}", err=True)


async def _found(setup: Setup, name: str | None, since: str) -> list[dict[str, Any]]:
    async with setup.app() as app:
        names = [one.route.name for one in await app.rooms.routes.routes()]
        if name and name not in names:
            hint = nearest(name, names)
            raise click.ClickException(f"there is no route {name!r}{hint and f'; {hint}'}")
        zone = ZoneInfo(app.config.timezone)
        today = datetime.fromtimestamp(app.clock.now() / 1000, zone).date()
        try:
            period = read_period(since, today)
        except BadPeriod as error:
            raise click.ClickException(str(error)) from error
        span = _start(period.since, zone), _start(period.until + timedelta(days=1), zone)
        groups = {one.number: one for one in await app.members.groups()}

        def called(number: int) -> str:
            group = groups.get(number)
            return (group.name or str(group.conversation.group)) if group else f"#{number}"

        found: list[dict[str, Any]] = []
        for one in [name] if name else names:
            rows = await app.rooms.route_statistics.funnel(one, *span)
            found += (
                {
                    **{
                        key: n
                        for key, n in asdict(row).items()
                        if not (row.group and key == "asked")
                    },
                    "group": called(row.group) if row.group else "",
                }
                for row in rows
            )
            found += (
                {**asdict(led.funnel), "route": one, "group": "", "by": f"{led.kind} {led.name}"}
                for led in await app.rooms.route_statistics.sources(one, *span)
            )
        return found


def _start(day: date, zone: ZoneInfo) -> int:
    return millis(datetime.combine(day, time(), zone))
