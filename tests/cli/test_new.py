"""``muster new handler`` writes a handler that works and a test that passes."""

import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from bot.cli.main import commands


def new(folder: Path, name: str) -> tuple[int, str]:
    result = CliRunner().invoke(commands(), ["new", "handler", name, "--folder", str(folder)])
    return result.exit_code, result.output


def test_the_written_test_passes_as_it_is(tmp_path: Path) -> None:
    code, said = new(tmp_path, "opening_hours")
    assert code == 0, said
    command = [sys.executable, "-m", "pytest", "-q", "-o", "asyncio_mode=auto", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "test_hello.py").write_text("mine")
    code, said = new(tmp_path, "hello")
    assert code == 1
    assert "exists already" in said
    assert not (tmp_path / "hello.py").exists()


def test_a_name_that_is_no_module_is_refused(tmp_path: Path) -> None:
    code, said = new(tmp_path, "Opening-Hours")
    assert code == 2
    assert "opening_hours" in said
