"""Operators, the audit of what they did, and one's own account."""

from __future__ import annotations

import json
from typing import Literal

from aiohttp import web

from bot.console.audit import Audit
from bot.console.frame import Frame
from bot.console.operators import ROLES, Role, Unacceptable, folded
from bot.console.operators import Operators as Book
from bot.console.page import Page
from bot.console.paging import entry_id, offset
from bot.i18n.mark import msgid
from bot.store.audit import Change

PAGE = 50
LOOK = 5000


class Operators:
    """Pages about the people who use the console."""

    def __init__(self, frame: Frame, book: Book, audit: Audit) -> None:
        self._frame = frame
        self._book = book
        self._audit = audit

    def routes(self) -> list[web.RouteDef]:
        """``/operators``, ``/audit`` and ``/account`` with their forms."""
        frame = self._frame
        return [
            frame.get("/operators", self.index, "admin"),
            frame.post("/operators", self.add, "admin"),
            frame.post("/operators/role", self.set_role, "admin"),
            frame.post("/operators/reset", self.reset, "admin"),
            frame.post("/operators/remove", self.remove, "admin"),
            frame.get("/audit", self.audited, "admin"),
            frame.get("/account", self.account),
            frame.post("/account/password", self.set_password, "viewer"),
            frame.post("/account/language", self.set_language, "viewer"),
            frame.post("/account/chat", self.set_chat, "viewer"),
        ]

    async def index(self, page: Page) -> web.StreamResponse:
        """Every operator."""
        return await self._list(page)

    async def add(self, page: Page) -> web.StreamResponse:
        """Add one; the first password is shown once."""
        name, role = page.field("name"), page.field("role")
        try:
            password = await self._book.add(page.operator.name, name, _role(role))
        except Unacceptable as problem:
            return await self._list(page, str(problem))
        return await self._list(page, told=(name, password))

    async def set_role(self, page: Page) -> web.StreamResponse:
        """Change a role."""
        name, role = page.field("name"), page.field("role")
        try:
            await self._book.set_role(page.operator.name, name, _role(role))
        except Unacceptable as problem:
            return await self._list(page, str(problem))
        return page.redirect("/operators", msgid("The role is changed."))

    async def reset(self, page: Page) -> web.StreamResponse:
        """Give a new first password, shown once."""
        name = page.field("name")
        if folded(name) == folded(page.operator.name):
            return page.redirect("/account")
        try:
            password = await self._book.reset_password(page.operator.name, name)
        except Unacceptable as problem:
            return await self._list(page, str(problem))
        return await self._list(page, told=(name, password))

    async def remove(self, page: Page) -> web.StreamResponse:
        """Remove one, but not the last admin."""
        try:
            await self._book.remove(page.operator.name, page.field("name"))
        except Unacceptable as problem:
            return await self._list(page, str(problem))
        return page.redirect("/operators", msgid("The operator is removed."))

    async def audited(self, page: Page) -> web.StreamResponse:
        """Who changed what."""
        rows, onward = await self._look(page.arg("q").casefold(), entry_id(page.arg("before", 40)))
        more = page.here(before=onward) if onward else ""
        shown = [(change, _differences(change)) for change in rows]
        return page.render("audit.html", rows=shown, more=more)

    async def account(self, page: Page) -> web.StreamResponse:
        """One's own password, language and chat account."""
        return page.render("account.html", problem="")

    async def set_password(self, page: Page) -> web.StreamResponse:
        """Change one's password; other sessions end."""
        old, new = page.form.get("old", ""), page.form.get("new", "")
        try:
            if new != page.form.get("again", ""):
                raise Unacceptable(msgid("The two new passwords are not the same."))
            await self._book.set_password(page.operator.name, old, new)
        except Unacceptable as problem:
            return page.render("account.html", 422, problem=str(problem))
        onward = "/" if page.operator.must_change else "/account"
        response = page.redirect(onward, msgid("The password is changed."))
        operator = await self._book.find(page.operator.name)
        if operator:
            await self._frame.sign_in(page, operator, response)
        return response

    async def set_language(self, page: Page) -> web.StreamResponse:
        """Choose the language of one's pages; '' follows the browser."""
        choices: dict[str, Literal["zh", "en"]] = {"zh": "zh", "en": "en"}
        chosen = choices.get(page.field("language"))
        await self._book.set_language(page.operator.name, chosen)
        return page.redirect("/account", msgid("The language is changed."))

    async def set_chat(self, page: Page) -> web.StreamResponse:
        """Say which chat account is one's own: test messages go there."""
        try:
            await self._book.set_chat(page.operator.name, page.field("chat"))
        except Unacceptable as problem:
            return page.render("account.html", 422, problem=str(problem))
        return page.redirect("/account", msgid("The chat account is changed."))

    async def _list(
        self, page: Page, problem: str = "", told: tuple[str, str] | None = None
    ) -> web.Response:
        words, start = page.arg("q").casefold(), offset(page.arg("after"))
        fitting = [o for o in await self._book.all() if words in folded(o.name)]
        more = start + PAGE < len(fitting)
        return page.render(
            "operators.html",
            422 if problem else 200,
            rows=fitting[start : start + PAGE],
            more=page.here(after=start + PAGE) if more else "",
            problem=problem,
            told=told,
        )

    async def _look(self, words: str, before: str) -> tuple[list[Change], str]:
        found: list[Change] = []
        looked = 0
        while looked < LOOK:
            rows = await self._audit.recent(before, 200)
            for ident, change in rows:
                if words in change.model_dump_json().casefold():
                    found.append(change)
                if len(found) == PAGE:
                    return found, ident
            if len(rows) < 200:
                return found, ""
            looked += len(rows)
            before = rows[-1][0]
        return found, before


def _role(text: str) -> Role:
    for role in ROLES:
        if role == text:
            return role
    raise Unacceptable(msgid("There is no such role."))


def _differences(change: Change) -> list[tuple[str, str, str]]:
    """(name, before, after) of what is not the same any more."""
    names = [*change.before, *(name for name in change.after if name not in change.before)]
    both = [(name, change.before.get(name), change.after.get(name)) for name in names]
    return [(name, _shown(old), _shown(new)) for name, old, new in both if old != new]


def _shown(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
