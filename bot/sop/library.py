"""The library: template files read and checked, every problem with its place."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.located import KeyPath, Located, Place, Problem, Problems, load, nearest, parse, validate
from bot.routing.template import TemplateFailed, Templates
from bot.sop.condition import expression, sample_functions
from bot.sop.parameters import wrong_value
from bot.sop.schedule import Cron, NotACron
from bot.sop.template import (
    DateAnchor,
    Localized,
    ParameterType,
    Reference,
    Step,
    Template,
    Words,
    spoken,
)

_NAME = re.compile(r"[a-z0-9_-]+")
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_MULTILINE = re.compile(r"(\"\"\"|''')[ \t]*$")
_LIMITS = ("too much", "longer than", "range gives", "too large")
_MEMBER = ("member.name", "member.account")
_GROUP = ("group.name", "group.id")
_DAY = 86_400.0
_REFERS: dict[str, ParameterType] = {"at": "time", "every": "cron"}
_KEYS = {
    "joined": {"after", "at"},
    "calendar": {"every", "on", "at"},
    "dated": {"after", "before", "at"},
}

Fault = tuple[KeyPath, str, str]
"""Where, what is wrong, and a hint."""


class Library:
    """The template files of one folder; a file's name without ``.toml`` names its template."""

    def __init__(
        self,
        folder: Path,
        templates: Templates,
        functions: Collection[str],
        conditions: Collection[str],
        variables: Collection[str] = (),
    ) -> None:
        """``functions``: what texts can call (the writer's names); ``conditions``: what ``if``
        and ``unless`` can; ``variables``: further names every text may use."""
        self._folder = folder
        self._templates = templates
        self._functions = functions
        self._conditions = {*conditions, "has_tag"}
        self._variables = {"gateway", *variables}

    def names(self) -> list[str]:
        """Every template there is."""
        return sorted(path.stem for path in self._folder.glob("*.toml"))

    def get(self, name: str) -> Template:
        """One template; raises Problems when there is none of that name or it is wrong."""
        names = self.names()
        if name not in names:
            hint = nearest(name, names)
            raise Problems([Problem(Place(str(self._folder)), "", f'no template "{name}"', hint)])
        return self.read(self._folder / f"{name}.toml")

    def check(self) -> list[Problem]:
        """Everything wrong with all templates."""
        found: list[Problem] = []
        for name in self.names():
            try:
                self.get(name)
            except Problems as problems:
                found += problems.problems
        return found

    def read(self, path: Path) -> Template:
        """Read one file. Raises Problems."""
        load(path)  # says what is wrong with the file itself
        if not _NAME.fullmatch(path.stem):
            message = "expected a file name of lower-case letters, digits, - and _"
            raise Problems([Problem(Place(str(path)), "", message)])
        return self.parse(path.read_text(encoding="utf-8-sig"), str(path))

    def parse(self, text: str, file: str) -> Template:
        """Read and check a template's text. Raises Problems."""
        located = parse(text, file)
        template = validate(Template, located)
        problems = [located.problem(*fault) for fault in _faults(template)]
        problems += self._texts(template, located, text.splitlines())
        if problems:
            raise Problems(problems)
        return template

    def known(self, template: Template) -> frozenset[str]:
        """The names a template's texts can use."""
        member = _MEMBER if template.to == "member" else ()
        given = (*self._variables, *template.parameters, *self._functions)
        return frozenset({*given, *member, *_GROUP})

    def _texts(self, template: Template, located: Located, lines: list[str]) -> Iterator[Problem]:
        known = self.known(template)
        for index, step in enumerate(template.step):
            for path, source in _sources(("step", index, "text"), step.text):
                yield from self._text(located, lines, path, source, known)
            for key, condition in (("if", step.condition), ("unless", step.unless)):
                if condition is not None:
                    names = {*known, *self._conditions} - {*self._functions}
                    yield from self._condition(located, ("step", index, key), condition, names)

    def _text(
        self,
        located: Located,
        lines: list[str],
        path: KeyPath,
        source: str,
        known: Collection[str],
    ) -> Iterator[Problem]:
        place = located.place(path)
        first = place.line + bool(
            0 < place.line <= len(lines) and _MULTILINE.search(lines[place.line - 1])
        )
        key = located.problem(path, "").key
        for found in self._templates.check(source, known):
            line = first + max(0, found.line - 1)
            yield Problem(Place(place.file, line), key, found.message, found.hint)
        if message := self._endless(source, known):
            yield Problem(Place(place.file, place.line), key, message)

    def _endless(self, source: str, known: Collection[str]) -> str:
        """What a trial with made-up values says of too long a loop; '' when it ends well."""
        variables = _samples(known) | sample_functions(self._functions)
        try:
            self._templates.render(source, variables)
        except TemplateFailed as error:
            return error.message if any(limit in error.message for limit in _LIMITS) else ""
        return ""

    def _condition(
        self, located: Located, path: KeyPath, condition: str, known: Collection[str]
    ) -> Iterator[Problem]:
        source = expression(condition)
        if source is None:
            yield located.problem(path, 'expected a condition such as has_tag("vip")')
            return
        for found in self._templates.check(source, known):
            yield located.problem(path, found.message, found.hint)


