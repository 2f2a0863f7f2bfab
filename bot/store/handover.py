"""Handover: what is a member's on its way to another number, in the words of lib_merge.lua."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bot.store.members import Member

Item = tuple[str, ...]
"""A kind of thing that can be handed over, and its names."""
Rule = Literal["first", "last", "ours", "contact"]
"""Which of two scores holds: the lower, the higher, the survivor's; of two times somebody was a
contact, the one that still goes on, or ended last."""
Own = Callable[[int], str]
"""The key of a member's own, by the member's number."""


@dataclass(frozen=True, slots=True)
class Handover:
    """What is ``member``'s goes to number ``to``; ``groups`` are those they are or were in.

    Keys of a member's own are copied; their numbers in keys of all become ``to``.
    """

    member: Member
    to: int
    groups: tuple[int, ...] = ()

    @property
    def gateways(self) -> list[str]:
        """Where the member has accounts."""
        return sorted({gateway for gateway, _ in self.member.every})

    # of a member's own

    def bits(self, key: Own) -> Item:
        """A bitmap that joins the other one."""
        return ("bits", *self._both(key))

    def entries(self, key: Own) -> Item:
        """A list of JSON entries with ids, which go behind those that are there."""
        return ("entries", *self._both(key))

    def table(self, key: Own, *, named: bool = False) -> Item:
        """A hash; fields that are there hold. ``named``: a field's second line names the member."""
        return ("table", *self._both(key), "swap" if named else "")

    def counter(self, key: Own) -> Item:
        """A number that is added to the other one."""
        return ("counter", *self._both(key))

    def value(self, key: Own) -> Item:
        """A string for a time; of two the one that lives longer holds."""
        return ("value", *self._both(key))

    def _both(self, key: Own) -> tuple[str, str]:
        return key(self.to), key(self.member.number)


# in keys of all


def fact(key: str) -> Item:
    """A number in a fact."""
    return ("fact", key)


def score(key: str, rule: Rule, suffix: str = "") -> Item:
    """A number, with what stands behind it, in a sorted set."""
    return ("score", key, rule, suffix)


def due(key: str, suffix: str, done: str) -> Item:
    """As a score; not where the other number is in the fact ``done`` and not in the set."""
    return ("score", key, "due", suffix, done)


def field(key: str) -> Item:
    """A hash's field; one that is there holds."""
    return ("field", key)


def tally(key: str) -> Item:
    """A hash's field with a number that is added to the other one."""
    return ("tally", key)


def tag(name: str) -> Item:
    """A tag, with its end and what can be undone of it."""
    return ("tag", name)
