"""Long texts: Jinja files that stand beside a template and are read as if written in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from bot.i18n.mark import msgid
from bot.located import KeyPath, Located, Place, Problem
from bot.model.phrase import Phrase

SUFFIX = ".jinja"
_EXPECTED = Phrase('expected a .jinja file beside the template, such as "week/monday.jinja"')


def with_long_texts(located: Located, folder: Path) -> tuple[Located, list[Problem]]:
    """The document with every ``{ file = "week/monday.jinja" }`` in a step replaced by its text.

    Files are found from ``folder`` and never outside it. What they hold is placed in them.
    """
    problems: list[Problem] = []
    for path, name in list(_references(located.data.get("step"), ("step",))):
        key: KeyPath = (*path, "file")
        if not _beside(folder, name):
            problems.append(located.problem(key, _EXPECTED))
            continue
        file = folder / name
        try:
            text = file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            problems.append(located.problem(key, Phrase("{file} is not UTF-8 text", file=file)))
        except OSError as error:
            gone = isinstance(error, FileNotFoundError)
            message = msgid("{file}: no such file or directory")
            message = message if gone else msgid("{file}: cannot be read")
            problems.append(located.problem(key, Phrase(message, file=file)))
        else:
            located = located.replaced(path, text, Place(str(file), 1))
    return located, problems


def _references(node: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(node, Mapping):
        if set(node) == {"file"} and isinstance(node["file"], str):
            yield path, node["file"]
            return
        for key, inner in node.items():
            yield from _references(inner, (*path, key))
    elif isinstance(node, list):
        for index, inner in enumerate(node):
            yield from _references(inner, (*path, index))


def _beside(folder: Path, name: str) -> bool:
    if not name.endswith(SUFFIX) or "\0" in name:
        return False
    return (folder / name).resolve().is_relative_to(folder.resolve())
