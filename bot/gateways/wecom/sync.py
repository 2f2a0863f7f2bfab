"""The sync: keeps staff, customers, customer groups and tags as WeCom has them.

For the adapter: ``Sync(api, inlet, settings, store)``; one task runs ``await sync.run()`` until it
is cancelled (every node may, one of them works). ``await sync.status()`` is for the console, from
any node, and ``sync.soon()`` asks for a round now.
"""

from __future__ import annotations

from contextlib import suppress
from uuid import uuid4

import structlog

from bot.gateways.adapter import Inlet
from bot.gateways.wecom.api import WeComApi
from bot.gateways.wecom.contacts import Contacts
from bot.gateways.wecom.errors import WeComError, failure
from bot.gateways.wecom.groups import Groups
from bot.gateways.wecom.known import Kept, Known
from bot.gateways.wecom.lists import Lists, Relation
from bot.gateways.wecom.marking import Marking
from bot.gateways.wecom.marks import Marks
from bot.gateways.wecom.notes import (
    Changed,
    CompareNow,
    ContactEdited,
    ContactLost,
    Note,
    TagsChanged,
    TransferFailed,
    Unreached,
    read,
)
from bot.gateways.wecom.pairs import Pairs
from bot.gateways.wecom.repairs import Kind, Repairs
from bot.gateways.wecom.settings import WeComSettings
from bot.gateways.wecom.status import Status
from bot.model.phrase import Phrase
from bot.store.effects import Effects
from bot.store.line import StoreError
from bot.store.store import Store

log = structlog.get_logger(__name__)

PAUSE = 3.0
"""Seconds between looks at what callbacks told."""
LEASE = 120.0
"""Seconds a node that ended keeps others from going on; longer than any wait for a call."""
NOTES = 200
"""Notes seen to in one turn."""
TAGS = 60_000
"""Milliseconds after a change of the tags until they are read: one seldom comes alone."""
FIRST, LONGEST = 60_000, 3_600_000
"""Milliseconds until a round that failed is begun again, doubling up to the longest."""


class NotOurs(Exception):
    """Another node has taken the lease."""


