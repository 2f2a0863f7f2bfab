"""Windows, campaigns, places, evidence, make-ups and stages as members meet them."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.model.message import Image, Message
from bot.store.store import Store
from tests.checkins.house import at, daily, heard_by, house, moves, says, service

PICTURE = Message.of("签到", Image(url="https://example.com/run.png"))


async def test_a_window_over_midnight_is_of_the_day_it_began_on(valkey: str, store: Store) -> None:
    async with house(valkey, store, '[checkin.daily]\nwindow = "22:00-02:00"') as one:
        tea = await one.group("tea")
        at(one, "2026-06-17T21:59")
        said = await says(one, "明", "签到", tea)
        assert said.message.text == "明, you can check in from 22:00 to 02:00."
        at(one, "2026-06-18T01:59")
        assert "Streak 1 · total 1" in (await says(one, "明", "签到", tea)).message.text
        at(one, "2026-06-18T02:00")
        assert "you can check in from" in (await says(one, "明", "签到", tea)).message.text
        at(one, "2026-06-18T22:00")
        assert "Streak 2 · total 2" in (await says(one, "明", "签到", tea)).message.text
        days = await service(one).records.days("daily", 1)
        assert [*days] == [date(2026, 6, 17), date(2026, 6, 18)]


async def test_a_campaign_begins_ends_and_congratulates_once(valkey: str, store: Store) -> None:
    config = "[checkin.daily]\nsince = 2026-06-18\nuntil = 2026-06-21\ncomplete = 3"
    async with house(valkey, store, config) as one:
        tea = await one.group("tea")
        said = await says(one, "明", "签到", tea)
        assert said.message.text == "It begins on 2026-06-18. See you then!"
        texts = []
        for day in ("18", "19", "20", "21"):
            at(one, f"2026-06-{day}T09:00")
            texts.append([said.message.text for said in await heard_by(one, "明", "签到", tea)])
        assert [len(heard) for heard in texts] == [1, 1, 2, 1]
        assert texts[2][1] == "🎉 明, you completed it: 3 check-ins. Congratulations!"
        at(one, "2026-06-22T09:00")
        assert (await says(one, "明", "签到", tea)).message.text == "It ended on 2026-06-21."
        standing = await service(one).standing(daily(one), 1)
        assert (standing.streak, standing.total) == (4, 4)


async def test_direct_check_ins_are_for_members_of_its_groups(valkey: str, store: Store) -> None:
    async with house(valkey, store, '[checkin.daily]\nwhere = "both"') as one:
        tea, ming = await one.group("tea"), one.member("明")
        assert (await says(one, "明", "签到")).message.text == "明, you are in no group of “签到”."
        await ming.joins(tea)
        assert "you are checked in!\n🔥 Streak 1" in (await says(one, "明", "签到")).message.text
        assert "already checked in" in (await says(one, "明", "签到", tea)).message.text
        roster = await service(one).roster(daily(one), 1)
        assert roster.missing == ()


async def test_a_programme_of_direct_chats_sends_members_there(valkey: str, store: Store) -> None:
    async with house(valkey, store, '[checkin.daily]\nwhere = "direct"') as one:
        said = await says(one, "明", "签到", await one.group("tea"))
        assert said.message.text == "Check in with me in a direct chat: say “签到” there."


async def test_each_group_can_make_its_own_streak_and_a_direct_chat_asks_which(
    valkey: str, store: Store
) -> None:
    config = '[checkin.daily]\nwhere = "both"\ncount = "group"\npoints = 5'
    async with house(valkey, store, config) as one:
        tea, coffee, ming = await one.group("tea"), await one.group("coffee"), one.member("明")
        await ming.joins(tea)
        await ming.joins(coffee)
        assert "Streak 1 · total 1" in (await says(one, "明", "签到", tea)).message.text
        one.clock.advance(86_400)
        assert "Streak 2 · total 2" in (await says(one, "明", "签到", tea)).message.text
        assert "Streak 1 · total 1" in (await says(one, "明", "签到", coffee)).message.text
        one.clock.advance(86_400)
        asked = await says(one, "明", "签到")
        assert (
            asked.message.text == "明, for which group? Answer with its number.\n1. tea\n2. coffee"
        )
        assert "You can say" in (await says(one, "明", "3")).message.text, "no group has it"
        said = await says(one, "明", "2")
        assert "Streak 2 · total 2 · 10 points" in said.message.text
        assert await heard_by(one, "明", "2") == [], "the question is answered"
        standing = await service(one).standing(daily(one), 1, 1)
        assert (standing.streak, standing.total) == (2, 2)
        whole = await service(one).standing(daily(one), 1)
        assert whole.total == 3, "of all groups together: the days anywhere"
        assert {e.group for e in await service(one).ledger(None, 1)} == {1, 2}


@pytest.mark.parametrize(
    ("kind", "too_little", "enough"),
    [
        ("text", Message.of("签到 跑了"), Message.of("签到：今天跑了五公里")),
        ("text", Message.of("check in\nrun"), Message.of("check in ran five kilometres")),
        ("picture", Message.of("签到 跑了步"), PICTURE),
        ("link", Message.of("签到 跑了步"), Message.of("签到 https://example.com/run/7")),
    ],
)
async def test_evidence_comes_in_the_same_message_or_is_asked_for(
    valkey: str, store: Store, kind: str, too_little: Message, enough: Message
) -> None:
    config = f'[checkin.daily]\nevidence = {{ kind = "{kind}", least = 5 }}'
    async with house(valkey, store, config) as one:
        tea = await one.group("tea")
        asked = (await says(one, "明", too_little, tea)).message.text
        assert asked.startswith("明, ")
        assert asked.endswith("and you are checked in.")
        assert (await service(one).standing(daily(one), 1)).total == 0
        assert "you are checked in!" in (await says(one, "红", enough, tea)).message.text
        assert (await service(one).standing(daily(one), 2)).total == 1


async def test_what_was_asked_for_comes_next_and_other_talk_is_left_alone(
    valkey: str, store: Store
) -> None:
    config = '[checkin.daily]\nevidence = { kind = "picture", wait = "10m" }'
    async with house(valkey, store, config) as one:
        tea, picture = await one.group("tea"), Message.of(Image(url="https://example.com/1.png"))
        await says(one, "明", "签到", tea)
        assert await heard_by(one, "明", "今天真热", tea) == []
        assert await heard_by(one, "红", picture, tea) == [], "nobody asked them"
        assert "明, you are checked in!" in (await says(one, "明", picture, tea)).message.text
        assert await heard_by(one, "明", picture, tea) == [], "it is over"
        kept = await service(one).evidence.month("daily", 1, 0, 2026, 6)
        assert kept[date(2026, 6, 17)].picture == "https://example.com/1.png"


async def test_a_missed_day_is_made_up_for_points_so_often_a_month_and_so_far_back(
    valkey: str, store: Store
) -> None:
    config = "[checkin.daily]\npoints = 5\nmake_up = { cost = 8, per_month = 1, days = 3 }"
    async with house(valkey, store, config) as one:
        tea = await one.group("tea")
        await says(one, "明", "签到", tea)
        said = await says(one, "明", "补签 昨天", tea)
        assert said.message.text == "明, a day costs 8 points and you have 5."
        for day in ("18", "20"):
            at(one, f"2026-06-{day}T09:00")
            await says(one, "明", "签到", tea)
        said = await says(one, "明", "make up 6-17", tea)
        assert said.message.text == "明, 2026-06-17 is checked in already."
        said = await says(one, "明", "补签 6月16日", tea)
        assert (
            said.message.text
            == "2026-06-16 can no longer be made up for: only the last 3 days can."
        )
        said = await says(one, "明", "补签", tea)
        assert said.message.text == (
            "明, 2026-06-19 is made up for!\n🔥 Streak 4 · total 4 · 7 points"
        )
        at(one, "2026-06-22T09:00")
        await says(one, "明", "签到", tea)
        said = await says(one, "明", "补签 昨天", tea)
        assert said.message.text == ("明, one day of a month can be made up for, and you did that.")
        said = await says(one, "明", "补签 哪天", tea)
        assert said.message.text.startswith("Which day?")
        month = await service(one).month(daily(one), 1, 2026, 6)
        states = {one.day.day: one.state for one in month.days}
        assert [states[n] for n in (16, 17, 19, 21, 22, 23)] == [
            "before",
            "done",
            "made_up",
            "missed",
            "done",
            "future",
        ]


async def test_stages_give_once_what_they_promise(valkey: str, store: Store) -> None:
    config = """
