"""Telling: figures in a few lines, for chats and for texts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Literal
from urllib.parse import urlencode

from bot.figures.drawing import Drawings, complete, line_of, percent, ranks, timeline, told
from bot.figures.figures import FigureRoom
from bot.figures.names import Names
from bot.figures.period import Period
from bot.figures.row import By, Row
from bot.figures.subject import Subject
from bot.figures.tongue import Words
from bot.i18n.duration import duration
from bot.i18n.mark import msgid
from bot.model.message import Image, Message
from bot.model.phrase import Phrase
from bot.reports.picture import Chart
from bot.store.members import Members

Ranked = Literal["links", "campaigns", "sops", "steps", "groups", "staff", "channels"]
RANKED: Mapping[str, tuple[By, str]] = {
    "links": ("link", msgid("Links by clicks")),
    "campaigns": ("campaign", msgid("Campaigns by clicks")),
    "sops": ("sop", msgid("SOPs by clicks")),
    "steps": ("step", msgid("Steps by clicks")),
    "groups": ("group", msgid("Groups by clicks")),
    "staff": ("staff", msgid("Staff by clicks")),
    "channels": ("channel", msgid("Channels by clicks")),
}
PARTS = 3
"""Links or groups named in what is told of a subject."""
NAMED = 30
"""Members called by name in one message."""


class Telling:
    """Says figures in the workspace's language; ``url`` makes addresses of the console."""

    def __init__(
        self,
        room: FigureRoom,
        names: Names,
        members: Members,
        words: Words,
        url: Callable[[str], str],
    ) -> None:
        self.room = room
        self.words = words
        self._names = names
        self._members = members
        self._url = url
        self._drawings = Drawings()

    # texts

    async def text(self, subject: Subject, period: Period) -> str:
        """What a subject came to, in lines; raises BadSubject, StoreError."""
        by: By = "group" if subject.kind in ("link", "campaign", "sop", "step", "run") else "link"
        figures = await self.room.of(subject, period, by)
        name = await self._names.subject(subject, self.words)
        best = [row for row in figures.rows if row.clicks][:PARTS]
        names = await self._names.of(by, [row.key for row in best], self.words)
        lines = [f"{name} · {told(period)}", *self._lines(figures.total)]
        if best:
            lines.append(" · ".join(f"{names[row.key]} {row.clicks:,}" for row in best))
        return "\n".join([*lines, complete(figures, self.words, self.room.zone)])

    async def top(self, what: str, period: Period, most: int = 10) -> str:
        """One of RANKED by clicks; raises StoreError."""
        by, title = RANKED[what]
        figures = await self.room.of(Subject(), period, by)
        best = [row for row in figures.rows if row.clicks][:most]
        head = f"{self.words.say(title)} · {told(period)}"
        if not best:
            return f"{head}\n{self.words.say(msgid('Nothing was clicked.'))}"
        names = await self._names.of(by, [row.key for row in best], self.words)
        counted = msgid("{clicks} clicks by {people}, {hits} fetches")
        bare = msgid("{clicks} clicks by {people}")
        lines = [
            f"{place}. {names[row.key]}: "
            + self.words.say(
                bare if row.hits is None else counted,
                clicks=f"{row.clicks:,}",
                people=f"{row.people:,}",
                hits=f"{row.hits or 0:,}",
            )
            for place, row in enumerate(best, 1)
        ]
        return "\n".join([head, *lines, complete(figures, self.words, self.room.zone)])

    async def people(
        self, subject: Subject, period: Period, *, clicked: bool, group: int = 0
    ) -> str:
        """Who of a subject's members clicked or, of those it reached, did not: names, and how many
        more there are. Raises BadSubject, StoreError."""
        by: By | None = "group" if group else None
        key, measure = str(group or ""), "people" if clicked else "missing"
        who = await self.room.who(subject, period, measure, by, key)
        figures = await self.room.of(subject, period, by)
        rows = {row.key: row for row in figures.rows} if group else {key: figures.total}
        visitors = rows[key].visitors if key in rows else 0
        known = await self._members.some(who.numbers(0, NAMED))
        about = [await self._names.subject(subject, self.words)]
        if group:
            about.append(await self._names.subject(Subject("group", str(group)), self.words))
        lines = [self._head(" · ".join(about), period, who.count(), clicked)]
        if known:
            separator = "、" if self.words.language == "zh" else ", "
            lines.append(separator.join(one.name or f"#{one.number}" for one in known))
        if more := who.count() - len(known):
            asked = {"subject": subject, "period": period, "measure": measure}
            place = {"by": by, "key": key} if by else {}
            address = self._url(f"/figures/members?{urlencode({**asked, **place})}")
            text = msgid("and {n} more: {address}")
            lines.append(self.words.say(text, n=f"{more:,}", address=address))
        if visitors:
            text = msgid("Clicks on links that are nobody's own say no name; {n} people made some.")
            lines.append(self.words.say(text, n=f"{visitors:,}"))
        return "\n".join([*lines, complete(figures, self.words, self.room.zone)])

    # pictures

    async def message(self, subject: Subject, period: Period, *, pictures: bool = True) -> Message:
        """The text with a chart; without ``pictures`` with a line of bars instead."""
        text, chart = await asyncio.gather(self.text(subject, period), self.chart(subject, period))
        picture = await self._drawings.draw(chart) if pictures else None
        return Message.of(text, picture) if picture else Message.of(f"{text}\n{line_of(chart)}")

    async def picture(self, subject: Subject, period: Period, what: str = "") -> Image | str:
        """A chart of its days, or of one of RANKED; a line of bars when it cannot be drawn."""
        chart = await self.chart(subject, period, what)
        return await self._drawings.draw(chart) or line_of(chart)

    async def chart(self, subject: Subject, period: Period, what: str = "") -> Chart:
        """What the picture shows: its hours, where the period is one day."""
        words, zone = self.words, self.room.zone
        name = await self._names.subject(subject, words)
        if what:
            by, title = RANKED[what]
            figures = await self.room.of(subject, period, by)
            keys = [row.key for row in figures.rows]
            names = await self._names.of(by, keys, words)
            return ranks(figures, f"{name} · {words.say(title)}", names, words, zone)
        hours = period.since == period.until
        figures = await self.room.of(subject, period, "hour" if hours else "day")
        return timeline(figures, name, words, zone)

    # lines

    def _lines(self, row: Row) -> Iterator[str]:
        say = self.words.say
        clicks, people = f"{row.clicks:,}", f"{row.people:,}"
        if row.hits is None:
            yield say(msgid("Clicks {clicks} · people {people}"), clicks=clicks, people=people)
        else:
            text = msgid("Fetches {hits} · clicks {clicks} · people {people}")
            yield say(text, hits=f"{row.hits:,}", clicks=clicks, people=people)
        if row.reach is not None:
            yield self._reached(row)
        if row.delay:
            yield say(
                msgid("First click after {median}, 9 of 10 within {slowest}"),
                median=_duration(row.delay.median),
                slowest=_duration(row.delay.slowest),
            )
        if row.followed and any(row.followed.values()):
            yield say(
                msgid("Within a day {replied} replied, {checked} checked in, {tagged} got a tag"),
                replied=f"{row.followed['replied']:,}",
                checked=f"{row.followed['checked-in']:,}",
                tagged=f"{row.followed['tagged']:,}",
            )
        if row.conversions:
            text = msgid("Conversions {n}, members who converted {members}")
            line = say(text, n=f"{row.conversions:,}", members=f"{row.converted:,}")
            yield " · ".join([line, *_money(row.revenue)])

    def _reached(self, row: Row) -> str:
        rate = row.rate
        if rate is None or rate.estimate is None:
            return self.words.say(msgid("Reached {n}"), n=f"{row.reach or 0:,}")
        return self.words.say(
            msgid("Reached {n}, click-through {rate} ({low} to {high})"),
            n=f"{row.reach or 0:,}",
            rate=percent(rate.estimate),
            low=percent(rate.low),
            high=percent(rate.high),
        )

    def _head(self, about: str, period: Period, count: int, clicked: bool) -> str:
        if clicked:
            text = msgid("{about} · {period}\n{n} members clicked")
        else:
            text = msgid("{about} · {period}\n{n} members it reached did not click")
        return self.words.say(text, about=about, period=told(period), n=f"{count:,}")


def _money(revenue: Mapping[str, Decimal]) -> Sequence[str]:
    return [f"{currency} {value:,.2f}" for currency, value in sorted(revenue.items())]


def _duration(ms: int) -> Phrase:
    """About how long: in the unit that leaves a number people can grasp."""
    seconds = ms / 1000
    units = ((2 * 86_400, 86_400), (2 * 3600, 3600), (120, 60), (0, 1))
    size = next(size for least, size in units if seconds >= least)
    return duration(round(seconds / size) * size)
