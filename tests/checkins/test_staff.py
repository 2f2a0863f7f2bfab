"""What staff decide: approvals, corrections, gifts; and that it holds when all happens at once."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import date

import pytest

from bot.checkins.checkins import CheckIns
from bot.model.conversation import Account
from bot.model.event import MessageReceived
from bot.model.message import Message
from bot.store.erasure import Erasure
from bot.store.store import Store
from tests.checkins.house import at, daily, heard_by, house, says, service

APPROVED = "[checkin.daily]\npoints = 5\nevidence = { approval = true }"
TODAY = date(2026, 6, 17)


async def test_what_waits_for_approval_counts_until_it_is_refused(
    valkey: str, store: Store
) -> None:
    async with house(valkey, store, APPROVED) as one:
        tea, checkins = await one.group("tea"), service(one)
        for name in ("明", "红"):
            said = await says(one, name, "签到 跑了五公里", tea)
            assert said.message.text.splitlines()[1:] == [
                "We look at what you sent; it counts until then.",
                f"🔥 Streak 1 · total 1 · no. {'明红'.index(name) + 1} here today · 5 points",
            ]
        ming, hong = await checkins.pending()
        assert (ming.member, ming.text, ming.state) == (1, "跑了五公里", "pending")
        month = await checkins.month(daily(one), 1, 2026, 6)
        assert month.days[16].state == "pending"
        assert await checkins.approve(ming.key, "mei")
        assert not await checkins.approve(ming.key, "mei")
        with pytest.raises(ValueError, match="reason"):
            await checkins.refuse(hong.key, "mei", " ")
        assert await checkins.refuse(hong.key, "mei", "no picture of it")
        await one.direct(one.member("红")).expects(
            "红, your check-in of 2026-06-17 to “Daily check-in” was not accepted: no picture of it"
        )
        assert await tea.hears() == [], "the reason is nobody else's business"
        assert await checkins.pending() == []
        month = await checkins.month(daily(one), 1, 2026, 6)
        assert month.days[16].state == "done"
        standing = await checkins.standing(daily(one), 2)
        assert (standing.total, standing.points) == (0, 0)
        (entry,) = await checkins.ledger(daily(one), 2)
        assert (entry.what, entry.reason, entry.day) == ("refused", "no picture of it", TODAY)
        assert (await checkins.roster(daily(one), 1)).done == (1,)
        assert "Streak 1" in (await says(one, "红", "签到 跑了六公里", tea)).message.text


@pytest.mark.parametrize("known", [True, False], ids=["known", "found out as it is sent"])
async def test_where_the_bot_cannot_write_to_one_person_the_group_hears_no_reason(
    valkey: str, store: Store, known: bool
) -> None:
    config = f"{APPROVED}\n[gateways.sandbox]\nadapter = 'sandbox'\nsend_direct = false"
    async with house(valkey, store, config) as one:
        tea, checkins = await one.group("tea"), service(one)
        await says(one, "红", "签到 跑了五公里", tea)
        (hong,) = await checkins.pending()
        if not known:  # believes that every gateway can
            app = one.app
            rooms = app.store, app.members, app.facts, one.clock
            checkins = CheckIns(one.config.checkin, one.config.timezone, *rooms)
        assert await checkins.refuse(hong.key, "mei", "no picture of it")
        (said,) = await tea.hears()
        assert said.message.text == (
            "红, your check-in of 2026-06-17 was not accepted. “my points” tells you why."
        )
        told = (await says(one, "红", "my points", tea)).message.text
        assert "not accepted 2026-06-17 no picture of it" in told


async def test_a_day_outside_the_campaign_is_not_corrected(valkey: str, store: Store) -> None:
    config = "[checkin.daily]\nsince = 2026-06-16\nuntil = 2026-06-18"
    async with house(valkey, store, config) as one:
        await one.member("明").joins(await one.group("tea"))
        at(one, "2026-06-20T09:00")
        checkins, programme = service(one), daily(one)
        for day, why in ((15, "before 2026-06-16, the programme's first day"), (19, "after")):
            wrong = programme, 1, date(2026, 6, day)
            with pytest.raises(ValueError, match=f"2026-06-{day} is {why}"):
                await checkins.correct(*wrong, True, "mei", "was there")
            with pytest.raises(ValueError, match=f"2026-06-{day} is {why}"):
                await checkins.excuse(*wrong, "mei", "ill")
        for day in (16, 18):
            assert await checkins.correct(programme, 1, date(2026, 6, day), True, "mei", "was")
        assert (await checkins.standing(programme, 1)).total == 2


async def test_staff_approve_in_chat(valkey: str, store: Store) -> None:
    async with house(valkey, store, APPROVED) as one:
        tea = await one.group("tea")
        await one.member("boss").joins(tea)
        await one.app.roles.give("sandbox", "boss", "manager")
        for name in ("明", "红"):
            await says(one, name, "签到 跑了五公里", tea)
        said = await says(one, "boss", "/checkins pending")
        assert said.message.text.splitlines() == [
            "1. 明 · Daily check-in 2026-06-17: 跑了五公里",
            "2. 红 · Daily check-in 2026-06-17: 跑了五公里",
        ]
        assert (await says(one, "boss", "/checkins approve 1")).message.text == "Approved."
        assert "Say why" in (await says(one, "boss", "/checkins refuse 2")).message.text
        said = await says(one, "boss", "/checkins refuse 2 yesterday's run")
        assert said.message.text.startswith("Not accepted")
        assert "no number 7" in (await says(one, "boss", "/checkins approve 7")).message.text
        assert "Nothing waits" in (await says(one, "boss", "/checkins pending")).message.text
        assert (await service(one).standing(daily(one), 3)).total == 0


async def test_a_correction_changes_the_streak_and_leaves_its_reason(
    valkey: str, store: Store
) -> None:
    async with house(valkey, store, "[checkin.daily]\npoints = 5") as one:
        tea, checkins, programme = await one.group("tea"), service(one), daily(one)
        for day in ("17", "19"):
            at(one, f"2026-06-{day}T09:00")
            await says(one, "明", "签到", tea)
        missed = date(2026, 6, 18)
        assert await checkins.correct(programme, 1, missed, True, "mei", "the bot was away")
        assert not await checkins.correct(programme, 1, missed, True, "mei", "the bot was away")
        standing = await checkins.standing(programme, 1)
        assert (standing.streak, standing.total, standing.points) == (3, 3, 15)
        assert await checkins.correct(programme, 1, date(2026, 6, 19), False, "mei", "a joke")
        assert (await checkins.standing(programme, 1)).streak == 2
        assert (await checkins.roster(programme, 1)).done == ()
        assert "Streak 3" in (await says(one, "明", "签到", tea)).message.text
        for wrong in (date(2026, 6, 20), date(2023, 12, 31)):
            with pytest.raises(ValueError, match=r"to come|cannot be kept"):
                await checkins.correct(programme, 1, wrong, True, "mei", "why not")
        with pytest.raises(ValueError, match="reason"):
            await checkins.correct(programme, 1, missed, False, "mei", "")
        audit = await one.app.store.call("XRANGE", one.app.store.keys.audit(), "-", "+")
        assert sum(b"checkin.corrected" in str(entry).encode() for entry in audit) == 2
        assert await checkins.excuse(programme, 1, missed, "mei", "ill") is True
        assert await checkins.excuse(programme, 1, missed, "mei", "ill") is False


async def test_a_day_taken_away_in_one_group_stays_in_the_other(valkey: str, store: Store) -> None:
    async with house(valkey, store, '[checkin.daily]\ncount = "group"') as one:
        tea, coffee = await one.group("tea"), await one.group("coffee")
        checkins, programme = service(one), daily(one)
        await says(one, "明", "签到", tea)
        await says(one, "明", "签到", coffee)
        assert await checkins.correct(programme, 1, TODAY, False, "mei", "a joke", 1)
        assert (await checkins.standing(programme, 1, 1)).total == 0
        assert (await checkins.standing(programme, 1, 2)).total == 1
        assert await checkins.counts(programme, TODAY, TODAY) == {TODAY: 1}
        assert await checkins.correct(programme, 1, TODAY, False, "mei", "a joke", 2)
        assert await checkins.counts(programme, TODAY, TODAY) == {TODAY: 0}


async def test_points_are_spent_once_however_many_ask_at_once(valkey: str, store: Store) -> None:
    async with house(valkey, store, "[checkin.daily]") as one:
        checkins, programme = service(one), daily(one)
        await one.member("明").joins(await one.group("tea"))
        assert await checkins.points.give(programme, 1, 10, "mei", "welcome")
        asked = (checkins.points.spend(programme, 1, 3, "shop", f"cup {n}") for n in range(9))
        assert sum(await asyncio.gather(*asked)) == 3
        assert (await checkins.standing(programme, 1)).points == 1
        first = (await checkins.ledger(programme, 1))[0]
        assert first.id is not None
        back = (
            checkins.points.reverse(programme, 1, first.id, "mei", "was broken") for _ in range(3)
        )
        assert sum(await asyncio.gather(*back)) == 1
        assert (await checkins.standing(programme, 1)).points == 4
        assert [e.reversed for e in await checkins.ledger(programme, 1)].count(True) == 1
        for wrong in (checkins.points.give, checkins.points.spend):
            with pytest.raises(ValueError, match="at least 1"):
                await wrong(programme, 1, 0, "mei", "nothing")


async def test_a_day_cannot_be_spent_while_it_is_taken_away(valkey: str, store: Store) -> None:
    async with house(valkey, store, "[checkin.daily]\npoints = 5") as one:
        checkins, programme = service(one), daily(one)
        tea = await one.group("tea")
        for n in range(6):
            await says(one, f"u{n}", "签到", tea)
        spent = (checkins.points.spend(programme, n, 5, "shop", "cup") for n in range(1, 7))
        taken = (checkins.correct(programme, n, TODAY, False, "mei", "a joke") for n in range(1, 7))
        done = await asyncio.gather(*spent, *taken)
        assert all(done[6:])
        for member, paid in enumerate(done[:6], 1):
            entries = (await checkins.ledger(programme, member))[::-1]
            stored = [one.what for one in entries if one.id]
            assert stored == (["spent", "correction"] if paid else ["correction"])


async def test_stock_is_never_given_twice_over_nodes(valkey: str, store: Store) -> None:
    config = '[checkin.daily]\n[[checkin.daily.stages]]\nat = 1\nreward = "cup"\nstock = 7'
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(house(valkey, store, config)) for _ in range(2)]
        groups = [await nodes[0].group(f"g{n}") for n in range(6)]
        events = [
            MessageReceived(
                id=f"e{n}",
                gateway="sandbox",
                at=nodes[0].clock.now(),
                account=Account(id=f"u{n}", name=f"u{n}"),
                group=groups[n % 6].group,
                message=Message.of("签到"),
            )
            for n in range(24)
        ]
        await asyncio.gather(*(nodes[n % 2].app.accept(e) for n, e in enumerate(events)))
        for node in (*nodes, *nodes):
            await node.settle()
        checkins, programme = service(nodes[0]), daily(nodes[0])
        assert await checkins.stages.given(programme) == {"streak-1": 7}
        (stage,) = programme.settings.stages
        assert stage.stock == 7
        texts = [said.message.text for group in groups for said in await group.hears()]
        assert sum("you reached a streak of 1: cup!" in text for text in texts) == 7
        assert sum("All of cup are given already" in text for text in texts) == 17
        assert not await store.call("XLEN", store.keys.inbox_dead())


async def test_make_ups_at_once_in_two_groups_stay_within_the_month(
    valkey: str, store: Store
) -> None:
    config = "[checkin.daily]\nmake_up = { per_month = 1 }"
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(house(valkey, store, config)) for _ in range(2)]
        groups = [await nodes[0].group(name) for name in ("tea", "coffee")]
        now = nodes[0].clock.now()
        events = [
            MessageReceived(
                id=f"{group.group}{day}",
                gateway="sandbox",
                at=now,
                account=Account(id="明", name="明"),
                group=group.group,
                message=Message.of(f"补签 {day}"),
            )
            for group in groups
            for day in ("6-15", "6-16")
        ]
        await asyncio.gather(*(nodes[n % 2].app.accept(e) for n, e in enumerate(events)))
        for node in (*nodes, *nodes):
            await node.settle()
        assert (await service(nodes[0]).records.read("daily", 1)).sheet.made_up.total == 1


async def test_who_is_erased_leaves_nothing_of_their_check_ins(valkey: str, store: Store) -> None:
    config = (
        '[checkin.daily]\ncount = "group"\nevidence = { approval = true }\nmake_up = {}\n'
        '[[checkin.daily.stages]]\nat = 1\nreward = "cup"\n'
    )
    async with house(valkey, store, config) as one:
        tea = await one.group("tea")
        await heard_by(one, "account-of-ming", "签到 跑了五公里", tea)
        await heard_by(one, "account-of-ming", "补签 昨天", tea)
        keys = await store.call("KEYS", f"{store.prefix}checkin:*")
        assert len(keys) > 7
        await Erasure(store, one.app.members, one.app.node).erase_member(1, "mei")
        assert await service(one).pending() == []
        for name in await store.call("KEYS", f"{store.prefix}checkin:*"):
            assert b"given" in name or b"reminded" in name, name
