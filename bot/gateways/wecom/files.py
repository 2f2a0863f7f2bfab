"""Files: fetching a picture, film or file from where a message says it is."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote_to_bytes

import aiohttp

from bot.clock import Clock
from bot.gateways.deadline import within
from bot.model.delivery import Refused, Retry
from bot.model.message import AnySegment, File, Image, MiniProgram, Video
from bot.model.phrase import Phrase

FileKind = Literal["image", "video", "file"]
FETCHING = 15.0
"""Seconds a file may take to come."""
SMALLEST = 6
"""Bytes below which WeCom takes no file."""


@dataclass(frozen=True, slots=True)
class Source:
    """What must be uploaded before it can be sent; ``name`` is what people see."""

    kind: FileKind
    url: str
    name: str


def source_of(segment: AnySegment) -> Source | None:
    """What of a segment must be uploaded, None for nothing."""
    match segment:
        case Image():
            return Source("image", segment.url, "picture")
        case MiniProgram(picture=str(picture)):
            return Source("image", picture, "picture")
        case Video():
            return Source("video", segment.url, segment.alt or "video")
        case File():
            return Source("file", segment.url, segment.name)
    return None


def filename(source: Source, data: bytes) -> str:
    """The name to upload it under: WeCom tells kinds by their endings."""
    if source.kind == "file":
        return source.name
    ending = ".mp4"
    if source.kind == "image":
        ending = ".png" if data.startswith(b"\x89PNG") else ".jpg"
    return source.name.removesuffix(ending) + ending


class Files:
    """Fetches from http(s) and data URLs; close its session yourself."""

    def __init__(self, clock: Clock, session: Callable[[], aiohttp.ClientSession]) -> None:
        self._clock = clock
        self._session = session

    async def fetch(self, source: Source, most: int) -> bytes:
        """The content, of at most ``most`` bytes; raises Retry and Refused."""
        data = await self._read(source, most)
        if not SMALLEST <= len(data) <= most:
            reason = Phrase("{name} is too small or too large for WeCom", name=source.name)
            raise Refused(reason)
        return data

    async def _read(self, source: Source, most: int) -> bytes:
        if source.url.startswith("data:"):
            return _inline(source)
        try:
            return await within(self._clock, FETCHING, self._download(source, most))
        except (aiohttp.InvalidURL, ValueError):
            raise Refused(
                Phrase("{name} has no address to fetch it from", name=source.name)
            ) from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Retry(_unfetched(source, type(error).__name__), after=10.0) from None

    async def _download(self, source: Source, most: int) -> bytes:
        async with self._session().get(source.url) as response:
            if response.status >= 400:
                reason = _unfetched(source, response.status)
                raise Retry(reason, after=30.0) if response.status >= 500 else Refused(reason)
            data = bytearray()
            async for chunk in response.content.iter_chunked(65536):
                data += chunk
                if len(data) > most:
                    break
            return bytes(data)


def _unfetched(source: Source, why: object) -> Phrase:
    return Phrase("{name} could not be fetched ({why})", name=source.name, why=why)


def _inline(source: Source) -> bytes:
    head, _, body = source.url.partition(",")
    try:
        return base64.b64decode(body) if head.endswith(";base64") else unquote_to_bytes(body)
    except binascii.Error:
        raise Refused(_unfetched(source, "base64")) from None
