"""``muster sop calendar``: what SOPs will send, day by day, and as a file for calendar programs."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from bot.app import App
from bot.cli.main import Setup, show_json
from bot.cli.sop import as_json_option, sop
from bot.clock import utc
from bot.reports import feed_of
from bot.sop.foresight.agenda import Slot
from bot.sop.foresight.agenda_feed import clash_words, count_words, feed_entries
from bot.sop.record import Sop
from bot.sop.times.schedule import DAY_MS, day_of


@sop.command()
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 366))
@click.option(
    "--ics", type=click.Path(dir_okay=False, path_type=Path), help="Write it as iCalendar there."
)
@as_json_option
@click.pass_obj
def calendar(setup: Setup, days: int, ics: Path | None, as_json: bool) -> None:
    """List what running SOPs will send by day, with those that come too near each other.

    Example: muster sop calendar --days 30 --ics sops.ics
    """
    zone = ZoneInfo(setup.config.timezone)

    async def work() -> tuple[list[Slot], dict[str, Sop], int, str]:
        async with setup.app() as app:
            return await _read(app, days, zone)

    slots, sops, now, console = setup.run(work())
    if ics is not None:
        language = setup.config.language
        entries = feed_entries(slots, sops, zone, language, _say, console)
        ics.write_bytes(feed_of("Muster", entries, now))
        click.echo(f"{len(entries)} entries are in {ics}.", err=as_json)
    if as_json:
        show_json([_row(slot, sops, zone) for slot in slots])
    elif ics is None:
        _print(slots, sops, zone)


async def _read(app: App, days: int, zone: ZoneInfo) -> tuple[list[Slot], dict[str, Sop], int, str]:
    rooms, now = app.rooms, app.clock.now()
    slots = await rooms.agenda.between(now, now + days * DAY_MS, lambda ms: day_of(ms, zone))
    sops = {one.id: one for one in await rooms.sops.all()}
    return slots, sops, now, app.config.web.url(rooms.port)


def _print(slots: list[Slot], sops: dict[str, Sop], zone: ZoneInfo) -> None:
    for day, ones in groupby(slots, key=lambda slot: day_of(slot.at, zone)):
        click.echo(f"{day:%Y-%m-%d %a}")
        for slot in ones:
            at = f"{utc(slot.at).astimezone(zone):%H:%M}"
            click.echo(f"  {at}  {slot.sop} {slot.step} ({slot.action}, {count_words(_say, slot)})")
            for words in clash_words(slot, sops, "en", _say):
                click.echo(f"         ! {words}")
    if not slots:
        click.echo("Nothing goes out in this time.")


def _row(slot: Slot, sops: dict[str, Sop], zone: ZoneInfo) -> dict[str, Any]:
    return {
        "at": utc(slot.at).astimezone(zone).isoformat(timespec="minutes"),
        "until": utc(slot.until).astimezone(zone).isoformat(timespec="minutes"),
        "sop": slot.sop,
        "step": slot.step,
        "action": slot.action,
        "to": slot.to,
        "count": slot.count,
        "by_staff": slot.by_staff,
        "clashes": [{"sop": one.sop, "step": one.step, "count": one.count} for one in slot.clashes],
    }


def _say(text: str, **values: object) -> str:
    return text.format(**values)
