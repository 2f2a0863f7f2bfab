"""The reader: turns what WeCom tells into events, however it came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from bot.gateways.adapter import Inlet
from bot.gateways.wecom_bot.event import event_of
from bot.gateways.wecom_bot.files import Files
from bot.gateways.wecom_bot.payload import Blob, Payload
from bot.model.event import BaseEvent

log = structlog.get_logger(__name__)


class Reader:
    """Reads for one gateway; ``name`` is the bot's, as members write it after an @."""

    def __init__(self, inlet: Inlet, files: Files, name: str) -> None:
        self._inlet = inlet
        self._files = files
        self._name = name

    async def event(self, raw: Mapping[str, Any], payload: Payload) -> BaseEvent | None:
        """The event, once its files can be fetched; None for none of ours. Raises FrameError."""
        blobs: list[Blob] = []

        def place(blob: Blob) -> str:
            blobs.append(blob)
            return self._files.address(blob)

        now = self._inlet.clock.now()
        event = event_of(self._inlet.gateway, raw, payload, now, place, self._name)
        await self._files.keep(blob for blob in blobs if blob.url)
        if event is None:
            what = payload.event.eventtype
            log.info("wecom_bot.unknown", gateway=self._inlet.gateway, what=what)
        return event
