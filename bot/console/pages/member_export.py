"""Export of members: everybody, or who a segment or an audience means, as a file."""

from __future__ import annotations

from aiohttp import web

from bot.audience.audience import Audience
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.row_files import send_rows
from bot.i18n.mark import msgid
from bot.located import Problems
from bot.members.export import MemberExport

EVERYONE = "everyone"


class MemberExports:
    """``/members/export``: the form, and the files; for managers."""

    def __init__(self, frame: Frame, export: MemberExport) -> None:
        self._frame = frame
        self._export = export

    def routes(self) -> list[web.RouteDef]:
        """The form, and ``/members/export/csv``, ``xlsx``, ``parquet``."""
        return [
            self._frame.get("/members/export", self.form, "manager"),
            self._frame.get("/members/export/{form}", self.file, "manager"),
        ]

    async def form(self, page: Page) -> web.StreamResponse:
        """Who, and in which form."""
        return page.render(
            "member_export.html", audience=page.arg("audience", 2000) or EVERYONE, problem=""
        )

    async def file(self, page: Page) -> web.StreamResponse:
        """The file; what is wrong with the audience is told at the form."""
        audience = page.arg("audience", 2000) or EVERYONE
        try:
            sheet = await self._export.sheet(Audience.parse(audience))
        except Problems as problems:
            wrong = page.words.wrong(problems)
            return page.render("member_export.html", 422, audience=audience, problem=wrong)
        say, form = page.words.say, page.request.match_info["form"]
        rows = self._export.rows(sheet)
        return await send_rows(page, form, say(msgid("Members")), sheet.columns(say), rows)
