"""Rule: who gets a tag by themselves, by an audience or by what they say."""

from __future__ import annotations

from collections.abc import Collection

from bot.i18n.mark import msgid
from bot.located import Problem, nearest
from bot.model.base import Frozen
from bot.model.conversation import Conversation
from bot.model.phrase import Phrase
from bot.routing.wording import Mode, Synonyms, rules
from bot.tags.tag import problem

MOST_WORDS = 50
LONGEST_WORD = 200


class Said(Frozen):
    """Words to be said, how a message must fit one of them, and how leniently they are read.

    ``places`` are gateways and groups (``gateway/id``) in which it counts; without any, all.
    """

    words: tuple[str, ...]
    mode: Mode = "contains"
    pinyin: bool = False
    typos: bool = False
    places: tuple[str, ...] = ()


class Rule(Frozen):
    """Who is in the audience, or said one of the words, gets the tag once.

    ``id`` is a small number, ``at`` UTC ms; either ``audience`` or ``said`` is there.
    """

    id: str
    audience: str = ""
    tag: str
    by: str = ""
    at: int = 0
    said: Said | None = None

    @property
    def what(self) -> str:
        """Who gets it, as people typed it."""
        return ", ".join(self.said.words) if self.said else self.audience

    def heard(self, where: Conversation) -> bool:
        """Whether what is said there counts."""
        if self.said is None:
            return False
        names = {where.gateway, f"{where.gateway}/{where.group}"}
        return not self.said.places or not names.isdisjoint(self.said.places)


def faults(said: Said, places: Collection[str], synonyms: Synonyms) -> list[Problem]:
    """What cannot be about words; ``places`` are those there are."""
    found = []
    if not said.words:
        found.append(problem("words", msgid("expected at least one word")))
    if len(said.words) > MOST_WORDS or any(len(word) > LONGEST_WORD for word in said.words):
        found.append(problem("words", msgid("expected at most 50 words of 200 characters")))
    elif said.mode == "regex" and (said.pinyin or said.typos):
        found.append(problem("words", msgid("a pattern fits only as it stands: leave this out")))
    else:
        found += [fault for word in said.words if (fault := _unmatchable(said, word, synonyms))]
    for place in said.places:
        if place not in places:
            text = Phrase("there is no gateway or group {name}", name=place)
            found.append(problem("places", text, nearest(place, places)))
    return found


def _unmatchable(said: Said, word: str, synonyms: Synonyms) -> Problem | None:
    try:
        rules(said.model_copy(update={"words": (word,)}), str, synonyms)
    except ValueError as error:
        return problem("words", Phrase.of(error))
    return None
