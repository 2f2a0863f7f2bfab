"""Streak reminders: only who would lose one hears of it, once, inside quiet hours and caps."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.checkins.checkins import CheckIns
from bot.checkins.hearers import TOPIC
from bot.checkins.streak_reminders import AT_ONCE, StreakReminders
from bot.clock import millis
from bot.delivery.journal import Entry, Journal
from bot.model.capabilities import Capabilities
from bot.model.conversation import Account, Conversation
from bot.model.delivery import Cap, Delivery
from bot.routing.template import Templates
from bot.routing.writer import Writer
from bot.settings.checkins import CheckInSettings
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store

TODAY = date(2026, 6, 17)
CAN = {
    "sandbox": Capabilities(),
    "robot": Capabilities(send_direct=False),
    "staffed": Capabilities(staff_confirm=True),
}


class House:
    """Two groups; who is in them and on how many days up to yesterday each came."""

    def __init__(self, store: Store, quiet: Sequence[int] = (), **settings: object) -> None:
        self.store, self.quiet = store, quiet
        self.members = Members(store)
        given = {"streak_reminder": {"at": "20:00", "least": 3, "names": 2}, **settings}
        daily = CheckInSettings.model_validate(given)
        self.zone = ZoneInfo("Asia/Shanghai")
        self.checkins = CheckIns(
            {"daily": daily}, "Asia/Shanghai", store, self.members, Facts(store), store.clock
        )

    def node(self) -> StreakReminders:
        """One node's reminders."""
        return StreakReminders(
            self.checkins,
            self.store,
            self.members,
            Writer(Templates(), {}),
            CAN.__getitem__,
            lambda text: text,
            self._opening,
            lambda who, ms, topic: (Cap(keys=(f"{who}:{topic}",), limit=1, ends=ms + 1),),
        )

    def _opening(self, ms: int) -> tuple[int, int]:
        local = datetime.fromtimestamp(ms / 1000, self.zone)
        later = local + timedelta(hours=1) if local.hour in self.quiet else local
        return millis(later), millis(local.replace(hour=22, minute=0, second=0, microsecond=0))

    async def member(self, gateway: str, name: str, days: int, today: bool = False) -> int:
        """Somebody in the group of a gateway with a streak of so many days."""
        number = await self.members.number(gateway, Account(id=name, name=name))
        group = await self.members.group_number(Conversation(gateway=gateway, group="g"), "Tea")
        effects = Effects(self.store.keys)
        effects.fact(self.store.keys.group_present(group), number)
        for back in range(0 if today else 1, days + 1):
            day = TODAY - timedelta(days=back)
            self.checkins.records.add(effects, "daily", day, number, group, number)
        assert await self.store.apply(effects)
        return number

    async def at(self, moment: str, node: StreakReminders | None = None) -> int:
        """Look at a moment of the programme's clock."""
        now = millis(datetime.fromisoformat(moment).replace(tzinfo=self.zone))
        self.store.clock.advance((now - self.store.clock.now()) / 1000)  # type: ignore[attr-defined]
        return await (node or self.node()).remind(now)

    async def queued(self) -> list[Delivery]:
        bodies = await self.store.texts("HVALS", self.store.keys.outbox_body())
        return sorted(map(Delivery.model_validate_json, bodies), key=lambda one: one.to.key)

    async def journal(self) -> list[Entry]:
        entries = [entry for _, entry in await Journal(self.store).recent()]
        return [one for one in entries if one.what.startswith("checkin.")]


async def test_only_who_would_lose_a_streak_worth_it_is_told(store: Store) -> None:
    house = House(store)
    await house.member("sandbox", "甲", 5)
    await house.member("sandbox", "乙", 2)
    await house.member("sandbox", "丙", 9, today=True)
    assert await house.at("2026-06-17T19:59:50") == 0
    assert await house.at("2026-06-17T20:00:10") == 1
    [told] = await house.queued()
    assert told.to == Conversation(gateway="sandbox", account="甲")
    assert "甲, your streak of 5 ends today unless you say “签到” in Tea" in told.message.text
    assert (told.priority, told.member) == ("broadcast", 1)
    assert told.caps[0].keys == (f"m1:{TOPIC}",)
    assert told.expires == millis(datetime(2026, 6, 17, 22, tzinfo=house.zone))
    assert [entry.what for entry in await house.journal()] == ["checkin.streaks_reminded"]


async def test_where_the_bot_cannot_write_to_members_the_group_hears_the_longest_streaks(
    store: Store,
) -> None:
    house = House(store)
    for name, days in (("甲", 4), ("乙", 8), ("丙", 6), ("丁", 3)):
        await house.member("robot", name, days)
    await house.member("staffed", "戊", 7)
    assert await house.at("2026-06-17T20:00:10") == 1
    [told] = await house.queued()
    assert told.to == Conversation(gateway="robot", group="g")
    assert "乙 (8), 丙 (6) and 2 more. Say “签到”" in told.message.text
    assert told.caps[0].keys == (f"g1:{TOPIC}",)


