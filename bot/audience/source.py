"""Sources: where the members of each kind of term are found; rooms bring theirs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import ClassVar

from bot.store.bits import Bits
from bot.store.members import Group

Found = Sequence[str] | Bits
"""The keys of facts, whoever is in any of them; or the members themselves."""
Fault = tuple[str, str]
"""What is wrong with a term, and a hint."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Within what an audience is asked; ``sop`` is the SOP whose steps it may name."""

    sop: str = ""


NOWHERE = Scope()


class Source(ABC):
    """Finds the members of one kind of term."""

    kind: ClassVar[str]
    longest: ClassVar[int] = 0
    """Days it can look back; 0: any."""

    @abstractmethod
    async def facts(self, value: str, days: int | None, scope: Scope) -> Found:
        """Who is meant; nobody when there is nothing of this name. Raises StoreError."""

    async def known(self, scope: Scope) -> Collection[str] | None:
        """The values there are, or None when there is no list of them."""
        return None

    async def fault(self, value: str) -> Fault | None:
        """Why it cannot be told now who is meant, else None; asked before and after ``facts``."""
        return None


class GroupSource(Source):
    """A source whose terms also choose groups."""

    @abstractmethod
    def chooses(self, group: Group, value: str) -> bool:
        """Whether a group is meant."""
