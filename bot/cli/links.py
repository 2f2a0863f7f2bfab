"""``muster links``: tracked links and how often they were clicked."""

from __future__ import annotations

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import click

from bot.cli.link_desk import edit, history, qr, word
from bot.cli.link_store import Opener, only, open_links, run
from bot.cli.main import show_json
from bot.clock import utc
from bot.links.clicks import Clicks, Part, spark
from bot.links.codes import Code
from bot.links.destinations import BadDestination
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store

DAYS = 30


@click.group()
def links() -> None:
    """Tracked links: make them, find them, see who clicked.

    Example: muster links stats spring-sale
    """


for command in (edit, history, word, qr):
    links.add_command(command)


@links.command("list")
@click.option("--search", default="", help="Only links whose address or campaign has this.")
@click.option("--limit", default=50, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def listopen_links(setup: Opener, search: str, limit: int, as_json: bool) -> None:
    """List links, newest first, with what was counted.

    Example: muster links list --search spring
    """
    rows = run(setup, lambda store: listed(store, search, limit))
    if as_json:
        show_json(rows)
        return
    for row in rows:
        click.echo(f"#{row['number']:<5} {row['clicks']:>7} clicks  {row['name']}")
    if not rows:
        click.echo("No links yet. Example: muster links make https://example.com/sale")


@links.command("stats")
@click.argument("link")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def link_stats(setup: Opener, link: str, as_json: bool) -> None:
    """Show what was counted of a LINK: its number, campaign, address, or a tracked URL.

    Example: muster links stats spring-sale
    """
    zone = ZoneInfo(setup.config.timezone)
    found = run(setup, lambda store: statistics(store, zone, link))
    if as_json:
        show_json(found)
        return
    for line in described(found):
        click.echo(line)


@links.command("make")
@click.argument("url")
@click.option("--campaign", default="", help="What it belongs to; counted by itself.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def make_link(setup: Opener, url: str, campaign: str, as_json: bool) -> None:
    """Make a short tracked link to URL, for print; the same again when there is one.

    Example: muster links make https://example.com/sale --campaign spring-sale
    """
    base = setup.config.web.link_url()
    made = run(setup, lambda store: make(store, base, url, campaign))
    if as_json:
        show_json(made)
    else:
        click.echo(made["short"])


async def listed(store: Store, search: str, limit: int) -> list[dict[str, Any]]:
    """Links with their sums, newest first."""
    known = await open_links(store)
    found = known.search(search, limit=limit)
    sums = await Clicks(store, Facts(store), UTC).many(link.number for link in found)
    return [
        {**link.model_dump(), "name": link.name, **sums[link.number].model_dump()} for link in found
    ]


async def statistics(store: Store, zone: ZoneInfo, what: str) -> dict[str, Any]:
    """Everything counted of one link; raises click.ClickException unless exactly one is meant."""
    link = only((await open_links(store)).find(what), what)
    clicks, members = Clicks(store, Facts(store), zone), Members(store)
    sums, days = await clicks.sums(link.number), await clicks.days(link.number, DAYS)
    groups = []
    for part in await clicks.groups(link.number):
        group = await members.group(part.number) if part.number else None
        groups.append(_row(part, group.name if group else ""))
    return {
        "link": {**link.model_dump(), "name": link.name},
        "sums": sums.model_dump(),
        "days": [day.model_dump(mode="json") for day in days],
        "steps": [_row(part, part.name) for part in await clicks.steps(link.number)],
        "groups": groups,
        "complete_until": await clicks.complete_until(),
    }


async def make(store: Store, base: str, url: str, campaign: str) -> dict[str, Any]:
    """A link's number and short URL; raises click.ClickException for a bad destination."""
    known = await open_links(store, lambda: base)
    try:
        number = await known.make(url, campaign)
    except BadDestination as error:
        raise click.ClickException(str(error)) from None
    link = known.get(number)
    return {**(link.model_dump() if link else {}), "short": known.url(Code(number))}


def described(found: dict[str, Any]) -> list[str]:
    """Statistics for people."""
    link, sums = found["link"], found["sums"]
    lines = [
        f"#{link['number']} {link['name']} → {link['url']}",
        f"{sums['clicks']} clicks by {sums['members']} members and {sums['visitors']} visitors; "
        f"{sums['hits']} hits in all",
        f"last {DAYS} days  {spark(day['clicks'] for day in found['days'])}",
    ]
    others = {k: n for k, n in sums["verdicts"].items() if k != "click" and n}
    if others:
        lines.append("not clicks: " + ", ".join(f"{n} {kind}" for kind, n in others.items()))
    for title in ("steps", "groups"):
        for row in found[title][:10]:
            name = row["name"] or ("none" if not row["number"] else f"#{row['number']}")
            lines.append(f"  {title[:-1]:<6} {name:<30} {row['clicks']:>7} clicks")
    lines.append(f"complete until {utc(found['complete_until']):%Y-%m-%d %H:%M:%S} UTC")
    return lines


def _row(part: Part, name: str) -> dict[str, Any]:
    return {**part.model_dump(), "name": name}
