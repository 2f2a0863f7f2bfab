"""``muster demo``: two weeks of plausible history, for somebody who is looking."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable

import click

from bot.cli.main import Setup, cli, show_json
from bot.demo.demo import Added, Demo, DemoRefused
from bot.demo.stage import Progress

STEPS = 100


@cli.command()
@click.option("--remove", is_flag=True, help="Take all of it out again.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def demo(setup: Setup, remove: bool, as_json: bool) -> None:
    """Add two weeks of a demo community, so that no page is empty; what is real stays as it is.

    The bot may run meanwhile. Example: muster demo; muster demo --remove
    """
    if remove:
        removed = setup.run(_remove(setup))
        if as_json:
            show_json({"removed": removed})
        else:
            click.echo("The demo is gone." if removed else "There is no demo to remove.")
        return
    added = setup.run(_add(setup, shown=not as_json))
    if as_json:
        show_json({"added": added.model_dump() if added else None})
    elif added is None:
        click.echo("The demo is there already. Remove it with: muster demo --remove")
    else:
        click.echo(
            f"Added two weeks of {added.members} demo members in {added.groups} groups"
            " (gateway “demo”). Look around in the console.\n"
            "Remove all of it with: muster demo --remove"
        )


async def _add(setup: Setup, shown: bool) -> Added | None:
    logging.disable(logging.ERROR)  # one handler of the demo fails on purpose, and would say so
    try:
        return await _played(setup, shown)
    finally:
        logging.disable(logging.NOTSET)


async def _played(setup: Setup, shown: bool) -> Added | None:
    async with setup.app() as app:
        with click.progressbar(
            length=STEPS, label="Playing two weeks", hidden=not shown, file=sys.stderr
        ) as bar:
            try:
                return await Demo(app).add(_filling(bar.update))
            except DemoRefused as error:
                raise click.ClickException(str(error)) from None


async def _remove(setup: Setup) -> bool:
    async with setup.app() as app:
        return await Demo(app).remove()


def _filling(update: Callable[[int], None]) -> Progress:
    """Fills a bar of STEPS as a share from 0 to 1 grows."""
    filled = 0

    def progress(done: float) -> None:
        nonlocal filled
        now = int(done * STEPS)
        if now > filled:
            update(now - filled)
            filled = now

    return progress
