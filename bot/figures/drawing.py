"""Drawing: figures as pictures for chats, and as a line of bars where there are none."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from datetime import tzinfo

from bot.clock import utc
from bot.figures.period import Period
from bot.figures.row import Figures, Row
from bot.figures.tongue import Words
from bot.i18n.mark import msgid
from bot.links.clicks import spark
from bot.model.message import Image
from bot.reports.picture import Chart, NoPicture, Series, png_of, svg_of

KEPT = 16
HITS, CLICKS, PEOPLE = msgid("Fetches"), msgid("Clicks"), msgid("People")
RATE = msgid("Click-through")


class Drawings:
    """Draws one chart at a time and keeps the last few: a report to many groups is drawn once."""

    def __init__(self) -> None:
        self._drawn: OrderedDict[Chart, Image] = OrderedDict()
        self._turn = asyncio.Lock()

    async def draw(self, chart: Chart) -> Image | None:
        """The picture, described by its numbers; None when it could not be made."""
        async with self._turn:
            if chart not in self._drawn:
                try:
                    png = await png_of(chart)
                except NoPicture:
                    return None
                self._drawn[chart] = Image(url=_data("image/png", png), alt=line_of(chart))
                if len(self._drawn) > KEPT:
                    self._drawn.popitem(last=False)
            return self._drawn[chart]


def sketch(chart: Chart) -> Image:
    """The same at once, for pages only: chats do not show SVG."""
    return Image(url=_data("image/svg+xml", svg_of(chart).encode()), alt=line_of(chart))


def line_of(chart: Chart) -> str:
    """A chart where there are no pictures: the bars of the last of its series."""
    if not chart.series:
        return chart.title
    last = chart.series[-1]
    return f"{last.name} {spark(int(value) for value in last.values)}"


def timeline(figures: Figures, name: str, words: Words, zone: tzinfo) -> Chart:
    """Fetches and clicks, day by day or hour by hour as the figures are cut."""
    rows = {row.key: row for row in figures.rows}
    keys = [*_times(figures)]
    daily = figures.by == "day"
    return Chart(
        title=name,
        subtitle=told(figures.period),
        figures=tuple(_heads(figures.total, words)),
        labels=tuple(key[5:] if daily else f"{key}:00" for key in keys),
        series=_series(figures.total, [rows.get(key) for key in keys], words),
        note=complete(figures, words, zone),
    )


def ranks(
    figures: Figures, name: str, names: Mapping[str, str], words: Words, zone: tzinfo
) -> Chart:
    """What the figures are cut by, most clicks first."""
    return Chart(
        title=name,
        subtitle=told(figures.period),
        figures=tuple(_heads(figures.total, words)),
        labels=tuple(names.get(row.key, row.key) for row in figures.rows),
        series=_series(figures.total, [*figures.rows], words),
        kind="ranks",
        note=complete(figures, words, zone),
    )


def told(period: Period) -> str:
    """A period for people."""
    since, until = period.since.isoformat(), period.until.isoformat()
    return since if since == until else f"{since} – {until}"


def complete(figures: Figures, words: Words, zone: tzinfo) -> str:
    """Until when everything is counted."""
    moment = f"{utc(figures.complete).astimezone(zone):%Y-%m-%d %H:%M:%S}"
    return words.say(msgid("Complete until {moment}"), moment=moment)


def percent(share: float) -> str:
    """A share as people read it: fewer than one in ten with a digit more."""
    return f"{share:.1%}" if 0 < share < 0.1 else f"{share:.0%}"


def _heads(row: Row, words: Words) -> Iterator[tuple[str, str]]:
    if row.hits is not None:
        yield words.say(HITS), f"{row.hits:,}"
    yield words.say(CLICKS), f"{row.clicks:,}"
    yield words.say(PEOPLE), f"{row.people:,}"
    if row.rate and row.rate.estimate is not None:
        yield words.say(RATE), percent(row.rate.estimate)


def _series(total: Row, rows: list[Row | None], words: Words) -> tuple[Series, ...]:
    clicks = tuple(float(row.clicks) if row else 0.0 for row in rows)
    series = Series(words.say(CLICKS), clicks)
    if total.hits is None:
        return (series,)
    hits = tuple(float(row.hits or 0) if row else 0.0 for row in rows)
    return Series(words.say(HITS), hits), series


def _times(figures: Figures) -> Iterator[str]:
    if figures.by == "hour":
        yield from (f"{hour:02}" for hour in range(24))
    else:
        yield from (day.isoformat() for day in figures.period.days)


def _data(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{b64encode(content).decode()}"
