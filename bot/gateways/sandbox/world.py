"""The sandbox's world: its groups, its people and everything that was said, kept in the store."""

from __future__ import annotations

from bot.model.base import Frozen
from bot.model.message import Message
from bot.store.bell import Bell
from bot.store.store import Store, as_text

LONGEST = 20_000
"""Entries the feed keeps."""


class Said(Frozen):
    """One entry of the feed: said by the bot (``by`` None) or by a person; ``at`` is UTC ms.

    ``group`` None: in the direct chat with ``member``. In a group ``member`` is who spoke, or
    None for the bot. ``what`` is "message", or "joined", "left" and "created" for the grey lines
    of a chat; "recalled" takes back the entry with the cursor ``of``.
    """

    at: int
    group: str | None
    member: str | None
    by: str | None
    message: Message = Message()
    what: str = "message"
    of: str = ""


class World:
    """Reads and changes the sandbox's world."""

    def __init__(self, store: Store, bell: Bell) -> None:
        self._store = store
        self._bell = bell
        self.closed = False
        """Whether nobody should wait here any more."""

    def close(self) -> None:
        """Send everybody home who waits for the feed: the server is about to stop."""
        self.closed = True
        self._bell.ring("sandbox")

    async def say(self, said: Said, delivery: str = "") -> str:
        """Write to the feed; the same delivery id twice is written once. Returns the cursor."""
        keys = self._store.keys
        cursor = await self._store.run(
            "sandbox_say",
            [keys.sandbox_feed(), keys.sandbox_sent()],
            [delivery, said.model_dump_json(), LONGEST],
        )
        self._bell.ring("sandbox")
        return as_text(cursor)

    async def recall(self, cursor: str, gone: Said) -> None:
        """Take an entry out of the feed, and let those who saw it know; gone already, nothing."""
        if await self._store.call("XDEL", self._store.keys.sandbox_feed(), cursor):
            await self.say(gone)

    async def feed(self, after: str = "0", limit: int = 500) -> list[tuple[str, Said]]:
        """Up to ``limit`` entries after a cursor, oldest first."""
        start = f"({after}" if after not in {"", "0"} else "-"
        rows = await self._store.call(
            "XRANGE", self._store.keys.sandbox_feed(), start, "+", "COUNT", limit
        )
        return [(as_text(i), Said.model_validate_json(fields[1])) for i, fields in rows]

    async def last(self, limit: int = 300) -> list[tuple[str, Said]]:
        """The newest entries, oldest first."""
        rows = await self._store.call(
            "XREVRANGE", self._store.keys.sandbox_feed(), "+", "-", "COUNT", limit
        )
        return [(as_text(i), Said.model_validate_json(fields[1])) for i, fields in reversed(rows)]

    async def wait(self, seconds: float) -> None:
        """Wait until something is said, at most ``seconds``."""
        await self._bell.wait("sandbox", seconds)

    async def meet(self, account: str, name: str) -> str:
        """Know a person; an empty name keeps the old one. Returns the name now."""
        keys = self._store.keys
        if name:
            await self._store.call("HSET", keys.sandbox_people(), account, name)
            return name
        await self._store.call("HSETNX", keys.sandbox_people(), account, account)
        return await self._store.text("HGET", keys.sandbox_people(), account) or account

    async def make_group(self, group: str, name: str = "") -> str:
        """Make a group unless there is one; returns its name."""
        keys = self._store.keys
        await self._store.call("HSETNX", keys.sandbox_groups(), group, name or group)
        return await self._store.text("HGET", keys.sandbox_groups(), group) or group

    async def new_group(self, name: str) -> str:
        """Make a group besides those there are; returns its id: its name, so config can name it."""
        plain = ident_of(name)
        ident, number = plain, 2
        while not await self._store.call("HSETNX", self._store.keys.sandbox_groups(), ident, name):
            ident, number = f"{plain}-{number}", number + 1
        return ident

    async def enter(self, group: str, account: str) -> bool:
        """Put a person into a group; False when already in it."""
        key = self._store.keys.sandbox_members(group)
        return bool(await self._store.call("SADD", key, account))

    async def leave(self, group: str, account: str) -> bool:
        """Take a person out of a group; False when not in it."""
        key = self._store.keys.sandbox_members(group)
        return bool(await self._store.call("SREM", key, account))

    async def groups(self) -> dict[str, str]:
        """Group ids and names."""
        return await self._store.table("HGETALL", self._store.keys.sandbox_groups())

    async def people(self) -> dict[str, str]:
        """Account ids and names."""
        return await self._store.table("HGETALL", self._store.keys.sandbox_people())

    async def members(self, group: str) -> list[str]:
        """The account ids in a group."""
        return sorted(await self._store.texts("SMEMBERS", self._store.keys.sandbox_members(group)))

    async def switches(self) -> str | None:
        """What was kept last of how the sandbox is switched."""
        return await self._store.text("HGET", self._store.keys.settings(), "sandbox")

    async def keep_switches(self, switches: str) -> None:
        """Keep how the sandbox is switched over a restart."""
        await self._store.call("HSET", self._store.keys.settings(), "sandbox", switches)
        self._bell.ring("sandbox")


def ident_of(name: str) -> str:
    """The id of a group of that name."""
    return "-".join(name.casefold().replace("/", " ").split()) or "group"
