"""Checks: what of a live code cannot be as it is, each with its field and what would be right."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.i18n.mark import msgid
from bot.live_codes.roster import overlap
from bot.located import KeyPath, Located, Problem, Problems, nearest
from bot.model.capabilities import Capabilities
from bot.model.live_code import LiveCode
from bot.model.phrase import Phrase

KEPT: tuple[tuple[str, str], ...] = (
    ("gateway", msgid("a code stays at its gateway; make another one there")),
    ("kind", msgid("a code stays of its kind; make another one")),
    ("channel", msgid("a code keeps its channel, by which those who came are counted")),
)
OVER = msgid("this code has ended; make another one")
UNKNOWN_GATEWAY = msgid('unknown gateway "{name}"')
CANNOT = msgid("this gateway has no such codes")
USED = msgid("“{title}” has this channel already, so nobody could tell who came by which")
UNKNOWN_STAFF = msgid('nobody called "{name}" can have contacts there')
UNKNOWN_GROUP = msgid('no group "{name}" is known there')
NEEDED = msgid("missing: somebody must receive when no shift is on")
NO_GROUPS = msgid("missing: choose at least one group")
TOO_MANY = msgid("{count}, and {most} are allowed")
NO_SPARE = msgid("missing: somebody must receive once the daily cap is reached")
OVERLAP = msgid("is on at the same time as shift {number}")
NOT_OF_KIND = msgid("only for codes that lead to staff")
NOT_OF_GROUPS = msgid("only for codes that lead into groups")
UNABLE = msgid("none of them can receive anybody now: not active, or not allowed to have contacts")

Fault = tuple[KeyPath, str, str]


@dataclass(frozen=True, slots=True)
class Around:
    """What a code is checked against: the others, and who and what is at its gateway."""

    codes: Mapping[str, LiveCode]
    can: Capabilities
    staff: Collection[str] = ()
    groups: Collection[str] = ()


def check(code: LiveCode, around: Around) -> None:
    """Raises Problems keyed by field: ``staff[1]``, ``shifts[0].staff[2]``."""
    faults = [*_kept(code, around.codes.get(code.id)), *_channel(code, around)]
    faults += _of_staff(code, around) if code.kind == "contact" else _of_groups(code, around)
    _raise(faults)


def check_gateway(code: LiveCode, gateways: Mapping[str, Capabilities]) -> None:
    """Raises Problems unless its gateway has codes of this kind."""
    able = [name for name, can in gateways.items() if code.kind in can.live_codes]
    if code.gateway not in gateways:
        hint = nearest(code.gateway, able)
        _raise([(("gateway",), Phrase(UNKNOWN_GATEWAY, name=code.gateway), hint)])
    elif code.gateway not in able:
        _raise([(("gateway",), Phrase(CANNOT), nearest(code.gateway, able))])


def unable(field: str) -> Problems:
    """Nobody of the staff can receive."""
    return Problems([_problem((field,), Phrase(UNABLE), "")])


def _kept(code: LiveCode, old: LiveCode | None) -> Iterator[Fault]:
    if old is None:
        return
    if old.ended:
        yield ("id",), Phrase(OVER), ""
    for field, message in KEPT:
        name = "brings" if field == "channel" else field
        if getattr(code, name) != getattr(old, name):
            yield (field,), Phrase(message), ""


def _channel(code: LiveCode, around: Around) -> Iterator[Fault]:
    for other in around.codes.values():
        if other.id != code.id and other.brings == code.brings:
            yield ("channel",), Phrase(USED, title=other.title), ""


def _of_staff(code: LiveCode, around: Around) -> Iterator[Fault]:
    for field in ("groups", "new_group", "base_name"):
        if getattr(code, field):
            yield (field,), Phrase(NOT_OF_GROUPS), ""
    if not code.staff:
        yield ("staff",), Phrase(NEEDED), ""
    if code.daily_cap is not None and not code.spare:
        yield ("spare",), Phrase(NO_SPARE), ""
    shifts = [(("shifts", n, "staff"), shift.staff) for n, shift in enumerate(code.shifts)]
    lists: list[tuple[KeyPath, Sequence[str]]] = [
        (("staff",), code.staff),
        (("spare",), code.spare),
        *shifts,
    ]
    for path, staff in lists:
        yield from _many(path, staff, around.can.live_staff)
        for n, one in enumerate(staff):
            if one not in around.staff:
                yield (*path, n), Phrase(UNKNOWN_STAFF, name=one), nearest(one, around.staff)
    for n, shift in enumerate(code.shifts):
        for m, other in enumerate(code.shifts[:n]):
            if overlap(shift, other):
                yield ("shifts", n), Phrase(OVERLAP, number=m + 1), ""


def _of_groups(code: LiveCode, around: Around) -> Iterator[Fault]:
    for field in ("staff", "shifts", "spare", "daily_cap", "confirm"):
        if getattr(code, field):
            yield (field,), Phrase(NOT_OF_KIND), ""
    if not code.groups:
        yield ("groups",), Phrase(NO_GROUPS), ""
    yield from _many(("groups",), code.groups, around.can.live_groups)
    for n, one in enumerate(code.groups):
        if one not in around.groups:
            yield ("groups", n), Phrase(UNKNOWN_GROUP, name=one), nearest(one, around.groups)


def _many(path: KeyPath, names: Sequence[str], most: int) -> Iterator[Fault]:
    if len(names) > most:
        yield path, Phrase(TOO_MANY, count=len(names), most=most), ""


def _raise(faults: Sequence[Fault]) -> None:
    if faults:
        raise Problems([_problem(*fault) for fault in faults])


def _problem(path: KeyPath, message: str, hint: str) -> Problem:
    return Located("live code").problem(path, message, hint)
