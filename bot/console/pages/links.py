"""Links: the list, making one, and one link's clicks by day, step, group and member."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from aiohttp import web
from markupsafe import Markup

from bot.console import charts
from bot.console.audit import Audit
from bot.console.cards import Tile
from bot.console.directory import Directory
from bot.console.frame import Frame
from bot.console.link_words import CLOSED, PLATFORMS, VERDICTS, conditions, differences
from bot.console.page import Page
from bot.console.pages.figures import FigurePages
from bot.console.paging import offset
from bot.figures.names import Names
from bot.figures.subject import Subject
from bot.i18n.mark import msgid
from bot.links.clicks import Clicks, LinkSums, MemberClicks, Part
from bot.links.codes import Code
from bot.links.desk import Desk
from bot.links.destinations import BadDestination
from bot.links.identities import Identities
from bot.links.links import Link
from bot.links.links import Links as Room
from bot.model.phrase import Phrase
from bot.store.members import Group, Member, Members

PAGE = 25
DAYS = 30
PEOPLE = 50
MOST = 1_000_000
STATES = {
    "": msgid("All"),
    "open": msgid("Open"),
    "closed": msgid("Closed"),
    "rules": msgid("With rules"),
    "limit": msgid("Limited"),
}
"""Which links are listed."""
WRONG = msgid("no code or word of ours")
GONE = msgid("its link is no more")
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


class Links:
    """Pages about tracked links."""

    def __init__(
        self,
        frame: Frame,
        room: Room,
        clicks: Clicks,
        members: Members,
        directory: Directory,
        audit: Audit,
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
        self._audit = audit
        self._desk = desk
        self._identities = identities
        self._figures = figures
        self._names = names

    def routes(self) -> list[web.RouteDef]:
        """``/links``, ``/links/orphans``, ``/links/{number}``, its sums now, and its groups."""
        frame = self._frame
        return [
            frame.get("/links", self.index),
            frame.post("/links", self.make),
            frame.get("/links/orphans", self.orphans),
            frame.get("/links/{number}", self.one),
            frame.get("/links/{number}/now", self.now),
            frame.get("/links/{number}/groups/{group}", self.group),
        ]

    async def today(self, page: Page) -> Tile | None:
        """For the overview: clicks on all links."""
        if not self._room.count():
            return None
        days = [day.clicks for day in await self._clicks.days(0, 14)]
        return Tile(
            page.words.say(msgid("Clicks today")),
            days[-1],
            "/figures?period=today&by=link",
            trend=days,
        )

    # lists

    async def index(self, page: Page) -> web.StreamResponse:
        """Every link, the newest first."""
        return await self._list(page)

    async def make(self, page: Page) -> web.StreamResponse:
        """Make a short link, or find the one there is."""
        url, campaign = page.field("url", 5000), page.field("campaign")
        known = self._room.count()
        try:
            number = await self._room.make(url, campaign)
        except BadDestination as error:
            return await self._list(page, page.words.say(Phrase.of(error)))
        if self._room.count() == known:
            return page.redirect(f"/links/{number}", msgid("There was such a link already."))
        who = page.operator.name
        await self._audit.write(who, "link.made", f"#{number}", url=url, campaign=campaign)
        return page.redirect(f"/links/{number}", msgid("The link is ready."))

    async def orphans(self, page: Page) -> web.StreamResponse:
        """Codes that were fetched and lead nowhere."""
        words, start = page.arg("q").casefold(), offset(page.arg("after"))
        orphans, closed = await asyncio.gather(self._clicks.orphans(1000), self._clicks.closed())
        found = [
            (code, GONE if self._room.codes.unpack(code) else WRONG, hits)
            for code, hits in orphans
            if words in code.casefold()
        ]
        named = ((self._room.get(number), why, hits) for number, why, hits in closed)
        more = start + PEOPLE < len(found)
        return page.render(
            "links_orphans.html",
            closed=[(k.number, k.name, CLOSED[why], hits) for k, why, hits in named if k],
            rows=found[start : start + PEOPLE],
            more=page.here(after=start + PEOPLE) if more else "",
        )

    async def _list(self, page: Page, problem: str = "") -> web.Response:
        words, start = page.arg("q"), offset(page.arg("after"))
        state = page.arg("state") if page.arg("state") in STATES else ""

        now = page.formats.now

        def keep(link: Link) -> bool:
            return self._is(link, state, now)

        shown, total = self._room.search(words, start, PAGE, keep), self._room.count(words, keep)
        sums = await self._clicks.many(link.number for link in shown)
        days = await asyncio.gather(*(self._clicks.days(link.number, DAYS) for link in shown))
        say = page.words.say(msgid("Clicks in 30 days"))
        lines = [charts.sparkline(say, [day.clicks for day in each]) for each in days]
        return page.render(
            "links.html",
            422 if problem else 200,
            rows=[(link, sums[link.number], line) for link, line in zip(shown, lines, strict=True)],
            total=total,
            known=self._room.count(),
            states=STATES,
            state=state,
            closed=lambda link: self._closed(link, now),
            problem=problem,
            more=page.here(after=start + PAGE) if start + PAGE < total else "",
        )

    # one

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
            closed=self._closed(link, page.formats.now),
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

    def _is(self, link: Link, state: str, now: int) -> bool:
        match state:
            case "open":
                return not self._closed(link, now)
            case "closed":
                return bool(self._closed(link, now))
            case "rules":
                return bool(link.branches)
            case "limit":
                return bool(link.limit)
        return True

    def _closed(self, link: Link, now: int) -> str:
        """A msgid why it leads nowhere now, '' when it does; whether it is full is not asked."""
        ways = self._room.ways(link.number)
        why = ways.closed(now) if ways else None
        return CLOSED[why] if why else ""

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
