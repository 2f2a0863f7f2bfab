"""A programme's rules: its stages with their stock, and who other rules would touch."""

from __future__ import annotations

from datetime import date
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from bot.checkins.checkins import CheckIns
from bot.checkins.programme import Programme
from bot.checkins.stages import COMPLETE, stages_of
from bot.checkins.what_if import WhatIf, changed_programme, what_if
from bot.console.directory import Directory
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.checkin_day import groups_of, programme_of
from bot.i18n.mark import msgid
from bot.located import Problems
from bot.model.conversation import Conversation
from bot.settings.checkins import CheckInSettings
from bot.sop.templates.manuscript import toml
from bot.store.members import Members

LONGEST = 5000
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

    async def _show(
        self,
        page: Page,
        programme: Programme,
        text: str,
        found: WhatIf | None = None,
        problem: str = "",
    ) -> web.StreamResponse:
        stages = stages_of(programme)
        scopes = [0]
        if programme.settings.count == "group":
            scopes = [group.number for group in await groups_of(self._members, programme)]
        given = [await self._room.stages.given(programme, scope) for scope in scopes]
        return page.render(
            "checkin_rules.html",
            422 if problem else 200,
            programme=programme,
            stages=[
                (
                    stage,
                    sum(one.get(stage.name, 0) for one in given),
                    await self._room.stages.left(programme, stage),
                )
                for stage in stages
            ],
            complete=COMPLETE,
            text=text,
            found=found,
            problem=problem,
            people=await self._directory.people(one.member for one in found.first) if found else {},
        )


def written(settings: CheckInSettings) -> str:
    """A programme's settings as they would stand in config.toml, without what goes by itself."""
    return toml(_plain(settings)) if settings.model_fields_set else ""


def _plain(value: Any) -> Any:
    match value:
        case Conversation():
            return f"{value.gateway}/{value.group}"
        case BaseModel():
            fields = sorted(value.model_fields_set & {*_changed(value)})
            return {name: _plain(getattr(value, name)) for name in fields}
        case list() | tuple():
            return [_plain(one) for one in value]
        case date() | str() | bool() | int():
            return value
        case float():
            return f"{value:g}s"
    return str(value)


def _changed(value: BaseModel) -> list[str]:
    fields = type(value).model_fields
    return [
        name
        for name, field in fields.items()
        if getattr(value, name) is not None and getattr(value, name) != field.default
    ]
