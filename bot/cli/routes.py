"""``muster routes``: which keyword route a text leads to, and why."""

from __future__ import annotations

import click

from bot.cli.main import Setup, cli, show_json
from bot.i18n import Translator
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

    Example: muster routes explain "我想进护肤群"
    """
    config = setup.config
    found = Table(config.routes).explain(text, None)
    translator = Translator()

    def translate(words: str) -> str:
        return translator.translate(config.language, words)

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
