"""The crypto of WeCom's callbacks: who signed it, what is in it, and whom it is for.

Facts from developer.work.weixin.qq.com/document/path/91144: AES-256-CBC whose IV is the start of
the key, PKCS#7 padding to 32 bytes, an envelope of 16 random bytes, the length, the message and
the receive id, and a SHA-1 signature over sorted strings.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from pydantic import SecretStr

BLOCK = 32
"""Bytes the padding fills up to, twice AES's own."""
RANDOM = 16
HEAD = RANDOM + 4
"""Bytes before the message: random ones, and its length."""
_KEY = re.compile("[A-Za-z0-9+/]{43}")


class CryptoError(ValueError):
    """What came cannot be accepted; the text holds nothing of it."""


class WrongSignature(CryptoError):
    """Whoever sent it does not know the token, or it was changed on its way."""


class WrongRecipient(CryptoError):
    """It was meant for another company or app."""


def timely(timestamp: str, now: int, window: float) -> bool:
    """Whether a callback's time (s) is at most ``window`` seconds from ``now`` (UTC ms); 0: any."""
    if not window:
        return True
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 11):
        return False
    return abs(now - int(timestamp) * 1000) <= window * 1000


class Crypto:
    """Opens what WeCom sends to one receive id, and seals what is answered.

    ``aes_key`` is the EncodingAESKey, 43 characters of base64; raises ValueError for another.
    ``receive_id`` is the company's id for an app of its own, and empty, which is checked as
    well, for its AI-bot. ``random`` gives as many unpredictable bytes as it is asked for.
    """

    def __init__(
        self,
        token: SecretStr,
        aes_key: SecretStr,
        receive_id: str,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        key = key_of(aes_key.get_secret_value())
        self._cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16]))
        self._token = token
        self._receive_id = receive_id.encode()
        self._random = random

    def decrypt(self, signature: str, timestamp: str, nonce: str, encrypt: str) -> bytes:
        """The message inside, once its signature is right; raises CryptoError."""
        self.check(signature, timestamp, nonce, encrypt)
        return self.open(encrypt)

    def encrypt(self, message: bytes, timestamp: str, nonce: str) -> tuple[str, str]:
        """The sealed message, and its signature."""
        encrypt = self.seal(message)
        return encrypt, self.sign(timestamp, nonce, encrypt)

    def sign(self, timestamp: str, nonce: str, encrypt: str) -> str:
        """The signature: lower-case hex."""
        words = sorted(map(_bytes, (self._token.get_secret_value(), timestamp, nonce, encrypt)))
        return hashlib.sha1(b"".join(words), usedforsecurity=False).hexdigest()

    def check(self, signature: str, timestamp: str, nonce: str, encrypt: str) -> None:
        """Return if the signature is right, in a time that does not tell how far it is.

        Raises WrongSignature.
        """
        wanted = self.sign(timestamp, nonce, encrypt)
        if not hmac.compare_digest(_bytes(signature), wanted.encode()):
            raise WrongSignature("the signature is wrong")

    def open(self, encrypt: str) -> bytes:
        """The message inside, whoever signed it: call ``check`` before. Raises CryptoError."""
        plain = _unpadded(self._decipher(_decoded(encrypt)))
        length = int.from_bytes(plain[RANDOM:HEAD], "big")
        if length > len(plain) - HEAD:  # so too when there is no whole head
            raise CryptoError("the message is longer than what was sent")
        end = HEAD + length
        if not hmac.compare_digest(plain[end:], self._receive_id):
            raise WrongRecipient("the receive id is another")
        return plain[HEAD:end]

    def seal(self, message: bytes) -> str:
        """The message in its envelope, encrypted, as base64."""
        head = self._random(RANDOM) + len(message).to_bytes(4, "big")
        plain = head + message + self._receive_id
        pad = BLOCK - len(plain) % BLOCK
        encryptor = self._cipher.encryptor()
        sealed = encryptor.update(plain + bytes([pad]) * pad) + encryptor.finalize()
        return base64.b64encode(sealed).decode()

    def _decipher(self, sealed: bytes) -> bytes:
        decryptor = self._cipher.decryptor()
        return decryptor.update(sealed) + decryptor.finalize()


def key_of(aes_key: str) -> bytes:
    """The 32 bytes an EncodingAESKey stands for; raises ValueError, which does not repeat it."""
    if not _KEY.fullmatch(aes_key):
        raise ValueError(f"expected 43 characters A-Z, a-z, 0-9, got {len(aes_key)} characters")
    return base64.b64decode(aes_key + "=")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def _decoded(encrypt: str) -> bytes:
    try:
        sealed = base64.b64decode(_bytes(encrypt), validate=True)
    except binascii.Error:
        raise CryptoError("what was sent is not base64") from None
    if not sealed or len(sealed) % BLOCK:
        raise CryptoError("what was sent is not whole blocks")
    return sealed


def _unpadded(plain: bytes) -> bytes:
    pad = plain[-1]
    if not 1 <= pad <= BLOCK or plain[-pad:] != bytes([pad]) * pad:
        raise CryptoError("the padding is wrong: the AES key is another")
    return plain[:-pad]
