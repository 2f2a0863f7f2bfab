"""The vocabulary: which words check in to which programmes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from bot.checkins.programme import Programme
from bot.model.conversation import Conversation
from bot.routing.fold import LIMIT, fold


class Vocabulary:
    """Made once of programmes that do not change; of several, the first that does not rest."""

    def __init__(self, programmes: Sequence[Programme]) -> None:
        self._words: defaultdict[str, list[Programme]] = defaultdict(list)
        for programme in sorted(programmes, key=lambda one: bool(one.rests)):
            for word in programme.settings.words:
                self._words[fold(word)].append(programme)
        self.asks = any(
            one.evidence or (one.count == "group" and one.where != "group")
            for one in (programme.settings for programme in programmes)
        )
        """Whether any may ask members something back."""

    def find(self, text: str, group: Conversation | None = None) -> Programme | None:
        """The programme a text checks in to: in a group, or without one anywhere."""
        found = self._words.get(fold(text), ()) if len(text) <= LIMIT else ()
        return next((p for p in found if group is None or p.runs_in(group)), None)
