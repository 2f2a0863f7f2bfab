"""A member's month as a picture, and as lines of squares where there are no pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from babel.dates import format_skeleton, get_day_names

from bot.checkins.month import Month, State
from bot.i18n.mark import msgid
from bot.reports.lettering import line, width, word

STATES: dict[State, str] = {
    "done": msgid("checked in"),
    "made_up": msgid("made up"),
    "frozen": msgid("freeze day"),
    "pending": msgid("waits for approval"),
    "missed": msgid("not checked in"),
}
"""The states that need a word; the others are an empty day."""
SQUARES: dict[State, str] = {
    "done": "🟩",
    "made_up": "🟨",
    "frozen": "🟦",
    "pending": "🟧",
    "missed": "⬜",
}
EMPTY = "▫️"
MOST_FIGURES = 4

_WIDTH, _EDGE = 900, 40
_CELL, _HIGH, _GAP = (_WIDTH - 2 * _EDGE) / 7, 92, 10
_INK, _GREY, _PALE, _ON = "#111827", "#5b6472", "#9aa3ae", "#ffffff"
_FILLS: dict[State, str] = {
    "done": "#0e7c66",
    "made_up": "#b97a10",
    "frozen": "#3d6fc4",
    "pending": "#f7ddb0",
    "missed": "#eceff1",
}


@dataclass(frozen=True, slots=True)
class Calendar:
    """One member's month of one programme.

    ``figures``: up to four (label, value as told). ``starts``: the weekday the rows
    begin with, 0 is Monday.
    """

    title: str
    subtitle: str
    month: Month
    today: date
    figures: tuple[tuple[str, str], ...] = ()
    language: str = "en"
    starts: int = 0

    def __post_init__(self) -> None:
        if len(self.figures) > MOST_FIGURES:
            raise ValueError(f"expected at most {MOST_FIGURES} figures")

    @property
    def name(self) -> str:
        """The month as people call it."""
        return format_skeleton("yMMMM", self._first, locale=self.language)

    @property
    def heads(self) -> list[str]:
        """The days of the week, short, in the order of the columns."""
        chinese = self.language == "zh"
        names = get_day_names("narrow" if chinese else "abbreviated", locale=self.language)
        return [names[(self.starts + day) % 7] for day in range(7)]

    @property
    def weeks(self) -> list[list[date | None]]:
        """The month's days in rows of seven; None beside it."""
        cells: list[date | None] = [None] * ((self._first.weekday() - self.starts) % 7)
        cells += [one.day for one in self.month.days]
        cells += [None] * (-len(cells) % 7)
        return [cells[at : at + 7] for at in range(0, len(cells), 7)]

    @property
    def states(self) -> Mapping[date, State]:
        """What became of each day."""
        return {one.day: one.state for one in self.month.days}

    @property
    def shown(self) -> list[State]:
        """The states a reader needs explained: those of some day."""
        there = {one.state for one in self.month.days}
        return [state for state in STATES if state in there]

    @property
    def _first(self) -> date:
        return date(self.month.year, self.month.month, 1)


def svg_of(calendar: Calendar, say: Callable[[str], str] = str) -> str:
    """The month as SVG, 900 wide; ``say`` translates the words of the legend."""
    y = 64.0
    parts = [
        line(calendar.title, _EDGE, y, 560, 36, fill=_INK, bold=True),
        line(calendar.name, 620, y, 240, 28, fill=_INK, anchor="end"),
        line(calendar.subtitle, _EDGE, y + 38, _WIDTH - 2 * _EDGE, 23, fill=_GREY),
    ]
    y += 38
    if calendar.figures:
        parts += _figures(calendar.figures, y)
        y += 112
    y += 48
    for at, head in enumerate(calendar.heads):
        parts.append(line(head, _EDGE + at * _CELL, y, _CELL, 22, fill=_GREY, anchor="middle"))
    y += 16
    states = calendar.states
    for week in calendar.weeks:
        for at, day in enumerate(week):
            if day:
                today = day == calendar.today
                parts += _day(day, states[day], _EDGE + at * _CELL, y, today=today)
        y += _HIGH + _GAP
    if calendar.shown:
        y += 30
        legend = [*_legend(calendar.shown, y, say)]
        parts += [part for _, part in legend]
        y = legend[-1][0]
    height = round(y + 30)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}"'
        f' width="{_WIDTH}" height="{height}">'
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>'
        f'<rect width="{_WIDTH}" height="8" fill="{_FILLS["done"]}"/>{"".join(parts)}</svg>'
    )


