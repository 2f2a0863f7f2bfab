"""Contexts: what a handler sees, made from an event and what is known of who and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.model.capabilities import Capabilities
from bot.model.event import BaseEvent
from bot.routing.context import Context, Place, Speaker
from bot.routing.writer import Writer
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store

Roles = Callable[[str, str], str | None]
"""The operator role of (gateway, account id), or None."""


@dataclass(frozen=True, slots=True)
class Contexts:
    """Makes the context of each event, with the same members, writer and words for all."""

    store: Store
    members: Members
    facts: Facts
    writer: Writer
    capabilities: Callable[[str], Capabilities]
    role: Roles
    workspace: Mapping[str, Any]
    translate: Callable[[str], str]
    written: Callable[[str, str], str] = lambda _, value: value
    """The form an attribute of this name is kept in; raises WrongAttribute."""

    async def of(self, event: BaseEvent, *, fresh: bool = False) -> Context:
        """The context of an event; ``fresh``: nothing remembered of the member is relied on."""
        effects, now = Effects(self.store.keys), self.store.clock.now()
        return Context(
            event=event,
            conversation=event.conversation,
            member=await self._speaker(event, effects, now, fresh),
            group=await self._place(event),
            capabilities=self.capabilities(event.gateway),
            role=self.role(event.gateway, event.account.id),
            now=now,
            workspace=self.workspace,
            effects=effects,
            writer=self.writer,
            store=self.store,
            translate=self.translate,
        )

    async def _speaker(self, event: BaseEvent, effects: Effects, now: int, fresh: bool) -> Speaker:
        account, number = event.account, 0
        if account.id:
            number = await self.members.number(event.gateway, account, fresh=fresh)
            # Members may be merged, split or erased meanwhile.
            effects.guard(
                number, "HGET", self.store.keys.member_accounts(event.gateway), account.id
            )
        name = account.name or account.id
        return Speaker(number, account.id, name, effects, self.facts, now, self.written)

    async def _place(self, event: BaseEvent) -> Place | None:
        if event.group is None:
            return None
        since = event.at if event.past else None
        number = await self.members.group_number(event.conversation, event.group_name, since)
        return Place(number, event.group, event.group_name)
