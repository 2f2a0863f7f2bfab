"""Dead letters and deliveries in doubt: what waits for an operator's word."""

from __future__ import annotations

import json

from aiohttp import web

from bot.console.audit import Audit
from bot.console.directory import Directory
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.paging import entry_id, offset
from bot.delivery.inbox import DeadLetter, Inbox
from bot.delivery.outbox import Outbox
from bot.i18n.mark import msgid

PAGE = 25
LOOK = 2000


class Letters:
    """Pages that ask for a decision."""

    def __init__(
        self, frame: Frame, inbox: Inbox, outbox: Outbox, directory: Directory, audit: Audit
    ) -> None:
        self._frame = frame
        self._inbox = inbox
        self._outbox = outbox
        self._directory = directory
        self._audit = audit

    def routes(self) -> list[web.RouteDef]:
        """``/dead-letters`` and ``/in-doubt`` with their decisions."""
        return [
            self._frame.get("/dead-letters", self.dead),
            self._frame.post("/dead-letters/{ident}/replay", self.replay),
            self._frame.post("/dead-letters/{ident}/drop", self.drop),
            self._frame.get("/in-doubt", self.doubtful),
            self._frame.post("/in-doubt/{ident}/send", self.send),
            self._frame.post("/in-doubt/{ident}/leave", self.leave),
        ]

    async def dead(self, page: Page) -> web.StreamResponse:
        """Events that could not be handled, newest first."""
        words = page.arg("q").casefold()
        rows, onward = await self._look(words, entry_id(page.arg("before", 40)))
        return page.render(
            "dead_letters.html",
            rows=[(ident, letter, _pretty(letter.event)) for ident, letter in rows],
            places=await self._directory.places(letter.conversation for _, letter in rows),
            people={},
            more=page.here(before=onward) if onward else "",
        )

    async def replay(self, page: Page) -> web.StreamResponse:
        """Put an event back into its queue."""
        ident = _ident(page)
        if not await self._inbox.replay(ident):
            return page.redirect("/dead-letters", msgid("It is gone already."))
        await self._audit.write(page.operator.name, "dead_letter.replayed", ident)
        return page.redirect("/dead-letters", msgid("It will be handled again now."))

    async def drop(self, page: Page) -> web.StreamResponse:
        """Forget an event."""
        ident = _ident(page)
        await self._inbox.drop(ident)
        await self._audit.write(page.operator.name, "dead_letter.dropped", ident)
        return page.redirect("/dead-letters", msgid("It is forgotten."))

    async def doubtful(self, page: Page) -> web.StreamResponse:
        """Deliveries of which nobody knows whether they arrived, oldest first."""
        words, start = page.arg("q").casefold(), offset(page.arg("after"))
        every = await self._outbox.in_doubt()
        fitting = [d for d in every if words in f"{d.to.key} {d.message.summary}".casefold()]
        shown = fitting[start : start + PAGE]
        onward = start + PAGE < len(fitting)
        return page.render(
            "in_doubt.html",
            rows=shown,
            places=await self._directory.places(d.to.key for d in shown),
            people=await self._directory.people(d.member for d in shown),
            more=page.here(after=start + PAGE) if onward else "",
        )

    async def send(self, page: Page) -> web.StreamResponse:
        """Send again, at the risk of it being there twice."""
        return await self._decide(page, True, msgid("It is on its way again."))

    async def leave(self, page: Page) -> web.StreamResponse:
        """Let it be, at the risk of it not being there."""
        return await self._decide(page, False, msgid("It stays as it is."))

    async def _decide(self, page: Page, resend: bool, done: str) -> web.StreamResponse:
        ident, by = page.request.match_info["ident"], page.operator.name
        if not await self._outbox.decide(ident, resend=resend, by=by):
            return page.redirect("/in-doubt", msgid("It is decided already."))
        what = "delivery.resent" if resend else "delivery.closed"
        await self._audit.write(by, what, ident)
        return page.redirect("/in-doubt", done)

    async def _look(self, words: str, before: str) -> tuple[list[tuple[str, DeadLetter]], str]:
        found: list[tuple[str, DeadLetter]] = []
        looked = 0
        while looked < LOOK:
            rows = await self._inbox.dead_letters(before, 100)
            for ident, letter in rows:
                if words in letter.model_dump_json().casefold():
                    found.append((ident, letter))
                if len(found) == PAGE:
                    return found, ident
            if len(rows) < 100:
                return found, ""
            looked += len(rows)
            before = rows[-1][0]
        return found, before


def _ident(page: Page) -> str:
    ident = entry_id(page.request.match_info["ident"])
    if ident == "+":
        raise web.HTTPNotFound
    return ident


def _pretty(event: str) -> str:
    try:
        return json.dumps(json.loads(event), ensure_ascii=False, indent=2)[:4000]
    except ValueError:
        return event[:4000]
