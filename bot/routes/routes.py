"""Routes as handlers, console and CLI use them: who asks gets an answer, and it is counted."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from bot.clock import Days
from bot.model.conversation import Conversation
from bot.routes.desk import Desk
from bot.routes.table import Explanation, Table
from bot.routing.context import Context
from bot.routing.fold import fold
from bot.settings.rooms import RouteGroup, RouteSettings
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store

PATIENCE = 600
"""Seconds in which a numbered choice can be answered."""
MOST_CHOICES = 9
CANCEL = frozenset({"取消", "算了", "cancel"})
_NUMBER = re.compile(r"第?([1-9]|[一二三四五六七八九])个?")

Outcome = Literal["open", "already", "full", "choose", "which", "cancelled", "gone"]
Counter = Literal["asked", "answered", "already", "full"]
COUNTERS: tuple[Counter, ...] = ("asked", "answered", "already", "full")


@dataclass(frozen=True, slots=True)
class Target:
    """A group a route leads to; ``link`` is empty when there is none to join it by."""

    number: int
    id: str
    name: str
    link: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a member who asked is to be told.

    "open": ``target`` has room; "already": the member is in it; "full": no group of the route has
    room; "choose": several routes fit, named in ``options``; "which": the number said is not
    among them; "cancelled"; "gone": what was chosen is not there any more.
    """

    outcome: Outcome
    route: RouteSettings | None = None
    target: Target | None = None
    options: tuple[str, ...] = ()

    @property
    def variables(self) -> dict[str, Any]:
        """What a text about it can name: ``route`` and ``target``'s name, id and link."""
        target = self.target
        known = {"name": target.name, "id": target.id, "link": target.link} if target else None
        return {"route": self.route.name if self.route else "", "target": known}


@dataclass(frozen=True, slots=True)
class Listed:
    """A route in a list; ``editable`` when it is not of the configuration file."""

    route: RouteSettings
    editable: bool


