"""``muster routes``: which keyword route a text leads to, and why."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import click

from bot.cli.main import Setup, cli, show_json
from bot.clock import Days, SystemClock
from bot.i18n import Translator
from bot.located import Problems
from bot.routes.conditions import conditions_of
from bot.routes.desk import check_routes
from bot.routes.lint import lint
from bot.routes.table import Table


@cli.group()
def routes() -> None:
    """Keyword routes: what members say, and the group it leads to."""


@routes.command()
@click.argument("text")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def explain(setup: Setup, text: str, as_json: bool) -> None:
    """Say which route wins for TEXT, and why the others lose.

    Whether their conditions hold is not looked at, only told.

    Example: muster routes explain "我想进护肤群"
    """
    config = setup.config
    table, translate = Table(config.routes, config.synonyms), _translator(setup)
    only = {fit.route.name: (*conditions_of(fit.route.when),) for fit in table.find(text)}
    found = table.explain(text, None, only=only)
    rows = [
        {"route": r.route, "word": r.word, "won": r.won, "why": r.text(translate)}
        for r in found.reasons
    ]
    if as_json:
        show_json({"text": text, "folded": found.folded, "routes": rows})
        return
    click.echo(translate("read as: {text}").format(text=found.folded))
    for row in rows:
        click.echo(f"{'→' if row['won'] else ' '} {row['route']}: {row['why']}")
    if not rows:
        click.echo(translate("no route fits"))


@routes.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def check(setup: Setup, as_json: bool) -> None:
    """Say which routes of the configuration get in each other's way; exit code 1 when some do."""
    config = setup.config
    if problems := check_routes(config, None):
        raise Problems(problems)
    table, translate = Table(config.routes, config.synonyms), _translator(setup)
    today = Days(config.timezone).of(SystemClock().now())
    found = [(one.routes, one.message.said(translate)) for one in lint(table, today)]
    if as_json:
        show_json([{"routes": names, "message": said} for names, said in found])
    else:
        for names, said in found:
            click.echo(f"{names[0]}: {said}")
        if not found:
            click.echo(translate("nothing to look at"))
    if found:
        raise SystemExit(1)


def _translator(setup: Setup) -> Callable[[str], str]:
    return partial(Translator().translate, setup.config.language)
