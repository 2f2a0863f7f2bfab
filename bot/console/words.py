"""Words: a page's texts in its reader's language."""

from __future__ import annotations

from functools import partial

from bot.i18n import Translator
from bot.located import Problems
from bot.model.phrase import Phrase


class Words:
    """One reader's language: ``_`` and ``n_`` of the templates."""

    def __init__(self, translator: Translator, language: str) -> None:
        self.language = language
        self._translator = translator

    def say(self, text: str, **values: object) -> str:
        """``text`` in the reader's language, with ``{name}`` filled in."""
        phrase = text if isinstance(text, Phrase) else Phrase(text, **values)
        return phrase.said(partial(self._translator.translate, self.language))

    def wrong(self, problems: Problems) -> str:
        """Everything that is wrong, a line each."""
        return "\n".join(self.say(problem.keyed) for problem in problems.problems)

    def count(self, one: str, many: str, number: int, **values: object) -> str:
        """``one`` or ``many`` by number, in the reader's language, with ``{n}`` filled in."""
        return self.say(one if number == 1 else many, n=f"{number:,}", **values)
