"""Anchors: the moments steps count from."""

from __future__ import annotations

from bot.store.effects import Effects

from .town import DAY, HOUR, Town

MINUTE = 60.0


def counted(anchor: str, step: str = 'after = "1h"', to: str = "member") -> str:
    return f"""
title = "t"
anchor = {anchor}
to = "{to}"
[[step]]
id = "one"
{step}
text = "{{{{ {to}.name }}}}"
"""


async def test_who_becomes_a_contact_is_written_to_an_hour_later(town: Town) -> None:
    number = await town.join("a")
    sop = await town.start(town.template("t", counted('"contact_added"')), "everyone")
    town.clock.advance(MINUTE)
    effects = Effects(town.store.keys)
    effects.do("ZADD", town.store.keys.moment("contact"), town.clock.now(), number)
    assert await town.store.apply(effects)
    await town.pass_by(50 * MINUTE)
    assert await town.texts() == []
    await town.pass_by(15 * MINUTE)
    assert await town.texts() == ["a"]
    assert await town.outcome(sop) == {"planned": 1, "sent": 1}


async def test_who_is_given_a_tag_is_written_to_once_whatever_becomes_of_the_tag(
    town: Town,
) -> None:
    number = await town.join("a")
    await town.tag(await town.join("before"), "vip")
    await town.start(town.template("t", counted('{ tag = "vip" }')), "everyone")
    town.clock.advance(MINUTE)
    await town.tag(number, "vip")
    await town.pass_by(2 * HOUR)
    assert await town.texts() == ["a"], "who had the tag before is not meant"
    effects = Effects(town.store.keys)
    effects.fact(town.store.keys.tag("vip"), number, present=False)
    assert await town.store.apply(effects)
    await town.tag(number, "vip")
    await town.pass_by(2 * HOUR)
    assert await town.texts() == []


async def test_a_group_hears_from_us_after_it_came_to_be(town: Town) -> None:
    await town.group("old")
    await town.start(town.template("t", counted('"group_created"', to="group")), "all-groups")
    town.clock.advance(MINUTE)
    await town.group("tea")
    await town.pass_by(2 * HOUR)
    assert await town.texts() == ["tea"]


async def test_an_appointment_is_reminded_of_before_and_asked_about_after(town: Town) -> None:
    number = await town.join("a")
    text = """
title = "t"
anchor = { attribute = "appointment", yearly = false }
[[step]]
id = "before"
before = "2h"
text = "soon {{ member.name }}"
[[step]]
id = "after"
after = "1d"
at = "10:00"
text = "how was it"
"""
    sop = await town.start(town.template("t", text), "everyone")
    await town.set(number, "appointment", "2026-06-19 15:00")
    await town.pass_by(2 * DAY, 10 * MINUTE)  # it is 2026-06-17 12:00 in Shanghai at first
    assert await town.texts() == []
    await town.pass_by(2 * HOUR)
    assert await town.texts() == ["soon a"]
    await town.pass_by(DAY, 10 * MINUTE)
    assert await town.texts() == ["how was it"]
    await town.pass_by(3 * DAY, 10 * MINUTE)
    assert await town.outcome(sop) == {"planned": 2, "sent": 2}


async def test_steps_by_weekday_month_lunar_date_and_workday(town: Town) -> None:
    await town.group("tea")
    text = """
title = "t"
anchor = "calendar"
[[step]]
id = "weekly"
weekly = ["thu"]
at = "13:00"
text = "thursday"
[[step]]
id = "monthly"
monthly = ["last"]
at = "14:00"
text = "last of the month"
[[step]]
id = "festival"
lunar = "05-05"
at = "15:00"
text = "dragon boats"
[[step]]
id = "work"
every = "0 16 * * *"
days = "workday"
text = "work"
"""
    await town.start(town.template("t", text))
    said: list[str] = []
    for _ in range(15):  # 17 June to 2 July 2026; 19 to 21 June are the dragon boat holiday
        await town.pass_by(DAY, 10 * MINUTE)
        said += await town.texts()
    assert said.count("thursday") == 2
    assert said.count("last of the month") == 1
    assert said.count("dragon boats") == 1
    assert said.count("work") == 11 - 1, "the Friday of the holiday is no workday"


async def test_a_date_with_a_time_counts_in_minutes(town: Town) -> None:
    await town.group("tea")
    text = """
title = "t"
anchor = { date = "day", time = "start" }
[parameters.day]
type = "date"
[parameters.start]
type = "time"
[[step]]
id = "soon"
before = "10m"
text = "in ten minutes"
[[step]]
id = "thanks"
after = "90m"
text = "thank you"
"""
    await town.start(town.template("t", text), day="2026-06-18", start="15:00")
    await town.pass_by(DAY + 2 * HOUR + 45 * MINUTE, 10 * MINUTE)  # 14:45
    assert await town.texts() == []
    await town.pass_by(10 * MINUTE)
    assert await town.texts() == ["in ten minutes"]
    await town.pass_by(2 * HOUR)
    assert await town.texts() == ["thank you"]
