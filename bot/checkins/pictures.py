"""Pictures of check-ins for chats: drawn one at a time, the last few kept."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Callable
from datetime import date

from bot.checkins import calendar_picture, certificate
from bot.checkins.calendar_picture import Calendar
from bot.checkins.certificate import Achieved, Certificate, sentence
from bot.checkins.month import Month
from bot.checkins.programme import Programme
from bot.i18n.mark import msgid
from bot.model.message import Image, Message
from bot.reports.picture import NoPicture, drawn

KEPT = 16
CAME = frozenset({"done", "made_up", "pending"})
STREAK, TOTAL = msgid("in a row"), msgid("check-ins in all")
IN_MONTH, POINTS = msgid("this month"), msgid("points")


class CheckInPictures:
    """Makes messages of months and certificates; words where a picture cannot be shown."""

    def __init__(self, translate: Callable[[str], str], language: str, by: str) -> None:
        """``language`` is that of ``translate``; ``by``: whose name certificates have."""
        self._translate = translate
        self._language = language
        self._by = by
        self._kept: OrderedDict[str, str] = OrderedDict()
        self._turn = asyncio.Lock()

    def calendar(self, programme: Programme, month: Month, name: str, today: date) -> Calendar:
        """The month of somebody of this name."""
        came = sum(one.state in CAME for one in month.days)
        figures = [(STREAK, month.streak), (TOTAL, month.total), (IN_MONTH, came)]
        if month.points:
            figures.append((POINTS, month.points))
        return Calendar(
            title=name,
            subtitle=programme.title(self._translate),
            month=month,
            today=today,
            figures=tuple((self._translate(label), f"{n:,}") for label, n in figures),
            language=self._language,
            starts=programme.rules.starts,
        )

    async def month(
        self,
        programme: Programme,
        month: Month,
        name: str,
        today: date,
        *,
        pictures: bool = True,
    ) -> Message:
        """A member's month; ``pictures``: the gateway can show them."""
        calendar = self.calendar(programme, month, name, today)
        words = calendar_picture.text_of(calendar, self._translate)
        svg = calendar_picture.svg_of(calendar, self._translate) if pictures else ""
        return await self._message(svg, words)

    async def certificate(
        self,
        programme: Programme,
        name: str,
        days: int,
        on: date,
        of: Achieved = "total",
        *,
        pictures: bool = True,
    ) -> Message:
        """What somebody of this name achieved, on a day."""
        one = Certificate(
            *(name, programme.title(self._translate), days, on, self._by),
            *(sentence(of, weekly=programme.settings.every == "week"), self._language),
        )
        words = certificate.text_of(one, self._translate)
        svg = certificate.svg_of(one, self._translate) if pictures else ""
        return await self._message(svg, words)

    async def _message(self, svg: str, words: str) -> Message:
        url = await self._drawn(svg) if svg else ""
        return Message.of(Image(url=url, alt=words) if url else words)

    async def _drawn(self, svg: str) -> str:
        """A data URL; '' when there is none in time: words are better than nothing."""
        async with self._turn:
            if svg not in self._kept:
                try:
                    png = await drawn(svg)
                except NoPicture:
                    return ""
                self._kept[svg] = f"data:image/png;base64,{b64encode(png).decode()}"
                if len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
            return self._kept[svg]
