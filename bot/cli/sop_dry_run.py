"""``muster sop dry-run``: who would get what in the next days, and who would not and why."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from bot.app import App
from bot.cli.main import Setup, show_json
from bot.cli.sop import BY, FORMS, as_json_option, given, sop, work_on
from bot.clock import utc
from bot.sop.faults import NoSuchSop
from bot.sop.foresight.foreseen import Foreseen
from bot.sop.foresight.totals import Line, Totals
from bot.sop.record import Sop, Version

WHOLE = 1000
"""Parts the progress bar has."""


@sop.command("dry-run")
@click.argument("what", metavar="NAME|TEMPLATE")
@click.option("--audience", default="", help=f"Whom a template would be for: {FORMS}.")
@click.option("--set", "values", multiple=True, metavar="KEY=VALUE", help="A parameter's value.")
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, 366))
@click.option(
    "--since",
    default=0,
    type=click.IntRange(0, 366),
    help="As if it had started so many days ago: who joined since then counts.",
)
@click.option("--member", type=int, help="Only what this member would get, by number.")
@as_json_option
@click.pass_obj
def dry_run(
    setup: Setup,
    what: str,
    audience: str,
    values: tuple[str, ...],
    days: int,
    since: int,
    member: int | None,
    as_json: bool,
) -> None:
    """Show what the SOP NAME will do, or a TEMPLATE (or its file) would; nothing is sent.

    Example: muster sop dry-run new_member_week --audience all-groups --days 14 --since 7
    """
    parameters, zone = given(values), ZoneInfo(setup.config.timezone)
    file = Path(what) if Path(what).is_file() else None

    async def work(app: App) -> Totals | Sequence[Foreseen]:
        asked = await _asked(app, what, file, audience, parameters)
        if member is not None:
            draft = asked if isinstance(asked, Version) else None
            rows = await app.rooms.forecast.member(member, days, draft=draft)
            return [row for row in rows if draft or row.sop == what]
        return await _totals(app, asked, days, since, zone, quiet=as_json)

    found = work_on(setup, work)
    if isinstance(found, Totals):
        _show(found, days, zone, as_json)
    else:
        _tell(found, member or 0, days, zone, as_json)


async def _asked(
    app: App, what: str, file: Path | None, audience: str, parameters: Mapping[str, str]
) -> Sop | Version:
    """A SOP that was started, or a version of a template with the audience that was given."""
    rooms = app.rooms
    if not audience:
        return await _started(app, what, file)
    template = rooms.sops.library.read(file) if file else await rooms.sops.shelf.get(what)
    return await rooms.sops.drafts.version(
        1, template, audience, parameters, BY, None, app.clock.now()
    )


async def _started(app: App, what: str, file: Path | None) -> Sop:
    sops = app.rooms.sops
    try:
        return await sops.get(what)
    except NoSuchSop:
        if file or what in await sops.shelf.names():
            say = "say whom it would be for, such as --audience all-groups"
            raise click.ClickException(f"{what} is a template: {say}") from None
        raise


async def _totals(
    app: App, asked: Sop | Version, days: int, since: int, zone: ZoneInfo, *, quiet: bool
) -> Totals:
    name = asked.id if isinstance(asked, Sop) else ""
    totals, done = Totals(zone), 0
    label = "" if quiet else "Looking ahead"
    with click.progressbar(length=WHOLE, label=label, file=sys.stderr, hidden=quiet) as bar:

        def progress(share: float) -> None:
            nonlocal done
            step = int(share * WHOLE) - done
            bar.update(step)
            done += step

        rows = app.rooms.forecast.stream(asked, days=days, since_days=since, progress=progress)
        async for row in rows:
            if row.sop == name:
                totals.add(row)
    return totals


def _show(totals: Totals, days: int, zone: ZoneInfo, as_json: bool) -> None:
    lines = totals.lines
    if as_json:
        show_json({"lines": [asdict(line) for line in lines], "reasons": totals.reasons})
        return
    for line in lines:
        at = _local(line.due, zone)
        click.echo(f"{at:%Y-%m-%d %H:%M}  {line.step:<20} {_got(line)}")
        for reason, number in sorted(line.skipped.items(), key=lambda one: -one[1]):
            click.echo(f"{'':<18}{'':<20} {number:>10,} not: {reason}")
    if lines:
        steps = totals.sum(lambda line: line.gets)
        click.echo(f"{steps:,} in {days} days; nothing was sent.")
    else:
        click.echo(f"Nothing would be due within {days} days.")


def _got(line: Line) -> str:
    many = f"{line.gets:>10,} {line.to}{'' if line.gets == 1 else 's'}"
    more = [
        (line.by_staff, "by staff"),
        (line.deferred, "put off by quiet hours or a blackout"),
        (line.maybe, "more, maybe"),
    ]
    told = ", ".join(f"{number:,} {what}" for number, what in more if number)
    return f"{many} {line.action}" + (f" ({told})" if told else "")


def _tell(rows: Sequence[Foreseen], number: int, days: int, zone: ZoneInfo, as_json: bool) -> None:
    """One member's rows."""
    if as_json:
        show_json(
            [
                {
                    "due": row.due,
                    "sop": row.sop,
                    "step": row.step,
                    "action": row.action,
                    "skipped": row.why(number) or None,
                    "by_staff": number in row.by_staff,
                    "deferred": row.deferred,
                    "certain": row.certain,
                }
                for row in rows
            ]
        )
        return
    for row in rows:
        why = row.why(number)
        what = f"not: {why}" if why else row.action + ("" if row.certain else ", maybe")
        click.echo(f"{_local(row.due, zone):%Y-%m-%d %H:%M}  {row.step:<20} {what}")
    if not rows:
        click.echo(f"Nothing would be due for member {number} within {days} days.")


def _local(ms: int, zone: ZoneInfo) -> datetime:
    return utc(ms).astimezone(zone)
