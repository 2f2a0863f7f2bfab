"""The editor: a template as a form, checked and previewed while it is written, or as its source."""

from __future__ import annotations

from typing import get_args

from aiohttp import web
from babel.dates import get_day_names

from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.pages.sop_editor_plan import WHOM, EditorPlan, EditorPlans
from bot.console.pages.sop_form import ANCHORS, Form
from bot.console.pages.sop_form_fix import mended
from bot.console.pages.sop_review import Reviews
from bot.console.pages.sop_step_form import CYCLES, UNITS
from bot.console.pages.sop_timeline import ACTIONS, WAITS, way_words
from bot.console.sop_draft import LONGEST
from bot.console.sop_words import ANCHORS as ANCHOR_WORDS
from bot.i18n.mark import msgid
from bot.located import Problem, Problems
from bot.sop.check import fix_of
from bot.sop.templates.manuscript import head_of, toml
from bot.sop.templates.shelf import LARGEST, Changed, Shelf, Shelved
from bot.sop.templates.template import ParameterType
from bot.sop.times.cycle import WEEKDAYS
from bot.sop.times.holidays import HolidayName

NEW = "new"
LARGEST_DRAFT = 1_000_000
"""Bytes of a draft's form: in an address's spelling a Chinese character takes nine."""
ANCHOR_NAMES = {
    **ANCHOR_WORDS,
    "tag": msgid("Counts from getting a tag"),
    "attribute": msgid("Counts from a date each member has"),
    "date": msgid("Counts from one date, given at the start"),
}
TYPES = {
    "text": msgid("text"),
    "url": msgid("a link"),
    "number": msgid("a number"),
    "date": msgid("a date"),
    "time": msgid("a time of day"),
    "cron": msgid("a cron expression"),
}
"""What a parameter can be."""
CYCLE_NAMES = {
    "weekly": msgid("every week"),
    "monthly": msgid("every month"),
    "on": msgid("once, on a date"),
    "holiday": msgid("a Chinese public holiday"),
    "lunar": msgid("a lunar date every year"),
    "every": msgid("by a cron expression"),
}
"""How a step comes by the calendar."""
UNIT_NAMES = {"m": msgid("minutes"), "h": msgid("hours"), "d": msgid("days")}
OTHERS = msgid(
    "Somebody else saved this template meanwhile. Your changes are below, not saved yet; "
    "save again to put them in place of theirs."
)
SPENT = msgid("This change fits no more: the draft is as it was.")