def text_of(calendar: Calendar, say: Callable[[str], str] = str) -> str:
    """The month in a few lines: squares for days, what the squares mean, and the figures."""
    states = calendar.states
    # An empty cell is as wide as a square, so that the columns stand below each other.
    rows = [
        "".join(SQUARES.get(states[day], EMPTY) if day else "\u3000" for day in week)
        for week in calendar.weeks
    ]
    legend = " ".join(f"{SQUARES[state]} {say(STATES[state])}" for state in calendar.shown)
    figures = " · ".join(f"{label} {value}" for label, value in calendar.figures)
    lines = [calendar.title, f"{calendar.name} · {calendar.subtitle}", *rows, legend, figures]
    return "\n".join(filter(None, lines))


def _figures(figures: tuple[tuple[str, str], ...], y: float) -> Iterator[str]:
    place = (_WIDTH - 2 * _EDGE) / len(figures)
    for at, (label, value) in enumerate(figures):
        x = _EDGE + at * place
        yield line(value, x, y + 74, place - 16, 44, fill=_INK, bold=True)
        yield line(label, x, y + 106, place - 16, 21, fill=_GREY)


def _day(day: date, state: State, x: float, y: float, *, today: bool) -> Iterator[str]:
    fill = _FILLS.get(state, "")
    if fill:
        yield _box(x + _GAP / 2, y, _CELL - _GAP, _HIGH, f'fill="{fill}"')
    if today:
        yield _box(x + _GAP / 2, y, _CELL - _GAP, _HIGH, f'fill="none" stroke="{_INK}"')
    ink = _ON if state in ("done", "made_up", "frozen") else _INK if fill else _PALE
    middle = x + _CELL / 2
    yield line(str(day.day), x, y + 42, _CELL, 28, fill=ink, anchor="middle", bold=bool(fill))
    yield _mark(state, middle, y + 66, ink)


def _box(x: float, y: float, wide: float, high: float, look: str) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" rx="14"'
        f' stroke-width="3" {look}/>'
    )


def _mark(state: State, x: float, y: float, ink: str) -> str:
    """A state told without its colour: a tick, a plus, a star, dots or a dash."""
    shapes: dict[State, str] = {
        "done": "M-9 0L-3 6L10 -8",
        "made_up": "M-8 0H8M0 -8V8",
        "frozen": "M0 -9V9M-8 -4.5L8 4.5M-8 4.5L8 -4.5",
        "pending": "M-9 0H-8.9M0 0H0.1M9 0H9.1",
        "missed": "M-6 0H6",
    }
    if state not in shapes:
        return ""
    ink = _PALE if state == "missed" else ink
    return (
        f'<path d="{shapes[state]}" transform="translate({x:.1f} {y:.1f})" fill="none"'
        f' stroke="{ink}" stroke-width="3.5" stroke-linecap="round" stroke-linejoin="round"/>'
    )


def _legend(
    states: list[State], y: float, say: Callable[[str], str]
) -> Iterator[tuple[float, str]]:
    """The squares with their words, and on which line each stands; in as many lines as needed."""
    x = float(_EDGE)
    for state in states:
        told = word(say(STATES[state]))
        wide = width(told, 21) + 4
        if x > _EDGE and x + 42 + wide > _WIDTH - _EDGE:
            x, y = _EDGE, y + 44
        ink = _ON if state in ("done", "made_up", "frozen") else _INK
        square = (
            f'<rect x="{x:.1f}" y="{y - 24:.1f}" width="32" height="32" rx="8"'
            f' fill="{_FILLS[state]}"/>'
        )
        mark = _mark(state, x + 16, y - 8, ink)
        yield y, square + mark + line(told, x + 42, y, wide, 21, fill=_GREY)
        x += 42 + wide + 28
