"""``muster sop templates`` and ``muster sop import``: the templates SOPs are started from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from bot.app import App
from bot.cli.main import Setup, show_json
from bot.cli.sop import BY, as_json_option, sop, work_on
from bot.located import Place, Problem, Problems
from bot.sop.templates.words import spoken


@sop.group()
def templates() -> None:
    """Templates: list those there are, show one.

    Example: muster sop templates show birthday
    """


@templates.command("list")
@as_json_option
@click.pass_obj
def list_templates(setup: Setup, as_json: bool) -> None:
    """List the templates: the library's files and your own, with what they are for.

    Example: muster sop templates list
    """
    found: list[dict[str, Any]] = work_on(setup, _listed)
    if as_json:
        show_json(found)
        return
    for row in found:
        own = " (own)" if row["own"] else ""
        click.echo(f"{row['name']:<24} {row['title']}{own}")


@templates.command("show")
@click.argument("name")
@as_json_option
@click.pass_obj
def show_template(setup: Setup, name: str, as_json: bool) -> None:
    """Print the template NAME as its file stands; save it, change it, and import it again.

    Example: muster sop templates show birthday > my_birthday.toml
    """
    found = work_on(setup, lambda app: app.rooms.sops.shelf.find(name))
    if as_json:
        show_json(found.model_dump())
    else:
        click.echo(found.text, nl=False)


@sop.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--name", default="", help="What it is called, else as its file.")
@click.option("--replace", is_flag=True, help="Make it the newest version of the one there is.")
@as_json_option
@click.pass_obj
def import_template(setup: Setup, file: Path, name: str, replace: bool, as_json: bool) -> None:
    """Add the template FILE to your own; what is wrong with it is told line by line.

    Example: muster sop import my_birthday.toml
    """
    called = name or file.stem

    async def work(app: App) -> dict[str, Any]:
        shelf, text = app.rooms.sops.shelf, _text(file)
        keep = shelf.save if replace else shelf.add
        made = await keep(called, text, BY)
        return {"name": made.name, "version": made.version}

    done = work_on(setup, work)
    if as_json:
        show_json(done)
    else:
        click.echo(f"{done['name']} is version {done['version']}.")


async def _listed(app: App) -> list[dict[str, Any]]:
    shelf, language = app.rooms.sops.shelf, app.config.language
    own, rows = await shelf.own(), []
    for name in await shelf.names():
        template = await shelf.get(name)
        rows.append(
            {
                "name": name,
                "title": spoken(template.title, language),
                "notes": spoken(template.notes, language) if template.notes else "",
                "avoid": spoken(template.avoid, language) if template.avoid else "",
                "steps": len(template.step),
                "own": name in own,
            }
        )
    return rows


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise Problems([Problem(Place(str(file)), "", "expected text in UTF-8")]) from None
