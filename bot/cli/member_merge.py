"""``muster members merge`` and ``split``: one person with several accounts, or two after all."""

from __future__ import annotations

import click

from bot.cli.main import Setup, show_json
from bot.cli.members import members
from bot.members.merge_preview import Preview
from bot.members.merging import CannotMerge, Merge

BY = "command line"


@members.command("merge")
@click.argument("one", type=click.IntRange(min=1))
@click.argument("other", type=click.IntRange(min=1))
@click.option("--why", default="", help="Why they are one person; kept with the merge.")
@click.option(
    "--choose",
    multiple=True,
    metavar="NAME=VALUE",
    help="The value of an attribute that both have; else the lower number's holds.",
)
@click.option("--dry-run", is_flag=True, help="Only say what it would make.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def merge_members(
    setup: Setup,
    one: int,
    other: int,
    why: str,
    choose: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Make one member of ONE and OTHER, who are the same person; the lower number stays.

    Example: muster members merge 12 57 --why "the same phone"
    """
    chosen = dict(_chosen(text) for text in choose)
    if dry_run or not yes:
        preview = setup.run(_preview(setup, one, other))
        if not as_json:
            _tell(preview)
        elif dry_run:
            show_json(
                {
                    "survivor": preview.survivor.number,
                    "former": preview.other.number,
                    "conflicts": {c.name: [c.ours, c.theirs] for c in preview.conflicts},
                    "tags": preview.tags,
                    "groups": [group.number for group in preview.groups],
                }
            )
    if dry_run:
        return
    if not yes:
        click.confirm("Merge them?", abort=True)
    made = setup.run(_merge(setup, one, other, why, chosen))
    if as_json:
        show_json(made.model_dump())
    else:
        click.echo(f"#{made.former} is #{made.survivor} now.")


@members.command("split")
@click.argument("former", type=click.IntRange(min=1))
@click.option("--why", default="", help="Why; kept in the journal.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def split_members(setup: Setup, former: int, why: str, as_json: bool) -> None:
    """Give the number FORMER, merged with another, its accounts back and what they brought.

    What was done while they were one stays with the other. Example: muster members split 57
    """
    survivor = setup.run(_split(setup, former, why))
    if as_json:
        show_json({"former": former, "survivor": survivor})
    else:
        click.echo(f"#{former} and #{survivor} are two members again.")


def _chosen(text: str) -> tuple[str, str]:
    name, found, value = text.partition("=")
    if not found:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE, such as city=Shanghai")
    return name, value


def _tell(preview: Preview) -> None:
    click.echo(f"#{preview.other.number} {preview.other.name or '–'} would be merged into")
    click.echo(f"#{preview.survivor.number} {preview.survivor.name or '–'}, who gets:")
    for gateway, ident in preview.other.every:
        click.echo(f"  account {gateway}/{ident}")
    for name, value in preview.attributes.items():
        click.echo(f"  attribute {name}: {value}")
    for conflict in preview.conflicts:
        click.echo(f"  attribute {conflict.name}: {conflict.ours} or {conflict.theirs} (--choose)")
    for tag in preview.tags:
        click.echo(f"  tag {tag}")
    for group in preview.groups:
        click.echo(f"  group {group.name or group.conversation.group}")


async def _preview(setup: Setup, one: int, other: int) -> Preview:
    async with setup.app() as app:
        try:
            return await app.rooms.merging.preview(one, other)
        except CannotMerge as error:
            raise click.ClickException(str(error)) from None


async def _merge(setup: Setup, one: int, other: int, why: str, chosen: dict[str, str]) -> Merge:
    async with setup.app() as app:
        try:
            return await app.rooms.merging.merge(one, other, BY, why, chosen)
        except CannotMerge as error:
            raise click.ClickException(str(error)) from None


async def _split(setup: Setup, former: int, why: str) -> int:
    async with setup.app() as app:
        try:
            return await app.rooms.merging.split(former, BY, why)
        except CannotMerge as error:
            raise click.ClickException(str(error)) from None
