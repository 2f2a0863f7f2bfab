"""Words in a picture: made harmless, measured, cut to their place."""

from __future__ import annotations

import unicodedata
from itertools import islice
from typing import Literal
from xml.sax.saxutils import escape

from bot.reports.table import clean

FAMILY = "Muster Sans SC"
"""The family of ``fonts/han.otf``; programs that show the SVG itself take what they have."""
FAMILIES = (
    f"'{FAMILY}', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei',"
    " 'WenQuanYi Micro Hei', sans-serif"
)
Anchor = Literal["start", "middle", "end"]

_MOST_CHARS = 400
_MOST_MARKS = 2
_JOINERS = "\u200c\u200d"
# Advances in Noto Sans, in ems, rounded up.
_NARROW, _WIDE = frozenset(" .,:;'!|iIjlft()[]/\\-·"), frozenset("MWmw@%&")


def word(text: str) -> str:
    """``text`` as one line that cannot leave its place.

    Without control characters, invisible marks that turn or hide others, and heaps of accents.
    """
    kept, marks = [], 0
    for char in islice(" ".join(clean(text[:_MOST_CHARS]).split()), _MOST_CHARS):
        category = unicodedata.category(char)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks <= _MOST_MARKS and (category not in ("Cf", "Cn", "Co") or char in _JOINERS):
            kept.append(char)
    return "".join(kept)


def width(text: str, size: float) -> float:
    """About how wide ``text`` is at ``size``, rather too much than too little."""
    return size * sum(map(_advance, text))


def cut(text: str, most: float, size: float) -> str:
    """As much of ``text`` as ``most`` holds at ``size``, with an ellipsis where some is gone."""
    if width(text, size) <= most:
        return text
    left, end = most - size, 0
    while end < len(text) and (left := left - size * _advance(text[end])) >= 0:
        end += 1
    return text[:end].rstrip(" " + _JOINERS) + "…"


def line(
    text: str,
    x: float,
    y: float,
    most: float,
    size: float,
    *,
    fill: str,
    anchor: Anchor = "start",
    bold: bool = False,
) -> str:
    """SVG of one line whose box begins at ``x``, is ``most`` wide, and stands on ``y``.

    The box cuts off what some font draws beyond the measure.
    """
    at = {"start": 0.0, "middle": most / 2, "end": most}[anchor]
    # The font has one weight: a thin outline makes it bold alike in every script.
    stroke = f' stroke="{fill}" stroke-width="{size / 32:.2f}"' if bold else ""
    return (
        f'<svg x="{x:.1f}" y="{y - size * 1.2:.1f}" width="{most:.1f}" height="{size * 1.65:.1f}">'
        f'<text x="{at:.1f}" y="{size * 1.2:.1f}" font-family="{FAMILIES}" font-size="{size:g}"'
        f' text-anchor="{anchor}" fill="{fill}"{stroke}>'
        f"{escape(cut(word(text), most, size))}</text></svg>"
    )


def _advance(char: str) -> float:
    if char in _NARROW:
        return 0.4
    if char.isascii():
        return 0.95 if char in _WIDE else 0.7 if char.isupper() else 0.62
    if char in _JOINERS or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 1.05 if unicodedata.east_asian_width(char) in "WFA" else 0.7
