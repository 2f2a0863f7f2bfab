"""Programmes made in the console, as the store keeps them, and the versions there were."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bot.checkins.pause import Pause, days_of
from bot.checkins.plain import jsonable, plain
from bot.checkins.programme import Programme
from bot.located import Located, validate
from bot.model.base import Frozen
from bot.settings.checkins import CheckInSettings

What = Literal["made", "changed", "paused", "resumed", "ended"]


class Version(Frozen):
    """What a programme was from a moment (UTC ms) on, and who made it so."""

    number: int
    at: int
    by: str
    what: What
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Made:
    """One programme with its pauses; ``version`` counts its changes."""

    settings: CheckInSettings
    pauses: tuple[Pause, ...] = ()
    version: int = 1

    @classmethod
    def parse(cls, name: str, row: str) -> Made:
        """From a row; raises Problems for settings this version of Muster does not know."""
        data = json.loads(row)
        settings = validate(CheckInSettings, Located(f"programme {name}", data["settings"]))
        pauses = tuple(Pause.model_validate(one) for one in data["pauses"])
        return cls(settings, pauses, data["version"])

    @property
    def row(self) -> str:
        """As the store keeps it."""
        pauses = [one.model_dump(mode="json") for one in self.pauses]
        data = {"settings": kept(self.settings), "pauses": pauses, "version": self.version}
        return json.dumps(data, ensure_ascii=False)

    @property
    def rests(self) -> Pause | None:
        """The pause it is in."""
        last = self.pauses[-1] if self.pauses else None
        return last if last and last.until is None else None

    def programme(self, name: str, zone: str) -> Programme:
        """The programme it is; ``zone`` is the workspace's."""
        pause = self.rests
        return Programme(
            name,
            self.settings,
            ZoneInfo(self.settings.timezone or zone),
            stored=True,
            rests="" if pause is None else "ended" if pause.ended else "paused",
            resting=pause.since if pause else None,
            paused=days_of(self.pauses),
        )

    def resting(self, today: date, *, ended: bool) -> Made:
        """The same at rest from today on; a pause that became an end is one rest."""
        pause, before = self.rests, self.pauses
        since = pause.since if pause else today
        if pause:
            before = before[:-1]
        return replace(self, pauses=(*before, Pause(since=since, ended=ended)))

    def going_on(self, today: date) -> Made:
        """The same running again: nobody has missed the days up to today."""
        pause = self.rests
        if pause is None:
            return self
        over = pause.model_copy(update={"until": today, "ended": False})
        return replace(self, pauses=(*self.pauses[:-1], over))


def kept(settings: CheckInSettings) -> dict[str, Any]:
    """Settings as JSON has them; what goes by itself is left out."""
    found: dict[str, Any] = jsonable(plain(settings))
    return found


def differing(
    old: Mapping[str, Any], new: Mapping[str, Any]
) -> dict[str, tuple[Any | None, Any | None]]:
    """Before and after of the settings that are not the same; None: as it goes by itself."""
    names = sorted({*old, *new})
    return {n: (old.get(n), new.get(n)) for n in names if old.get(n) != new.get(n)}
