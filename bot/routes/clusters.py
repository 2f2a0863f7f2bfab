"""Clusters: unmatched phrases that say nearly the same, counted together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.routing.fold import han, splits
from bot.routing.near import Near, can_be_off
from bot.routing.pinyin import sound

HAN, OTHER = 2, 4
"""Characters, with and without Chinese, a phrase must have to gather those that contain it."""
SHARE = 3
"""A phrase is at most so many times as long as the one within it that it belongs to."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """Phrases in folded form with how often each was said, the most frequent first."""

    phrases: tuple[tuple[str, int], ...]

    @property
    def lead(self) -> str:
        """The phrase it is known by."""
        return self.phrases[0][0]

    @property
    def count(self) -> int:
        """How often any of them was said."""
        return sum(count for _, count in self.phrases)

    @property
    def words(self) -> tuple[str, ...]:
        """Those of the phrases that are within no other one: together they find all."""
        every = [phrase for phrase, _ in self.phrases]
        return tuple(
            one for one in every if not any(other != one and _within(other, one) for other in every)
        )


def clusters(phrases: Iterable[tuple[str, int]]) -> list[Cluster]:
    """Gather folded phrases around the most frequent ones; the most often said first.

    A phrase belongs to one that sounds the same, is one edit off, or is within the other.
    """
    ordered = sorted(phrases, key=lambda pair: (-pair[1], len(pair[0]), pair[0]))
    near = Near(phrase for phrase, _ in ordered)
    gathered: dict[str, list[tuple[str, int]]] = {}
    sounds: dict[str, str] = {}
    for phrase, count in ordered:
        lead = sounds.get(sound(phrase)) or _lead(phrase, gathered, near)
        if lead is None:
            lead, gathered[phrase] = phrase, []
        sounds[sound(phrase)] = lead
        gathered[lead].append((phrase, count))
    found = [Cluster(tuple(members)) for members in gathered.values()]
    return sorted(found, key=lambda cluster: -cluster.count)


def _lead(phrase: str, leads: Iterable[str], near: Near) -> str | None:
    """The lead it belongs to: one that is an edit off, else the longest within it or around it."""
    off = {*near.whole(phrase)} if can_be_off(phrase) else set()
    if found := next((lead for lead in leads if lead in off), None):
        return found
    fitting = (lead for lead in leads if _within(lead, phrase) or _within(phrase, lead))
    return max(fitting, key=len, default=None)


def _within(part: str, whole: str) -> bool:
    """Whether a phrase says all another one says, and not much more."""
    if not len(part) <= len(whole) <= SHARE * len(part) or part not in whole:
        return False
    at = whole.index(part)
    shortest = HAN if any(map(han, part)) else OTHER
    return len(part) >= shortest and not splits(whole, at) and not splits(whole, at + len(part))
