"""``muster new``: writes a working start for something of your own."""

from __future__ import annotations

import keyword
import sys
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

TAKEN = {*sys.stdlib_module_names, "bot", "handlers"}
"""Modules that one of this name would stand before."""


@cli.group()
def new() -> None:
    """Write a working start for something of your own."""


@new.command()
@click.argument("name")
def handler(name: str) -> None:
    """Write a handler and its test into this folder.

    Example: muster new handler opening_hours
    """
    if not name.isidentifier() or not name.islower():
        raise click.UsageError(f"{name!r}: expected a lower-case name such as opening_hours")
    if keyword.iskeyword(name) or name in TAKEN:
        raise click.UsageError(f"{name}: Python has a module or word of this name; take another")
    title = name.replace("_", " ").capitalize()
    files = {Path(f"{name}.py"): HANDLER, Path(f"test_{name}.py"): TEST}
    for path in files:
        if path.exists():
            raise click.ClickException(f"{path} exists already; nothing was written")
    for path, text in files.items():
        path.write_text(text.format(name=name, title=title), encoding="utf-8")
        click.echo(f"wrote {path}")
    click.echo(f'Name it in config.toml: handlers = ["handlers", "{name}"]')
    click.echo(f"Try: {sys.executable} -m pytest -o asyncio_mode=auto test_{name}.py")
