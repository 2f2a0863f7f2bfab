"""The review of a template in the making: what is wrong where, and how its texts will look."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from bot.audience.audience import Audience
from bot.audience.reading import Reading
from bot.console.pages.sop_form import Form, field_of
from bot.console.pages.sop_timeline import ACTIONS, doing_words
from bot.console.sop_words import when_words
from bot.console.words import Words
from bot.gateways.look import Look, look
from bot.gateways.profiles import TITLES, profiles
from bot.i18n.mark import msgid
from bot.located import KeyPath, Place, Problem, Problems, key_text, parse
from bot.model.capabilities import Capabilities
from bot.sop.templates.manuscript import toml
from bot.sop.templates.shelf import Shelf
from bot.sop.templates.specimen import Specimens
from bot.sop.templates.step import Step
from bot.sop.templates.template import Template

_STEP = re.compile(r"s(\d+)\.")
_CONDITIONS = re.compile(r"(?:if|unless|b\d+\.if)")


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing to correct: the form's field it is about, or ''; where, in words; and what."""

    field: str
    where: str
    what: str

    @property
    def step(self) -> int:
        """The number of its step, or -1."""
        found = _STEP.match(self.field)
        return int(found[1]) if found else -1


@dataclass(frozen=True, slots=True)
class Seen:
    """A step in the preview: its looks by variant, or why a text cannot be written."""

    number: int
    icon: str
    kind: str
    when: str
    doing: str
    looks: Sequence[tuple[str, Look | str]] = ()


@dataclass(frozen=True, slots=True)
class Limit:
    """The longest text of the tightest gateway, in UTF-8 bytes; 0 for none."""

    bytes: int = 0
    gateway: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """All that is said of a form."""

    text: str
    complaints: tuple[Complaint, ...] = ()
    readings: Mapping[str, str] = field(default_factory=dict)
    seen: tuple[Seen, ...] = ()
    to: str = "member"
    limit: Limit = Limit()

    @property
    def errors(self) -> dict[str, list[str]]:
        """What is wrong with each field."""
        found: dict[str, list[str]] = {}
        for one in self.complaints:
            found.setdefault(one.field, []).append(one.what)
        return found


Gateways = Callable[[], Mapping[str, Capabilities]]
"""The connected gateways and what they can do."""


class Reviews:
    """Looks at forms; changes nothing."""

    def __init__(self, shelf: Shelf, specimens: Specimens, gateways: Gateways) -> None:
        self._shelf = shelf
        self._specimens = specimens
        self._gateways = gateways

    def choices(self, words: Words) -> dict[str, str]:
        """The gateways a preview can be for: those connected, then the well-known ones."""
        own = {f"own:{name}": name for name in self._gateways()}
        return own | {name: words.say(title) for name, title in TITLES.items()}

    async def review(self, form: Form, words: Words, gateway: str, language: str) -> Review:
        """Everything wrong with the form, its expressions read aloud, its texts as they look."""
        text = toml(form.data)
        template, numbers = _loosely(form)
        seen: list[Seen] = []
        if template is not None:
            can, steps = self._capabilities(gateway), zip(numbers, template.step, strict=True)
            seen = [await self._seen(template, *one, words, can, language) for one in steps]
        return Review(
            text=text,
            complaints=(*_twice(form, words), *self._complaints(form, words, text)),
            readings=dict(_readings(form, words, template.to if template else "member")),
            seen=tuple(seen),
            to=template.to if template else "member",
            limit=self._limit(words),
        )

    def _complaints(self, form: Form, words: Words, text: str) -> list[Complaint]:
        try:
            self._shelf.check("template", text)
        except Problems as problems:
            lines = {key_text(path): place.line for path, place in _places(text).items()}
            return [_complaint(one, form, words, lines) for one in problems.problems]
        return []

    async def _seen(
        self,
        template: Template,
        number: int,
        step: Step,
        words: Words,
        can: Capabilities,
        language: str,
    ) -> Seen:
        kind, icon = ACTIONS[step.action]
        written = await self._specimens.texts(template, step, language)
        looks = [
            (name, one if isinstance(one, str) else look(one, can)) for name, one in written.items()
        ]
        when, doing = _when(words, template, step), doing_words(words, step)
        return Seen(number, icon, words.say(kind), when, doing, looks)

    def _capabilities(self, gateway: str) -> Capabilities:
        own = self._gateways().get(gateway.removeprefix("own:")) if ":" in gateway else None
        return own or profiles().get(gateway) or profiles()["sandbox"]

    def _limit(self, words: Words) -> Limit:
        own = {name: can.text_bytes for name, can in self._gateways().items()}
        known = {words.say(TITLES[name]): can.text_bytes for name, can in profiles().items()}
        for group in (own, known):
            limits = [(limit, name) for name, limit in group.items() if limit]
            if limits:
                return Limit(*min(limits))
        return Limit()


