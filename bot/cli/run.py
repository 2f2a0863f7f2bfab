"""``muster run``: everything in one process, until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import sys

import click

from bot import starter
from bot.app import App
from bot.cli.main import Setup, cli
from bot.log import configure
from bot.process import collect_rarely
from bot.server import PortTaken, Server
from bot.surface.surface import Surface


@cli.command()
@click.pass_obj
def run(setup: Setup) -> None:
    """Run the bot, its console, its sandbox and its links.

    Example: muster run
    """
    settings = setup.config.log
    configure(settings.level, settings.format, sys.stderr)
    collect_rarely()
    setup.run(serve(setup))


async def serve(setup: Setup) -> None:
    """Start everything, say where it is, and stop cleanly on SIGINT or SIGTERM."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with App(setup.config, setup.clock, setup.random) as app:
        surface = Surface(app)
        try:
            async with Server(app, surface.routes()) as server:
                await surface.start(server.port)
                if setup.is_starter:
                    await starter.begin(app)
                await greet(app, surface, server.port)
                await stop.wait()
                click.echo("\nStopping: finishing what is in hand …")
                await surface.stop()
        except PortTaken as error:
            raise click.ClickException(str(error)) from None
    click.echo("Stopped. Everything is kept.")


async def greet(app: App, surface: Surface, port: int) -> None:
    """Say where things are, and the first admin's password, once."""
    base = app.config.web.local_url(port)
    click.echo("Muster is running.")
    click.echo(f"  Console   {base}/")
    if app.config.sandbox.enabled:
        click.echo(f"  Sandbox   {base}/sandbox")
    click.echo(f"  Links     {app.config.web.url(port)}/l/…")
    password = await surface.first_password()
    if password:
        click.echo(f"  Sign in   admin / {password}   (shown this once; you choose your own next)")
    click.echo("  Ctrl-C stops it; starting again remembers everything.")
