"""The plan check: times that are quiet, holidays or past."""

from __future__ import annotations

from bot.clock import millis, utc
from bot.model.capabilities import Capabilities

from .desk import Desk, hello, news


async def test_a_time_within_quiet_hours_waits_until_they_end(desk: Desk) -> None:
    desk.town.change(quiet_hours="22:00-08:00")
    await desk.town.join("a")
    desk.town.can["sandbox"] = Capabilities(member_list=True)
    checked = await desk.check(hello().replace("12:00", "22:30"))
    found = checked.about("22:30 is within the quiet hours 22:00-08:00: it waits until 08:00")
    assert found.fix is not None
    assert found.fix.apply(checked.template).step[0].at == "08:00"


async def test_a_time_within_quiet_hours_is_dropped_where_the_guards_say_so(desk: Desk) -> None:
    desk.town.change(quiet_hours="22:00-08:00")
    await desk.town.group("tea")
    checked = await desk.check(news(every="0 7 * * 1", more='guards = { quiet = "drop" }'))
    assert checked.about("07:00 is within the quiet hours 22:00-08:00: nobody gets it").fix is None


async def test_a_blackout_date_can_be_taken_out(desk: Desk) -> None:
    await desk.town.group("tea")
    more = 'guards = { blackout = ["2026-06-23/2026-06-25", "2026-01-01"] }'
    checked = await desk.check(news(more=more))
    found = checked.about("2026-06-24 is a blackout date: it waits until 2026-06-26")
    assert found.fix is not None
    assert str(found.fix.title) == "Take 2026-06-23 – 2026-06-25 out of the blackout dates"
    assert found.fix.apply(checked.template).guards.blackout == ("2026-01-01",)


async def test_the_workspaces_blackout_is_told_where_everybody_has_times_of_their_own(
    desk: Desk,
) -> None:
    desk.town.change(blackout=("2026-06-20", "2027-01-01"))
    desk.town.can["sandbox"] = Capabilities(member_list=True)
    await desk.town.join("a")
    checked = await desk.check(hello())
    assert checked.said == ["Nothing leaves on 2026-06-20: what is due then waits until 2026-06-21"]
    assert checked.findings[0].fix is None


async def test_a_public_holiday_can_wait_for_the_next_workday(desk: Desk) -> None:
    await desk.town.group("tea")
    checked = await desk.check(news(every="0 12 * * 5"))  # Friday 19 June 2026: Dragon Boat
    found = checked.about("2026-06-19 is a public holiday")
    assert found.severity == "note"
    assert found.fix is not None
    fixed = found.fix.apply(checked.template)
    assert (fixed.step[0].days, fixed.step[0].closed) == ("workday", "next")
    assert (await desk.version(fixed, "all-groups")).said == []


async def test_a_holiday_whose_notice_is_not_out_makes_days_uncertain(desk: Desk) -> None:
    desk.town.clock.advance((millis(utc(0).replace(year=2040)) - desk.town.clock.now()) / 1000)
    await desk.town.group("tea")
    checked = await desk.check(news(step='days = "workday"'))
    assert checked.about("The public holidays of 2040 are not yet published")


async def test_a_dated_step_whose_time_is_past_is_told(desk: Desk) -> None:
    await desk.town.group("tea")
    source = """
title = "Webinar"
anchor = { date = "day" }
parameters.day = { type = "date" }
[[step]]
id = "before"
before = "3d"
at = "09:00"
text = "soon"
[[step]]
id = "today"
after = "0d"
at = "09:00"
text = "now"
"""
    checked = await desk.check(source, day="2026-06-18")
    assert checked.about("Its time is past").place.step == "before"
    assert len(checked.findings) == 1
