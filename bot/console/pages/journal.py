"""The journal: what became of everything, searched and paged."""

from __future__ import annotations

from aiohttp import web

from bot.console.directory import Directory
from bot.console.frame import Frame
from bot.console.journal_words import WHAT
from bot.console.page import Page
from bot.console.paging import entry_id
from bot.delivery.journal import Entry
from bot.delivery.journal import Journal as Book

PAGE = 50
LOOK = 20_000
"""Entries one search looks at before it asks whether to go on."""


class Journal:
    """The page of the journal."""

    def __init__(self, frame: Frame, book: Book, directory: Directory) -> None:
        self._frame = frame
        self._book = book
        self._directory = directory

    def routes(self) -> list[web.RouteDef]:
        """``/journal``."""
        return [self._frame.get("/journal", self.index)]

    async def index(self, page: Page) -> web.StreamResponse:
        """Entries that fit the words and the kind, newest first."""
        words, what = page.arg("q"), page.arg("what", 60)
        rows, onward = await self._look(words.casefold(), what, entry_id(page.arg("before", 40)))
        return page.render(
            "journal.html",
            rows=rows,
            kinds=WHAT,
            what=what,
            people=await self._directory.people(e.member for _, e in rows),
            places=await self._directory.places(e.conversation for _, e in rows),
            more=page.here(before=onward) if onward else "",
        )

    async def _look(
        self, words: str, what: str, before: str
    ) -> tuple[list[tuple[str, Entry]], str]:
        """A page of fitting entries, and where to go on ('' at the end)."""
        found: list[tuple[str, Entry]] = []
        looked = 0
        plain = not words and not what
        while looked < LOOK:
            rows = await self._book.recent(before, PAGE if plain else 500)
            for ident, entry in rows:
                if entry.what.startswith(what) and _holds(entry, words):
                    found.append((ident, entry))
                if len(found) == PAGE:
                    return found, ident
            if len(rows) < (PAGE if plain else 500):
                return found, ""
            looked += len(rows)
            before = rows[-1][0]
        return found, before


def _holds(entry: Entry, words: str) -> bool:
    return not words or words in entry.model_dump_json(exclude_defaults=True).casefold()
