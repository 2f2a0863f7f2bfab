"""``muster demo`` and ``muster members``, on a bot's own store."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import bot.cli.demo
import bot.cli.members  # noqa: F401
from bot.cli.main import cli


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)

    def muster(*args: str, **more: Any) -> Result:
        return CliRunner().invoke(cli, args, **more)

    return muster


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_demo_can_be_looked_at_and_removed(run: Any) -> None:
    assert "There is no demo" in run("demo", "--remove").output
    assert told(run("demo", "--json"))["added"]["members"] > 50
    assert "there already" in run("demo").output

    found = told(run("members", "list", "--limit", "200", "--json"))
    assert len(found) > 50
    someone = found[-1]
    assert [
        m["number"] for m in told(run("members", "list", "--search", someone["name"], "--json"))
    ]

    shown = told(run("members", "show", str(someone["number"]), "--json"))
    assert shown["timeline"]
    assert someone["name"] in run("members", "show", str(someone["number"])).output

    kept = run("members", "erase", str(someone["number"]), input="n\n")
    assert kept.exit_code == 1
    assert told(run("members", "erase", str(someone["number"]), "--yes", "--json"))["erased"]
    again = run("members", "erase", str(someone["number"]), "--yes")
    assert again.exit_code == 1
    assert "there is no member" in again.output
    assert len(told(run("members", "list", "--limit", "200", "--json"))) == len(found) - 1

    assert "The demo is gone" in run("demo", "--remove").output
    assert told(run("members", "list", "--json")) == []
