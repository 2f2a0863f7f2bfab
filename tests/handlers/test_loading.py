"""Handlers named in the configuration are loaded, and what is wrong with one is said in place."""

from pathlib import Path

import pytest

from bot.handlers import load_routers
from bot.located import Problems
from bot.routing.router import compile_routers

FINE = 'from bot import Context, Router\nrouter = Router("fine")\n'


def load(folder: Path, name: str, text: str) -> str:
    """What is said about a module with this text."""
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    with pytest.raises(Problems) as caught:
        compile_routers(load_routers([name], folder), {})
    return str(caught.value)


def test_a_module_of_ones_own_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "loads_fine.py").write_text(FINE, encoding="utf-8")
    assert [r.name for r in load_routers(["loads_fine"], tmp_path)] == ["fine"]


def test_the_shipped_package_is_loaded_whole() -> None:
    names = {router.name for router in load_routers(["handlers"], Path())}
    assert {"welcome", "check_in", "keyword_routes", "leaderboard", "opt_out", "help"} <= names


def test_a_missing_module_is_named(tmp_path: Path) -> None:
    with pytest.raises(Problems, match="no_such_handlers"):
        load_routers(["no_such_handlers"], tmp_path)


def test_a_syntax_error_is_told_with_its_line(tmp_path: Path) -> None:
    assert "bad_syntax.py:2" in load(tmp_path, "bad_syntax", "\ndef (\n")


def test_an_error_on_import_is_told_with_its_line(tmp_path: Path) -> None:
    said = load(tmp_path, "bad_import", "\n\n1 / 0\n")
    assert "bad_import.py:3" in said
    assert "ZeroDivisionError" in said


def test_an_error_our_own_code_raises_is_told_where_it_was_called(tmp_path: Path) -> None:
    text = "from bot import Router\nrouter = Router()\n"
    assert "bad_call.py:2" in load(tmp_path, "bad_call", text)


def test_a_module_without_a_router_says_what_to_write(tmp_path: Path) -> None:
    assert "router = Router(" in load(tmp_path, "no_router", "x = 1\n")


def test_an_unknown_parameter_names_the_nearest(tmp_path: Path) -> None:
    text = FINE + '@router.keyword("x")\nasync def answer(contxt: Context) -> None: ...\n'
    said = load(tmp_path, "bad_parameter", text)
    assert "bad_parameter.py:3" in said
    assert "there is no contxt" in said
    assert "ctx" in said
