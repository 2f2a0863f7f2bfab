"""Naming: what an SOP may be called."""

from __future__ import annotations

import re

from bot.i18n.mark import msgid
from bot.located import Place, Problem, Problems
from bot.model.phrase import Phrase

RESERVED = frozenset({"templates", "start", "upcoming", "approvals", "audience", "check"})
"""Names an SOP cannot have: the console's pages beside it do."""
_NAME = re.compile(r"[a-z0-9_-]+")


def called(name: str, source: str) -> str:
    """What a SOP made of a template will be called, but for a number; raises Problems."""
    if name and not _NAME.fullmatch(name):
        raise wrong_name(msgid("expected a name of lower-case letters, digits, - and _"))
    ident = name or source
    if not ident:
        raise wrong_name(msgid("missing"))
    if ident in RESERVED:
        raise wrong_name(Phrase('"{name}" is the name of a page; choose another', name=ident))
    return ident


def wrong_name(message: str) -> Problems:
    """What is wrong with a name, beside its field."""
    return Problems([Problem(Place("name"), "", message)])
