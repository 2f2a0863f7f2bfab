"""The audience term ``checked-in``: who checked in to a programme in the last days."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from bot.audience.source import Found, Scope, Source
from bot.checkins.checkins import CheckIns
from bot.checkins.records import EVERYWHERE
from bot.store.keys import Keys


class CheckedIn(Source):
    """Days are the programme's, the last is today."""

    kind = "checked-in"
    longest = 400

    def __init__(self, keys: Keys, checkins: CheckIns) -> None:
        self._keys = keys
        self._checkins = checkins

    async def facts(self, value: str, days: int | None, scope: Scope) -> Found:
        programme = self._checkins.programme(value)
        if programme is None:
            return []
        today = self._checkins.today(programme)
        last = range(min(days or 1, self.longest))
        return [self._keys.checkin_on(value, EVERYWHERE, today - timedelta(days=n)) for n in last]

    async def known(self, scope: Scope) -> Collection[str]:
        return [programme.name for programme in self._checkins.programmes]
