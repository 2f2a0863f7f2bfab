"""Rosters: who was in a group at a moment, told from who is there and who came and went since."""

from __future__ import annotations

import json
from dataclasses import dataclass

from bot.audience.sources import Joined
from bot.store.bits import Bits
from bot.store.facts import read
from bot.store.members import Group, Members
from bot.store.store import Store

PAGE = 5000


@dataclass(frozen=True, slots=True)
class Roster:
    """Who was in a group; exact for moments from ``exact_from`` (UTC ms) on.

    Before that who left unnoted is missing, and who came unnoted may be in it.
    """

    members: Bits
    exact_from: int


class Rosters:
    """Reads rosters as they were. Sendings keep their own (bot/figures/reach.py)."""

    def __init__(self, store: Store, members: Members) -> None:
        self._store = store
        self._keys = store.keys
        self._joined = Joined(store, members)

    async def begin(self) -> None:
        """Note since when comings and goings are kept; the first call of all counts."""
        await self._store.call("SET", self._keys.moves_since(), self._store.clock.now(), "NX")

    async def now(self, group: int) -> Bits:
        """Who is in a group."""
        key = self._keys.group_present(group)
        return (await read(self._store, [key]))[key]

    async def at(self, group: Group, moment: int) -> Roster:
        """Who was in a group at a moment (UTC ms)."""
        there = set(await self.now(group.number))
        # Who came since, also before comings were noted; whoever left in between is put back below.
        there -= set(await self._joined.since(group.number, moment + 1))
        moves = await self._moves(group.number)
        for at, member, came in reversed(moves):
            if at > moment:
                (there.discard if came else there.add)(member)
        since = int(await self._store.text("GET", self._keys.moves_since()) or 0)
        since = max(since or self._store.clock.now(), group.since)
        if moves and await self._trimmed(group.number):
            since = max(since, moves[0][0])
        return Roster(Bits.of(there), since)

    async def _moves(self, group: int) -> list[tuple[int, int, bool]]:
        """Every kept coming and going, the oldest first: UTC ms, who, whether they came."""
        found, start = list[tuple[int, int, bool]](), "-"
        while True:
            rows = await self._store.call(
                *("XRANGE", self._keys.group_moves(group), start, "+", "COUNT", PAGE)
            )
            for _, fields in rows:
                move = json.loads(fields[1])
                found.append((move["at"], move["member"], bool(move["in"])))
            if len(rows) < PAGE:
                return sorted(found, key=lambda move: move[0])
            start = f"({rows[-1][0].decode()}"

    async def _trimmed(self, group: int) -> bool:
        """Whether older comings and goings are not kept any more."""
        key = self._keys.group_moves(group)
        if not await self._store.call("EXISTS", key):
            return False
        flat = await self._store.call("XINFO", "STREAM", key)
        about = dict(zip((name.decode() for name in flat[::2]), flat[1::2], strict=True))
        return int(about["entries-added"]) > int(about["length"])
