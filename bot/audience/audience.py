"""The audience: an expression as templates, requests and records hold it, written as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from bot.audience.expression import Expression
from bot.audience.grammar import parse
from bot.located import Problems, expected
from bot.model.phrase import Phrase


@dataclass(frozen=True, slots=True)
class Audience:
    """Who is meant: ``str()`` is the canonical text, which reads back as an equal audience.

    In pydantic models it is validated from a text and serialises to one.
    """

    expression: Expression

    @classmethod
    def parse(cls, text: str, where: str = "audience") -> Audience:
        """Read a text; raises Problems, placed in the file ``where``."""
        return cls(parse(text, where))

    def __str__(self) -> str:
        return str(self.expression)

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            _validated,
            json_schema_input_schema=core_schema.str_schema(),
            serialization=core_schema.plain_serializer_function_ser_schema(
                str, return_schema=core_schema.str_schema()
            ),
        )


def _validated(value: Any) -> Audience:
    if isinstance(value, Audience):
        return value
    if not isinstance(value, str):
        raise expected(Phrase("an audience such as tag:vip and not active:7d"))
    try:
        return Audience.parse(value)
    except Problems as error:
        first = error.problems[0]
        at = Phrase("at character {n}: {what}", n=first.place.column, what=first.keyed)
        raise ValueError(at) from None
