"""The lookout: asks gateways whether they have the groups routes lead to and nobody has seen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog

from bot.gateways.adapter import Adapter
from bot.model.conversation import Conversation
from bot.routes.table import Table
from bot.store.effects import Effects
from bot.store.members import Members
from bot.store.store import Store

log = structlog.get_logger(__name__)

PATIENCE = 10.0
"""Seconds a gateway may take: everything else that is due waits as long."""
AGAIN = 600_000
"""Ms after which a gateway is asked again about the same routes."""
SOON = 30_000
"""The same where it gave no answer, or one that cannot be: an account that is in no group."""
MOMENT = 1_000
"""Ms till it is looked for an adapter that is not there, or not yet."""


class Lookout:
    """Marks groups that are mistyped, or that the account is not in, so that nobody is led there.

    Where a gateway cannot tell, nothing is marked. A group from which something comes is seen,
    whatever was marked.
    """

    def __init__(
        self, store: Store, members: Members, adapters: Callable[[], Mapping[str, Adapter]]
    ) -> None:
        """``adapters``: those this node is connected with."""
        self._store = store
        self._members = members
        self._adapters = adapters
        self._table: Table | None = None
        self._groups: dict[str, set[Conversation]] = {}
        self._due: dict[str, int] = {}

    async def serve(self, table: Table) -> None:
        """Look, at once when routes changed and else now and then."""
        if table is not self._table:
            self._table, self._groups, self._due = table, {}, {}
            for one in (one for route in table.routes.values() for one in route.groups):
                self._groups.setdefault(one.group.gateway, set()).add(one.group)
        now = self._store.clock.now()
        for gateway, groups in self._groups.items():
            if now >= self._due.get(gateway, 0):
                self._due[gateway] = now + await self._look(gateway, groups)

    async def _look(self, gateway: str, groups: set[Conversation]) -> int:
        """Ms until it is to be done again."""
        adapter = self._adapters().get(gateway)
        if adapter is None:
            return MOMENT
        unseen = await self._members.unseen(groups)
        if not unseen or not adapter.capabilities.member_list:
            return AGAIN
        try:
            async with asyncio.timeout(PATIENCE):
                there = {ident for ident, _ in await adapter.groups()}
        except Exception as error:  # an adapter's own: nobody knows, so nothing is marked
            log.warning("routes.groups_unknown", gateway=gateway, reason=type(error).__name__)
            return SOON
        if not there:
            return SOON
        effects = Effects(self._store.keys)
        for group in unseen:
            mark = "SREM" if group.group in there else "SADD"
            effects.do(mark, effects.keys.route_absent(), group.key)
        await self._store.apply(effects)
        return AGAIN
