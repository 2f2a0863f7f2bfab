"""Editing a SOP that runs: its words, times, steps and audience, shown before it is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from aiohttp import web

from bot.audience.audience import Audience
from bot.audience.segments import Segments
from bot.clock import millis
from bot.console.frame import Frame, Turned
from bot.console.page import Page
from bot.console.sop_draft import LONGEST, by_field, expressed, parameters, saved
from bot.console.sop_readings import Readings
from bot.console.sop_words import setting_word, when_words
from bot.i18n.mark import msgid
from bot.located import Problems
from bot.model.phrase import Phrase
from bot.routing.template import TemplateFailed
from bot.sop.changes.amendment import amended, fields
from bot.sop.changes.difference import Difference, Differences
from bot.sop.changes.proposals import Proposals
from bot.sop.faults import Locked, NoSuchSop, WrongState
from bot.sop.record import Sop, Version
from bot.sop.sops import Sops as Room
from bot.sop.templates.anchor import CALENDAR
from bot.sop.templates.template import Template
from bot.sop.templates.words import spoken
from bot.store.members import Members

NEW = ("id", "after", "at", "every", "on", "text")
"""The fields of a step that is added here."""


@dataclass(frozen=True, slots=True)
class Revision:
    """What was written into the form; ``steps`` are fields by step id."""

    base: int
    values: Mapping[str, str]
    expression: str
    steps: Mapping[str, Mapping[str, str]]
    removed: frozenset[str] = frozenset()
    added: Mapping[str, str] = field(default_factory=dict)
    library: bool = False
    stay: bool = False
    catch_up: tuple[str, ...] = ()
    note: str = ""

    @classmethod
    def now(cls, version: Version) -> Revision:
        """As it is."""
        values = {name: str(value) for name, value in version.parameters.items()}
        steps = _shown(version)
        return cls(version.number, values, str(version.audience), steps)

    @classmethod
    def of(cls, page: Page, version: Version) -> Revision:
        """From the fields of a POST."""
        steps = {
            step: {key: _text(page, f"s-{step}.{key}", old) for key, old in kept.items()}
            for step, kept in _shown(version).items()
        }
        number = page.field("base")
        return cls(
            base=int(number) if number.isdecimal() else 0,
            values=parameters(page, version.template),
            expression=page.field("expression", LONGEST),
            steps=steps,
            removed=frozenset(step for step in steps if page.field(f"remove-{step}")),
            added={key: _text(page, f"s-new.{key}", "") for key in NEW},
            library=bool(page.field("library")),
            stay=page.field("flight") == "stay",
            catch_up=tuple(page.form.getall("catch", [])),
            note=page.field("note", 500),
        )


class SopEdit:
    """``/sops/{id}/edit``: the form, what it would change, and the change."""

    def __init__(
        self,
        frame: Frame,
        room: Room,
        differences: Differences,
        proposals: Proposals,
        segments: Segments,
        members: Members,
    ) -> None:
        self._frame = frame
        self._room = room
        self._differences = differences
        self._proposals = proposals
        self._segments = segments
        self._readings = Readings(room, members)

    def routes(self) -> list[web.RouteDef]:
        """The form and its target; authors may propose."""
        return [
            self._frame.get("/sops/{id}/edit", self.form, "author"),
            self._frame.post("/sops/{id}/edit", self.edit, "author"),
        ]

    async def form(self, page: Page) -> web.StreamResponse:
        """The SOP as it is, to be changed."""
        sop, version = await self._sop(page)
        return await self._show(page, sop, version, Revision.now(version), {})

    async def edit(self, page: Page) -> web.StreamResponse:
        """Show what would change, or change it."""
        sop, version = await self._sop(page)
        draft, what = Revision.of(page, version), page.field("do")
        if draft.base != version.number:
            wrong = msgid("Somebody else changed it just now: this is how it is.")
            return await self._show(page, sop, version, Revision.now(version), {"": wrong})
        try:
            template = await self._template(sop, version, draft)
            audience = expressed(draft.expression)
            given = {name: draft.values.get(name, "") for name in template.parameters}
            draft = replace(draft, values=given if draft.library else draft.values)
            new = await self._room.revised(
                sop, page.operator.name, template, audience, draft.values
            )
            found = await self._differences.edit(sop, new)
            if found.empty:
                wrong = msgid("Nothing is changed yet.")
                return await self._show(page, sop, version, draft, {"": wrong})
            if what in ("apply", "propose"):
                return await self._make(page, sop, draft, template, audience)
            return await self._show(page, sop, version, draft, {}, new, found)
        except Problems as problems:
            errors = by_field(problems, version.template)
        except Locked as locked:
            due = page.formats.moment(millis(datetime.fromisoformat(locked.due)))
            errors = {
                "": page.words.say(
                    msgid("It is locked: a step is due at {due}. Change it afterwards."), due=due
                )
            }
        except WrongState as error:
            errors = {"": Phrase.of(error)}
        except TemplateFailed as error:
            errors = {"": Phrase.of(error)}
        except ValueError as error:
            errors = {"audience": Phrase.of(error)}
        return await self._show(page, sop, version, draft, errors)

    # inside

    async def _sop(self, page: Page) -> tuple[Sop, Version]:
        try:
            sop = await self._room.get(page.request.match_info["id"])
        except NoSuchSop:
            raise web.HTTPNotFound from None
        if sop.state not in ("running", "paused"):
            raise web.HTTPNotFound
        return sop, await self._room.version(sop)

    async def _template(self, sop: Sop, version: Version, draft: Revision) -> Template:
        """The template as it was written here, or as it is in the library now."""
        if draft.library:
            return await self._room.shelf.get(sop.identity.template)
        return amended(
            version.template,
            self._room.library,
            {step: _whole(step, values, version) for step, values in draft.steps.items()},
            draft.removed,
            draft.added if any(draft.added.values()) else None,
        )

    async def _make(
        self, page: Page, sop: Sop, draft: Revision, template: Template, audience: Audience
    ) -> web.StreamResponse:
        if page.field("do") == "apply" and not page.may("manager"):
            raise Turned(403, msgid("Your role does not let you do this."))
        change: dict[str, Any] = {
            "template": template,
            "audience": audience,
            "parameters": draft.values,
            "stay": draft.stay,
            "catch_up": draft.catch_up,
        }
        if page.field("do") == "propose" or self._proposals.required:
            made = await self._proposals.edit(sop.id, page.operator.name, note=draft.note, **change)
            told = msgid("It is proposed: somebody else has to approve it.")
            return page.redirect(f"/sops/approvals/{made.id}", told)
        await self._room.edit(sop.id, page.operator.name, **change)
        return page.redirect(f"/sops/{sop.id}", msgid("It is changed."))

    async def _show(
        self,
        page: Page,
        sop: Sop,
        version: Version,
        draft: Revision,
        errors: Mapping[str, str],
        new: Version | None = None,
        found: Difference | None = None,
    ) -> web.Response:
        to = version.template.to
        names = {
            audience: await self._readings.say(page, audience, to) for audience in _audiences(found)
        }
        after = new.template if new else version.template
        return page.render(
            "sop_edit.html",
            422 if errors else 200,
            sop=sop,
            version=version,
            model=version.template,
            draft=draft,
            errors=errors,
            found=found,
            reading=await self._readings.of(page, draft.expression, to),
            segments=saved(await self._segments.names()),
            steps=[(step, draft.steps.get(step.id, {})) for step in version.settled.step],
            placed=self._placed(version),
            to=to,
            direct=page.may("manager") and not self._proposals.required,
            in_library=await self._in_library(sop),
            audience=lambda one: names[one],
            setting_word=lambda key: setting_word(page.words, key),
            spoken=lambda words: spoken(words, page.language),
            when=lambda step: when_words(page.words, after, step),
            when_before=lambda step: when_words(page.words, version.template, step),
        )

    def _placed(self, version: Version) -> tuple[str, ...]:
        """The times a new step can have here."""
        if version.template.anchor == CALENDAR:
            return ("every", "on", "at")
        return ("after", "at")

    async def _in_library(self, sop: Sop) -> bool:
        try:
            await self._room.shelf.get(sop.identity.template)
        except Problems:
            return False
        return True


def _shown(version: Version) -> dict[str, dict[str, str]]:
    """The fields of each step, of texts only those in the SOP's language, named without it."""
    other = ".en" if version.language == "zh" else ".zh"
    return {
        step: {
            key.removesuffix(f".{version.language}"): value
            for key, value in kept.items()
            if not key.endswith(other)
        }
        for step, kept in fields(version.template).items()
    }


def _whole(step: str, values: Mapping[str, str], version: Version) -> dict[str, str]:
    """The same by the fields' own names."""
    known = fields(version.template).get(step, {})
    return {
        key if key in known else f"{key}.{version.language}": value for key, value in values.items()
    }


def _text(page: Page, name: str, old: str) -> str:
    """A field with line ends as we keep them; ``old`` where the form did not have it."""
    if name not in page.form:
        return old
    return page.field(name, LONGEST).replace("\r\n", "\n")


def _audiences(found: Difference | None) -> set[Audience]:
    if found is None:
        return set()
    crowd = found.audience
    return {crowd.after, *([crowd.before] if crowd.before else [])}
