"""Names as people chose them, made fit to be shown: short, on one line, in one direction."""

from __future__ import annotations

import re

from bot.model.event import BaseEvent

LONGEST = 64
"""Characters of a name that are shown."""
_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_JOINERS = "\u200d\ufe0f"


def presentable(name: str) -> str:
    """The name without controls and marks that turn the text around it, cropped."""
    shown = _UNFIT.sub("", name).strip()
    if len(shown) > LONGEST:
        shown = shown[: LONGEST - 1].rstrip(_JOINERS) + "…"
    return shown


def with_presentable_names(event: BaseEvent) -> BaseEvent:
    """The event with names that are fit to be shown; where all are, the same event."""
    name, group_name = presentable(event.account.name), presentable(event.group_name)
    if (name, group_name) == (event.account.name, event.group_name):
        return event
    account = event.account.model_copy(update={"name": name})
    return event.model_copy(update={"account": account, "group_name": group_name})
