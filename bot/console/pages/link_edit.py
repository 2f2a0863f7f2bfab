"""Changing a link: its terms, its words, and bringing a version back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from aiohttp import web

from bot.console.frame import Frame
from bot.console.link_words import PLATFORMS
from bot.console.page import Page
from bot.console.pages.link_form import LinkForm, Row, called
from bot.i18n.mark import msgid
from bot.links.branch_words import DEVICES
from bot.links.desk import Desk, EditedMeanwhile, LinkError
from bot.links.identities import Identities
from bot.links.links import Link, Links
from bot.links.terms import MOST_BRANCHES
from bot.located import Problems
from bot.store.members import Group, Members

SPARE = 2
"""Empty rules for further ones."""
_AT = re.compile(r"(\w+)(?:\[(\d+)\](?:\.(\w+))?)?")


class LinkEdit:
    """Pages that change links."""

    def __init__(
        self,
        frame: Frame,
        links: Links,
        desk: Desk,
        members: Members,
        identities: Identities,
    ) -> None:
        self._frame = frame
        self._links = links
        self._desk = desk
        self._members = members
        self._identities = identities

    def routes(self) -> list[web.RouteDef]:
        """``/links/{number}/edit``, ``…/restore`` and ``…/words``."""
        frame, one = self._frame, "/links/{number}"
        return [
            frame.get(f"{one}/edit", self.form, "manager"),
            frame.post(f"{one}/edit", self.save),
            frame.post(f"{one}/restore", self.restore),
            frame.post(f"{one}/words", self.give),
            frame.post(f"{one}/words/take", self.take),
        ]

    async def form(self, page: Page) -> web.StreamResponse:
        """What may be changed, as it is."""
        link, groups = await self._link(page), await self._members.groups()
        form = LinkForm.of(link, page.formats.zone, groups)
        return self._show(page, link, form, groups, {})

    async def save(self, page: Page) -> web.StreamResponse:
        """Keep it, or say beside each field what is wrong."""
        link, groups = await self._link(page), await self._members.groups()
        form, zone, version = LinkForm.posted(page), page.formats.zone, page.field("version")
        try:
            await self._desk.edit(
                link.number,
                page.operator.name,
                form.terms(zone, groups),
                int(version) if re.fullmatch(r"[0-9]{1,9}", version) else 0,
            )
        except Problems as problems:
            return self._show(page, link, form, groups, _by_field(problems))
        except EditedMeanwhile as error:
            return self._show(page, link, form, groups, {"": str(error)})
        return page.redirect(f"/links/{link.number}", msgid("The link is changed."))

    async def restore(self, page: Page) -> web.StreamResponse:
        """Bring an earlier version back."""
        link, version = await self._link(page), page.field("version")
        there = f"/links/{link.number}#history"
        try:
            await self._desk.restore(
                link.number, page.operator.name, int(version) if version.isdecimal() else 0
            )
        except LinkError:
            return page.redirect(there, msgid("This version is not kept any more."))
        return page.redirect(there, msgid("The version is back."))

    async def give(self, page: Page) -> web.StreamResponse:
        """Give a link a word of its own."""
        link = await self._link(page)
        try:
            await self._desk.give_word(link.number, page.operator.name, page.field("word"))
        except LinkError as error:
            groups = await self._members.groups()
            form = LinkForm.of(link, page.formats.zone, groups)
            return self._show(page, link, form, groups, {"word": error.args[0]})
        return page.redirect(f"/links/{link.number}", msgid("The link has the word."))

    async def take(self, page: Page) -> web.StreamResponse:
        """Take a word away."""
        link, there = await self._link(page), f"/links/{page.number('number')}"
        if await self._desk.take_word(link.number, page.operator.name, page.field("word")):
            return page.redirect(there, msgid("The word is free again."))
        return page.redirect(there, msgid("It is gone already."))

    async def _link(self, page: Page) -> Link:
        link = await self._links.reread(page.number("number"))
        if link is None:
            raise web.HTTPNotFound
        return link

    def _show(
        self,
        page: Page,
        link: Link,
        form: LinkForm,
        groups: Sequence[Group],
        errors: Mapping[str, str],
    ) -> web.Response:
        return page.render(
            "link_edit.html",
            422 if errors else 200,
            link=link,
            form=form,
            errors=errors,
            rows=[*form.rows, *[Row()] * SPARE][:MOST_BRANCHES],
            filled=len(form.rows),
            devices=DEVICES,
            platforms=PLATFORMS,
            asked=self._identities.platforms,
            troubles=self._identities.troubles,
            groups=[(called(group), group.name) for group in groups if not group.gone],
            words=self._links.words(link.number),
        )


def _by_field(problems: Problems) -> dict[str, str]:
    """The first complaint about each field: ``url``, ``url-1`` of the second rule; '' for all."""
    found: dict[str, str] = {}
    for problem in problems.problems:
        at = _AT.match(problem.key)
        name = at[1] if at else ""
        if at and name == "branches" and at[2]:
            name = f"{at[3] or 'url'}-{at[2]}"
        found.setdefault(name, problem.said)
    return found
