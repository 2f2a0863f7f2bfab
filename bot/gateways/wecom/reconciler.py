"""The reconciler: compares WeCom's lists with what we know, and hands in what no callback told.

Callbacks come out of order or are lost (document 97297), so they alone are no basis. What is
found here goes the way of all events, so that nobody has two truths. What happened within the
last minute is left to callbacks, and looked at again when that is over.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence, Set
from typing import Any, Literal

import structlog

from bot.clock import Clock
from bot.gateways.wecom.known import Kept, Known
from bot.gateways.wecom.lists import Lists, Relation, Roster
from bot.gateways.wecom.notes import Unreached
from bot.model.conversation import Account, Conversation
from bot.model.event import (
    BaseEvent,
    ContactAdded,
    ContactRemoved,
    GroupChanged,
    GroupCreated,
    GroupDismissed,
    MemberJoined,
    MemberLeft,
)
from bot.store.members import Group

log = structlog.get_logger(__name__)

GRACE = 60_000
"""Milliseconds a callback may take, with its retries."""
PAST = 3_600_000
"""Milliseconds after which nobody is greeted any more: it is past."""
SETTLES = 3_000
"""Milliseconds till WeCom's details of a group show a change: about two, as its staff say."""

Accept = Callable[[BaseEvent], Awaitable[bool]]
Kind = Literal["group", "customer"]


