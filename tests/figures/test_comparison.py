"""Comparisons: two sides by the people behind them, and no more said than is known."""

from __future__ import annotations

import pytest

from bot.figures.comparison import Comparisons, Side, comparable
from bot.figures.period import last
from bot.figures.subject import BadSubject, Subject
from bot.links.codes import Code
from bot.links.desk import Desk
from bot.reports.interval import BETTER, TOO_FEW_TO_TELL, difference
from tests.figures.fair import Fair
from tests.figures.test_figures import ALONE
from tests.links.site import PHONE

ANDROID = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile Safari/537.36"


@pytest.fixture
async def told(fair: Fair) -> Fair:
    """Forty members in tea and forty in books got a message alone; 30 and 10 of them clicked."""
    await fair.start(fair.template("alone", ALONE))
    await fair.pass_by(1)
    for group in ("tea", "books"):
        for n in range(40):
            await fair.join(f"{group}{n}", group)
    await fair.pass_by(3 * 3600)
    codes = sorted((fair.code(one) for one in fair.sent), key=lambda code: code.member)
    clicking = [*codes[:30], *codes[40:50]]
    await fair.fetch(*(fair.hit(code, f"v{code.member}") for code in clicking))
    for code in clicking[:6]:
        await fair.buys(code.member, "10", code)
    return fair


async def test_two_groups_differ_by_just_what_their_shares_do(told: Fair) -> None:
    period = last(7, told.figures.today)
    sop = Subject("sop", "alone")
    tea, books = (await told.figures.of(sop, period, "group")).rows
    sides = [Side(name, sop, period, "group", row.key) for name, row in (("B", books), ("T", tea))]
    found = await Comparisons(told.figures).of("clicked", *sides)
    assert [(arm.name, arm.hits, arm.total) for arm in found.arms] == [("B", 10, 40), ("T", 30, 40)]
    assert found.found
    (contrast,) = found.found.contrasts
    assert contrast.verdict == BETTER
    assert contrast.difference == difference(30, 40, 10, 40)
    assert found.shared == 0
    assert found.rows == (books, tea)


async def test_conversion_is_of_the_members_who_clicked(told: Fair) -> None:
    period = last(7, told.figures.today)
    sop = Subject("sop", "alone")
    keys = [row.key for row in (await told.figures.of(sop, period, "group")).rows]
    sides = [Side(key, sop, period, "group", key) for key in keys]
    found = await Comparisons(told.figures).of("converted", *sides)
    assert [(arm.hits, arm.total) for arm in found.arms] == [(6, 30), (0, 10)]
    assert found.found
    assert found.found.contrasts[0].verdict == TOO_FEW_TO_TELL


async def test_of_two_periods_people_in_both_are_told(told: Fair) -> None:
    comparisons, today = Comparisons(told.figures), told.figures.today
    sop, period = Subject("sop", "alone"), last(7, today)
    empty = await comparisons.of(
        "clicked", Side("before", sop, period.before), Side("now", sop, period)
    )
    assert empty.found is None
    assert (empty.arms[0].total, empty.arms[1].total) == (0, 80)
    wider = Side("wider", sop, last(30, today))
    both = await comparisons.of("clicked", Side("now", sop, period), wider)
    assert both.shared == 80
    assert both.complete


async def test_ways_of_a_link_are_compared_by_the_conversions_of_their_people(fair: Fair) -> None:
    link = await fair.links.make("https://shop.example/a")
    branches = [{"url": "https://shop.example/b", "devices": ["ios"]}]
    await Desk(fair.store, fair.links).edit(link, "ann", {"branches": branches})
    members = [await fair.join(name) for name in "abcd"]
    for member, way in zip(members, ("2.1", "2.1", "2.0", "2.0"), strict=True):
        code = Code(link, 0, 1, member)
        agent = PHONE if way == "2.1" else ANDROID
        await fair.fetch(fair.hit(code, f"v{member}", flags=way, agent=agent))
        await fair.pass_by(60)
    await fair.buys(members[0], "5", Code(link, 0, 1, members[0]))
    period, subject = last(7, fair.figures.today), Subject("link", str(link))
    sides = [Side(key, subject, period, "way", key) for key in ("2.0", "2.1")]
    found = await Comparisons(fair.figures).of("converted", *sides)
    assert [(arm.hits, arm.total) for arm in found.arms] == [(0, 2), (1, 2)]
    assert comparable("way") == ("converted",)
    assert comparable(None) == ("clicked", "converted")


async def test_a_subject_that_is_not_there_is_said(fair: Fair) -> None:
    side = Side("x", Subject("link", "9"), last(7, fair.figures.today))
    with pytest.raises(BadSubject, match="there is no link"):
        await Comparisons(fair.figures).of("clicked", side, side)
