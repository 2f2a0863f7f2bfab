"""The pace: how fast something goes, from the numbers its viewers have seen."""

from __future__ import annotations

from collections import deque

WINDOW = 60_000
"""Ms the pace is taken over."""
LEAST = 2_000
"""Ms two looks must lie apart to tell anything."""
KEPT = 200


class Pace:
    """Remembers, in this process, the last minute's looks at each thing."""

    def __init__(self) -> None:
        self._looks: dict[str, deque[tuple[int, int]]] = {}

    def per_minute(self, name: str, now: int, done: int) -> float | None:
        """How many a minute, having seen ``done`` at ``now`` (UTC ms); None when not known yet."""
        looks = self._looks.setdefault(name, deque(maxlen=KEPT))
        while looks and (looks[0][0] < now - WINDOW or looks[0][0] > now or looks[0][1] > done):
            looks.popleft()
        looks.append((now, done))
        first, before = looks[0]
        return (done - before) * 60_000 / (now - first) if now - first >= LEAST else None

    def forget(self, name: str) -> None:
        """It is over."""
        self._looks.pop(name, None)