class Routes:
    """Keyword routes: what a text leads to, and whether there is room."""

    def __init__(
        self,
        configured: Sequence[RouteSettings],
        store: Store,
        members: Members,
        facts: Facts,
        gateways: Collection[str] = (),
        functions: frozenset[str] = frozenset(),
        days: Days | None = None,
    ) -> None:
        """``gateways``: those groups can be at; ``functions``: what replies can call;
        ``days``: in which zone questions are counted by day."""
        self._days = days or Days()
        self._desk = Desk(configured, store, gateways, functions)
        self._store = store
        self._members = members
        self._facts = facts
        self.save, self.remove, self.read = self._desk.save, self._desk.remove, self._desk.read

    # in chat

    async def ask(self, ctx: Context) -> Answer | None:
        """What a message leads to, counted and noted in the effects; None when to no route."""
        table = await self._desk.table()
        if not table.listens(ctx.conversation):
            return None
        return await self._chosen(ctx, table) or await self._asked(ctx, table)

    async def _asked(self, ctx: Context, table: Table) -> Answer | None:
        best = table.best(ctx.text, ctx.conversation)
        if not best:
            return None
        found = [await self._find_room(fit.route, ctx.member.number) for fit in best]
        open_ = [answer for answer in found if answer.outcome == "open"]
        already = [answer for answer in found if answer.outcome == "already"]
        if len(open_) > 1:
            return self._choose(ctx, open_[:MOST_CHOICES])
        return self._settled(ctx, (open_ or already or found)[0])

    def _choose(self, ctx: Context, answers: Sequence[Answer]) -> Answer:
        names = tuple(answer.route.name for answer in answers if answer.route)
        until = ctx.now + PATIENCE * 1000
        ctx.note("route.choice", reason=", ".join(names), text=ctx.text)
        ctx.remember("routes", json.dumps([until, *names], ensure_ascii=False), PATIENCE)
        return Answer("choose", options=names)

    async def _chosen(self, ctx: Context, table: Table) -> Answer | None:
        """The answer to a choice the member has before them; None when there is none."""
        said = fold(ctx.text)
        number = _NUMBER.fullmatch(said)
        if number is None and said not in CANCEL:
            return None
        until, *names = json.loads(await ctx.recall("routes") or "[0]")
        if ctx.now >= until:
            return None
        if number is None:
            ctx.forget("routes")
            return Answer("cancelled")
        position = _position(number[1])
        if position > len(names):
            return Answer("which", options=tuple(names))
        ctx.forget("routes")
        route = table.routes.get(names[position - 1])
        if route is None:
            return Answer("gone")
        return self._settled(ctx, await self._find_room(route, ctx.member.number))

    async def room_for(self, name: str, member: int) -> Answer:
        """What a member who is invited to a route is to be told; "gone": no such route."""
        route = (await self._desk.table()).routes.get(name)
        return Answer("gone") if route is None else await self._find_room(route, member)

    async def _find_room(self, route: RouteSettings, member: int) -> Answer:
        """The first group with room, unless the member is in one of the route's already."""
        room: Target | None = None
        for one in route.groups:
            target = await self._target(one)
            key = self._store.keys.group_present(target.number)
            if await self._facts.has(key, member):
                return Answer("already", route, target)
            capacity = one.capacity or route.capacity
            if room is None and (capacity is None or await self._facts.count(key) < capacity):
                room = target
        return Answer("open", route, room) if room else Answer("full", route)

    async def _target(self, one: RouteGroup) -> Target:
        number = await self._members.group_number(one.group)
        group = await self._members.group(number)
        ident = one.group.group or ""
        name = group.name if group and group.name else ident
        return Target(number, ident, name, str(one.link or ""))

    def _settled(self, ctx: Context, answer: Answer) -> Answer:
        assert answer.route is not None
        name, target = answer.route.name, answer.target
        outcome = "answered" if answer.outcome == "open" else answer.outcome
        day = self._days.of(ctx.now).isoformat()
        for counter in ("asked", outcome):
            ctx.effects.count(day, f"route:{counter}:{name}")
        reason = f"{name} → {target.name}" if target else name
        ctx.note(f"route.{outcome}", reason=reason, text=ctx.text)
        return answer

    # for console, CLI and commands

    async def routes(self) -> list[Listed]:
        """All routes: those of the configuration first, then the others by name."""
        table = await self._desk.table()
        fixed = len(self._desk.configured)
        return [Listed(route, n >= fixed) for n, route in enumerate(table.routes.values())]

    async def explain(self, text: str, where: Conversation | None = None) -> Explanation:
        """Which routes a text leads to when said there (None: in a direct chat), and why."""
        return (await self._desk.table()).explain(text, where)

    async def counts(self, days: Iterable[date]) -> dict[date, dict[str, dict[Counter, int]]]:
        """Day (UTC) → route → how often it was asked for and what came of it."""
        wanted, keys = [*days], self._store.keys
        asked = (self._store.table("HGETALL", keys.counters(day)) for day in wanted)
        return dict(zip(wanted, map(_by_route, await asyncio.gather(*asked)), strict=True))

    async def unmatched(
        self, search: str = "", limit: int = 50, skip: int = 0
    ) -> tuple[list[tuple[str, int]], int]:
        """Phrases nobody answered and how often each was said, most first; and how many there are.

        ``search`` is part of a phrase.
        """
        key, wanted = self._store.keys.unmatched(), fold(search)
        rows = await self._store.table("ZRANGE", key, 0, -1, "REV", "WITHSCORES")
        found = [(said, int(float(n))) for said, n in rows.items() if wanted in said]
        return found[skip : skip + limit], len(found)

    async def dismiss(self, phrase: str) -> bool:
        """Drop a phrase from the unmatched; False when it is not there."""
        return bool(await self._store.call("ZREM", self._store.keys.unmatched(), phrase))


def _by_route(counters: Mapping[str, Any]) -> dict[str, dict[Counter, int]]:
    found: dict[str, dict[Counter, int]] = {}
    for name, count in counters.items():
        for counter in COUNTERS:
            prefix = f"route:{counter}:"
            if name.startswith(prefix):
                empty = dict.fromkeys(COUNTERS, 0)
                found.setdefault(name.removeprefix(prefix), empty)[counter] = int(count)
    return found


def _position(number: str) -> int:
    return int(number) if number.isdecimal() else "一二三四五六七八九".index(number) + 1
