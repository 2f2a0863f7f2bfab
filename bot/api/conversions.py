"""Conversions over the API: told by other systems, each recorded once, and read back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from bot.api.operation import LARGEST, Answer, Call, Operation, Whole
from bot.api.paging import Asked, Paged, checked, cursor
from bot.api.problem import Fault, Refused, wrong
from bot.clock import millis, utc
from bot.links.conversions import (
    AHEAD,
    CURRENCY,
    EARLIEST,
    KIND,
    MOST,
    AnotherOne,
    Attributed,
    Conversion,
    Conversions,
    Gone,
    Told,
    Unattributed,
)
from bot.links.takings import Period, Sum
from bot.model.base import Frozen

ENTRY = r"^[0-9]{1,15}-[0-9]{1,10}$"
NAME = r"^[!-~]{1,200}$"
DATE = r"^([0-9]{4}-[0-9]{2}-[0-9]{2})?$"
LONGEST = 400
"""Days a period may have."""


class ConversionTold(Frozen):
    """What somebody did elsewhere. It is put down to the member, else to the code's member."""

    id: str = Field(
        default="",
        pattern=r"^[!-~]{0,200}$",
        description="Its own name, such as the order's; or send the header Idempotency-Key.",
    )
    kind: str = Field(
        pattern=KIND,
        examples=["sale"],
        description="What was done, such as sale or sign-up.",
    )
    member: Annotated[int, Field(ge=1, le=LARGEST)] | str | None = Field(
        default=None, description='A member\'s number, or "gateway/account".'
    )
    code: str = Field(
        default="", max_length=500, description="A tracked link's code, or its whole URL."
    )
    value: Decimal = Field(
        default=Decimal(0), ge=-MOST, le=MOST, decimal_places=4, description="What it is worth."
    )
    currency: str = Field(
        default="", pattern=CURRENCY, examples=["CNY"], description="ISO 4217, such as CNY."
    )
    at: AwareDatetime | None = Field(default=None, description="When; without it now.")


class ConversionShown(Frozen):
    """A recorded conversion and what it was put down to; null where nothing is known."""

    id: str
    kind: str
    value: Decimal
    currency: str
    at: datetime
    member: int | None
    link: int | None
    group: int | None
    by: str
    attributed: Attributed = Field(
        description="By what it was put down: the code or the member it was told with, or the "
        "link the member clicked last; empty when it is from before this was kept."
    )


class ConversionList(Paged[ConversionShown]):
    """Conversions, the last recorded first."""


class SumShown(Frozen):
    """Conversions of one kind and currency: how many, and their value together."""

    kind: str
    currency: str
    count: int
    value: Decimal


class ShareShown(Frozen):
    """What one day, step, SOP or campaign (by name), link or group (by number) brought."""

    name: str
    sums: tuple[SumShown, ...]


class ConversionSums(Frozen):
    """What conversions come to."""

    members: int = Field(description="How many members converted.")
    total: tuple[SumShown, ...]
    by: tuple[ShareShown, ...]


class TellAsked(Frozen):
    """By what name a conversion is told once."""

    key: str = Field(
        default="",
        alias="Idempotency-Key",
        pattern=NAME,
        description="By this a conversion sent again is known; the body's id does the same.",
    )


class ConversionAsked(Frozen):
    """Which conversion."""

    entry: str = Field(pattern=ENTRY)


class SumsAsked(Frozen):
    """Which sums."""

    link: Annotated[Whole, Field(ge=0, le=LARGEST)] = Field(
        default=0, description="The link they were put down to; 0: all conversions."
    )
    by: Literal["day", "step", "group", "sop", "link", "campaign"] = Field(
        default="day", description="What to list; by link and campaign only without a link."
    )
    since: str = Field(
        default="",
        pattern=DATE,
        examples=["2026-06-01"],
        description="The first day, in the workspace's zone; without it all there ever was.",
    )
    until: str = Field(
        default="", pattern=DATE, examples=["2026-06-30"], description="The last day, else today."
    )


