"""The API put together: every resource over the app's rooms, and its description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from bot.api.conversions import ConversionResource
from bot.api.door import Door
from bot.api.figures import FigureResource
from bot.api.links import LinkResource
from bot.api.member_record import MemberRecordResource
from bot.api.members import AudienceResource, GroupResource, MemberResource
from bot.api.openapi import described
from bot.api.operation import Operation
from bot.api.record import Record
from bot.api.sops import SopResource
from bot.api.tags import TagResource
from bot.api.webhooks import WebhookResource
from bot.app import App
from bot.tokens import Tokens

if TYPE_CHECKING:
    from bot.console.directory import Directory

VERSION = "1"


class Api:
    """``/api/v1``."""

    def __init__(self, app: App, directory: Directory, tokens: Tokens) -> None:
        rooms, members, record = app.rooms, app.members, Record(app.store)
        resources = (
            LinkResource(rooms.links, rooms.clicks, rooms.conversions, record),
            ConversionResource(rooms.conversions, app.clock.now),
            FigureResource(rooms.figures, rooms.figure_names, members, rooms.telling.words),
            MemberResource(app.store, app.facts, members, directory, rooms.search, record),
            MemberRecordResource(members, rooms.dossier, rooms.notes, rooms.merging, record),
            GroupResource(members, directory),
            AudienceResource(rooms.segments, rooms.sops.roster),
            TagResource(rooms.tags),
            SopResource(rooms.sops, rooms.report, rooms.proposals),
            WebhookResource(rooms.webhooks, rooms.webhook_queue, rooms.courier),
        )
        self._door = Door(tokens)
        self.operations: list[Operation] = [
            operation for resource in resources for operation in resource.operations()
        ]

    def routes(self) -> list[web.RouteDef]:
        """Every operation, the description, and refusals for all else under ``/api/v1``."""
        document = described(self.operations, VERSION)
        return [
            self._door.public("/openapi.json", document),
            *self._door.routes(self.operations),
        ]
