"""Words: a page's texts in its reader's language."""

from __future__ import annotations

from bot.i18n import Translator


class Words:
    """One reader's language: ``_`` and ``n_`` of the templates."""

    def __init__(self, translator: Translator, language: str) -> None:
        self.language = language
        self._translator = translator

    def say(self, text: str, **values: object) -> str:
        """``text`` in the reader's language, with ``{name}`` filled in."""
        found = self._translator.translate(self.language, text)
        return found.format(**values) if values else found

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """``one`` or ``many`` by number, in the reader's language, with ``{n}`` filled in."""
        return self.say(one if number == 1 else many, n=f"{number:,}", **values)
