"""The configuration reference, written from the settings so that it cannot drift."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bot.config import Config
from bot.located import KeyPath
from bot.located.shape import fields_of, slot_of
from bot.located.words import kind_of
from bot.settings.environment import variable
from bot.settings.kinds import DURATION, duration_text

_HEAD = """\
# Configuration reference

Written by `muster config reference > docs/configuration.md`; do not edit it by hand.

Everything has a default, so `config.toml` is optional. It is looked for in the current folder;
relative paths in it start at the folder it is in. A wrong key or value stops the start and says
file, line, key, what was expected and the nearest valid name.

**Environment.** Each key also has a variable, which overrides the file: `MUSTER__` and the key's
path in capitals, joined by two underscores, with `_` for `-`. Lists and tables are written as
TOML or JSON: `MUSTER__HANDLERS='["handlers", "shop.handlers"]'`.

**Secrets** can stay out of the file. Where a value is secret, `{ file = "/run/secrets/name" }`
reads it from a file, and so does the variable with `_FILE` at its end:
`MUSTER__STORE__URL_FILE=/run/secrets/store_url`.
"""


def reference() -> str:
    """docs/configuration.md as Markdown: every key, what it takes, its default and variable."""
    return "\n".join([_HEAD, *_section(Config, "The top of the file", ())])


def _section(model: type[BaseModel], title: str, path: KeyPath) -> Iterator[str]:
    """A heading, a table of the plain keys, and a section for each table below."""
    fields = fields_of(model)
    rows = [_row(key, field, (*path, key)) for key, field in fields.items() if not _below(field)]
    if rows:
        yield f"## {title}\n"
        if path and model.__doc__:
            yield model.__doc__.strip().splitlines()[0].replace("``", "`") + "\n"
        yield from ("| Key | Value | Default | Meaning | Variable |", "|---|---|---|---|---|")
        yield from (*rows, "")
    for key, field in fields.items():
        for below, name, inner in _below(field):
            if issubclass(model, below):
                yield f"## `{_header(name, (*path, key))}`\n"
                yield f"{field.description} The keys of {title}; what is not set is as there.\n"
            else:
                yield from _section(below, f"`{_header(name, (*path, key))}`", (*path, key, *inner))


def _below(field: FieldInfo) -> list[tuple[type[BaseModel], str, KeyPath]]:
    """The tables in a field: model, how its header is written, and the path inside the field."""
    slot = slot_of(field)
    return [
        *((model, "[{}]", ()) for model in slot.models),
        *((model, "[{}.<name>]", ("<name>",)) for model in slot.values.models),
        *((model, "[[{}]]", ("[]",)) for model in slot.items.models),
    ]


def _header(shape: str, path: KeyPath) -> str:
    return shape.format(".".join(str(part) for part in path if part != "[]"))


def _row(key: str, field: FieldInfo, path: KeyPath) -> str:
    # What is inside a list has no variable of its own.
    name = "" if "[]" in path else f"`{variable(path)}`"
    what = field.description or ""
    cells = (f"`{key}`", kind_of(slot_of(field)), _default(field), what, name)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if field.default is None:
        return "none"
    if DURATION in slot_of(field).notes:
        return f'`"{duration_text(field.default)}"`'
    return f"`{_toml(field.default)}`"


def _toml(value: Any) -> str:
    match value:
        case Path():
            return json.dumps(value.as_posix())
        case tuple():
            return f"[{', '.join(map(_toml, value))}]"
        case _:
            return json.dumps(value, ensure_ascii=False)
