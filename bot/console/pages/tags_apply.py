"""Applying tags: who is in all, in some or in none of what was chosen, and back again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import web

from bot.audience.algebra import place_of
from bot.audience.audience import Audience
from bot.audience.expression import And, Expression, Not, Or, Term
from bot.clock import millis
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.tags import by_field
from bot.i18n.mark import msgid
from bot.located import Problems
from bot.store.bits import Bits
from bot.store.members import Member, Members
from bot.tags.parts import PARTS, Choice, Part, Parted, said
from bot.tags.room import Tags
from bot.tags.tag import problem

LARGEST = 6 * 1024 * 1024
NAMES = 5
LONGEST = 8000
PART_NAMES: dict[Part, str] = {
    "all": msgid("in all of them"),
    "some": msgid("in some, not in all"),
    "none": msgid("in none of them"),
}
STATES = {
    "doing": (msgid("under way"), "warn"),
    "done": (msgid("done"), "good"),
    "undoing": (msgid("being undone"), "warn"),
    "undone": (msgid("undone"), ""),
}


class TagApplyPages:
    """``/tags/apply`` and ``/tags/applied``."""

    def __init__(self, frame: Frame, room: Tags, members: Members) -> None:
        self._frame = frame
        self._room = room
        self._members = members

    def routes(self) -> list[web.RouteDef]:
        """Choosing and seeing the three parts, applying, and what was applied."""
        frame = self._frame
        return [
            frame.get("/tags/apply", self.form, "manager"),
            frame.post("/tags/apply", self.apply, largest=LARGEST),
            frame.get("/tags/applied/{id}", self.one),
            frame.get("/tags/applied/{id}/now", self.now),
            frame.post("/tags/applied/undo", self.undo),
        ]

    async def form(self, page: Page) -> web.StreamResponse:
        """Nothing chosen yet."""
        return await self._show(page, Choice(), None, {})

    async def apply(self, page: Page) -> web.StreamResponse:
        """Show the three parts, or apply a tag to one of them."""
        choice, found = Choice(listed=_listed(page)), None
        try:
            choice = _choice(page, choice.listed)
            found = await self._room.parting.of(choice)
            if page.field("do") != "apply":
                return await self._show(page, choice, found, {})
            part = next((one for one in PARTS if one == page.field("part")), None)
            if part is None:
                raise Problems([problem("part", msgid("choose one of the three"))])
            one = await self._room.applications.begin(
                page.field("tag"),
                found.part(part),
                page.operator.name,
                gives=page.field("way") != "take",
                part=part,
                what=said(choice),
            )
        except Problems as problems:
            return await self._show(page, choice, found, by_field(page, problems), 422)
        return page.redirect(f"/tags/applied/{one.id}")

    async def one(self, page: Page) -> web.StreamResponse:
        """An application: how far it is, and undoing it."""
        return page.render("tags_applied.html", **await self._applied(page))

    async def now(self, page: Page) -> web.StreamResponse:
        """The part of it that changes while one looks."""
        return page.render("tags_applied_now.html", **await self._applied(page))

    async def undo(self, page: Page) -> web.StreamResponse:
        """Take back what nobody changed since."""
        ident = page.field("id")
        try:
            one = await self._room.applications.undo(ident, page.operator.name)
        except Problems as problems:
            return page.redirect("/tags", problems.problems[0].message)
        return page.redirect(f"/tags/applied/{one.id}")

    # inside

    async def _applied(self, page: Page) -> dict[str, Any]:
        one = await self._room.applications.get(str(page.number("id")))
        if one is None:
            raise web.HTTPNotFound
        return {
            "one": one,
            "progress": await self._room.applications.progress(one),
            "state": STATES[one.state],
            "part_names": PART_NAMES,
        }

    async def _show(
        self,
        page: Page,
        choice: Choice,
        found: Parted | None,
        errors: dict[str, str],
        status: int = 200,
    ) -> web.StreamResponse:
        groups = [group for group in await self._members.groups() if not group.gone]
        places = {f"group:{place_of(group)}": group for group in groups}
        chosen = [one for one in choice.chosen if one in places]
        return page.render(
            "tags_apply.html",
            status,
            groups=places,
            choice=choice,
            also=", ".join(one for one in choice.chosen if one not in chosen),
            at=page.field("at"),
            found=found,
            counts=found.counts() if found else {},
            first={part: await self._first(found.part(part)) for part in PARTS} if found else {},
            searches=_searches(choice) if found else {},
            part_names=PART_NAMES,
            names=await self._room.registry.names(),
            form=page.form,
            errors=errors,
        )

    async def _first(self, members: Bits) -> list[Member]:
        """The first few of a part."""
        return await self._members.some(members.numbers(0, NAMES))


def _choice(page: Page, listed: str) -> Choice:
    also = [one.strip() for one in page.field("also", LONGEST).split(",")]
    return Choice(
        chosen=tuple(dict.fromkeys([*page.form.getall("group", []), *filter(None, also)])),
        listed=listed,
        at=_moment(page),
        within=page.field("within", LONGEST) or "everyone",
    )


def _listed(page: Page) -> str:
    _, content = page.files.get("file", ("", b""))
    if not content:
        return page.field("list", LARGEST)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030", "replace")


def _moment(page: Page) -> int | None:
    text = page.field("at")
    if not text:
        return None
    try:
        return millis(datetime.fromisoformat(text).replace(tzinfo=page.formats.zone))
    except ValueError:
        raise Problems([problem("at", msgid("expected a day and a time"))]) from None


def _searches(choice: Choice) -> dict[Part, str]:
    """Each part as an audience that can be saved; none of a list or of a time that is past."""
    if choice.listed.strip() or choice.at is not None or not choice.chosen:
        return {}
    parts = tuple(Audience.parse(text).expression for text in choice.chosen)
    all_: Expression = And(parts) if len(parts) > 1 else parts[0]
    any_: Expression = Or(parts) if len(parts) > 1 else parts[0]
    found: dict[Part, Expression] = {"all": all_, "none": Not(any_)}
    if len(parts) > 1:
        found["some"] = And((any_, Not(all_)))
    within = Audience.parse(choice.within).expression
    if within != Term("everyone"):
        found = {part: And((within, one)) for part, one in found.items()}
    return {part: str(one) for part, one in found.items()}