class SopEditor:
    """Changes templates; the shelf keeps them."""

    def __init__(
        self, frame: Frame, shelf: Shelf, reviews: Reviews, plans: EditorPlans, language: str
    ) -> None:
        """``language``: the workspace's, in whose field stands what is in one language only."""
        self._frame = frame
        self._shelf = shelf
        self._reviews = reviews
        self._plans = plans
        self._language = language

    def routes(self) -> list[web.RouteDef]:
        """``/sops/templates/{name}/edit``, its source, and the checks of a draft."""
        get, post, one = self._frame.get, self._frame.post, "/sops/templates/{name}"
        return [
            post("/sops/templates/check", self.check, "author", largest=LARGEST_DRAFT),
            post("/sops/templates/plan", self.plan, "author", largest=LARGEST_DRAFT),
            get(f"{one}/edit", self.form, "author"),
            post(f"{one}/edit", self.edit, "author", largest=LARGEST_DRAFT),
            get(f"{one}/source", self.source, "author"),
            post(f"{one}/source", self.write, "author", largest=LARGEST_DRAFT),
        ]

    # the form

    async def form(self, page: Page) -> web.StreamResponse:
        """The form as the template stands."""
        if page.request.match_info["name"] == NEW:
            return await self._show(page, NEW, Form.new(), 0, opened=0)
        kept = await self._find(page)
        try:
            template = self._shelf.check(kept.name, kept.text)
        except Problems:
            return page.redirect(f"/sops/templates/{kept.name}/source")
        return await self._show(page, kept.name, Form.of(template, self._language), kept.version)

    async def edit(self, page: Page) -> web.StreamResponse:
        """Save it, or do to the draft what a button says and show it again."""
        name, do = page.request.match_info["name"], page.field("do")
        form, base = Form.posted(page.form), _number(page.field("base"))
        if do == "save":
            return await self._save(page, name, form, base)
        if page.field("fix"):
            return await self._mend(page, name, form, base)
        if do in ("look", "links"):
            plan = await self._plans.of(page, form, self._seen_as(page)[1], do)
            return await self._show(page, name, form, base, dirty=True, plan=plan)
        changed = form.changed(do)
        return await self._show(page, name, changed, base, opened=changed.touched(do), dirty=True)

    async def check(self, page: Page) -> web.StreamResponse:
        """What is wrong with a draft and how it looks, as a part of the page."""
        form = Form.posted(page.form)
        gateway, language = self._seen_as(page)
        review = await self._reviews.review(form, page.words, gateway, language)
        part = page.part("sop_editor_check.html", review=review)
        return web.Response(text=part, content_type="text/html")

    async def plan(self, page: Page) -> web.StreamResponse:
        """What would go wrong with a draft once it is started, as a part of the page."""
        form, language = Form.posted(page.form), self._seen_as(page)[1]
        plan = await self._plans.of(page, form, language, page.field("do"))
        part = page.part("sop_editor_plan.html", plan=plan)
        return web.Response(text=part, content_type="text/html")

    async def _mend(self, page: Page, name: str, form: Form, base: int) -> web.StreamResponse:
        """Do to the draft what a finding offers and show it again, not saved."""
        changed, said, at = form, "", -1
        try:
            fix = fix_of(page.field("fix", 2000))
            template = self._shelf.check("template", toml(form.data))
        except (Problems, ValueError):
            pass
        else:
            changed, said = mended(form, template, fix, self._language), fix.title
            names, ident = [step.id for step in template.step], getattr(fix, "step", "")
            at = names.index(ident) if ident in names else -1
        if changed == form:
            return await self._show(page, name, form, base, dirty=True, wrong=SPENT)
        plan = await self._plans.of(page, changed, self._seen_as(page)[1], "look")
        return await self._show(
            page, name, changed, base, opened=at, dirty=True, plan=plan, done=said
        )

    async def _save(self, page: Page, name: str, form: Form, base: int) -> web.StreamResponse:
        called = page.field("called", 60) if name == NEW else name
        review = await self._reviews.review(form, page.words, *self._seen_as(page))
        if review.complaints:
            return await self._show(page, name, form, base, called=called, dirty=True, told=True)
        wrong, who = "", page.operator.name
        try:
            if name == NEW:
                await self._shelf.add(called, review.text, who)
            else:
                head = head_of((await self._find(page)).text)
                await self._shelf.save(name, head + review.text, who, base)
        except Changed:
            wrong, base = OTHERS, (await self._find(page)).version
        except Problems as problems:
            wrong = problems.problems[0].said
        if wrong:
            return await self._show(page, name, form, base, called=called, dirty=True, wrong=wrong)
        return page.redirect(f"/sops/templates/{called}", msgid("The template is saved."))

    # the source

    async def source(self, page: Page) -> web.StreamResponse:
        """The text as it stands."""
        kept = await self._find(page)
        return self._show_source(page, kept.name, kept.text, kept.version, self._wrong(kept))

    async def write(self, page: Page) -> web.StreamResponse:
        """Save the text, or say what is wrong in which line."""
        name, base = page.request.match_info["name"], _number(page.field("base"))
        text = page.form.get("text", "").replace("\r\n", "\n")[: LARGEST + 1]
        try:
            await self._shelf.save(name, text, page.operator.name, base)
        except Problems as problems:
            return self._show_source(page, name, text, base, problems.problems)
        except Changed:
            base = (await self._find(page)).version
            return self._show_source(page, name, text, base, (), OTHERS)
        return page.redirect(f"/sops/templates/{name}", msgid("The template is saved."))

    # inside

    async def _find(self, page: Page) -> Shelved:
        try:
            return await self._shelf.find(page.request.match_info["name"])
        except Problems:
            raise web.HTTPNotFound from None

    def _wrong(self, kept: Shelved) -> tuple[Problem, ...]:
        try:
            self._shelf.check(kept.name, kept.text)
        except Problems as problems:
            return problems.problems
        return ()

    def _seen_as(self, page: Page) -> tuple[str, str]:
        """The gateway and language of the preview."""
        choices = self._reviews.choices(page.words)
        gateway, language = page.field("see"), page.field("see.language")
        gateway = gateway if gateway in choices else next(iter(choices))
        return gateway, language if language in ("zh", "en") else page.language

    def _show_source(
        self,
        page: Page,
        name: str,
        text: str,
        base: int,
        problems: tuple[Problem, ...],
        wrong: str = "",
    ) -> web.Response:
        posted = page.request.method == "POST"
        return page.render(
            "sop_editor_source.html",
            422 if posted else 200,
            name=name,
            text=text,
            base=base,
            problems=problems,
            wrong=wrong,
            lines={problem.place.line for problem in problems},
        )

    async def _show(
        self,
        page: Page,
        name: str,
        form: Form,
        base: int,
        *,
        opened: int = -1,
        called: str = "",
        dirty: bool = False,
        told: bool = False,
        wrong: str = "",
        plan: EditorPlan | None = None,
        done: str = "",
    ) -> web.Response:
        gateway, language = self._seen_as(page)
        review = await self._reviews.review(form, page.words, gateway, language)
        bad = {complaint.step for complaint in review.complaints} if dirty else set()
        return page.render(
            "sop_editor.html",
            422 if told or wrong else 200,
            name=name,
            called=called or page.field("called", 60),
            form=form,
            base=base,
            review=review,
            errors=review.errors if dirty else {},
            opened={opened, *(bad if told else ())},
            bad=bad,
            whens={one.number: one.when for one in review.seen},
            to=review.to,
            ways=lambda way: way_words(page.words, way),
            dirty=dirty,
            trouble=wrong,
            plan=plan,
            done=done,
            whom=WHOM,
            assumed=(page.field("for"), page.field("for.expression", LONGEST)),
            title=_title(form, page.language),
            choices=self._reviews.choices(page.words),
            gateway=gateway,
            language=language,
            order=("zh", "en") if page.language == "zh" else ("en", "zh"),
            actions=ACTIONS,
            anchors={kind: ANCHOR_NAMES[kind] for kind in ANCHORS},
            types={kind: TYPES[kind] for kind in get_args(ParameterType)},
            cycles={kind: CYCLE_NAMES[kind] for kind in CYCLES},
            units={unit: UNIT_NAMES[unit] for unit in UNITS},
            waits=WAITS,
            holidays=get_args(HolidayName),
            weekdays=_weekdays(page.language),
        )


def _title(form: Form, language: str) -> str:
    found = [form.head.get(f"title.{one}", "").strip() for one in (language, "zh", "en")]
    return next((one for one in found if one), "")


def _weekdays(language: str) -> dict[str, str]:
    names = get_day_names("abbreviated", locale=language)
    return {day: names[number] for number, day in enumerate(WEEKDAYS)}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
