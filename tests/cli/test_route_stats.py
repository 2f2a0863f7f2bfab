"""``muster routes stats``: who asked, was shown in, joined and stayed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from click.testing import CliRunner, Result

from bot.cli.main import commands
from bot.members.attributes import Attribute
from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Community

CONFIG = """
language = "en"
handlers = ["handlers.keyword_routes"]
[[routes]]
name = "tea"
words = ["tea"]
groups = ["sandbox/tea"]
"""


async def stats(folder: Path, valkey: str, workspace: str, *arguments: str) -> Result:
    path = folder / "config.toml"
    head = f'workspace = "{workspace}"\ndata_dir = "{folder}/data"\n'
    path.write_text(f'{head}{CONFIG}\n[store]\nurl = "unix://{valkey}"\n', encoding="utf-8")
    words = ["--config", str(path), "routes", "stats", *arguments]
    return await asyncio.to_thread(CliRunner().invoke, commands(), words)


async def test_a_routes_funnel_is_printed_by_group(
    tmp_path: Path, valkey: str, store: Store
) -> None:
    workspace = store.keys.workspace
    async with Community(CONFIG, locate=unix(valkey), workspace=workspace) as community:
        tea = await community.group("tea", "tea club")
        for who in ("a", "b"):
            await community.member(who).says("tea")
        await community.member("a").joins(tea)
        day = "2026-06-01..2026-06-30"
        said = await stats(tmp_path, valkey, workspace, "tea", "--since", day)
        assert said.stdout.splitlines()[:3] == [
            "tea: asked 2  invited 2  joined 1  stayed 1",
            "  tea club: invited 2  joined 1  stayed 1",
            "  word tea: asked 2  invited 2  joined 1  stayed 1",
        ]
        assert "joined: members who came into the group within 30 days" in said.output
        found = json.loads(
            (await stats(tmp_path, valkey, workspace, "--since", day, "--json")).stdout
        )
        assert [row["route"] for row in found["routes"]] == ["tea", "tea"]
        assert [(row["by"], row["asked"]) for row in found["sources"]] == [("word tea", 2)]


async def test_an_unknown_route_is_told_with_the_nearest_name(
    tmp_path: Path, valkey: str, store: Store
) -> None:
    said = await stats(tmp_path, valkey, store.keys.workspace, "tee")
    assert said.exit_code == 1
    assert "there is no route 'tee'" in said.output
    assert "tea" in said.output.split("'tee'")[1]
    said = await stats(tmp_path, valkey, store.keys.workspace, "tea", "--since", "soon")
    assert "“soon” is no time" in said.output


async def test_conditions_no_member_can_meet_are_told_with_what_is_declared(
    tmp_path: Path, valkey: str, store: Store
) -> None:
    workspace = store.keys.workspace
    config = CONFIG + 'when = { attributes = { level = ["gold"] } }\n'
    async with Community(config, locate=unix(valkey), workspace=workspace) as community:
        level = Attribute(name="level", type="choice", choices=("silver",))
        await community.app.rooms.attributes.save(level)
        path = tmp_path / "config.toml"
        head = f'workspace = "{workspace}"\ndata_dir = "{tmp_path}/data"\n'
        path.write_text(f'{head}{config}\n[store]\nurl = "unix://{valkey}"\n', encoding="utf-8")
        words = ["--config", str(path), "routes", "lint"]
        said = await asyncio.to_thread(CliRunner().invoke, commands(), words)
    assert said.exit_code == 1
    assert said.output == "tea: members whose “level” is “gold”: “gold” is none of: silver.\n"
