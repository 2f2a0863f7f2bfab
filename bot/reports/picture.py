"""Charts as pictures for chats: an SVG that needs nothing else, and the same as PNG."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, isfinite, log10
from pathlib import Path
from typing import Literal

from bot.reports.lettering import FAMILY, cut, line, width, word

WIDTH = 900
MOST_LABELS = 400
MOST_RANKS = 10
MOST_FIGURES = 4
MOST_SERIES = 2

_FONT = Path(__file__).parent / "fonts" / "han.otf"
_ZOOM = 2
_SECONDS = 15.0
_MOST_BYTES = 4 << 20
_EDGE, _ROW = 40, 46
_INK, _GREY, _GRID, _PAPER = "#111827", "#5b6472", "#e5e7eb", "#ffffff"
_TONES = ("#2563eb", "#f59e0b")

# In a process of its own: the renderer holds the interpreter's lock while it works, and only a
# process can be stopped. System fonts are looked for only where the one with us does not do.
_RENDER = """
import sys, resvg_py
sys.stdout.buffer.write(resvg_py.svg_to_bytes(
    sys.stdin.buffer.read().decode(), zoom=int(sys.argv[1]), font_files=[sys.argv[2]],
    font_family=sys.argv[3], sans_serif_family=sys.argv[3], skip_system_fonts=sys.argv[4] == "own"))
