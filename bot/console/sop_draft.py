"""Drafts: what was written into the form that starts an SOP, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from bot.audience.audience import Audience
from bot.audience.expression import Or, Term
from bot.console.page import Page
from bot.i18n.mark import msgid
from bot.located import Problems
from bot.model.conversation import Conversation
from bot.sop.template import Template

LONGEST = 8000

Kind = Literal["all-groups", "groups", "tag", "everyone", "expression"]
KINDS: tuple[Kind, ...] = ("all-groups", "groups", "tag", "everyone", "expression")
GROUP_KINDS = frozenset({"all-groups", "groups", "expression"})


@dataclass(frozen=True, slots=True)
class Draft:
    """What was written into the form; ``who`` is whom the preview is for."""

    values: Mapping[str, str] = field(default_factory=dict)
    kind: Kind = "all-groups"
    groups: frozenset[str] = frozenset()
    tag: str = ""
    expression: str = ""
    name: str = ""
    language: str = ""
    who: str = ""
    note: str = ""

    @classmethod
    def of(cls, page: Page, template: Template) -> Draft:
        """From the fields of a POST."""
        chosen = page.field("kind")
        return cls(
            values=parameters(page, template),
            kind=next((kind for kind in KINDS if kind == chosen), "all-groups"),
            groups=frozenset(page.form.getall("group", [])),
            tag=page.field("tag"),
            expression=page.field("expression", LONGEST),
            name=page.field("name"),
            language=page.field("language"),
            who=page.field("who"),
            note=page.field("note", 500),
        )

    def audience(self) -> Audience:
        """Who it is for; raises ValueError with a msgid when nobody was chosen, or Problems."""
        if self.kind == "expression":
            return expressed(self.expression)
        if self.kind == "groups":
            if not self.groups:
                raise ValueError(msgid("Choose at least one group."))
            places = [Conversation.parse(key) for key in sorted(self.groups)]
            chosen = [Term("group", f"{one.gateway}/{one.group}") for one in places]
            return Audience(chosen[0] if len(chosen) == 1 else Or(tuple(chosen)))
        if self.kind == "tag" and not self.tag:
            raise ValueError(msgid("Name a tag."))
        return Audience(Term("tag", self.tag) if self.kind == "tag" else Term(self.kind))


def expressed(text: str) -> Audience:
    """An audience that was written; raises ValueError with a msgid when it is empty, Problems."""
    if not text.strip():
        raise ValueError(msgid("Say who it is for."))
    return Audience.parse(text)


def saved(names: Sequence[str]) -> list[tuple[str, str]]:
    """Saved audiences as (name, how an audience names it)."""
    return [(name, str(Term("segment", name))) for name in names]


def parameters(page: Page, template: Template) -> dict[str, str]:
    """The parameters' fields of a POST."""
    return {name: page.field(f"p-{name}", LONGEST) for name in template.parameters}


def by_field(problems: Problems, template: Template) -> dict[str, str]:
    """The first complaint of each field; what belongs to none is under ''."""
    found: dict[str, str] = {}
    for problem in problems.problems:
        place = problem.place.file
        name = place if place in ("audience", "name") else ""
        if place == "parameters" and problem.key in template.parameters:
            name = f"p-{problem.key}"
        elif place == "steps" and problem.key:
            name = f"s-{problem.key}"
        said = (
            f"{problem.key}: {problem.message}"
            if place == "audience" and problem.key
            else (problem.message)
        )
        found.setdefault(name, said + (f"; {problem.hint}" if problem.hint else ""))
    return found
