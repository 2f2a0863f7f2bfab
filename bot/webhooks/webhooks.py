"""Webhooks: the endpoints other systems listen at; made, changed, paused, taken away."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from typing import Any

from bot.i18n.mark import msgid
from bot.model.base import Frozen
from bot.store.audit import Change, audit
from bot.store.effects import Effects
from bot.store.line import StoreError
from bot.store.store import Store, as_text
from bot.webhooks.endpoint import (
    MOST,
    BadWebhook,
    Endpoint,
    Secret,
    Secrets,
    Why,
    checked_events,
    checked_note,
    checked_url,
)
from bot.webhooks.events import Stream, stream_of
from bot.webhooks.signing import new_secret

OVERLAP = 86_400_000
"""Ms an old secret still signs beside a new one."""


class Gap(Frozen):
    """Entries of a stream that were gone before they could be told; ``at`` is UTC ms."""

    stream: str
    missing: int
    at: int


class Health(Frozen):
    """How an endpoint does; times are UTC ms, 0 for never.

    ``failing``: since when nothing arrived, 0 when the last message did. ``dropped``: events that
    found its queue full.
    """

    success: int = 0
    failure: int = 0
    failing: int = 0
    reason: str = ""
    delivered: int = 0
    dropped: int = 0
    waiting: int = 0
    dead: int = 0


class NoSuchWebhook(LookupError):
    """There is no endpoint of this id."""


class Webhooks:
    """Keeps endpoints; a counter tells every node when they change.

    Its streams are read from a cursor each, which exists while somebody wants the stream; a new
    endpoint, and a newly chosen event, gets what happens from then on.
    """

    def __init__(self, store: Store, allow_private: bool) -> None:
        self._store = store
        self._keys = store.keys
        self.allow_private = allow_private
        self._listed: tuple[str | None, list[Endpoint]] = (None, [])

    # reading

    async def all(self) -> list[Endpoint]:
        """Every endpoint, the oldest first."""
        return (await self.listed())[1]

    async def listed(self) -> tuple[str, list[Endpoint]]:
        """The count of changes, and every endpoint as of then."""
        version = await self._store.text("GET", self._keys.webhook_version()) or ""
        if version != self._listed[0]:
            found = await self._store.table("HGETALL", self._keys.webhooks())
            every = [Endpoint.model_validate_json(body) for body in found.values()]
            self._listed = version, sorted(every, key=lambda one: (one.since, one.id))
        return version, self._listed[1]

    async def get(self, ident: str) -> Endpoint:
        """One endpoint; raises NoSuchWebhook."""
        for one in await self.all():
            if one.id == ident:
                return one
        raise NoSuchWebhook(f"there is no webhook {ident}")

    async def secrets(self, ident: str) -> list[str]:
        """What signs its messages now, the newest first; none when it is gone."""
        body = await self._store.text("HGET", self._keys.webhook_secrets(), ident)
        kept = Secrets.model_validate_json(body) if body else Secrets(all=())
        return [one.text for one in kept.valid(self._store.clock.now())]

    async def health(self, ident: str) -> Health:
        """How it does."""
        keys, ask = self._keys, self._store.ask
        known = await self._store.table("HGETALL", keys.webhook_health(ident))
        families = (keys.webhook_due, keys.webhook_sending, keys.webhook_dead)
        due, sending, dead = [int(await ask("ZCARD", family(ident))) for family in families]
        return Health.model_validate({**known, "waiting": due + sending, "dead": dead})

    async def gaps(self) -> list[Gap]:
        """The last time entries of each stream were gone before they could be told."""
        found = await self._store.table("HGETALL", self._keys.webhook_gaps())
        gaps = []
        for stream, value in sorted(found.items()):
            missing, _, at = value.partition(" ")
            gaps.append(Gap(stream=stream, missing=int(missing), at=int(at)))
        return gaps

    # changing

    async def add(
        self, url: str, events: Iterable[str], by: str, note: str = ""
    ) -> tuple[Endpoint, str]:
        """A new endpoint, and its secret, told only now; raises BadWebhook."""
        url, note = checked_url(url, self.allow_private), checked_note(note)
        wanted, secret = checked_events(events), new_secret()
        ident, now = secrets.token_hex(4), self._store.clock.now()

        def change(_: Endpoint | None, starts: dict[str, str], count: int) -> Endpoint:
            if count >= MOST:
                raise BadWebhook("url", msgid("There are 50 webhooks; more are not possible."))
            return Endpoint(id=ident, url=url, note=note, events=starts, since=now, by=by)

        def also(effects: Effects) -> None:
            kept = Secrets(all=(Secret(text=secret),))
            effects.do("HSET", self._keys.webhook_secrets(), ident, kept.model_dump_json())

        made = await self._change(ident, change, wanted, "webhook.added", by, also)
        assert made
        return made, secret

    async def edit(
        self, ident: str, url: str, events: Iterable[str], by: str, note: str = ""
    ) -> Endpoint:
        """Change where it is, or what it wants; raises BadWebhook, NoSuchWebhook."""
        url, note = checked_url(url, self.allow_private), checked_note(note)
        wanted = checked_events(events)

        def change(old: Endpoint | None, starts: dict[str, str], _: int) -> Endpoint:
            known = self._known(ident, old)
            kept = {name: known.events.get(name, start) for name, start in starts.items()}
            return known.model_copy(update={"url": url, "note": note, "events": kept})

        changed = await self._change(ident, change, wanted, "webhook.changed", by)
        assert changed
        return changed

    async def pause(self, ident: str, by: str, why: Why = "") -> Endpoint:
        """Tell it nothing till it is resumed; what happens waits. Raises NoSuchWebhook."""
        return await self._switch(ident, {"state": "paused", "why": why}, "webhook.paused", by)

    async def resume(self, ident: str, by: str) -> Endpoint:
        """Go on with what waits; raises NoSuchWebhook."""
        fields = (self._keys.webhook_health(ident), "failing")
        switched = {"state": "active", "why": ""}
        return await self._switch(ident, switched, "webhook.resumed", by, fields)

    async def remove(self, ident: str, by: str) -> None:
        """Take it away with all that waits for it; raises NoSuchWebhook."""

        def change(old: Endpoint | None, _: dict[str, str], __: int) -> None:
            self._known(ident, old)

        def also(effects: Effects) -> None:
            keys = self._keys
            effects.do("HDEL", keys.webhook_secrets(), ident)
            for family in (
                *(keys.webhook_due, keys.webhook_sending, keys.webhook_dead),
                *(keys.webhook_body, keys.webhook_health),
            ):
                effects.do("UNLINK", family(ident))

        await self._change(ident, change, (), "webhook.removed", by, also)

    async def rotate(self, ident: str, by: str) -> str:
        """A new secret, told only now; for a day the old one signs too. Raises NoSuchWebhook."""
        endpoint, secret, key = await self.get(ident), new_secret(), self._keys.webhook_secrets()
        while True:
            body, now = await self._store.text("HGET", key, ident), self._store.clock.now()
            if body is None:
                raise NoSuchWebhook(f"there is no webhook {ident}")
            old = Secrets.model_validate_json(body).valid(now)
            ending = (one.model_copy(update={"until": one.until or now + OVERLAP}) for one in old)
            kept = Secrets(all=(Secret(text=secret), *ending))
            effects = Effects(self._keys)
            effects.guard(body, "HGET", key, ident)
            effects.do("HSET", key, ident, kept.model_dump_json())
            audit(effects, Change(at=now, who=by, what="webhook.rotated", on=endpoint.shown))
            if await self._store.apply(effects):
                return secret

    # inside

    def _known(self, ident: str, found: Endpoint | None) -> Endpoint:
        if found is None:
            raise NoSuchWebhook(f"there is no webhook {ident}")
        return found

    async def _switch(
        self, ident: str, update: dict[str, str], what: str, by: str, forget: tuple[str, ...] = ()
    ) -> Endpoint:
        def change(old: Endpoint | None, _: dict[str, str], __: int) -> Endpoint:
            return self._known(ident, old).model_copy(update=update)

        def also(effects: Effects) -> None:
            if forget:
                effects.do("HDEL", *forget)

        switched = await self._change(ident, change, (), what, by, also)
        assert switched
        return switched

    async def _change(
        self,
        ident: str,
        change: Callable[[Endpoint | None, dict[str, str], int], Endpoint | None],
        wanted: Iterable[str],
        what: str,
        by: str,
        also: Callable[[Effects], None] = lambda effects: None,
    ) -> Endpoint | None:
        """Keep what ``change`` makes of it (None: gone), with the cursors that are needed then.

        ``change`` gets the endpoint as it is, where each wanted event begins, and how many
        endpoints there are.
        """
        keys = self._keys
        while True:
            version, every = await self.listed()
            old = next((one for one in every if one.id == ident), None)
            ends = {stream: await self._end(stream) for stream in {*map(stream_of, wanted)}}
            starts = {name: ends[stream_of(name)].partition(" ")[0] for name in wanted}
            new = change(old, starts, len(every))
            effects = Effects(keys)
            effects.guard(version, "GET", keys.webhook_version())
            effects.do("INCR", keys.webhook_version())
            if new:
                effects.do("HSET", keys.webhooks(), ident, new.model_dump_json())
            else:
                effects.do("HDEL", keys.webhooks(), ident)
            for stream, end in ends.items():
                effects.do("HSETNX", keys.webhook_cursor(), stream, end)
            others = [one for one in every if one.id != ident]
            for stream in streams(every) - streams([*others, *([new] if new else [])]):
                effects.do("HDEL", keys.webhook_cursor(), stream)
                effects.do("HDEL", keys.webhook_gaps(), stream)
            also(effects)
            shown = new or self._known(ident, old)
            after: dict[str, Any] = {"events": [*shown.events]} if wanted else {}
            after |= {"why": shown.why} if shown.why else {}
            now = self._store.clock.now()
            audit(effects, Change(at=now, who=by, what=what, on=shown.shown, after=after))
            if await self._store.apply(effects):
                return new

    async def _end(self, stream: Stream) -> str:
        """The last entry a stream was given, and how many it ever was."""
        try:
            told = await self._store.call("XINFO", "STREAM", stream_key(self._store, stream))
        except StoreError as error:
            if "no such key" in str(error):
                return "0-0 0"
            raise
        known: dict[str, Any] = {as_text(told[i]): told[i + 1] for i in range(0, len(told), 2)}
        return f"{as_text(known['last-generated-id'])} {int(known['entries-added'])}"


def streams(endpoints: Iterable[Endpoint]) -> set[Stream]:
    """The streams somebody wants something of."""
    return {stream_of(name) for one in endpoints for name in one.events}


def stream_key(store: Store, stream: Stream) -> str:
    """Where a stream is kept."""
    keys = store.keys
    families = {"journal": keys.journal, "hits": keys.hits_kept, "conversions": keys.conversions}
    return families[stream]()
