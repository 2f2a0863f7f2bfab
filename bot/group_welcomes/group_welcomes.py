"""The group welcomes room: texts for who joins a group, written here and kept by the platforms."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from bot.gateways.adapter import Adapter
from bot.gateways.answer import answer_of
from bot.group_welcomes.checks import checked
from bot.group_welcomes.kept import Kept, State
from bot.i18n.mark import msgid
from bot.located import Place, Problem, Problems
from bot.model.delivery import Misconfigured, Refused, Retry, SendError
from bot.model.group_welcome import GroupWelcome
from bot.store.audit import Change, audit
from bot.store.effects import Effects
from bot.store.store import Store

WAIT = 45.0
"""Seconds an adapter may take; a picture must be fetched and uploaded first."""
AT_ONCE = 5
"""Texts looked at together."""
STALE = 600_000
"""Ms after which what the platform told is old."""
SELDOM = 3_000_000
"""Ms after which it is asked again though nobody looks."""
AWAY = msgid("This node is not connected with the gateway: try again when it is.")


class NoSuchWelcome(LookupError):
    """There is no group welcome of this id."""


class Meddled(Exception):
    """Somebody else changed it in the same moment."""


class GroupWelcomes:
    """Makes, changes and ends them at their platforms, and sees what others did to them there.

    One is written down before the platform is asked, so after a crash in between it is in doubt
    and never made twice: no platform lists what it has.
    """

    def __init__(self, store: Store, adapters: Callable[[], Mapping[str, Adapter]]) -> None:
        self._store = store
        self._adapters = adapters

    # reading

    def gateways(self) -> dict[str, Adapter]:
        """The gateways that keep such texts, of those this node is connected with."""
        found = sorted(self._adapters().items())
        return {name: one for name, one in found if one.capabilities.group_welcomes}

    async def all(self) -> list[Kept]:
        """Every one, by gateway and the oldest first."""
        rows = await self._store.table("HGETALL", self._store.keys.group_welcomes())
        found = [Kept.model_validate_json(body).now(self._now()) for body in rows.values()]
        return sorted(found, key=lambda one: (one.gateway, one.since, one.id))

    async def get(self, ident: str) -> Kept:
        """One; raises NoSuchWelcome."""
        return (await self._read(ident))[1].now(self._now())

    # changing; what the platform refuses stands in the answer

    async def make(self, gateway: str, welcome: GroupWelcome, by: str, *, tell: bool) -> Kept:
        """A new one; raises Problems keyed by field."""
        adapter = self._adapter(gateway)
        if adapter is None:
            raise Problems([Problem(Place(""), "gateway", AWAY)])
        now = self._now()
        kept = Kept(
            id=secrets.token_hex(4),
            gateway=gateway,
            wanted=checked(welcome, adapter.capabilities),
            tell=tell,
            since=now,
            changed=now,
            by=by,
        )
        effects = Effects(self._store.keys)
        self._put(effects, kept)
        self._note(effects, kept, "group_welcome.made", by)
        await self._store.apply(effects)
        return await self._made(kept)

    async def change(self, ident: str, welcome: GroupWelcome, by: str) -> Kept:
        """Another text; raises Problems keyed by field, NoSuchWelcome and Meddled."""
        body, old = await self._settled(ident)
        adapter = self._adapter(old.gateway)
        if adapter is None:
            raise Problems([Problem(Place(""), "", AWAY)])
        wanted = checked(welcome, adapter.capabilities)
        state = "behind" if old.platform and old.state != "gone" else old.state
        update = {"wanted": wanted, "state": state, "by": by, "changed": self._now()}
        kept = await self._save(body, old, update, "group_welcome.changed")
        return kept if kept.state == "doubt" else await self.push(ident, by)

    async def push(self, ident: str, by: str) -> Kept:
        """Bring to the platform what is not there yet; raises NoSuchWelcome and Meddled.

        One in doubt is made once more, for somebody looked and it is not there.
        """
        body, kept = await self._settled(ident)
        if kept.platform and kept.state != "gone":
            return await self._pushed(body, kept)
        update = {"state": "making", "platform": "", "changed": self._now(), "by": by}
        return await self._made(await self._save(body, kept, update))

    async def end(self, ident: str, by: str) -> Kept | None:
        """Take it away there and here; None when it is. Raises NoSuchWelcome and Meddled."""
        body, kept = await self._settled(ident)
        if kept.platform and kept.state != "gone":
            adapter = self._adapter(kept.gateway)
            try:
                if adapter is None:
                    raise Retry(AWAY)
                await answer_of(adapter.end_group_welcome(kept.platform), WAIT)
            except SendError as error:
                return await self._save(body, kept, {"why": str(error.reason)})
        await self._forget(body, kept, by)
        return None

    async def forget(self, ident: str, by: str) -> None:
        """Drop it here alone, whatever the platform has; raises NoSuchWelcome and Meddled."""
        await self._forget(*await self._settled(ident), by)

    # looking

    async def look(self, ident: str, *, older: int = 0) -> Kept:
        """See what the platform has, unless that is known for less than ``older`` ms.

        Raises NoSuchWelcome; what the platform refuses to tell stands in the answer.
        """
        body, kept = await self._read(ident)
        adapter, now = self._adapter(kept.gateway), self._now()
        fresh = older and now - kept.looked < older
        if adapter is None or kept.state not in ("there", "behind", "gone") or fresh:
            return kept.now(now)
        try:
            seen = await answer_of(adapter.group_welcome(kept.platform), WAIT)
        except SendError as error:
            return kept.model_copy(update={"why": str(error.reason)})
        update: dict[str, Any] = {"looked": now, "seen": seen}
        if seen is None:
            update |= {"state": "gone"}
        elif kept.state == "gone":
            update |= {"state": "there"}
        if kept.known is None:  # nobody could tell when it was made
            update |= {"known": seen}
        try:
            return await self._save(body, kept, update)
        except Meddled:
            return await self.get(ident)

    async def follow(self) -> None:
        """See what the platforms have, once in a while and for all nodes together."""
        await self.look_at_all(older=SELDOM)

    async def look_at_all(self, *, older: int = 0) -> None:
        """See what the platforms have of every one that was not looked at for ``older`` ms."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(ident: str) -> None:
            async with gate:
                with suppress(NoSuchWelcome):  # it was just deleted
                    await self.look(ident, older=older)

        await asyncio.gather(*(one(kept.id) for kept in await self.all()))

    # inside

    async def _made(self, kept: Kept) -> Kept:
        """Make what was written down."""
        adapter, body = self._adapter(kept.gateway), kept.model_dump_json()
        try:
            if adapter is None:
                raise Retry(AWAY)
            making = adapter.make_group_welcome(kept.wanted, tell=kept.tell)
            platform = await answer_of(making, WAIT)
        except (Retry, Refused, Misconfigured) as error:
            return await self._save(body, kept, _failed("unmade", error))
        except SendError as error:
            return await self._save(body, kept, _failed("doubt", error))
        there = {"state": "there", "platform": platform, "why": "", "known": None, "seen": None}
        await self._save(body, kept, there)
        return await self.look(kept.id)  # to know later whether somebody edited it

    async def _pushed(self, body: str, kept: Kept) -> Kept:
        adapter = self._adapter(kept.gateway)
        try:
            if adapter is None:
                raise Retry(AWAY)
            await answer_of(adapter.change_group_welcome(kept.platform, kept.wanted), WAIT)
        except SendError as error:
            return await self._save(body, kept, _failed("behind", error))
        there = {"state": "there", "why": "", "known": None, "seen": None}
        await self._save(body, kept, there)
        return await self.look(kept.id)  # to know later whether somebody edited it

    async def _read(self, ident: str) -> tuple[str, Kept]:
        key = self._store.keys.group_welcomes()
        body = await self._store.text("HGET", key, ident)
        if body is None:
            raise NoSuchWelcome(ident)
        return body, Kept.model_validate_json(body)

    async def _settled(self, ident: str) -> tuple[str, Kept]:
        """One that no node is making right now; raises NoSuchWelcome and Meddled."""
        body, kept = await self._read(ident)
        kept = kept.now(self._now())
        if kept.state == "making":
            raise Meddled(ident)
        return body, kept

    async def _save(self, body: str, kept: Kept, update: Mapping[str, Any], what: str = "") -> Kept:
        """Write it, if it still is as ``body`` says; raises Meddled."""
        changed, effects = kept.model_copy(update=update), Effects(self._store.keys)
        effects.guard(body, "HGET", self._store.keys.group_welcomes(), kept.id)
        self._put(effects, changed)
        if what:
            self._note(effects, changed, what, changed.by, before=kept.wanted.text)
        if not await self._store.apply(effects):
            raise Meddled(kept.id)
        return changed

    async def _forget(self, body: str, kept: Kept, by: str) -> None:
        effects, key = Effects(self._store.keys), self._store.keys.group_welcomes()
        effects.guard(body, "HGET", key, kept.id)
        effects.do("HDEL", key, kept.id)
        self._note(effects, kept, "group_welcome.ended", by)
        if not await self._store.apply(effects):
            raise Meddled(kept.id)

    def _put(self, effects: Effects, kept: Kept) -> None:
        effects.do("HSET", self._store.keys.group_welcomes(), kept.id, kept.model_dump_json())

    def _note(self, effects: Effects, kept: Kept, what: str, by: str, before: str = "") -> None:
        change = Change(
            at=self._now(),
            who=by,
            what=what,
            on=f"{kept.gateway}: {kept.wanted.title}",
            before={"text": before} if before else {},
            after={"text": kept.wanted.text},
        )
        audit(effects, change)

    def _adapter(self, gateway: str) -> Adapter | None:
        return self.gateways().get(gateway)

    def _now(self) -> int:
        return self._store.clock.now()


def _failed(state: State, error: SendError) -> dict[str, str]:
    return {"state": state, "why": str(error.reason)}