class Reconciler:
    """Hands in events till what is known equals the lists.

    ``again`` holds what must be looked at once more, and when (UTC ms). While ``first`` is set
    nothing is known yet, so everything found is past. ``lost`` are customers whose owner may be
    another one now. ``repaired`` counts what no callback had told.
    """

    def __init__(
        self, lists: Lists, known: Known, accept: Accept, clock: Clock, gateway: str
    ) -> None:
        self.again: dict[tuple[Kind, str], int] = {}
        self.lost: set[str] = set()
        self.repaired = 0
        self.first = False
        self._lists = lists
        self._known = known
        self._accept = accept
        self._clock = clock
        self._gateway = gateway

    # contacts

    async def contacts(self, staff: str) -> list[Relation]:
        """Compare a staff member's customers; they are as listed, with those who half are."""
        listed = await self._lists.relations(staff)
        numbers = await self._known.numbers([row.customer for row in listed])
        rows = await self._without_erased(listed, numbers)
        known = await self._known.contacts(staff)
        new = [row for row in rows if _is_new(row, known.get(numbers.get(row.customer, 0), 0))]
        if new:
            whole = await self._lists.confirmed(staff)
            await self._added([row for row in new if row.customer in whole])
        there = set(numbers.values())
        before = self._clock.now() - GRACE
        gone = [n for n, since in known.items() if 0 < since <= before and n not in there]
        await self._removed(staff, gone, sure=False)
        return rows

    async def customer(self, customer: str) -> list[Relation]:
        """Compare whose customer one is; those they are of, with those they half are of."""
        numbers = await self._known.numbers([customer])
        rows = await self._without_erased(await self._lists.followers(customer), numbers)
        staff = await self._known.staff()  # who may have customers no more is named all the same
        for row in [row for row in rows if row.staff in staff]:
            known = await self._known.contact_since(row.staff, numbers.get(customer, 0))
            if _is_new(row, known) and customer in await self._lists.confirmed(row.staff):
                await self._added([row])
        if customer in self.lost and not await self._pending("customer", customer):
            await self._settle_owner(customer, rows)
        return rows

    async def unreached(self, note: Unreached) -> None:
        """These left a staff member, who lists them all the same, unless they came back since."""
        numbers = await self._known.numbers(note.customers)
        for customer, number in numbers.items():
            since = await self._known.contact_since(note.staff, number)
            if not 0 < since < note.since or await self._pending("customer", customer):
                continue
            head, account = await self._head(self._clock.now()), Account(id=customer)
            left = ContactRemoved(**head, account=account, staff=note.staff, by="contact")
            await self._hand_in(left)
            self.look_for_owners(customer)

    def look_for_owners(self, *lost: str) -> None:
        """Look soon whose these customers are, and those of whom it could not be told yet."""
        self.lost.update(lost)
        for customer in sorted(lost or self.lost):
            self._look("customer", customer, self._clock.now() + SETTLES)

    async def _settle_owner(self, customer: str, rows: Sequence[Relation]) -> None:
        """Who lost a customer is their owner no more, once another has them: the latest to."""
        number = (await self._known.numbers([customer])).get(customer, 0)
        known = {row.staff: await self._known.contact_since(row.staff, number) for row in rows}
        having = {staff: since for staff, since in known.items() if since > 0}
        owner = await self._known.owner(number)
        if owner and having and owner not in having:
            await self._known.give(number, owner, max(having, key=lambda staff: having[staff]))
        if ("customer", customer) not in self.again:  # else somebody new is still to be told of
            self.lost.discard(customer)

    async def _without_erased(
        self, rows: Sequence[Relation], numbers: Mapping[str, int]
    ) -> list[Relation]:
        """Those listed, but for who was erased and has done nothing since."""
        unknown = [row.customer for row in rows if row.customer not in numbers]
        erased = await self._known.erased(unknown)
        return [row for row in rows if row.since > erased.get(row.customer, -1)]

    async def gone_staff(self, staff: str) -> bool:
        """A staff member is not listed any more, and so has no customers; whether all are gone."""
        known = await self._known.contacts(staff)
        gone = [n for n, since in known.items() if since > 0]
        return await self._removed(staff, gone, sure=True)

    async def _added(self, rows: Iterable[Relation]) -> None:
        for row in rows:
            if not self.first and self._is_young("customer", row.customer, row.since):
                continue
            if await self._pending("customer", row.customer):
                continue
            added = ContactAdded(
                **await self._head(row.since),
                account=Account(id=row.customer, name=row.name),
                staff=row.staff,
                channel=row.channel,
            )
            await self._hand_in(added)

    async def _removed(self, staff: str, numbers: Sequence[int], *, sure: bool) -> bool:
        """Hand in who is gone; whether none must be looked at again.

        A page may miss somebody when others go meanwhile: unless ``sure``, each is asked for.
        """
        done = True
        for number in numbers:
            account = await self._known.account(number)
            if account is None:
                continue
            if await self._pending("customer", account):
                done = False
                continue
            if not sure and staff in {row.staff for row in await self._lists.followers(account)}:
                continue
            head = await self._head(self._clock.now())
            await self._hand_in(ContactRemoved(**head, account=Account(id=account), staff=staff))
            self.look_for_owners(account)
        return done

    # groups

    async def group(self, chat: str, *, trust: bool = False) -> Roster | None:
        """Compare a group; None when it is no more, or must be looked at again.

        ``trust``: no callback says who just came, so nobody is waited for.
        """
        roster = await self._lists.roster(chat)
        if await self._pending("group", chat):
            return None
        kept, group = await self._known.kept_of(chat), await self._known.group(chat)
        if roster is None:
            await self._dismissed(chat, group)
            return None
        if kept and self._is_old(roster, kept):
            self._look("group", chat, self._clock.now() + SETTLES)
            return None
        for event in await self._changes(roster, kept, group):
            await self._hand_in(event)
        await self._people(roster, group, trust)
        now = (kept or Kept()).followed_by(roster.version, self._clock.now())
        await self._known.keep(chat, now.model_copy(update={"name": roster.name}))
        return roster

    def _is_old(self, roster: Roster, kept: Kept) -> bool:
        """Whether it does not show yet what a callback told."""
        settling = self._clock.now() - kept.at < GRACE
        return settling and roster.version != kept.version and roster.version == kept.before

    async def _dismissed(self, chat: str, group: Group | None) -> None:
        if group and not group.gone:
            head = await self._head(self._clock.now())
            await self._hand_in(GroupDismissed(**head, account=Account(id=""), group=chat))
        await self._known.keep(chat, None)

    async def _changes(
        self, roster: Roster, kept: Kept | None, group: Group | None
    ) -> list[BaseEvent]:
        """What is new of the group itself; a changed name or owner tells no time, so is past."""
        about: dict[str, Any] = {
            "account": Account(id=""),
            "group": roster.chat,
            "group_name": roster.name,
        }
        found: list[BaseEvent] = []
        head = await self._head(roster.created)
        if group is None or group.gone or (kept is None and head["past"]):
            head["past"] = head["past"] or group is not None
            found.append(GroupCreated(**head, **about))
        now = (await self._head(self._clock.now())) | {"past": True}
        if group is None or group.owner != roster.owner:
            found.append(GroupChanged(**now, **about, what="owner", owner=roster.owner))
        elif kept is None or kept.name != roster.name:
            found.append(GroupChanged(**now, **about, what="name"))
        return found

    async def _people(self, roster: Roster, group: Group | None, trust: bool) -> None:
        place = group.number if group else 0
        there = await self._known.present(place) if place else set()
        numbers = await self._known.numbers([one.account for one in roster.members])
        unknown = [one.account for one in roster.members if one.account not in numbers]
        erased = await self._known.erased(unknown)
        about: dict[str, Any] = {"group": roster.chat, "group_name": roster.name}
        for one in roster.members:
            if numbers.get(one.account, 0) in there or one.since <= erased.get(one.account, -1):
                continue
            if not (trust or self.first) and self._is_young("group", roster.chat, one.since):
                continue
            person = Account(id=one.account, name=one.name)
            how: dict[str, Any] = {"by": one.by, "how": one.how, "channel": one.channel}
            head = await self._head(one.since)
            await self._hand_in(MemberJoined(**head, **about, **how, account=person))
        await self._channels(roster, place, numbers, there)
        for number in sorted(there - set(numbers.values())):
            since = await self._known.joined(place, number)
            account = await self._known.account(number)
            if account is None or self._is_young("group", roster.chat, since):
                continue
            head = await self._head(self._clock.now())
            await self._hand_in(MemberLeft(**head, **about, account=Account(id=account)))

    async def _channels(
        self, roster: Roster, place: int, numbers: Mapping[str, int], there: Set[int]
    ) -> None:
        """By what those came whose coming a callback told, for it does not say that."""
        came = [one for one in roster.members if one.channel and numbers.get(one.account) in there]
        counted = await self._known.entered(place) if came else set()
        for one in came:
            if numbers[one.account] in counted:
                continue
            head = (await self._head(one.since)) | {"past": True}
            await self._accept(
                MemberJoined(
                    **head,
                    account=Account(id=one.account, name=one.name),
                    group=roster.chat,
                    group_name=roster.name,
                    by=one.by,
                    how=one.how,
                    channel=one.channel,
                )
            )

    def soon(self, chat: str) -> None:
        """Look at a group once WeCom shows what its callbacks told."""
        self._look("group", chat, self._clock.now() + SETTLES)

    # what both need

    async def _head(self, at: int) -> dict[str, Any]:
        now = self._clock.now()
        past = self.first or at <= now - PAST
        serial = await self._known.serial()
        return {"id": f"sync:{serial}", "gateway": self._gateway, "at": min(at, now), "past": past}

    async def _hand_in(self, event: BaseEvent) -> None:
        try:
            self.repaired += await self._accept(event) and not self.first
        except ValueError as error:
            log.warning("event.impossible", gateway=self._gateway, reason=str(error))

    def _is_young(self, kind: Kind, ident: str, since: int) -> bool:
        """Whether callbacks may still tell of it; then it is looked at when they have."""
        if since > self._clock.now() - GRACE:
            self._look(kind, ident, since + GRACE)
            return True
        return False

    async def _pending(self, kind: Kind, ident: str) -> bool:
        place = {"group": ident} if kind == "group" else {"account": ident}
        if await self._known.pending(Conversation(gateway=self._gateway, **place)):
            self._look(kind, ident, self._clock.now() + SETTLES)
            return True
        return False

    def _look(self, kind: Kind, ident: str, at: int) -> None:
        due = min(at, self.again.get((kind, ident), at))
        self.again[kind, ident] = max(due, self._clock.now() + 1)


def _is_new(row: Relation, known: int) -> bool:
    """Whether it is unknown, or began after it ended: who left alone stays listed."""
    return known == 0 or (known < 0 and row.since > -known)
