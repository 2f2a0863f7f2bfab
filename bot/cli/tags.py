"""``muster tags``: what there is, giving and taking for many, and undoing that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click

from bot.app import App
from bot.cli.main import Setup, cli, show_json
from bot.clock import millis
from bot.settings.kinds import duration_seconds, duration_text
from bot.tags.application import Application
from bot.tags.parts import PARTS, Choice, Parted, said

BY = "the command line"

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@cli.group()
def tags() -> None:
    """Tags: who has which, and giving them to many.

    Example: muster tags apply regular --in group:sandbox/tea --in group:sandbox/run --part all
    """


@tags.command("list")
@as_json_option
@click.pass_obj
def list_tags(setup: Setup, as_json: bool) -> None:
    """List the tags with their groups and how many members have each.

    Example: muster tags list
    """

    async def work(app: App) -> list[dict[str, Any]]:
        registry = app.rooms.tags.registry
        every = await registry.all()
        counts = await registry.counts(tag.name for tag in every)
        return [{**tag.model_dump(), "members": counts[tag.name]} for tag in every]

    found: list[dict[str, Any]] = _run(setup, work)
    if as_json:
        show_json(found)
        return
    for row in found:
        lasts = f"lasts {duration_text(row['lasts'])}" if row["lasts"] else ""
        told = "  ".join(filter(None, (row["group"], lasts, row["description"])))
        click.echo(f"{row['name']:<20} {row['members']:>9,}  {told}".rstrip())
    if not found:
        click.echo("No tag yet. Whoever gives one makes it.")


@tags.command("apply")
@click.argument("tag")
@click.option("--in", "chosen", multiple=True, help="A group or any audience; may be repeated.")
@click.option("--list", "listed", type=click.File(encoding="utf-8-sig"), help="A list or CSV file.")
@click.option("--part", type=click.Choice(PARTS), required=True, help="In all, some or none.")
@click.option("--at", help='Who was in the groups then, such as "2026-11-01 00:00".')
@click.option("--within", default="everyone", show_default=True, help="Only these members.")
@click.option("--take", is_flag=True, help="Take the tag away instead.")
@click.option("--lasts", help="How long it lasts, such as 30d; else as the tag says.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json_option
@click.pass_obj
def apply_tag(
    setup: Setup,
    tag: str,
    chosen: tuple[str, ...],
    listed: Any,
    part: str,
    at: str | None,
    within: str,
    take: bool,
    lasts: str | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Give TAG to who is in all, in some (but not all) or in none of what is chosen.

    Example: muster tags apply came-once --in group:sandbox/tea --at 2026-11-01 --part all
    """
    choice = Choice(chosen, listed.read() if listed else "", _moment(setup, at), within)
    kept = None if lasts is None else int(_seconds(lasts) * 1000)
    name = next(one for one in PARTS if one == part)
    found: Parted = _run(setup, lambda app: app.rooms.tags.parting.of(choice))
    counts, verb = found.counts(), "Take" if take else "Give"
    if not as_json:
        for one, count in counts.items():
            click.echo(f"in {one:<5} {count:>10,}", err=True)
        for line, text in (found.listed.unknown if found.listed else ())[:10]:
            click.echo(f"line {line}: nobody is called {text[:40]!r}", err=True)
        if choice.at is not None and found.exact_from > choice.at:
            click.echo("Who left before comings and goings were kept is missing.", err=True)
    if not yes:
        target = f"{counts[name]:,} members"
        click.confirm(f"{verb} {tag} {'from' if take else 'to'} {target}?", abort=True, err=True)

    async def work(app: App) -> dict[str, Any]:
        one = await app.rooms.tags.applications.begin(
            *(tag, found.part(name), BY),
            gives=not take,
            part=part,
            what=said(choice),
            lasts=kept,
        )
        return await _watch(app, one, quiet=as_json)

    _show({**_run(setup, work), "parts": counts}, as_json)


@tags.command("undo")
@click.argument("application")
@as_json_option
@click.pass_obj
def undo_application(setup: Setup, application: str, as_json: bool) -> None:
    """Take back what an APPLICATION (its number) changed and nobody changed since.

    Example: muster tags undo 3
    """

    async def work(app: App) -> dict[str, Any]:
        one = await app.rooms.tags.applications.undo(application, BY)
        return await _watch(app, one, quiet=as_json)

    _show(_run(setup, work), as_json)


@tags.command("applied")
@as_json_option
@click.pass_obj
def list_applications(setup: Setup, as_json: bool) -> None:
    """List what was applied lately.

    Example: muster tags applied
    """

    async def work(app: App) -> list[dict[str, Any]]:
        room = app.rooms.tags.applications
        return [_row(one, await room.progress(one)) for one in await room.all()]

    found: list[dict[str, Any]] = _run(setup, work)
    if as_json:
        show_json(found)
        return
    for row in found:
        sign = "+" if row["gives"] else "-"
        click.echo(f"{row['id']:>4} {sign}{row['tag']:<20} {row['changed']:>9,}  {row['state']}")
        click.echo(f"     {row['part']}: {row['what']}")
    if not found:
        click.echo("Nothing was applied yet.")


async def _watch(app: App, one: Application, *, quiet: bool) -> dict[str, Any]:
    """Do it here, with a bar; a running bot may help."""
    room = app.rooms.tags.applications
    total = (await room.progress(one)).total
    with click.progressbar(length=total, label=one.tag, hidden=quiet) as bar:
        while one.state in ("doing", "undoing"):
            await room.tick()
            one = await room.get(one.id) or one
            bar.update((await room.progress(one)).looked - bar.pos)
    return _row(one, await room.progress(one))


def _row(one: Application, progress: Any) -> dict[str, Any]:
    return {**one.model_dump(), **progress.model_dump(exclude={"total"})}


def _show(row: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show_json(row)
    elif row["state"] == "undone":
        click.echo(f"{row['undone']:,} members are as they were.")
    else:
        click.echo(f"{row['changed']:,} members changed. To undo: muster tags undo {row['id']}")


def _moment(setup: Setup, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("expected a time such as 2026-11-01 20:00") from None
    return millis(found if found.tzinfo else found.replace(tzinfo=ZoneInfo(setup.config.timezone)))


def _seconds(text: str) -> float:
    try:
        return duration_seconds(text)
    except ValueError:
        raise click.BadParameter("expected a time such as 30d") from None


def _run(setup: Setup, work: Callable[[App], Awaitable[Any]]) -> Any:
    async def opened() -> Any:
        async with setup.app() as app:
            return await work(app)

    return setup.run(opened())
