"""Health: what is wrong with a live code, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from bot.i18n.mark import msgid
from bot.live_codes.roster import exhausted
from bot.live_codes.standing import Standing
from bot.model.live_code import LiveCode
from bot.model.phrase import Phrase

LOST = msgid("The platform has it no more, so nobody can scan it: save it to make a new one.")
IDLE = msgid(
    "{staff} cannot receive anybody: not active, gone, or not allowed to have contacts. Choose "
    "others, or have it put right."
)
NOBODY = msgid("Nobody of its staff can receive anybody: it leads to whom it led last.")
CAPPED = msgid("Everybody on duty has had the {cap} new contacts of the day: spare staff receive.")
ENDED = msgid("{group} has ended: choose another group.")
FULL = msgid("All its groups are full: add one, or let the platform make new ones.")
NOWHERE = msgid("All its groups have ended: nobody can enter.")


def health(
    code: LiveCode,
    standing: Standing,
    at: datetime,
    added: Mapping[str, int],
    names: Mapping[str, str],
) -> tuple[Phrase, ...]:
    """What is wrong now, nothing when all is well; ``at`` is local time, ``names`` are groups'."""
    if code.ended or not standing.platform_id:
        return ()
    if standing.lost:
        return (Phrase(LOST),)
    if code.kind == "group":
        return tuple(_of_groups(code, standing, names))
    return tuple(_of_staff(code, standing, at, added))


def _of_staff(
    code: LiveCode, standing: Standing, at: datetime, added: Mapping[str, int]
) -> Iterator[Phrase]:
    idle = [one for one in code.everybody if one in standing.idle]
    if len(idle) == len(code.everybody):
        yield Phrase(NOBODY)
    elif idle:
        yield Phrase(IDLE, staff=", ".join(idle))
    if exhausted(code, at, added, standing.idle):
        yield Phrase(CAPPED, cap=code.daily_cap)


def _of_groups(code: LiveCode, standing: Standing, names: Mapping[str, str]) -> Iterator[Phrase]:
    groups = standing.groups or code.groups
    if all(one in standing.gone for one in groups):
        yield Phrase(NOWHERE)
        return
    for one in groups:
        if one in standing.gone:
            yield Phrase(ENDED, group=names.get(one) or one)
    shut = standing.full | standing.gone
    if not code.new_group and all(one in shut for one in groups):
        yield Phrase(FULL)
