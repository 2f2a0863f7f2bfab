"""The timeline of a member: what rooms keep beside the journal, and pages of any length."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from decimal import Decimal
from itertools import count

import pytest

from bot.delivery.journal import Entry, Journal, record
from bot.links.codes import Code
from bot.links.conversions import Conversions, Told
from bot.links.counter import Counter
from bot.links.hits import Hit
from bot.links.judge import Judge
from bot.links.links import Links
from bot.links.trail import Trail
from bot.members.notes import Notes
from bot.members.timeline import PAGE, Timeline
from bot.model.conversation import Account, Conversation
from bot.store.bits import Bits
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store
from bot.tags.applications import Applications
from bot.tags.given import Given
from bot.tags.registry import Registry
from bot.testing.clock import TestClock

PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) MicroMessenger/8.0.40"
DAY = 86_400.0


class House:
    """Links, tags and a timeline over one store; ``clicks`` counts as the bot does."""

    def __init__(self, store: Store, clock: TestClock, links: Links) -> None:
        self.store, self.clock, self.links = store, clock, links
        self.members = Members(store)
        self.applications = Applications(store, Registry(store))
        self.counter = Counter(store, Judge(links, UTC), links.steps, "a")
        notes, given = Notes(store, self.members), Given(store, self.applications)
        trail = Trail(store, links, self.members)
        self.timeline = Timeline(store, self.members, Journal(store), notes, (trail, given))
        self._serial = count(1)

    async def clicks(self, *codes: Code) -> None:
        lines = [
            Hit(
                *("origin", next(self._serial), self.clock.now() + 11_000 * n),
                *(self.links.codes.pack(code), "", f"v{code.member}", PHONE),
            ).line()
            for n, code in enumerate(codes)
        ]
        await self.store.call("XADD", self.store.keys.hits(), "*", "hits", b"\n".join(lines))
        await self.counter.drain()

    async def all(self, member: int, kind: str = "") -> list[Entry]:
        """Every page, from the newest entry."""
        found, before, seen = list[Entry](), "", set[str]()
        while True:
            page = await self.timeline.page(member, kind, before)
            assert len(page.rows) <= PAGE
            assert seen.isdisjoint(ident for ident, _ in page.rows)
            seen |= {ident for ident, _ in page.rows}
            found += [entry for _, entry in page.rows]
            if not page.next:
                return found
            before = page.next


@pytest.fixture
async def house(store: Store, clock: TestClock) -> House:
    links = Links(store, str)
    await links.open()
    await links.make("https://shop.example/one", "spring")
    await links.make("https://shop.example/two", "autumn")
    made = House(store, clock, links)
    for name in ("ann", "ben"):
        await made.members.number("sandbox", Account(id=name, name=name))
    where = Conversation(gateway="sandbox", group="tea")
    assert await made.members.group_number(where, "Tea") == 1
    return made


async def test_clicks_are_told_by_day_with_link_and_group(house: House) -> None:
    await house.clicks(Code(1, 0, 1, 1), Code(1, 0, 1, 1), Code(2, 0, 0, 1), Code(1, 0, 1, 2))
    house.clock.advance(DAY)
    await house.clicks(Code(1, 0, 1, 1))
    found = await house.all(1)
    assert [(e.what, e.text, e.conversation) for e in found] == [
        ("link.clicked", "spring", "sandbox/g/tea"),
        ("link.clicked", "autumn", ""),
        ("link.clicked", "spring ×2", "sandbox/g/tea"),
    ]
    assert await house.all(1, "clicks") == found
    assert await house.all(1, "notes") == []
    assert [entry.text for entry in await house.all(2)] == ["spring"]


async def test_a_click_that_was_spooled_moves_its_day_to_when_it_happened(house: House) -> None:
    house.clock.advance(3600)
    await house.clicks(Code(1, 0, 1, 1))
    late = house.clock.now()
    house.clock.advance(-600)
    await house.clicks(Code(1, 0, 1, 1))
    [entry] = await house.all(1)
    assert (entry.at, entry.text) == (late - 600_000, "spring ×2")


async def test_what_is_written_later_than_it_happened_stands_where_it_happened(
    house: House, store: Store
) -> None:
    for days in (3, 9, 1):
        effects, at = Effects(store.keys), store.clock.now() - int(days * DAY * 1000)
        record(effects, Entry(at=at, what="member.joined", member=1, text=f"{days} days ago"))
        assert await store.apply(effects)
    found = await house.timeline.page(1)
    assert [entry.text for _, entry in found.rows] == ["1 days ago", "3 days ago", "9 days ago"]


async def test_a_long_timeline_is_read_page_by_page_and_in_order(house: House) -> None:
    for day in range(130):
        await house.clicks(Code(1 + day % 2, 0, 1, 1))
        if day % 10 == 0:
            effects = Effects(house.store.keys)
            record(effects, Entry(at=house.clock.now(), what="member.joined", member=1))
            assert await house.store.apply(effects)
        house.clock.advance(DAY)
    clicks = await house.all(1, "clicks")
    assert len(clicks) == 130
    assert [entry.at for entry in clicks] == sorted((e.at for e in clicks), reverse=True)
    assert len(await house.all(1)) == 143


async def test_a_room_is_asked_for_what_is_shown_and_no_more(house: House, store: Store) -> None:
    class Endless:
        """A hundred thousand clicks, one a second."""

        def __init__(self) -> None:
            self.asked = list[int]()

        async def happened(
            self, member: int, before: int, most: int
        ) -> Sequence[tuple[str, Entry]]:
            newest = min(100_000, before // 1000)
            rows = range(newest, max(0, newest - most), -1)
            self.asked.append(len(rows))
            return [(str(n), Entry(at=n * 1000, what="link.clicked", member=1)) for n in rows]

    endless = Endless()
    notes = Notes(store, house.members)
    timeline = Timeline(store, house.members, Journal(store), notes, (endless,))
    first = await timeline.page(1)
    second = await timeline.page(1, "clicks", first.next)
    assert [e.at for _, e in (*first.rows, *second.rows)] == [
        n * 1000 for n in range(100_000, 100_000 - 2 * PAGE, -1)
    ]
    assert max(endless.asked) <= 2 * PAGE


async def test_clicks_of_a_merged_number_are_the_survivors(house: House) -> None:
    await house.clicks(Code(1, 0, 1, 2))
    keys = house.store.keys
    await house.store.call("HSET", keys.merge_into(), 2, 1)
    await house.store.call("RPUSH", keys.merge_stack(1), 2)
    assert [entry.text for entry in await house.all(1)] == ["spring"]


async def test_what_is_too_old_to_be_counted_is_forgotten(house: House) -> None:
    await house.clicks(Code(1, 0, 1, 1))
    house.clock.advance(401 * DAY)
    await house.clicks(Code(2, 0, 1, 1))
    assert [entry.text for entry in await house.all(1)] == ["autumn"]
    assert await house.store.call("ZCARD", house.store.keys.link_trail(1)) == 1


async def test_conversions_and_tags_given_to_many_are_told(house: House) -> None:
    facts = Facts(house.store)
    conversions = Conversions(house.store, house.links, house.members, facts, UTC)
    told = Told(name="order 7", kind="purchase", value=Decimal("12.5"), currency="CNY", member=1)
    for _ in range(2):
        await conversions.record(told, "shop")
    everyone = Bits.of(await facts.numbers(house.store.keys.members_all()))
    one = await house.applications.begin("vip", everyone, "ann")
    await house.applications.finish(one.id)
    found = {(entry.what, entry.text, entry.reason) for entry in await house.all(1)}
    assert found == {
        ("conversion.recorded", "purchase 12.5 CNY", ""),
        ("tag.given", "vip", "application 1, by ann"),
    }
    assert [entry.what for entry in await house.all(1, "clicks")] == ["conversion.recorded"]
