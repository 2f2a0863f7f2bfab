"""Comparing two groups, periods or variants."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from aiohttp import web

from bot.console import figure_words
from bot.console.figure_words import PERIODS, Asked, asked, complaint, cuts, told
from bot.console.frame import Frame
from bot.console.page import Page
from bot.figures.comparison import GOALS, Comparison, Comparisons, Goal, Side, comparable
from bot.figures.figures import FigureRoom
from bot.figures.names import Names
from bot.figures.period import BadPeriod, Period, read_period
from bot.figures.row import By
from bot.figures.subject import BadSubject, Subject
from bot.i18n.mark import msgid
from bot.model.phrase import Phrase

Kind = Literal["period", By]
KINDS: Mapping[Kind, str] = {
    "period": msgid("Two times"),
    "group": msgid("Two groups"),
    "way": msgid("Two rules"),
    "link": msgid("Two links"),
    "campaign": msgid("Two campaigns"),
    "sop": msgid("Two SOPs"),
    "step": msgid("Two steps"),
    "run": msgid("Two runs"),
    "staff": msgid("Two of the staff"),
}
"""What can be set against each other."""
MOST = 300
"""Choices of a list, those with most clicks first."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The two sides somebody chose, and between what; None when they have not yet."""

    sides: tuple[Side, Side] | None
    options: list[tuple[str, str]]
    keys: tuple[str, str] = ("", "")


class FigureCompare:
    """``/figures/compare``; everything chosen is in the address."""

    def __init__(
        self, frame: Frame, room: FigureRoom, names: Names, comparisons: Comparisons
    ) -> None:
        self._frame = frame
        self._room = room
        self._names = names
        self._comparisons = comparisons

    def routes(self) -> list[web.RouteDef]:
        """The one page."""
        return [self._frame.get("/figures/compare", self.show)]

    async def show(self, page: Page) -> web.StreamResponse:
        """The form, and what can be said of the two."""
        try:
            there = asked(page, self._room.today)
            about = await self._names.subject(there.subject, page.words)
            await self._room.scopes.of(there.subject)
        except (BadPeriod, BadSubject):
            raise web.HTTPNotFound from None
        if page.arg("since"):
            return page.redirect(page.here(since=None, until=None, period=there.text))
        kinds, problem, compared = _kinds(there.subject), "", None
        kind: Kind = next((one for one in kinds if one == page.arg("kind")), "period")
        goals = comparable(None if kind == "period" else kind)
        goal: Goal = next((one for one in goals if one == page.arg("goal")), goals[0])
        periods = there.period.before, there.period
        choice = Choice(None, [])
        try:
            if kind == "period":
                periods = self._periods(page, there)
                choice = _periods(page, there.subject, periods)
            else:
                choice = await self._rows(page, there, kind)
            if choice.sides:
                compared = await self._comparisons.of(goal, *choice.sides)
        except BadPeriod as error:
            problem = complaint(page, error)
        return page.render(
            "figures_compare.html",
            422 if problem else 200,
            there=there,
            about=about,
            kinds={one: KINDS[one] for one in kinds},
            kind=kind,
            goals={one: GOALS[one] for one in goals},
            goal=goal,
            periods_of=periods,
            options=choice.options,
            a=choice.keys[0],
            b=choice.keys[1],
            compared=compared,
            scale=_scale(compared),
            problem=problem,
            periods=PERIODS,
            words_of=figure_words,
        )

    def _periods(self, page: Page, there: Asked) -> tuple[Period, Period]:
        """What was chosen, else the period and the one right before it."""
        given = [page.arg(f"{side}_{end}") for side in "ab" for end in ("since", "until")]
        if not all(given):
            return there.period.before, there.period
        today = self._room.today
        return (
            read_period(f"{given[0]}..{given[1]}", today),
            read_period(f"{given[2]}..{given[3]}", today),
        )

    async def _rows(self, page: Page, there: Asked, by: By) -> Choice:
        """The rows to choose from; the first two when nothing is chosen."""
        figures = await self._room.of(there.subject, there.period, by)
        keys = [row.key for row in figures.rows[:MOST]]
        names = await self._names.of(by, keys, page.words, there.subject)
        options = [(key, names[key]) for key in keys]
        if len(keys) < 2:
            return Choice(None, options)
        query = page.request.query
        named = [key for key in keys if key not in ("", "0")]
        usual = named if len(named) > 1 else keys
        one, other = (query.get(side, usual[n]) for n, side in enumerate("ab"))
        if one == other:
            raise BadPeriod(Phrase("choose two that differ"))
        if not {one, other} <= {*keys}:
            raise web.HTTPNotFound
        sides = [Side(names[key], there.subject, there.period, by, key) for key in (one, other)]
        return Choice((sides[0], sides[1]), options, (one, other))


def _periods(page: Page, subject: Subject, periods: tuple[Period, Period]) -> Choice:
    if periods[0] == periods[1]:
        raise BadPeriod(Phrase("choose two that differ"))
    one, other = (Side(told(page, period), subject, period) for period in periods)
    return Choice((one, other), [])


def _kinds(subject: Subject) -> list[Kind]:
    found: list[Kind] = ["period"]
    there = cuts(subject)
    return found + [by for by in there if by in KINDS]


def _scale(compared: Comparison | None) -> float:
    """What a full line stands for, so that small shares are seen too."""
    known = [one.high for one in compared.shares if one.estimate is not None] if compared else []
    return min(1.0, max(known, default=1.0) * 1.15)
