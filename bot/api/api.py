"""The API put together: every resource over the app's rooms, and its description."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from bot.api.attributes import AttributeResource
from bot.api.audiences import AudienceResource
from bot.api.checkin_evidence import EvidenceResource
from bot.api.checkin_members import CheckInMemberResource
from bot.api.checkins import CheckInResource
from bot.api.conversions import ConversionResource
from bot.api.door import Door
from bot.api.figures import FigureResource
from bot.api.groups import GroupResource
from bot.api.links import LinkResource
from bot.api.member_data import MemberDataResource
from bot.api.member_export import MemberExportResource
from bot.api.member_import_results import MemberImportResultResource
from bot.api.member_imports import MemberImportResource
from bot.api.member_record import MemberRecordResource
from bot.api.member_timeline import MemberTimelineResource
from bot.api.members import MemberResource
from bot.api.once import Once
from bot.api.openapi import described
from bot.api.operation import Operation
from bot.api.record import Record
from bot.api.routes import RouteResource
from bot.api.sop_results import SopResultResource
from bot.api.sop_starts import SopStartResource
from bot.api.sops import SopResource
from bot.api.tags import TagResource
from bot.api.webhook_letters import WebhookLetterResource
from bot.api.webhooks import WebhookResource
from bot.api.welcome_previews import WelcomePreviewResource
from bot.api.welcomes import WelcomeResource
from bot.app import App
from bot.links.owners import of_hit
from bot.members.disclosure import Disclosure
from bot.store.erasure import Erasure
from bot.tokens import Tokens
from bot.welcome.specimen import Specimens

if TYPE_CHECKING:
    from bot.console.directory import Directory

VERSION = "1"


class Api:
    """``/api/v1``."""

    def __init__(self, app: App, directory: Directory, tokens: Tokens) -> None:
        rooms, members, store = app.rooms, app.members, app.store
        record, once, hits = Record(store), Once(store), of_hit(rooms.links)

        async def erase(number: int, by: str) -> bool:
            erasure = Erasure(store, members, app.node, hits)
            return await erasure.erase_member(number, by)

        specimens = Specimens(rooms.writer, rooms.workspace)
        resources = (
            LinkResource(rooms.links, rooms.clicks, rooms.conversions, record),
            ConversionResource(rooms.conversions, app.clock.now),
            FigureResource(rooms.figures, rooms.figure_names, members, rooms.telling.words),
            MemberResource(store, app.facts, members, directory, rooms.search, record),
            MemberRecordResource(
                *(members, rooms.dossier, rooms.notes, rooms.merging, rooms.candidates, record)
            ),
            MemberTimelineResource(rooms.timeline, members),
            MemberDataResource(Disclosure(store, members, hits), erase, record),
            MemberImportResource(
                *(rooms.imports, store, members, lambda: rooms.attributes.read, once)
            ),
            MemberImportResultResource(rooms.imports),
            MemberExportResource(rooms.member_export, app.config.timezone),
            AttributeResource(rooms.attributes, record),
            GroupResource(members, app.facts, app.store.keys),
            AudienceResource(rooms.segments, rooms.sops.roster),
            TagResource(rooms.tags),
            CheckInResource(rooms.checkins, rooms.boards, members),
            CheckInMemberResource(rooms.checkins, members, once),
            EvidenceResource(rooms.checkins),
            WelcomeResource(rooms.welcomes),
            WelcomePreviewResource(rooms.welcomes, specimens, members, app.clock.now),
            RouteResource(rooms.routes, rooms.route_statistics),
            SopResource(rooms.sops),
            SopStartResource(rooms.sops, rooms.proposals, once),
            SopResultResource(rooms.sops, rooms.report),
            WebhookResource(rooms.webhooks, rooms.courier),
            WebhookLetterResource(rooms.webhooks, rooms.webhook_queue),
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
