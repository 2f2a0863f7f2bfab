"""Guests: members who did not ask for a route but are invited to it, by an SOP."""

from __future__ import annotations

from dataclasses import dataclass

from bot.model.conversation import Conversation
from bot.routes.admission import Admission
from bot.routes.answer import Answer
from bot.routes.conditions import Asker, Conditions
from bot.routes.desk import Desk
from bot.routes.dialogue import Dialogue
from bot.routing import ways
from bot.store.effects import Effects
from bot.store.store import Store


@dataclass(frozen=True, slots=True)
class Guest:
    """A member who was invited at ``at`` (UTC ms), and the answer there is for them.

    What tells them takes ``told`` along, what does not ``untold``. ``seen``: when they were last
    shown into the group before, as the store says it.
    """

    answer: Answer
    member: int
    source: str
    at: int
    seen: str

    def told(self, effects: Effects) -> None:
        """Keep that they were told."""
        answer = self.answer
        if answer.outcome == "open" and answer.route and answer.target:
            name, group = answer.route.name, answer.target.number
            ways.shown(effects, name, group, self.member, self.at, self.source)

    def untold(self, effects: Effects) -> None:
        """Give back the place that was held for them, unless they asked for it meanwhile."""
        answer, keys = self.answer, effects.keys
        if answer.fresh and answer.route and answer.target:
            group = answer.target.number
            field = f"{group}/{answer.route.name}"
            effects.guard(self.seen, "HGET", keys.route_ways(self.member), field)
            effects.do("ZREM", keys.route_held(group), self.member)


class Guests:
    """Gives them places like everybody else; they are told with what invites them."""

    def __init__(
        self,
        store: Store,
        desk: Desk,
        dialogue: Dialogue,
        admission: Admission,
        conditions: Conditions | None,
    ) -> None:
        self._store = store
        self._desk = desk
        self._dialogue = dialogue
        self._admission = admission
        self._conditions = conditions

    async def room_for(self, name: str) -> Answer:
        """Whether a route has room for somebody new; "gone": no such route."""
        route = (await self._desk.table()).routes.get(name)
        return await self._admission.look(route, route, 0) if route else Answer("gone")

    async def invite(self, name: str, member: int, to: Conversation, source: str) -> Guest:
        """Hold a place for a member, or put them in line, and say what they are told.

        ``to``: where they are told; ``source``: what invites them, "sop week". Asked again it
        answers the same. "ask": nobody knows which of the route's groups is theirs.
        """
        now, ways_key = self._store.clock.now(), self._store.keys.route_ways(member)
        shown = await self._store.table("HGETALL", ways_key)
        answer = await self._offered(name, member, to, source)
        seen = shown.get(f"{answer.target.number}/{name}", "") if answer.target else ""
        return Guest(answer, member, source, now, seen)

    async def _offered(self, name: str, member: int, to: Conversation, source: str) -> Answer:
        table = await self._desk.table()
        route = table.routes.get(name)
        if route is None:
            return Answer("gone")
        asker = Asker(self._store.clock.now(), member, (to.gateway,))
        if self._conditions and await self._conditions.unmet(route.when, asker):
            return Answer("refused", route)
        theirs = await self._dialogue.theirs(table, route, member)
        if theirs is None:
            return Answer("ask", route)
        return await self._admission.offer(route, theirs, member, to, source)
