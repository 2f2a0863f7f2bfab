"""The planner: who gets what and when, each exactly once."""

from __future__ import annotations

import asyncio

import pytest

from bot.clock import utc
from bot.located import Problems
from bot.model.capabilities import Capabilities
from bot.sop.engine.planner import Planner
from bot.sop.sops import NoSuchSop, WrongState

from .town import DAY, HOUR, Town

MINUTE = 60.0

BIRTHDAY = """
title = "wish"
anchor = { attribute = "birthday" }
[[step]]
id = "wish"
at = "09:00"
missed = { send_late = "12h" }
text = "wish {{ member.name }}"
"""
HELLO = """
title = "hello"
anchor = "joined"
[[step]]
id = "hello"
after = "1h"
text = "hello {{ member.name }} of {{ group.name }}"
[[step]]
id = "tips"
after = "1d"
at = "20:00"
missed = { send_late = "6h" }
text = "tips {{ member.name }}"
"""

DAILY = """
title = "daily"
anchor = "calendar"
[[step]]
id = "noon"
every = "0 13 * * *"
text = "noon in {{ group.name }}"
"""

NOTICE = """
title = "notice"
anchor = { date = "day" }
to = "TO"
[parameters.day]
type = "date"
default = "today"
[parameters.time]
type = "time"
default = "now"
[[step]]
id = "notice"
at = { parameter = "time" }
missed = MISSED
text = "notice"
"""


def notice(town: Town, to: str = "member", missed: str = '"skip"') -> str:
    return town.template("notice", NOTICE.replace("TO", to).replace("MISSED", missed))


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


# missed


async def test_a_missed_step_is_skipped_or_sent_late_as_it_says(town: Town) -> None:
    await town.group("tea")
    skip = await town.start(town.template("daily", DAILY))
    late = await town.start(notice(town, "group", '{ send_late = "6h" }'), time="13:00")
    await town.tick()
    town.clock.advance(4 * HOUR)  # the bot was off
    await town.tick()
    assert await town.texts() == ["notice"]
    assert await town.outcome(skip) == {"missed runs": 1}
    assert await town.outcome(late) == {"planned": 1, "sent": 1}
    town.clock.advance(DAY)
    await town.tick()
    assert await town.texts() == []


async def test_what_members_missed_has_a_row_each(town: Town) -> None:
    await town.group("tea")
    sop = await town.start(town.template("hello", HELLO))
    town.clock.advance(MINUTE)
    await town.join("a")
    await town.tick()
    town.clock.advance(5 * HOUR)
    await town.join("b")
    await town.tick()
    assert await town.texts() == []
    assert await town.outcome(sop) == {"planned": 1, "missed": 1}
    await town.pass_by(2 * HOUR)
    assert await town.texts() == ["hello b of tea"]


async def test_a_short_absence_is_no_lateness(town: Town) -> None:
    await town.group("tea")
    await town.start(town.template("daily", DAILY))
    await town.tick()
    town.clock.advance(HOUR + 8 * MINUTE)
    await town.tick()
    assert await town.texts() == ["noon in tea"]


