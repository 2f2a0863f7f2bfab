"""The editor of check-in programmes: made, changed, paused and ended, with who it touches."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any

from aiohttp import web
from babel.dates import get_day_names

from bot.checkins.checkins import CheckIns
from bot.checkins.made import Made, Version, differing, kept
from bot.checkins.overlaps import overlaps
from bot.checkins.programme import Programme
from bot.checkins.programmes import Stale
from bot.checkins.rules import WEEKDAYS
from bot.checkins.what_if import WhatIf, changed, what_if
from bot.console import checkin_words as words
from bot.console.directory import Directory
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.checkin_day import programme_of
from bot.console.pages.checkin_form import CheckInForm, by_field, field_of
from bot.i18n.mark import msgid
from bot.located import Problem, Problems
from bot.model.phrase import Phrase
from bot.routes.routes import Routes
from bot.settings.checkins import CheckInSettings
from bot.store.members import Members

NEW = "new"
LARGEST = 200_000
FEW = 20_000
"""Members with records up to which it is reckoned while one writes."""
SHOWN = 20
STALE = msgid("Somebody else changed it meanwhile. This is what it is now; nothing was saved.")
DONE = {
    "pause": msgid("It is paused. No streak ends until it goes on."),
    "end": msgid("It has ended. Records, points and boards stay."),
    "resume": msgid("It goes on."),
}


@dataclass(frozen=True, slots=True)
class Review:
    """What a draft would come to: what is wrong, what is odd, and whom it touches."""

    problems: Sequence[Problem] = ()
    notes: Sequence[Phrase] = ()
    found: WhatIf | None = None
    apart: bool = False
    """Other streaks are counted: there is nothing to compare."""
    skipped: bool = False
    """There are too many to reckon while one writes."""
    records: int = 0
    digest: str = ""

    @property
    def asks(self) -> bool:
        """Whether members would have other streaks or points, so that somebody must agree."""
        return self.apart or bool(self.found and self.found.changed)


class CheckInEdit:
    """``/check-ins/new`` and ``/check-ins/{programme}/edit``."""

    def __init__(
        self, frame: Frame, room: CheckIns, members: Members, directory: Directory, routes: Routes
    ) -> None:
        self._frame = frame
        self._room = room
        self._members = members
        self._directory = directory
        self._routes = routes

    def routes(self) -> list[web.RouteDef]:
        """The two forms, what they ask while one writes, and the states."""
        frame, one = self._frame, "/check-ins/{programme}"
        return [
            frame.get(f"/check-ins/{NEW}", self.new, "manager"),
            frame.post(f"/check-ins/{NEW}", self.make, largest=LARGEST),
            frame.post("/check-ins/check", self.check, largest=LARGEST),
            frame.get(f"{one}/edit", self.form),
            frame.post(f"{one}/edit", self.save, largest=LARGEST),
            frame.post(f"{one}/state", self.state),
        ]

    async def new(self, page: Page) -> web.StreamResponse:
        """An empty form, or one with what another programme is set to."""
        await self._room.refresh()
        copied = self._room.programme(page.arg("copy"))
        settings = copied.settings if copied else CheckInSettings()
        return await self._show(page, None, CheckInForm.of(settings))

    async def make(self, page: Page) -> web.StreamResponse:
        """Make a programme, or do to the draft what a button says."""
        return await self._posted(page, None)

    async def form(self, page: Page) -> web.StreamResponse:
        """The form as a programme stands, or as one of its versions stood."""
        await self._room.refresh()
        programme = programme_of(page, self._room)
        settings = programme.settings
        if asked := page.arg("version"):
            versions = await self._room.book.versions(programme.name)
            then = next((one for one in versions if str(one.number) == asked), None)
            if then is None:
                raise web.HTTPNotFound
            settings = CheckInSettings.model_validate(then.settings)
        return await self._show(page, programme, CheckInForm.of(settings, programme.name))

    async def save(self, page: Page) -> web.StreamResponse:
        """The next version, or do to the draft what a button says."""
        return await self._posted(page, self._stored(page))

    async def state(self, page: Page) -> web.StreamResponse:
        """Pause it, end it, or let it go on."""
        name, do, who = self._stored(page).name, page.field("do"), page.operator.name
        back = f"/check-ins/{name}/edit"
        try:
            match do:
                case "pause" | "end":
                    await self._room.book.rest(name, who, ended=do == "end")
                case "resume":
                    await self._room.book.resume(name, who)
                case _:
                    return page.redirect(back)
        except Stale:
            return page.redirect(back, STALE)
        return page.redirect(back, DONE[do])

    async def check(self, page: Page) -> web.StreamResponse:
        """What a draft would come to, as a part of the page."""
        form = CheckInForm.posted(page.form)
        programme = self._room.programme(form.name) if page.field("seen") else None
        review = await self._review(page, programme, form, await self._data(form), quick=True)
        text = page.part("checkin_check.html", **await self._told(review))
        return web.Response(text=text, content_type="text/html")

    # inside

    def _stored(self, page: Page) -> Programme:
        programme = programme_of(page, self._room)
        if not programme.stored:
            raise web.HTTPNotFound
        return programme

    async def _posted(self, page: Page, programme: Programme | None) -> web.StreamResponse:
        form, do = CheckInForm.posted(page.form), page.field("do")
        form.name = programme.name if programme else form.name
        data = await self._data(form)
        if do != "save":
            # what is added is empty yet, which is no mistake
            review = await self._review(page, programme, form, data) if do == "stage" else None
            return await self._show(page, programme, form.changed(do), review=review, do=do)
        review = await self._review(page, programme, form, data)
        if review.asks and page.field("agreed") != review.digest:
            return await self._show(page, programme, form, review=review)
        seen = page.field("seen")
        try:
            saved = await self._room.book.save(
                form.name, data, page.operator.name, int(seen) if seen.isdecimal() else None
            )
        except Problems as problems:
            errors = by_field(problems.problems)
            return await self._show(page, programme, form, errors, review=review)
        except Stale:
            return page.redirect(f"/check-ins/{form.name}/edit", STALE)
        done = msgid("The programme is saved. It holds from now on.")
        return page.redirect(f"/check-ins/{saved.name}/edit", done)

    async def _show(
        self,
        page: Page,
        programme: Programme | None,
        form: CheckInForm,
        errors: Mapping[str, str] | None = None,
        review: Review | None = None,
        *,
        do: str = "",
    ) -> web.Response:
        looked = bool(do)
        if review is None and (looked or (programme and programme.stored)):
            review = await self._review(page, programme, form, await self._data(form))
        review = review or Review()
        if looked and do != "look":
            said = [one for one in review.problems if page.field(field_of(one.key))]
            review = replace(review, problems=said)
        found = by_field(review.problems) if errors is None else errors
        made = self._room.book.made(programme.name) if programme else None
        versions = await self._room.book.versions(programme.name) if programme else []
        days = get_day_names("wide", locale=page.language)
        return page.render(
            "checkin_form.html",
            422 if found and not looked else 200,
            programme=programme,
            title=programme.title(page.words.say) if programme else "",
            form=form,
            fields=form.fields,
            errors=found,
            editable=page.may("manager") and (programme is None or programme.stored),
            seen=made.version if made else "",
            groups=await self._groups(),
            days={name: days[number] for number, name in enumerate(WEEKDAYS)},
            versions=_changes(versions),
            **await self._told(review),
        )

    async def _told(self, review: Review) -> dict[str, Any]:
        first = review.found.first[:SHOWN] if review.found else ()
        people = await self._directory.people(one.member for one in first)
        return {
            "review": review,
            "first": first,
            "people": people,
            "label": words.label,
            "field_of": field_of,
            "words": words,
        }

    async def _review(
        self,
        page: Page,
        programme: Programme | None,
        form: CheckInForm,
        data: Mapping[str, Any],
        *,
        quick: bool = False,
    ) -> Review:
        book = self._room.book
        try:
            settings = book.read(form.name or "draft", data, new=programme is None)
        except Problems as problems:
            return Review(problems.problems)
        draft = Made(settings).programme(form.name, book.zone)
        notes = await overlaps(draft, self._room.programmes, self._routed, page.words.say)
        digest = sha256(json.dumps(kept(settings), sort_keys=True).encode()).hexdigest()[:16]
        records = len(await self._room.records.ever(form.name)) if form.name else 0
        if programme is None or not records or programme.settings == settings:
            return Review(notes=notes, records=0 if programme else records, digest=digest)
        if quick and records > FEW:
            return Review(notes=notes, records=records, skipped=True)
        after = changed(programme, settings, book.zone)
        try:
            found = await what_if(self._room, self._members, programme, after, page.formats.now)
        except ValueError:
            return Review(notes=notes, records=records, digest=digest, apart=True)
        return Review(notes=notes, records=records, digest=digest, found=found)

    async def _routed(self, word: str) -> Sequence[str]:
        return [*dict.fromkeys(one.route for one in (await self._routes.explain(word)).reasons)]

    async def _data(self, form: CheckInForm) -> dict[str, Any]:
        groups = await self._groups()
        names = [*groups.values()]
        return form.data({name: ref for ref, name in groups.items() if names.count(name) == 1})

    async def _groups(self) -> dict[str, str]:
        """The groups there are, and what each is called."""
        return {
            f"{one.conversation.gateway}/{one.conversation.group}": one.name
            for one in await self._members.groups()
            if not one.gone
        }


def _changes(
    versions: Sequence[Version],
) -> list[tuple[Version, list[tuple[str, Any, Any]]]]:
    """Versions, the newest first, with what each changed."""
    befores: list[dict[str, Any]] = [*(one.settings for one in versions[1:]), {}]
    return [
        (one, [(key, *both) for key, both in differing(before, one.settings).items()])
        for one, before in zip(versions, befores, strict=False)
    ]
