"""Waiting lists: when a place opens, the first who waits is told, and it is held for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from bot.delivery.journal import Entry, record
from bot.i18n.mark import msgid
from bot.model.capabilities import Capabilities
from bot.model.conversation import Conversation
from bot.model.delivery import Delivery
from bot.routes.admission import Admission
from bot.routes.answer import Answer
from bot.routes.places import Place, Places, Waiting
from bot.routes.way import WHY
from bot.routing import ways
from bot.routing.context import Context
from bot.routing.fold import fold
from bot.routing.template import TemplateFailed
from bot.routing.writer import Reader, Writer
from bot.settings.rooms import RouteSettings
from bot.store.effects import Effects
from bot.store.members import Members
from bot.store.store import Store

OPENED = msgid(
    "{{ member.name }}, a place in “{{ target.name }}” is yours for {{ kept }}. If you do not want "
    "it, say “stop waiting”."
)
STOP = frozenset(map(fold, ("不等了", "不排了", "退出排队", "取消排队", "stop waiting")))
"""What takes somebody off the lists."""
AT_ONCE = 100
"""Places given in one look at one list; the next look is a second later."""


class WaitingLists:
    """Serves who waits; every node may, each opening is told once."""

    def __init__(
        self,
        store: Store,
        members: Members,
        places: Places,
        admission: Admission,
        writer: Writer,
        capabilities: Callable[[str], Capabilities],
        translate: Callable[[str], str],
    ) -> None:
        self._store = store
        self._members = members
        self._places = places
        self._admission = admission
        self._writer = writer
        self._capabilities = capabilities
        self._translate = translate

    async def of(self, route: str) -> list[Waiting]:
        """Who waits for a route, in their order."""
        return await self._places.waiting(route)

    async def serve(self, routes: dict[str, RouteSettings]) -> int:
        """Give what opened to who waits; how many were told. ``routes`` are those there are."""
        told = 0
        for name in await self._places.waited_for():
            if name not in routes:
                await self._places.close(name)
                continue
            for _ in range(AT_ONCE):
                place = await self._places.next(routes[name])
                if place.found == "full":
                    break
                told += await self._give(routes[name], place)
        return told

    async def stop(self, ctx: Context) -> Answer | None:
        """Take the member off all lists and give back what is held for them, when they say so.

        None when they say something else, or there is nothing to take back.
        """
        if fold(ctx.text) not in STOP:
            return None
        member, keys = ctx.member.number, self._store.keys
        names = []
        for name in await self._places.waited_for():
            if await self._store.text("ZSCORE", keys.route_waiting(name), member):
                self._places.leave(ctx.effects, name, member)
                names.append(name)
        for field in await self._store.texts("HKEYS", keys.route_ways(member)):
            group, _, name = field.partition("/")
            held = await self._store.text("ZSCORE", keys.route_held(group), member)
            if held and float(held) > ctx.now:
                ctx.effects.do("ZREM", keys.route_held(group), member)
                names.append(name)
        if not names:
            return None
        names = [*dict.fromkeys(names)]
        ctx.note("route.left", reason=", ".join(names))
        return Answer("left", options=tuple(names))

    # inside

    async def _give(self, route: RouteSettings, place: Place) -> bool:
        """Tell them and take them off the list, in one step that only one node does."""
        keys, member = self._store.keys, place.member
        since, to, who = await asyncio.gather(
            self._places.waits_since(route.name, member),
            self._places.note(route.name, member),
            self._members.member(member),
        )
        effects = Effects(keys)
        effects.guard(since or "", "ZSCORE", keys.route_waiting(route.name), member)
        self._places.leave(effects, route.name, member)
        if place.found != "held" or to is None or who is None:
            await self._store.apply(effects)
            return False
        now = self._store.clock.now()
        answer = await self._admission.answer(route, route, place)
        assert answer.target is not None
        account = to.account or who.accounts.get(to.gateway, "")
        person = {"name": who.name or account, "account": account}
        await self._tell(effects, answer, to, member, person, place.until)
        ways.shown(effects, route.name, place.group, member, now)
        return await self._store.apply(effects)

    async def _tell(
        self,
        effects: Effects,
        answer: Answer,
        to: Conversation,
        member: int,
        person: dict[str, str],
        until: int,
    ) -> None:
        assert answer.route is not None
        assert answer.target is not None
        now, name = self._store.clock.now(), answer.route.name
        way = await self._admission.way(answer.target, self._capabilities(to.gateway), to.gateway)
        variables: dict[str, Any] = {
            **answer.variables,
            "picture": way.picture,
            "member": person,
            "gateway": to.gateway,
            "kept": answer.kept(self._translate),
        }
        text = f"{self._translate(OPENED)}\n{answer.route.reply or self._translate(way.text)}"
        standard = f"{self._translate(OPENED)}\n{self._translate(way.text)}"
        reader = Reader("route", 0, 0 if to.group else member)
        try:
            message = await self._writer.write(text, variables, reader)
        except TemplateFailed:  # a manager's reply: the place is theirs all the same
            message = await self._writer.write(standard, variables, reader)
        source = f"route {name}"
        effects.deliver(
            Delivery(
                to=to,
                message=message,
                priority="notice",
                due=now,
                expires=until,
                source=source,
                member=member,
            )
        )
        record(
            effects,
            Entry(
                at=now,
                what="route.opened",
                conversation=to.key,
                member=member,
                source=source,
                reason=f"{name} → {answer.target.name}",
            ),
        )
        record(
            effects,
            Entry(at=now, what="route.way", member=member, source=source, reason=WHY[way.means]),
        )
