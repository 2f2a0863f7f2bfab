"""``muster members``: finding members, one with all that is known, and erasing one."""

from __future__ import annotations

from typing import Any

import click

from bot.app import App
from bot.cli.main import Setup, cli, show_json
from bot.clock import utc
from bot.console.directory import Directory
from bot.links.owners import of_hit
from bot.store.erasure import Erasure
from bot.store.members import Member

RECENT = 20


@cli.group()
def members() -> None:
    """Members: find them, see one, erase one.

    Example: muster members list --search 小明
    """


@members.command("list")
@click.option("--search", default="", help="Part of a name; or a number or an account id.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_members(setup: Setup, search: str, limit: int, as_json: bool) -> None:
    """List members, the newest first, or those a search finds.

    Example: muster members list --search 小明
    """
    found = setup.run(_listed(setup, search, limit))
    if as_json:
        show_json([member.model_dump() for member in found])
        return
    for member in found:
        accounts = ", ".join(f"{gateway}/{ident}" for gateway, ident in member.accounts.items())
        click.echo(f"#{member.number:<6} {member.name or '–'}  ({accounts})")
    if not found:
        click.echo("Nobody found." if search else "No members yet.")


@members.command("show")
@click.argument("number", type=click.IntRange(min=1))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show_member(setup: Setup, number: int, as_json: bool) -> None:
    """Show what is known of the member with this NUMBER.

    Example: muster members show 12
    """
    found = setup.run(_shown(setup, number))
    if as_json:
        show_json(found)
        return
    click.echo(
        f"#{found['number']} {found['name']}, since {utc(found['since']):%Y-%m-%d %H:%M} UTC"
    )
    for what in ("accounts", "attributes"):
        for name, value in found[what].items():
            click.echo(f"  {what.removesuffix('s')} {name}: {value}")
    click.echo(f"  groups: {', '.join(g['name'] for g in found['groups']) or 'none'}")
    click.echo(f"  tags: {', '.join(found['tags']) or 'none'}")
    for entry in found["timeline"]:
        words = " ".join(filter(None, (entry["what"], entry.get("reason"), entry.get("text"))))
        click.echo(f"  {utc(entry['at']):%Y-%m-%d %H:%M}  {words}")


@members.command("erase")
@click.argument("number", type=click.IntRange(min=1))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def erase_member(setup: Setup, number: int, yes: bool, as_json: bool) -> None:
    """Erase the member with this NUMBER and all that is known of them, for good; sums stay.

    The bot may run meanwhile. Example: muster members erase 12
    """
    found = setup.run(_known(setup, number))
    if found and not yes:
        name = f"#{number} {found.name}"
        click.confirm(f"Erase {name} and all that is known of them, for good?", abort=True)
    erased = setup.run(_erase(setup, number))
    if as_json:
        show_json({"erased": erased})
    elif erased:
        click.echo(f"Member #{number} is erased.")
    if not erased:
        raise click.ClickException(f"there is no member #{number}; muster members list shows them")


async def _listed(setup: Setup, search: str, limit: int) -> list[Member]:
    async with setup.app() as app:
        directory = _directory(app)
        if not search:
            return await _newest(directory, limit)
        exact = await directory.exactly(search, _gateways(app))
        named = (await directory.search(search, limit=limit)).members
        known = {member.number for member in exact}
        return [*exact, *(m for m in named if m.number not in known)][:limit]


async def _newest(directory: Directory, limit: int) -> list[Member]:
    """The newest members; a page is short where numbers belong to nobody any more."""
    found: list[Member] = []
    page = await directory.newest(limit=limit)
    found += page.members
    while page.next and len(found) < limit:
        page = await directory.newest(page.next, limit)
        found += page.members
    return found[:limit]


async def _shown(setup: Setup, number: int) -> dict[str, Any]:
    async with setup.app() as app:
        member = await app.members.member(number)
        if member is None:
            what = f"there is no member #{number}; muster members list shows them"
            raise click.ClickException(what)
        directory = _directory(app)
        groups = await directory.groups_of(number)
        timeline = await app.journal.timeline(number, limit=RECENT)
        return {
            **member.model_dump(),
            "groups": [
                {"number": g.number, "name": g.name or g.conversation.group, "joined": joined}
                for g, joined in groups
            ],
            "tags": await directory.tags_of(number),
            "timeline": [entry.model_dump(exclude_defaults=True) for entry in timeline],
        }


async def _known(setup: Setup, number: int) -> Member | None:
    async with setup.app() as app:
        return await app.members.member(number)


async def _erase(setup: Setup, number: int) -> bool:
    async with setup.app() as app:
        erasure = Erasure(app.store, app.members, of_hit=of_hit(app.rooms.links))
        return await erasure.erase_member(number, "command line")


def _directory(app: App) -> Directory:
    return Directory(app.store, app.members, app.facts)


def _gateways(app: App) -> list[str]:
    return ["sandbox", "demo", *app.config.gateways]