def _sources(path: KeyPath, words: Words) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(words, Localized):
        yield (*path, "zh"), spoken(words, "zh")
        yield (*path, "en"), spoken(words, "en")
    else:
        yield path, words


def _samples(known: Collection[str]) -> dict[str, object]:
    found: dict[str, object] = {name: "1" for name in known if "." not in name}
    found["member"] = {"name": "小明", "account": "1"}
    found["group"] = {"name": "tea", "id": "1"}
    return found


def _faults(template: Template) -> Iterator[Fault]:
    """What is right alone and wrong together."""
    yield from _anchor_faults(template)
    yield from _parameter_faults(template)
    seen: set[str] = set()
    for index, step in enumerate(template.step):
        if step.id in seen:
            yield ("step", index, "id"), f'another step is called "{step.id}" too', ""
        seen.add(step.id)
        for key, message, hint in _step_faults(template, step):
            yield ("step", index, key), message, hint


def _anchor_faults(template: Template) -> Iterator[Fault]:
    anchor = template.anchor
    if isinstance(anchor, DateAnchor):
        yield from _refer(template, ("anchor", "date"), anchor.date, "date")
    elif template.to == "group" and anchor != "calendar":
        yield ("to",), 'expected "member": this anchor is a member\'s', ""


def _parameter_faults(template: Template) -> Iterator[Fault]:
    taken = ("member", "group", "gateway", "workspace", "timezone")
    for name, parameter in template.parameters.items():
        path: KeyPath = ("parameters", name)
        if not _IDENTIFIER.fullmatch(name) or name in taken:
            yield path, "expected a name of letters, digits and _ that is not taken", ""
        if parameter.default is not None and (
            message := wrong_value(parameter.type, parameter.default, defaults=True)
        ):
            yield (*path, "default"), message, ""


def _refer(template: Template, path: KeyPath, name: str, kind: ParameterType) -> Iterator[Fault]:
    found = template.parameters.get(name)
    if found is None:
        yield path, f'there is no parameter "{name}"', nearest(name, template.parameters)
    elif found.type != kind:
        yield path, f'expected a parameter of type "{kind}", "{name}" is of type "{found.type}"', ""


def _step_faults(template: Template, step: Step) -> Iterator[tuple[str, str, str]]:
    kind = template.anchor if isinstance(template.anchor, str) else "dated"
    given = {
        key for key in ("after", "before", "at", "every", "on") if getattr(step, key) is not None
    }
    for key in sorted(given - _KEYS[kind]):
        yield key, "this anchor does not take it", nearest(key, _KEYS[kind])
    if isinstance(step.every, str):
        try:
            Cron(step.every, ZoneInfo(template.timezone or "UTC"))
        except NotACron as error:
            yield "every", str(error), 'such as "0 20 * * 3"'
    for key in sorted(given & {*_REFERS}):
        value = getattr(step, key)
        if isinstance(value, Reference):
            for _, message, hint in _refer(template, (), value.parameter, _REFERS[key]):
                yield key, message, hint
    yield from _missing(kind, given)
    for key in ("after", "before"):
        if "at" in given and (getattr(step, key) or 0.0) % _DAY:
            yield key, 'expected whole days beside "at"', 'such as "3d"'


def _missing(kind: str, given: set[str]) -> Iterator[tuple[str, str, str]]:
    if kind == "joined" and "after" not in given:
        yield "after", "missing; expected a duration such as 3d", ""
    if kind == "calendar":
        if len(given & {"every", "on"}) != 1:
            yield "every", 'expected either "every" or "on"', ""
        if ("at" in given) != ("on" in given):
            yield "at", 'expected a time of day beside "on", and only there', ""
    if kind == "dated":
        if "at" not in given:
            yield "at", "missing; expected a time of day", ""
        if {"after", "before"} <= given:
            yield "before", 'expected either "after" or "before"', ""
