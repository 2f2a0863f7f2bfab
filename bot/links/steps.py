"""Steps: what a link stood in (a SOP's run, a handler's reply), by name and by number."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.store.store import Store, as_text

SOP = "sop/"


@dataclass(frozen=True, slots=True)
class Step:
    """A step by its number; ``name`` is "sop/{sop}/{version}/{step}/{occurrence}" for a SOP's."""

    number: int
    name: str = ""

    @property
    def run(self) -> str:
        """The SOP run it is, as results are kept under; '' for none."""
        return self.name.removeprefix(SOP) if self.name.startswith(SOP) else ""

    @property
    def sop(self) -> str:
        """The SOP, '' for none."""
        return self.run.partition("/")[0]

    @property
    def step(self) -> str:
        """What the SOP calls the step; the whole name where it is no SOP's."""
        return self.run.split("/", 3)[2] if self.run else self.name

    @property
    def occurrence(self) -> str:
        """Which time of the step; '' for none."""
        return self.run.split("/", 3)[3] if self.run else ""


class Steps:
    """Gives steps their numbers and knows them; names and numbers never change."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._numbers: dict[str, int] = {}
        self._names: dict[int, Step] = {0: Step(0)}

    async def number(self, name: str) -> int:
        """The number of a step, given at first use; 0 for none. Raises StoreError."""
        if not name:
            return 0
        if name not in self._numbers:
            keys = self._store.keys
            places = [keys.link_steps(), keys.link_step_names(), keys.link_step_seq()]
            self._numbers[name] = int(await self._store.run("link_step", places, [name]))
        return self._numbers[name]

    async def known(self, names: Sequence[str]) -> dict[str, int]:
        """The numbers of those that have one."""
        missing = [name for name in names if name not in self._numbers]
        if missing:
            found = await self._store.call("HMGET", self._store.keys.link_steps(), *missing)
            for name, number in zip(missing, found, strict=True):
                if number is not None:
                    self._numbers[name] = int(number)
        return {name: self._numbers[name] for name in names if name in self._numbers}

    async def named(self, numbers: Collection[int]) -> Mapping[int, Step]:
        """Steps by their numbers; one nobody knows has no name."""
        missing = [number for number in numbers if number not in self._names]
        if missing:
            found = await self._store.call("HMGET", self._store.keys.link_step_names(), *missing)
            for number, name in zip(missing, found, strict=True):
                if name is not None:
                    self._names[number] = Step(number, as_text(name))
        return {number: self._names.get(number, Step(number)) for number in numbers}
