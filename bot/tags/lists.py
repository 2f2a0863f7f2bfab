"""Lists: members named one a line by account, number or phone, pasted or uploaded."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from bot.i18n.mark import msgid
from bot.located import Problems
from bot.model.phrase import Phrase
from bot.store.bits import Bits
from bot.store.store import Store
from bot.tags.tag import problem

LONGEST = 200_000
"""Lines a list may have."""
AT_ONCE = 5000
PHONE = "phone"
"""The attribute phones stand in."""
HEADS = frozenset(
    {"account", "member", "number", "phone", "id", "账号", "成员", "编号", "手机", "手机号"}
)
_SEPARATORS = re.compile(r"[\s\-()]+")


@dataclass(frozen=True, slots=True)
class Listed:
    """Who a list names; ``unknown`` are (line, text) of what nobody is called."""

    members: Bits
    lines: int
    unknown: tuple[tuple[int, str], ...] = ()


class Lists:
    """Finds the members a list names.

    A line is an account's id, ``gateway/id``, a member's ``#number``, or a phone; of a line with
    several columns the first counts. What an account is called comes before what a phone is.
    """

    def __init__(self, store: Store, gateways: Collection[str]) -> None:
        self._store = store
        self._keys = store.keys
        self._gateways = gateways

    async def read(self, text: str) -> Listed:
        """Who is named; raises Problems when the list is too long, StoreError."""
        rows = cells(text)
        if len(rows) > LONGEST:
            raise Problems(
                [problem("listed", Phrase("expected at most {n} lines", n=f"{LONGEST:,}"))]
            )
        found, left = set[int](), list[tuple[int, str]]()
        for start in range(0, len(rows), AT_ONCE):
            for row, number in await self._numbers(rows[start : start + AT_ONCE]):
                if number:
                    found.add(number)
                else:
                    left.append(row)
        phones = await self._phones({_phone(text) for _, text in left if _phone(text)})
        found |= set(phones.values())
        everybody = Bits.of(found)
        unknown = tuple(row for row in left if _phone(row[1]) not in phones)
        return Listed(everybody, len(rows), unknown)

    async def _numbers(self, rows: list[tuple[int, str]]) -> list[tuple[tuple[int, str], int]]:
        """Each row with its member's number, 0 for nobody; rows that may be phones are nobody."""
        asked = [asyncio.gather(*self._asked(text)) for _, text in rows]
        answers = await asyncio.gather(*asked)
        return [
            (row, next((int(one) for one in found if one), 0))
            for row, found in zip(rows, answers, strict=True)
        ]

    def _asked(self, text: str) -> Iterable[asyncio.Future[str | None]]:
        gateway, slash, account = text.partition("/")
        places = [(gateway, account)] if slash and gateway in self._gateways else []
        places += [(one, text) for one in self._gateways]
        for one, ident in places:
            yield asyncio.ensure_future(
                self._store.text("HGET", self._keys.member_accounts(one), ident)
            )
        if text.startswith("#") and text[1:].isascii() and text[1:].isdigit():
            yield asyncio.ensure_future(self._known(int(text[1:])))

    async def _known(self, number: int) -> str | None:
        there = await self._store.call("EXISTS", self._keys.member(number))
        return str(number) if there else None

    async def _phones(self, wanted: set[str]) -> dict[str, int]:
        """Whose attribute ``phone`` is one of these: looks through all members, once."""
        found: dict[str, int] = {}
        if not wanted:
            return found
        last = int(await self._store.text("GET", self._keys.member_seq()) or 0)
        for start in range(1, last + 1, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, last + 1))
            asked = [
                self._store.text("HGET", self._keys.member(n), f"attribute:{PHONE}")
                for n in numbers
            ]
            for number, text in zip(numbers, await asyncio.gather(*asked), strict=True):
                if text and (phone := _phone(text)) in wanted:
                    found.setdefault(phone, number)
        return found


def cells(text: str) -> list[tuple[int, str]]:
    """The first column of each line that has one, with the line's number; without a heading."""
    if "\0" in text:
        raise Problems([problem("listed", msgid("expected text, such as a CSV file"))])
    found = [
        (line, row[0].strip())
        for line, row in enumerate(csv.reader(io.StringIO(text.removeprefix("\ufeff"))), 1)
        if row and row[0].strip()
    ]
    return found[1:] if found and found[0][1].casefold() in HEADS else found


def _phone(text: str) -> str:
    """A phone without what people write between its digits; '' when it is none."""
    bare = _SEPARATORS.sub("", text).removeprefix("+86").removeprefix("+")
    return bare if bare.isascii() and bare.isdigit() and 6 <= len(bare) <= 15 else ""
