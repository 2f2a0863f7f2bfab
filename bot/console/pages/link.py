"""A link: its clicks by day, step, group and member, and what its hits were judged."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from aiohttp import web
from markupsafe import Markup

from bot.console import charts
from bot.console.directory import Directory
from bot.console.frame import Frame
from bot.console.link_words import PLATFORMS, VERDICTS, closed, conditions, differences
from bot.console.page import Page
from bot.console.pages.figures import FigurePages
from bot.console.paging import offset
from bot.figures.names import Names
from bot.figures.subject import Subject
from bot.i18n.mark import msgid
from bot.links.clicks import Clicks, LinkSums, MemberClicks, Part
from bot.links.codes import Code
from bot.links.desk import Desk
from bot.links.identities import Identities
from bot.links.links import Link
from bot.links.links import Links as Room
from bot.store.members import Group, Member, Members

DAYS = 30
PEOPLE = 50
MOST = 1_000_000
APPS = {
    "wechat": msgid("WeChat"),
    "wecom": msgid("WeCom"),
    "dingtalk": msgid("DingTalk"),
    "feishu": msgid("Feishu"),
    "weibo": msgid("Weibo"),
    "qq": "QQ",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A step's or group's sums with its name, and where it opens."""

    part: Part
    name: str
    href: str


class LinkPages:
    """Pages about one tracked link."""

    def __init__(
        self,
        frame: Frame,
        room: Room,
        clicks: Clicks,
        members: Members,
        directory: Directory,
        desk: Desk,
        identities: Identities,
        figures: FigurePages,
        names: Names,
    ) -> None:
        self._frame = frame
        self._room = room
        self._clicks = clicks
        self._members = members
        self._directory = directory
        self._desk = desk
        self._identities = identities
        self._figures = figures
        self._names = names

    def routes(self) -> list[web.RouteDef]:
        """``/links/{number}``, its sums now, and its groups."""
        return [
            self._frame.get("/links/{number}", self.one),
            self._frame.get("/links/{number}/now", self.now),
            self._frame.get("/links/{number}/groups/{group}", self.group),
        ]

    async def one(self, page: Page) -> web.StreamResponse:
        """One link: totals with their meaning, days, judgements, steps and groups."""
        link = self._link(page)
        history, sums, days, steps, groups, complete = await asyncio.gather(
            self._desk.history(link.number),
            self._clicks.sums(link.number),
            self._clicks.days(link.number, DAYS),
            self._clicks.steps(link.number),
            self._clicks.groups(link.number),
            self._clicks.complete_until(),
        )
        say, names = page.words.say, {g.number: g.name for g in await self._members.groups()}
        chart = charts.area(
            say(msgid("Clicks and hits, day by day")),
            [page.formats.day(day.day) for day in days],
            [
                charts.Series(say(msgid("Clicks")), [day.clicks for day in days], "s1"),
                charts.Series(say(msgid("Hits")), [day.hits for day in days], "s3"),
            ],
        )
        return page.render(
            "link.html",
            link=link,
            short=self._room.url(Code(link.number)),
            words=[(word, self._room.word_url(word)) for word in self._room.words(link.number)],
            closed=closed(self._room, link, page.formats.now),
            taken=await self._room.taken(link.number) if link.limit else 0,
            asks=PLATFORMS.get(link.ask) if link.ask else None,
            asked=link.ask in self._identities.platforms,
            trouble=self._identities.troubles.get(link.ask),
            rules=[(conditions(page, one, names), one.url) for one in link.branches],
            history=[
                (new, differences(page, new, old, names) if old else [])
                for new, old in zip_longest(history, history[1:])
            ],
            sums=sums,
            complete=complete,
            chart=chart,
            judged=_judged(page, sums),
            apps=_apps(page, sums),
            steps=await self._lines(page, steps),
            now=_now(page, link, sums),
            brief=await self._figures.brief(page, Subject("link", str(link.number))),
            groups=await self._groups(page, link, groups),
        )

    async def now(self, page: Page) -> web.StreamResponse:
        """The sums alone, as they are this moment."""
        link = self._link(page)
        text = _now(page, link, await self._clicks.sums(link.number))
        return web.Response(text=text, content_type="text/html")

    async def group(self, page: Page) -> web.StreamResponse:
        """Who of one group clicked, and how often."""
        link = self._link(page)
        raw = page.number("group")
        place = await self._members.group(raw) if raw else None
        if raw and place is None:
            raise web.HTTPNotFound
        words, start = page.arg("q").casefold(), offset(page.arg("after"))
        rows, more = await self._clickers(link.number, raw, words, start)
        return page.render(
            "link_group.html",
            link=link,
            name=_group_name(page, place),
            place=place,
            rows=rows,
            more=page.here(after=start + PEOPLE) if more else "",
        )

    def _link(self, page: Page) -> Link:
        link = self._room.get(page.number("number"))
        if link is None:
            raise web.HTTPNotFound
        return link

    async def _lines(self, page: Page, parts: Sequence[Part]) -> list[Line]:
        """Steps with their names; those of SOPs open its results."""
        names = await self._names.of("step", (part.name for part in parts), page.words)
        sops = [part.name.partition("/")[0] if "/" in part.name else "" for part in parts]
        return [
            Line(part, names[part.name], f"/sops/{sop}" if sop else "")
            for part, sop in zip(parts, sops, strict=True)
        ]

    async def _groups(self, page: Page, link: Link, parts: Sequence[Part]) -> list[Line]:
        asked = (self._members.group(part.number) for part in parts)
        places = await asyncio.gather(*asked)
        return [
            Line(part, _group_name(page, place), f"/links/{link.number}/groups/{part.number}")
            for part, place in zip(parts, places, strict=True)
        ]

    async def _clickers(
        self, link: int, group: int, words: str, start: int
    ) -> tuple[list[tuple[Member, int]], bool]:
        """A page of members with their clicks, and whether there are more."""
        if not words:
            found = await self._clicks.members(link, group, start, PEOPLE + 1)
            return await self._named(found[:PEOPLE]), len(found) > PEOPLE
        every = await self._named(await self._clicks.members(link, group, 0, MOST))
        fitting = [row for row in every if words in row[0].name.casefold()]
        return fitting[start : start + PEOPLE], start + PEOPLE < len(fitting)

    async def _named(self, found: Sequence[MemberClicks]) -> list[tuple[Member, int]]:
        people = await self._directory.people(one.member for one in found)
        return [(people.get(one.member, Member(number=one.member)), one.clicks) for one in found]


def _judged(page: Page, sums: LinkSums) -> list[charts.Rank]:
    return [
        charts.Rank(page.words.say(text), sums.verdicts[verdict])
        for verdict, text in VERDICTS.items()
        if sums.verdicts.get(verdict)
    ]


def _apps(page: Page, sums: LinkSums) -> list[charts.Rank]:
    rest = sums.clicks - sum(sums.apps.values())
    found = [
        charts.Rank(page.words.say(APPS.get(app, app)), clicks)
        for app, clicks in sorted(sums.apps.items(), key=lambda one: -one[1])
    ]
    other = charts.Rank(page.words.say(msgid("Other browsers")), rest)
    return [*found, other] if found and rest > 0 else found


def _now(page: Page, link: Link, sums: LinkSums) -> Markup:
    return page.part("link_now.html", link=link, sums=sums)


def _group_name(page: Page, place: Group | None) -> str:
    if place is None:
        return page.words.say(msgid("Direct chats and short links"))
    return place.name or str(place.conversation.group)
