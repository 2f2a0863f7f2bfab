"""The tongue: the language figures are told in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from bot.model.phrase import Phrase


class Words(Protocol):
    """A reader's language; the console's pages have their own."""

    @property
    def language(self) -> str:
        """Which: "zh" or "en"."""
        ...

    def say(self, text: str, **values: object) -> str:
        """``text`` in that language, with ``{name}`` filled in."""
        ...


@dataclass(frozen=True, slots=True)
class Tongue:
    """Words where there is no page: of chats, the command line and files."""

    language: str
    translate: Callable[[str], str]

    def say(self, text: str, **values: object) -> str:
        """``text`` in the language, with ``{name}`` filled in."""
        phrase = text if isinstance(text, Phrase) else Phrase(text, **values)
        return phrase.said(self.translate)