class Sync:
    """Compares everything at the start and every ``settings.sync_every`` seconds.

    Between rounds it looks at once at what callbacks left unsaid.
    """

    def __init__(self, api: WeComApi, inlet: Inlet, settings: WeComSettings, store: Store) -> None:
        self._clock = inlet.clock
        self._gateway = inlet.gateway
        self._store = store
        self._every = int(settings.sync_every * 1000)
        self._node = uuid4().hex
        self._held_at = 0
        self._due = 0
        self._failed = 0
        self._untold: set[str] = set()
        self._known = Known(store, inlet.gateway)
        self._lists = Lists(api, inlet.clock, self._keep_lease)
        self._pairs = Pairs(settings)
        self._marks = Marks(store, self._known, inlet.gateway, self._pairs)
        self._marking = Marking(
            api,
            self._lists,
            self._known,
            store,
            inlet.gateway,
            settings.agent_id,
            self._pairs,
        )
        self._repairs = Repairs(self._known, inlet)
        both = (self._lists, self._known, self._repairs, inlet.clock)
        self._contacts, self._groups = Contacts(*both), Groups(*both)

    async def run(self) -> None:
        """Go on until cancelled; what fails is tried again."""
        try:
            while True:
                more = False
                try:
                    more = await self.turn()
                except StoreError as error:
                    log.warning("sync.waiting", gateway=self._gateway, reason=str(error))
                except NotOurs:
                    pass
                await self._clock.sleep(0 if more else PAUSE)
        finally:
            await self._release()

    async def turn(self) -> bool:
        """What is to be done now, if this node has the lease or gets it; whether more is left.

        Raises StoreError, and NotOurs when another node took the lease meanwhile.
        """
        if not await self._lease():
            return False
        if self._clock.now() >= self._due:
            await self._round()
        else:
            await self._repair()
        return await self._marking.turn()

    def soon(self) -> None:
        """Compare everything in the next turn."""
        self._due = 0

    async def status(self) -> Status:
        """How it is doing, whichever node does it; raises StoreError."""
        noted = await self._known.noted()
        return Status.model_validate({k: v for k, v in noted.items() if k in Status.model_fields})

    # everything

    async def _round(self) -> None:
        noted = await self._known.noted()
        self._repairs.first = "complete" not in noted
        await self._known.note(begun=self._clock.now())
        # Notes of now are answered by this round; those that come meanwhile are seen to after it.
        notes = await self._known.notes(NOTES)
        self._repairs.repaired = 0
        try:
            found = await self._compare()
        except WeComError as error:
            self._failed += 1
            wait = min(LONGEST, FIRST * 2 ** (self._failed - 1))
            self._due = self._clock.now() + wait
            reason = str(Phrase.of(failure(error, idempotent=True)))
            await self._known.note(reason=reason, errcode=error.errcode, errmsg=error.errmsg)
            log.warning("sync.failed", gateway=self._gateway, reason=str(error))
            return
        self._failed = 0
        self._repairs.first = False
        self._due = self._clock.now() + self._every
        await self._known.note(reason="", errcode=0, errmsg="", repaired=self._repairs.repaired)
        await self._known.note(complete=self._clock.now(), **found)
        await self._known.done(note for note in notes if _answered(note))
        self._contacts.look_for_owners()

    async def _compare(self) -> dict[str, int]:
        """Compare all there is; how much that was."""
        staff = await self._lists.staff()
        marked: list[Relation] = []
        customers: set[str] = set()
        contacts = skipped = 0
        for one in staff:
            try:
                rows = await self._contacts.of_staff(one)
            except WeComError as error:
                skipped += self._skip(error, staff=one)
                continue
            contacts += len(rows)
            marked += [row for row in rows if row.tags]
            if self._pairs.any:
                customers |= {row.customer for row in rows}
        gone = sorted(await self._known.staff() - set(staff))
        left = [one for one in gone if not await self._contacts.gone_staff(one)]
        await self._known.keep_staff([*staff, *left])
        if not skipped:  # else a tag of theirs would seem to be taken
            first = self._repairs.first
            await self._marks.settle(await self._lists.tags(), marked, customers, first=first)
            self._marking.again()
        chats = await self._lists.groups(staff)
        for chat in dict.fromkeys([*chats, *await self._known.kept()]):
            try:
                await self._groups.compare(chat)
            except WeComError as error:
                skipped += self._skip(error, group=chat)
        return {
            "staff": len(staff),
            "contacts": contacts,
            "groups": len(chats),
            "skipped": skipped,
        }

    def _skip(self, error: WeComError, **what: str) -> int:
        """Go on without one whom WeCom refuses; raises what concerns everything."""
        if error.general:
            raise error
        log.warning("sync.skipped", gateway=self._gateway, reason=str(error), **what)
        return 1

    # what callbacks told

    async def _repair(self) -> None:
        kept = await self._known.notes(NOTES)
        customers: set[str] = set()
        for note in map(read, kept):
            match note:
                case Changed() if await self._incomplete(note):
                    self._untold.add(note.chat_id)
                case Changed(scanned=True) if await self._known.led_to(note.chat_id):
                    self._repairs.soon("group", note.chat_id)
                case ContactEdited():
                    customers.add(note.customer)
                case ContactLost() | TransferFailed():
                    self._contacts.lost.add(note.customer)
                    customers.add(note.customer)
                case Unreached():
                    await self._contacts.unreached(note)
                case CompareNow():
                    self.soon()
                case TagsChanged():
                    self._due = min(self._due, self._clock.now() + TAGS)
        try:
            await self._look_again(customers)
        except WeComError as error:
            log.warning("sync.failed", gateway=self._gateway, reason=str(error))
            self._untold.clear()
            self._due = min(self._due, self._clock.now() + FIRST)  # a round looks at all of it
        await self._known.done(kept)

    async def _look_again(self, customers: set[str]) -> None:
        """Compare these customers, and all else whose time has come; raises WeComError."""
        again, now = self._repairs.again, self._clock.now()
        due = {thing for thing, at in again.items() if at <= now}
        due |= {("group", chat) for chat in self._untold if ("group", chat) not in again}
        due |= {("customer", customer) for customer in customers}
        for kind, ident in sorted(due):
            again.pop((kind, ident), None)
            try:
                await self._look(kind, ident)
            except WeComError as error:
                self._skip(error, **{kind: ident})
            if (kind, ident) not in again:
                self._untold.discard(ident)

    async def _look(self, kind: Kind, ident: str) -> None:
        if kind == "group":
            await self._groups.compare(ident, trust=ident in self._untold)
        else:
            rows = await self._contacts.of_customer(ident)
            if rows or await self._known.numbers([ident]):  # else they were erased
                await self._marks.one(ident, rows)

    async def _incomplete(self, note: Changed) -> bool:
        """Whether the group must be asked for; else its callbacks told all, without a gap."""
        kept = await self._known.kept_of(note.chat_id)
        if not note.complete or kept is None or not note.cur_ver:
            if kept and note.cur_ver and note.last_ver == kept.version:
                await self._follow(note, kept)  # so that a roster of before is known to be old
            return True
        if kept.version == note.last_ver:
            await self._follow(note, kept)
            return False
        return kept.version != note.cur_ver

    async def _follow(self, note: Changed, kept: Kept) -> None:
        await self._known.keep(note.chat_id, kept.followed_by(note.cur_ver, self._clock.now()))

    # one node

    async def _lease(self) -> bool:
        key = self._store.keys.wecom_sync_lease(self._gateway)
        held = bool(await self._store.run("hold", [key], [self._node, int(LEASE * 1000)]))
        self._held_at = self._clock.now()
        return held

    async def _keep_lease(self) -> None:
        if self._clock.now() - self._held_at > LEASE * 250 and not await self._lease():
            raise NotOurs

    async def _release(self) -> None:
        key = self._store.keys.wecom_sync_lease(self._gateway)
        effects = Effects(self._store.keys)
        effects.guard(self._node, "GET", key)
        effects.do("DEL", key)
        with suppress(StoreError):
            await self._store.apply(effects)


def _answered(text: str) -> bool:
    """Whether a round answers the note: not who has a customer now, nor a group read too early."""
    note: Note | None = read(text)
    return not isinstance(note, Changed | ContactLost | TransferFailed | Unreached)
