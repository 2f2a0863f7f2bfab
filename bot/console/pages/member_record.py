"""A member's record: what operators write into it, merging and splitting, handing over, erasing."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web
from markupsafe import Markup

from bot.console.audit import Audit
from bot.console.directory import Directory
from bot.console.frame import Frame
from bot.console.page import Page
from bot.i18n.mark import msgid
from bot.members.attributes import Attribute, Attributes, WrongAttribute, attribute
from bot.members.candidates import Candidates
from bot.members.disclosure import Disclosure
from bot.members.dossier import Conflict, Dossier, WrongValues
from bot.members.merging import CannotMerge, Merging
from bot.members.notes import LONGEST, Notes
from bot.model.phrase import Phrase
from bot.store.members import Member, Members

ALWAYS = ("owner",)
"""Attributes that are offered on every member's page."""
SAVED = msgid("It is saved.")
CHANGED = msgid("Somebody else changed this meanwhile; look at it again.")
MERGED = msgid("They are one member now.")
SPLIT = msgid("They are two members again.")
ERASED = msgid("The member is erased.")
NO_OTHER = msgid("Say the number of the other member.")

Erase = Callable[[int, str], Awaitable[bool]]
"""Erases a member, for whom it is done."""


@dataclass(frozen=True, slots=True)
class Field:
    """An attribute as the form shows it."""

    attribute: Attribute
    value: str
    fault: str
    may: bool


