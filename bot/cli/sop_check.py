"""``muster sop check``: a template file checked alone, or a plan checked on the real roster."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from bot.app import App
from bot.cli.main import Setup, show_json
from bot.cli.sop import BY, FORMS, as_json_option, given, sop, work_on
from bot.figures.texts import FUNCTIONS as REPORTS
from bot.located import Problems
from bot.routing.template import Templates
from bot.routing.writer import SEGMENTS
from bot.sop.check import Finding
from bot.sop.templates.library import Library
from bot.sop.templates.template import Template

FUNCTIONS = SEGMENTS | {"link", *REPORTS}
VARIABLES = ("workspace", "timezone", "language")
"""What every text may use, known without a store."""


@sop.command()
@click.argument("what", metavar="FILE|NAME")
@click.option("--audience", default="", help=f"Whom it would be for: {FORMS}.")
@click.option("--set", "values", multiple=True, metavar="KEY=VALUE", help="A parameter's value.")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 366))
@click.option("--links/--no-links", default=True, help="Whether links' servers are asked.")
@as_json_option
@click.pass_obj
def check(
    setup: Setup,
    what: str,
    audience: str,
    values: tuple[str, ...],
    days: int,
    links: bool,
    as_json: bool,
) -> None:
    """Check a template FILE line by line, or what a plan would do; errors give exit code 1.

    With --audience the template, a FILE or the NAME of one, is checked on the real roster beside
    the SOPs that run. The NAME of a SOP checks what it goes on to do.

    Example: muster sop check sop_templates/weekly_tips.toml --audience all-groups
    """
    template = _read(Path(what), as_json) if Path(what).is_file() else None
    if template is not None and not audience:
        steps = [step.id for step in template.step]
        if as_json:
            show_json({"problems": [], "steps": steps})
        else:
            click.echo(f"{what}: nothing is wrong; steps {', '.join(steps)}")
        return
    parameters = given(values)

    async def work(app: App) -> list[Finding]:
        try:
            return await _found(app, template or what, audience, parameters, days, links)
        finally:
            await app.rooms.probe.close()

    _show(work_on(setup, work), as_json)


def _read(file: Path, as_json: bool) -> Template:
    """A template from a file alone; its problems end the command."""
    try:
        return Library(file.parent, Templates(), FUNCTIONS, VARIABLES).read(file)
    except Problems as found:
        problems = [str(problem) for problem in found.problems]
    if as_json:
        show_json({"problems": problems, "steps": []})
    for problem in problems if not as_json else ():
        click.echo(problem, err=True)
    raise SystemExit(1)


async def _found(
    app: App,
    what: Template | str,
    audience: str,
    parameters: Mapping[str, str],
    days: int,
    links: bool,
) -> list[Finding]:
    rooms, now = app.rooms, app.clock.now()
    if isinstance(what, str) and not audience:
        one = await rooms.sops.get(what)
        version = await rooms.sops.version(one)
        return await rooms.plan_check.check(version, sop=one, days=days, links=links)
    template = await rooms.sops.shelf.get(what) if isinstance(what, str) else what
    version = await rooms.sops.drafts.version(1, template, audience, parameters, BY, None, now)
    return await rooms.plan_check.check(version, days=days, links=links)


def _show(findings: list[Finding], as_json: bool) -> None:
    errors = sum(one.severity == "error" for one in findings)
    if as_json:
        show_json([_row(one) for one in findings])
    else:
        for one in findings:
            place = one.place
            where = "/".join(part for part in (place.step, place.key) if part)
            target = f" [{place.target}]" if place.target else ""
            click.echo(f"{one.severity:<8} {where}{target}: {one.message}")
            if one.fix:
                click.echo(f"{'':<8} {one.fix.title}")
        if not findings:
            click.echo("Nothing is wrong with this plan.")
    if errors:
        raise SystemExit(1)


def _row(one: Finding) -> dict[str, Any]:
    return {
        "severity": one.severity,
        **one.place.model_dump(),
        "message": str(one.message),
        "fix": str(one.fix.title) if one.fix else None,
    }
