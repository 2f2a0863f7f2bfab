"""Charts: true to their numbers, safe with any words, readable aloud."""

from __future__ import annotations

import re
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from bot.console import charts
from bot.console.charts import Rank, Series, Span
from bot.reports.picture import nice

TALL = re.compile(r'height="([\d.]+)"')


def _whole(markup: Markup) -> ElementTree.Element:
    return ElementTree.fromstring(str(markup))


def test_a_bar_is_as_tall_as_its_share_of_the_scale() -> None:
    made = _whole(charts.bars("Sent", ["Mon", "Tue"], [Series("Sent", [5, 10])]))
    tall = [float(r.get("height", "0")) for r in made.iter("rect") if r.get("class") == "s1"]
    assert tall == [50, 100]


def test_stacked_bars_stand_on_each_other() -> None:
    made = _whole(charts.bars("d", ["Mon"], [Series("a", [4], "good"), Series("b", [6], "bad")]))
    places = {
        r.get("class"): (float(r.get("y", "0")), float(r.get("height", "0")))
        for r in made.iter("rect")
        if r.get("width") == "7"
    }
    assert places == {"good": (60, 40), "bad": (0, 60)}


def test_every_number_is_also_in_a_table_for_screen_readers() -> None:
    for draw in (charts.bars, charts.area):
        made = _whole(
            draw("Sent", ["Mon", "Tue"], [Series("ok", [1234, 0]), Series("bad", [2, 3])])
        )
        table = made.find(".//table")
        assert table is not None
        assert [cell.text for cell in table.iter("td")] == [None, "1,234", "2", "0", "3"]


# The judge reads XML, which has no U+FFFE and U+FFFF; a page may.
LETTERS = st.characters(
    codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"
)


@given(
    labels=st.lists(st.text(LETTERS)),
    name=st.text(LETTERS),
    number=st.integers(0, 10**12),
)
def test_any_words_and_numbers_make_a_whole_picture(
    labels: list[str], name: str, number: int
) -> None:
    values = [number // (n + 1) for n in range(len(labels))]
    series = [Series(name, values)]
    for made in (
        charts.bars(name, labels, series),
        charts.area(name, labels, series),
        charts.sparkline(name, values),
        charts.ranks(name, [Rank(label, number, "/x?" + label) for label in labels]),
        charts.timeline(name, [Span(label, 0, number) for label in labels], 0, 10, labels),
    ):
        whole = _whole(made)
        assert not list(whole.iter("script"))
        assert not any("style" in element.attrib for element in whole.iter())


def test_words_are_never_markup() -> None:
    made = charts.ranks("<b>", [Rank("<script>alert(1)</script>", 1, '"><script>')])
    assert "<script>" not in made
    assert "<b>&" not in made


def test_a_calendar_has_a_cell_for_every_day_up_to_the_last() -> None:
    last = date(2026, 6, 17)
    days = {last - timedelta(days=n): n % 5 for n in range(40)}
    made = _whole(charts.calendar("Spoke", days, last, [f"{n}月" for n in range(1, 13)], weeks=4))
    cells = {r[0].text: r.get("class") for r in made.iter("rect")}
    assert len(cells) == 3 * 7 + 3
    assert cells["2026-06-17: 0"] == "l0"
    assert cells["2026-06-13: 4"] == "l4"
    assert "2026-06-18: 0" not in cells


@pytest.mark.parametrize(
    ("value", "top"), [(0, 4), (3, 4), (5, 6), (11, 20), (118, 200), (420, 600), (999, 1000)]
)
def test_a_scale_ends_on_a_round_number_whose_half_is_whole(value: float, top: float) -> None:
    assert nice(value) == top
    assert (top / 2).is_integer()
