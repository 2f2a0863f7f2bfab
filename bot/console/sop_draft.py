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
from bot.sop.record import Version
from bot.sop.sops import Sops
from bot.sop.templates.template import Template

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

    @property
    def written_in(self) -> str | None:
        """The language that was chosen for the texts."""
        return self.language if self.language in ("zh", "en") else None

    async def version(self, page: Page, room: Sops, template: Template) -> Version:
        """What would be started now; raises Problems, or ValueError as ``audience`` does."""
        who, by, now = self.audience(), page.operator.name, page.formats.now
        return await room.drafts.version(1, template, who, self.values, by, self.written_in, now)

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
        found.setdefault(name, problem.keyed if place == "audience" else problem.said)
    return found
