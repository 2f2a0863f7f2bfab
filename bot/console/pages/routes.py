"""Routes: the list with its numbers, trying a text, and what nobody answered."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from aiohttp import web
from markupsafe import Markup

from bot.clock import millis
from bot.console import charts
from bot.console.audit import Audit
from bot.console.cards import Tile
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.paging import offset
from bot.i18n.mark import msgid
from bot.model.conversation import Conversation
from bot.model.phrase import Phrase
from bot.routes.lint import Caution
from bot.routes.routes import COUNTERS, Counter, Listed
from bot.routes.routes import Routes as Room
from bot.routes.table import Explanation
from bot.store.members import Group, Members

PAGE = 25
PHRASES = 50
FEW = 8
MOST_WORDS = 20
"""Phrases of a cluster that a new route's form is filled with."""
DAYS = 14
MODES = {
    "exact": msgid("the whole message is one of the words"),
    "all": msgid("the message has all the words of a line, such as “skin + oily”"),
    "prefix": msgid("the message begins with one of the words"),
    "contains": msgid("the message contains one of the words"),
    "regex": msgid("the message fits a pattern"),
}

Counts = dict[date, dict[str, dict[Counter, int]]]


class Routes:
    """Pages that show keyword routes."""

    def __init__(
        self, frame: Frame, room: Room, members: Members, audit: Audit, *, built_in: bool = False
    ) -> None:
        """``built_in``: whether there is no configuration file to change routes in."""
        self._built_in = built_in
        self._frame = frame
        self._room = room
        self._members = members
        self._audit = audit

    def routes(self) -> list[web.RouteDef]:
        """``/routes`` and ``/routes/unmatched``."""
        return [
            self._frame.get("/routes", self.index),
            self._frame.get("/routes/unmatched", self.unmatched),
            self._frame.post("/routes/unmatched/dismiss", self.dismiss),
        ]

    async def today(self, page: Page) -> Tile | None:
        """For the overview: how many asked for a group."""
        if not await self._room.routes():
            return None
        asked = _daily(await self._counts(page), "asked")
        label = page.words.say(msgid("Asked for a group today"))
        return Tile(label, asked[-1], "/routes", trend=asked)

    async def index(self, page: Page) -> web.StreamResponse:
        """Every route with what came of it, a text tried on them, and unmatched phrases."""
        wanted, start = page.arg("q").casefold(), offset(page.arg("after"))
        every = await self._room.routes()
        fitting = [one for one in every if wanted in _searched(one)]
        counts = await self._counts(page)
        clusters, others = await self._room.unmatched(limit=FEW)
        places = await self._places()
        rows = fitting[start : start + PAGE]
        rooms = await asyncio.gather(*(self._room.room(one.route) for one in rows))
        lines = await asyncio.gather(*(self._room.line(one.route.name) for one in rows))
        more = start + PAGE < len(fitting)
        return page.render(
            "routes.html",
            rows=[*zip(rows, rooms, lines, strict=True)],
            built_in=self._built_in,
            known=len(every),
            sums=_by_route(counts),
            chart=self._chart(page, counts),
            modes=MODES,
            tried=await self._explain(page),
            lobbies=self._lobbies(every, places),
            places=places,
            clusters=clusters,
            others=others,
            cautions=_by_name(await self._room.cautions()),
            new=_new,
            more=page.here(after=start + PAGE) if more else "",
        )

    async def unmatched(self, page: Page) -> web.StreamResponse:
        """Everything said to the bot that nobody answered."""
        start = offset(page.arg("after"))
        rows, total = await self._room.unmatched(page.arg("q"), PHRASES, start)
        more = start + PHRASES < total
        return page.render(
            "routes_unmatched.html",
            rows=rows,
            total=total,
            new=_new,
            more=page.here(after=start + PHRASES) if more else "",
        )

    async def dismiss(self, page: Page) -> web.StreamResponse:
        """Drop phrases that need no answer."""
        phrases = [str(phrase)[:500] for phrase in page.form.getall("phrase", [])]
        if not await self._room.dismiss(phrases):
            return page.redirect("/routes/unmatched", msgid("It is gone already."))
        await self._audit.write(
            page.operator.name, "route.phrase_dismissed", phrases[0], phrases=phrases
        )
        return page.redirect("/routes/unmatched", msgid("It is forgotten."))

    # inside

    async def _explain(self, page: Page) -> Explanation | None:
        """What the routes make of the text in the box, None while it is empty."""
        text, where = page.arg("say", 500), page.arg("where")
        if not text:
            return None
        gateway, _, group = where.partition("/")
        place = Conversation(gateway=gateway, group=group) if group else None
        member = page.arg("member", 15)
        number = int(member) if member.isascii() and member.isdigit() else 0
        return await self._room.explain(text, place, number, _moment(page))

    def _lobbies(self, every: list[Listed], places: Mapping[str, Group]) -> list[tuple[str, str]]:
        """Where a text can be said besides a direct chat: (value, name)."""
        found = dict.fromkeys(place for one in every for place in one.route.lobby)
        return [(f"{place.gateway}/{place.group}", _name(place, places)) for place in found]

    async def _places(self) -> dict[str, Group]:
        return {group.conversation.key: group for group in await self._members.groups()}

    async def _counts(self, page: Page) -> Counts:
        today = page.formats.today
        return await self._room.counts(today - timedelta(days=n) for n in reversed(range(DAYS)))

    def _chart(self, page: Page, counts: Counts) -> Markup | None:
        asked = _daily(counts, "asked")
        if not any(asked):
            return None
        say = page.words.say
        return charts.bars(
            say(msgid("What came of it")),
            [page.formats.day(day) for day in counts],
            [
                charts.Series(say(msgid("Shown the way")), _daily(counts, "answered"), "s1"),
                charts.Series(say(msgid("Already there")), _daily(counts, "already"), "s3"),
                charts.Series(say(msgid("Full")), _daily(counts, "full"), "bad"),
            ],
        )


def _daily(counts: Counts, counter: Counter) -> list[int]:
    return [sum(one[counter] for one in routes.values()) for routes in counts.values()]


def _by_route(counts: Counts) -> dict[str, dict[Counter, int]]:
    """Route → its counts over all days."""
    found: dict[str, dict[Counter, int]] = {}
    for routes in counts.values():
        for name, numbers in routes.items():
            sums = found.setdefault(name, dict.fromkeys(COUNTERS, 0))
            for counter in COUNTERS:
                sums[counter] += numbers[counter]
    return found


def _searched(one: Listed) -> str:
    route = one.route
    groups = [str(target.group.group) for target in route.groups]
    return " ".join([route.name, *route.words, *groups]).casefold()


def _name(place: Conversation, places: Mapping[str, Group]) -> str:
    known = places.get(place.key)
    return known.name if known and known.name else str(place.group)


def _new(*phrases: str) -> str:
    """Where a route is made from phrases."""
    return f"/routes/edit?{urlencode({'word': phrases[:MOST_WORDS]}, doseq=True)}"


def _moment(page: Page) -> int | None:
    """The moment in the box, which is in the reader's zone; None while it is empty."""
    try:
        at = datetime.fromisoformat(page.arg("at"))
    except ValueError:
        return None
    return millis(at.replace(tzinfo=at.tzinfo or page.formats.zone))


def _by_name(cautions: list[Caution]) -> dict[str, list[Phrase]]:
    """What is said of each route."""
    found: dict[str, list[Phrase]] = {}
    for one in cautions:
        found.setdefault(one.routes[0], []).append(one.message)
    return found
