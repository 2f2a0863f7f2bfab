"""The planner: who gets what and when, each exactly once."""

from __future__ import annotations

import asyncio

import pytest

from bot.clock import utc
from bot.located import Problems
from bot.model.capabilities import Capabilities
from bot.sop.engine.planner import Planner
from bot.sop.faults import NoSuchSop

from .samples import BIRTHDAY, DAILY, HELLO, MINUTE, notice
from .town import DAY, HOUR, Town

# who and when


async def test_a_new_member_gets_each_step_at_its_time(town: Town) -> None:
    await town.group("tea")
    sop = await town.start(town.template("hello", HELLO))
    town.clock.advance(MINUTE)
    await town.join("小明")
    await town.pass_by(59 * MINUTE)
    assert await town.texts() == []
    await town.pass_by(2 * MINUTE)
    assert await town.texts() == ["hello 小明 of tea"]
    await town.pass_by(DAY)
    assert await town.texts() == []
    await town.pass_by(8 * HOUR)
    assert await town.texts() == ["tips 小明"]
    assert await town.outcome(sop) == {"planned": 2, "sent": 2}


async def test_who_was_there_before_the_start_is_left_alone(town: Town) -> None:
    await town.join("old")
    town.clock.advance(1)
    await town.start(town.template("hello", HELLO))
    await town.pass_by(3 * DAY, HOUR)
    assert await town.texts() == []


async def test_leaving_and_coming_back_or_another_group_repeats_nothing(town: Town) -> None:
    await town.group("tea")
    sop = await town.start(town.template("hello", HELLO))
    town.clock.advance(MINUTE)
    number = await town.join("小明")
    await town.join("小明", "books")
    await town.pass_by(2 * HOUR)
    await town.leave(number)
    await town.join("小明")
    await town.pass_by(3 * HOUR)
    assert await town.texts() == ["hello 小明 of tea"]
    await town.pass_by(3 * DAY, HOUR)
    assert await town.texts() == ["tips 小明"]
    assert await town.outcome(sop) == {"planned": 2, "sent": 2}


async def test_who_left_is_skipped_with_that_reason(town: Town) -> None:
    await town.group("tea")
    sop = await town.start(town.template("hello", HELLO.replace('"1h"', '"0d"\nat = "20:00"')))
    town.clock.advance(MINUTE)
    number = await town.join("小明")
    await town.tick()  # found, and due tonight
    await town.leave(number)
    await town.pass_by(9 * HOUR)
    assert await town.texts() == []
    assert await town.outcome(sop) == {"planned": 1, "left": 1}


async def test_joining_told_in_the_same_moment_by_hundreds_misses_nobody(town: Town) -> None:
    await town.group("tea")
    sop = await town.start(town.template("hello", HELLO))
    town.clock.advance(MINUTE)
    await asyncio.gather(*(town.join(f"m{n}") for n in range(1200)))
    await town.pass_by(HOUR + MINUTE)
    await town.deliver()
    assert await town.outcome(sop) == {"planned": 1200, "sent": 1200}


async def test_groups_get_a_calendar_step_each_day(town: Town) -> None:
    await town.group("tea")
    await town.group("books")
    sop = await town.start(town.template("daily", DAILY))
    await town.pass_by(2 * HOUR)
    assert sorted(await town.texts()) == ["noon in books", "noon in tea"]
    await town.pass_by(DAY, HOUR)
    assert len(await town.texts()) == 2
    runs = await town.sops.results.runs(sop.id)
    assert [run.occurrence for run in runs] == [
        "2026-06-18T13:00+08:00",
        "2026-06-17T13:00+08:00",
    ]


async def test_only_chosen_groups_get_it(town: Town) -> None:
    await town.group("tea")
    await town.group("books")
    await town.start(town.template("daily", DAILY), "group:sandbox/books")
    await town.pass_by(2 * HOUR)
    assert await town.texts() == ["noon in books"]


async def test_members_with_a_tag_get_it_and_who_opted_out_does_not(town: Town) -> None:
    for name in ("a", "b", "c"):
        number = await town.join(name)
        if name != "c":
            await town.tag(number, "vip")
    await town.tag(1, "opt-out")
    sop = await town.start(notice(town), "tag:vip")
    await town.pass_by(2 * MINUTE, MINUTE)
    assert [delivery.member for delivery in town.sent] == [2]
    assert await town.outcome(sop) == {"planned": 2, "sent": 1, "opted out": 1}
    await town.tick()
    assert (await town.sops.get(sop.id)).state == "finished"


