"""The group robot adapter: messages into internal groups, by the webhook of each one's robot."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from difflib import get_close_matches
from hashlib import sha256

import aiohttp
from pydantic import SecretStr

from bot.gateways.adapter import Adapter, Inlet
from bot.gateways.begun import Begun
from bot.gateways.wecom.errors import StaleMedia, WeComError, failure, repeatable
from bot.gateways.wecom.files import Files, filename, source_of
from bot.gateways.wecom_robot.messages import (
    ABILITIES,
    Piece,
    Words,
    card_body,
    file_body,
    image_body,
    render,
    words_body,
)
from bot.gateways.wecom_robot.settings import WeComRobotSettings
from bot.gateways.wecom_robot.webhook import Webhook
from bot.model.capabilities import Capabilities
from bot.model.delivery import Delivery, Misconfigured, Receipt, Refused, Retry
from bot.model.event import BaseEvent
from bot.model.message import File, Image, LinkCard
from bot.model.phrase import Phrase

PICTURE = 2 << 20
"""Bytes of a picture; a larger one goes as a file."""
FILE = 20 << 20
KEPT = 68 * 3_600_000
"""Milliseconds an upload is used again; WeCom keeps it for three days."""
REMEMBERED = 500


class WeComRobot(Adapter):
    """Speaks by robots that cannot listen: any node may send."""

    Settings = WeComRobotSettings
    exclusive = False

    def __init__(self, inlet: Inlet, settings: WeComRobotSettings) -> None:
        super().__init__(inlet, settings)
        self.settings = settings
        self._session: aiohttp.ClientSession | None = None
        self._webhook = Webhook(settings.api_url, self._http)
        self._files = Files(inlet.clock, self._http)
        self._uploads: OrderedDict[tuple[str, str], tuple[str, int]] = OrderedDict()
        self._begun = Begun()

    @property
    def capabilities(self) -> Capabilities:
        """Words with mentions, pictures, cards and files into groups."""
        return ABILITIES

    async def receive(self) -> AsyncGenerator[BaseEvent, None]:
        """Nothing arrives, and there is nothing to connect to: online until a send fails."""
        self.inlet.alive()
        async for event in super().receive():
            yield event

    async def send(self, delivery: Delivery) -> Receipt:
        """Send in as many pieces as it takes; a repeat goes on with the first not sent.

        InDoubt when no answer came: WeCom cannot tell a repeat.
        """
        key = self._robot(delivery.to.group)
        rendered = render(delivery.message)

        async def one(_: int, piece: Piece) -> str:
            await self._piece(key, piece, delivery.attempt)
            return ""

        return await self._begun.send(delivery.id, rendered.pieces, one, rendered.degraded)

    def _robot(self, group: str | None) -> SecretStr:
        if group is None:
            raise Refused(Phrase("a group robot cannot write to one person"))
        robots: dict[str, SecretStr] = self.settings.robots
        if group not in robots:
            near: Sequence[str] = get_close_matches(group, robots, 1) or [*robots][:1]
            reason = Phrase("no robot is named {name}; there is {near}", name=group, near=near[0])
            raise Refused(reason)
        return robots[group]

    async def _piece(self, key: SecretStr, piece: Piece, attempt: int) -> None:
        match piece:
            case Words():
                await self._post(key, words_body(piece), attempt)
            case LinkCard():
                await self._post(key, card_body(piece), attempt)
            case Image() | File():
                await self._attached(key, piece, attempt)

    async def _attached(self, key: SecretStr, piece: Image | File, attempt: int) -> None:
        source = source_of(piece)
        assert source is not None
        data = await self._files.fetch(source, FILE)
        if isinstance(piece, Image) and len(data) <= PICTURE:
            await self._post(key, image_body(data), attempt)
            return
        name = filename(source, data)
        try:
            await self._post(key, file_body(await self._upload(key, name, data)), attempt)
        except StaleMedia:
            self._uploads.pop(_known(key, name, data), None)
            await self._post(key, file_body(await self._upload(key, name, data)), attempt)

    async def _post(self, key: SecretStr, body: dict[str, object], attempt: int) -> None:
        try:
            await self._webhook.send(key, body)
        except WeComError as error:
            told = failure(error, attempt)
            if isinstance(told, Misconfigured):
                self.inlet.lost(told.reason)
            if isinstance(told, Retry):  # each robot has its own limits
                told.scope = "chat"
            raise told from None
        self.inlet.alive()

    async def _upload(self, key: SecretStr, name: str, data: bytes) -> str:
        known, now = _known(key, name, data), self.inlet.clock.now()
        media_id, until = self._uploads.get(known, ("", 0))
        if now < until:
            return media_id
        with repeatable():  # nobody has seen anything yet
            media_id = await self._webhook.upload(key, name, data)
        self._uploads[known] = (media_id, now + KEPT)
        if len(self._uploads) > REMEMBERED:
            self._uploads.popitem(last=False)
        return media_id

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session

    async def close(self) -> None:
        """Close the connections."""
        if self._session:
            await self._session.close()


def _known(key: SecretStr, name: str, data: bytes) -> tuple[str, str]:
    return sha256(key.get_secret_value().encode()).hexdigest(), sha256(
        name.encode() + b"\0" + data
    ).hexdigest()
