"""The library's pages: every template as a card and as a timeline, its versions, import, export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import PurePath
from typing import Any

from aiohttp import web

from bot.audience.audience import Audience
from bot.audience.reading import Reading
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.sop_timeline import (
    ACTIONS,
    doing_words,
    guard_words,
    missed_words,
    timeline,
    way_words,
)
from bot.console.paging import offset
from bot.console.sop_words import anchor_words
from bot.i18n.mark import msgid
from bot.located import Place, Problem, Problems
from bot.sop.templates.shelf import LARGEST, Shelf, Shelved
from bot.sop.templates.template import Template
from bot.sop.templates.words import Localized, Words, spoken
from bot.sop.times.timing import shift

PAGE = 24
ENVELOPE = 16 * 1024
"""Bytes of a form around the file it brings."""
DIFFERENCES = 400


@dataclass(frozen=True, slots=True)
class Card:
    """A template in the library; ``problems`` say why it cannot be used."""

    name: str
    own: bool
    template: Template | None = None
    problems: Sequence[Problem] = ()

    @property
    def days(self) -> int:
        """The days from its first to its last step, where that can be told; else 0."""
        if self.template is None or self.template.anchor == "calendar":
            return 0
        shifts = [shift(step) for step in self.template.step if step.follows is None]
        return (max(shifts) - min(shifts)).days if shifts else 0

    @property
    def searched(self) -> str:
        """All that a search looks at."""
        found = [self.name]
        if self.template is not None:
            words = [self.template.title, self.template.notes, self.template.avoid]
            found += [one for word in words for one in _both(word)]
            found += [self.template.topic or ""]
        return " ".join(found).casefold()


class SopLibrary:
    """Reads and keeps templates; the editor changes them."""

    def __init__(self, frame: Frame, shelf: Shelf) -> None:
        self._frame = frame
        self._shelf = shelf

    def routes(self) -> list[web.RouteDef]:
        """``/sops/templates`` and what is below it, but for the editor's."""
        get, post, one = self._frame.get, self._frame.post, "/sops/templates/{name}"
        return [
            get("/sops/templates", self.library),
            post("/sops/templates/import", self.take, "author", largest=LARGEST + ENVELOPE),
            get(one, self.show),
            get(f"{one}/export", self.export),
            get(f"{one}/history", self.history),
            post(f"{one}/duplicate", self.duplicate, "author"),
            post(f"{one}/delete", self.delete),
            post(f"{one}/restore", self.restore, "author"),
        ]

    async def library(self, page: Page) -> web.StreamResponse:
        """Every template, and what is wrong with those that are."""
        return await self._library(page, ())

    async def take(self, page: Page) -> web.StreamResponse:
        """Keep an uploaded file as a template of our own, or say what is wrong where."""
        file, content = page.files.get("file", ("", b""))
        name = page.field("name", 60) or PurePath(file).stem
        try:
            kept = await self._shelf.add(name, _text(content, name), page.operator.name)
        except Problems as problems:
            return await self._library(page, problems.problems, name)
        return page.redirect(f"/sops/templates/{kept.name}", msgid("The template is imported."))

    async def show(self, page: Page) -> web.StreamResponse:
        """One template as a timeline."""
        kept = await self._find(page)
        return self._show(page, kept, "", "")

    async def export(self, page: Page) -> web.StreamResponse:
        """Its file."""
        kept = await self._find(page)
        headers = {"Content-Disposition": f'attachment; filename="{kept.name}.toml"'}
        return web.Response(text=kept.text, content_type="application/toml", headers=headers)

    async def history(self, page: Page) -> web.StreamResponse:
        """What was kept, each version with what it changed."""
        name = page.request.match_info["name"]
        versions = await self._shelf.history(name)
        if not versions:
            await self._find(page)
        rows = []
        for number, one in enumerate(versions):
            before = versions[number + 1].text if number + 1 < len(versions) else ""
            rows.append((one, _differences(before, one.text)))
        own = name in await self._shelf.own()
        return page.render("sop_library_history.html", name=name, rows=rows, own=own)

    async def duplicate(self, page: Page) -> web.StreamResponse:
        """A copy under another name, to be changed."""
        kept, to = await self._find(page), page.field("to", 60)
        try:
            await self._shelf.duplicate(kept.name, to, page.operator.name)
        except Problems as problems:
            return self._show(page, kept, to, problems.problems[0].said)
        notice = msgid("This is your copy. Change what you like.")
        return page.redirect(f"/sops/templates/{to}/edit", notice)

    async def delete(self, page: Page) -> web.StreamResponse:
        """Take our own one away; a file of its name shows again."""
        name = page.request.match_info["name"]
        if not await self._shelf.delete(name, page.operator.name):
            return page.redirect("/sops/templates", msgid("It is gone already."))
        notice = msgid("The template is taken away. What was started from it goes on.")
        return page.redirect("/sops/templates", notice)

    async def restore(self, page: Page) -> web.StreamResponse:
        """Make an earlier version the newest."""
        name, version = page.request.match_info["name"], page.field("version")
        if not version.isdecimal():
            raise web.HTTPNotFound
        try:
            await self._shelf.restore(name, int(version), page.operator.name)
        except LookupError:
            raise web.HTTPNotFound from None
        except Problems:
            return page.redirect(
                f"/sops/templates/{name}/history", msgid("This version could not be used any more.")
            )
        return page.redirect(f"/sops/templates/{name}", msgid("The version is brought back."))

    # inside

    async def _find(self, page: Page) -> Shelved:
        try:
            return await self._shelf.find(page.request.match_info["name"])
        except Problems:
            raise web.HTTPNotFound from None

    async def _library(
        self, page: Page, problems: Sequence[Problem], name: str = ""
    ) -> web.Response:
        wanted, start = page.arg("q").casefold(), offset(page.arg("after"))
        own = set(await self._shelf.own())
        cards = [await self._card(one, one in own) for one in await self._shelf.names()]
        fitting = [card for card in cards if wanted in card.searched]
        fitting.sort(key=lambda card: not card.own)
        more = start + PAGE < len(fitting)
        return page.render(
            "sop_library.html",
            422 if problems else 200,
            cards=fitting[start : start + PAGE],
            more=page.here(after=start + PAGE) if more else "",
            spoken=lambda words: spoken(words, page.language),
            anchor=lambda template: anchor_words(page.words, template),
            problems=problems,
            wanted=name,
        )

    async def _card(self, name: str, own: bool) -> Card:
        try:
            return Card(name, own, await self._shelf.get(name))
        except Problems as problems:
            return Card(name, own, problems=problems.problems)

    def _show(self, page: Page, kept: Shelved, to: str, wrong: str) -> web.Response:
        try:
            template = self._shelf.check(kept.name, kept.text)
        except Problems as problems:
            card = Card(kept.name, kept.version > 0, problems=problems.problems)
            return page.render("sop_library_broken.html", card=card)
        reading = Reading(page.words.say)

        def read(audience: Audience) -> str:
            return reading.of(audience, template.to)

        return page.render(
            "sop_library_template.html",
            422 if wrong else 200,
            name=kept.name,
            kept=kept,
            card=Card(kept.name, kept.version > 0, template),
            model=template,
            rows=timeline(page.words, template),
            actions=ACTIONS,
            spoken=lambda words: spoken(words, page.language),
            both=lambda words: _both(words, page.language),
            anchor=anchor_words(page.words, template),
            guards=guard_words(page.words, template.guards),
            read=read,
            doing=lambda step: doing_words(page.words, step),
            missed=lambda step: missed_words(page.words, step),
            way=lambda way: way_words(page.words, way),
            to=to,
            wrong=wrong,
        )


def _both(words: Words | None, language: str = "zh") -> list[str]:
    """What is said, in both languages where it is, the reader's first."""
    if not isinstance(words, Localized):
        return [words] if words else []
    found = [words.zh, words.en]
    return found if language == "zh" else found[::-1]


def _text(content: bytes, name: str) -> str:
    """What a file says; raises Problems."""
    place = f"{name}.toml"
    if not content:
        raise Problems([Problem(Place("file"), "", msgid("Choose a .toml file."))])
    if len(content) > LARGEST:
        raise Problems([Problem(Place("file"), "", msgid("The file has more than 256 kB."))])
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise Problems([Problem(Place(place, line), "", msgid("not UTF-8 text"))]) from None


def _differences(before: str, after: str) -> list[tuple[str, str]]:
    """The lines that differ: "-" or "+", and the line."""
    lines: list[Any] = [*unified_diff(before.splitlines(), after.splitlines(), n=0)][2:]
    return [(line[0], line[1:]) for line in lines if line[0] in "+-"][:DIFFERENCES]
