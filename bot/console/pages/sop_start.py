"""Starting SOPs: the form, with its preview, a test to oneself, and who it would be for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from aiohttp import web

from bot.audience.audience import Audience
from bot.audience.reading import Target
from bot.audience.segments import Segments
from bot.console.directory import Directory
from bot.console.frame import Frame, Turned
from bot.console.page import Page
from bot.console.pages.sop_dry_run import SopDryRun
from bot.console.sop_draft import GROUP_KINDS, KINDS, LONGEST, Draft, by_field, saved
from bot.console.sop_readings import Readings
from bot.console.sop_words import anchor_words, when_words
from bot.i18n.mark import msgid
from bot.located import Problems
from bot.model.conversation import Conversation
from bot.model.phrase import Phrase
from bot.routing.template import TemplateFailed
from bot.sop.changes.proposals import Proposals
from bot.sop.changes.trials import Trials
from bot.sop.foresight.preview import Preview
from bot.sop.sops import Sops as Room
from bot.sop.templates.template import Template
from bot.sop.templates.words import Localized, spoken
from bot.store.members import Group, Member, Members

TAGS = 200


class SopStart:
    """The form that starts or proposes a SOP."""

    def __init__(
        self,
        frame: Frame,
        room: Room,
        preview: Preview,
        proposals: Proposals,
        segments: Segments,
        members: Members,
        directory: Directory,
        dry_run: SopDryRun,
    ) -> None:
        self._frame = frame
        self._room = room
        self._preview = preview
        self._proposals = proposals
        self._segments = segments
        self._members = members
        self._directory = directory
        self._dry_run = dry_run
        self._trials = Trials(room, preview)
        self._readings = Readings(room, members)

    def routes(self) -> list[web.RouteDef]:
        """``/sops/start``, its dry run, and ``/sops/audience``."""
        return [
            self._frame.get("/sops/start", self.form, "author"),
            self._frame.post("/sops/start", self.start, "author"),
            self._frame.post("/sops/start/dry-run", self.dry_run, "author"),
            self._frame.post("/sops/start/dry-run/who", self.dry_run, "author"),
            self._frame.post("/sops/audience", self.audience, "author"),
        ]

    async def form(self, page: Page) -> web.StreamResponse:
        """The form of one template, as it would go out to somebody of today."""
        name = page.arg("template")
        return await self._show(page, name, await self._template(name), Draft(), {})

    async def start(self, page: Page) -> web.StreamResponse:
        """Show the preview again, send a test, propose, or start."""
        name, what = page.field("template"), page.field("do")
        template = await self._template(name)
        draft = Draft.of(page, template)
        if what == "test":
            return await self._test(page, name, template, draft)
        try:
            audience = draft.audience()
            if what not in ("start", "propose"):
                return await self._show(page, name, template, draft, {})
            return await self._begin(page, name, draft, audience)
        except Problems as problems:
            return await self._show(page, name, template, draft, by_field(problems, template))
        except ValueError as error:
            return await self._show(page, name, template, draft, {"audience": Phrase.of(error)})

    async def dry_run(self, page: Page) -> web.StreamResponse:
        """What the draft would do, or the form again with what is wrong."""
        name = page.field("template")
        template = await self._template(name)
        draft = Draft.of(page, template)
        try:
            version = await draft.version(page, self._room, template)
        except Problems as problems:
            return await self._show(page, name, template, draft, by_field(problems, template))
        except ValueError as error:
            return await self._show(page, name, template, draft, {"audience": Phrase.of(error)})
        return await self._dry_run.draft(page, version)

    async def audience(self, page: Page) -> web.StreamResponse:
        """Who a written audience is, in words and in numbers: a part of a page."""
        to: Target = "group" if page.field("to") == "group" else "member"
        found = await self._readings.of(page, page.field("expression", LONGEST), to)
        return page.render("sop_audience.html", 422 if found["wrong"] else 200, **found)

    # inside

    async def _begin(
        self, page: Page, name: str, draft: Draft, audience: Audience
    ) -> web.StreamResponse:
        """Start it, or propose it where somebody else has to say yes."""
        who, language = page.operator.name, draft.written_in
        if page.field("do") == "start" and not page.may("manager"):
            raise Turned(403, msgid("Your role does not let you do this."))
        if page.field("do") == "propose" or self._proposals.required:
            made = await self._proposals.start(
                *(name, audience, who, draft.values),
                name=draft.name,
                language=language,
                note=draft.note,
            )
            told = msgid("It is proposed: somebody else has to approve it.")
            return page.redirect(f"/sops/approvals/{made.id}", told)
        sop = await self._room.start(
            name, audience, who, draft.values, name=draft.name, language=language
        )
        return page.redirect(f"/sops/{sop.id}", msgid("It is started. This is what will go out."))

    async def _test(
        self, page: Page, name: str, template: Template, draft: Draft
    ) -> web.StreamResponse:
        gateway, _, account = page.operator.chat.partition("/")
        if not account:
            wrong = msgid("Say on your account page which chat account is yours.")
            return await self._show(page, name, template, draft, {"test": wrong})
        known = await self._directory.exactly(account, {gateway})
        groups = [group for group in await self._members.groups() if not group.gone]
        _, group = await self._reader(template, draft, groups)
        own = next((one for one in known if one.accounts.get(gateway) == account), None)
        member = own.number if own and template.to == "member" else 0
        try:
            sent = await self._trials.send(
                template,
                draft.values,
                Conversation(gateway=gateway, account=account),
                page.operator.name,
                page.words.say(msgid("Test")),
                member=member,
                group=group.number if group else 0,
                language=draft.written_in,
            )
        except Problems as problems:
            return await self._show(page, name, template, draft, by_field(problems, template))
        except TemplateFailed as error:
            return await self._show(page, name, template, draft, {"preview": Phrase.of(error)})
        one, many = (
            msgid("{n} test message is on its way."),
            msgid("{n} test messages are on their way."),
        )
        told = page.words.count(one, many, sent)
        return await self._show(page, name, template, draft, {}, told)

    async def _template(self, name: str) -> Template:
        try:
            return await self._room.shelf.get(name)
        except Problems:
            raise web.HTTPNotFound from None

    async def _show(
        self,
        page: Page,
        name: str,
        template: Template,
        draft: Draft,
        errors: dict[str, str],
        told: str = "",
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
                errors = {**by_field(problems, template), **errors}
        except TemplateFailed as error:
            errors = {**errors, "preview": Phrase.of(error)}
        return page.render(
            "sop_start.html",
            422 if errors else 200,
            name=name,
            model=template,
            draft=replace(draft, language=draft.language or self._room.language),
            kinds=[k for k in KINDS if template.to == "member" or k in GROUP_KINDS],
            groups=groups,
            tags=await self._directory.tag_names(TAGS),
            segments=saved(await self._segments.names()),
            reach=await self._reach(template, draft),
            reading=await self._readings.of(page, draft.expression, template.to),
            member=member,
            group=group,
            errors=errors,
            told=told,
            texts=[(step, _texts(messages, step.id)) for step in template.step],
            direct=page.may("manager") and not self._proposals.required,
            bilingual=any(
                isinstance(words, Localized) for s in template.step for words in s.texts.values()
            ),
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


def _texts(messages: dict[str, str], step: str) -> list[str]:
    """What a step says, all its variants."""
    return [text for name, text in messages.items() if name.partition("/")[0] == step]
