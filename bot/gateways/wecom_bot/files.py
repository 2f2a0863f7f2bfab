"""Files: what came with messages, fetched from WeCom and decrypted when somebody opens it.

Facts from documents 100719 and 101463: an address holds for five minutes; behind it are bytes in
AES-256-CBC with padding to 32, by the message's own key or, of callbacks, the EncodingAESKey.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from collections.abc import Iterable
from hashlib import sha256
from urllib.parse import quote

import aiohttp
import structlog
from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.gateways.adapter import Inlet
from bot.gateways.deadline import within
from bot.gateways.wecom_bot.payload import Blob
from bot.store.line import StoreError
from bot.store.store import Store

log = structlog.get_logger(__name__)

KEPT = 300
"""Seconds an address of WeCom's holds."""
MOST = 20 * 1024 * 1024
"""Bytes of the largest file that is fetched, as large as one that can be sent."""
BLOCK = 32
"""Bytes the padding fills up to."""
FETCHING = 30.0
"""Seconds a file may take to come."""
AT_ONCE = 4
"""Files that are fetched at the same time; each is whole in memory."""


class Files:
    """Gives what came an address of ours, ``/gateways/<name>?file=…``, that nobody can guess.

    WeCom's own address and the key are in the store as long as they hold, and nowhere else.
    ``key`` decrypts what has no key of its own.
    """

    def __init__(self, inlet: Inlet, store: Store, key: bytes = b"") -> None:
        self._inlet = inlet
        self._store = store
        self._key = key
        self._turn = asyncio.Semaphore(AT_ONCE)

    def address(self, blob: Blob) -> str:
        """Where it can be fetched from us; "" for what is nowhere."""
        if not blob.url:
            return ""
        return f"{self._inlet.address()}/gateways/{self._inlet.gateway}?file={_digest(blob)}"

    async def keep(self, blobs: Iterable[Blob]) -> None:
        """Remember where they are; a message matters more than its files if the store is away."""
        try:
            for blob in blobs:
                where = json.dumps([blob.url, blob.aeskey])
                await self._store.call("SET", self._place(_digest(blob)), where, "EX", KEPT)
        except StoreError as error:
            gateway, reason = self._inlet.gateway, str(error)
            log.warning("wecom_bot.file_not_kept", gateway=gateway, reason=reason)

    async def answer(self, digest: str) -> web.Response:
        """The file, as something to download; raises the HTTP error to refuse with."""
        try:
            kept = await self._store.text("GET", self._place(digest[:64]))
        except StoreError:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "5"}) from None
        if kept is None:
            raise web.HTTPNotFound(text="WeCom keeps what is sent to a bot for five minutes")
        url, key = json.loads(kept)
        async with self._turn:
            sealed, disposition = await self._fetch(url)
        headers = {
            "Content-Disposition": disposition,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        }
        body = self._opened(sealed, key)
        return web.Response(body=body, headers=headers, content_type="application/octet-stream")

    async def _fetch(self, url: str) -> tuple[bytes, str]:
        """The bytes, and the name as a header tells it."""
        try:
            return await within(self._inlet.clock, FETCHING, self._download(url))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            reason = f"WeCom does not give the file ({type(error).__name__})"
            raise web.HTTPBadGateway(text=reason) from None

    async def _download(self, url: str) -> tuple[bytes, str]:
        # A session of its own: this is asked of nodes, too, whose adapter is not connected.
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            if response.status >= 400:
                reason = f"WeCom does not give the file (HTTP {response.status})"
                raise web.HTTPBadGateway(text=reason)
            data = bytearray()
            async for chunk in response.content.iter_chunked(65536):
                data += chunk
                if len(data) > MOST + BLOCK:
                    raise web.HTTPBadGateway(text=f"larger than {MOST} bytes")
            found = response.content_disposition
            name = found.filename if found and found.filename else "file"
        return bytes(data), f"attachment; filename*=UTF-8''{quote(name[:200], safe='')}"

    def _opened(self, sealed: bytes, aeskey: str) -> bytes:
        try:
            key = base64.b64decode(aeskey + "=" * (-len(aeskey) % 4)) if aeskey else self._key
            return decrypted(sealed, key) if key else sealed
        except (binascii.Error, ValueError):
            raise web.HTTPBadGateway(text="the file cannot be decrypted") from None

    def _place(self, digest: str) -> str:
        return self._store.keys.wecom_bot_file(self._inlet.gateway, digest)


def decrypted(sealed: bytes, key: bytes) -> bytes:
    """What is inside; raises ValueError where it is not whole or the key is another."""
    decryptor = Cipher(algorithms.AES256(key), modes.CBC(key[:16])).decryptor()
    plain = decryptor.update(sealed) + decryptor.finalize()
    pad = plain[-1] if plain else 0
    if not 1 <= pad <= BLOCK or plain[-pad:] != bytes([pad]) * pad:
        raise ValueError("the padding is wrong")
    return plain[:-pad]


def _digest(blob: Blob) -> str:
    return sha256(f"{blob.url}\n{blob.aeskey}".encode()).hexdigest()[:32]
