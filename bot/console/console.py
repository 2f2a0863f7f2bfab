"""The console: puts its pages together over the services they read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from aiohttp import web

from bot.clock import Clock
from bot.console.audit import Audit
from bot.console.cards import Card, Panel
from bot.console.directory import Directory
from bot.console.figures import Figures
from bot.console.frame import Banner, Frame, Seen, nothing_to_say, unnoticed
from bot.console.operators import Operators
from bot.console.pages.gateways import Gateways
from bot.console.pages.groups import Groups
from bot.console.pages.journal import Journal
from bot.console.pages.letters import Letters
from bot.console.pages.login import Login
from bot.console.pages.members import Members
from bot.console.pages.operators import Operators as OperatorPages
from bot.console.pages.overview import Gateways as ReadGateways
from bot.console.pages.overview import Overview
from bot.console.passwords import Passwords
from bot.console.sessions import Sessions
from bot.console.throttle import Throttle
from bot.delivery.inbox import Inbox
from bot.delivery.journal import Journal as JournalBook
from bot.delivery.outbox import Outbox
from bot.i18n import Translator
from bot.members.attribute_index import AttributeIndex
from bot.members.search import Search
from bot.members.timeline import Timeline
from bot.settings.server import WebSettings
from bot.store.facts import Facts
from bot.store.members import Members as MemberBook
from bot.store.store import Store
from bot.web.assets import Assets

STATIC = Path(__file__).parent / "static"


class Pages(Protocol):
    """Some pages of one noun."""

    def routes(self) -> list[web.RouteDef]: ...


@dataclass(frozen=True, slots=True)
class Services:
    """What the console reads and steers."""

    store: Store
    clock: Clock
    members: MemberBook
    facts: Facts
    inbox: Inbox
    outbox: Outbox
    journal: JournalBook
    translator: Translator
    gateways: ReadGateways
    timeline: Timeline
    banner: Banner = nothing_to_say
    seen: Seen = unnoticed


class Console:
    """All pages. Further ones are made with ``frame``, ``directory`` and ``audit``, then added."""

    def __init__(
        self,
        services: Services,
        settings: WebSettings,
        language: str,
        zone: str,
        passwords: Passwords | None = None,
    ) -> None:
        store = services.store
        self.operators = Operators(store, passwords or Passwords())
        self.audit = Audit(store)
        self.directory = Directory(store, services.members, services.facts)
        self.cards: list[Card] = []
        """What further pages tell on the overview."""
        self.panels: list[Panel] = []
        """What further pages tell on a member's page."""
        self.group_panels: list[Panel] = []
        """What further pages tell on a group's page."""
        self.assets = Assets(STATIC, "/console/static")
        self.frame = Frame(
            self.operators,
            Sessions(store),
            services.translator,
            services.clock,
            self.assets,
            settings,
            language,
            zone,
            services.banner,
            services.seen,
        )
        self._pages: list[Pages] = [
            self.assets,
            Login(self.frame, self.operators, Throttle(store), settings.trusted_proxies),
            *self._own(services),
        ]

    def add(self, *pages: Pages) -> None:
        """Add further pages; call before ``routes``."""
        self._pages.extend(pages)

    def routes(self) -> list[web.RouteDef]:
        """Every route; paths the menu knows appear in it."""
        return [route for pages in self._pages for route in pages.routes()]

    def _own(self, services: Services) -> Sequence[Pages]:
        frame, directory, store = self.frame, self.directory, services.store

        def names() -> list[str]:
            return [row[0] for row in services.gateways()]

        return (
            Overview(frame, Figures(store, services.facts), services.gateways, self.cards),
            Groups(
                *(frame, store, services.members, services.facts, directory, services.journal),
                *(self.audit, self.group_panels),
            ),
            Members(
                *(frame, services.members, directory, services.timeline),
                *(Search(store, services.members, names, AttributeIndex(store)), self.panels),
            ),
            Journal(frame, services.journal, directory),
            Letters(frame, services.inbox, services.outbox, directory, self.audit),
            Gateways(frame, services.gateways, services.outbox),
            OperatorPages(frame, self.operators, self.audit),
        )
