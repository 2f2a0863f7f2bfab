"""Places: where many targets are in the window of a step, told together by the quarter hour."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from zoneinfo import ZoneInfo

from bot.sop.foresight.outlook import CHUNK
from bot.sop.templates.step import Step
from bot.sop.times.timing import in_window, place_of, window_end
from bot.sop.times.window import Windows
from bot.store.bits import Bits

EXACT = 500
"""Up to so many each have their own moment."""
QUARTER = 900_000


class Places:
    """Spreads targets as the feeder does; even places are the same in every window of a length."""

    def __init__(self, windows: Windows) -> None:
        self._windows = windows
        self._masks: dict[tuple[int, ...], tuple[Bits, list[Bits]]] = {}

    async def of(
        self, step: Step, seed: str, start: int, zone: ZoneInfo, who: Bits
    ) -> list[tuple[int, Bits]]:
        """Moments (UTC ms) in the window that begins at ``start``, and whose they are."""
        if who.count() > EXACT:
            return await self._spread(step, seed, start, zone, who)
        found: dict[int, list[int]] = {}
        for number in who:
            found.setdefault(in_window(step, start, seed, number, zone), []).append(number)
        return [(moment, Bits.of(numbers)) for moment, numbers in found.items()]

    async def _spread(
        self, step: Step, seed: str, start: int, zone: ZoneInfo, who: Bits
    ) -> list[tuple[int, Bits]]:
        """Many at their places in a window, those of a quarter together."""
        end = window_end(step, start, zone)
        width = end - start
        edges = self._windows.edges(start, end - 1, zone)
        cuts = sorted({*range(start, end, QUARTER), *edges})
        offsets = [cut - start for cut in cuts]
        key = (width, *offsets) if step.spread == "even" else ()
        known, masks = self._masks.get(key, (Bits(), [Bits()] * len(cuts)))
        if not key:
            known, masks = Bits(), [Bits()] * len(cuts)
        found: list[list[int]] = [[] for _ in cuts]
        for count, number in enumerate(who - known):
            place = int(width * place_of(step, seed, number))
            found[bisect_right(offsets, place) - 1].append(number)
            if count % CHUNK == CHUNK - 1:
                await asyncio.sleep(0)
        masks = [mask | Bits.of(those) for mask, those in zip(masks, found, strict=True)]
        self._masks[key] = known | who, masks
        parts = zip(cuts, masks, strict=True)
        return [(cut, those) for cut, mask in parts if (those := who & mask)]
