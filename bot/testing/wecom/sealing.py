"""Callbacks sealed as document 91144 says; the test server's own, so that it judges ours."""

from __future__ import annotations

import base64
from hashlib import sha1
from random import Random
from typing import Protocol

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32


class Seals(Protocol):
    """What encrypts and signs a message: (encrypt, signature)."""

    def encrypt(self, message: bytes, timestamp: str, nonce: str) -> tuple[str, str]: ...


class Seal:
    """AES-256-CBC with 32-byte padding and a SHA-1 signature, for one receive id."""

    def __init__(self, token: str, aes_key: str, receive_id: str, random: Random) -> None:
        self._token = token
        self._key = base64.b64decode(aes_key + "=")
        self._receive_id = receive_id.encode()
        self._random = random

    def encrypt(self, message: bytes, timestamp: str, nonce: str) -> tuple[str, str]:
        """The message sealed, in base64, and its signature."""
        plain = self._random.randbytes(16) + len(message).to_bytes(4, "big")
        plain += message + self._receive_id
        pad = BLOCK - len(plain) % BLOCK
        plain += bytes([pad]) * pad
        encryptor = Cipher(algorithms.AES(self._key), modes.CBC(self._key[:16])).encryptor()
        sealed = base64.b64encode(encryptor.update(plain) + encryptor.finalize()).decode()
        parts = sorted((self._token, timestamp, nonce, sealed))
        return sealed, sha1("".join(parts).encode(), usedforsecurity=False).hexdigest()
