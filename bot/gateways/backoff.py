"""How long to wait before trying again: exponential, with full jitter, up to a cap."""

from __future__ import annotations

from random import Random


class Backoff:
    """Waits that double up to ``cap`` seconds, each drawn evenly from zero to its ceiling.

    Full jitter keeps many connections that ended together from coming back together.
    """

    def __init__(self, random: Random, first: float = 1.0, cap: float = 60.0) -> None:
        self.cap = cap
        self._random = random
        self._first = first
        self._ceiling = first

    def next(self) -> float:
        """Seconds to wait now; the ceiling doubles for the next time."""
        ceiling = min(self.cap, self._ceiling)
        self._ceiling = min(self.cap, ceiling * 2)
        return self._random.uniform(0, ceiling)

    def reset(self) -> None:
        """Start again from the first ceiling."""
        self._ceiling = self._first
