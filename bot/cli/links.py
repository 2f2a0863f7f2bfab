"""``muster links``: tracked links and how often they were clicked."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import click

from bot.cli.link_desk import edit, history, qr, word
from bot.cli.link_replay import replay
from bot.cli.link_store import Opener, open_links, run
from bot.cli.main import show_json
from bot.links.clicks import Clicks
from bot.links.codes import Code
from bot.links.destinations import BadDestination
from bot.store.facts import Facts
from bot.store.store import Store


@click.group()
def links() -> None:
    """Tracked links: make them, find them, change them. What they came to: muster stats.

    Example: muster links list --search spring-sale
    """


for command in (edit, history, word, qr, replay):
    links.add_command(command)


@links.command("list")
@click.option("--search", default="", help="Only links whose address or campaign has this.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many.")
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
    if not rows and search:
        click.echo("No link found.")
    elif not rows:
        click.echo("No links yet. Example: muster links make https://example.com/sale")


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
    sums = await Clicks(store, Facts(store), known.steps, UTC).many(link.number for link in found)
    return [
        {**link.model_dump(), "name": link.name, **sums[link.number].model_dump()} for link in found
    ]


async def make(store: Store, base: str, url: str, campaign: str) -> dict[str, Any]:
    """A link's number and short URL; raises click.ClickException for a bad destination."""
    known = await open_links(store, lambda: base)
    try:
        number = await known.make(url, campaign)
    except BadDestination as error:
        raise click.ClickException(str(error)) from None
    link = known.get(number)
    return {**(link.model_dump() if link else {}), "short": known.url(Code(number))}
