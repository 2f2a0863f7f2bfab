"""Application: a tag given to, or taken from, many members at once."""

from __future__ import annotations

from typing import Literal

from bot.model.base import Frozen

State = Literal["doing", "done", "undoing", "undone"]


class Application(Frozen):
    """What was applied to whom; ``at`` is UTC ms, ``lasts`` ms (None: as the tag says).

    ``rivals`` are the tags giving it takes away; ``what`` says whom it is about.
    """

    id: str
    tag: str
    gives: bool = True
    part: str = ""
    what: str = ""
    by: str = ""
    at: int = 0
    total: int = 0
    lasts: int | None = None
    rivals: tuple[str, ...] = ()
    state: State = "doing"


class Progress(Frozen):
    """How far an application is: members looked at of ``total``, changed, and undone again.

    ``open``: how many of those it changed nobody changed since; None once it cannot be undone.
    """

    looked: int
    total: int
    changed: int
    undone: int = 0
    open: int | None = None
