"""A sentence that is translated where it is shown."""

from __future__ import annotations

from bot.model.base import Frozen


class Phrase(Frozen):
    """An English text marked with ``msgid`` and the values for its ``{names}``."""

    text: str
    values: dict[str, str | int] = {}  # noqa: RUF012, pydantic copies it

    def __str__(self) -> str:
        """In English, for logs and receipts."""
        return self.text.format(**self.values)
