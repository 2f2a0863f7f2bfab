"""Welcomes: scripts and what they came to today, what somebody would get, and the editor."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from aiohttp import web
from babel.dates import get_day_names

from bot.console.figure_words import percent
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.welcome_form import NAMES, WelcomeForm, by_field, field_of
from bot.console.pages.welcome_trial import Gateways, Trials
from bot.console.welcome_words import where
from bot.i18n.mark import msgid
from bot.located import Problem, Problems
from bot.settings.welcome import Script
from bot.sop.sops import Sops
from bot.store.store import Store
from bot.welcome.choosing import KINDS as KIND_WORDS
from bot.welcome.layers import WEEK
from bot.welcome.ledger import GREETED, WAITING, WITHDRAWN
from bot.welcome.lint import Known, lint
from bot.welcome.scripts import SETTINGS
from bot.welcome.welcomes import Welcomes

NEW = "new"
"""No script's id: its page would be the form's."""
ADDS = ("add:", "layer", "variant:")
"""What the buttons do that add something to write."""
LARGEST = 400_000
HEARD = re.compile(r"[\d.]+[A-Z]")
"""What the ledger calls a variant that somebody got."""
NOT_REASONS = frozenset({GREETED, WAITING, WITHDRAWN})
TAKEN = msgid("Another script has this short name.")
Codes = Callable[[], Awaitable[Sequence[str]]]
"""The channels of live codes."""


class WelcomePages:
    """``/welcomes``."""

    def __init__(
        self,
        frame: Frame,
        room: Welcomes,
        trials: Trials,
        store: Store,
        sops: Sops,
        gateways: Gateways,
        codes: Codes,
        written: Callable[[str, str], str] = lambda _, value: value,
    ) -> None:
        """``written`` reads a value of an attribute, as bot/members/attributes.py does."""
        self._frame = frame
        self._written = written
        self._room = room
        self._trials = trials
        self._store = store
        self._sops = sops
        self._gateways = gateways
        self._codes = codes

    def routes(self) -> list[web.RouteDef]:
        """The list with its trial, the editor, and what it asks while one writes."""
        frame, one = self._frame, "/welcomes/{id}"
        return [
            frame.get("/welcomes", self.index),
            frame.post("/welcomes/check", self.check, largest=LARGEST),
            frame.get(one, self.form),
            frame.post(one, self.edit, largest=LARGEST),
            frame.post(f"{one}/remove", self.remove),
        ]

    # the list

    async def index(self, page: Page) -> web.StreamResponse:
        """Every script, where it applies and what it came to today; and a trial."""
        listed, known = await self._room.scripts.all(), await self._known()
        counts = await self._room.ledger.today()
        rows = []
        for one in sorted(listed, key=lambda one: one.order):
            told = lint(one.script, listed, known) if not _of_settings(one.script) else []
            rows.append((one, _counts(counts.get(one.script.id, {})), told))
        trial = await self._trials.of(page, page.request.query) if page.arg("try") else None
        return page.render(
            "welcomes.html",
            rows=rows,
            problems=self._room.scripts.problems,
            kinds=KIND_WORDS,
            bound=_bound,
            compared=[
                (one.script, results)
                for one in listed
                if (results := await self._room.variants.results(one.script))
            ],
            percent=percent,
            trial=trial,
            said=page.request.query,
            known=known,
            now=self._trials.now(),
        )

    # the editor

    async def form(self, page: Page) -> web.StreamResponse:
        """The form as a script stands."""
        ident = page.request.match_info["id"]
        if ident == NEW:
            if not page.may("manager"):
                return page.redirect("/welcomes")
            return await self._show(page, await self._begun(page), NEW)
        return await self._show(page, WelcomeForm.of(await self._kept(ident)), ident)

    async def edit(self, page: Page) -> web.StreamResponse:
        """Save it, or do to the draft what a button says and show it again."""
        ident, form, do = page.request.match_info["id"], self._posted(page), page.field("do")
        if ident != NEW:
            await self._kept(ident)
        if do != "save":
            # what is added is empty yet: what would be said is what was written before
            review = await self._review(page, form) if do.startswith(ADDS) else None
            looked = do == "look"
            return await self._show(page, form.changed(do), ident, review=review, looked=looked)
        if ident == NEW and await self._room.scripts.get(form.fields["id"]):
            return await self._show(page, form, ident, {"id": TAKEN})
        try:
            data = form.data(await self._names())
            script = await self._room.scripts.save(data, page.operator.name)
        except Problems as problems:
            return await self._show(page, form, ident, by_field(problems.problems))
        return page.redirect(f"/welcomes/{script.id}", msgid("The script is saved and in use."))

    async def check(self, page: Page) -> web.StreamResponse:
        """What is wrong with a draft and how it looks, as a part of the page."""
        form = self._posted(page)
        review = await self._review(page, form)
        if not page.field("tried"):
            review |= _of_what_is_written(page, review)
        return web.Response(
            text=page.part("welcome_check.html", **review), content_type="text/html"
        )

    async def remove(self, page: Page) -> web.StreamResponse:
        """Take a script away."""
        ident = page.request.match_info["id"]
        await self._room.scripts.remove(ident, page.operator.name)
        return page.redirect("/welcomes", msgid("The script is taken away."))

    # inside

    async def _begun(self, page: Page) -> WelcomeForm:
        """An empty form, or a copy of the script the address names."""
        listed = await self._room.scripts.all()
        taken = {one.script.id: one.script for one in listed}
        like = taken.get(page.arg("from"))
        return WelcomeForm.copied(like, taken) if like else WelcomeForm.new()

    def _posted(self, page: Page) -> WelcomeForm:
        form, ident = WelcomeForm.posted(page.form), page.request.match_info.get("id", NEW)
        if ident != NEW:
            form.fields["id"] = ident
        return form

    async def _kept(self, ident: str) -> Script:
        found = await self._room.scripts.get(ident)
        if found is None or not found.stored:
            raise web.HTTPNotFound
        return found.script

    async def _show(
        self,
        page: Page,
        form: WelcomeForm,
        ident: str,
        errors: Mapping[str, str] | None = None,
        *,
        review: dict[str, Any] | None = None,
        looked: bool = False,
    ) -> web.Response:
        review = review or await self._review(page, form)
        tried = looked or errors is not None
        if not tried:
            review |= _of_what_is_written(page, review)
        if errors is None:
            errors = by_field(review["problems"]) if looked else {}
        days = get_day_names("abbreviated", locale=page.language)
        return page.render(
            "welcome_form.html",
            422 if errors and not looked else 200,
            form=form,
            fields=form.fields,
            errors=errors,
            ident=ident,
            is_new=ident == NEW,
            tried=tried,
            known=await self._known(),
            kinds=KIND_WORDS,
            days=[(name, days[number]) for number, name in enumerate(WEEK)],
            try_fields=page.form,
            now=self._trials.now(),
            **review,
        )

    async def _review(self, page: Page, form: WelcomeForm) -> dict[str, Any]:
        """What is wrong with a draft, what is to be said of it, and what somebody would get."""
        listed, known = await self._room.scripts.all(), await self._known()
        data = form.data(await self._names())
        review: dict[str, Any] = {"problems": (), "notes": (), "trial": None, "begun": False}
        review |= {"field_of": field_of, "where": where}
        try:
            script = self._room.scripts.read({**data, "id": data["id"] or "draft"})
        except Problems as problems:
            return review | {"problems": problems.problems}
        notes: Sequence[Problem] = lint(script, listed, known)
        return review | {"notes": notes, "trial": await self._trials.of(page, page.form, script)}

    async def _known(self) -> Known:
        keys, store = self._store.keys, self._store
        channels = await store.texts("SMEMBERS", keys.attribute_values("channel"))
        owners = await store.texts("SMEMBERS", keys.attribute_values("owner"))
        return Known(
            codes=sorted({*channels, *await self._codes()}),
            staff=sorted(owners),
            groups=await self._trials.groups(),
            gateways=self._gateways(),
            sops=[sop.id for sop in await self._sops.all() if sop.state in ("running", "paused")],
            written=self._written,
        )

    async def _names(self) -> dict[str, str]:
        """Groups by name, where only one has it."""
        groups = await self._trials.groups()
        names = [*groups.values()]
        return {name: ref for ref, name in groups.items() if names.count(name) == 1}


def _of_what_is_written(page: Page, review: Mapping[str, Any]) -> dict[str, Any]:
    """The problems of fields that say something: what is still to come is no mistake."""
    said = [one for one in review["problems"] if page.field(field_of(one.key))]
    return {"problems": said, "begun": not said and bool(review["problems"])}


def _of_settings(script: Script) -> bool:
    return script.id.startswith(SETTINGS)


def _bound(script: Script) -> list[tuple[str, str]]:
    """What a script is for: field and names."""
    found = [(name, ", ".join(getattr(script.when, name))) for name in NAMES]
    return [(name, said) for name, said in found if said]


def _counts(counted: Mapping[str, int]) -> tuple[int, list[tuple[str, int]]]:
    """How many were greeted, and those who were not by reason, the most common first."""
    reasons = [
        (what, count)
        for what, count in counted.items()
        if what not in NOT_REASONS and not HEARD.fullmatch(what)
    ]
    return counted.get(GREETED, 0), sorted(reasons, key=lambda pair: -pair[1])
