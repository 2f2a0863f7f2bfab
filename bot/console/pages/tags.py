"""Tags: what there is, who has how many, and what is said about each; rules that give them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any, get_args

from aiohttp import web
from markupsafe import Markup

from bot.audience.algebra import place_of
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.routes import MODES
from bot.i18n.mark import msgid
from bot.located import Problem, Problems
from bot.routing.wording import Mode
from bot.settings.kinds import duration_seconds, duration_text
from bot.store.members import Members
from bot.tags.room import Tags
from bot.tags.rule import LONGEST_WORD, MOST_WORDS, Said
from bot.tags.tag import COLOURS, LONGEST_DESCRIPTION, Tag, colour_of, problem

LONGEST = 8000
COLOUR_NAMES = {
    "grey": msgid("grey"),
    "blue": msgid("blue"),
    "green": msgid("green"),
    "amber": msgid("amber"),
    "red": msgid("red"),
    "purple": msgid("purple"),
    "teal": msgid("teal"),
    "pink": msgid("pink"),
}


class TagPages:
    """``/tags``."""

    def __init__(self, frame: Frame, room: Tags, members: Members) -> None:
        self._frame = frame
        self._room = room
        self._members = members

    def routes(self) -> list[web.RouteDef]:
        """The list, one tag's form, and rules."""
        frame = self._frame
        return [
            frame.get("/tags", self.index),
            frame.get("/tags/edit", self.form, "manager"),
            frame.post("/tags/edit", self.save),
            frame.post("/tags/rename", self.rename),
            frame.post("/tags/delete", self.delete),
            frame.post("/tags/rules", self.add_rule),
            frame.post("/tags/rules/said", self.add_said),
            frame.post("/tags/rules/remove", self.remove_rule),
            frame.post("/members/{number}/tags", self.give),
        ]

    async def index(self, page: Page) -> web.StreamResponse:
        """Every tag by its group, the rules, and what was applied last."""
        return await self._index(page, {})

    async def form(self, page: Page) -> web.StreamResponse:
        """A new tag, or one by its name."""
        name = page.arg("name")
        found = await self._room.registry.get(name) if name else Tag(name="")
        if found is None:
            raise web.HTTPNotFound
        return await self._show(page, name, found, duration_text(found.lasts) if name else "", {})

    async def save(self, page: Page) -> web.StreamResponse:
        """Keep what is said of a tag."""
        old = page.field("old")
        colour, lasts = colour_of(page.field("colour")), page.field("lasts")
        seconds = _lasting(lasts)
        wrong = [one for one in (colour, seconds) if isinstance(one, Problem)]
        tag = Tag(
            name=old or page.field("name"),
            colour="grey" if isinstance(colour, Problem) else colour,
            group=page.field("group"),
            description=page.field("description", LONGEST_DESCRIPTION + 1),
            lasts=0 if isinstance(seconds, Problem) else seconds,
        )
        try:
            if not old and await self._room.registry.get(tag.name):
                raise Problems([problem("name", msgid("another tag is called this"))])
            if wrong:
                raise Problems(wrong)
            exclusive = page.field("exclusive") == "on"
            await self._room.registry.save(tag, page.operator.name, exclusive)
        except Problems as problems:
            return await self._show(page, old, tag, lasts, by_field(page, problems), 422)
        return page.redirect("/tags", msgid("The tag is kept."))

    async def rename(self, page: Page) -> web.StreamResponse:
        """Give it another name, or merge it into another tag."""
        old, new, by = page.field("old"), page.field("new"), page.operator.name
        try:
            if page.field("do") == "merge":
                await self._room.renaming.merge(old, new, by)
            else:
                await self._room.renaming.rename(old, new, by)
        except Problems as problems:
            return await self._again(page, old, problems)
        return page.redirect("/tags", msgid("Done. Segments and rules that named it name the new."))

    async def delete(self, page: Page) -> web.StreamResponse:
        """Forget a tag nobody has."""
        name = page.field("old")
        try:
            deleted = await self._room.renaming.delete(name, page.operator.name)
        except Problems as problems:
            return await self._again(page, name, problems)
        said = msgid("The tag is deleted.") if deleted else msgid("It is gone already.")
        return page.redirect("/tags", said)

    async def add_rule(self, page: Page) -> web.StreamResponse:
        """Who comes to belong to an audience gets a tag."""
        text, tag = page.field("audience", LONGEST), page.field("tag")
        try:
            await self._room.rules.add(text, tag, page.operator.name)
        except Problems as problems:
            wrong = page.words.wrong(problems)
            return await self._index(page, {"audience": text, "tag": tag, "wrong": wrong}, 422)
        return page.redirect("/tags", msgid("The rule holds from now on."))

    async def add_said(self, page: Page) -> web.StreamResponse:
        """Who says one of some words gets a tag."""
        said, tag = _said(page), page.field("tag")
        try:
            await self._room.rules.add_said(said, tag, page.operator.name)
            await self._room.hearing.refresh()
        except Problems as problems:
            wrong = page.words.wrong(problems)
            return await self._index(
                page, {"said": said, "said_tag": tag, "said_wrong": wrong}, 422
            )
        return page.redirect("/tags", msgid("The rule holds from now on."))

    async def remove_rule(self, page: Page) -> web.StreamResponse:
        """Who got the tag keeps it."""
        removed = await self._room.rules.remove(page.field("id"), page.operator.name)
        said = msgid("The rule is removed. Who got the tag keeps it.")
        return page.redirect("/tags", said if removed else msgid("It is gone already."))

    async def give(self, page: Page) -> web.StreamResponse:
        """Give one member a tag, or take it."""
        number, tag, gives = page.number("number"), page.field("tag"), page.field("do") != "take"
        try:
            done = await self._room.registry.give(number, tag, page.operator.name, gives=gives)
        except Problems as problems:
            return page.redirect(f"/members/{number}", problems.problems[0].message)
        said = msgid("The tag is given.") if gives else msgid("The tag is taken.")
        return page.redirect(f"/members/{number}", said if done else msgid("Nothing changes."))

    async def panel(self, page: Page, number: int) -> Markup | None:
        """For a member's page: who or what gave and took tags lately, and which end when."""
        lately = await self._room.given.lately(number)
        ends = await self._room.given.ends(number)
        if not lately and not ends and not page.may("manager"):
            return None
        names = await self._room.registry.names()
        return page.part("tags_panel.html", number=number, lately=lately, ends=ends, names=names)

    # inside

    async def _index(
        self, page: Page, rule: Mapping[str, Any], status: int = 200
    ) -> web.StreamResponse:
        registry, words = self._room.registry, page.arg("q").casefold()
        every = await registry.all()
        fitting = [tag for tag in every if words in f"{tag.name} {tag.group}".casefold()]
        rules = self._room.rules
        return page.render(
            "tags.html",
            status,
            groups=[(name, [*tags]) for name, tags in groupby(fitting, lambda tag: tag.group)],
            exclusive={group.name for group in await registry.groups() if group.exclusive},
            counts=await registry.counts(tag.name for tag in fitting),
            lasting={tag.name: duration_text(tag.lasts) for tag in fitting if tag.lasts},
            known=len(every),
            rules=[(one, await rules.given(one.id)) for one in await rules.all()],
            rule=rule,
            modes=MODES,
            places=await self._places(),
            applied=[
                (one, await self._room.applications.progress(one))
                for one in (await self._room.applications.all())[:10]
            ],
        )

    async def _places(self) -> list[tuple[str, str]]:
        """Where words can be said, and how it is called."""
        groups = await self._members.groups()
        names = {place_of(group): group.name for group in groups if not group.gone}
        known = await self._room.rules.places()
        return [(one, names.get(one) or one) for one in known if "/" not in one or one in names]

    async def _again(self, page: Page, name: str, problems: Problems) -> web.StreamResponse:
        found = await self._room.registry.get(name)
        if found is None:
            raise web.HTTPNotFound
        errors = by_field(page, problems)
        return await self._show(page, name, found, duration_text(found.lasts), errors, 422)

    async def _show(
        self,
        page: Page,
        old: str,
        tag: Tag,
        lasts: str,
        errors: dict[str, str],
        status: int = 200,
    ) -> web.StreamResponse:
        groups = await self._room.registry.groups()
        counts = await self._room.registry.counts([old] if old else [])
        return page.render(
            "tags_form.html",
            status,
            old=old,
            tag=tag,
            lasts="" if lasts == "0s" else lasts,
            colours=COLOURS,
            colour_names=COLOUR_NAMES,
            groups=groups,
            exclusive=any(group.exclusive for group in groups if group.name == tag.group),
            count=counts.get(old, 0),
            others=[name for name in await self._room.registry.names() if name != old],
            errors=errors,
        )


def by_field(page: Page, problems: Problems) -> dict[str, str]:
    """What is wrong, at the fields of a form."""
    return {one.place.file: page.words.say(one.said) for one in reversed(problems.problems)}


def _said(page: Page) -> Said:
    lines = page.field("words", MOST_WORDS * (LONGEST_WORD + 2)).splitlines()
    mode: Mode = next((one for one in get_args(Mode) if one == page.field("mode")), "contains")
    return Said(
        words=tuple(dict.fromkeys(word for line in lines if (word := line.strip()))),
        mode=mode,
        pinyin=page.field("pinyin") == "on",
        typos=page.field("typos") == "on",
        places=tuple(str(one) for one in page.form.getall("place", [])),
    )


def _lasting(text: str) -> float | Problem:
    try:
        return duration_seconds(text) if text else 0
    except ValueError:
        return problem("lasts", msgid("expected a time such as 30d"))
