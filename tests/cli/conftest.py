"""A terminal in the folder of a community, on a store of its own."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import pytest
from click.testing import CliRunner, Result

from bot.app import App
from bot.cli.main import commands
from bot.clock import SystemClock
from bot.config import load_config
from bot.model.conversation import Account, Conversation
from bot.store.effects import Effects

T = TypeVar("T")
ROOT = Path(__file__).parents[2]


class Line:
    """A terminal in the folder of one community; words are put behind ``muster sop``."""

    def __init__(self, config: Path) -> None:
        self._config = config

    def __call__(self, *arguments: str, typed: str = "") -> Result:
        return self.muster("sop", *arguments, typed=typed)

    def muster(self, *arguments: str, typed: str = "") -> Result:
        """Any verb."""
        given = ["--config", str(self._config), *arguments]
        return CliRunner().invoke(commands(), given, input=typed)

    def json(self, *arguments: str) -> Any:
        """What it prints for programs."""
        result = self(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def wrong(self, *arguments: str) -> str:
        """What it says of a mistake: exit code 1, no traceback."""
        result = self(*arguments)
        assert result.exit_code == 1, result.output
        assert isinstance(result.exception, SystemExit)
        return result.output

    def inside(self, work: Callable[[App], Awaitable[T]]) -> T:
        """Do something with the community's rooms."""

        async def opened() -> T:
            config = load_config(self._config, {})
            async with App(config, SystemClock(), Random(1)).at_rest() as app:
                return await work(app)

        return asyncio.run(opened())

    def people(self, *names: str, tag: str = "") -> None:
        """Members of the group "tea", perhaps tagged, as events would have left them."""

        async def join(app: App) -> None:
            keys = app.store.keys
            place = Conversation(gateway="sandbox", group="tea")
            group = await app.members.group_number(place, "Tea")
            for name in names:
                number = await app.members.number("sandbox", Account(id=name, name=name))
                effects = Effects(keys)
                effects.fact(keys.group_present(group), number)
                effects.do("ZADD", keys.group_joined(group), app.clock.now(), number)
                if tag:
                    effects.tag(tag, number, app.clock.now())
                assert await app.store.apply(effects)

        self.inside(join)

    def add(self, text: str) -> None:
        """Put lines into the configuration."""
        self._config.write_text(self._config.read_text("utf-8") + text, encoding="utf-8")


@pytest.fixture
def muster() -> Iterator[Line]:
    """A community's configuration; the socket's path must be short."""
    with tempfile.TemporaryDirectory(prefix="mu") as folder:
        config = Path(folder) / "config.toml"
        config.write_text(
            f"""timezone = "Asia/Shanghai"
language = "en"
sop_templates = "{ROOT / "sop_templates"}"
data_dir = "{folder}/data"
""",
            encoding="utf-8",
        )
        yield Line(config)
