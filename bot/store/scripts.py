"""Lua scripts: read from files once, with the shared parts they include."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from pathlib import Path

LUA = Path(__file__).parent / "lua"


@dataclass(frozen=True, slots=True)
class Script:
    """A script's name, whole source and SHA-1 digest, as the server knows it."""

    name: str
    source: str
    sha: str


@cache
def script(name: str) -> Script:
    """Read ``lua/<name>.lua`` and put the parts it names in ``-- include:`` before it."""
    body = (LUA / f"{name}.lua").read_text(encoding="utf-8")
    included = re.match(r"-- include: (.*)", body)
    parts = included[1].replace("none", "").split(", ") if included else []
    libraries = [(LUA / f"lib_{p}.lua").read_text(encoding="utf-8") for p in parts if p]
    source = "\n".join([*libraries, body])
    digest = sha1(source.encode(), usedforsecurity=False).hexdigest()
    return Script(name, source, digest)


def names() -> list[str]:
    """Every script there is."""
    return sorted(p.stem for p in LUA.glob("*.lua") if not p.stem.startswith("lib_"))
