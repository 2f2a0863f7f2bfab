"""A programme's rules: its stages with their stock, and who other rules would touch."""

from __future__ import annotations

from aiohttp import web

from bot.checkins.checkins import CheckIns
from bot.checkins.plain import plain
from bot.checkins.programme import Programme
from bot.checkins.stages import Stage, stages_of
from bot.checkins.what_if import WhatIf, changed_programme, what_if
from bot.console.directory import Directory
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.checkin_day import groups_of, programme_of
from bot.console.paging import offset
from bot.i18n.mark import msgid
from bot.located import Problems
from bot.settings.checkins import CheckInSettings
from bot.sop.templates.manuscript import toml
from bot.store.bits import Bits
from bot.store.members import Members

LONGEST = 5000
PAGE = 50
OTHER_COUNT = msgid(
    "Between counting everywhere and by group there is nothing to compare: the records stay, and"
    " each group's streak begins with its own records."
)


class CheckInRules:
    """What is configured, and a place to try other rules without changing anything."""

    def __init__(
        self, frame: Frame, room: CheckIns, members: Members, directory: Directory, zone: str
    ) -> None:
        self._frame = frame
        self._room = room
        self._members = members
        self._directory = directory
        self._zone = zone

    def routes(self) -> list[web.RouteDef]:
        """``/check-ins/{programme}/rules``, where a form is only a question."""
        return [
            self._frame.get("/check-ins/{programme}/rules", self.rules),
            self._frame.post("/check-ins/{programme}/rules", self.ask, "viewer"),
            self._frame.get("/check-ins/{programme}/stages/{stage}", self.stage),
        ]

    async def rules(self, page: Page) -> web.StreamResponse:
        """Stages, and the rules as they are."""
        programme = programme_of(page, self._room)
        return await self._show(page, programme, written(programme.settings))

    async def ask(self, page: Page) -> web.StreamResponse:
        """Who would be touched by other rules."""
        programme, text = programme_of(page, self._room), page.form.get("rules", "")[:LONGEST]
        try:
            after = changed_programme(programme, text, self._zone)
            found = await what_if(self._room, self._members, programme, after, page.formats.now)
        except Problems as problems:
            return await self._show(page, programme, text, problem=page.words.wrong(problems))
        except ValueError:
            return await self._show(page, programme, text, problem=OTHER_COUNT)
        return await self._show(page, programme, text, found)

    async def stage(self, page: Page) -> web.StreamResponse:
        """Who was given a stage, in which groups."""
        programme, name = programme_of(page, self._room), page.request.match_info["stage"]
        stage = next((one for one in stages_of(programme) if one.name == name), None)
        if stage is None:
            raise web.HTTPNotFound
        groups = await groups_of(self._members, programme)
        apart = programme.settings.count == "group"
        scopes = {one.number: one for one in groups} if apart else {0: None}
        who = {scope: await self._room.stages.who(programme, scope, stage) for scope in scopes}
        chosen = offset(page.arg("group"))
        asked = who[chosen] if chosen in who else Bits.union(who.values())
        start = offset(page.arg("after"))
        numbers = asked.numbers(start, PAGE + 1)
        return page.render(
            "checkin_stage.html",
            programme=programme,
            title=programme.title(page.words.say),
            stage=stage,
            groups=[(one, who[number].count()) for number, one in scopes.items() if one],
            chosen=chosen,
            count=asked.count(),
            left=await self._room.stages.left(programme, stage),
            people=await self._members.some(numbers[:PAGE]),
            more=page.here(after=start + PAGE) if len(numbers) > PAGE else "",
        )

    async def _show(
        self,
        page: Page,
        programme: Programme,
        text: str,
        found: WhatIf | None = None,
        problem: str = "",
    ) -> web.StreamResponse:
        return page.render(
            "checkin_rules.html",
            422 if problem else 200,
            programme=programme,
            title=programme.title(page.words.say),
            stages=await given(self._room, self._members, programme),
            text=text,
            found=found,
            problem=problem,
            people=await self._directory.people(one.member for one in found.first) if found else {},
        )


async def given(
    room: CheckIns, members: Members, programme: Programme
) -> list[tuple[Stage, int, int | None]]:
    """A programme's stages: how many members were given each, and how many are left."""
    scopes = [0]
    if programme.settings.count == "group":
        scopes = [group.number for group in await groups_of(members, programme)]
    counts = [await room.stages.given(programme, scope) for scope in scopes]
    return [
        (
            stage,
            sum(one.get(stage.name, 0) for one in counts),
            await room.stages.left(programme, stage),
        )
        for stage in stages_of(programme)
    ]


def written(settings: CheckInSettings) -> str:
    """A programme's settings as they would stand in config.toml, without what goes by itself."""
    return toml(plain(settings)) if settings.model_fields_set else ""