class MemberRecord:
    """What hangs on ``/members/{number}``, and the panel on that page."""

    def __init__(
        self,
        frame: Frame,
        members: Members,
        directory: Directory,
        attributes: Attributes,
        dossier: Dossier,
        disclosure: Disclosure,
        notes: Notes,
        merging: Merging,
        candidates: Candidates,
        erase: Erase,
        audit: Audit,
    ) -> None:
        self._frame = frame
        self._members = members
        self._directory = directory
        self._attributes = attributes
        self._dossier = dossier
        self._disclosure = disclosure
        self._notes = notes
        self._merging = merging
        self._candidates = candidates
        self._erase = erase
        self._audit = audit

    def routes(self) -> list[web.RouteDef]:
        """The forms of a member's page; the page that shows what a merge would make."""
        one = "/members/{number}"
        return [
            self._frame.post(f"{one}/attributes", self.change, "viewer"),
            self._frame.post(f"{one}/notes", self.note, "viewer"),
            self._frame.post(f"{one}/notes/remove", self.unnote),
            self._frame.get(f"{one}/merge", self.compare, "manager"),
            self._frame.post(f"{one}/merge", self.merge),
            self._frame.post(f"{one}/split", self.split),
            self._frame.get(f"{one}/data.json", self.data, "manager"),
            self._frame.post(f"{one}/erase", self.erase, "admin"),
        ]

    async def panel(self, page: Page, number: int) -> Markup | None:
        """Attributes, notes, consent, who it may be besides, and what can be done."""
        return await self._panel(page, await self._get(page))

    async def _panel(
        self,
        page: Page,
        member: Member,
        faults: Mapping[str, str] | None = None,
        given: Mapping[str, str] | None = None,
    ) -> Markup:
        number = member.number
        return page.part(
            "member_record.html",
            member=member,
            fields=await self._fields(page, member, faults or {}, given or {}),
            faults=faults or {},
            notes=await self._notes.of(number),
            longest=LONGEST,
            refused=self._dossier.refused(await self._directory.tags_of(number)),
            before=await self._dossier.before(number),
            clicked=await self._dossier.clicked(number),
            sops=await self._dossier.sops(number),
            candidates=await self._candidates.of(member),
            merges=(await self._merging.of(number))[::-1],
        )

    async def _fields(
        self, page: Page, member: Member, faults: Mapping[str, str], given: Mapping[str, str]
    ) -> Sequence[Field]:
        await self._attributes.refresh()
        known = self._attributes.known
        names = dict.fromkeys([*ALWAYS, *known, *sorted(member.attributes)])
        found = []
        for name in names:
            one = known.get(name) or Attribute.model_construct(name=name)
            value = given.get(name, member.attributes.get(name, ""))
            found.append(Field(one, value, faults.get(name, ""), page.may(one.by)))
        return found

    # forms

    async def change(self, page: Page) -> web.StreamResponse:
        """Set attributes; all or none of them."""
        member = await self._get(page)
        await self._attributes.refresh()
        given = {
            name.removeprefix("attribute:"): page.field(name, 500)
            for name in page.form
            if name.startswith("attribute:")
        }
        for name in given:
            known = self._attributes.known.get(name)
            if not page.may(known.by if known else "manager"):
                raise web.HTTPNotFound
        try:
            if page.may("manager") and (name := page.field("new-name", 60)):
                given[attribute(name).name] = page.field("new-value", 500)
        except WrongAttribute as error:
            return page.redirect(_home(member), page.words.say(Phrase.of(error)))
        try:
            await self._dossier.change(member, given, f"operator {page.operator.name}")
        except WrongValues as error:
            panel = await self._panel(page, member, error.faults, given)
            return page.render("member_wrong.html", 422, member=member, panel=panel)
        except Conflict:
            return page.redirect(_home(member), CHANGED)
        return page.redirect(_home(member), SAVED)

    async def note(self, page: Page) -> web.StreamResponse:
        """Write a note."""
        member = await self._get(page)
        if text := page.field("text", LONGEST):
            await self._notes.add(member.number, page.operator.name, text)
        return page.redirect(_home(member), SAVED)

    async def unnote(self, page: Page) -> web.StreamResponse:
        """Take a note away."""
        member = await self._get(page)
        of, ident = page.field("of", 20), page.field("id", 40)
        own = {str(n) for n in (member.number, *await self._members.former(member.number))}
        if of in own and await self._notes.remove(int(of), ident):
            on = f"member {member.number}"
            await self._audit.write(page.operator.name, "member.note_removed", on)
        return page.redirect(_home(member), SAVED)

    # merging

    async def compare(self, page: Page) -> web.StreamResponse:
        """What a merge with ``?with=`` would make."""
        member = await self._get(page)
        other = page.arg("with", 20).removeprefix("#")
        if not (other.isascii() and other.isdigit() and len(other) < 16):
            return page.redirect(_home(member), NO_OTHER)
        try:
            preview = await self._merging.preview(member.number, int(other))
        except CannotMerge as error:
            return page.redirect(_home(member), page.words.say(Phrase.of(error)))
        return page.render("member_merge.html", preview=preview, here=_home(member))

    async def merge(self, page: Page) -> web.StreamResponse:
        """Make one member of two."""
        member, other = await self._get(page), page.field("with", 20)
        if not (other.isascii() and other.isdigit() and len(other) < 16):
            return page.redirect(_home(member), NO_OTHER)
        chosen = {
            name.removeprefix("choose:"): page.field(name, 500)
            for name in page.form
            if name.startswith("choose:")
        }
        by, why = f"operator {page.operator.name}", page.field("why")
        try:
            made = await self._merging.merge(member.number, int(other), by, why, chosen)
        except CannotMerge as error:
            return page.redirect(_home(member), page.words.say(Phrase.of(error)))
        on = f"member {made.survivor}"
        name = page.operator.name
        await self._audit.write(name, "member.merged", on, former=made.former, why=why)
        return page.redirect(f"/members/{made.survivor}", MERGED)

    async def split(self, page: Page) -> web.StreamResponse:
        """Make two members of one again."""
        member, former = await self._get(page), page.field("former", 20)
        if not (former.isascii() and former.isdigit() and len(former) < 16):
            return page.redirect(_home(member))
        by, why = f"operator {page.operator.name}", page.field("why")
        try:
            survivor = await self._merging.split(int(former), by, why)
        except CannotMerge as error:
            return page.redirect(_home(member), page.words.say(Phrase.of(error)))
        on, name = f"member {survivor}", page.operator.name
        await self._audit.write(name, "member.split", on, former=int(former), why=why)
        return page.redirect(f"/members/{former}", SPLIT)

    # handing over and erasing

    async def data(self, page: Page) -> web.StreamResponse:
        """Everything that is kept of a member, as a file."""
        member = await self._get(page)
        kept = await self._disclosure.of(member.number)
        if kept is None:
            raise web.HTTPNotFound
        on = f"member {member.number}"
        await self._audit.write(page.operator.name, "member.data", on)
        return web.Response(
            text=json.dumps(kept, ensure_ascii=False, indent=1),
            content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="member-{member.number}.json"'},
        )

    async def erase(self, page: Page) -> web.StreamResponse:
        """Erase a member, whose number must be said again."""
        member = await self._get(page)
        if page.field("number", 20) != str(member.number):
            return page.redirect(_home(member), msgid("Say the member's number to erase them."))
        await self._erase(member.number, f"operator {page.operator.name}")
        return page.redirect("/members", ERASED)

    async def _get(self, page: Page) -> Member:
        member = await self._members.member(page.number("number"))
        if member is None:
            raise web.HTTPNotFound
        return member


def _home(member: Member) -> str:
    return f"/members/{member.number}"
