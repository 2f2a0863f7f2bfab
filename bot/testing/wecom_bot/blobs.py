"""Blobs: the files people send to a bot, encrypted at addresses that end (document 100719)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.clock import Clock

LIFE = 300_000
"""Milliseconds an address holds."""
BLOCK = 32


@dataclass(frozen=True, slots=True)
class Blob:
    """One file as it is given out; ``at``: when it was sent, UTC ms."""

    sealed: bytes
    name: str
    at: int


class Blobs:
    """Gives out files for five minutes; ``counts`` how often one was asked for."""

    def __init__(self, clock: Clock) -> None:
        self.base = ""
        self.counts = 0
        self._clock = clock
        self._blobs: list[Blob] = []

    def routes(self) -> list[web.RouteDef]:
        """Where they are given out, below ``base``."""
        return [web.get("/blob/{number}", self._answer)]

    def add(self, data: bytes, key: bytes, name: str) -> str:
        """Encrypt a file; its address."""
        self._blobs.append(Blob(encrypted(data, key), name, self._clock.now()))
        return f"{self.base}/blob/{len(self._blobs) - 1}?sign=q-secret"

    async def _answer(self, request: web.Request) -> web.Response:
        self.counts += 1
        blob = self._blobs[int(request.match_info["number"])]
        if self._clock.now() - blob.at >= LIFE:
            raise web.HTTPForbidden(text="expired")
        named = f"attachment; filename*=UTF-8''{quote(blob.name)}"
        return web.Response(body=blob.sealed, headers={"Content-Disposition": named})


def encrypted(data: bytes, key: bytes) -> bytes:
    """AES-256-CBC whose IV is the start of the key, padded to 32, without an envelope."""
    pad = BLOCK - len(data) % BLOCK
    encryptor = Cipher(algorithms.AES256(key), modes.CBC(key[:16])).encryptor()
    return encryptor.update(data + bytes([pad]) * pad) + encryptor.finalize()
