"""The agenda as entries of a calendar feed, the same in every feed that tells of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from zoneinfo import ZoneInfo

from bot.i18n.mark import msgid
from bot.reports import Entry
from bot.sop.foresight.agenda import Slot
from bot.sop.record import Sop
from bot.sop.times.schedule import day_of

Say = Callable[..., str]
"""Translates a msgid and fills in its values."""


def feed_entries(
    slots: Iterable[Slot],
    sops: Mapping[str, Sop],
    zone: ZoneInfo,
    language: str,
    say: Say,
    console: str,
) -> list[Entry]:
    """An entry for each slot of a day; ``console`` is the address its SOPs' pages are at."""
    found = []
    for slot in slots:
        sop = sops[slot.sop]
        day = day_of(slot.at, zone).isoformat()
        found.append(
            Entry(
                uid=f"{day}.{slot.step}.{sop.id}.{sop.identity.started}@muster",
                at=slot.at,
                title=f"{sop.title(language)} · {slot.step} · {count_words(say, slot)}",
                description="\n".join(_told(slot, sops, language, say)),
                url=f"{console}/sops/{sop.id}",
                duration=(slot.until - slot.at) // 1000,
            )
        )
    return found


def count_words(say: Say, slot: Slot) -> str:
    """How many it is for."""
    one, many = (
        (msgid("{n} group"), msgid("{n} groups"))
        if slot.to == "group"
        else (msgid("{n} member"), msgid("{n} members"))
    )
    return say(one if slot.count == 1 else many, n=f"{slot.count:,}")


def clash_words(slot: Slot, sops: Mapping[str, Sop], language: str, say: Say) -> list[str]:
    """With whom it clashes, a sentence each."""
    text = {
        "group": msgid("“{sop}” writes to {n} of the same groups at nearly the same time."),
        "member": msgid("“{sop}” writes to {n} of the same members at nearly the same time."),
    }[slot.to]
    return [
        say(text, sop=sops[clash.sop].title(language), n=f"{clash.count:,}")
        for clash in slot.clashes
        if clash.sop in sops
    ]


def _told(slot: Slot, sops: Mapping[str, Sop], language: str, say: Say) -> Iterable[str]:
    if slot.past:
        yield say(msgid("{n} sent"), n=f"{slot.sent:,}")
    if slot.failed:
        yield say(msgid("{n} failed"), n=f"{slot.failed:,}")
    if slot.by_staff:
        yield say(msgid("{n} need a tap by staff"), n=f"{slot.by_staff:,}")
    if slot.deferred:
        yield say(msgid("held back by quiet hours or blackout dates"))
    if not slot.certain:
        yield say(msgid("depends on what happens before"))
    yield from clash_words(slot, sops, language, say)
