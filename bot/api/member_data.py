"""A member's data over the API: everything that is kept of them, handed over or erased."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

from pydantic import Field, JsonValue

from bot.api.operation import Call, Number, Operation
from bot.api.problem import Refused
from bot.api.record import Record
from bot.members.disclosure import Disclosure
from bot.model.base import Frozen

Erase = Callable[[int, str], Awaitable[bool]]
"""Erases a member, for whom it is done; False when there is none."""


class DataAsked(Frozen):
    """Which member."""

    number: Number


class DataShown(Frozen):
    """Everything that is kept of a member."""

    member: dict[str, JsonValue]
    numbers: tuple[int, ...] = Field(description="Theirs, and those of who was merged with them.")
    since: str
    kept: dict[str, JsonValue] = Field(description="By the name it is kept under.")


class Erased(Frozen):
    """Who was erased."""

    number: int


class MemberDataResource:
    """``/members/{number}/data``, and erasing."""

    def __init__(self, disclosure: Disclosure, erase: Erase, record: Record) -> None:
        self._disclosure = disclosure
        self._erase = erase
        self._record = record

    def operations(self) -> list[Operation]:
        """Handing over and erasing."""
        scope: Literal["erase:members"] = "erase:members"
        one, asked = "/members/{number}", (DataAsked, None, (404,))
        return [
            Operation("GET", f"{one}/data", scope, self.get_member_data, {200: DataShown}, *asked),
            Operation("DELETE", one, scope, self.erase_member, {200: Erased}, *asked),
        ]

    async def get_member_data(self, call: Call[DataAsked, None]) -> DataShown:
        """Everything that is kept of a member, to be handed to them."""
        number = call.asked.number
        kept = await self._disclosure.of(number)
        if kept is None:
            raise Refused(404, f"There is no member {number}.")
        await self._record.write(call.token, "member.data", f"member {number}")
        return DataShown.model_validate(kept)

    async def erase_member(self, call: Call[DataAsked, None]) -> Erased:
        """Erase a member for good; it is answered when nothing of them is left. Sums stay."""
        number = call.asked.number
        if not await self._erase(number, call.token.actor):
            raise Refused(404, f"There is no member {number}.")
        return Erased(number=number)
