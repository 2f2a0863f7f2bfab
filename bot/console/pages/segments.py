"""Segments: audiences saved under a name, with who they are, how many, and who uses them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from aiohttp import web
from markupsafe import Markup

from bot.audience.audience import Audience
from bot.audience.expression import KINDS
from bot.audience.segments import SegmentInUse
from bot.audience.segments import Segments as Room
from bot.audience.sizes import Sizes
from bot.console import charts
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.paging import offset
from bot.console.sop_draft import LONGEST, saved
from bot.console.sop_readings import Readings
from bot.i18n.mark import msgid
from bot.located import Problems
from bot.sop.changes.segment_use import SegmentUse, Uses

PAGE = 25
MONTH, YEAR = 30, 400
"""Days of sizes that are shown."""
EXAMPLES = tuple(kind.example for kind in KINDS.values() if kind.name not in ("step", "segment"))
"""What can be written; what only SOPs can ask is left out."""


class Segments:
    """Pages of segments."""

    def __init__(
        self,
        frame: Frame,
        room: Room,
        use: SegmentUse,
        readings: Readings,
        sizes: Callable[[], Sizes],
    ) -> None:
        self._frame = frame
        self._sizes = sizes
        self._room = room
        self._use = use
        self._readings = readings

    def routes(self) -> list[web.RouteDef]:
        """``/segments``, ``/segments/edit`` and ``/segments/delete``."""
        return [
            self._frame.get("/segments", self.index),
            self._frame.get("/segments/edit", self.form, "manager"),
            self._frame.post("/segments/edit", self.save),
            self._frame.post("/segments/delete", self.delete),
        ]

    async def index(self, page: Page) -> web.StreamResponse:
        """Every segment, by name."""
        words, start = page.arg("q").casefold(), offset(page.arg("after"))
        every, uses = await self._room.all(), await self._use.all()
        fitting = [one for one in every if words in f"{one.name} {one.audience}".casefold()]
        rows = [
            (one, await self._told(page, str(one.audience)), uses.get(one.name, Uses()))
            for one in fitting[start : start + PAGE]
        ]
        grown = await self._sizes().several([one.name for one, *_ in rows], MONTH)
        more = start + PAGE < len(fitting)
        return page.render(
            "segments.html",
            rows=rows,
            lines={
                name: charts.sparkline(page.words.say(msgid("Members")), [n for _, n in points])
                for name, points in grown.items()
                if len(points) > 1
            },
            known=len(every),
            more=page.here(after=start + PAGE) if more else "",
        )

    async def form(self, page: Page) -> web.StreamResponse:
        """A new segment, or an old one by its name."""
        name = page.arg("name")
        found = await self._room.get(name) if name else None
        if name and found is None:
            raise web.HTTPNotFound
        text = str(found.audience) if found else page.arg("expression", LONGEST)
        return await self._show(page, name, name, text)

    async def save(self, page: Page) -> web.StreamResponse:
        """Show the reading again, or keep it; what is wrong is told at its field."""
        old, text = page.field("old"), page.field("expression", LONGEST)
        name = old or page.field("name")
        if page.field("do") != "save":
            return await self._show(page, old, name, text)
        errors = dict[str, str]()
        if not name:
            errors["name"] = msgid("Give it a name.")
        elif not old and await self._room.get(name):
            errors["name"] = msgid("Another segment is called this.")
        if not text:
            errors["expression"] = msgid("Say who it is for.")
        if errors or (await self._told(page, text))["wrong"]:
            return await self._show(page, old, name, text, errors, 422)
        try:
            await self._room.save(name, text, page.operator.name)
        except Problems as problems:
            first = problems.problems[0]
            field = "name" if first.place.file == "name" else "expression"
            return await self._show(page, old, name, text, {field: first.said}, 422)
        return page.redirect("/segments", msgid("The segment is kept. It holds from now on."))

    async def delete(self, page: Page) -> web.StreamResponse:
        """Delete one that nobody uses."""
        name = page.field("name")
        try:
            deleted = await self._use.delete(name, page.operator.name)
        except SegmentInUse:
            said = msgid("It is in use. Take it out of what uses it first.")
            return page.redirect("/segments", said)
        said = msgid("The segment is deleted.") if deleted else msgid("It is gone already.")
        return page.redirect("/segments", said)

    # inside

    async def _show(
        self,
        page: Page,
        old: str,
        name: str,
        text: str,
        errors: dict[str, str] | None = None,
        status: int = 200,
    ) -> web.Response:
        names = [one for one in await self._room.names() if one != old]
        return page.render(
            "segment_form.html",
            status,
            old=old,
            name=name,
            expression=text,
            told=await self._told(page, text),
            errors=errors or {},
            uses=await self._use.of(old) if old else Uses(),
            segments=saved(names),
            history=await self._history(page, old) if old else None,
            examples=await self._examples(page),
        )

    async def _history(self, page: Page, name: str) -> Markup | None:
        """How many it had, a point a day; None until there are two."""
        points = await self._sizes().of(name, YEAR)
        if len(points) < 2:
            return None
        title = page.words.say(msgid("Members, a point a day"))
        labels = [page.formats.day(day) for day, _ in points]
        sizes = [number for _, number in points]
        return charts.area(title, labels, [charts.Series(title, sizes, "s1")])

    async def _examples(self, page: Page) -> Sequence[tuple[str, str]]:
        """What can be written, each with its reading."""
        return [
            (text, await self._readings.say(page, Audience.parse(text), "member"))
            for text in EXAMPLES
        ]

    async def _told(self, page: Page, text: str) -> dict[str, object]:
        return await self._readings.of(page, text, "member")