class ConversionResource:
    """``/conversions``."""

    def __init__(self, room: Conversions, now: Callable[[], int]) -> None:
        self._room = room
        self._now = now

    def operations(self) -> list[Operation]:
        """What can be done with conversions."""
        read: Literal["read:conversions"] = "read:conversions"
        shown = {201: ConversionShown, 200: ConversionShown}
        return [
            Operation(
                "POST",
                "/conversions",
                "write:conversions",
                self.tell_conversion,
                shown,
                TellAsked,
                ConversionTold,
                (409, 410),
            ),
            Operation(
                "GET", "/conversions", read, self.list_conversions, {200: ConversionList}, Asked
            ),
            Operation(
                "GET",
                "/conversions/sums",
                read,
                self.sum_conversions,
                {200: ConversionSums},
                SumsAsked,
            ),
            Operation(
                "GET",
                "/conversions/{entry}",
                read,
                self.get_conversion,
                {200: ConversionShown},
                ConversionAsked,
                None,
                (404,),
            ),
        ]

    async def tell_conversion(self, call: Call[TellAsked, ConversionTold]) -> Answer:
        """Record a conversion; sent again under the same name it is answered as it was (200)."""
        told = self._told(call.asked, call.body)
        try:
            found, new = await self._room.record(told, call.token.actor)
        except Unattributed as error:
            raise wrong("body", error.what, str(error)) from None
        except AnotherOne:
            message = "another conversion was recorded under this name"
            where = Fault(where="body", at="/id", message=message)
            if not call.body.id:
                where = Fault(where="header", at="/Idempotency-Key", message=message)
            raise Refused(409, message, [where]) from None
        except Gone:
            raise Refused(410, "It was recorded, and has been erased since.") from None
        return Answer(_shown(found), 201 if new else 200)

    async def list_conversions(self, call: Call[Asked, None]) -> ConversionList:
        """Every conversion, the last recorded first."""
        before = checked(call.asked.after, lambda said: re.fullmatch(ENTRY, said))
        found = await self._room.recent(before or "+", call.asked.limit)
        more = found[-1].id if len(found) == call.asked.limit else ""
        return ConversionList(items=tuple(map(_shown, found)), next=cursor(more))

    async def sum_conversions(self, call: Call[SumsAsked, None]) -> ConversionSums:
        """What conversions come to, ever or in some days: all together, and by one thing."""
        asked, room, period = call.asked, self._room, self._period(call.asked)
        if asked.link and asked.by in ("link", "campaign"):
            raise wrong("query", "by", "expected day, step, group or sop with a link")
        return ConversionSums(
            members=await room.members(asked.link, period),
            total=tuple(map(sum_shown, await room.sums(asked.link, period))),
            by=tuple(
                ShareShown(name=one.name, sums=tuple(map(sum_shown, one.sums)))
                for one in await room.by(asked.by, asked.link, period)
            ),
        )

    async def get_conversion(self, call: Call[ConversionAsked, None]) -> ConversionShown:
        """One conversion."""
        found = await self._room.get(call.asked.entry)
        if found is None:
            raise Refused(404, f"There is no conversion {call.asked.entry}.")
        return _shown(found)

    def _period(self, asked: SumsAsked) -> Period | None:
        since, until = _day("since", asked.since), _day("until", asked.until)
        if since is None:
            if until is not None:
                raise wrong("query", "since", "expected the first day too")
            return None
        until = until or max(self._room.today(), since)
        if not 0 <= (until - since).days < LONGEST:
            raise wrong(
                "query", "until", f"expected 1 to {LONGEST} days, the last not before since"
            )
        return Period(since=since, until=until)

    def _told(self, asked: TellAsked, body: ConversionTold) -> Told:
        if not (body.id or asked.key):
            raise wrong("body", "id", "expected an id, or the header Idempotency-Key")
        if body.member is None and not body.code:
            raise wrong("body", "member", "expected a member or a code")
        if body.value and not body.currency:
            raise wrong("body", "currency", "expected a currency with a value")
        at = None if body.at is None else millis(body.at)
        if at is not None and not EARLIEST <= at <= self._now() + AHEAD:
            raise wrong("body", "at", "expected a time since 2000, and not ahead of now")
        return Told(
            name=f"id:{body.id}" if body.id else f"key:{asked.key}",
            at=at,
            **body.model_dump(exclude={"id", "at"}),
        )


def sum_shown(one: Sum) -> SumShown:
    """A sum as it is answered."""
    return SumShown.model_validate(one.model_dump())


def _day(name: str, text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise wrong("query", name, "expected a day such as 2026-06-17") from None


def _shown(one: Conversion) -> ConversionShown:
    return ConversionShown(
        id=one.id,
        kind=one.kind,
        value=one.value,
        currency=one.currency,
        at=utc(one.at),
        member=one.member or None,
        link=one.link or None,
        group=one.group or None,
        by=one.by,
        attributed=one.attributed,
    )