async def test_a_birthday_comes_once_a_year_in_the_members_zone(town: Town) -> None:
    here, there = await town.join("here"), await town.join("there")
    await town.set(here, "birthday", "2001-06-19")
    await town.set(there, "birthday", "06-19")
    await town.set(there, "timezone", "America/New_York")
    sop = await town.start(town.template("birthday", BIRTHDAY), "everyone")
    await town.pass_by(45 * HOUR - MINUTE, HOUR)  # 2026-06-19 08:59 in Shanghai
    assert await town.texts() == []
    await town.pass_by(2 * MINUTE)
    assert await town.texts() == ["wish here"]
    await town.pass_by(12 * HOUR)
    assert await town.texts() == ["wish there"]
    await town.pass_by(3 * DAY, HOUR)
    await town.set(here, "birthday", "2001-06-24")  # a second one in the same year
    await town.pass_by(5 * DAY, HOUR)
    assert await town.texts() == []
    assert await town.outcome(sop) == {"planned": 2, "sent": 2}


# conditions, capabilities, texts


async def test_a_condition_that_does_not_hold_skips_with_that_reason(town: Town) -> None:
    text = HELLO.replace('after = "1h"', 'after = "1h"\nunless = \'has_tag("vip")\'')
    await town.group("tea")
    sop = await town.start(town.template("hello", text))
    town.clock.advance(MINUTE)
    await town.tag(await town.join("a"), "vip")
    await town.join("b")
    await town.pass_by(HOUR + MINUTE)
    assert await town.texts() == ["hello b of tea"]
    assert await town.outcome(sop) == {"planned": 2, "sent": 1, "condition": 1}


async def test_where_nobody_can_be_written_to_directly_the_group_calls_the_member(
    town: Town,
) -> None:
    town.can["sandbox"] = Capabilities(send_direct=False)
    await town.group("tea")
    await town.start(town.template("hello", HELLO))
    town.clock.advance(MINUTE)
    await town.join("小明")
    await town.pass_by(HOUR + MINUTE)
    (delivery,) = town.sent
    assert delivery.to.group == "tea"
    assert delivery.message.summary == "@小明  hello 小明 of tea"


async def test_a_gateway_that_can_neither_is_told_as_a_reason(town: Town) -> None:
    town.can["sandbox"] = Capabilities(send_direct=False, send_group=False)
    await town.group("tea")
    sop = await town.start(town.template("daily", DAILY))
    await town.pass_by(2 * HOUR)
    assert await town.outcome(sop) == {"planned": 1, "cannot be reached": 1}


async def test_a_text_that_cannot_be_written_stops_only_itself(town: Town) -> None:
    text = HELLO.replace("hello {{ member.name }}", "{{ 10 // (member.name | length - 1) }}")
    await town.group("tea")
    sop = await town.start(town.template("hello", text))
    town.clock.advance(MINUTE)
    await town.join("a")
    await town.join("bb")
    await town.pass_by(HOUR + MINUTE)
    assert await town.texts() == ["10 of tea"]
    assert await town.outcome(sop) == {"planned": 2, "sent": 1, "text failed": 1}


async def test_staff_tasks_stand_in_for_sends_and_end_as_sent(town: Town) -> None:
    town.can["sandbox"] = Capabilities(staff_confirm=True)
    await town.group("tea")
    await town.group("books")
    sop = await town.start(town.template("daily", DAILY))
    await town.pass_by(2 * HOUR)
    assert await town.texts() == []
    first, second = await town.sops.tasks.open()
    assert (first.text, first.to.group) == ("noon in tea", "tea")
    later = town.clock.now() + 7_200_000
    assert await town.sops.tasks.postpone(first.id, later, "小李")
    assert [task.due for task in await town.sops.tasks.open()] == [second.due, later]
    assert await town.sops.tasks.done(second.id, "小李")
    assert not await town.sops.tasks.done(second.id, "小李")
    assert await town.outcome(sop) == {"planned": 2, "sent": 1, "task": 1}
    await town.sops.stop(sop.id, "小王")
    assert await town.outcome(sop) == {"planned": 2, "sent": 1, "stopped": 1}


# quiet hours and caps


async def test_quiet_hours_defer_and_drop_nothing(town: Town) -> None:
    town.change(quiet_hours="12:30-15:00")
    await town.group("tea")
    sop = await town.start(town.template("daily", DAILY))
    await town.pass_by(2.9 * HOUR)
    assert await town.texts() == []
    assert await town.outcome(sop) == {"deferred": 1}
    await town.pass_by(0.2 * HOUR)
    (delivery,) = town.sent
    assert delivery.until is not None
    assert utc(delivery.until).isoformat() == "2026-06-17T16:00:00+00:00"
    assert await town.outcome(sop) == {"planned": 1, "sent": 1, "deferred": 1}


