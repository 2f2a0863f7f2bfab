"""The command line's front door: what every verb shares, and how errors are shown."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from random import SystemRandom
from typing import Any, TypeVar

import click

from bot.app import App
from bot.clock import SystemClock
from bot.config import STARTER, Config, load_config
from bot.located import Problems
from bot.log import configure
from bot.store.data_directory import DataDirectoryHeld
from bot.store.embedded import StoreDidNotStart
from bot.store.line import StoreError
from bot.store.store import Store

T = TypeVar("T")

SHOWN = (Problems, DataDirectoryHeld, StoreDidNotStart, StoreError, OSError)
"""Errors that are for people: shown without a traceback, exit code 1."""


class Setup:
    """What verbs are given: the configuration, read when first asked for, and ways to use it."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._config: Config | None = None
        self.clock = SystemClock()
        self.random = SystemRandom()

    @property
    def is_starter(self) -> bool:
        """Whether there is no configuration, so that the starter community runs."""
        return self._path is None and not Path("config.toml").exists()

    @property
    def config(self) -> Config:
        """The configuration; without any file the starter community's."""
        if self._config is None:
            if self.is_starter:
                self._config = load_config(STARTER, os.environ, folder=Path())
            else:
                self._config = load_config(self._path, os.environ)
        return self._config

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something to its end on uvloop where there is one; errors for people are shown."""
        try:
            with asyncio.Runner(loop_factory=loop_factory()) as runner:
                return runner.run(work)
        except SHOWN as error:
            raise click.ClickException(_told(error)) from None

    @asynccontextmanager
    async def app(self) -> AsyncIterator[App]:
        """The store and every room, for one command; beside a running bot too."""
        async with App(self.config, self.clock, self.random).at_rest() as app:
            yield app

    @asynccontextmanager
    async def open_store(self) -> AsyncIterator[Store]:
        """The store alone, for one command; beside a running bot too."""
        async with self.app() as app:
            yield app.store


def show_json(value: Any) -> None:
    """Print something as JSON for programs."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def loop_factory() -> Any:
    """uvloop's loop, or None for the standard one where uvloop is not to be had."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="muster")
@click.option(
    "--config",
    "path",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="The configuration file; else ./config.toml, else the starter community.",
)
@click.pass_context
def cli(context: click.Context, path: Path | None) -> None:
    """Muster runs the daily work of chat communities.

    Example: muster run
    """
    context.obj = Setup(path)
    configure("warning", "auto", sys.stderr)


def commands() -> click.Group:
    """The command with all of its verbs."""
    from bot.cli import (  # noqa: F401
        check,
        checkins,
        config,
        conversions,
        demo,
        export,
        links,
        member_merge,
        member_tables,
        members,
        new,
        route_stats,
        routes,
        run,
        segments,
        sop,
        sop_calendar,
        sop_check,
        sop_decide,
        sop_dry_run,
        sop_edit,
        sop_export,
        sop_templates,
        stats,
        tags,
        token,
        user,
        webhooks,
    )

    cli.add_command(links.links)
    return cli


def main() -> None:
    """The entry point of the ``muster`` command."""
    try:
        commands()()
    except SHOWN as error:
        click.echo(f"Error: {_told(error)}", err=True)
        sys.exit(1)


def _told(error: Exception) -> str:
    """What people are told; an error of the system that is of no file is ours, and raised."""
    if not isinstance(error, OSError):
        return str(error)
    if not error.filename:
        raise error
    return f"{error.filename}: {error.strerror}"
