"""``muster sop edit``: a SOP changed, with everything it changes shown before it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from bot.app import App
from bot.cli.main import Setup, show_json
from bot.cli.sop import BY, FORMS, PROPOSED, as_json_option, given, row_of, sop, work_on
from bot.cli.sop_difference import lines, summary
from bot.located import Place, Problem, Problems, nearest
from bot.sop.changes.difference import Difference, Differences
from bot.sop.faults import WrongState
from bot.sop.record import Version
from bot.sop.sops import Sops
from bot.sop.templates.template import Template


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be other than it is; None and nothing mean as it is."""

    name: str
    audience: str | None
    values: Mapping[str, str]
    file: Path | None
    stay: bool
    catch_up: tuple[str, ...]


@sop.command()
@click.argument("name")
@click.option("--audience", help=f"Who it is for from now on: {FORMS}.")
@click.option("--set", "values", multiple=True, metavar="KEY=VALUE", help="A parameter's value.")
@click.option(
    "--template",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The template as it is to be, with the same anchor.",
)
@click.option(
    "--stay/--move",
    default=False,
    help="Those who got a step go on with their version, or (usual) follow the new one.",
)
@click.option(
    "--catch-up", multiple=True, metavar="STEP", help="Also for those past this new step."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@as_json_option
@click.pass_obj
def edit(
    setup: Setup,
    name: str,
    audience: str | None,
    values: tuple[str, ...],
    file: Path | None,
    stay: bool,
    catch_up: tuple[str, ...],
    yes: bool,
    as_json: bool,
) -> None:
    """Change the running or paused SOP NAME; what changes, and for whom, is shown first.

    Example: muster sop edit weekly_tips --audience "tag:vip" --set monday="Hello"
    """
    if audience is None and not values and file is None:
        raise click.UsageError("nothing to change: give --audience, --set or --template")
    wish = Wish(name, audience, given(values), file, stay, catch_up)
    base, found = work_on(setup, lambda app: _compared(app, wish))
    if not as_json:
        for line in lines(found, stay=stay, catch_up=catch_up):
            click.echo(line)
    if not yes:
        click.confirm(f"Change {name}?", abort=True, err=True)
    done = work_on(setup, lambda app: _done(app, wish, base))
    if as_json:
        show_json({**done, "changes": summary(found)})
    else:
        click.echo(
            (PROPOSED if "proposal" in done else "{id} is version {version} now.").format(**done)
        )


async def _compared(app: App, wish: Wish) -> tuple[int, Difference]:
    """The version it is, and what the wish makes of it."""
    sops = app.rooms.sops
    found = await sops.get(wish.name)
    template, parameters = await _wished(sops, wish, await sops.version(found))
    new = await sops.revised(found, BY, template, wish.audience, parameters)
    steps = [step.id for step in new.template.step]
    if unknown := [one for one in wish.catch_up if one not in steps]:
        hint = nearest(unknown[0], steps)
        raise Problems([Problem(Place("--catch-up"), unknown[0], "there is no such step", hint)])
    return found.version, await Differences(sops, app.rooms.preview).edit(found, new)


async def _done(app: App, wish: Wish, base: int) -> dict[str, Any]:
    """Do it, or propose it where the settings ask for approval; only as it was shown."""
    sops = app.rooms.sops
    found = await sops.get(wish.name)
    if found.version != base:
        raise WrongState(f'"{wish.name}" was changed by somebody else just now')
    template, parameters = await _wished(sops, wish, await sops.version(found))
    options: dict[str, Any] = {
        "template": template,
        "audience": wish.audience,
        "parameters": parameters,
        "stay": wish.stay,
        "catch_up": wish.catch_up,
    }
    proposals = app.rooms.proposals
    if proposals.required:
        return {"proposal": (await proposals.edit(wish.name, BY, **options)).id}
    return await row_of(sops, await sops.edit(wish.name, BY, **options))


async def _wished(
    sops: Sops, wish: Wish, old: Version
) -> tuple[Template | None, dict[str, object] | None]:
    """The new template, if there is one, and the old values with the new ones over them."""
    template = sops.library.read(wish.file) if wish.file else None
    known = (template or old.template).parameters
    kept: dict[str, object] = {key: old.parameters[key] for key in old.parameters if key in known}
    return template, {**kept, **wish.values}