async def test_one_daily_cap_counts_over_all_sops(town: Town) -> None:
    await _into_the_servers_present(town)
    town.change(daily_cap=2)
    await town.group("tea")
    name = notice(town, "group")
    sops = [await town.start(name) for _ in range(3)]
    await town.pass_by(2 * MINUTE, MINUTE)
    assert len(await town.texts()) == 2
    outcomes = [await town.outcome(sop) for sop in sops]
    assert sum(o.get("frequency cap", 0) for o in outcomes) == 1
    await town.pass_by(DAY, HOUR)
    sop = await town.start(name)
    await town.pass_by(2 * MINUTE, MINUTE)
    assert await town.outcome(sop) == {"planned": 1, "sent": 1}


async def _into_the_servers_present(town: Town) -> None:
    """Caps end at a moment the server compares with its own clock: stand at its next noon here."""
    seconds, _ = await town.store.texts("TIME")
    noon = (int(seconds) // 86_400 + 1) * 86_400 + 4 * 3600
    town.clock.advance(noon - town.clock.now() / 1000)


# starting


async def test_wrong_parameters_and_audience_are_told_at_once(town: Town) -> None:
    await town.group("tea")
    with pytest.raises(Problems) as caught:
        await town.start(notice(town), "group:sandbox/tee", day="tomorrow", tiem="9")
    assert [str(problem) for problem in caught.value.problems] == [
        'audience:1: group:sandbox/tee: there is none of this name; did you mean "sandbox/tea"?',
        "parameters: day: expected a date such as 2026-10-01",
        'parameters: tiem: unknown parameter; did you mean "time"?',
    ]


async def test_a_date_that_is_past_does_not_start(town: Town) -> None:
    with pytest.raises(Problems, match="nothing would go out"):
        await town.start(notice(town), "everyone", day="2026-06-16")


async def test_a_second_sop_of_a_template_gets_a_name_of_its_own(town: Town) -> None:
    name = notice(town)
    sops = [await town.start(name, "everyone") for _ in range(3)]
    assert [sop.id for sop in sops] == ["notice", "notice-2", "notice-3"]
    with pytest.raises(NoSuchSop, match="notice"):
        await town.sops.get("notise")


# several planners


async def test_many_planners_at_once_plan_each_target_once(town: Town) -> None:
    for n in range(300):
        await town.join(f"m{n}")
    await town.group("books")
    sop = await town.start(notice(town))
    daily = await town.start(town.template("daily", DAILY))
    planners = [Planner(town.room()) for _ in range(5)]
    town.clock.advance(HOUR)
    for _ in range(3):
        await asyncio.gather(*(planner.tick() for planner in planners))
    await town.deliver()
    members = [delivery.member for delivery in town.sent if delivery.member]
    assert sorted(members) == sorted(set(members))
    assert await town.outcome(daily) == {"planned": 2, "sent": 2}
    assert len(members) in (0, 300)
    total = await town.outcome(sop)
    assert total == {"planned": 300, "sent": 300} or total == {"missed runs": 1}


async def test_the_planner_goes_by_itself_and_ends_clean(town: Town) -> None:
    await town.group("tea")
    await town.planner.start()
    try:
        sop = await town.start(notice(town, "group"))
        town.clock.advance(MINUTE)
        async with asyncio.timeout(10):
            while await town.outcome(sop) != {"planned": 1, "waiting": 1}:
                await asyncio.sleep(0.05)
    finally:
        await town.planner.stop()


async def test_a_sop_cannot_be_called_like_a_page_beside_it(town: Town) -> None:
    with pytest.raises(Problems, match="the name of a page"):
        await town.sops.start("notice", "all-groups", "小王", {}, name="upcoming")


@pytest.mark.parametrize("direct", [True, False])
async def test_a_link_is_the_members_own_only_where_nobody_else_can_click_it(
    town: Town, direct: bool
) -> None:
    town.can["sandbox"] = Capabilities(send_direct=direct)
    text = HELLO.replace("hello {{ member.name }}", "{{ link('https://example.com/?mine') }}")
    await town.group("tea")
    await town.start(town.template("hello", text))
    town.clock.advance(MINUTE)
    number = await town.join("小明")
    await town.pass_by(HOUR + MINUTE)
    said = town.sent[0].message.summary
    assert said.endswith(f"-{number if direct else 0} of tea"), said
