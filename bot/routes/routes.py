"""Routes as handlers, console and CLI use them: who asks gets an answer, and it is counted."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from bot.clock import Days
from bot.model.capabilities import Capabilities
from bot.model.conversation import Conversation
from bot.routes.admission import Admission
from bot.routes.answer import Answer
from bot.routes.conditions import Asker, Condition, Conditions, unjudged
from bot.routes.desk import Desk
from bot.routes.dialogue import CANCEL, PATIENCE, Dialogue, labels, narrowed, position
from bot.routes.keywords import Synonyms
from bot.routes.lint import Caution, lint
from bot.routes.table import NO_SYNONYMS, Explanation, Table
from bot.routes.unmatched import Unmatched
from bot.routes.waiting import WaitingLists
from bot.routing.context import Context
from bot.routing.fold import fold
from bot.settings.rooms import RouteSettings
from bot.store.members import Members
from bot.store.store import Store

MOST_CHOICES = 9

Counter = Literal["asked", "answered", "already", "full"]
COUNTERS: tuple[Counter, ...] = ("asked", "answered", "already", "full")


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
        admission: Admission,
        waiting: WaitingLists,
        gateways: Collection[str] = (),
        functions: frozenset[str] = frozenset(),
        days: Days | None = None,
        conditions: Conditions | None = None,
        synonyms: Synonyms = NO_SYNONYMS,
        capabilities: Callable[[str], Capabilities] | None = None,
    ) -> None:
        """``gateways``: those groups can be at; ``functions``: what replies can call;
        ``days``: in which zone questions are counted by day; ``conditions``: without,
        all hold; ``synonyms``: the workspace's sets."""
        self._days = days or Days()
        self._desk = Desk(configured, store, gateways, functions, synonyms, capabilities)
        self._conditions = conditions
        self._dialogue = Dialogue(store)
        self._linted: tuple[Table, date, list[Caution]] | None = None
        self._store = store
        self._members = members
        self._admission = admission
        self._waiting = waiting
        self.waiting = waiting.of
        self.save, self.remove, self.read = self._desk.save, self._desk.remove, self._desk.read
        unmatched = Unmatched(store)
        self.unmatched, self.dismiss = unmatched.page, unmatched.dismiss

    # in chat

    async def ask(self, ctx: Context) -> Answer | None:
        """What a message leads to, counted and noted in the effects; None when to no route."""
        table = await self._desk.table()
        if not table.listens(ctx.conversation):
            return None
        return (
            await self._chosen(ctx, table)
            or await self._waiting.stop(ctx)
            or await self._answered(ctx, table)
            or await self._asked(ctx, table)
        )

    async def _answered(self, ctx: Context, table: Table) -> Answer | None:
        """What follows from what a member says to a route's question; None when to none."""
        heard = await self._dialogue.hear(ctx, table)
        if heard is None:
            return None
        if heard.route and heard.label:
            theirs = narrowed(heard.route, heard.label)
            return await self._admit(ctx, table, theirs)
        options = labels(heard.route) if heard.route else ()
        return Answer(heard.outcome, heard.route, options=options)

    async def _asked(self, ctx: Context, table: Table) -> Answer | None:
        fits = table.find(ctx.text, ctx.conversation)
        asker = Asker(ctx.now, ctx.member.number, (ctx.event.gateway,))
        unmet = await self._unmet([fit.route for fit in fits], asker)
        best = table.best(ctx.text, ctx.conversation, unmet)
        if not best:
            return self._refused(ctx, [(fit.route, unmet[fit.route.name]) for fit in fits])
        if len(best) == 1:
            return await self._lead(ctx, table, best[0].route)
        member = ctx.member.number
        found = [await self._admission.look(fit.route, fit.route, member) for fit in best]
        open_ = [answer for answer in found if answer.outcome == "open"]
        already = [answer for answer in found if answer.outcome == "already"]
        if len(open_) > 1:
            return self._choose(ctx, open_[:MOST_CHOICES])
        chosen = (open_ or already or found)[0]
        assert chosen.route is not None
        return await self._lead(ctx, table, chosen.route)

    async def _lead(self, ctx: Context, table: Table, route: RouteSettings) -> Answer:
        """Where a route leads a member, once it is known which of its groups are theirs."""
        theirs = await self._dialogue.theirs(table, route, ctx.member.number)
        if theirs is not None:
            return await self._admit(ctx, table, theirs)
        ctx.forget("routes")
        self._dialogue.ask(ctx, route)
        ctx.note("route.question", reason=route.name, text=ctx.text)
        return Answer("ask", route, options=labels(route))

    def _refused(
        self, ctx: Context, refused: Sequence[tuple[RouteSettings, Condition]]
    ) -> Answer | None:
        """What to say when a text fits routes, none of which is for this member now."""
        for route, condition in refused:
            reason = f"{route.name}: {condition.text(str)}"
            ctx.note("route.refused", reason=reason, text=ctx.text)
        told = next((route for route, _ in refused if route.when.otherwise), None)
        return Answer("refused", told) if told else None

    async def _unmet(self, routes: Iterable[RouteSettings], asker: Asker) -> dict[str, Condition]:
        """The condition that does not hold, by route, for those of which there is one."""
        if self._conditions is None:
            return {}
        judged = {route.name: await self._conditions.unmet(route.when, asker) for route in routes}
        return {name: condition for name, condition in judged.items() if condition}

    def _choose(self, ctx: Context, answers: Sequence[Answer]) -> Answer:
        names = tuple(answer.route.name for answer in answers if answer.route)
        until = ctx.now + PATIENCE * 1000
        self._dialogue.drop(ctx)
        ctx.note("route.choice", reason=", ".join(names), text=ctx.text)
        ctx.remember("routes", json.dumps([until, *names], ensure_ascii=False), PATIENCE)
        return Answer("choose", options=names)

    async def _chosen(self, ctx: Context, table: Table) -> Answer | None:
        """The answer to a choice the member has before them; None when there is none."""
        said = fold(ctx.text)
        number = position(said)
        if number is None and said not in CANCEL:
            return None
        until, *names = json.loads(await ctx.recall("routes") or "[0]")
        if ctx.now >= until:
            return None
        if number is None:
            ctx.forget("routes")
            return Answer("cancelled")
        if number > len(names):
            return Answer("which", options=tuple(names))
        ctx.forget("routes")
        route = table.routes.get(names[number - 1])
        if route is None:
            return Answer("gone")
        return await self._lead(ctx, table, route)

    async def room_for(self, name: str, member: int) -> Answer:
        """What a member who is invited to a route is to be told; "gone": no such route."""
        table = await self._desk.table()
        route = table.routes.get(name)
        if route is None:
            return Answer("gone")
        theirs = await self._dialogue.theirs(table, route, member)
        return await self._admission.look(route, theirs or route, member)

    async def _admit(self, ctx: Context, table: Table, theirs: RouteSettings) -> Answer:
        """A place in a route's groups, of which ``theirs`` has the member's own."""
        return await self._admission.admit(ctx, table.routes[theirs.name], theirs)

    async def tick(self) -> None:
        """Give what opened to who waits; called every second on every node."""
        await self._waiting.serve((await self._desk.table()).routes)

    # for console, CLI and commands

    async def routes(self) -> list[Listed]:
        """All routes: those of the configuration first, then the others by name."""
        table = await self._desk.table()
        fixed = len(self._desk.configured)
        return [Listed(route, n >= fixed) for n, route in enumerate(table.routes.values())]

    async def explain(
        self, text: str, where: Conversation | None = None, member: int = 0, at: int | None = None
    ) -> Explanation:
        """Which routes a text leads to when said there (None: in a direct chat), and why.

        Conditions are judged for ``member`` (0: only told) and the moment ``at`` (UTC ms; now).
        """
        table = await self._desk.table()
        found = await self._members.member(member) if member and where is None else None
        places = [where.gateway] if where else [*found.accounts] if found else []
        asker = Asker(self._store.clock.now() if at is None else at, member, places)
        routes = [fit.route for fit in table.find(text, where)]
        only = {} if member else {one.name: unjudged(one.when) for one in routes}
        return table.explain(text, where, await self._unmet(routes, asker), only)

    async def counts(self, days: Iterable[date]) -> dict[date, dict[str, dict[Counter, int]]]:
        """Day (UTC) → route → how often it was asked for and what came of it."""
        wanted, keys = [*days], self._store.keys
        asked = (self._store.table("HGETALL", keys.counters(day)) for day in wanted)
        return dict(zip(wanted, map(_by_route, await asyncio.gather(*asked)), strict=True))

    async def cautions(self) -> list[Caution]:
        """What looks unintended about the routes; raises StoreError."""
        table, today = await self._desk.table(), self._days.of(self._store.clock.now())
        if self._linted is None or self._linted[:2] != (table, today):
            self._linted = (table, today, await asyncio.to_thread(lint, table, today))
        found = [*self._linted[2]]
        if self._conditions is not None:
            for route in table.routes.values():
                if said := await self._conditions.unknown(route.when):
                    found.append(Caution((route.name,), said))
        return found


def _by_route(counters: Mapping[str, Any]) -> dict[str, dict[Counter, int]]:
    found: dict[str, dict[Counter, int]] = {}
    for name, count in counters.items():
        for counter in COUNTERS:
            prefix = f"route:{counter}:"
            if name.startswith(prefix):
                empty = dict.fromkeys(COUNTERS, 0)
                found.setdefault(name.removeprefix(prefix), empty)[counter] = int(count)
    return found
