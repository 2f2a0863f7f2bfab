"""Contacts: compares whose customers people are in WeCom with what we know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from bot.clock import Clock
from bot.gateways.wecom.known import Known
from bot.gateways.wecom.lists import Lists, Relation
from bot.gateways.wecom.notes import Unreached
from bot.gateways.wecom.repairs import GRACE, Repairs
from bot.model.conversation import Account
from bot.model.event import ContactAdded, ContactRemoved


class Contacts:
    """Repairs till what is known equals the lists.

    ``lost`` are customers whose owner may be another one now.
    """

    def __init__(self, lists: Lists, known: Known, repairs: Repairs, clock: Clock) -> None:
        self.lost: set[str] = set()
        self._lists = lists
        self._known = known
        self._repairs = repairs
        self._clock = clock

    async def of_staff(self, staff: str) -> list[Relation]:
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

    async def of_customer(self, customer: str) -> list[Relation]:
        """Compare whose customer one is; those they are of, with those they half are of."""
        numbers = await self._known.numbers([customer])
        rows = await self._without_erased(await self._lists.followers(customer), numbers)
        staff = await self._known.staff()  # who may have customers no more is named all the same
        for row in [row for row in rows if row.staff in staff]:
            known = await self._known.contact_since(row.staff, numbers.get(customer, 0))
            if _is_new(row, known) and customer in await self._lists.confirmed(row.staff):
                await self._added([row])
        if customer in self.lost and not await self._repairs.pending("customer", customer):
            await self._settle_owner(customer, rows)
        return rows

    async def unreached(self, note: Unreached) -> None:
        """These left a staff member, who lists them all the same, unless they came back since."""
        numbers = await self._known.numbers(note.customers)
        for customer, number in numbers.items():
            since = await self._known.contact_since(note.staff, number)
            if not 0 < since < note.since or await self._repairs.pending("customer", customer):
                continue
            head, account = await self._repairs.head(self._clock.now()), Account(id=customer)
            left = ContactRemoved(**head, account=account, staff=note.staff, by="contact")
            await self._repairs.hand_in(left)
            self.look_for_owners(customer)

    def look_for_owners(self, *lost: str) -> None:
        """Look soon whose these customers are, and those of whom it could not be told yet."""
        self.lost.update(lost)
        for customer in sorted(lost or self.lost):
            self._repairs.soon("customer", customer)

    async def _settle_owner(self, customer: str, rows: Sequence[Relation]) -> None:
        """Who lost a customer is their owner no more, once another has them: the latest to."""
        number = (await self._known.numbers([customer])).get(customer, 0)
        known = {row.staff: await self._known.contact_since(row.staff, number) for row in rows}
        having = {staff: since for staff, since in known.items() if since > 0}
        owner = await self._known.owner(number)
        if owner and having and owner not in having:
            await self._known.give(number, owner, max(having, key=lambda staff: having[staff]))
        if ("customer", customer) not in self._repairs.again:  # else somebody new is to be told of
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
            repairs, customer = self._repairs, row.customer
            if not repairs.first and repairs.is_young("customer", customer, row.since):
                continue
            if await repairs.pending("customer", customer):
                continue
            added = ContactAdded(
                **await repairs.head(row.since),
                account=Account(id=customer, name=row.name),
                staff=row.staff,
                channel=row.channel,
            )
            await repairs.hand_in(added)

    async def _removed(self, staff: str, numbers: Sequence[int], *, sure: bool) -> bool:
        """Hand in who is gone; whether none must be looked at again.

        A page may miss somebody when others go meanwhile: unless ``sure``, each is asked for.
        """
        done = True
        for number in numbers:
            account = await self._known.account(number)
            if account is None:
                continue
            if await self._repairs.pending("customer", account):
                done = False
                continue
            if not sure and staff in {row.staff for row in await self._lists.followers(account)}:
                continue
            head = await self._repairs.head(self._clock.now())
            left = ContactRemoved(**head, account=Account(id=account), staff=staff)
            await self._repairs.hand_in(left)
            self.look_for_owners(account)
        return done


def _is_new(row: Relation, known: int) -> bool:
    """Whether it is unknown, or began after it ended: who left alone stays listed."""
    return known == 0 or (known < 0 and row.since > -known)
