"""``muster config``: the reference of every setting."""

from __future__ import annotations

import click

from bot.cli.config_docs import reference
from bot.cli.main import cli


@cli.group()
def config() -> None:
    """The configuration."""


@config.command("reference")
def show() -> None:
    """Print the reference of every setting, as docs/configuration.md has it.

    Example: muster config reference
    """
    click.echo(reference(), nl=False)
