"""Kinds of steps: what else a SOP does than writing, and how one step follows another."""

from __future__ import annotations

from bot.model.capabilities import Capabilities
from bot.store.effects import Effects

from .town import DAY, HOUR, Town

MINUTE = 60.0
HEAD = """
title = "t"
anchor = "joined"
"""


async def ways(town: Town, sop: str, step: str, way: str) -> list[int]:
    key = town.store.keys.sop_result(f"{sop}/1/{step}/each", f"way:{way}")
    return await town.facts.numbers(key)


async def says(town: Town, number: int) -> None:
    """A member says something in the group of number 1."""
    effects = Effects(town.store.keys)
    effects.heard("reply", number, 1, town.clock.now())
    assert await town.store.apply(effects)


SURVEY = (
    HEAD
    + """
[[step]]
id = "ask"
after = "1h"
text = "how do you like it?"
[[step]]
id = "answer"
follows = "ask"
after = "0s"
wait = { for = "reply", most = "1d" }
[[step]]
id = "thanks"
follows = "answer/came"
after = "10m"
text = "thank you"
[[step]]
id = "mark"
follows = "answer/came"
after = "0s"
tag = "answered"
[[step]]
id = "remind"
follows = "answer/timed-out"
after = "0s"
text = "still there?"
"""
)


async def test_who_answers_is_thanked_and_who_does_not_is_reminded(town: Town) -> None:
    await town.group("tea")
    sop = await town.start(town.template("t", SURVEY))
    town.clock.advance(MINUTE)
    one, two = await town.join("one"), await town.join("two")
    await town.pass_by(HOUR + 10 * MINUTE)
    assert await town.texts() == ["how do you like it?"] * 2
    await says(town, one)
    await town.pass_by(20 * MINUTE)
    assert await town.texts() == ["thank you"]
    assert await town.facts.numbers(town.store.keys.tag("answered")) == [one]
    await says(town, one)  # once more: nothing more comes of it
    await town.pass_by(DAY + HOUR, 10 * MINUTE)
    assert await town.texts() == ["still there?"]
    assert await ways(town, sop.id, "answer", "came") == [one]
    assert await ways(town, sop.id, "answer", "timed-out") == [two]
    ask = await town.sops.results.run(sop.id, "1/ask/each")
    assert (ask.sent, ask.after["replied"]) == (2, 1)


async def test_a_reply_while_the_bot_was_off_for_long_still_counts(town: Town) -> None:
    await town.group("tea")
    await town.start(town.template("t", SURVEY))
    town.clock.advance(MINUTE)
    number = await town.join("one")
    await town.pass_by(HOUR + 10 * MINUTE)
    await says(town, number)
    town.clock.advance(3 * DAY)
    await town.tick()
    await town.pass_by(20 * MINUTE)
    assert await ways(town, "t", "answer", "came") == [number]
    assert "thank you" in await town.texts()


BRANCH = (
    HEAD
    + """
[[step]]
id = "which"
after = "1h"
[[step.branch]]
name = "vip"
if = "tag:vip"
[[step.branch]]
name = "others"
[[step]]
id = "call"
follows = "which/vip"
after = "0s"
text = "we will call you"
[[step]]
id = "read"
follows = "which/others"
after = "1d"
at = "20:00"
text = "read this"
"""
)


async def test_a_branch_sends_each_on_their_way(town: Town) -> None:
    await town.group("tea")
    sop = await town.start(town.template("t", BRANCH))
    town.clock.advance(MINUTE)
    vip = await town.join("vip")
    await town.tag(vip, "vip")
    await town.join("other")
    await town.pass_by(HOUR + 10 * MINUTE)
    assert [(d.member, d.message.summary) for d in town.sent] == [(vip, "we will call you")]
    await town.texts()
    await town.pass_by(2 * DAY, 10 * MINUTE)
    assert await town.texts() == ["read this"]
    assert await ways(town, sop.id, "which", "vip") == [vip]


async def test_variants_are_shared_out_as_asked_and_some_get_nothing_to_compare(
    town: Town,
) -> None:
    text = """
title = "t"
anchor = { date = "day" }
to = "member"
[parameters.day]
type = "date"
default = "today"
[[step]]
id = "offer"
at = "13:00"
holdout = 20
[[step.variant]]
name = "a"
share = 3
text = "A"
[[step.variant]]
name = "b"
share = 1
text = "B"
"""
    for n in range(400):
        await town.join(f"m{n}")
    sop = await town.start(town.template("t", text), "all-groups")
    await town.pass_by(2 * HOUR)
    said = await town.texts()
    outcome = await town.outcome(sop)
    assert outcome["sent"] + outcome["hold-out"] == outcome["planned"] == 400
    assert 50 <= outcome["hold-out"] <= 110
    assert 2.2 < said.count("A") / said.count("B") < 4.2
    run = (await town.sops.results.runs(sop.id))[0]
    in_a = await town.facts.numbers(town.store.keys.sop_result(run.name, "way:a"))
    assert len(in_a) == said.count("A")


