"""The dialogue: a route that leads to the group of a member's region asks for it, and listens."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal

from bot.routes.table import Table
from bot.routing.context import Context
from bot.routing.fold import fold
from bot.settings.rooms import RouteSettings
from bot.store.store import Store

PATIENCE = 600
"""Seconds in which a question can be answered."""
CANCEL = frozenset({"取消", "算了", "cancel"})
WRONG = 2
"""How often it is asked again."""
_NUMBER = re.compile(r"第?([1-9][0-9]?|[一二三四五六七八九])个?")
_MEMORY = "route_question"


@dataclass(frozen=True, slots=True)
class Heard:
    """What a message says to an open question: a ``label``, or what is to be told instead.

    ``source`` is what led to the question.
    """

    outcome: Literal["open", "again", "given_up", "cancelled", "gone"]
    route: RouteSettings | None = None
    label: str = ""
    source: str = ""


class Dialogue:
    """Asks a member for an attribute, once at a time in each conversation."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def theirs(self, table: Table, route: RouteSettings, member: int) -> RouteSettings | None:
        """The route with only the groups of the member's own label; None when it must be asked."""
        if not route.ask:
            return route
        key = self._store.keys.member(member)
        known = await self._store.text("HGET", key, f"attribute:{route.ask}")
        label = table.answer(route.name, known) if known else ""
        return narrowed(route, label) if label else None

    def ask(self, ctx: Context, route: RouteSettings, source: str, wrong: int = 0) -> None:
        """Wait for the answer to a route's question; ``source`` is what led to it."""
        until = ctx.now + PATIENCE * 1000
        state = {"until": until, "route": route.name, "source": source, "wrong": wrong}
        ctx.remember(_MEMORY, json.dumps(state, ensure_ascii=False), PATIENCE)

    def drop(self, ctx: Context) -> None:
        """Wait no longer."""
        ctx.forget(_MEMORY)

    async def hear(self, ctx: Context, table: Table) -> Heard | None:
        """What a message answers; None when nothing was asked, or it says something else.

        In groups, where people also talk to each other, only answers count.
        """
        state = json.loads(await ctx.recall(_MEMORY) or "null") if table.asks else None
        if state is None or ctx.now >= state["until"]:
            return None
        if fold(ctx.text) in CANCEL:
            ctx.forget(_MEMORY)
            return Heard("cancelled")
        route = table.routes.get(state["route"])
        if route is None or not route.ask:
            ctx.forget(_MEMORY)
            return Heard("gone")
        source = state.get("source", "")
        if label := _said(ctx.text, table, route):
            ctx.forget(_MEMORY)
            ctx.keep(route.ask, label)
            return Heard("open", route, label, source)
        if ctx.group or not fold(ctx.text) or table.find(ctx.text, ctx.conversation):
            return None
        if state["wrong"] >= WRONG:
            ctx.forget(_MEMORY)
            return Heard("given_up", route)
        self.ask(ctx, route, source, state["wrong"] + 1)
        return Heard("again", route)


def labels(route: RouteSettings) -> tuple[str, ...]:
    """What can be answered to its question, in the order of its groups."""
    return tuple(dict.fromkeys(group.labels[0] for group in route.groups if group.labels))


def narrowed(route: RouteSettings, label: str) -> RouteSettings:
    """The route with only the groups of one label."""
    groups = tuple(group for group in route.groups if group.labels[:1] == (label,))
    return route.model_copy(update={"groups": groups})


def position(said: str) -> int | None:
    """The number somebody chooses by: "2", "第二个"; None when it is none."""
    found = _NUMBER.fullmatch(said)
    if found is None:
        return None
    number = found[1]
    return int(number) if number.isdecimal() else "一二三四五六七八九".index(number) + 1


def _said(text: str, table: Table, route: RouteSettings) -> str:
    number, every = position(fold(text)), labels(route)
    if number is not None:
        return every[number - 1] if number <= len(every) else ""
    return table.answer(route.name, text)
