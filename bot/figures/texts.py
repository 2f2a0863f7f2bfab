"""What texts can say of figures: ``figures()``, ``top()`` and ``chart()``."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from bot.figures.drawing import sketch, told
from bot.figures.period import Period, read_period
from bot.figures.subject import Subject
from bot.figures.telling import RANKED, Telling
from bot.i18n.mark import msgid
from bot.located import nearest
from bot.model.message import Image
from bot.model.phrase import Phrase
from bot.reports.picture import Chart, Series
from bot.routing.writer import Function, Reader

T = TypeVar("T")
Said = Coroutine[Any, Any, str]
Shown = Coroutine[Any, Any, Image] | Coroutine[Any, Any, Image | str]
FUNCTIONS = ("figures", "top", "chart")
"""The names texts use."""
MOST = 50


class FigureTexts:
    """Functions for texts. What they are asked is read when they are called, so that a mistake is
    told with its line; ``telling`` gives the room once it is there."""

    def __init__(self, telling: Callable[[], Telling]) -> None:
        self._telling = telling

    @property
    def functions(self) -> Mapping[str, Function]:
        """By the names texts use."""
        return dict(zip(FUNCTIONS, (self.figures, self.top, self.chart), strict=True))

    @property
    def stand_ins(self) -> Mapping[str, Function]:
        """What stands in their places where nothing is counted: only what would be told."""
        made = (self.figures_stand_in, self.top_stand_in, self.chart_stand_in)
        return dict(zip(FUNCTIONS, made, strict=True))

    def figures(self, _: Reader, about: str = "all", period: str = "7d") -> Said:
        """``{{ figures("campaign:spring", "last week") }}``: what it came to, in lines."""
        return self._telling().text(*self._read(about, period))

    def top(self, _: Reader, what: str = "links", period: str = "7d", most: int = 5) -> Said:
        """``{{ top("groups", "month", 3) }}``: those with most clicks."""
        _all, days = self._read("all", period)
        return self._telling().top(_ranked(what), days, max(1, min(MOST, int(most))))

    def chart(self, _: Reader, about: str = "all", period: str = "7d", by: str = "") -> Shown:
        """``{{ chart("sop:new_member_week", "30d") }}``: a picture of its days, or of those
        with most clicks: ``{{ chart("all", "7d", "groups") }}``."""
        what = _ranked(by) if by else ""
        return self._telling().picture(*self._read(about, period), what)

    def figures_stand_in(self, _: Reader, about: str = "all", period: str = "7d") -> Said:
        """What ``figures`` would be told of."""
        return _said(self._words(msgid("〈figures of {about}, {period}〉"), about, period))

    def top_stand_in(
        self, _: Reader, what: str = "links", period: str = "7d", most: int = 5
    ) -> Said:
        """What ``top`` would be told of."""
        (_by, title), (_all, days) = RANKED[_ranked(what)], self._read("all", period)
        return _said(f"〈{self._telling().words.say(title)}, {told(days)}〉")

    def chart_stand_in(
        self, _: Reader, about: str = "all", period: str = "7d", by: str = ""
    ) -> Shown:
        """A picture of nothing."""
        if by:
            _ranked(by)
        title = self._words(msgid("〈figures of {about}, {period}〉"), about, period)
        labels = ("1", "2", "3", "4", "5", "6", "7")
        return _said(sketch(Chart(title, labels=labels, series=(Series(title, (0.0,) * 7),))))

    def _read(self, about: str, period: str) -> tuple[Subject, Period]:
        return Subject.parse(str(about)), read_period(str(period), self._telling().room.today)

    def _words(self, text: str, about: str, period: str) -> str:
        subject, days = self._read(about, period)
        return self._telling().words.say(text, about=str(subject), period=told(days))


def _ranked(what: str) -> str:
    if what in RANKED:
        return what
    message = Phrase(
        "“{what}” has no order; write {known}", what=str(what), known=", ".join(RANKED)
    )
    hint = nearest(str(what), RANKED)
    raise ValueError(Phrase("{what}; {hint}", what=message, hint=hint) if hint else message)


async def _said(what: T) -> T:
    return what