async def test_a_slow_gateway_makes_nobody_late(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.sop.engine.planner.AHEAD", 20)
    for n in range(60):
        await town.join(f"m{n}")
    sop = await town.start(notice(town))
    town.clock.advance(MINUTE)
    for _ in range(5):
        await town.planner.tick()
        assert len(await town.texts()) <= 20
        town.clock.advance(10 * MINUTE)
    assert await town.outcome(sop) == {"planned": 60, "sent": 60}


async def test_a_clock_set_back_an_hour_doubles_nothing(town: Town) -> None:
    await town.group("tea")
    sop = await town.start(town.template("daily", DAILY))
    await town.pass_by(1.5 * HOUR)
    town.clock.advance(-HOUR)
    await town.pass_by(2 * HOUR)
    assert await town.texts() == ["noon in tea"]
    assert await town.outcome(sop) == {"planned": 1, "sent": 1}


# pause, resume, stop, edit


async def fifty(town: Town, missed: str = '"skip"') -> str:
    for n in range(50):
        await town.join(f"m{n}")
    sop = await town.start(notice(town, "member", missed))
    town.clock.advance(MINUTE)
    await town.tick()
    return sop.id


async def test_pausing_takes_back_what_the_outbox_holds(town: Town) -> None:
    ident = await fifty(town)
    taken, _ = await town.outbox.take("sandbox", "node:1", 20, None, None)
    paused = await town.sops.pause(ident, "小王")
    assert paused.state == "paused"
    again, _ = await town.outbox.take("sandbox", "node:1", 500, None, None)
    assert again == []
    for one in taken:
        await town.outbox.finish(one, "sent")
    await town.pass_by(5 * MINUTE)
    assert await town.texts() == []
    await town.sops.resume(ident, "小王")
    await town.tick()
    assert len(await town.texts()) == 30
    sop = await town.sops.get(ident)
    assert await town.outcome(sop) == {"planned": 50, "sent": 50}


async def test_a_retry_while_paused_goes_back_too(town: Town) -> None:
    ident = await fifty(town)
    taken, _ = await town.outbox.take("sandbox", "node:1", 20, None, None)
    await town.sops.pause(ident, "小王")
    await town.outbox.finish(taken[0], "again", "slow down", due=town.clock.now())
    await town.tick()
    again, _ = await town.outbox.take("sandbox", "node:1", 500, None, None)
    assert again == []
    assert await town.sops.recall.waiting(ident) == 19


async def test_after_a_long_pause_there_is_no_backlog(town: Town) -> None:
    ident = await fifty(town)
    await town.sops.pause(ident, "小王")
    await town.pass_by(2 * HOUR)
    await town.sops.resume(ident, "小王")
    await town.tick()
    assert await town.texts() == []
    assert await town.outcome(await town.sops.get(ident)) == {"planned": 50, "missed": 50}


async def test_after_a_long_pause_what_may_be_late_is_sent(town: Town) -> None:
    ident = await fifty(town, '{ send_late = "6h" }')
    await town.sops.pause(ident, "小王")
    await town.pass_by(2 * HOUR)
    await town.sops.resume(ident, "小王")
    await town.tick()
    assert len(await town.texts()) == 50


async def test_occurrences_of_a_pause_are_not_made_up_for(town: Town) -> None:
    await town.group("tea")
    sop = await town.start(town.template("daily", DAILY))
    await town.sops.pause(sop.id, "小王")
    await town.pass_by(3 * DAY, HOUR)
    await town.sops.resume(sop.id, "小王")
    await town.tick()
    assert await town.texts() == []
    assert await town.outcome(sop) == {"missed runs": 3}


async def test_stopping_ends_what_was_planned_and_waits_for_the_gateway(town: Town) -> None:
    ident = await fifty(town)
    taken, _ = await town.outbox.take("sandbox", "node:1", 20, None, None)
    assert (await town.sops.stop(ident, "小王")).state == "stopping"
    for one in taken:
        await town.outbox.finish(one, "sent")
    await town.tick()
    sop = await town.sops.get(ident)
    assert sop.state == "stopped"
    assert await town.outcome(sop) == {"planned": 50, "sent": 20, "stopped": 30}
    with pytest.raises(WrongState):
        await town.sops.resume(ident, "小王")


async def test_an_edit_changes_what_was_not_sent_and_doubles_nothing(town: Town) -> None:
    for n in range(10):
        await town.join(f"m{n}")
    sop = await town.start(notice(town))
    town.clock.advance(MINUTE)
    await town.tick()
    taken, _ = await town.outbox.take("sandbox", "node:1", 4, None, None)
    text = NOTICE.replace("TO", "member").replace("MISSED", '"skip"').replace('"notice"', '"new"')
    changed = town.sops.library.parse(text.replace('id = "new"', 'id = "notice"'), "t.toml")
    edited = await town.sops.edit(sop.id, "小王", template=changed)
    assert edited.version == 2
    for one in taken:
        await town.outbox.finish(one, "sent")
    await town.tick()
    assert await town.texts() == ["new"] * 6
    assert await town.outcome(sop) == {"planned": 10, "sent": 10}
    assert [version.number for version in await town.sops.versions.all(sop.id)] == [2, 1]


async def test_a_step_that_is_gone_skips_who_waited_for_it(town: Town) -> None:
    town.change(quiet_hours="11:00-15:00")
    await town.group("tea")
    sop = await town.start(town.template("daily", DAILY))
    await town.pass_by(2 * HOUR)
    text = DAILY.replace('id = "noon"', 'id = "evening"').replace("0 13", "0 20")
    await town.sops.edit(sop.id, "小王", template=town.sops.library.parse(text, "t.toml"))
    await town.pass_by(3 * HOUR)
    assert await town.texts() == []
    assert await town.outcome(sop) == {"planned": 1, "deferred": 1, "step removed": 1}


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
