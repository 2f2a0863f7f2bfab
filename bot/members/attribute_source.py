"""The source of audiences' attribute terms: who has a value, and whose is less or more."""

from __future__ import annotations

from bot.audience.expression import compared
from bot.audience.source import Fault, Found, Scope, Source
from bot.i18n.mark import msgid
from bot.located import nearest
from bot.members.attribute_index import AttributeIndex, word
from bot.members.attributes import Attribute, WrongAttribute
from bot.model.dates import month_day, whole_day
from bot.model.phrase import Phrase
from bot.store.bits import Bits
from bot.store.scores import between
from bot.store.store import Store

NOT_DECLARED = msgid("no attribute of this name is declared")
NOT_INDEXED = msgid("members cannot be asked for by the values of this attribute")
DECLARE_SO = msgid("that can be changed where it is declared")
NOT_READY = msgid("members are still being read for this attribute; ask again in a while")
NO_ORDER = msgid("only numbers and dates are less or more; expected =")
NO_DAY = msgid("expected a day with its year, such as 2001-05-31")


class Attributed(Source):
    """Who has an attribute: any value, or one that compares so; only of declared attributes.

    While an index is not complete it cannot be told, rather than wrongly.
    """

    kind = "attribute"

    def __init__(self, store: Store, index: AttributeIndex) -> None:
        self._store = store
        self._keys = store.keys
        self._index = index

    async def facts(self, value: str, days: int | None, scope: Scope) -> Found:
        name, sign, wanted = compared(value)
        one, _ = await self._index.find(name)
        if not sign:
            return [self._keys.attribute_has(name)]
        read = _read(one, wanted) if one else None
        if one is None or read is None:  # meanwhile: ``fault`` is asked again
            return []
        match one.index:
            case "number":
                return await self._between(self._keys.attribute_numbers(name), sign, read)
            case "date":
                day = whole_day(read)
                if day is not None:
                    return await self._between(self._keys.member_days(name), sign, f"{day}")
                every_year = f"{month_day(read)}"
                return await self._between(self._keys.member_dates(name), "=", every_year)
        return [self._keys.attribute_is(name, word(one.index, read))]

    async def fault(self, value: str) -> Fault | None:
        name, sign, wanted = compared(value)
        one, ready = await self._index.find(name)
        if one is None:
            declared = await self._store.texts("HKEYS", self._keys.attributes())
            return NOT_DECLARED, nearest(name, declared)
        if sign and (wrong := _wrong(one, sign, wanted)):
            return wrong
        return None if ready else (NOT_READY, "")

    async def _between(self, key: str, sign: str, value: str) -> Bits:
        spans = {
            "=": (value, value),
            "<": ("-inf", f"({value}"),
            "<=": ("-inf", value),
            ">": (f"({value}", "+inf"),
            ">=": (value, "+inf"),
        }
        return await between(self._store, key, *spans[sign])


def _wrong(one: Attribute, sign: str, wanted: str) -> Fault | None:
    """What is wrong with a value somebody compares with."""
    if one.index == "has":
        return NOT_INDEXED, DECLARE_SO
    if sign != "=" and one.index not in ("number", "date"):
        return NO_ORDER, ""
    try:
        read = one.read(wanted)
    except WrongAttribute as error:
        return Phrase.of(error), ""
    if one.index == "date" and sign != "=" and whole_day(read) is None:
        return NO_DAY, ""
    return None


def _read(one: Attribute, wanted: str) -> str | None:
    try:
        return one.read(wanted)
    except WrongAttribute:
        return None
