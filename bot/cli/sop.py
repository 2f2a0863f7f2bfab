"""``muster sop``: SOPs started, paused, resumed, stopped and looked at from the command line."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import click

from bot.app import App
from bot.cli.main import Setup, cli, show_json
from bot.clock import utc
from bot.sop.faults import NoSuchSop, WrongState
from bot.sop.foresight.preview import Upcoming
from bot.sop.outcomes.results import Run
from bot.sop.record import Sop
from bot.sop.sops import Sops

BY = "the command line"
FORMS = 'everyone, all-groups, group:sandbox/tea, "tag:vip and not active:7d"'
RUNS = 20
PROPOSED = "Proposal {proposal} waits for another operator to approve it, at /sops/approvals."

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@cli.group()
def sop() -> None:
    """SOPs: start one from a template, pause, resume or stop it, see what went and what comes.

    Example: muster sop start weekly_tips --audience all-groups
    """


@sop.command("list")
@as_json_option
@click.pass_obj
def list_sops(setup: Setup, as_json: bool) -> None:
    """List SOPs, the last started first, and the templates one can be started from.

    Example: muster sop list
    """
    found = work_on(setup, _listed)
    if as_json:
        show_json(found)
        return
    for row in found["sops"]:
        click.echo(f"{row['id']:<24} {row['state']:<9} {row['audience']:<28} {row['title']}")
    if not found["sops"]:
        click.echo("No SOP yet. Example: muster sop start weekly_tips --audience all-groups")
    click.echo(f"templates: {', '.join(found['templates']) or 'none'}")


@sop.command()
@click.argument("template")
@click.option("--audience", required=True, help=f"Who it is for: {FORMS}.")
@click.option("--set", "values", multiple=True, metavar="KEY=VALUE", help="A parameter's value.")
@click.option("--name", default="", help="What it is called, else as its template.")
@as_json_option
@click.pass_obj
def start(
    setup: Setup, template: str, audience: str, values: tuple[str, ...], name: str, as_json: bool
) -> None:
    """Start TEMPLATE for an audience; where the settings ask for approval, propose it.

    Example: muster sop start announcement --audience group:sandbox/tea --set text="Tea at three"
    """
    parameters = given(values)

    async def work(app: App) -> dict[str, Any]:
        sops = app.rooms.sops
        proposals = app.rooms.proposals
        if proposals.required:
            asked = await proposals.start(template, audience, BY, parameters, name=name)
            return {"proposal": asked.id}
        return await row_of(sops, await sops.start(template, audience, BY, parameters, name=name))

    found = work_on(setup, work)
    tell(found, as_json, PROPOSED if "proposal" in found else "{id} is started.")


@sop.command()
@click.argument("name")
@as_json_option
@click.pass_obj
def pause(setup: Setup, name: str, as_json: bool) -> None:
    """Send nothing more of the SOP NAME for now.

    Example: muster sop pause weekly_tips
    """
    tell(_switch(setup, name, lambda sops: sops.pause), as_json, "{id} is paused.")


@sop.command()
@click.argument("name")
@as_json_option
@click.pass_obj
def resume(setup: Setup, name: str, as_json: bool) -> None:
    """Go on with the paused SOP NAME.

    Example: muster sop resume weekly_tips
    """
    tell(_switch(setup, name, lambda sops: sops.resume), as_json, "{id} goes on.")


@sop.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json_option
@click.pass_obj
def stop(setup: Setup, name: str, yes: bool, as_json: bool) -> None:
    """End the SOP NAME for good; what was planned and not sent is skipped.

    Example: muster sop stop weekly_tips
    """
    if not yes:
        found = work_on(setup, lambda app: app.rooms.sops.get(name))
        click.confirm(f"Stop {found.id} for good?", abort=True, err=True)
    tell(_switch(setup, name, lambda sops: sops.stop), as_json, "{id} is stopped.")


@sop.command()
@click.argument("name")
@as_json_option
@click.pass_obj
def show(setup: Setup, name: str, as_json: bool) -> None:
    """Show the SOP NAME: state, audience, parameters and the latest results.

    Example: muster sop show weekly_tips
    """
    found = work_on(setup, lambda app: _shown(app.rooms.sops, name))
    if as_json:
        show_json(found)
        return
    click.echo(f"{found['id']}: {found['title']}")
    click.echo(f"  {found['state']}, version {found['version']}, for {found['audience']}")
    for key, value in found["parameters"].items():
        click.echo(f"  {key} = {value}")
    for run in found["runs"]:
        ends = [f"{n} {what}" for what, n in run["ends"].items()] or ["nothing yet"]
        missed = ", missed" if run["missed"] else ""
        click.echo(f"  {run['id']}: {', '.join(ends)}{missed}")


@sop.command()
@click.option("--days", default=7, show_default=True, type=click.IntRange(1, 366))
@as_json_option
@click.pass_obj
def upcoming(setup: Setup, days: int, as_json: bool) -> None:
    """List what running SOPs will send in the next days.

    Example: muster sop upcoming --days 3
    """
    zone = ZoneInfo(setup.config.timezone)
    found: list[Upcoming] = work_on(setup, lambda app: app.rooms.preview.upcoming(days))
    if as_json:
        show_json([one.model_dump() for one in found])
        return
    for one in found:
        at = f"{utc(one.due).astimezone(zone):%Y-%m-%d %H:%M}"
        names = f": {', '.join(one.names)}" if one.names else ""
        more = " …" if one.count > len(one.names) > 0 else ""
        many = "" if one.count == 1 else "s"
        click.echo(f"{at}  {one.sop}/{one.step}  {one.count} {one.to}{many}{names}{more}")
    if not found:
        click.echo(f"Nothing is due within {days} days.")


async def _listed(app: App) -> dict[str, Any]:
    sops = app.rooms.sops
    rows = [await row_of(sops, one) for one in await sops.all()]
    return {"sops": rows, "templates": await sops.shelf.names()}


async def row_of(sops: Sops, one: Sop) -> dict[str, Any]:
    """A SOP as every verb prints it for programs."""
    version = await sops.version(one)
    return {
        "id": one.id,
        "title": one.title(sops.language),
        "template": one.identity.template,
        "state": one.state,
        "version": one.version,
        "audience": str(version.audience),
        "started": one.identity.started,
        "by": one.identity.by,
    }


async def _shown(sops: Sops, name: str) -> dict[str, Any]:
    one = await sops.get(name)
    version = await sops.version(one)
    runs = await sops.results.runs(one.id, 0, RUNS)
    return {
        **await row_of(sops, one),
        "parameters": version.parameters,
        "runs": [{"id": run.id, **run.model_dump(), "ends": _ends(run)} for run in runs],
    }


def _ends(run: Run) -> dict[str, int]:
    """How many targets ended how, without those of which there are none."""
    found = {
        "sent": run.sent,
        "waiting": run.waiting,
        "with staff": run.task,
        "failed": run.failed,
        "in doubt": run.in_doubt,
        **{f"skipped ({reason})": number for reason, number in run.skipped.items()},
    }
    return {what: number for what, number in found.items() if number}


def given(values: tuple[str, ...]) -> Mapping[str, str]:
    """The parameters of ``--set KEY=VALUE``; the last of a key counts."""
    found: dict[str, str] = {}
    for value in values:
        key, equals, rest = value.partition("=")
        if not equals or not key.strip():
            raise click.ClickException(f'--set {value!r}: expected KEY=VALUE, such as text="hello"')
        found[key.strip()] = rest
    return found


def _switch(
    setup: Setup, name: str, act: Callable[[Sops], Callable[[str, str], Awaitable[Sop]]]
) -> dict[str, Any]:
    async def work(app: App) -> dict[str, Any]:
        sops = app.rooms.sops
        return await row_of(sops, await act(sops)(name, BY))

    row: dict[str, Any] = work_on(setup, work)
    return row


def tell(row: dict[str, Any], as_json: bool, text: str) -> None:
    """Print what was done, for people or for programs."""
    if as_json:
        show_json(row)
    else:
        click.echo(text.format(**row))


def work_on(setup: Setup, work: Callable[[App], Awaitable[Any]]) -> Any:
    """Do it beside the bot or without it; what a manager can put right is told without more."""

    async def opened() -> Any:
        async with setup.app() as app:
            try:
                return await work(app)
            except (NoSuchSop, WrongState) as error:
                raise click.ClickException(str(error)) from None

    return setup.run(opened())
