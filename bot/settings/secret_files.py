"""Secrets from files: url = { file = "/run/secrets/store_url" }."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from bot.located import KeyPath, Located, Problem
from bot.located.shape import Slot

_LARGEST = 64 * 1024


def read_secret_files(
    model: type[BaseModel], located: Located, folder: Path, at: KeyPath = ()
) -> tuple[Located, list[Problem]]:
    """``located`` with the content of files in the place of ``{ file = … }``.

    Only where ``model``, which describes the table at ``at``, wants a secret. Relative paths
    start at ``folder``. One line break at the end of a file is not part of the secret.
    """
    problems = []
    for path in [*_files(Slot((model,)), located.value(at), at)]:
        file = folder / Path(located.value(path)["file"]).expanduser()
        try:
            secret = _read(file)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            problems.append(located.problem(path, f"cannot read the secret from {file}: {reason}"))
        else:
            located = located.replaced(path, secret, located.place(path))
    return located, problems


def _files(slot: Slot, value: Any, path: KeyPath) -> Iterator[KeyPath]:
    if isinstance(value, dict):
        if slot.secret and value.keys() == {"file"} and isinstance(value["file"], str):
            yield path
            return
        for key, inner in value.items():
            yield from _files(slot.inside(key), inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _files(slot.items, inner, (*path, index))


def _read(file: Path) -> str:
    with file.open("rb") as stream:
        content = stream.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise ValueError("the file is too large for a secret")
    try:
        secret = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("the file is not UTF-8 text") from None
    secret = secret.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise ValueError("the file is empty")
    return secret
