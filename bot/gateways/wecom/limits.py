"""Our own limits, kept below WeCom's and shared by all nodes.

WeCom blocks a call that is made too often for as long as the window it broke, and drops messages
to a member above 30 a minute or 1000 an hour without a word (document 90454).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bot.store.store import Store

MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass(frozen=True, slots=True)
class Window:
    """At most ``count`` in any ``seconds``."""

    count: int
    seconds: int

    @property
    def pace(self) -> tuple[int, int]:
        """Burst, and µs between the rest.

        A burst of half and the other half spread over the window never make more than ``count``
        in any window, wherever it begins; whether WeCom's is fixed or slides is unknown.
        """
        burst = max(1, self.count // 2)
        return burst, -(-self.seconds * 1_000_000 // max(1, self.count - burst))


CALL = (Window(10_000, MINUTE), Window(150_000, HOUR))
"""Of one call, a company's."""
MEMBER = (Window(30, MINUTE), Window(1000, HOUR))
"""Of one app's messages to one member: above it they are dropped silently."""
CALLS: Mapping[str, tuple[Window, ...]] = MappingProxyType(
    {
        "appchat/create": (*CALL, Window(1000, DAY)),
        "appchat/update": (*CALL, Window(1000, HOUR)),
        "media/uploadimg": (*CALL, Window(1000, DAY)),
        "externalcontact/add_moment_task": (Window(10, MINUTE),),
    }
)


class Limits:
    """Asks whether something may be done now, and counts it if so."""

    def __init__(self, store: Store, corp_id: str, agent_id: str) -> None:
        self._store = store
        self._corp = corp_id
        self._agent = f"{corp_id}/{agent_id}"

    async def call(self, path: str) -> float:
        """Count one call; seconds to wait first, 0.0 when it may be made."""
        key = self._store.keys.wecom_calls
        windows = CALLS.get(path, CALL)
        [wait] = await self._take([[key(self._corp, path, w.seconds) for w in windows]], windows)
        return wait

    async def members(self, userids: Sequence[str]) -> dict[str, float]:
        """Count one message to each; seconds to wait for each, 0.0 for those who may have it."""
        key = self._store.keys.wecom_member
        rows = [[key(self._agent, userid, w.seconds) for w in MEMBER] for userid in userids]
        return dict(zip(userids, await self._take(rows, MEMBER), strict=True))

    async def _take(self, rows: Sequence[Sequence[str]], windows: Sequence[Window]) -> list[float]:
        paces = [number for window in windows for number in window.pace]
        keys = [key for row in rows for key in row]
        args = [self._store.clock.now(), len(windows), *paces]
        return [int(wait) / 1000 for wait in await self._store.run("wecom_take", keys, args)]
