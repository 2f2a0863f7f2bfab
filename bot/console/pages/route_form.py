"""The form of a route: adding, changing and removing those that are not in the configuration."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import quote

from aiohttp import web

from bot.console.audit import Audit
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.route_conditions import (
    ConditionsForm,
    commas,
    equations,
    lines,
    shown,
)
from bot.console.pages.route_places import FILLS, FULL, PlacesForm
from bot.console.pages.routes import MODES
from bot.i18n.mark import msgid
from bot.located import Problems
from bot.routes.conditions import DAYS
from bot.routes.desk import Stale
from bot.routes.routes import Routes
from bot.settings.rooms import RouteSettings
from bot.store.members import Members

SPARE = 3
"""Empty rows for further groups."""
ROWS = 50
LONGEST = 8_000
STALE = msgid("Somebody else changed this meanwhile; look at it again.")
_PART = re.compile(r"(\w+)(?:\[(\d+)\])?")


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One line of the groups: where it leads, how many it takes, its link and its labels."""

    group: str = ""
    capacity: str = ""
    link: str = ""
    labels: str = ""


@dataclass(frozen=True, slots=True)
class RouteForm:
    """What stands in the fields; lists are one to a line."""

    name: str = ""
    words: str = ""
    mode: str = "contains"
    groups: tuple[GroupRow, ...] = ()
    synonyms: str = ""
    priority: str = "0"
    capacity: str = ""
    reply: str = ""
    lobby: str = ""
    pinyin: bool = False
    typos: bool = False
    ask: str = ""
    question: str = ""
    when: ConditionsForm = field(default_factory=ConditionsForm)
    places: PlacesForm = field(default_factory=PlacesForm)

    @classmethod
    def of(cls, route: RouteSettings) -> RouteForm:
        """From a route."""
        rows = tuple(
            GroupRow(
                f"{one.group.gateway}/{one.group.group}",
                str(one.capacity or ""),
                str(one.link or ""),
                shown(one.labels),
            )
            for one in route.groups
        )
        return cls(
            name=route.name,
            words="\n".join(route.words),
            mode=route.mode,
            groups=rows,
            synonyms="\n".join(f"{w} = {', '.join(said)}" for w, said in route.synonyms.items()),
            priority=str(route.priority),
            capacity=str(route.capacity or ""),
            reply=route.reply or "",
            lobby="\n".join(f"{place.gateway}/{place.group}" for place in route.lobby),
            pinyin=route.pinyin,
            typos=route.typos,
            ask=route.ask or "",
            question=route.question or "",
            when=ConditionsForm.of(route.when),
            places=PlacesForm.of(route),
        )

    @classmethod
    def posted(cls, page: Page) -> RouteForm:
        """From the fields of a POST."""
        rows = [
            GroupRow(
                page.field(f"group-{n}"),
                page.field(f"capacity-{n}"),
                page.field(f"link-{n}", 2000),
                page.field(f"labels-{n}", 500),
            )
            for n in range(ROWS)
        ]
        return cls(
            name=page.field("name"),
            words=page.field("words", LONGEST),
            mode=page.field("mode"),
            groups=tuple(row for row in rows if row.group or row.link),
            synonyms=page.field("synonyms", LONGEST),
            priority=page.field("priority"),
            capacity=page.field("capacity"),
            reply=page.field("reply", LONGEST),
            lobby=page.field("lobby", LONGEST),
            pinyin=page.field("pinyin") == "on",
            typos=page.field("typos") == "on",
            ask=page.field("ask"),
            question=page.field("question", LONGEST),
            when=ConditionsForm.posted(page),
            places=PlacesForm.posted(page),
        )

    @property
    def data(self) -> dict[str, Any]:
        """As it would stand in the configuration; what is empty is left out."""
        groups = [
            {
                "group": row.group,
                "capacity": _number(row.capacity),
                "link": row.link or None,
                "labels": commas(row.labels) or None,
            }
            for row in self.groups
        ]
        found: dict[str, Any] = {
            "name": self.name,
            "words": lines(self.words),
            "mode": self.mode,
            "groups": [{k: v for k, v in row.items() if v is not None} for row in groups],
            "synonyms": equations(self.synonyms),
            "priority": _number(self.priority),
            "capacity": _number(self.capacity),
            "reply": self.reply or None,
            "lobby": lines(self.lobby),
            "pinyin": self.pinyin,
            "typos": self.typos,
            "ask": self.ask or None,
            "question": self.question or None,
            "when": self.when.data,
            **self.places.data,
        }
        needed = ("name", "words", "groups")
        return {k: v for k, v in found.items() if k in needed or v not in (None, [], {}, False)}


