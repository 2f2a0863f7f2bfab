"""Scores: who stands in a sorted set between two scores, read in pages."""

from __future__ import annotations

from bot.store.bits import Bits
from bot.store.store import Store

PAGE = 10_000
"""Members read at once."""


async def between(store: Store, key: str, low: str | int, high: str | int) -> Bits:
    """The members with a score from ``low`` to ``high``, as ZCOUNT takes them; raises StoreError.

    Whoever is there all the time is found, however much else comes and goes meanwhile.
    """
    found, last, its = Bits(), b"", b""
    while True:
        count, members, last, its = await store.run(
            "score_page", [key], [low, high, last, its, PAGE]
        )
        found |= Bits.of(map(int, members.split()))
        if count < PAGE:
            return found
