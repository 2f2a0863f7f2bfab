"""Welcomes: scripts and what they came to today, what somebody would get, and the editor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from aiohttp import web
from babel.dates import get_day_names

from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.welcome_form import NAMES, WelcomeForm, by_field, field_of
from bot.console.pages.welcome_trial import Gateways, Trials
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
LARGEST = 400_000
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
    ) -> None:
        self._frame = frame
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
            return await self._show(page, WelcomeForm.new(), NEW)
        return await self._show(page, WelcomeForm.of(await self._kept(ident)), ident)

    async def edit(self, page: Page) -> web.StreamResponse:
        """Save it, or do to the draft what a button says and show it again."""
        ident, form, do = page.request.match_info["id"], self._posted(page), page.field("do")
        if ident != NEW:
            await self._kept(ident)
        if do != "save":
            return await self._show(page, form.changed(do), ident, looked=True)
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
        return web.Response(
            text=page.part("welcome_check.html", **review), content_type="text/html"
        )

    async def remove(self, page: Page) -> web.StreamResponse:
        """Take a script away."""
        ident = page.request.match_info["id"]
        await self._room.scripts.remove(ident, page.operator.name)
        return page.redirect("/welcomes", msgid("The script is taken away."))

    # inside

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
        looked: bool = False,
    ) -> web.Response:
        review = await self._review(page, form)
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
        try:
            script = self._room.scripts.read({**data, "id": data["id"] or "draft"})
        except Problems as problems:
            return {"problems": problems.problems, "notes": (), "trial": None, "field_of": field_of}
        notes: Sequence[Problem] = lint(script, listed, known)
        trial = await self._trials.of(page, page.form, script)
        return {"problems": (), "notes": notes, "trial": trial, "field_of": field_of}

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
        )

    async def _names(self) -> dict[str, str]:
        """Groups by name, where only one has it."""
        groups = await self._trials.groups()
        names = [*groups.values()]
        return {name: ref for ref, name in groups.items() if names.count(name) == 1}


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
        if what not in NOT_REASONS and not _is_variant(what)
    ]
    return counted.get(GREETED, 0), sorted(reasons, key=lambda pair: -pair[1])


def _is_variant(what: str) -> bool:
    return what[:-1].isdecimal() and what[-1:].isupper()
