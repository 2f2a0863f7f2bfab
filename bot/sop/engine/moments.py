"""Moments: whose anchors lie in a span of time, read from where they are written down."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count

from bot.sop.record import Sop
from bot.sop.templates.anchor import (
    CONTACT_ADDED,
    ENROLLED,
    GROUP_CREATED,
    JOINED,
    AttributeAnchor,
    TagAnchor,
)
from bot.sop.templates.template import Template
from bot.sop.times.timing import day_number, month_days
from bot.store.keys import Keys
from bot.store.store import Store

PAGE = 500
SETS = 256
"""Sorted sets asked in one script."""


@dataclass(frozen=True, slots=True)
class Moments:
    """A sorted set of moments; ``suffix`` makes a target's name of a member of it."""

    key: str
    suffix: str = ""


def anchored(keys: Keys, sop: Sop, template: Template, groups: Sequence[int]) -> list[Moments]:
    """Where the moments of a template's anchor are; ``groups``: those members are met in."""
    anchor = template.anchor
    if anchor == JOINED:
        return [Moments(keys.group_joined(group), f":{group}") for group in groups]
    if anchor == GROUP_CREATED:
        return [Moments(keys.groups_created())]
    name = {CONTACT_ADDED: "contact", ENROLLED: f"enrolled:{sop.id}"}.get(str(anchor), "")
    if isinstance(anchor, TagAnchor):
        name = f"tag:{anchor.tag}"
    return [Moments(keys.moment(name), ":0")]


async def between(
    store: Store, sets: Sequence[Moments], after: int, until: int, *, whole: bool = False
) -> AsyncIterator[list[tuple[str, int]]]:
    """(target, ms) in (after, until], in pages; somebody may come twice.

    ``whole``: the sets' members are whole names already.
    """
    for i in range(0, len(sets), SETS):
        async for found in _pages(store, sets[i : i + SETS], after, until):
            yield [(member if whole else f"{member}{one.suffix}", at) for one, member, at in found]


async def dated(
    store: Store, anchor: AttributeAnchor, day: date, size: int = PAGE
) -> AsyncIterator[list[int]]:
    """Members whose date, as the anchor has it, falls on a day, in pages of ``size``."""
    keys = store.keys
    if anchor.yearly:
        wanted = [(keys.member_dates(anchor.attribute), score) for score in month_days(day)]
    else:
        wanted = [(keys.member_days(anchor.attribute), day_number(day))]
    for key, score in wanted:
        for start in count(0, size):
            found = await store.texts("ZRANGEBYSCORE", key, score, score, "LIMIT", start, size)
            if found:
                yield [int(number) for number in found]
            if len(found) < size:
                break


async def _pages(
    store: Store, sets: Sequence[Moments], after: int, until: int
) -> AsyncIterator[list[tuple[Moments, str, int]]]:
    limit = PAGE
    while sets:
        names = [one.key.removeprefix(store.prefix) for one in sets]
        flat = await store.run(
            "sop_moments", [store.keys.fence()], [store.prefix, after, until, limit, *names]
        )
        found = [
            (sets[int(flat[i])], flat[i + 1].decode(), int(float(flat[i + 2])))
            for i in range(0, len(flat), 3)
        ]
        yield found
        last = {one: at for one, _, at in found}
        sizes = {one: sum(1 for other, _, _ in found if other == one) for one in last}
        sets = [one for one in sets if sizes.get(one, 0) == limit]
        if sets:
            # From just before the last of the page: others may have come in the same ms.
            following = min(last[one] for one in sets) - 1
            limit, after = (limit, following) if following > after else (limit * 2, after)