async def test_many_nodes_and_many_looks_tell_each_member_once(store: Store) -> None:
    house = House(store)
    people = AT_ONCE + 30
    for n in range(people):
        await house.member("sandbox", f"u{n:03}", 3)
    nodes = [house.node() for _ in range(4)]
    moment = "2026-06-17T20:00:10"
    assert sum(await asyncio.gather(*(house.at(moment, node) for node in nodes))) == people
    for node in nodes:
        await house.at("2026-06-17T20:02:00", node)
    assert {one.to.account for one in await house.queued()} == {f"u{n:03}" for n in range(people)}
    assert len(await house.queued()) == people
    assert len(await house.journal()) == 1


async def test_a_node_that_ended_in_the_middle_is_followed_from_where_it_was(store: Store) -> None:
    house = House(store)
    for n in range(3):
        await house.member("sandbox", f"u{n}", 3)
    await store.call("HSET", store.keys.checkin_warned("daily"), 0, f"{TODAY}/1")
    assert await house.at("2026-06-17T21:30:00") == 2
    assert [one.to.account for one in await house.queued()] == ["u1", "u2"]


@pytest.mark.parametrize("tag", ["opt-out", f"opt-out:{TOPIC}"])
async def test_who_opted_out_hears_nothing(store: Store, tag: str) -> None:
    house = House(store)
    number = await house.member("sandbox", "甲", 5)
    effects = Effects(store.keys)
    effects.fact(store.keys.tag(tag), number)
    effects.do("ZADD", store.keys.tag_names(), 1, tag)
    assert await store.apply(effects)
    assert await house.at("2026-06-17T20:00:10") == 0
    assert [entry.reason for entry in await house.journal()] == ["no streak would end"]


async def test_who_left_the_groups_is_left_alone(store: Store) -> None:
    house = House(store)
    number = await house.member("sandbox", "甲", 5)
    effects = Effects(store.keys)
    effects.fact(store.keys.group_present(1), number, present=False)
    assert await store.apply(effects)
    assert await house.at("2026-06-17T20:00:10") == 0
    assert await house.queued() == []


async def test_nothing_goes_out_in_quiet_hours_or_late_and_the_journal_says_why(
    store: Store,
) -> None:
    house = House(store, quiet=(20,))
    await house.member("sandbox", "甲", 5)
    node = house.node()
    assert await house.at("2026-06-17T20:00:10", node) == 0
    assert await house.at("2026-06-17T21:00:10", node) == 0
    assert [entry.reason for entry in await house.journal()] == ["quiet hours"]
    await store.call("DEL", store.keys.checkin_warned("daily"))
    assert await house.at("2026-06-17T21:31:00") == 0
    assert (await house.journal())[0].reason == "more than 30 minutes late: the bot was not running"


async def test_a_programme_that_counts_by_group_tells_of_each_group_alone(store: Store) -> None:
    house = House(store, count="group")
    group = await house.members.group_number(Conversation(gateway="sandbox", group="g"), "Tea")
    number = await house.members.number("sandbox", Account(id="甲", name="甲"))
    effects = Effects(store.keys)
    effects.fact(store.keys.group_present(group), number)
    for back in range(1, 5):
        day = TODAY - timedelta(days=back)
        house.checkins.records.add(effects, "daily", day, number, group, 1, scope=group)
    assert await store.apply(effects)
    assert await house.at("2026-06-17T20:00:10") == 1
    [told] = await house.queued()
    assert "your streak of 4 ends today" in told.message.text


async def test_nobody_is_sent_where_the_window_is_closed(store: Store) -> None:
    house = House(store, window="06:00-09:00")
    await house.member("sandbox", "甲", 5)
    assert await house.at("2026-06-17T20:00:10") == 0
    [entry] = await house.journal()
    assert entry.reason == "members cannot check in at this time of day"


async def test_a_window_that_passes_midnight_has_its_reminder_after_it(store: Store) -> None:
    reminder = {"at": "00:30", "least": 3}
    house = House(store, window="21:00-02:00", streak_reminder=reminder)
    await house.member("sandbox", "甲", 5)
    assert await house.at("2026-06-17T21:00:00") == 0
    assert await house.at("2026-06-18T00:30:10") == 1
    [told] = await house.queued()
    assert told.expires == millis(datetime(2026, 6, 18, 2, tzinfo=house.zone))


async def test_without_the_setting_nobody_is_told(store: Store) -> None:
    house = House(store, streak_reminder=None)
    await house.member("sandbox", "甲", 5)
    assert await house.at("2026-06-17T20:00:10") == 0
    assert await house.journal() == []


async def test_the_reminder_says_until_when_to_come(store: Store) -> None:
    house = House(store, window="06:00-21:30")
    await house.member("sandbox", "甲", 5)
    assert await house.at("2026-06-17T20:00:10") == 1
    [told] = await house.queued()
    assert "before 21:30." in told.message.text
    assert told.expires == millis(datetime(2026, 6, 17, 21, 30, tzinfo=house.zone))
