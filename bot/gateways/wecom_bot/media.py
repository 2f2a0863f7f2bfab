"""Media: bringing a picture, file or film to WeCom, in pieces over the link."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import unquote_to_bytes

import aiohttp

from bot.clock import Clock
from bot.gateways.deadline import within
from bot.gateways.wecom_bot.message import MediaKind, Upload
from bot.model.delivery import InDoubt, Refused, Retry
from bot.model.phrase import Phrase

CHUNK = 512 * 1024
LIMITS: Mapping[MediaKind, int] = {
    "image": 10 * 1024 * 1024,
    "video": 10 * 1024 * 1024,
    "file": 20 * 1024 * 1024,
}
"""Bytes WeCom takes of each kind (document 101463)."""
KEPT = 68 * 3_600_000
"""Milliseconds an upload is used again; WeCom keeps it for three days."""
REMEMBERED = 500
FETCHING = 15.0
"""Seconds a file may take to come."""

Ask = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]


class Media:
    """Uploads, and remembers by content what it has uploaded."""

    def __init__(
        self, clock: Clock, session: Callable[[], aiohttp.ClientSession], first_chunk: int
    ) -> None:
        self._clock = clock
        self._session = session
        self._first_chunk = first_chunk
        self._known: OrderedDict[tuple[str, str], tuple[str, int]] = OrderedDict()

    async def upload(self, what: Upload, ask: Ask) -> str:
        """The media id of what is at a URL; raises Retry, Refused and what ``ask`` raises."""
        data = await self._fetch(what)
        if not 5 < len(data) <= LIMITS[what.kind]:
            raise Refused(Phrase("{name} is too small or too large for WeCom", name=what.name))
        key = (what.kind, hashlib.sha256(data).hexdigest())
        media_id, until = self._known.get(key, ("", 0))
        if self._clock.now() < until:
            return media_id
        try:
            media_id = await self._send(what, data, ask)
        except InDoubt as error:  # of the upload: nobody has seen anything yet
            raise Retry(error.reason, after=2.0) from None
        self._known[key] = (media_id, self._clock.now() + KEPT)
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return media_id

    def forget(self, media_id: str) -> None:
        """WeCom does not know it any more."""
        for key in [key for key, (known, _) in self._known.items() if known == media_id]:
            del self._known[key]

    async def _send(self, what: Upload, data: bytes, ask: Ask) -> str:
        chunks = [data[start : start + CHUNK] for start in range(0, len(data), CHUNK)]
        begun = await ask(
            "aibot_upload_media_init",
            {
                "type": what.kind,
                "filename": what.name,
                "total_size": len(data),
                "total_chunks": len(chunks),
                "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
            },
        )
        upload = {"upload_id": begun.get("upload_id")}
        for index, chunk in enumerate(chunks, self._first_chunk):
            piece = {"chunk_index": index, "base64_data": base64.b64encode(chunk).decode()}
            await ask("aibot_upload_media_chunk", upload | piece)
        done = await ask("aibot_upload_media_finish", upload)
        return str(done.get("media_id", ""))

    async def _fetch(self, what: Upload) -> bytes:
        if what.url.startswith("data:"):
            return _inline(what.url)
        try:
            return await within(self._clock, FETCHING, self._download(what))
        except (aiohttp.InvalidURL, ValueError):
            raise Refused(
                Phrase("{name} has no address to fetch it from", name=what.name)
            ) from None
        except (aiohttp.ClientError, TimeoutError) as error:
            why = type(error).__name__
            reason = Phrase("{name} could not be fetched ({why})", name=what.name, why=why)
            raise Retry(reason, after=10.0) from None

    async def _download(self, what: Upload) -> bytes:
        async with self._session().get(what.url) as response:
            if response.status >= 400:
                reason = Phrase(
                    "{name} could not be fetched ({why})", name=what.name, why=response.status
                )
                raise Retry(reason, after=30.0) if response.status >= 500 else Refused(reason)
            data = bytearray()
            async for chunk in response.content.iter_chunked(65536):
                data += chunk
                if len(data) > LIMITS[what.kind]:
                    break
            return bytes(data)


def _inline(url: str) -> bytes:
    head, _, body = url.partition(",")
    try:
        if head.endswith(";base64"):
            return base64.b64decode(body)
    except binascii.Error:
        raise Refused(Phrase("a data: address cannot be read")) from None
    return unquote_to_bytes(body)
