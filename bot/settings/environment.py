"""Settings from environment variables: MUSTER__WEB__PORT is [web] port."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from bot.located import KeyPath, Located, Place, Problem, nearest
from bot.located.shape import Slot, slot_at
from bot.redaction import is_secret

PREFIX = "MUSTER__"
_FILE = "_FILE"


def variable(path: KeyPath) -> str:
    """The variable that sets the key at ``path``."""
    return PREFIX + "__".join(str(part).upper().replace("-", "_") for part in path)


def overlay(
    model: type[BaseModel], located: Located, environ: Mapping[str, str]
) -> tuple[Located, list[Problem]]:
    """``located`` with what the environment sets, and the variables that mean nothing.

    ``…_FILE`` of a secret names a file that holds it. Tables and lists are written as TOML or
    JSON, anything else as it is.
    """
    problems = []
    known = set(variables(model, located.data))
    # A table's variable is shorter than those of its keys, and so comes before them.
    for name in sorted(key for key in environ if key.startswith(PREFIX)):
        parts = name.removeprefix(PREFIX).split("__")
        from_file = name.endswith(_FILE) and name not in known
        if from_file:
            parts[-1] = parts[-1].removesuffix(_FILE)
        path = _path(Slot((model,)), located.data, parts)
        if path is None or (from_file and not _secret(model, path)):
            hint = nearest(name, known)
            problems.append(Problem(Place(name), "", "unknown environment variable", hint))
        elif from_file and name.removesuffix(_FILE) in environ:
            problems.append(Problem(Place(name), "", "set it or the one without _FILE, not both"))
        else:
            value = {"file": environ[name]} if from_file else _literal(environ[name])
            located = located.replaced(path, value, Place(name))
    return located, problems


def variables(model: type[BaseModel], data: Mapping[str, Any]) -> Iterator[str]:
    """Every variable there is, for the names of gateways and the like that ``data`` has."""
    yield from map(variable, _paths(Slot((model,)), data))


def _paths(slot: Slot, data: Any) -> Iterator[KeyPath]:
    table = data if isinstance(data, Mapping) else {}
    for key in dict.fromkeys([*slot.keys, *(k for k in table if slot.accepts(k))]):
        yield (key,)
        for rest in _paths(slot.inside(key), table.get(key)):
            yield (key, *rest)


def _path(slot: Slot, data: Any, parts: list[str]) -> KeyPath | None:
    """The key path a variable means, in the spelling of the model or of the file."""
    path: KeyPath = ()
    for part in parts:
        table = data if isinstance(data, Mapping) else {}
        spelt = {variable((key,)): key for key in [*table, *slot.keys]}
        key = spelt.get(PREFIX + part.upper(), part.lower())
        if not key or not (slot.accepts(key) or not slot.kinds):
            return None
        path, slot, data = (*path, key), slot.inside(key), table.get(key)
    return path


def _secret(model: type[BaseModel], path: KeyPath) -> bool:
    slot = slot_at(model, path)
    return slot.secret or (not slot.kinds and is_secret(str(path[-1])))


def _literal(text: str) -> Any:
    if text.lstrip()[:1] not in ("[", "{", '"', "'"):
        return text
    try:
        data = tomllib.loads(f"value = {text.strip()}")
        if data.keys() == {"value"}:
            return data["value"]
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
