"""Funnels: stages that follow from one row, and say nothing that is not known."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.figures.funnel import funnel_of
from bot.figures.period import last
from bot.figures.row import Row
from bot.figures.subject import Subject
from tests.figures.fair import Fair
from tests.figures.test_figures import ALONE


def test_each_stage_is_a_part_of_the_one_before() -> None:
    row = Row(
        "x", members=20, visitors=5, reach=80, received=100, clickers=20, converted=5, conversions=7
    )
    reached, clicked, converted = funnel_of(row).steps
    assert (reached.stage, reached.people, reached.share) == ("reach", 100, None)
    assert (clicked.people, clicked.unknown) == (20, 5)
    assert clicked.share
    assert clicked.share.estimate == pytest.approx(0.2)
    assert converted.share
    assert converted.share.estimate == pytest.approx(0.25)
    assert converted.share.low < 0.25 < converted.share.high
    assert funnel_of(row).widest == 100


def test_without_a_message_it_begins_with_clicks() -> None:
    clicked, converted = funnel_of(Row("x", members=2, visitors=None)).steps
    assert (clicked.stage, clicked.people, clicked.share) == ("people", 2, None)
    assert converted.people == 0
    assert funnel_of(Row("x")).widest == 1


def test_who_bought_without_a_click_is_no_share_of_the_clicks() -> None:
    _, converted = funnel_of(Row("x", members=1, visitors=0, converted=3)).steps
    assert (converted.people, converted.share) == (3, None)


async def test_a_campaigns_funnel_is_that_of_its_row_among_all(fair: Fair) -> None:
    await fair.start(fair.template("alone", ALONE))
    await fair.pass_by(1)
    members = [await fair.join(name) for name in "abcd"]
    await fair.pass_by(3 * 3600)
    codes = {one.member: fair.code(one) for one in fair.sent}
    for member in members[:2]:
        await fair.click(codes[member], after=member * 20)
    await fair.buys(members[0], "30", codes[members[0]])
    period = last(7, fair.figures.today)
    (row,) = (await fair.figures.of(Subject(), period, "campaign")).rows
    whole = (await fair.figures.of(Subject("campaign", "hello"), period)).total
    for one in (row, whole):
        funnel = funnel_of(one)
        assert [step.people for step in funnel.steps] == [4, 2, 1]
        assert funnel.revenue == {"CNY": Decimal(30)}