[checkin.daily]
[[checkin.daily.stages]]
at = 2
reward = "a sticker"
stock = 1
points = 10
tags = ["regular"]
[[checkin.daily.stages]]
at = 3
of = "total"
text = "Well done, {{ member.name }}: {{ at }}!"
"""
    async with house(valkey, store, config) as one:
        tea = await one.group("tea")
        for name in ("明", "红"):
            await says(one, name, "签到", tea)
        one.clock.advance(86_400)
        heard = await heard_by(one, "明", "签到", tea)
        assert [said.message.text for said in heard][1:] == [
            "🎁 明, you reached a streak of 2: a sticker (+10 points)!"
        ]
        assert "12 points" in heard[0].message.text
        heard = await heard_by(one, "红", "签到", tea)
        assert [said.message.text for said in heard][1:] == [
            "红, you reached a streak of 2! All of a sticker are given already."
        ]
        one.clock.advance(86_400)
        heard = await heard_by(one, "明", "签到", tea)
        assert [said.message.text for said in heard][1:] == ["Well done, 明: 3!"]
        checkins, programme = service(one), daily(one)
        assert await checkins.stages.given(programme) == {"streak-2": 1, "total-3": 1}
        assert await one.app.facts.numbers(store.keys.tag("regular")) == [1]
        assert await checkins.correct(programme, 1, date(2026, 6, 18), False, "mei", "a mistake")
        assert (await checkins.standing(programme, 1)).points == 12, "what was given is kept"


async def test_a_freeze_holds_the_streak_over_a_missed_day(valkey: str, store: Store) -> None:
    async with house(valkey, store, "[checkin.daily]\nfreeze = { per_month = 1 }") as one:
        tea = await one.group("tea")
        for day in ("17", "18", "20"):
            at(one, f"2026-06-{day}T09:00")
            said = await says(one, "明", "签到", tea)
        assert "Streak 3 · total 3" in said.message.text
        month = await service(one).month(daily(one), 1, 2026, 6)
        assert {one.day.day: one.state for one in month.days}[19] == "frozen"


async def test_a_member_has_the_days_of_their_own_zone(valkey: str, store: Store) -> None:
    async with house(valkey, store, "[checkin.daily]") as one:
        tea, honolulu = await one.group("tea"), ZoneInfo("Pacific/Honolulu")
        await one.member("明").joins(tea)
        await moves(one, 1, "Pacific/Honolulu")
        at(one, "2026-06-17T20:00", honolulu)
        assert "Streak 1" in (await says(one, "明", "签到", tea)).message.text
        at(one, "2026-06-17T23:59", honolulu)
        assert "already checked in" in (await says(one, "明", "签到", tea)).message.text
        at(one, "2026-06-18T00:01", honolulu)
        assert "Streak 2" in (await says(one, "明", "签到", tea)).message.text
        await moves(one, 1, "Pacific/Kiritimati")
        at(one, "2026-06-20T09:00", ZoneInfo("Pacific/Kiritimati"))
        said = await says(one, "明", "签到", tea)
        assert "Streak 3 · total 3" in said.message.text, "the 19th took an hour"
        month = await service(one).month(daily(one), 1, 2026, 6)
        assert {one.day.day: one.state for one in month.days}[19] == "frozen"


async def test_my_points_lists_what_they_came_from(valkey: str, store: Store) -> None:
    async with house(valkey, store, "[checkin.daily]\npoints = 5") as one:
        tea = await one.group("tea")
        await says(one, "明", "签到", tea)
        await service(one).points.give(daily(one), 1, 3, "mei", "helped a friend")
        said = await says(one, "明", "我的积分", tea)
        assert said.message.text.splitlines() == [
            "明, you have 8 points in “Daily check-in”.",
            "+3 gift helped a friend",
            "+5 check-in 2026-06-17",
        ]


async def test_who_is_about_to_lose_a_streak_is_known_without_reading_everybody(
    valkey: str, store: Store
) -> None:
    async with house(valkey, store, "[checkin.daily]") as one:
        tea, checkins = await one.group("tea"), service(one)
        for n in range(3):
            for name in ("明", "红", "白")[: 3 - n // 2]:
                await says(one, name, "签到", tea)
            one.clock.advance(timedelta(days=1).total_seconds())
        await says(one, "红", "签到", tea)
        found = await checkins.about_to_break(daily(one))
        assert [(risk.member, risk.streak) for risk in found] == [(1, 3)]
        assert await checkins.about_to_break(daily(one), least=4) == []


async def test_a_wrong_text_of_a_stage_costs_nobody_the_check_in(valkey: str, store: Store) -> None:
    config = "[checkin.daily]\n[[checkin.daily.stages]]\nat = 1\ntext = '{{ 1 / 0 }}'\n"
    async with house(valkey, store, config) as one:
        tea = await one.group("tea")
        assert "checked in" in (await says(one, "明", "签到", tea)).message.text
        assert (await service(one).standing(daily(one), 1)).total == 1
        kinds = [entry.what for _, entry in await one.app.journal.recent()]
        assert "checkin.text_failed" in kinds
