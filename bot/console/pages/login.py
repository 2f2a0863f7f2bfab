"""Logging in and out."""

from __future__ import annotations

from aiohttp import web

from bot.console.frame import Frame
from bot.console.operators import Operators
from bot.console.page import Page, local
from bot.console.throttle import Throttle
from bot.i18n.mark import msgid
from bot.web.peer import Networks, address


class Login:
    """The door of the console."""

    def __init__(
        self, frame: Frame, operators: Operators, throttle: Throttle, trusted: Networks
    ) -> None:
        self._frame = frame
        self._operators = operators
        self._throttle = throttle
        self._trusted = trusted

    def routes(self) -> list[web.RouteDef]:
        """``/login`` and ``/logout``."""
        return [
            web.get("/login", self._frame.page(self.ask, None)),
            web.post("/login", self._frame.page(self.enter, None)),
            web.post("/logout", self._frame.page(self.leave, "viewer")),
        ]

    async def ask(self, page: Page) -> web.StreamResponse:
        """The form."""
        if page.signed_in:
            return page.redirect(local(page.arg("next", 2000) or "/"))
        return page.render("login.html", next=page.arg("next", 2000), name="", problem="")

    async def enter(self, page: Page) -> web.StreamResponse:
        """Judge a name and password, but not too often."""
        name, password = page.field("name"), page.form.get("password", "")
        wait = await self._throttle.admit(name, address(page.request, self._trusted))
        if wait:
            told = page.words.say(
                msgid("Too many tries. The next one is possible in {n} minutes."),
                n=-(-wait // 60),
            )
            return self._again(page, 429, name, told, wait)
        operator = await self._operators.log_in(name, password)
        if operator is None:
            told = page.words.say(msgid("Name or password is not right."))
            return self._again(page, 401, name, told)
        await self._throttle.forgive(name)
        response = page.redirect(local(page.field("next", 2000) or "/"))
        await self._frame.sign_in(page, operator, response)
        return response

    async def leave(self, page: Page) -> web.StreamResponse:
        """End the session."""
        response = page.redirect("/login")
        await self._frame.sign_out(page, response)
        return response

    def _again(
        self, page: Page, status: int, name: str, problem: str, wait: int = 0
    ) -> web.Response:
        onward = page.field("next", 2000)
        response = page.render("login.html", status, next=onward, name=name, problem=problem)
        if wait:
            response.headers["Retry-After"] = str(wait)
        return response
