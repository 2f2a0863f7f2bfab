"""Live codes: QR codes people scan to add staff or to enter a group, changed while they hang."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from bot.i18n.mark import msgid
from bot.model.base import Frozen
from bot.model.delivery import Refused
from bot.model.phrase import Phrase

LiveCodeKind = Literal["contact", "group"]
"""A scan adds one of the staff, or leads into a group."""
CHANNEL_BYTES = 30
"""UTF-8 bytes of a channel."""
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def _time(text: str) -> str:
    if not _TIME.fullmatch(text):
        raise ValueError(msgid("expected a time of day such as 09:00"))
    return text


def _short(text: str) -> str:
    if len(text.encode()) > CHANNEL_BYTES:
        raise ValueError(msgid("expected at most 30 bytes: 30 letters or 10 Chinese characters"))
    return text


Weekday = Annotated[int, Field(ge=0, le=6)]
TimeOfDay = Annotated[str, AfterValidator(_time)]


class Shift(Frozen):
    """Who receives at certain hours of the workspace's zone; an ``end`` not after ``start`` is
    on the next day."""

    weekdays: frozenset[Weekday] = Field(min_length=1, description="Monday is 0")
    start: TimeOfDay
    end: TimeOfDay
    staff: tuple[str, ...] = Field(min_length=1)


class LiveCode(Frozen):
    """One live code, as an operator wants it.

    ``channel`` is what a scan brings with it, by default the id. Of a "contact" code ``staff``
    receive whenever no shift says otherwise; ``daily_cap`` is how many new contacts each of them
    takes in a day of the workspace's zone, ``spare`` who receives once nobody is left.
    ``confirm``: staff must accept the request. Of a "group" code ``groups`` are filled in order
    and ``new_group`` has the platform make another when all are full, named ``base_name`` and
    counted from ``base_number``. ``remark`` is for staff. ``ended``: nobody can scan it any more.
    """

    id: str = Field(pattern=r"^[a-z0-9-]{1,30}$")
    title: str = Field(min_length=1, max_length=80)
    gateway: str
    kind: LiveCodeKind
    channel: Annotated[str, AfterValidator(_short)] = ""
    staff: tuple[str, ...] = ()
    shifts: tuple[Shift, ...] = ()
    spare: tuple[str, ...] = ()
    daily_cap: int | None = Field(default=None, ge=1)
    confirm: bool = False
    groups: tuple[str, ...] = ()
    new_group: bool = False
    base_name: str = ""
    base_number: int = Field(default=1, ge=1)
    remark: str = ""
    ended: bool = False

    @property
    def brings(self) -> str:
        """The channel of those who scan it."""
        return self.channel or self.id

    @property
    def everybody(self) -> tuple[str, ...]:
        """All staff who may receive at some time, each once."""
        shifts = (one for shift in self.shifts for one in shift.staff)
        return tuple(dict.fromkeys([*self.staff, *shifts, *self.spare]))


class LiveCodeState(Frozen):
    """How a live code stands.

    ``platform_id`` is the platform's, '' while it is not made; ``image`` the address of its
    picture; ``staff`` who receives now; ``added_today`` the new contacts of each of them;
    ``health`` what is wrong now, nothing when it is well; ``checked`` (UTC ms) when it was last
    looked at; ``problem`` why the last call failed, '' when it did not.
    """

    platform_id: str = ""
    image: str = ""
    staff: tuple[str, ...] = ()
    added_today: Mapping[str, int] = Field(default={})
    health: tuple[Phrase, ...] = ()
    checked: int = 0
    problem: Phrase = Phrase("")


class LiveCodeLook(Frozen):
    """What a platform shows of a live code.

    ``staff`` and ``groups`` are those it leads to; ``full`` and ``gone``: groups nobody can
    enter, for want of room or because they ended.
    """

    image: str = ""
    staff: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    full: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()


class LiveCodeGone(Refused):
    """The platform has this live code no more."""
