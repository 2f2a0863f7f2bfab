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
from bot.model.delivery import Delivery
from bot.model.message import Message
from bot.routes.admission import Admission
from bot.routes.answer import Answer
from bot.routes.clusters import Cluster
from bot.routes.conditions import Asker, Condition, Conditions, unjudged
from bot.routes.desk import Desk
from bot.routes.dialogue import CANCEL, PATIENCE, Dialogue, labels, narrowed, position
from bot.routes.growth import Growth
from bot.routes.guests import Guests
from bot.routes.lint import Caution, Values, any_value, lint, nowhere, values_of
from bot.routes.lookout import Lookout
from bot.routes.places import Places
from bot.routes.table import NO_SYNONYMS, Explanation, Table
from bot.routes.unmatched import Unmatched
from bot.routes.waiting import WaitingLists
from bot.routes.way import bring_in
from bot.routing.context import Context
from bot.routing.fold import fold
from bot.routing.wording import Synonyms
from bot.settings.conditions import RouteConditions
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
        places: Places,
        lookout: Lookout,
        gateways: Collection[str] = (),
        functions: frozenset[str] = frozenset(),
        days: Days | None = None,
        conditions: Conditions | None = None,
        synonyms: Synonyms = NO_SYNONYMS,
        capabilities: Callable[[str], Capabilities] | None = None,
        growth: Growth | None = None,
        values: Values = any_value,
    ) -> None:
        """``gateways``: those groups can be at; ``functions``: what replies can call;
        ``days``: in which zone questions are counted by day; ``conditions``: without,
        all hold; ``synonyms``: the workspace's sets; ``growth``: without, no groups are made;
        ``values``: what is wrong with values of attributes."""
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
        self._places, self._lookout = places, lookout
        self.room, self.line = places.room, places.line
        self.save, self.remove, self.read = self._desk.save, self._desk.remove, self._desk.read
        self._growth = growth
        self._values = values
        guests = Guests(store, self._desk, self._dialogue, admission, conditions)
        self.room_for, self.invite = guests.room_for, guests.invite
        self._unmatched = Unmatched(store)
        self.dismiss = self._unmatched.dismiss

    # in chat

    async def ask(self, ctx: Context) -> Answer | None:
        """What a message leads to, counted and noted in the effects; None when to no route."""
        table = await self._desk.table()
        if not table.listens(ctx.conversation):
            return None
        return (
            await self._chosen(ctx, table)
            or await self._waiting.stop(ctx, table.routes)
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
            barred = await self._barred(ctx, heard.route)
            return barred or await self._admit(ctx, table, theirs, heard.source)
        options = labels(heard.route) if heard.route else ()
        return Answer(heard.outcome, heard.route, options=options)

    async def _asked(self, ctx: Context, table: Table) -> Answer | None:
        fits = table.find(ctx.text, ctx.conversation)
        unmet = await self._unmet([fit.route for fit in fits], _asker(ctx))
        best = table.best(ctx.text, ctx.conversation, unmet)
        if not best:
            return self._refused(ctx, [(fit.route, unmet[fit.route.name]) for fit in fits])
        words = {fit.route.name: f"word {fit.word}" for fit in best}
        if len(best) == 1:
            route = best[0].route
            return await self._lead(ctx, table, route, words[route.name])
        member = ctx.member.number
        found = [await self._admission.look(fit.route, fit.route, member) for fit in best]
        open_ = [answer for answer in found if answer.outcome == "open"]
        already = [answer for answer in found if answer.outcome == "already"]
        if len(open_) > 1:
            return self._choose(ctx, open_[:MOST_CHOICES], words)
        chosen = (open_ or already or found)[0]
        assert chosen.route is not None
        return await self._lead(ctx, table, chosen.route, words[chosen.route.name])

    async def _lead(self, ctx: Context, table: Table, route: RouteSettings, source: str) -> Answer:
        """Where a route leads a member, once it is known which of its groups are theirs."""
        theirs = await self._dialogue.theirs(table, route, ctx.member.number)
        ctx.forget("routes")
        if theirs is not None:
            self._dialogue.drop(ctx)
            return await self._admit(ctx, table, theirs, source)
        self._dialogue.ask(ctx, route, source)
        ctx.note("route.question", reason=route.name, text=ctx.text)
        return Answer("ask", route, options=labels(route))

    def _refused(
        self, ctx: Context, refused: Sequence[tuple[RouteSettings, Condition]]
    ) -> Answer | None:
        """What to say when a text fits routes, none of which is for this member now."""
        for route, condition in refused:
            reason = f"{route.name}: {condition.kept}"
            ctx.note("route.refused", reason=reason, text=ctx.text)
        told = next((route for route, _ in refused if route.when.otherwise), None)
        return Answer("refused", told) if told else None

    async def _unmet(self, routes: Iterable[RouteSettings], asker: Asker) -> dict[str, Condition]:
        """The condition that does not hold, by route, for those of which there is one."""
        if self._conditions is None:
            return {}
        judged = {route.name: await self._conditions.unmet(route.when, asker) for route in routes}
        return {name: condition for name, condition in judged.items() if condition}

    async def _barred(self, ctx: Context, route: RouteSettings) -> Answer | None:
        """What to say where a route the member already chose is not for them any more."""
        unmet = await self._unmet([route], _asker(ctx))
        if not unmet:
            return None
        return self._refused(ctx, [(route, unmet[route.name])]) or Answer("gone")

    def _choose(self, ctx: Context, answers: Sequence[Answer], words: Mapping[str, str]) -> Answer:
        names = tuple(answer.route.name for answer in answers if answer.route)
        until = ctx.now + PATIENCE * 1000
        self._dialogue.drop(ctx)
        ctx.note("route.choice", reason=", ".join(names), text=ctx.text)
        choice = [until, *([name, words[name]] for name in names)]
        ctx.remember("routes", json.dumps(choice, ensure_ascii=False), PATIENCE)
        return Answer("choose", options=names)

    async def _chosen(self, ctx: Context, table: Table) -> Answer | None:
        """The answer to a choice the member has before them; None when there is none."""
        said = fold(ctx.text)
        number = position(said)
        if number is None and said not in CANCEL:
            return None
        until, *choice = json.loads(await ctx.recall("routes") or "[0]")
        if ctx.now >= until:
            return None
        if number is None:
            ctx.forget("routes")
            return Answer("cancelled")
        if number > len(choice):
            return Answer("which", options=tuple(name for name, _ in choice))
        ctx.forget("routes")
        name, source = choice[number - 1]
        route = table.routes.get(name)
        if route is None:
            return Answer("gone")
        return await self._barred(ctx, route) or await self._lead(ctx, table, route, source)

    async def _admit(
        self, ctx: Context, table: Table, theirs: RouteSettings, source: str
    ) -> Answer:
        """A place in a route's groups, of which ``theirs`` has the member's own."""
        return await self._admission.admit(ctx, table.routes[theirs.name], theirs, source)

    def bring_in(self, ctx: Context, answer: Answer, done: Message, instead: Message) -> None:
        """Have the member invited by the gateway: then say ``done``, ``instead`` if it refuses."""
        assert answer.target is not None
        told = Delivery(
            to=ctx.conversation,
            message=instead,
            due=ctx.now,
            source=f"event {ctx.event.id}",
            member=ctx.member.number,
        )
        bring_in(ctx.effects, answer.target.id, answer.way.account, told, done)

    # by the clock

    async def tick(self) -> None:
        """Give what opened to who waits; called every second on every node."""
        table = await self._desk.table()
        await self._lookout.serve(table)
        await self._waiting.serve(table.routes)
        if self._growth and await self._growth.serve(self._desk):
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
        absent = {one.name: await self._places.absent(one.groups) for one in routes}
        return table.explain(text, where, await self._unmet(routes, asker), only, absent)

    async def unmatched(
        self, search: str = "", limit: int = 50, skip: int = 0
    ) -> tuple[list[Cluster], int]:
        """What nobody answered and no route would now: a page of clusters, and of how many."""
        table = await self._desk.table()

        def answered(said: str) -> bool:
            return any(fit.route.when == RouteConditions() for fit in table.find(said))

        return await self._unmatched.page(search, limit, skip, answered)

    async def counts(self, days: Iterable[date]) -> dict[date, dict[str, dict[Counter, int]]]:
        """Day (UTC) → route → how often it was asked for and what came of it."""
        wanted, keys = [*days], self._store.keys
        asked = (self._store.table("HGETALL", keys.counters(day)) for day in wanted)
        return dict(zip(wanted, map(_by_route, await asyncio.gather(*asked)), strict=True))

    async def cautions(self) -> list[Caution]:
        """What looks unintended about the routes; raises StoreError."""
        table, today = await self._desk.table(), self._days.of(self._store.clock.now())
        await self._lookout.serve(table)
        if self._linted is None or self._linted[:2] != (table, today):
            self._linted = (table, today, await asyncio.to_thread(lint, table, today))
        found = [*self._linted[2]]
        found += values_of(table, self._values)
        if self._conditions is not None:
            for route in table.routes.values():
                if said := await self._conditions.unknown(route.when):
                    found.append(Caution((route.name,), said))
        for route in table.routes.values():
            found += nowhere(route, await self._places.absent(route.groups))
        return found


def _asker(ctx: Context) -> Asker:
    return Asker(ctx.now, ctx.member.number, (ctx.event.gateway,))


def _by_route(counters: Mapping[str, Any]) -> dict[str, dict[Counter, int]]:
    found: dict[str, dict[Counter, int]] = {}
    for name, count in counters.items():
        for counter in COUNTERS:
            prefix = f"route:{counter}:"
            if name.startswith(prefix):
                empty = dict.fromkeys(COUNTERS, 0)
                found.setdefault(name.removeprefix(prefix), empty)[counter] = int(count)
    return found
