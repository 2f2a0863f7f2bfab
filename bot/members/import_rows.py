"""Rows of an import: from cells to what is to be known of one member, or what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from pydantic import Field

from bot.i18n.mark import msgid
from bot.members.attributes import Attribute, plain_phone
from bot.members.import_columns import ACCOUNT, ATTRIBUTE, NAME, NUMBER, PHONE, TAGS, is_key
from bot.members.import_sheet import Numbered
from bot.model.base import Frozen
from bot.model.dates import month_day, whole_day
from bot.model.phrase import Phrase

LONGEST_ACCOUNT = 200
LONGEST_NAME = 200
_TAG = re.compile(r'[^\s,;"()\x00-\x1f\x7f]{1,60}')

NO_NUMBER = msgid("“{cell}” is no member's number.")
NO_KEY = msgid("This cell says who is meant and is empty.")
TOO_LONG = msgid("This has more than {most} characters.")
BAD_TAG = msgid(
    "“{tag}” cannot be a tag: no spaces, commas, quotes or brackets, at most 60 letters."
)
NOBODY = msgid("There is no member of this number.")
UNKNOWN = msgid("Nobody has this account, and nobody new was to be made.")
NO_PHONE = msgid("Nobody has this phone number.")
PHONES = msgid("Several members have this phone number.")
ERASED = msgid("This account was erased, so an import does not bring it back.")

Rule = Callable[[str, str], str]
"""Reads a value of an attribute: the form it is kept in; raises ValueError with a Phrase."""


def free_text(_: str, value: str) -> str:
    """The rule of attributes nobody declared."""
    return value


class Fault(Frozen):
    """What is wrong with a row; ``column`` is counted from 0. ``say`` is a msgid."""

    column: int
    say: str
    values: dict[str, Any] = Field(default={})

    @property
    def phrase(self) -> Phrase:
        """The sentence."""
        return Phrase(self.say, **self.values)


class Wanted(Frozen):
    """What one row wants to be known: of the member of this number, account or phone number.

    ``attributes`` are name, value, and MMDD and YYYYMMDD of a value that is a day, or ''.
    """

    row: int
    member: int = 0
    account: str = ""
    phone: str = ""
    name: str = ""
    attributes: tuple[tuple[str, str, str, str], ...] = ()
    tags: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


class RowReader:
    """Reads rows by what the columns are said to be."""

    def __init__(self, columns: Sequence[str], rule: Rule = free_text) -> None:
        self._columns = [(at, target) for at, target in enumerate(columns) if target]
        self.key = next((at for at, target in self._columns if is_key(target)), 0)
        self._rule = rule

    def read(self, row: Numbered) -> Wanted:
        """What a row wants; with faults nothing of it is done. An empty cell changes nothing."""
        number, cells = row
        found: dict[str, Any] = {"row": number}
        attributes: list[tuple[str, str, str, str]] = []
        faults: list[Fault] = []
        for at, target in self._columns:
            try:
                self._cell(target, cells[at], found, attributes)
            except ValueError as error:
                phrase = Phrase.of(error)
                values = {name: str(value) for name, value in phrase.values.items()}
                faults.append(Fault(column=at, say=phrase.text, values=values))
        return Wanted(**found, attributes=tuple(attributes), faults=tuple(faults))

    def _cell(
        self,
        target: str,
        cell: str,
        found: dict[str, Any],
        attributes: list[tuple[str, str, str, str]],
    ) -> None:
        if not cell:
            if is_key(target):
                raise ValueError(Phrase(NO_KEY))
        elif target == NUMBER:
            found["member"] = _number(cell)
        elif target == PHONE:
            found["phone"] = plain_phone(Attribute(name=PHONE, type="phone").read(cell))
        elif target.startswith(ACCOUNT):
            gateway = target.removeprefix(ACCOUNT)
            found["account"] = _short(cell.removeprefix(f"{gateway}/"), LONGEST_ACCOUNT)
        elif target == NAME:
            found["name"] = _short(cell, LONGEST_NAME)
        elif target == TAGS:
            found["tags"] = _tags(cell)
        else:
            name = target.removeprefix(ATTRIBUTE)
            value = self._rule(name, cell)
            attributes.append((name, value, _score(month_day(value)), _score(whole_day(value))))


def _score(found: int | None) -> str:
    return "" if found is None else str(found)


def _number(cell: str) -> int:
    bare = cell.removeprefix("#")
    if not (bare.isascii() and bare.isdigit() and len(bare) < 16 and int(bare)):
        raise ValueError(Phrase(NO_NUMBER, cell=cell[:40]))
    return int(bare)


def _short(cell: str, most: int) -> str:
    if len(cell) > most:
        raise ValueError(Phrase(TOO_LONG, most=most))
    return cell


def _tags(cell: str) -> tuple[str, ...]:
    tags = [tag.strip() for tag in re.split(r"[,;，；、\n]", cell)]
    for tag in tags:
        if tag and not _TAG.fullmatch(tag):
            raise ValueError(Phrase(BAD_TAG, tag=tag[:60]))
    return tuple(dict.fromkeys(tag for tag in tags if tag))
