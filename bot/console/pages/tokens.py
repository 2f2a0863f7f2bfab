"""Tokens: what other tools may do over the API, made here and told once."""

from __future__ import annotations

from aiohttp import web

from bot.console.frame import Frame
from bot.console.page import Page
from bot.i18n.mark import msgid
from bot.model.phrase import Phrase
from bot.tokens import PER_MINUTE, SCOPES, BadToken, Token, Tokens

DAY = 86_400
LIVES = (7, 30, 90, 365)
"""Days a token may be made for here."""
GROUPS = {
    "links": msgid("Links"),
    "stats": msgid("Clicks of links"),
    "conversions": msgid("Conversions"),
    "members": msgid("Members and audiences"),
    "groups": msgid("Groups"),
    "sops": msgid("SOPs"),
    "check-ins": msgid("Check-ins"),
    "welcomes": msgid("Welcomes"),
    "routes": msgid("Routes"),
    "webhooks": msgid("Webhooks"),
}
"""What scopes are about."""
WAYS = {
    "read": msgid("read"),
    "write": msgid("change"),
    "erase": msgid("hand over and erase"),
}


class TokenPages:
    """``/operators/tokens``, for admins."""

    def __init__(self, frame: Frame, tokens: Tokens) -> None:
        self._frame = frame
        self._tokens = tokens

    def routes(self) -> list[web.RouteDef]:
        """The list with its form, and revoking."""
        frame = self._frame
        return [
            frame.get("/operators/tokens", self.index, "admin"),
            frame.post("/operators/tokens", self.make, "admin"),
            frame.post("/operators/tokens/revoke", self.revoke, "admin"),
        ]

    async def index(self, page: Page) -> web.StreamResponse:
        """Every token."""
        return await self._show(page)

    async def make(self, page: Page) -> web.StreamResponse:
        """Make one; its text is shown once."""
        scopes, days = page.form.getall("scope", []), page.field("days")
        try:
            if days not in map(str, LIVES):
                raise BadToken(msgid("Choose when it ends."))
            made, text = await self._tokens.make(
                page.field("name"), scopes, page.operator.name, seconds=int(days) * DAY
            )
        except BadToken as problem:
            return await self._show(page, problem)
        return await self._show(page, told=(made, text))

    async def revoke(self, page: Page) -> web.StreamResponse:
        """End one at once."""
        if not await self._tokens.revoke(page.field("id"), page.operator.name):
            return page.redirect("/operators/tokens", msgid("It is gone already."))
        return page.redirect("/operators/tokens", msgid("The token is revoked."))

    async def _show(
        self, page: Page, problem: BadToken | None = None, told: tuple[Token, str] | None = None
    ) -> web.Response:
        return page.render(
            "tokens.html",
            422 if problem else 200,
            rows=await self._tokens.all(),
            used=await self._tokens.used(),
            problem=page.words.say(Phrase.of(problem)) if problem else "",
            told=told,
            scopes=[scope.split(":") for scope in SCOPES],
            groups=GROUPS,
            ways=WAYS,
            lives=LIVES,
            now=page.formats.now,
            per_minute=PER_MINUTE,
        )
