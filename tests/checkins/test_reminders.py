"""Reminders: once a day, only where they are on, never late or at night, and always a reason."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.checkins.checkins import CheckIns
from bot.checkins.reminders import Reminders
from bot.clock import millis
from bot.delivery.journal import Entry, Journal
from bot.model.conversation import Conversation
from bot.model.delivery import Delivery
from bot.routing.template import Templates
from bot.routing.writer import Writer
from bot.settings.checkins import CheckInSettings
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store

TEA = Conversation(gateway="sandbox", group="tea")


class House:
    """A group of three, of whom the first has checked in; and the reminders of one node."""

    def __init__(self, store: Store, *, quiet: Sequence[int] = (), **settings: Any) -> None:
        self.store = store
        self.members, self.facts = Members(store), Facts(store)
        given = {"reminder": "21:00", "reminder_groups": ["sandbox/tea"], **settings}
        daily = CheckInSettings.model_validate(given)
        self.zone = ZoneInfo(daily.timezone or "Asia/Shanghai")
        self.checkins = CheckIns(
            {"daily": daily}, "Asia/Shanghai", store, self.members, self.facts, store.clock
        )
        self.reminders = self.node(quiet)

    def node(self, quiet: Sequence[int] = ()) -> Reminders:
        writer = Writer(Templates(), {})
        local = self.checkins.programmes[0].local
        return Reminders(
            self.checkins,
            self.store,
            self.members,
            writer,
            quiet=lambda ms: local(ms).hour in quiet,
        )

    async def gather(self, *days: str) -> None:
        """Three members in the group; the first checks in on these days."""
        number = await self.members.group_number(TEA)
        effects = Effects(self.store.keys)
        for member in (1, 2, 3):
            effects.fact(self.store.keys.group_present(number), member)
        for day in days:
            when = datetime.fromisoformat(day).date()
            self.checkins.records.add(effects, "daily", when, 1, number, 1)
        assert await self.store.apply(effects)

    async def at(self, moment: str, fold: int = 0) -> int:
        local = datetime.fromisoformat(moment).replace(tzinfo=self.zone, fold=fold)
        return await self.reminders.remind(millis(local))

    async def queued(self) -> list[Delivery]:
        bodies = await self.store.texts("HVALS", self.store.keys.outbox_body())
        return [Delivery.model_validate_json(body) for body in bodies]

    async def journal(self) -> list[Entry]:
        entries = [entry for _, entry in await Journal(self.store).recent()]
        return [entry for entry in entries if entry.what.startswith("checkin.remind")]


@pytest.fixture
async def house(store: Store) -> House:
    made = House(store)
    await made.gather("2026-06-17")
    return made


async def test_a_group_is_reminded_once_a_day_of_how_many_are_missing(house: House) -> None:
    assert await house.at("2026-06-17T20:59:59") == 0
    assert await house.at("2026-06-17T21:00:20") == 1
    assert await house.at("2026-06-17T21:01:20") == 0
    [delivery] = await house.queued()
    assert delivery.to == TEA
    assert "2 members have not checked in today. Say “签到”" in delivery.message.text
    assert await house.at("2026-06-18T21:00:10") == 1
    assert "3 members have" in (await house.queued())[-1].message.text


async def test_many_nodes_remind_once(house: House) -> None:
    nodes = [house.node() for _ in range(8)]
    now = millis(datetime(2026, 6, 17, 21, 0, 1, tzinfo=house.zone))
    assert sum(await asyncio.gather(*(node.remind(now) for node in nodes))) == 1
    assert len(await house.queued()) == 1


async def test_a_late_reminder_goes_for_half_an_hour_and_then_has_a_reason(house: House) -> None:
    assert await house.at("2026-06-17T21:29:00") == 1
    [delivery] = await house.queued()
    assert delivery.expires == millis(datetime(2026, 6, 17, 21, 30, tzinfo=house.zone))
    assert await house.at("2026-06-18T21:31:00") == 0
    [skipped, _] = await house.journal()
    assert skipped.what == "checkin.reminder_skipped"
    assert skipped.reason == "more than 30 minutes late: the bot was not running"
    assert len(await house.queued()) == 1


async def test_a_day_that_ended_is_not_reminded_of_and_the_journal_says_so(store: Store) -> None:
    house = House(store, reminder="23:50")
    await house.gather()
    assert await house.at("2026-06-17T23:55:00") == 1
    [delivery] = await house.queued()
    assert delivery.expires == millis(datetime(2026, 6, 18, tzinfo=house.zone))
    assert await house.at("2026-06-19T00:10:00") == 0
    assert (await house.journal())[0].reason == "its day is over: the bot was not running"


async def test_a_bot_that_starts_in_the_morning_has_no_reminder_of_yesterday_to_explain(
    house: House,
) -> None:
    assert await house.at("2026-06-17T09:00:00") == 0
    assert await house.journal() == []


async def test_nothing_goes_out_in_quiet_hours(store: Store) -> None:
    house = House(store, quiet=(21,))
    await house.gather()
    assert await house.at("2026-06-17T21:00:00") == 0
    assert [entry.reason for entry in await house.journal()] == ["quiet hours"]


async def test_nobody_is_reminded_when_all_have_checked_in(store: Store) -> None:
    house = House(store)
    assert await house.at("2026-06-17T21:00:00") == 0
    assert [entry.reason for entry in await house.journal()] == ["nobody is missing"]


async def test_groups_and_programmes_without_a_reminder_get_none(store: Store) -> None:
    for house in (House(store, reminder=None), House(store, reminder_groups=[])):
        await house.gather()
        assert await house.at("2026-06-17T21:00:00") == 0
    assert await house.journal() == []


async def test_a_programme_of_some_groups_reminds_them_where_no_others_are_named(
    store: Store,
) -> None:
    house = House(store, reminder_groups=[], groups=["sandbox/tea"])
    await house.gather()
    assert await house.at("2026-06-17T21:00:00") == 1


async def test_a_time_the_clock_skips_comes_after_the_gap_and_one_it_repeats_once(
    store: Store,
) -> None:
    house = House(store, reminder="02:30", timezone="Europe/Berlin")
    await house.gather()
    assert await house.at("2026-03-29T01:59:59") == 0
    assert await house.at("2026-03-29T03:00:01") == 1
    assert await house.at("2026-10-25T02:30:00", fold=0) == 1
    assert await house.at("2026-10-25T02:30:00", fold=1) == 0
    assert await house.at("2026-10-25T02:10:00", fold=1) == 0


@pytest.mark.parametrize(
    ("settings", "moment", "said"),
    [
        ({}, "2026-06-17T21:00", "Say “签到” before midnight."),
        ({"window": "06:00-22:30"}, "2026-06-17T21:00", "Say “签到” before 22:30."),
        (
            {"window": "21:30-23:00", "title": "Evening pages"},
            "2026-06-17T21:00",
            "⏰ Evening pages: 3 members have not checked in today."
            " Say “签到” from 21:30 to 23:00.",
        ),
        ({"window": "20:00-02:00"}, "2026-06-17T21:00", "before 02:00."),
        (
            {"window": "20:00-02:00", "reminder": "01:30"},
            "2026-06-18T01:30",
            "3 members have not checked in today. Say “签到” before 02:00.",
        ),
    ],
)
async def test_a_reminder_says_until_when_members_can_come(
    store: Store, settings: dict[str, Any], moment: str, said: str
) -> None:
    house = House(store, **settings)
    await house.gather()
    assert await house.at(moment) == 1
    [delivery] = await house.queued()
    assert said in delivery.message.text
    assert delivery.expires is not None
    local = house.checkins.programmes[0].local(delivery.expires)
    assert f"{local:%H:%M}" == {"01:30": "02:00"}.get(settings.get("reminder", ""), "21:30")


async def test_a_reminder_after_the_window_has_closed_has_a_reason_instead(store: Store) -> None:
    house = House(store, window="06:00-09:00")
    await house.gather()
    assert await house.at("2026-06-17T21:00:00") == 0
    [entry] = await house.journal()
    assert entry.reason == "members cannot check in at this time of day"


async def test_nobody_is_reminded_of_a_campaign_that_is_over_or_has_not_begun(
    store: Store,
) -> None:
    campaigns: list[dict[str, Any]] = [{"until": "2026-06-16"}, {"since": "2026-06-18"}]
    for days in campaigns:
        house = House(store, **days)
        await house.gather()
        assert await house.at("2026-06-17T21:00:00") == 0
    assert await house.journal() == []
