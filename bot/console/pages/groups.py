"""Groups: the list, and one group with its roster and activity."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, time, timedelta

from aiohttp import web
from markupsafe import Markup

from bot.clock import millis
from bot.console import charts
from bot.console.audit import Audit
from bot.console.cards import Panel
from bot.console.directory import PAGE, ROSTER, Directory
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.paging import offset
from bot.delivery.journal import Journal
from bot.i18n.mark import msgid
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.members import Group, Member, Members
from bot.store.store import Store

DAYS = 14


class Groups:
    """Pages about groups."""

    def __init__(
        self,
        frame: Frame,
        store: Store,
        members: Members,
        facts: Facts,
        directory: Directory,
        journal: Journal,
        audit: Audit,
        panels: Sequence[Panel] = (),
    ) -> None:
        self._frame = frame
        self._store = store
        self._members = members
        self._facts = facts
        self._directory = directory
        self._journal = journal
        self._audit = audit
        self._panels = panels

    def routes(self) -> list[web.RouteDef]:
        """``/groups``, ``/groups/{number}`` and whose it is."""
        return [
            self._frame.get("/groups", self.index),
            self._frame.get("/groups/{number}", self.one),
            self._frame.post("/groups/{number}/owner", self.own),
        ]

    async def index(self, page: Page) -> web.StreamResponse:
        """Every group, by name or gateway, a page at a time."""
        words = page.arg("q").casefold()
        every = await self._members.groups()
        fitting = [g for g in every if words in f"{g.name} {g.conversation.key}".casefold()]
        start = offset(page.arg("after"))
        shown = fitting[start : start + PAGE]
        keys = self._store.keys
        sizes = await asyncio.gather(
            *(self._facts.count(keys.group_present(g.number)) for g in shown)
        )
        more = start + PAGE if start + PAGE < len(fitting) else 0
        return page.render(
            "groups.html",
            rows=list(zip(shown, sizes, strict=True)),
            total=len(fitting),
            more=page.here(after=more) if more else "",
        )

    async def one(self, page: Page) -> web.StreamResponse:
        """One group: who is in it since when, and what happened lately."""
        group = await self._members.group(page.number("number"))
        if group is None:
            raise web.HTTPNotFound
        numbers = await self._directory.roster(group.number)
        found, more = await self._roster(page, numbers)
        joined = await self._directory.joined(group.number, [m.number for m in found])
        key = group.conversation.key
        recent = [row async for row in self._journal.search(key, limit=20, look=2000)]
        return page.render(
            "group.html",
            group=group,
            size=len(numbers),
            rows=list(zip(found, joined, strict=True)),
            more=more,
            recent=recent,
            people=await self._directory.people(e.member for _, e in recent),
            places={key: group},
            activity=await self._activity(page, group, numbers),
            partly=len(numbers) > ROSTER,
            panels=[made for panel in self._panels if (made := await panel(page, group.number))],
            staff=await self._staff() if page.may("manager") else [],
        )

    async def own(self, page: Page) -> web.StreamResponse:
        """Say whose a group is; an empty name is nobody's."""
        group = await self._members.group(page.number("number"))
        if group is None:
            raise web.HTTPNotFound
        owner, here = " ".join(page.field("owner", 100).split()), f"/groups/{group.number}"
        if owner == group.owner:
            return page.redirect(here)
        effects = Effects(self._store.keys)
        effects.group(group.number, "owner", owner)
        await self._store.apply(effects)
        who, on = page.operator.name, group.name or str(group.conversation.group)
        before = {"owner": group.owner} if group.owner else {}
        await self._audit.write(who, "group.owner", on, before, owner=owner)
        done = (
            msgid("The group has an owner now.") if owner else msgid("The group is nobody's now.")
        )
        return page.redirect(here, done)

    async def _staff(self) -> list[str]:
        """Who owns members or groups already, to be chosen from."""
        key = self._store.keys.attribute_values("owner")
        names = {*await self._store.texts("SMEMBERS", key)}
        return sorted(names | {one.owner for one in await self._members.groups() if one.owner})

    async def _roster(self, page: Page, numbers: list[int]) -> tuple[Sequence[Member], str]:
        words, cursor = page.arg("q"), page.arg("after", 2000)
        if words:
            found = await self._directory.search(words, cursor, within=set(numbers))
            return found.members, page.here(after=found.next) if found.next else ""
        start = offset(cursor)
        shown = await self._members.some(numbers[start : start + PAGE])
        onward = start + PAGE < len(numbers)
        return shown, page.here(after=start + PAGE) if onward else ""

    async def _activity(self, page: Page, group: Group, numbers: list[int]) -> Markup:
        zone, today = page.formats.zone, page.formats.today
        days = [today - timedelta(days=n) for n in reversed(range(DAYS))]
        spoke = await self._directory.spoke(numbers, [d.isoformat() for d in days])
        midnights = [*days, today + timedelta(days=1)]
        edges = [millis(datetime.combine(d, time(), zone)) for d in midnights]
        joins = await self._directory.joins(group.number, edges)
        say = page.words.say
        return charts.area(
            say(msgid("Its members, day by day")),
            [page.formats.day(d) for d in days],
            [
                charts.Series(say(msgid("Spoke, here or elsewhere")), spoke, "s1"),
                charts.Series(say(msgid("Joined")), joins, "s2"),
            ],
        )
