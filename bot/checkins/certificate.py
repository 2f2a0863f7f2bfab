"""A certificate: what a member reached in a programme, as a picture and in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from babel.dates import format_skeleton

from bot.i18n.mark import msgid
from bot.model.phrase import Phrase
from bot.reports.lettering import line, width, word

TITLE = msgid("Certificate")
Achieved = Literal["streak", "total", "complete"]
IN_ALL = msgid("{n} check-ins in all")

_WIDTH, _HEIGHT = 900, 640
_INNER = _WIDTH - 160
_INK, _GREY, _GOLD, _PAPER = "#1f2937", "#5b6472", "#a97b1c", "#fffdf7"


def sentence(of: Achieved, *, weekly: bool = False) -> str:
    """What a certificate says of ``n``: days or weeks in a row, or check-ins."""
    if of == "streak":
        return msgid("{n} weeks in a row") if weekly else msgid("{n} days in a row")
    return msgid("completed with {n} check-ins") if of == "complete" else IN_ALL


@dataclass(frozen=True, slots=True)
class Certificate:
    """Of somebody, by somebody; ``reached`` is a ``sentence``, into which ``number`` goes."""

    name: str
    programme: str
    number: int
    on: date
    by: str
    reached: str = IN_ALL
    language: str = "en"

    def said(self, say: Callable[[str], str] = str) -> str:
        """What was reached."""
        return Phrase(self.reached, n=f"{self.number:,}").said(say)

    @property
    def day(self) -> str:
        """The day it was reached, as people write it."""
        return format_skeleton("yMMMMd", self.on, locale=self.language)


def svg_of(certificate: Certificate, say: Callable[[str], str] = str) -> str:
    """The certificate as SVG, 900 by 640; names that are long are set smaller, then cut."""
    parts = "".join(_parts(certificate, say))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
        f' width="{_WIDTH}" height="{_HEIGHT}">'
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="{_PAPER}"/>{parts}</svg>'
    )


def text_of(certificate: Certificate, say: Callable[[str], str] = str) -> str:
    """The same in words."""
    one = certificate
    return f"🏅 {say(TITLE)}\n{one.name} · {one.programme}\n{one.said(say)} · {one.day}"


def _parts(one: Certificate, say: Callable[[str], str]) -> Iterator[str]:
    for inset, thick in ((24, 4.0), (36, 1.5)):
        yield (
            f'<rect x="{inset}" y="{inset}" width="{_WIDTH - 2 * inset}"'
            f' height="{_HEIGHT - 2 * inset}" rx="6" fill="none" stroke="{_GOLD}"'
            f' stroke-width="{thick}"/>'
        )
    yield _middle(say(TITLE), 140, 46, _GOLD, bold=True)
    yield f'<path d="M330 178H570" stroke="{_GOLD}" stroke-width="2"/>'
    fitting = 64 * _INNER / max(1.0, width(word(one.name), 64))
    yield _middle(one.name, 280, min(64.0, max(34.0, fitting)), _INK, bold=True)
    yield _middle(one.programme, 352, 30, _GREY)
    yield _middle(one.said(say), 424, 38, _INK)
    yield _seal(_WIDTH / 2, 505)
    yield line(one.day, 80, 570, 330, 24, fill=_GREY)
    yield line(one.by, 490, 570, 330, 24, fill=_GREY, anchor="end")


def _middle(text: str, y: float, size: float, ink: str, *, bold: bool = False) -> str:
    return line(text, 80, y, _INNER, size, fill=ink, anchor="middle", bold=bold)


def _seal(x: float, y: float) -> str:
    return (
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="34" fill="{_GOLD}"/>'
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="28" fill="none" stroke="{_PAPER}"'
        f' stroke-width="1.5"/><path d="M{x - 13:.0f} {y:.0f}l9 10l17 -21" fill="none"'
        f' stroke="{_PAPER}" stroke-width="5" stroke-linecap="round" stroke-linejoin="round"/>'
    )