class RouteForms:
    """Pages that change routes."""

    def __init__(self, frame: Frame, room: Routes, members: Members, audit: Audit) -> None:
        self._frame = frame
        self._room = room
        self._members = members
        self._audit = audit

    def routes(self) -> list[web.RouteDef]:
        """``/routes/edit`` and ``/routes/remove``."""
        return [
            self._frame.get("/routes/edit", self.form, "manager"),
            self._frame.post("/routes/edit", self.save),
            self._frame.post("/routes/remove", self.remove),
        ]

    async def form(self, page: Page) -> web.StreamResponse:
        """A new route, perhaps for a phrase, or an old one by its name."""
        if name := page.arg("name"):
            route = await self._stored(name)
            if route is None:
                raise web.HTTPNotFound
            return await self._show(page, RouteForm.of(route), name, {})
        words = [word.strip()[:500] for word in page.request.query.getall("word", [])[:ROWS]]
        new = RouteForm(name="".join(words[:1])[:30], words="\n".join(words))
        return await self._show(page, new, "", {})

    async def save(self, page: Page) -> web.StreamResponse:
        """Keep it, or say beside each field what is wrong."""
        form, old = RouteForm.posted(page), page.field("old")
        before = await self._stored(old) if old else None
        if old and page.field("seen") != _seen(before):
            return page.redirect(f"/routes/edit?name={quote(old)}" if before else "/routes", STALE)
        if form.name != old and any(r.route.name == form.name for r in await self._room.routes()):
            taken = msgid("Another route is called this.")
            return await self._show(page, form, old, {"name": taken})
        who = page.operator.name
        try:
            seen = before if old == form.name else None
            route = await self._room.save(form.data, who, seen)
        except Stale:
            return page.redirect(f"/routes/edit?name={quote(old)}", STALE)
        except Problems as problems:
            return await self._show(page, form, old, _by_field(problems))
        if before is not None and old != form.name:
            await self._room.remove(old, who)
        await self._audit.write(
            who, "route.saved", route.name, before=_shown(before), **_shown(route)
        )
        if any(route.name in one.routes for one in await self._room.cautions()):
            notice = msgid("The route is kept. Please read what is said of it below.")
            return page.redirect("/routes", notice)
        return page.redirect("/routes", msgid("The route is kept. It holds from now on."))

    async def remove(self, page: Page) -> web.StreamResponse:
        """Drop one."""
        name, who = page.field("name"), page.operator.name
        before = await self._stored(name)
        if before is None or not await self._room.remove(name, who):
            return page.redirect("/routes", msgid("It is gone already."))
        await self._audit.write(who, "route.removed", name, before=_shown(before))
        return page.redirect("/routes", msgid("The route is removed."))

    async def _stored(self, name: str) -> RouteSettings | None:
        """A route that can be changed here, or None."""
        for one in await self._room.routes():
            if one.editable and one.route.name == name:
                return one.route
        return None

    async def _show(
        self, page: Page, form: RouteForm, old: str, errors: dict[str, str]
    ) -> web.Response:
        groups = [group for group in await self._members.groups() if not group.gone]
        return page.render(
            "route_form.html",
            422 if errors else 200,
            form=form,
            old=old,
            seen=_seen(await self._stored(old)) if old else "",
            errors=errors,
            rows=[*form.groups, *[GroupRow()] * SPARE][:ROWS],
            filled=max(1, len(form.groups)),
            groups=groups,
            modes=MODES,
            days=DAYS,
            fills=FILLS,
            full=FULL,
        )


def _seen(route: RouteSettings | None) -> str:
    """What tells whether a route is still as its form showed it."""
    return sha256(route.model_dump_json().encode()).hexdigest()[:32] if route else ""


def _by_field(problems: Problems) -> dict[str, str]:
    """The first complaint about each field: ``words``, ``groups-1``, ``when-hours`` …; '' for the
    whole."""
    found: dict[str, str] = {}
    for problem in problems.problems:
        part = _PART.match(problem.key)
        name = part[1] if part else ""
        if part and part[2] and name == "groups":
            name = f"groups-{part[2]}"
        if name == "when":
            name = re.sub(r"\W.*", "", problem.key.removeprefix("when."))
            name = f"when-{name}"
        found.setdefault(name, problem.said)
    return found


def _shown(route: RouteSettings | None) -> dict[str, Any]:
    """A route as the audit keeps it."""
    if route is None:
        return {}
    return {
        name: json.loads(json.dumps(value, default=str))
        for name, value in route.model_dump(mode="json", exclude_defaults=True).items()
        if name != "name"
    }


def _number(text: str) -> int | str | None:
    """A whole number; other text stays, for the error to show it."""
    if not text:
        return None
    return int(text) if re.fullmatch(r"-?\d{1,9}", text, re.ASCII) else text
