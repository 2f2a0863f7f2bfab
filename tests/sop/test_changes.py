"""What a pause, a new version and a missed time mean for those a SOP is under way with."""

from __future__ import annotations

from bot.sop.outcomes.asked import Asked
from bot.sop.record import Sop

from .town import DAY, HOUR, Town

MINUTE = 60.0


def days(*steps: tuple[str, str], resume: str = "anchor", missed: str = '"skip"') -> str:
    head = f'title = "t"\nanchor = "joined"\nresume = "{resume}"\n'
    return head + "".join(
        f"""
[[step]]
id = "{ident}"
after = "{after}"
at = "13:00"
missed = {missed}
text = "{ident} {{{{ member.name }}}}"
"""
        for ident, after in steps
    )


WEEK = (("one", "1d"), ("three", "3d"), ("five", "5d"))


async def begun(town: Town, text: str, *names: str) -> Sop:
    await town.group("tea")
    sop = await town.start(town.template("t", text))
    town.clock.advance(MINUTE)
    for name in names:
        await town.join(name)
    return sop


async def walk(town: Town, length: int) -> list[str]:
    """So many days, in steps of ten minutes."""
    await town.pass_by(length * DAY, 10 * MINUTE)
    return await town.texts()


# pauses


async def test_counting_from_the_anchor_a_pause_costs_the_steps_in_it(town: Town) -> None:
    sop = await begun(town, days(*WEEK), "a")
    assert await walk(town, 2) == ["one a"]
    await town.sops.pause(sop.id, "小王")
    assert await walk(town, 2) == []
    await town.sops.resume(sop.id, "小王")
    assert await walk(town, 3) == ["five a"]


async def test_counting_only_while_it_runs_everything_comes_later(town: Town) -> None:
    sop = await begun(town, days(*WEEK, resume="running"), "a")
    assert await walk(town, 2) == ["one a"]
    await town.sops.pause(sop.id, "小王")
    assert await walk(town, 2) == []
    await town.sops.resume(sop.id, "小王")
    assert await walk(town, 1) == [], "day three is two days later"
    assert await walk(town, 1) == ["three a"]
    assert await walk(town, 2) == ["five a"]
    assert await town.outcome(sop) == {"planned": 3, "sent": 3}


async def test_beginning_anew_everybody_gets_it_from_the_first_step(town: Town) -> None:
    sop = await begun(town, days(*WEEK, resume="restart"), "a")
    assert await walk(town, 2) == ["one a"]
    await town.sops.pause(sop.id, "小王")
    assert await walk(town, 3) == []
    await town.sops.resume(sop.id, "小王")
    await town.join("b")
    assert sorted(await walk(town, 2)) == ["one a", "one b"]
    assert sorted(await walk(town, 4)) == ["five a", "five b", "three a", "three b"]


async def test_begun_anew_it_can_still_be_edited(town: Town) -> None:
    sop = await begun(town, days(("one", "1d"), ("five", "5d"), resume="restart"), "a")
    await town.sops.pause(sop.id, "小王")
    await town.sops.resume(sop.id, "小王")
    more = days(("one", "1d"), ("two", "2d"), ("five", "5d"), resume="restart")
    template = town.sops.library.parse(more, "t.toml")
    await town.sops.edit(sop.id, "小王", template=template)
    assert await walk(town, 3) == ["one a", "two a"]


# new versions


async def test_members_in_flight_stay_on_their_version_when_the_operator_says_so(
    town: Town,
) -> None:
    sop = await begun(town, days(*WEEK), "old")
    assert await walk(town, 2) == ["one old"]
    other = days(("one", "1d"), ("two", "2d"), ("five", "4d")).replace('text = "', 'text = "new ')
    template = town.sops.library.parse(other, "t.toml")
    await town.sops.edit(sop.id, "小王", template=template, stay=True)
    await town.join("fresh")
    assert sorted(await walk(town, 3)) == ["new one fresh", "new two fresh", "three old"]
    assert sorted(await walk(town, 3)) == ["five old", "new five fresh"]


async def test_members_in_flight_move_to_the_new_version_otherwise(town: Town) -> None:
    sop = await begun(town, days(*WEEK), "a")
    assert await walk(town, 2) == ["one a"]
    other = days(("one", "1d"), ("three", "4d"), ("five", "5d")).replace('text = "', 'text = "new ')
    template = town.sops.library.parse(other, "t.toml")
    await town.sops.edit(sop.id, "小王", template=template)
    assert await walk(town, 1) == []
    assert await walk(town, 1) == ["new three a"]
    assert await walk(town, 2) == ["new five a"]
    assert await town.outcome(sop) == {"planned": 3, "sent": 3}


async def test_a_step_added_later_is_for_those_who_are_past_it_only_on_request(
    town: Town,
) -> None:
    for catch_up, expected in [((), ["three a"]), (("two",), ["two a", "three a"])]:
        sop = await begun(town, days(("one", "1d"), ("three", "4d")), "a")
        assert "one a" in await walk(town, 3)
        more = days(("one", "1d"), ("two", "2d"), ("three", "4d"))
        template = town.sops.library.parse(more, "t.toml")
        await town.sops.edit(sop.id, "小王", template=template, catch_up=catch_up)
        assert [text for text in await walk(town, 2) if text.endswith(" a")] == expected
        await town.sops.stop(sop.id, "小王")
        await town.leave(1)


# missed times


async def test_what_was_missed_waits_for_a_word_when_the_step_says_so(town: Town) -> None:
    sop = await begun(town, days(*WEEK, missed='"ask"'), "a", "b")
    town.clock.advance(DAY + 3 * HOUR)  # the bot was off at 13:00
    await town.tick()
    assert await town.texts() == []
    asked = Asked(town.sops)
    (question,) = await asked.of(sop)
    assert (question.occurrence, question.count) == ("t/one/each", 2)
    await asked.send(sop.id, "t/one/each", "小王")
    await town.pass_by(20 * MINUTE)
    assert sorted(await town.texts()) == ["one a", "one b"]
    town.clock.advance(2 * DAY + 3 * HOUR)
    await town.tick()
    await asked.skip(sop.id, "t/three/each", "小王")
    assert await asked.of(sop) == []
    assert await town.outcome(sop) == {"planned": 4, "sent": 2, "missed": 2}


async def test_a_broadcast_that_was_missed_waits_for_a_word_too(town: Town) -> None:
    await town.group("tea")
    text = """
title = "t"
anchor = "calendar"
[[step]]
id = "n"
every = "0 13 * * *"
missed = "ask"
text = "noon"
"""
    sop = await town.start(town.template("t", text))
    town.clock.advance(3 * HOUR)
    await town.tick()
    (question,) = await Asked(town.sops).of(sop)
    await Asked(town.sops).send(sop.id, question.occurrence, "小王")
    await town.pass_by(20 * MINUTE)
    assert await town.texts() == ["noon"]
