"""Codes: what a link's URL carries, packed, authenticated and spelt in 62 letters."""

from __future__ import annotations

import string
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from hmac import compare_digest
from secrets import token_hex

from bot.store.store import Store

LETTERS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_NONE = 255
"""Stands for what is none of our letters."""
_VALUES = bytes(LETTERS.find(chr(n)) % 256 for n in range(256))
TAG = 5
"""Bytes of the authentication: at 40,000 guesses a second one is right after some 200 days."""
LONGEST = 42
"""Letters no code exceeds: four numbers below 2**49 and the tag."""


@dataclass(frozen=True, slots=True)
class Code:
    """Which link, in which step's message, to which group and member; 0 for none."""

    link: int
    step: int = 0
    group: int = 0
    member: int = 0


class Codes:
    """Packs and unpacks codes with the workspace's key; nothing is stored per code."""

    def __init__(self, key: bytes) -> None:
        self._keyed = blake2b(digest_size=TAG, key=key)
        self.unpack = lru_cache(maxsize=16_384)(self._unpack)

    @classmethod
    async def of(cls, store: Store) -> Codes:
        """With the workspace's own key, made at first use."""
        secrets = store.keys.secrets()
        await store.call("HSETNX", secrets, "links", token_hex(32))
        return cls(bytes.fromhex(await store.text("HGET", secrets, "links") or ""))

    def pack(self, code: Code) -> str:
        """The letters for a URL; 8 of them without attribution, about 14 with.

        Raises ValueError for a link number below 1.
        """
        if code.link < 1:
            raise ValueError(f"no link has the number {code.link}")
        numbers = [code.link, code.step, code.group, code.member]
        while not numbers[-1]:
            numbers.pop()
        payload = b"".join(map(_varint, numbers))
        return _letters(payload + self._tag(payload))

    def _unpack(self, letters: str) -> Code | None:
        """The code these letters are, or None when we did not make them.

        A group's code is fetched by many, so those seen lately are remembered.
        """
        packed = _bytes(letters)
        payload, tag = packed[:-TAG], packed[-TAG:]
        if not compare_digest(tag, self._tag(payload)) or not payload:
            return None
        return Code(*_numbers(payload))

    def _tag(self, payload: bytes) -> bytes:
        keyed = self._keyed.copy()  # cheaper than taking in the key again
        keyed.update(payload)
        return keyed.digest()


def _varint(number: int) -> bytes:
    """Seven bits a byte, lowest first, the high bit set in all but the last."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def _numbers(payload: bytes) -> list[int]:
    numbers = []
    number = shift = 0
    for byte in payload:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(number)
            number = shift = 0
    return numbers


def _letters(packed: bytes) -> str:
    # No link has the number 0, so the first byte is never 0 and none is lost in the integer.
    number, out = int.from_bytes(packed, "big"), []
    while number:
        number, value = divmod(number, 62)
        out.append(LETTERS[value])
    return "".join(reversed(out))


def _bytes(letters: str) -> bytes:
    """The bytes; nothing when the letters are no spelling of ours."""
    if not 0 < len(letters) <= LONGEST or letters[0] == LETTERS[0]:
        return b""
    values = letters.encode("latin-1", "replace").translate(_VALUES)
    if _NONE in values:
        return b""
    number = 0
    for value in values:
        number = number * 62 + value
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