"""


class NoPicture(Exception):
    """The picture could not be made, or not in time."""


@dataclass(frozen=True, slots=True)
class Series:
    """Numbers with a name, one for each label of the chart; not finite or negative: no bar."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """What a picture shows; every text is cut to its place, so none is too long.

    ``figures``: up to four key figures, (label, value as told). ``labels`` with one or two
    ``series``: columns from left to right (up to 400, days as a rule), or ``kind`` "ranks", rows
    from top to bottom, of which the first ten are drawn. ``note`` stands below: "complete until".
    Raises ValueError for more than that, or a series of another length than the labels.
    """

    title: str
    subtitle: str = ""
    figures: tuple[tuple[str, str], ...] = ()
    labels: tuple[str, ...] = ()
    series: tuple[Series, ...] = ()
    kind: Literal["bars", "ranks"] = "bars"
    note: str = ""

    def __post_init__(self) -> None:
        if len(self.figures) > MOST_FIGURES or len(self.series) > MOST_SERIES:
            raise ValueError(f"expected at most {MOST_FIGURES} figures and {MOST_SERIES} series")
        if self.kind == "bars" and len(self.labels) > MOST_LABELS:
            raise ValueError(f"{len(self.labels)} columns, expected at most {MOST_LABELS}")
        if any(len(one.values) != len(self.labels) for one in self.series):
            raise ValueError("expected a value for each label")


def svg_of(chart: Chart) -> str:
    """The chart as SVG, 900 wide and as high as it needs."""
    y = 64.0
    parts = [line(chart.title, _EDGE, y, _inner(), 36, fill=_INK, bold=True)]
    if chart.subtitle:
        y += 38
        parts.append(line(chart.subtitle, _EDGE, y, _inner(), 23, fill=_GREY))
    if chart.figures:
        parts += _figures(chart.figures, y)
        y += 112
    if chart.labels and chart.series:
        parts += _legend(chart.series, y + 48)
        parts += (_ranks if chart.kind == "ranks" else _bars)(chart, y + 76)
        y += 76 + (_ranks_height(chart) if chart.kind == "ranks" else 270)
    if chart.note:
        y += 36
        parts.append(line(chart.note, _EDGE, y, _inner(), 20, fill=_GREY))
    height = round(y + 28)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}"'
        f' height="{height}"><rect width="{WIDTH}" height="{height}" fill="{_PAPER}"/>'
        f'<rect width="{WIDTH}" height="8" fill="{_TONES[0]}"/>{"".join(parts)}</svg>'
    )


async def png_of(chart: Chart) -> bytes:
    """The chart as PNG, 1800 wide; Chinese is drawn on machines without such fonts too.

    Raises NoPicture when it is not there after 15 seconds.
    """
    return await drawn(svg_of(chart))


async def drawn(svg: str) -> bytes:
    """An SVG of ours as PNG, twice as wide; raises NoPicture like ``png_of``."""
    fonts = "own" if _drawable(svg) else "system"
    renderer = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-c", _RENDER, str(_ZOOM), str(_FONT), FAMILY, fonts),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(_SECONDS):
            made, complaint = await renderer.communicate(svg.encode())
    except TimeoutError:
        raise NoPicture(f"not drawn within {_SECONDS:g} seconds") from None
    finally:
        if renderer.returncode is None:
            renderer.kill()
            await renderer.wait()
    if renderer.returncode or len(made) > _MOST_BYTES:
        raise NoPicture(complaint.decode(errors="replace").strip() or f"{len(made)} bytes")
    return made


def nice(value: float) -> float:
    """The least round number not below ``value``, at least 4, whose half is round too."""
    if value <= 4:
        return 4
    power = 10.0 ** int(log10(value))
    return next(float(step * power) for step in (1, 2, 4, 6, 8, 10) if step * power >= value)


# parts


def _figures(figures: tuple[tuple[str, str], ...], y: float) -> Iterator[str]:
    place = _inner() / len(figures)
    for at, (label, value) in enumerate(figures):
        x, most = _EDGE + at * place, place - 16
        size = min(48.0, max(26.0, 48 * most / max(1.0, width(word(value), 48))))
        yield line(value, x, y + 74, most, size, fill=_INK, bold=True)
        yield line(label, x, y + 106, most, 21, fill=_GREY)


def _legend(series: tuple[Series, ...], y: float) -> Iterator[str]:
    x = float(_EDGE)
    for tone, one in zip(_TONES, series, strict=False):
        name = cut(word(one.name), 340, 21)
        yield _rect(x, y - 16, 17, 17, tone)
        yield line(name, x + 26, y, 360, 21, fill=_INK)
        x += 26 + width(name, 21) + 34


def _bars(chart: Chart, y: float) -> Iterator[str]:
    high = 220.0
    top = nice(max((_value(v) for one in chart.series for v in one.values), default=0))
    gutter = max(width(_number(top), 20), width(_number(top / 2), 20)) + 14
    left, wide = _EDGE + gutter, _inner() - gutter
    for share in (0.0, 0.5, 1.0):
        level = y + high * (1 - share)
        yield _rect(left, level - 1, wide, 2, _GRID)
        number = _number(top * share)
        yield line(number, _EDGE, level + 7, gutter - 10, 20, fill=_GREY, anchor="end")
    slot = wide / len(chart.labels)
    # Where there is no room beside each other they stand before each other.
    beside = len(chart.series) if slot >= 8 else 1
    bar = min(64.0, slot * 0.8 / beside)
    for at in range(len(chart.labels)):
        x = left + slot * (at + 0.5) - bar * beside / 2
        for tone, one in zip(_TONES, chart.series, strict=False):
            length = high * _value(one.values[at]) / top
            yield _rect(x, y + high - length, bar * 0.94, length, tone)
            x += bar if beside > 1 else 0
    yield from _axis(chart.labels, left, wide, y + high + 32)


def _axis(labels: tuple[str, ...], left: float, wide: float, y: float) -> Iterator[str]:
    """The labels that have room, counted from the newest, the last."""
    slot, size = wide / len(labels), 20
    words = [cut(word(label), 160, size) for label in labels]
    most = max(width(label, size) for label in words) + 14
    step = ceil(most / slot)
    room = [(at, x) for at in range(len(words)) if (x := left + slot * (at + 0.5) - most / 2) >= 0]
    room = [(at, x) for at, x in room if x + most <= WIDTH]
    for at, x in room[::-step]:
        yield line(words[at], x, y, most, size, fill=_GREY, anchor="middle")


def _ranks(chart: Chart, y: float) -> Iterator[str]:
    top = max((_value(v) for one in chart.series for v in one.values), default=0) or 1
    rows = chart.labels[:MOST_RANKS]
    told = [" / ".join(_number(one.values[at]) for one in chart.series) for at in range(len(rows))]
    named = min(320.0, max(width(word(label), 22) for label in rows) + 8)
    number = min(220.0, max(width(text, 22) for text in told) + 8)
    left = _EDGE + named + 16
    wide = WIDTH - _EDGE - number - 16 - left
    thick = 26.0 / len(chart.series)
    for at, label in enumerate(rows):
        middle = y + at * _ROW + _ROW / 2
        yield line(label, _EDGE, middle + 8, named, 22, fill=_INK)
        yield _rect(left, middle - 13, wide, 26, "#f3f4f6")
        for row, (tone, one) in enumerate(zip(_TONES, chart.series, strict=False)):
            length = wide * _value(one.values[at]) / top
            yield _rect(left, middle - 13 + row * thick, length, thick, tone)
        x = WIDTH - _EDGE - number
        yield line(told[at], x, middle + 8, number, 22, fill=_INK, anchor="end", bold=True)


def _ranks_height(chart: Chart) -> float:
    return min(len(chart.labels), MOST_RANKS) * _ROW


def _rect(x: float, y: float, wide: float, high: float, fill: str) -> str:
    if wide <= 0 or high <= 0:
        return ""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" fill="{fill}"/>'


def _inner() -> float:
    return WIDTH - 2.0 * _EDGE


def _value(value: float) -> float:
    return value if isfinite(value) and value > 0 else 0.0


def _number(value: float) -> str:
    if not isfinite(value):
        return "–"
    if abs(value) >= 10_000_000:
        return f"{value:.3g}".replace("e+0", "e").replace("e+", "e")
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.1f}"


def _drawable(text: str) -> bool:
    """Whether the font with us has every character: those of GBK, and those before them."""
    try:
        "".join(char for char in text if char > "ɏ").encode("gbk")
    except UnicodeEncodeError:
        return False
    return True
