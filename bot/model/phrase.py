"""A sentence that is translated where it is shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any, Self

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class Phrase(str):
    """An English text that can also be said in other languages.

    It is the English text itself, for logs and receipts; ``text`` is what catalogues translate,
    with ``{names}`` for its ``values``, which may be phrases too.
    """

    text: str
    values: dict[str, object]

    def __new__(cls, text: str, /, **values: object) -> Self:
        made = super().__new__(cls, text.format(**values) if values else text)
        made.text, made.values = text, values
        return made

    @classmethod
    def of(cls, said: str | BaseException) -> Phrase:
        """The phrase that a text is or an exception was given; else one without values."""
        if isinstance(said, BaseException):
            said = said.args[0] if said.args and isinstance(said.args[0], str) else str(said)
        return said if isinstance(said, Phrase) else cls(said)

    @classmethod
    def heard(cls, message: str, known: Collection[str]) -> Phrase:
        """What another library said: one of the ``known`` texts with its values, if it is one."""
        for text in known:
            if found := re.fullmatch(_NAME.sub(r"(?P<\1>.+)", re.escape(text)), message):
                values = found.groupdict().items()
                return cls(text, **{name: cls(v) if v in known else v for name, v in values})
        return cls(message)

    def said(self, translate: Callable[[str], str]) -> str:
        """The sentence in the language that ``translate`` translates to."""
        values = {
            name: value.said(translate) if isinstance(value, Phrase) else value
            for name, value in self.values.items()
        }
        text = translate(self.text)
        return text.format(**values) if values else text

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.is_instance_schema(cls)


_NAME = re.compile(r"\\\{(\w+)\\\}")