async def test_tags_are_taken_and_a_route_invites(town: Town) -> None:
    text = (
        HEAD
        + """
[[step]]
id = "new"
after = "0s"
untag = ["guest", "lurker"]
[[step]]
id = "invite"
after = "1h"
route = "skincare"
[[step]]
id = "nowhere"
after = "2h"
route = "full"
"""
    )
    await town.group("tea")
    sop = await town.start(town.template("t", text))
    town.clock.advance(MINUTE)
    number = await town.join("a")
    for tag in ("guest", "regular"):
        await town.tag(number, tag)
    await town.pass_by(3 * HOUR)
    assert await town.texts() == ["去skincare"]
    assert await town.facts.numbers(town.store.keys.tag("guest")) == []
    assert await town.facts.numbers(town.store.keys.tag("regular")) == [number]
    assert (await town.outcome(sop))["route full"] == 1


async def test_one_sop_takes_members_into_another_and_out_again(town: Town) -> None:
    town.template(
        "care",
        HEAD.replace('"joined"', '"enrolled"')
        + """
[[step]]
id = "care"
after = "1h"
text = "care {{ member.name }}"
[[step]]
id = "more"
after = "1d"
text = "more"
""",
    )
    lead = (
        HEAD
        + """
[[step]]
id = "in"
after = "10m"
start = "care"
[[step]]
id = "out"
after = "5h"
stop = "care"
if = "tag:enough"
"""
    )
    await town.group("tea")
    care = await town.start("care", "everyone")
    await town.start(town.template("lead", lead))
    town.clock.advance(MINUTE)
    one, two = await town.join("one"), await town.join("two")
    await town.tag(one, "enough")
    await town.pass_by(2 * HOUR)
    assert sorted(await town.texts()) == ["care one", "care two"]
    await town.pass_by(2 * DAY, 10 * MINUTE)
    assert [d.member for d in town.sent] == [two]
    assert (await town.outcome(care))["quit"] == 1


async def test_staff_get_a_task_with_a_text_to_copy_and_what_follows_waits_for_them(
    town: Town,
) -> None:
    text = (
        HEAD
        + """
[[step]]
id = "call"
after = "1h"
task = "call {{ member.name }}"
text = "hello, this is the tea house"
within = "4h"
[[step]]
id = "next"
follows = "call"
after = "1h"
text = "it was nice to talk"
"""
    )
    await town.group("tea")
    sop = await town.start(town.template("t", text))
    town.clock.advance(MINUTE)
    await town.join("a")
    await town.pass_by(2 * HOUR)
    (task,) = await town.sops.tasks.open()
    assert (task.title, task.text) == ("call a", "hello, this is the tea house")
    assert task.due - task.opened == 4 * HOUR * 1000
    await town.pass_by(3 * HOUR)
    assert await town.texts() == []
    assert await town.sops.tasks.done(task.id, "小李")
    await town.pass_by(2 * HOUR)
    assert await town.texts() == ["it was nice to talk"]
    assert await town.outcome(sop) == {"planned": 2, "sent": 2}


async def test_where_staff_must_tap_the_month_s_quota_is_kept(town: Town) -> None:
    quota = {"per": "group", "count": 2, "period": "month"}
    can = Capabilities.model_validate({"staff_confirm": True, "quotas": [quota]})
    town.can["sandbox"] = can
    await town.group("tea")
    daily = (
        HEAD.replace('"joined"', '"calendar"')
        + """
[[step]]
id = "daily"
every = "0 13 * * *"
text = "news"
"""
    )
    sop = await town.start(town.template("t", daily))
    await town.pass_by(4 * DAY, 10 * MINUTE)
    assert await town.sops.tasks.count() == 2
    assert await town.outcome(sop) == {"planned": 4, "task": 2, "frequency cap": 2}


async def test_a_dated_sop_is_not_over_while_a_step_waits_for_staff(town: Town) -> None:
    text = """
title = "t"
anchor = { date = "day" }
to = "member"
[parameters.day]
type = "date"
default = "today"
[[step]]
id = "call"
at = "13:00"
task = "call {{ member.name }}"
[[step]]
id = "next"
follows = "call"
after = "1h"
text = "it was nice to talk"
"""
    await town.join("a")
    sop = await town.start(town.template("t", text), "everyone")
    await town.pass_by(DAY, 10 * MINUTE)
    assert (await town.sops.get(sop.id)).state == "running"
    (task,) = await town.sops.tasks.open()
    await town.sops.tasks.done(task.id, "小李")
    await town.pass_by(2 * HOUR, 10 * MINUTE)
    assert await town.texts() == ["it was nice to talk"]
    await town.pass_by(HOUR, 10 * MINUTE)
    assert (await town.sops.get(sop.id)).state == "finished"
