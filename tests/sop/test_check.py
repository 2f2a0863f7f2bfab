"""The plan check: everything that would go wrong, told before it does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial

import pytest

from bot.links.probe import LinkHealth
from bot.model.capabilities import Capabilities
from bot.sop.check import PlanCheck, fix_of
from bot.sop.check.caps import more_than
from bot.sop.foresight.forecast import Forecast
from bot.store.bits import Bits

from .desk import DAY_MS, HOUR_MS, LONG, MINUTE, Desk, hello, news
from .town import Town

# nothing


async def test_a_sound_plan_has_nothing_to_tell(desk: Desk) -> None:
    await desk.town.group("tea")
    assert (await desk.check(news("see {{ link('https://shop.example/') }}"))).said == []


async def test_every_shipped_template_is_sound_in_a_small_community(
    shipped: Callable[[], Town],
) -> None:
    town = shipped()
    desk = Desk(town)
    await town.join("小明")
    samples = {"url": "https://example.com/", "date": "2026-07-02"}
    for name in town.sops.library.names():
        template = town.sops.library.get(name)
        values: dict[str, object] = {
            key: samples.get(parameter.type, "20:00" if parameter.type == "time" else "7")
            for key, parameter in template.parameters.items()
            if parameter.default is None
        }
        checked = await desk.version(template, "all-groups", values=values)
        wrong = [one for one in checked.findings if one.severity == "error"]
        assert [str(one.message) for one in wrong if one.place.key != "route"] == [], name


# other SOPs


async def test_another_sop_writes_to_the_same_groups_within_the_distance(desk: Desk) -> None:
    await desk.town.group("tea")
    desk.forecast.rows = [desk.row(DAY_MS, [1, 2, 3])]
    tips = partial(desk.row, sop="tips", step="wednesday")
    desk.forecast.others = [
        tips(DAY_MS + 20 * MINUTE, [3]),
        tips(DAY_MS - 10 * MINUTE, [2, 3, 4]),
        desk.row(DAY_MS + 30 * MINUTE, [1, 2, 3], sop="far"),
    ]
    checked = await desk.check(news())
    clash = checked.about("tips")
    assert str(clash.message) == (
        "“wednesday” of tips reaches 2 of the same groups within 30 minutes, on 2026-06-18"
    )
    assert (clash.severity, clash.place.step) == ("warning", "news")
    assert clash.fix is not None
    assert str(clash.fix.title) == "Send it 20 minutes later"
    assert clash.fix.apply(checked.template).step[0].every == "20 12 * * 3"
    assert len(checked.findings) == 1


async def test_a_step_that_comes_first_is_moved_to_earlier(desk: Desk) -> None:
    await desk.town.join("a")
    desk.forecast.rows = [desk.row(DAY_MS, [1], step="hello", to="member")]
    desk.forecast.others = [desk.row(DAY_MS + 5 * MINUTE, [1], sop="x", to="member")]
    checked = await desk.check(hello())
    clash = checked.about("of x reaches 1 of the same members")
    assert clash.fix is not None
    assert clash.fix.apply(checked.template).step[0].at == "11:35"


async def test_more_than_the_cap_in_a_day_names_how_many_and_the_worst_day(desk: Desk) -> None:
    desk.town.change(daily_cap=2)
    await desk.town.group("tea")
    hours = [HOUR_MS, 3 * HOUR_MS]
    desk.forecast.rows = [desk.row(DAY_MS, [1, 2, 3]), desk.row(2 * DAY_MS, [1, 2, 3])]
    desk.forecast.others = [
        *(desk.row(DAY_MS + hour, [1], sop="x") for hour in hours),
        *(desk.row(2 * DAY_MS + hour, [2, 3, 4], sop="x") for hour in hours),
    ]
    found = (await desk.check(news())).about("more than 2")
    assert str(found.message).startswith("On 2026-06-19 2 groups would get more than 2 messages")


async def test_whom_the_forecast_left_out_for_the_cap_is_counted_too(desk: Desk) -> None:
    desk.town.change(daily_cap=1)
    await desk.town.group("tea")
    desk.forecast.rows = [desk.row(DAY_MS, [], skipped={"frequency cap": [1]})]
    desk.forecast.others = [desk.row(DAY_MS + 2 * HOUR_MS, [1], sop="x")]
    assert (await desk.check(news())).about("1 groups would get more than 1")


async def test_the_weekly_cap_of_a_topic_counts_other_sops_of_that_topic(desk: Desk) -> None:
    await desk.town.group("tea")
    topical = 'topic = "tea"\nguards = { weekly_cap = 2 }'
    await desk.town.start(desk.town.template("same", news(more='topic = "tea"')))
    await desk.town.start(desk.town.template("other", news()))
    desk.forecast.rows = [desk.row(6 * DAY_MS, [1])]
    desk.forecast.others = [
        *(desk.row(n * DAY_MS, [1], sop="other") for n in range(1, 6)),
        *(desk.row(n * DAY_MS, [1], sop="same") for n in (1, 3)),
    ]
    found = (await desk.check(news(more=topical))).about("In the week to 2026-06-23")
    assert "1 groups would get more than 2 messages" in str(found.message)


def test_who_is_in_more_than_so_many_sets() -> None:
    sets = [Bits.of([1, 2]), Bits.of([2, 3]), Bits.of([2]), Bits.of([3])]
    assert [list(more_than(cap, sets)) for cap in (0, 1, 2, 3)] == [[1, 2, 3], [2, 3], [2], []]


async def no_links(urls: Collection[str]) -> Mapping[str, LinkHealth]:
    """Nobody is asked."""
    return {}


async def test_conflicts_are_found_with_what_is_really_foreseen(desk: Desk) -> None:
    town = desk.town
    await town.group("tea")
    await town.group("books")
    await town.start(town.template("tips", news(every="15 12 * * 5")), "group:sandbox/books")
    name = town.template("draft", news(every="0 12 * * 1,5"))
    said = []
    for cap in (None, 1):
        town.change(daily_cap=cap)
        draft, now = town.sops.library.get(name), town.clock.now()
        version = await town.sops.drafts.version(1, draft, "all-groups", {}, "小王", None, now)
        plan_check = PlanCheck(town.sops, ("sandbox",), no_links, Forecast(town.sops))
        found = await plan_check.check(version, days=7)
        said += [str(one.message) for one in found if one.place.key != "days"]
    assert said == [
        "“news” of tips reaches 1 of the same groups within 30 minutes, on 2026-06-19",
        "On 2026-06-19 1 groups would get more than 1 messages; the cap is 1 a day",
    ]
    running = await town.sops.get("tips")
    found = await plan_check.check(await town.sops.version(running), sop=running, days=7)
    assert [one.place.key for one in found] == ["days"]
    assert {one.place.sop for one in found} == {"tips"}


# for whom


async def test_an_empty_audience_is_told(desk: Desk) -> None:
    assert (await desk.check(news())).about("No group is in the audience").severity == "warning"
    fixed = hello(more='audience = "fixed"')
    assert (await desk.check(fixed)).about("Nobody is in the audience").severity == "error"


async def test_a_condition_nobody_can_fit_is_told_unless_the_sop_changes_it(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(member_list=True)
    await desk.town.tag(await desk.town.join("a"), "vip")
    step = 'if = "not tag:vip"'
    checked = await desk.check(hello(step=step), "tag:vip")
    assert checked.about("Nobody in the audience fits “not tag:vip” now").place.key == "if"
    checked = await desk.check(hello(step='unless = "tag:vip"'), "tag:vip")
    assert checked.about("Everybody in the audience fits “tag:vip”").place.key == "unless"
    step += '\n[[step]]\nid = "less"\nfollows = "hello"\nuntag = "vip"'
    assert (await desk.check(hello(step=step), "tag:vip")).said == []


async def test_a_holdout_too_small_to_tell_says_how_many_it_takes(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(member_list=True)
    await desk.town.join("a")
    desk.forecast.rows = [
        desk.row(DAY_MS, range(1, 1800), step="hello", to="member"),
        desk.row(2 * DAY_MS, range(1800, 2001), step="hello", to="member"),
    ]
    found = (await desk.check(hello(step="holdout = 10"))).about("hold-out")
    assert "would be 200 members; 686 are needed" in str(found.message)
    assert (await desk.check(hello(step="holdout = 40"))).said == []


async def test_variants_too_small_to_tell_are_told(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(member_list=True)
    await desk.town.join("a")
    desk.forecast.rows = [desk.row(DAY_MS, range(1, 1001), step="hello", to="member")]
    variants = 'variant = [{ name = "a", text = "1", share = 3 }, { name = "b", text = "2" }]'
    found = (await desk.check(hello().replace("text = '''hi'''", variants))).about("Variant “b”")
    assert "250 members" in str(found.message)


# where it leads


async def test_a_sop_to_start_that_is_not_there_names_the_nearest(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(member_list=True)
    await desk.town.join("a")
    await desk.town.start(desk.town.template("course", hello()))
    step = '[[step]]\nid = "on"\nfollows = "hello"\nstart = "{}"'
    found = (await desk.check(hello(step=step.format("cuorse")))).about("There is no SOP “cuorse”")
    assert found.severity == "error"
    assert "did you mean “course”?" in str(found.message)
    checked = await desk.check(hello(step=step.format("course")))
    assert checked.about("does not count from entering it").severity == "error"
    await desk.town.sops.stop("course", "小王")
    checked = await desk.check(hello(step=step.format("course")))
    assert checked.about("“course” is not running").place.key == "start"


async def test_asking_what_becomes_of_a_missed_step_needs_somebody_to_ask(desk: Desk) -> None:
    await desk.town.group("tea")
    source = news(step='missed = "ask"')
    assert (await desk.check(source)).about("no operator to ask").place.key == "missed"
    await desk.town.store.call("HSET", desk.town.store.keys.operators(), "ann", "{}")
    assert (await desk.check(source)).said == []


# findings


async def test_the_worst_comes_first_and_a_fix_survives_a_page(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(text_bytes=130)
    desk.town.change(quiet_hours="11:00-13:00")
    await desk.town.group("tea")
    checked = await desk.check(news(f"{LONG}。{LONG}", every="0 12 * * 5"))
    assert [one.severity for one in checked.findings] == ["error", "warning", "note"]
    for one in checked.findings:
        if one.fix:
            assert fix_of(one.fix.model_dump_json()) == one.fix
    with pytest.raises(ValueError, match="kind"):
        fix_of('{"kind": "anything"}')
