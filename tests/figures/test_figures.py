"""What figures say of a small story that can be counted by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.figures.period import last
from bot.figures.subject import BadSubject, Subject
from bot.links.codes import Code
from bot.store.bits import Bits
from tests.figures.fair import Fair
from tests.sop.town import DAY, HOUR

DAILY = """
title = "tips"
anchor = "calendar"
[[step]]
id = "tip"
every = "0 13 * * *"
text = "Read {{ link('https://shop.example/sale', 'spring') }}"
"""
ALONE = """
title = "hello"
anchor = "joined"
to = "member"
[[step]]
id = "hi"
after = "1h"
text = "Hi {{ link('https://shop.example/hi', 'hello') }}"
"""


@pytest.fixture
async def told(fair: Fair) -> Fair:
    """Tea (3 members) and books (2, one in both) got a tip each; four people clicked."""
    tea, books = await fair.group("tea"), await fair.group("books")
    _, b, _ = [await fair.join(name) for name in "abc"]
    await fair.join("d", "books")
    await fair.join("a", "books")
    await fair.start(fair.template("daily", DAILY))
    await fair.pass_by(2 * HOUR)
    codes = {fair.code(one).group: fair.code(one) for one in fair.sent}
    fair.clock.advance(600)
    await fair.click(codes[tea], "v1")
    await fair.click(codes[tea], "v2", after=30)
    await fair.click(codes[tea], "v1", after=60)
    await fair.click(codes[books], "v1", after=90)
    run, link = codes[tea].step, codes[tea].link
    await fair.click(Code(link, run, tea, b), "own")
    await fair.buys(b, "12.50", Code(link, run, tea, b))
    return fair


async def test_a_steps_groups_say_whom_they_reached_and_who_clicked(told: Fair) -> None:
    period = last(7, told.figures.today)
    step = Subject("step", "daily/tip")
    found = await told.figures.of(step, period, "group")
    assert (found.total.reach, found.total.clicks, found.total.hits) == (4, 5, 5)
    tea, books = found.rows
    assert (tea.reach, tea.clicks, tea.members, tea.visitors) == (3, 4, 1, 2)
    assert (books.reach, books.clicks, books.members, books.visitors) == (2, 1, 0, 1)
    assert tea.rate
    assert tea.rate.estimate == 1.0
    assert tea.delay
    assert 600_000 <= tea.delay.median <= 2 * HOUR * 1000
    assert (tea.conversions, tea.converted, tea.revenue) == (1, 1, {"CNY": Decimal("12.5")})


async def test_every_cut_adds_up_to_the_whole(told: Fair) -> None:
    period = last(7, told.figures.today)
    whole = (await told.figures.of(Subject(), period)).total
    for by in ("link", "campaign", "sop", "step", "run", "group", "day", "hour", "way"):
        rows = (await told.figures.of(Subject(), period, by)).rows
        assert sum(row.hits or 0 for row in rows) == whole.hits, by
        assert sum(row.clicks for row in rows) == whole.clicks, by
    assert (whole.hits, whole.clicks, whole.members) == (5, 5, 1)


async def test_a_number_opens_to_the_members_behind_it(told: Fair) -> None:
    period = last(7, told.figures.today)
    link = Subject("link", "1")
    reached = await told.figures.who(link, period, "reach")
    clicked = await told.figures.who(link, period, "people")
    assert (reached.count(), clicked.count()) == (4, 1)
    assert await told.figures.who(link, period, "missing") == reached - clicked
    assert await told.figures.who(link, period, "converted") == clicked


async def test_what_people_did_within_a_day_is_credited(fair: Fair) -> None:
    a = await fair.join("a")
    await fair.start(fair.template("alone", ALONE))
    await fair.pass_by(1)
    b = await fair.join("b")
    await fair.pass_by(3 * HOUR)
    (sent,) = fair.sent
    await fair.click(fair.code(sent))
    await fair.tag(b, "keen")
    await fair.tag(a, "keen")
    period = last(7, fair.figures.today)
    (row,) = (await fair.figures.of(Subject("sop", "alone"), period, "step")).rows
    assert (row.key, row.reach, row.members) == ("alone/hi", 1, 1)
    assert row.followed == {"replied": 0, "checked-in": 0, "tagged": 1}
    (link,) = (await fair.figures.of(Subject(), period, "link")).rows
    assert link.followed == {"replied": 0, "checked-in": 0, "tagged": 1}
    assert await fair.figures.who(Subject("sop", "alone"), period, "tagged") == Bits.of([b])


async def test_staff_and_channels_have_their_own_rows(fair: Fair) -> None:
    await fair.start(fair.template("alone", ALONE))
    await fair.pass_by(1)
    a, b = await fair.join("a"), await fair.join("b")
    await fair.set(a, "owner", "Li")
    await fair.set(b, "channel", "poster")
    await fair.pass_by(3 * HOUR)
    for one in fair.sent:
        await fair.click(fair.code(one))
    period = last(7, fair.figures.today)
    rows = (await fair.figures.of(Subject(), period, "staff")).rows
    assert {row.key: (row.reach, row.clicks) for row in rows} == {"Li": (1, 1), "": (1, 1)}
    rows = (await fair.figures.of(Subject(), period, "channel")).rows
    assert {row.key: (row.reach, row.members) for row in rows} == {"poster": (1, 1), "": (1, 1)}
    only = (await fair.figures.of(Subject("staff", "Li"), period)).total
    assert (only.reach, only.clicks, only.hits) == (1, 1, None)


async def test_clicks_of_another_day_are_another_periods(fair: Fair) -> None:
    await fair.links.make("https://shop.example/x")
    await fair.click(Code(1), "v1")
    await fair.pass_by(2 * DAY)
    await fair.click(Code(1), "v2")
    today = fair.figures.today
    assert (await fair.figures.of(Subject("link", "1"), last(1, today))).total.clicks == 1
    assert (await fair.figures.of(Subject("link", "1"), last(3, today))).total.clicks == 2


async def test_what_is_not_there_is_said(fair: Fair) -> None:
    period = last(7, fair.figures.today)
    for name in ("link:7", "campaign:none", "sop:none"):
        with pytest.raises(BadSubject, match=r"there is no|no link"):
            await fair.figures.of(Subject.parse(name), period)
    with pytest.raises(BadSubject, match="nothing figures are about"):
        Subject.parse("planet:mars")
