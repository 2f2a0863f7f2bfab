"""``muster links replay``: counted hits judged again by the rules of today."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import click

from bot.cli.link_store import Opener, open_links, run
from bot.cli.main import show_json
from bot.links.judge import Judge
from bot.links.links import Links
from bot.links.replay import Busy, Left, Replay, Replayed
from bot.links.rules import VERDICTS, VERSION
from bot.links.staff import Staff
from bot.links.visitors import Visitors
from bot.store.store import Store


@click.command()
@click.option("--apply", "write", is_flag=True, help="Change what was counted.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only this day and later ones.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def replay(setup: Opener, write: bool, since: datetime | None, as_json: bool) -> None:
    """Judge the hits that are kept again, by the rules of today; without --apply only look.

    A day some of whose hits are gone stays as it was counted. The bot may run meanwhile.

    Example: muster links replay --since 2026-06-01 --apply
    """

    async def work(store: Store) -> list[tuple[str, Replayed]]:
        links = await open_links(store)
        room = await _room(setup, store, links)
        day = since.date() if since else None
        try:
            found = await (room.apply(day) if write else room.look(day))
        except Busy:
            say = "another replay is under way, or was broken off just now; try again in a minute"
            raise click.ClickException(say) from None
        return [(known.name if (known := links.get(o.link)) else "", o) for o in found]

    found: list[tuple[str, Replayed]] = run(setup, work)
    if as_json:
        show_json([_row(name, one) for name, one in found])
        return
    for name, one in found:
        if one.changed or one.left:
            click.echo("\n".join(described(name, one)))
    changed = sum(one.changed for _, one in found)
    click.echo(f"rules {VERSION}: {changed} of {len(found)} links {_done(write, changed)}")


def described(name: str, one: Replayed) -> list[str]:
    """A link's changes for people, and the days that stay."""
    lines = [f"#{one.link} {name}"]
    if one.changed:
        hits = sum(one.after.values())
        lines.append(f"  clicks {one.clicks[0]} → {one.clicks[1]}, of {hits} hits judged again:")
    for verdict in VERDICTS:
        before, after = one.before.get(verdict, 0), one.after.get(verdict, 0)
        if before != after:
            lines.append(f"    {verdict:<9} {before} → {after}")
    for why, some in groupby(one.left, key=lambda left: left.why):
        days = [*some]
        lines.append(f"  {_days(days)} {'stays' if len(days) == 1 else 'stay'} as counted: {why}")
    return lines


def _days(left: list[Left]) -> str:
    kept, counted = sum(one.kept for one in left), sum(one.counted for one in left)
    first, last = left[0].day, left[-1].day
    span = f"{first}" if first == last else f"{len(left)} days from {first} to {last}"
    return f"{span} ({kept} of {counted} hits kept)"


def _done(write: bool, changed: int) -> str:
    if write:
        return "changed"
    return "would change; --apply changes them" if changed else "would change"


async def _room(setup: Opener, store: Store, links: Links) -> Replay:
    config = setup.config
    kept = config.retention.hits_days
    staff = Staff(store, Visitors(store), kept, config.links.count_staff)
    await staff.refresh()
    judge = Judge(links, ZoneInfo(config.timezone), lambda: staff)
    return Replay(store, links, judge, staff.recall, kept)


def _row(name: str, one: Replayed) -> dict[str, Any]:
    told = asdict(one)
    return {
        **told,
        "name": name,
        "days": [day.isoformat() for day in one.days],
        "left": [{**row, "day": row["day"].isoformat()} for row in told["left"]],
    }
