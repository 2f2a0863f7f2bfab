"""Chart pictures: SVG and PNG that a chat can show, in Chinese too, whatever the words are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from io import BytesIO
from xml.etree import ElementTree

import png  # type: ignore[import-untyped]
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reports import picture
from bot.reports.picture import Chart, NoPicture, Series, png_of, svg_of

SVG = "{http://www.w3.org/2000/svg}"
CLICKS = Chart(
    "春季促销",
    "11月1日 – 11月3日",
    (("点击", "12,480"), ("成员", "3,912")),
    ("11-01", "11-02", "11-03"),
    (Series("点击", (10, 40, 20)), Series("成员", (5, 20, 10))),
    note="完整至 18:00",
)


def drawn(svg: str) -> list[str]:
    """Every text of a picture; also proves that it is well-formed."""
    return [found.text or "" for found in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def pixels(data: bytes) -> tuple[int, int, list[Sequence[int]]]:
    width, height, rows, _ = png.Reader(file=BytesIO(data)).asRGBA8()
    return width, height, [bytes(row) for row in rows]


def test_a_picture_tells_title_figures_legend_days_and_until_when_it_is_complete() -> None:
    told = drawn(svg_of(CLICKS))
    assert told[:6] == ["春季促销", "11月1日 – 11月3日", "12,480", "点击", "3,912", "成员"]
    assert {"11-01", "11-02", "11-03", "0", "20", "40"} <= set(told)
    assert told[-1] == "完整至 18:00"


def test_columns_are_as_high_as_their_numbers() -> None:
    rects = ElementTree.fromstring(svg_of(CLICKS)).iter(f"{SVG}rect")
    bars = [float(r.get("height", 0)) for r in rects if r.get("fill") == "#f59e0b"][1:]
    assert bars == pytest.approx([27.5, 110, 55])  # of 220 that stand for 40


def test_ranks_are_rows_with_their_numbers_and_no_more_than_ten_of_them() -> None:
    labels = tuple(f"link {n}" for n in range(30))
    told = drawn(
        svg_of(Chart("top", labels=labels, series=(Series("clicks", (7,) * 30),), kind="ranks"))
    )
    assert [text for text in told if text.startswith("link")] == list(labels[:10])
    assert told.count("7") == 10


def test_an_svg_needs_nothing_else() -> None:
    svg = svg_of(CLICKS)
    assert not any(word in svg for word in ("class=", "href", "url(", "<style", "<image", "@"))


async def test_a_png_is_large_enough_for_a_phone() -> None:
    width, height, rows = pixels(await png_of(CLICKS))
    assert width == 1800
    assert 900 <= height <= 1400
    assert len({bytes(row) for row in rows}) > 100


async def test_chinese_is_never_boxes_even_where_the_machine_has_no_such_font(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def glyph(char: str) -> bytes:
        # Through the same process as png_of, with the font that comes with us and no other.
        monkeypatch.setattr(picture, "_drawable", lambda text: True)
        return await png_of(Chart(f"{char}"))

    box = await glyph("\U0001f600")  # nobody's in this font: what a missing character looks like
    assert box == await glyph("\u0e01")
    characters = "点击春臺灣龘喆堃玥龍鬱，。：（）·〇€Ａ"
    seen = {box, *(await asyncio.gather(*map(glyph, characters)))}
    assert len(seen) == len(characters) + 1


async def test_words_that_our_font_lacks_are_looked_for_in_the_systems() -> None:
    assert not picture._drawable("Привет 😀")
    assert picture._drawable("Привет, 春季 Ünïcödé …")
    assert await png_of(Chart("مرحبا 😀"))


@pytest.mark.parametrize(
    "text",
    [
        "</text><script>alert(1)</script>",
        "]]>&amp;&#0;<!DOCTYPE x>",
        "\x00\x1b[31m\u2028\ufffe\ud83d",
        "\u202egnol\u202c " + "Z" + "\u0301" * 300,
        "长" * 4000,
        "﷽" * 500,
        "👩‍👩‍👧‍👦" * 300,
        "مرحبا بالعالم שלום עולם",
    ],
)
async def test_hostile_words_stay_words(text: str) -> None:
    chart = Chart(
        text, text, ((text, text),) * 4, (text,) * 3, (Series(text, (1, 2, 3)),) * 2, "bars", text
    )
    for kind in ("bars", "ranks"):
        svg = svg_of(
            Chart(**{name: getattr(chart, name) for name in chart.__slots__} | {"kind": kind})
        )
        assert "<script" not in svg
        assert all(len(one) < 120 for one in drawn(svg))
        assert len(svg) < 60_000
    assert (await png_of(chart)).startswith(b"\x89PNG")


@given(
    st.text(),
    st.lists(st.tuples(st.text(max_size=20), st.floats()), max_size=30),
    st.sampled_from(["bars", "ranks"]),
)
def test_every_chart_is_well_formed(text: str, rows: list[tuple[str, float]], kind: str) -> None:
    labels = tuple(label for label, _ in rows)
    series = (Series(text, tuple(value for _, value in rows)),)
    svg = svg_of(Chart(text, text, ((text, text),), labels, series, kind, text))  # type: ignore[arg-type]
    drawn(svg)
    assert "nan" not in svg.lower().partition("<text")[0]


def test_more_than_a_picture_holds_is_refused() -> None:
    with pytest.raises(ValueError, match="401 columns"):
        Chart("x", labels=("d",) * 401)
    with pytest.raises(ValueError, match="a value for each label"):
        Chart("x", labels=("a", "b"), series=(Series("s", (1,)),))
    with pytest.raises(ValueError, match="at most 4 figures"):
        Chart("x", figures=(("a", "1"),) * 5)


async def test_a_picture_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "_RENDER", "import time; time.sleep(60)")
    monkeypatch.setattr(picture, "_SECONDS", 0.2)
    with pytest.raises(NoPicture, match="not drawn within"):
        await png_of(CLICKS)


async def test_a_renderer_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picture, "_RENDER", "raise SystemExit('no memory left')")
    with pytest.raises(NoPicture, match="no memory left"):
        await png_of(CLICKS)
