"""Whatever becomes of callbacks, in the end we know what is true."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from bot.store.store import Store
from bot.testing.clock import TestClock

from .mirror import Mirror, mirror

STAFF = ("ann", "ben", "cat")


class History:
    """People do this and that; their callbacks are lost, repeated, late, or come as they should."""

    def __init__(self, here: Mirror, random: Random) -> None:
        self.here, self.world, self.random = here, here.world, random
        here.world.hire("cat", "Cat")
        self.people = [here.world.meet(f"Person {n}").external_userid for n in range(6)]
        self.tags = [tag.id for tag in here.world.make_tags("Kind", "vip", "new")]
        self.late: list[dict[str, Any]] = []

    async def goes_on(self, steps: int) -> None:
        deeds = (
            *(self.add, self.add, self.remove, self.leave_staff, self.mark, self.rename),
            *(self.create, self.join, self.join, self.leave, self.own, self.dismiss),
        )
        for _ in range(steps):
            self.here.clock.advance(self.random.choice((1, 5, 40, 300)))
            self.random.choice(deeds)()
            await self.tell()
            if self.random.random() < 0.3:
                await self.here.turn()
            if self.random.random() < 0.1:
                self.here.sync.soon()
        await self.come(self.late)

    async def tell(self) -> None:
        waiting, self.here.server.callbacks.waiting = self.here.server.callbacks.waiting, []
        for fields in waiting:
            fate = self.random.choice(("well", "well", "lost", "twice", "late", "absent"))
            if fate in ("well", "twice", "absent"):
                await self.here.tell(fields, lists="absent" if fate == "absent" else "items")
            if fate in ("twice", "late"):
                self.late.append(fields)
        if self.random.random() < 0.4:
            await self.come(self.late)

    async def come(self, late: list[dict[str, Any]]) -> None:
        self.random.shuffle(late)
        while late:
            await self.here.tell(late.pop())

    # deeds

    def pair(self) -> tuple[str, str]:
        return self.random.choice(STAFF), self.random.choice(self.people)

    def known_pair(self) -> tuple[str, str] | None:
        pairs = [pair for pair, relation in self.world.relations.items() if not relation.gone]
        return self.random.choice(pairs) if pairs else None

    def chat(self) -> str | None:
        return self.random.choice([*self.world.groups]) if self.world.groups else None

    def add(self) -> None:
        staff, person = self.pair()
        relation = self.world.relations.get((staff, person))
        if relation is None or relation.gone:
            self.world.add(staff, person, state=self.random.choice(("", "door")))

    def remove(self) -> None:
        if pair := self.known_pair():
            self.world.remove(*pair)

    def leave_staff(self) -> None:
        if pair := self.known_pair():
            self.world.removed_by_customer(*pair)

    def mark(self) -> None:
        if pair := self.known_pair():
            self.world.tag(*pair, self.random.choice(self.tags))

    def create(self) -> None:
        staff, person = self.pair()
        self.world.create_group(staff, f"Group {self.random.randrange(99)}", person)

    def join(self) -> None:
        if chat := self.chat():
            inside = self.world.groups[chat].members
            who = [p for p in self.people if p not in inside and self.random.random() < 0.5]
            if who:
                self.world.join(chat, *who)

    def leave(self) -> None:
        if chat := self.chat():
            group = self.world.groups[chat]
            who = [m for m in group.members if m != group.owner and self.random.random() < 0.4]
            if who:
                self.world.leave(chat, *who)

    def rename(self) -> None:
        if chat := self.chat():
            self.world.rename(chat, f"Group {self.random.randrange(99)}")

    def own(self) -> None:
        if chat := self.chat():
            self.world.change_owner(chat, self.random.choice(STAFF))

    def dismiss(self) -> None:
        if (chat := self.chat()) and self.random.random() < 0.3:
            self.world.dismiss(chat)


async def alike(here: Mirror) -> None:
    """What we know is what is."""
    world = here.world
    for chat, true in world.groups.items():
        group = await here.group(chat)
        assert group, chat
        assert (group.name, group.owner, group.gone) == (true.name, true.owner, False)
        assert await here.present(chat) == set(true.members)
    ours = {g.conversation.group for g in await here.members.groups() if not g.gone}
    assert ours == set(world.groups)
    for staff in STAFF:
        relations = [r for r in world.relations.values() if r.userid == staff]
        known = await here.contacts(staff)
        # Whom the customer left is listed all the same, so it depends on the callback alone.
        assert {r.external_userid for r in relations if not r.gone} <= known
        assert known <= {r.external_userid for r in relations}
    for tag in world.tags.values():
        having = {r.external_userid for r in world.relations.values() if tag.id in r.tags}
        assert await here.tagged(tag.name) == having


@pytest.mark.parametrize("seed", range(20))
async def test_lost_repeated_and_late_callbacks_end_in_the_truth(
    store: Store, clock: TestClock, seed: int
) -> None:
    async with mirror(store, clock) as here:
        history = History(here, Random(seed))
        await history.goes_on(40)
        await here.round()
        await alike(here)


@pytest.mark.parametrize("seed", range(3))
async def test_a_company_that_was_there_before_us_is_as_it_is(
    store: Store, clock: TestClock, seed: int
) -> None:
    async with mirror(store, clock) as here:
        history = History(here, Random(seed))
        for _ in range(60):
            clock.advance(100)
            for deed in (history.add, history.create, history.join, history.leave, history.mark):
                deed()
        here.lose()
        await here.turn()
        assert here.heard == []
        await here.round()
        await alike(here)
