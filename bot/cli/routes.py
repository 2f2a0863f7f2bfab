"""``muster routes``: which keyword route a text leads to, and why."""

from __future__ import annotations

import click

from bot.cli.main import Setup, cli, show_json
from bot.clock import Days, SystemClock
from bot.located import Problems
from bot.routes.conditions import conditions_of
from bot.routes.desk import check_routes
from bot.routes.lint import Caution, lint
from bot.routes.table import Table


@cli.group()
def routes() -> None:
    """Keyword routes: what members say, and the group it leads to."""


@routes.command()
@click.argument("text")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def explain(setup: Setup, text: str, as_json: bool) -> None:
    """Say which route of the configuration wins for TEXT, and why the others lose.

    Whether their conditions hold is not looked at, only told.

    Example: muster routes explain "我想进护肤群"
    """
    config = setup.config
    table = Table(config.routes, config.synonyms)
    only = {fit.route.name: (*conditions_of(fit.route.when),) for fit in table.find(text)}
    found = table.explain(text, None, only=only)
    rows = [
        {"route": r.route, "word": r.word, "won": r.won, "why": r.text(str)} for r in found.reasons
    ]
    if as_json:
        show_json({"text": text, "folded": found.folded, "routes": rows})
        return
    click.echo(f"read as: {found.folded}")
    for row in rows:
        click.echo(f"{'→' if row['won'] else ' '} {row['route']}: {row['why']}")
    if not rows:
        click.echo("no route fits")


@routes.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def check(setup: Setup, as_json: bool) -> None:
    """Say which routes of the configuration get in each other's way; exit code 1 when some do."""
    config = setup.config
    if problems := check_routes(config, None):
        raise Problems(problems)
    table = Table(config.routes, config.synonyms)
    today = Days(config.timezone).of(SystemClock().now())
    _show(lint(table, today), as_json)


@routes.command("lint")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def lint_all(setup: Setup, as_json: bool) -> None:
    """The same for all routes, also those of the console, and for what they name in the store.

    That is audiences, segments and the attributes that are declared. Exit code 1 when there is
    something to look at.
    """
    _show(setup.run(_cautions(setup)), as_json)


async def _cautions(setup: Setup) -> list[Caution]:
    async with setup.app() as app:
        return await app.rooms.routes.cautions()


def _show(cautions: list[Caution], as_json: bool) -> None:
    found = [(one.routes, one.message.said(str)) for one in cautions]
    if as_json:
        show_json([{"routes": names, "message": said} for names, said in found])
    else:
        for names, said in found:
            click.echo(f"{names[0]}: {said}")
        if not found:
            click.echo("nothing to look at")
    if found:
        raise SystemExit(1)