def _loosely(form: Form) -> tuple[Template | None, list[int]]:
    """The template as far as it can be understood, and the numbers of the steps it has."""
    data = form.data
    numbers = [n for n, step in enumerate(data["step"]) if _valid(Step, step)]
    steps = [data["step"][n] for n in numbers]
    rest: dict[str, Any] = {key: data[key] for key in ("to", "parameters") if key in data}
    attempts: tuple[dict[str, Any], ...] = (
        {**data, "title": data["title"] or "-", "step": steps},
        {**rest, "title": "-", "anchor": "joined", "step": steps},
    )
    for attempt in attempts:
        if _valid(Template, attempt):
            return Template.model_validate(attempt), numbers
    return None, []


def _valid(model: type[BaseModel], data: Mapping[str, Any]) -> bool:
    try:
        model.model_validate(data)
    except (ValidationError, Problems):
        return False
    return True


def _places(text: str) -> Mapping[KeyPath, Place]:
    try:
        return parse(text, "").places
    except Problems:
        return {}


def _complaint(problem: Problem, form: Form, words: Words, lines: Mapping[str, int]) -> Complaint:
    name = field_of(problem.key, form)
    found = _STEP.match(name)
    where = ""
    if found:
        number = int(found[1])
        ident = form.steps[number].get("id", "") if number < len(form.steps) else ""
        where = words.say(msgid("Step {n}, {name}"), n=number + 1, name=ident or "?")
    elif not name:
        where = problem.key
    what = words.say(problem.said)
    if problem.key == "title":
        what = words.say(msgid("Give it a title."))
    elif problem.key.endswith(".text") and problem.message.startswith("missing"):
        what = words.say(msgid("Say what it says."))
    line = problem.place.line - lines.get(problem.key, problem.place.line)
    if line > 0 and name.rpartition(".")[2] in ("zh", "en"):
        what = words.say(msgid("line {n}: {what}"), n=line, what=what)
    return Complaint(name, where, what)


def _twice(form: Form, words: Words) -> Iterator[Complaint]:
    names = [one.get("name", "").strip() for one in form.parameters]
    for number, name in enumerate(names):
        if name and name in names[:number]:
            what = words.say(msgid("Another parameter is called this."))
            yield Complaint(f"p{number}.name", name, what)


def _readings(form: Form, words: Words, to: str) -> Iterator[tuple[str, str]]:
    """Every expression that can be read, by its field."""
    fields = {"stop_when": form.head.get("stop_when", "")}
    for number, step in enumerate(form.steps):
        named = {name: text for name, text in step.items() if _CONDITIONS.fullmatch(name)}
        fields |= {f"s{number}.{name}": text for name, text in named.items()}
    reading = Reading(words.say)
    for name, text in fields.items():
        if text.strip():
            try:
                audience = Audience.parse(text)
            except Problems:
                continue
            yield name, reading.of(audience, "group" if to == "group" else "member")


def _when(words: Words, template: Template, step: Step) -> str:
    """When a step comes; '' while its expression or parameter is wrong."""
    try:
        return when_words(words, template, step)
    except (KeyError, ValueError):
        return ""
