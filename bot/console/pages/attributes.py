"""Attributes: what members' attributes are, declared and changed by managers."""

from __future__ import annotations

import re

from aiohttp import web

from bot.console.audit import Audit
from bot.console.frame import Frame
from bot.console.page import Page
from bot.i18n.mark import msgid
from bot.members.attribute_index import AttributeIndex
from bot.members.attributes import TYPES, Attributes, WrongAttribute, attribute
from bot.model.phrase import Phrase

HERE = "/members/attributes"
MOST_CHOICES = 200


class AttributePages:
    """``/members/attributes``."""

    def __init__(
        self, frame: Frame, attributes: Attributes, index: AttributeIndex, audit: Audit
    ) -> None:
        self._frame = frame
        self._attributes = attributes
        self._index = index
        self._audit = audit

    def routes(self) -> list[web.RouteDef]:
        """The list with its form."""
        return [
            self._frame.get(HERE, self.index, "manager"),
            self._frame.post(HERE, self.save),
            self._frame.post(f"{HERE}/remove", self.remove),
        ]

    async def index(self, page: Page) -> web.StreamResponse:
        """What is declared; ``?name=`` opens one to be changed."""
        return await self._show(page, page.arg("name", 60))

    async def save(self, page: Page) -> web.StreamResponse:
        """Declare an attribute, or change it."""
        choices = re.split(r"[\n,，]", page.field("choices", 8000))
        listed = dict.fromkeys(one.strip() for one in choices if one.strip())
        try:
            made = attribute(
                page.field("name", 60),
                label=page.field("label", 60),
                type=page.field("type", 20),
                choices=tuple(listed)[:MOST_CHOICES] if page.field("type") == "choice" else (),
                required=page.field("required") == "yes",
                indexed=page.field("indexed") == "yes",
                by="viewer" if page.field("by") == "viewer" else "manager",
            )
            await self._attributes.save(made)
            await self._index.begin()
        except WrongAttribute as error:
            return await self._show(page, page.field("name", 60), Phrase.of(error), 422)
        now = made.model_dump(exclude_defaults=True)
        await self._audit.write(page.operator.name, "attribute.declared", made.name, **now)
        return page.redirect(HERE, msgid("It is saved."))

    async def remove(self, page: Page) -> web.StreamResponse:
        """Declare one no more."""
        name = page.field("name", 60)
        try:
            await self._attributes.remove(name)
        except WrongAttribute as error:
            return await self._show(page, "", Phrase.of(error), 404)
        await self._audit.write(page.operator.name, "attribute.removed", name)
        return page.redirect(HERE, msgid("It is any text again; values members have stay."))

    async def _show(
        self, page: Page, name: str, problem: str = "", status: int = 200
    ) -> web.StreamResponse:
        await self._attributes.refresh()
        return page.render(
            "attributes.html",
            status,
            rows=[*self._attributes.known.values()],
            one=self._attributes.known.get(name),
            name=name,
            types=TYPES,
            left=await self._index.left(),
            last=await self._index.last(),
            problem=problem,
        )
