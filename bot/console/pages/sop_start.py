"""Starting SOPs: the templates there are, and the form that starts one, with a preview."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from aiohttp import web

from bot.audience.audience import Audience
from bot.audience.expression import Or, Term
from bot.console.directory import Directory
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.paging import offset
from bot.console.sop_words import anchor_words, when_words
from bot.i18n.mark import msgid
from bot.located import Problem, Problems
from bot.model.conversation import Conversation
from bot.routing.template import TemplateFailed
from bot.sop.preview import Preview
from bot.sop.sops import Sops as Room
from bot.sop.template import Template
from bot.sop.words import Localized, spoken
from bot.store.members import Group, Member, Members

PAGE = 12
TAGS = 200
LONGEST = 8000

Kind = Literal["all-groups", "groups", "tag", "everyone", "expression"]
KINDS: tuple[Kind, ...] = ("all-groups", "groups", "tag", "everyone", "expression")

GROUP_KINDS = frozenset({"all-groups", "groups", "expression"})


@dataclass(frozen=True, slots=True)
class Card:
    """A template in the gallery; ``problems`` say why it cannot be used."""

    name: str
    template: Template | None = None
    problems: Sequence[Problem] = ()


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

    @classmethod
    def of(cls, page: Page, template: Template) -> Draft:
        """From the fields of a POST."""
        chosen = page.field("kind")
        return cls(
            values={name: page.field(f"p-{name}", LONGEST) for name in template.parameters},
            kind=next((kind for kind in KINDS if kind == chosen), "all-groups"),
            groups=frozenset(page.form.getall("group", [])),
            tag=page.field("tag"),
            expression=page.field("expression", LONGEST),
            name=page.field("name"),
            language=page.field("language"),
            who=page.field("who"),
        )

    def audience(self) -> Audience:
        """Who it is for; raises ValueError with a msgid when nobody was chosen, or Problems."""
        if self.kind == "expression":
            if not self.expression.strip():
                raise ValueError(msgid("Say who it is for."))
            return Audience.parse(self.expression)
        if self.kind == "groups":
            if not self.groups:
                raise ValueError(msgid("Choose at least one group."))
            places = [Conversation.parse(key) for key in sorted(self.groups)]
            chosen = [Term("group", f"{one.gateway}/{one.group}") for one in places]
            return Audience(chosen[0] if len(chosen) == 1 else Or(tuple(chosen)))
        if self.kind == "tag" and not self.tag:
            raise ValueError(msgid("Name a tag."))
        return Audience(Term("tag", self.tag) if self.kind == "tag" else Term(self.kind))


class SopStart:
    """The gallery and the form."""

    def __init__(
        self, frame: Frame, room: Room, preview: Preview, members: Members, directory: Directory
    ) -> None:
        self._frame = frame
        self._room = room
        self._preview = preview
        self._members = members
        self._directory = directory

    def routes(self) -> list[web.RouteDef]:
        """``/sops/templates`` and ``/sops/start``."""
        return [
            self._frame.get("/sops/templates", self.gallery),
            self._frame.get("/sops/start", self.form, "manager"),
            self._frame.post("/sops/start", self.start),
        ]

    async def gallery(self, page: Page) -> web.StreamResponse:
        """Every template with its steps, and what is wrong with those that are."""
        wanted, start = page.arg("q").casefold(), offset(page.arg("after"))
        cards = [self._card(name) for name in self._room.library.names()]
        fitting = [card for card in cards if wanted in _searched(page, card)]
        more = start + PAGE < len(fitting)
        return page.render(
            "sop_templates.html",
            cards=fitting[start : start + PAGE],
            more=page.here(after=start + PAGE) if more else "",
            spoken=lambda words: spoken(words, page.language),
            anchor=lambda template: anchor_words(page.words, template),
            when=lambda template, step: when_words(page.words, template, step),
        )

    async def form(self, page: Page) -> web.StreamResponse:
        """The form of one template, as it would go out to somebody of today."""
        name = page.arg("template")
        return await self._show(page, name, self._template(name), Draft(), {})

    async def start(self, page: Page) -> web.StreamResponse:
        """Show the preview again, or start."""
        name = page.field("template")
        template = self._template(name)
        draft, errors = Draft.of(page, template), dict[str, str]()
        try:
            audience = draft.audience()
        except Problems as problems:
            return await self._show(page, name, template, draft, _by_field(problems, template))
        except ValueError as error:
            return await self._show(page, name, template, draft, {"audience": str(error)})
        if page.field("do") != "start":
            return await self._show(page, name, template, draft, errors)
        language = draft.language if draft.language in ("zh", "en") else None
        try:
            sop = await self._room.start(
                name,
                audience,
                page.operator.name,
                draft.values,
                name=draft.name,
                language=language,
            )
        except Problems as problems:
            errors = _by_field(problems, template)
            return await self._show(page, name, template, draft, errors)
        return page.redirect(f"/sops/{sop.id}", msgid("It is started. This is what will go out."))

    # inside

    def _card(self, name: str) -> Card:
        try:
            return Card(name, self._room.library.get(name))
        except Problems as problems:
            return Card(name, problems=problems.problems)

    def _template(self, name: str) -> Template:
        card = self._card(name)
        if card.template is None:
            raise web.HTTPNotFound
        return card.template

    async def _show(
        self, page: Page, name: str, template: Template, draft: Draft, errors: dict[str, str]
    ) -> web.Response:
        groups = [group for group in await self._members.groups() if not group.gone]
        member, group = await self._reader(template, draft, groups)
        if draft.who and template.to == "member" and member is None:
            errors = {**errors, "who": msgid("Nobody fits.")}
        messages: dict[str, str] = {}
        try:
            written = await self._preview.template(
                template,
                draft.values,
                group=group.number if group else 0,
                member=member.number if member else 0,
                language=draft.language or None,
            )
            messages = {step: message.summary for step, message in written.items()}
        except Problems as problems:
            if page.request.method == "POST":
                errors = {**_by_field(problems, template), **errors}
        except TemplateFailed as error:
            errors = {**errors, "preview": str(error)}
        return page.render(
            "sop_start.html",
            422 if errors else 200,
            name=name,
            model=template,
            draft=replace(draft, language=draft.language or self._room.language),
            kinds=[k for k in KINDS if template.to == "member" or k in GROUP_KINDS],
            groups=groups,
            tags=await self._directory.tag_names(TAGS),
            reach=await self._reach(template, draft),
            member=member,
            group=group,
            errors=errors,
            messages=messages,
            bilingual=any(isinstance(step.text, Localized) for step in template.step),
            spoken=lambda words: spoken(words, page.language),
            anchor=anchor_words(page.words, template),
            when=lambda step: when_words(page.words, template, step),
        )

    async def _reach(self, template: Template, draft: Draft) -> int | None:
        """How many it would be for now; None while that cannot be told."""
        try:
            audience = draft.audience()
        except (ValueError, Problems):
            return None
        if template.personal:
            return None
        try:
            return await self._room.roster.count(audience, template.to)
        except Problems:
            return None

    async def _reader(
        self, template: Template, draft: Draft, groups: Sequence[Group]
    ) -> tuple[Member | None, Group | None]:
        """Whom the preview is for: who was asked for, else the first group or newest member."""
        every = draft.kind != "groups" or not draft.groups
        chosen = [g for g in groups if every or g.conversation.key in draft.groups]
        if template.to == "group":
            asked = [group for group in chosen if str(group.number) == draft.who]
            return None, next(iter(asked or chosen), None)
        member = await self._member(draft.who, {g.conversation.gateway for g in groups})
        if member is None:
            return None, next(iter(chosen), None)
        inside = [group for group, _ in await self._directory.groups_of(member.number)]
        return member, next((g for g in inside if g in chosen), next(iter(inside), None))

    async def _member(self, words: str, gateways: set[str]) -> Member | None:
        if not words:
            return next(iter((await self._directory.newest(limit=1)).members), None)
        exact = await self._directory.exactly(words, gateways)
        found = exact or (await self._directory.search(words, limit=1)).members
        return next(iter(found), None)


def _searched(page: Page, card: Card) -> str:
    if card.template is None:
        return card.name
    notes = spoken(card.template.notes, page.language) if card.template.notes else ""
    return f"{card.name} {spoken(card.template.title, page.language)} {notes}".casefold()


def _by_field(problems: Problems, template: Template) -> dict[str, Any]:
    """The first complaint of each field; what belongs to none is under ''."""
    found: dict[str, str] = {}
    for problem in problems.problems:
        place = problem.place.file
        of_value = place == "parameters" and problem.key in template.parameters
        name = f"p-{problem.key}" if of_value else place if place in ("audience", "name") else ""
        hint = f"; {problem.hint}" if problem.hint else ""
        found.setdefault(name, problem.message + hint)
    return found
