"""Programmes made while the bot runs: on every node within a second, checked, paused and ended."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from bot.checkins.checkins import CheckIns
from bot.checkins.overlaps import overlaps
from bot.checkins.programmes import Programmes, Stale
from bot.located import Problems
from bot.model.conversation import Conversation
from bot.settings.checkins import CheckInSettings
from bot.store.audit import Change
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store
from bot.testing import Community
from tests.checkins.house import at, daily, house, says, service

TEA = Conversation(gateway="sandbox", group="tea")
READING: dict[str, Any] = {"title": "读书会", "words": ["读书"], "points": 2}


def node(store: Store, **settings: CheckInSettings) -> CheckIns:
    """The check-ins of one of the nodes."""
    zone = "Asia/Shanghai"
    return CheckIns(settings, zone, store, Members(store), Facts(store), store.clock)


def book(store: Store, **settings: CheckInSettings) -> Programmes:
    return node(store, **settings).book


def wrong(room: Programmes, name: str, data: dict[str, Any], new: bool = True) -> list[str]:
    with pytest.raises(Problems) as raised:
        room.read(name, data, new)
    return [f"{one.key}: {one.said}" for one in raised.value.problems]


async def test_a_programme_made_on_one_node_is_on_every_node_a_second_later(
    valkey: str, store: Store
) -> None:
    async with house(valkey, store, "[checkin.daily]") as one:
        other = node(one.app.store, daily=CheckInSettings())
        await other.refresh()
        await service(one).book.save("reading", READING, "mei")
        tea = await one.group("tea")
        said = await says(one, "明", "读书", tea)
        assert "明, you are checked in!" in said.message.text
        assert [p.name for p in other.programmes] == ["daily"]
        one.clock.advance(1)
        await other.refresh()
        assert [p.name for p in other.programmes] == ["daily", "reading"]
        assert other.programmes[1].title() == "读书会"


async def test_every_version_is_kept_with_who_changed_what_and_audited(store: Store) -> None:
    room = book(store)
    await room.save("reading", READING, "mei")
    data = {**READING, "points": 5, "since": "2026-06-01", "groups": ["sandbox/tea"]}
    programme = await room.save("reading", data, "han", seen=1)
    assert programme.settings.since == date(2026, 6, 1)
    assert await room.save("reading", data, "han", seen=2) == programme
    second, first = await room.versions("reading")
    assert (first.number, first.by, first.what, first.settings["points"]) == (1, "mei", "made", 2)
    assert (second.number, second.by, second.what) == (2, "han", "changed")
    again = book(store)
    await again.fresh()
    assert again.all == room.all
    rows = await store.call("XRANGE", store.keys.audit(), "-", "+")
    change = Change.model_validate_json(rows[-1][1][1])
    assert (change.who, change.what, change.on) == (
        "han",
        "checkin.programme_changed",
        "reading",
    )
    assert change.before == {"points": 2}
    assert change.after == {"points": 5, "since": "2026-06-01", "groups": ["sandbox/tea"]}


async def test_who_saves_what_somebody_else_changed_meanwhile_changes_nothing(
    store: Store,
) -> None:
    first, second = book(store), book(store)
    await first.save("reading", READING, "mei")
    await second.fresh()
    await first.save("reading", {**READING, "points": 3}, "mei", seen=1)
    with pytest.raises(Stale):
        await second.save("reading", {**READING, "points": 9}, "han", seen=1)
    assert [one.settings.points for one in second.all] == [3]
    assert len(await second.versions("reading")) == 2


async def test_what_is_wrong_is_said_at_its_key(store: Store) -> None:
    room = Programmes({"daily": CheckInSettings()}, "Asia/Shanghai", store, gateways={"qq"})
    assert wrong(room, "Big name", {}) == [
        "name: expected a name of lower-case letters, digits, - and _"
    ]
    assert wrong(room, "daily", {}) == ["name: is in the configuration file: change it there"]
    assert wrong(room, "new", {}) == ["name: is a page of the console: choose another name"]
    found = wrong(
        room,
        "walk",
        {
            "words": [" "],
            "groups": ["qqq/1"],
            "reminder_groups": ["qq/2"],
            "certificate": True,
            "stages": [{"at": 7, "text": "{{ member.nmae }}"}],
        },
    )
    assert found == [
        'certificate: nothing completes it: write "complete" too',
        'groups[0]: unknown gateway "qqq"; did you mean "qq"?',
        'reminder_groups[0]: members cannot check in to it in this group; add it to "groups"',
        'stages[0].text: there is no value in member nmae; did you mean "name"?',
        "words[0]: says nothing: expected a word",
    ]
    assert wrong(room, "walk", {"pionts": 3}) == ['pionts: unknown key; did you mean "points"?']


async def test_one_of_the_configuration_wins_over_one_of_its_name_and_it_is_told(
    store: Store,
) -> None:
    await book(store).save("reading", READING, "mei")
    room = book(store, reading=CheckInSettings(points=7))
    await room.fresh()
    assert [one.settings.points for one in room.all] == [7]
    assert [str(one) for one in room.problems] == [
        "programme reading: is in the configuration file: change it there"
    ]


async def streak_of(one: Community, name: str = "reading") -> int:
    return (await service(one).standing(daily(one, name), 1)).streak


async def test_no_streak_ends_in_a_pause_and_the_word_says_so(valkey: str, store: Store) -> None:
    async with house(valkey, store, "") as one:
        room, tea = service(one).book, await one.group("tea")
        await room.save("reading", READING, "mei")
        for day in ("17", "18"):
            at(one, f"2026-06-{day}T20:00")
            await says(one, "明", "读书", tea)
        at(one, "2026-06-19T09:00")
        assert await room.rest("reading", "mei")
        assert not await room.rest("reading", "mei")
        said = await says(one, "明", "读书", tea)
        assert said.message.text == "“读书会” takes a break. No streak ends while it does."
        at(one, "2026-07-19T09:00")
        assert await streak_of(one) == 2
        assert await room.resume("reading", "mei")
        at(one, "2026-07-20T09:00")
        assert await streak_of(one) == 2
        said = await says(one, "明", "读书", tea)
        assert "Streak 3 · total 3" in said.message.text
        at(one, "2026-07-22T09:00")
        assert await streak_of(one) == 0
        board = await one.app.rooms.boards.page(daily(one, "reading"), "streak", 1)
        assert board == []


async def test_what_has_ended_says_so_keeps_its_records_and_leaves_its_word_to_others(
    valkey: str, store: Store
) -> None:
    async with house(valkey, store, "") as one:
        room, tea = service(one).book, await one.group("tea")
        await room.save("spring", READING, "mei")
        at(one, "2026-06-17T20:00")
        await says(one, "明", "读书", tea)
        at(one, "2026-06-18T09:00")
        assert await room.rest("spring", "mei", ended=True)
        said = await says(one, "明", "读书", tea)
        assert said.message.text == "It ended on 2026-06-18."
        assert await streak_of(one, "spring") == 1
        await room.save("summer", READING, "mei")
        said = await says(one, "明", "读书", tea)
        assert "Streak 1 · total 1" in said.message.text
        assert (await service(one).standing(daily(one, "summer"), 1)).total == 1
        assert [p.name for p in service(one).running_in(TEA)] == ["summer"]


async def test_weeks_of_a_pause_are_nobodys_missed_weeks(store: Store) -> None:
    room = node(store)
    await room.book.save("reading", {**READING, "every": "week", "times": 2}, "mei")
    programme = room.programme("reading")
    assert programme is not None
    today, effects = room.today(programme), Effects(store.keys)
    monday = today - timedelta(days=today.weekday())
    for week in (5, 4):
        for day in (0, 2):
            when = monday - timedelta(days=7 * week - day)
            room.records.add(effects, "reading", when, 1, 1, 1)
    assert await store.apply(effects)
    made = room.book.made("reading")
    assert made is not None
    resting = made.resting(monday - timedelta(days=21), ended=False).programme("reading", "UTC")
    assert (await room.standing(programme, 1)).streak == 0
    assert (await room.standing(resting, 1)).streak == 2


async def test_words_that_mean_something_else_too_are_told(store: Store) -> None:
    async def routed(word: str) -> list[str]:
        return ["护肤群"] if word == "护肤" else []

    shop = CheckInSettings.model_validate({"words": ["打卡"], "groups": ["qq/1"]})
    room = book(store, shop=shop)
    other = {"words": ["打卡", "护肤"], "groups": ["qq/2"]}
    await room.save("home", other, "mei")
    home = room.all[1]
    assert [str(one) for one in await overlaps(home, room.all, routed)] == [
        "“护肤” also leads to the route 护肤群: where the programme runs, it checks in"
    ]
    home = await room.save("home", {**other, "groups": ["qq/1", "qq/2"]}, "mei", seen=1)
    assert (await overlaps(home, room.all, routed))[0] == (
        "“打卡” is a word of shop too: where both run, it checks in to shop"
    )
    timed = await room.save("quiet", {"words": ["安静"], "reminder": "20:00"}, "mei")
    assert await overlaps(timed, room.all, routed) == ["nobody is reminded: say which groups are"]


async def test_members_read_titles_and_name_what_they_make_up_for_by_them(
    valkey: str, store: Store
) -> None:
    made_up = {**READING, "make_up": {}, "words": ["读书"]}
    async with house(valkey, store, '[checkin.daily]\ntitle = "读书"\nmake_up = {}') as one:
        await service(one).book.save("reading", made_up, "mei")
        tea = await one.group("tea")
        await says(one, "明", "读书", tea)
        said = await says(one, "明", "补签 读书会 昨天", tea)
        assert "2026-06-16 is made up for!" in said.message.text
        assert (await service(one).standing(daily(one, "reading"), 1)).total == 2
        said = await says(one, "明", "我的积分", tea)
        assert "points in “读书会”" in said.message.text
        said = await says(one, "明", "leaderboard", tea)
        assert said.message.text.startswith("🏆 Most check-ins · 读书会")
