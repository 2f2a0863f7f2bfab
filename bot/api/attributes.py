"""Attributes over the API: what members' attributes are, declared and changed."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bot.api.operation import Call, Operation
from bot.api.problem import Refused, wrong
from bot.api.record import Record
from bot.members.attributes import Attribute, Attributes, Type, WrongAttribute, attribute
from bot.model.base import Frozen
from bot.model.phrase import Phrase


class AttributeWanted(Frozen):
    """What an attribute is; values that members have stay."""

    label: str = Field(default="", max_length=60, description="What people call it.")
    type: Type = "text"
    choices: tuple[str, ...] = Field(
        default=(), max_length=200, description="Of one of a list: its values."
    )
    required: bool = Field(
        default=False, description="Whether it cannot be emptied where people fill it in."
    )
    by: Literal["manager", "viewer"] = Field(default="manager", description="Who may set it.")


class AttributeShown(AttributeWanted):
    """A declared attribute."""

    name: str


class AttributeList(Frozen):
    """Every declared attribute, by name; others are any text."""

    items: tuple[AttributeShown, ...]


class AttributeAsked(Frozen):
    """Which attribute."""

    name: str = Field(pattern=r"^[^\s/.][^/\x00-\x1f\x7f]{0,59}$", examples=["city"])


class AttributeResource:
    """``/attributes``."""

    def __init__(self, attributes: Attributes, record: Record) -> None:
        self._attributes = attributes
        self._record = record

    def operations(self) -> list[Operation]:
        """What can be done with attributes."""
        one, shown = "/attributes/{name}", {200: AttributeShown}
        write: Literal["write:members"] = "write:members"
        return [
            Operation(
                "GET", "/attributes", "read:members", self.list_attributes, {200: AttributeList}
            ),
            Operation(
                *("PUT", one, write, self.declare_attribute, shown),
                *(AttributeAsked, AttributeWanted),
            ),
            Operation(
                "DELETE", one, write, self.remove_attribute, shown, AttributeAsked, None, (404,)
            ),
        ]

    async def list_attributes(self, call: Call[Frozen, None]) -> AttributeList:
        """Every declared attribute, by name."""
        await self._attributes.refresh()
        return AttributeList(items=tuple(map(_shown, self._attributes.known.values())))

    async def declare_attribute(
        self, call: Call[AttributeAsked, AttributeWanted]
    ) -> AttributeShown:
        """Declare an attribute, or change what it is."""
        given = call.body.model_dump()
        try:
            made = attribute(call.asked.name, **given)
        except WrongAttribute as error:
            raise wrong("path", "name", str(Phrase.of(error))) from None
        try:
            await self._attributes.save(made)
        except WrongAttribute as error:
            raise wrong("body", "choices", str(Phrase.of(error))) from None
        await self._record.write(call.token, "attribute.declared", made.name, **given)
        return _shown(made)

    async def remove_attribute(self, call: Call[AttributeAsked, None]) -> AttributeShown:
        """Declare it no more: it is any text again, and values that members have stay."""
        await self._attributes.refresh()
        found = self._attributes.known.get(call.asked.name)
        try:
            await self._attributes.remove(call.asked.name)
        except WrongAttribute as error:
            raise Refused(404, str(Phrase.of(error))) from None
        await self._record.write(call.token, "attribute.removed", call.asked.name)
        return _shown(found or Attribute.model_construct(name=call.asked.name))


def _shown(one: Attribute) -> AttributeShown:
    return AttributeShown(**one.model_dump(include={*AttributeShown.model_fields}))
