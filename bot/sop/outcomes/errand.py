"""Errands: asks as they are kept, from the first note to the last target."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.gateways.adapter import Adapter
from bot.model.asking import Ask, AskKind
from bot.model.base import Frozen
from bot.model.message import Message
from bot.store.effects import Effects
from bot.store.store import Store

CHUNK = 500
"""Elements one command names."""
LEASE = 120_000
"""Ms a node has for one look at an errand; then another may take it up."""

Step = Literal["gathering", "asking", "asked", "doubt"]
"""Not asked yet; about to be, so perhaps asked; asked; nobody knows."""


Wish = Literal["remind", "withdraw"]
Why = Literal["", "wish", "paused", "stopped", "late", "closed"]
"""Why an errand is taken back."""


class Errand(Frozen):
    """One ask of a run: ``id`` is ``sop/number``; all times are UTC ms, 0 for not yet.

    ``since``: when it was asked first; ``ends``: then it is taken back; ``remind_at``: when the
    staff member is reminded next; ``tapped``: when we first saw it confirmed; ``why``: what went
    wrong last. ``text`` sums up the message, which is ``rich`` where it is more than words.
    """

    id: str
    gateway: str
    staff: str
    kind: AskKind
    sop: str
    run: str
    text: str
    rich: Message | None = None
    seen_by: tuple[str, ...] = ()
    ends: int
    step: Step = "gathering"
    platform: str = ""
    since: int = 0
    reminded: tuple[int, ...] = ()
    remind_at: int = 0
    tapped: int = 0
    why: str = ""

    def ask(self, targets: Iterable[str]) -> Ask:
        """What the adapter is given."""
        return Ask(
            id=self.id,
            gateway=self.gateway,
            staff=self.staff,
            kind=self.kind,
            targets=tuple(sorted(set(targets))),
            message=self.rich or Message.of(self.text),
            since=self.since,
            seen_by=self.seen_by,
        )


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at an errand knows.

    ``targets`` are all its tasks with their accounts or group ids, ``still`` the open ones;
    ``sop`` is the SOP's state; ``wish`` what a manager wants, as "remind\\nann".
    """

    adapter: Adapter
    errand: Errand
    targets: Mapping[str, str]
    still: Mapping[str, str]
    sop: str
    wish: str

    @property
    def by(self) -> str:
        """Who wishes something."""
        return self.wish.partition("\n")[2]

    def wishes(self, what: Wish) -> bool:
        """Whether that is wished."""
        return self.wish.startswith(f"{what}\n")

    @property
    def halted(self) -> Why:
        """Why nothing of the SOP is sent, or ''."""
        if self.sop.startswith("paused/"):
            return "paused"
        return "" if self.sop.startswith(("running/", "finished/")) else "stopped"

    def back(self, now: int) -> Why:
        """Why the errand is to be taken back, or ''."""
        if self.halted:
            return self.halted
        if not self.still:
            return "closed"
        if now >= self.errand.ends:
            return "late"
        return "wish" if self.wishes("withdraw") else ""


class Book:
    """The errands there are, which tasks are in them, and when to look at each next."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys = store.keys

    async def get(self, ident: str) -> Errand | None:
        """One errand, or None."""
        body = await self._store.call("HGET", self._keys.sop_errand(), ident)
        return None if body is None else Errand.model_validate_json(body)

    async def all(self) -> list[Errand]:
        """Every errand, in no order."""
        found = await self._store.table("HGETALL", self._keys.sop_errand())
        return [Errand.model_validate_json(body) for body in found.values()]

    async def take(self, gateway: str, now: int, limit: int) -> list[Errand]:
        """Errands to look at now, which are then ours for a while."""
        key = self._keys.sop_errands(gateway)
        rows = await self._store.table(
            "ZRANGEBYSCORE", key, "-inf", now, "WITHSCORES", "LIMIT", 0, limit
        )
        taken = []
        for ident, due in rows.items():
            effects = Effects(self._keys)
            effects.guard(due, "ZSCORE", key, ident)
            effects.do("ZADD", key, now + LEASE, ident)
            if not await self._store.apply(effects):
                continue
            if errand := await self.get(ident):
                taken.append(errand)
            else:  # erased
                await self._store.call("ZREM", key, ident)
        return taken

    def begin(self, effects: Effects, errand: Errand, look: int) -> None:
        """Write a new one down, to be looked at from ``look`` (UTC ms) on."""
        effects.do("HSET", self._keys.sop_errand(), errand.id, errand.model_dump_json())
        effects.do("ZADD", self._keys.sop_errands(errand.gateway), look, errand.id)

    def guarded(self, errand: Errand) -> Effects:
        """Effects that happen only while the errand is as we know it."""
        effects = Effects(self._keys)
        effects.guard(errand.model_dump_json(), "HGET", self._keys.sop_errand(), errand.id)
        return effects

    def end(self, effects: Effects, errand: Errand, free: Collection[str] = ()) -> None:
        """Forget it; the tasks ``free`` are in no errand any more."""
        keys = self._keys
        effects.do("HDEL", keys.sop_errand(), errand.id)
        effects.do("HDEL", keys.sop_errand_wish(), errand.id)
        effects.do("ZREM", keys.sop_errands(errand.gateway), errand.id)
        effects.do("DEL", keys.sop_errand_targets(errand.id))
        for some in chunks(sorted(free)):
            effects.do("HDEL", keys.sop_errand_of(), *some)

    # tasks

    async def targets(self, errand: Errand) -> dict[str, str]:
        """Every task that was put into it, open or not, and its account or group id."""
        return await self._store.table("HGETALL", self._keys.sop_errand_targets(errand.id))

    async def open(self, errand: Errand, targets: Mapping[str, str]) -> dict[str, str]:
        """Those of its tasks that are open."""
        found: dict[str, str] = {}
        for some in chunks([*targets]):
            held = await self._store.call("HMGET", self._keys.sop_errand_of(), *some)
            found |= {
                task: targets[task]
                for task, ident in zip(some, held, strict=True)
                if ident == errand.id.encode()
            }
        return found

    async def of(self, tasks: Sequence[str]) -> dict[str, Errand]:
        """The errands of some tasks, by task."""
        if not tasks:
            return {}
        held = await self._store.call("HMGET", self._keys.sop_errand_of(), *tasks)
        found: dict[str, Errand | None] = {}
        for ident in {one.decode() for one in held if one is not None}:
            found[ident] = await self.get(ident)
        of = {task: found[one.decode()] for task, one in zip(tasks, held, strict=True) if one}
        return {task: errand for task, errand in of.items() if errand is not None}


def chunks(names: Sequence[str], size: int = CHUNK) -> list[Sequence[str]]:
    """The names, so many at a time."""
    return [names[i : i + size] for i in range(0, len(names), size)]
