"""A problem that an operator can end, and what to do about it."""

from __future__ import annotations

from bot.model.phrase import Phrase


class Fault(Phrase):
    """Reads as the problem; ``remedy`` is what an operator does about it."""

    remedy: Phrase

    def __new__(cls, problem: str, remedy: str) -> Fault:
        said = Phrase.of(problem)
        made = super().__new__(cls, said.text, **said.values)
        made.remedy = Phrase.of(remedy)
        return made
