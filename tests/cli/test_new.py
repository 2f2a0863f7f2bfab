"""``muster new handler`` writes a handler that works and a test that passes."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli.main import commands


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def new(name: str) -> tuple[int, str]:
    result = CliRunner().invoke(commands(), ["new", "handler", name])
    return result.exit_code, result.output


def test_the_written_test_passes_as_it_is(tmp_path: Path) -> None:
    code, said = new("opening_hours")
    assert code == 0, said
    command = [sys.executable, "-m", "pytest", "-q", "-o", "asyncio_mode=auto", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "test_hello.py").write_text("mine")
    code, said = new("hello")
    assert code == 1
    assert "exists already" in said
    assert not (tmp_path / "hello.py").exists()


@pytest.mark.parametrize("name", ["Opening-Hours", "../x", "class", "json", "bot"])
def test_a_name_no_handler_can_have_is_refused_and_nothing_written(
    name: str, tmp_path: Path
) -> None:
    code, said = new(name)
    assert code == 2, said
    assert name in said
    assert not [*tmp_path.iterdir()]
