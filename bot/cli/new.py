"""``muster new``: writes a working start for something of your own."""

from __future__ import annotations

from pathlib import Path

import click

from bot.cli.main import cli

HANDLER = '''"""{title}: what this handler does, in one sentence."""

from bot import Context, Router

router = Router("{name}")


@router.keyword("{name}", help="Says hello.")
async def {name}(ctx: Context) -> None:
    await ctx.reply("你好 {{{{ member.name }}}}")
'''

TEST = '''"""{title}, as members meet it."""

from bot.testing import Community


async def test_who_asks_is_answered() -> None:
    async with Community('handlers = ["{name}"]') as community:
        ming = community.member("u1", "小明")
        await ming.says("{name}")
        await ming.expects("你好 小明")
'''


@cli.group()
def new() -> None:
    """Write a working start for something of your own."""


@new.command()
@click.argument("name")
@click.option("--folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
def handler(name: str, folder: Path) -> None:
    """Write a handler and its test.

    Example: muster new handler opening_hours
    """
    if not name.isidentifier() or not name.islower():
        raise click.UsageError(f"{name!r}: expected a lower-case name such as opening_hours")
    title = name.replace("_", " ").capitalize()
    files = {folder / f"{name}.py": HANDLER, folder / f"test_{name}.py": TEST}
    for path in files:
        if path.exists():
            raise click.ClickException(f"{path} exists already; nothing was written")
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        path.write_text(text.format(name=name, title=title), encoding="utf-8")
        click.echo(f"wrote {path}")
    click.echo(
        f'Name it in config.toml: handlers = ["handlers", "{name}"]; try: pytest test_{name}.py'
    )
