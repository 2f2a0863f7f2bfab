"""Words in a template: plain text, or the same in both languages."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.located import Kind
from bot.model.base import Frozen
from bot.model.phrase import Phrase

NonEmpty = Annotated[str, Field(min_length=1)]


class Localized(Frozen):
    """One text in both languages."""

    zh: NonEmpty
    en: NonEmpty


Words = Annotated[NonEmpty | Localized, Kind(Phrase("text, or a table { zh = …, en = … }"))]


def spoken(words: str | Localized, language: str) -> str:
    """The words in a language ("zh" or "en"); plain text is the same in all."""
    return words if isinstance(words, str) else str(getattr(words, language, words.en))
