"""``muster segments``: audiences saved under a name, read aloud and counted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import click

from bot.app import App
from bot.audience.algebra import place_of
from bot.audience.audience import Audience
from bot.audience.reading import Reading, Target
from bot.audience.segments import Segment, SegmentInUse
from bot.cli.main import Setup, cli, show_json
from bot.located import Problems, nearest
from bot.sop.changes.segment_use import SegmentUse

BY = "the command line"

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@cli.group()
def segments() -> None:
    """Segments: audiences saved under a name, to use in others as segment:NAME.

    Example: muster segments save regulars "checked-in:daily/7d and not tag:staff"
    """


@segments.command("list")
@as_json_option
@click.pass_obj
def list_segments(setup: Setup, as_json: bool) -> None:
    """List the segments: who they are, how many, and where they are used.

    Example: muster segments list
    """

    async def work(app: App) -> list[dict[str, Any]]:
        return [await _row(app, one) for one in await app.rooms.segments.all()]

    found: list[dict[str, Any]] = _run(setup, work)
    if as_json:
        show_json(found)
        return
    for row in found:
        click.echo(f"{row['name']:<20} {_counted(row['count'])}  {row['reading']}")
    if not found:
        click.echo('No segment yet. Example: muster segments save regulars "active:7d"')


@segments.command("show")
@click.argument("name")
@as_json_option
@click.pass_obj
def show_segment(setup: Setup, name: str, as_json: bool) -> None:
    """Show the segment NAME.

    Example: muster segments show regulars
    """

    async def work(app: App) -> dict[str, Any]:
        return await _row(app, await _found(app, name))

    row = _run(setup, work)
    if as_json:
        show_json(row)
        return
    click.echo(f"{row['name']}: {row['audience']}")
    click.echo(f"  {row['reading']}")
    click.echo(f"  {_counted(row['count'])}")
    click.echo(f"  used by {', '.join(row['used']) or 'nobody'}")


@segments.command("save")
@click.argument("name")
@click.argument("expression")
@as_json_option
@click.pass_obj
def save_segment(setup: Setup, name: str, expression: str, as_json: bool) -> None:
    """Save EXPRESSION as the segment NAME; one of that name is replaced, wherever it is used.

    Example: muster segments save regulars "checked-in:daily/7d and not tag:staff"
    """

    async def work(app: App) -> dict[str, Any]:
        await _read(app, expression, "member")
        return await _row(app, await app.rooms.segments.save(name, expression, BY))

    row = _run(setup, work)
    if as_json:
        show_json(row)
    else:
        click.echo(f"{row['name']}: {row['reading']}; {_counted(row['count'])}.")


@segments.command("delete")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json_option
@click.pass_obj
def delete_segment(setup: Setup, name: str, yes: bool, as_json: bool) -> None:
    """Delete the segment NAME, unless a SOP or another segment uses it.

    Example: muster segments delete regulars
    """

    async def check(app: App) -> None:
        await _found(app, name)
        if uses := await _use(app).of(name):
            raise SegmentInUse(f'"{name}" is used by {", ".join(uses.names)}')

    _run(setup, check)
    if not yes:
        click.confirm(f"Delete the segment {name}?", abort=True, err=True)
    deleted = _run(setup, lambda app: _use(app).delete(name, BY))
    if as_json:
        show_json({"deleted": deleted})
    else:
        click.echo(f"{name} is deleted.")


@segments.command("count")
@click.argument("expression")
@click.option("--to", type=click.Choice(["member", "group"]), default="member", show_default=True)
@as_json_option
@click.pass_obj
def count_audience(setup: Setup, expression: str, to: str, as_json: bool) -> None:
    """Count the members or groups an EXPRESSION means now, and say in words who they are.

    Example: muster segments count "tag:vip and not active:7d"
    """
    row = _run(setup, lambda app: _read(app, expression, to))
    if as_json:
        show_json(row)
    else:
        click.echo(f"{row['reading']}: {_counted(row['count'], to)}")


async def _read(app: App, expression: str, to: str) -> dict[str, Any]:
    """An expression in words and numbers; raises Problems."""
    target: Target = "group" if to == "group" else "member"
    audience = Audience.parse(expression)
    if problems := await app.rooms.algebra.check(audience, target):
        raise Problems(problems)
    return {
        "audience": str(audience),
        "reading": (await _reading(app)).of(audience, target),
        "count": await app.rooms.sops.roster.count(audience, target),
    }


async def _row(app: App, one: Segment) -> dict[str, Any]:
    """A segment with its reading, count and users; no count where it cannot be told now."""
    try:
        count = await app.rooms.algebra.count(one.audience)
    except Problems:
        count = None
    uses = await _use(app).of(one.name)
    return {
        "name": one.name,
        "audience": str(one.audience),
        "reading": (await _reading(app)).of(one.audience),
        "count": count,
        "used": uses.names,
        "by": one.by,
        "at": one.at,
    }


async def _found(app: App, name: str) -> Segment:
    found = await app.rooms.segments.get(name)
    if found is None:
        hint = nearest(name, await app.rooms.segments.names())
        raise click.ClickException(f'there is no segment "{name}"' + (f"; {hint}" if hint else ""))
    return found


def _use(app: App) -> SegmentUse:
    return SegmentUse(app.rooms.sops, app.rooms.segments)


async def _reading(app: App) -> Reading:
    groups = await app.members.groups()
    return Reading(str, {place_of(one): one.name for one in groups if one.name})


def _counted(count: int | None, to: str = "member") -> str:
    if count is None:
        return "cannot be counted"
    return f"{count:,} {to}" + ("" if count == 1 else "s")


def _run(setup: Setup, work: Callable[[App], Awaitable[Any]]) -> Any:
    async def opened() -> Any:
        async with setup.app() as app:
            try:
                return await work(app)
            except SegmentInUse as error:
                raise click.ClickException(str(error)) from None

    return setup.run(opened())
