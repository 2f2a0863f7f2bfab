"""Openings: what somebody who waited is told when a place is theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.delivery.journal import Entry, record
from bot.i18n.mark import msgid
from bot.model.delivery import Delivery
from bot.routes.admission import Admission
from bot.routes.places import Note, Place
from bot.routes.way import bring_in
from bot.routing import ways
from bot.routing.template import TemplateFailed
from bot.routing.writer import Reader, Writer
from bot.settings.rooms import RouteSettings
from bot.store.effects import Effects
from bot.store.members import Member
from bot.store.store import Store

OPENED = msgid(
    "{{ member.name }}, a place in “{{ target.name }}” is yours for {{ kept }}. If you do not want "
    "it, say “stop waiting”."
)
Window = Callable[[int], tuple[int, int]]
"""When what nobody asked for may go out next, and until when; all UTC ms."""


class Openings:
    """Tells of places; who was put in line by an SOP is told like by any broadcast."""

    def __init__(
        self,
        store: Store,
        admission: Admission,
        writer: Writer,
        translate: Callable[[str], str],
        window: Window,
    ) -> None:
        self._store = store
        self._admission = admission
        self._writer = writer
        self._translate = translate
        self._window = window

    async def tell(
        self, effects: Effects, route: RouteSettings, place: Place, note: Note, who: Member
    ) -> None:
        """Queue what is said of a place that is held for a member, and keep that it was shown."""
        now, source, to = self._store.clock.now(), f"route {route.name}", note.to
        answer = await self._admission.answer(route, route, place)
        assert answer.target is not None
        account, asked = to.account or who.accounts.get(to.gateway, ""), not by_sop(note.source)
        way = await self._admission.way(answer.target, to.gateway, account if asked else "")
        variables: dict[str, Any] = {
            **answer.variables,
            "picture": way.picture,
            "member": {"name": who.name or account, "account": account},
            "gateway": to.gateway,
            "kept": answer.kept(self._translate),
        }
        reader = Reader("route", 0, 0 if to.group else who.number)
        opened, standard = self._translate(OPENED), self._translate(way.text)
        try:
            said = f"{opened}\n{route.reply or standard}"
            message = await self._writer.write(said, variables, reader)
        except TemplateFailed:  # a manager's reply: the place is theirs all the same
            message = await self._writer.write(f"{opened}\n{standard}", variables, reader)
        due, until = (now, None) if asked else self._window(now)
        ends = place.until + due - now
        if due > now:  # held from when they are told
            effects.do("ZADD", effects.keys.route_held(place.group), "XX", ends, who.number)
        told = Delivery(
            to=to,
            message=message,
            priority="notice" if asked else "broadcast",
            due=due,
            until=until,
            expires=ends,
            source=source,
            member=who.number,
        )
        if way.account:
            done = await self._writer.write(self._translate(way.invited), variables, reader)
            bring_in(effects, answer.target.id, way.account, told, done)
        else:
            effects.deliver(told)
        ways.shown(effects, route.name, place.group, who.number, now, note.source)
        what = {
            "route.opened": f"{route.name} → {answer.target.name}",
            "route.way": way.why,
        }
        for name, reason in what.items():
            record(
                effects,
                Entry(
                    at=now,
                    what=name,
                    conversation=to.key,
                    member=who.number,
                    source=source,
                    reason=reason,
                ),
            )


def by_sop(source: str) -> bool:
    """Whether it was an SOP that led somebody to a route, and not what they said."""
    return source.startswith("sop ")
