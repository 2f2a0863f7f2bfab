"""The library: template files read and checked, every problem with its place."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from bot.i18n.mark import msgid
from bot.located import KeyPath, Located, Place, Problem, Problems, load, nearest, parse, validate
from bot.model.phrase import Phrase
from bot.routing.template import TemplateFailed, Templates
from bot.sop.templates.faults import faults
from bot.sop.templates.longtext import with_long_texts
from bot.sop.templates.step import Step
from bot.sop.templates.template import Template
from bot.sop.templates.words import Localized, Words

_NAME = re.compile(r"[a-z0-9_-]+")
_MULTILINE = re.compile(r"(\"\"\"|''')[ \t]*$")
_LIMITS = ("too much", "longer than", "range gives", "too large")
_MEMBER = ("member.name", "member.account")
_GROUP = ("group.name", "group.id")
_ROUTE = ("route", "target.name", "target.id", "target.link")


class Library:
    """The template files of one folder; a file's name without ``.toml`` names its template."""

    def __init__(
        self,
        folder: Path,
        templates: Templates,
        functions: Collection[str],
        variables: Collection[str] = (),
    ) -> None:
        """``functions``: what texts can call (the writer's names); ``variables``: further names
        every text may use."""
        self._folder = folder
        self._templates = templates
        self._functions = functions
        self._variables = {"gateway", *variables}

    def names(self) -> list[str]:
        """Every template there is."""
        return sorted(path.stem for path in self._folder.glob("*.toml"))

    def get(self, name: str) -> Template:
        """One template; raises Problems when there is none of that name or it is wrong."""
        names = self.names()
        if name not in names:
            hint = nearest(name, names)
            message = Phrase('no template "{name}"', name=name)
            raise Problems([Problem(Place(str(self._folder)), "", message, hint)])
        return self.read(self._folder / f"{name}.toml")

    def text(self, name: str) -> str:
        """What stands in a template's file, right or wrong."""
        path = self._folder / f"{name}.toml"
        return path.read_text(encoding="utf-8-sig", errors="replace")

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
        """Read one file, with the Jinja files beside it that it names. Raises Problems."""
        load(path)  # says what is wrong with the file itself
        if not _NAME.fullmatch(path.stem):
            message = msgid("expected a file name of lower-case letters, digits, - and _")
            raise Problems([Problem(Place(str(path)), "", message)])
        return self.parse(path.read_text(encoding="utf-8-sig"), str(path), path.parent)

    def parse(self, text: str, file: str, folder: Path | None = None) -> Template:
        """Read and check a template's text, which ``file`` names in problems. Raises Problems.

        The Jinja files it names are found from ``folder``, by default the library's.
        """
        located, problems = with_long_texts(parse(text, file), folder or self._folder)
        if problems:
            raise Problems(problems)
        template = validate(Template, located)
        problems = [located.problem(*fault) for fault in faults(template, self._functions)]
        problems += self._texts(template, located, text.splitlines())
        if problems:
            raise Problems(problems)
        return template

    def known(self, template: Template, step: Step) -> frozenset[str]:
        """The names a step's texts can use."""
        if step.action == "moment":  # the same for everybody
            return frozenset({*self._variables, *template.parameters, *self._functions})
        member = _MEMBER if template.to == "member" else ()
        route = _ROUTE if step.route else ()
        given = (*self._variables, *template.parameters, *self._functions)
        return frozenset({*given, *member, *route, *_GROUP})

    def _texts(
        self, template: Template, located: Located, lines: Sequence[str]
    ) -> Iterator[Problem]:
        for index, step in enumerate(template.step):
            known = self.known(template, step)
            for path, source in _sources(("step", index), step):
                yield from self._text(located, lines, path, source, known)

    def _text(
        self,
        located: Located,
        lines: Sequence[str],
        path: KeyPath,
        source: str,
        known: Collection[str],
    ) -> Iterator[Problem]:
        place = located.place(path)
        first = place.line
        if place.file == located.file and 0 < first <= len(lines):
            first += bool(_MULTILINE.search(lines[first - 1]))
        key = located.problem(path, "").key
        for found in self._templates.check(source, known):
            line = first + max(0, found.line - 1)
            yield Problem(Place(place.file, line), key, found.message, found.hint)
        if message := self._endless(source, known):
            yield Problem(Place(place.file, place.line), key, message)

    def _endless(self, source: str, known: Collection[str]) -> str:
        """What a trial with made-up values says of too long a loop; '' when it ends well."""
        try:
            self._templates.render(source, _samples(known, self._functions))
        except TemplateFailed as error:
            return error.message if any(limit in error.message for limit in _LIMITS) else ""
        return ""


def _sources(path: KeyPath, step: Step) -> Iterator[tuple[KeyPath, str]]:
    """Everything a step may say, with its place."""
    found: list[tuple[KeyPath, Words | None]] = [
        ((*path, "text"), step.text),
        ((*path, "task"), step.task),
        *(((*path, "variant", n, "text"), one.text) for n, one in enumerate(step.variant)),
    ]
    for place, words in found:
        if isinstance(words, Localized):
            yield (*place, "zh"), words.zh
            yield (*place, "en"), words.en
        elif words is not None:
            yield place, words


def _samples(known: Collection[str], functions: Collection[str]) -> dict[str, object]:
    """Made-up values for everything a text can use."""

    def nothing(*_: object, **__: object) -> str:
        return ""

    found: dict[str, object] = {name: "1" for name in known if "." not in name}
    found["member"] = {"name": "小明", "account": "1"}
    found["group"] = {"name": "tea", "id": "1"}
    found["target"] = {"name": "tea", "id": "1", "link": ""}
    return found | dict.fromkeys(functions, nothing)
