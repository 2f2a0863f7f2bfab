"""What looks unintended about a programme: words that mean something else too, no reminders."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from bot.checkins.programme import Programme
from bot.i18n.mark import msgid
from bot.model.phrase import Phrase
from bot.routing.fold import fold

Routed = Callable[[str], Awaitable[Sequence[str]]]
"""The routes a text leads to, by name."""


async def overlaps(
    programme: Programme,
    others: Sequence[Programme],
    routed: Routed,
    translate: Callable[[str], str] = str,
) -> list[Phrase]:
    """Words another programme of the same groups or a route has too; a reminder for no group.

    ``others``: all, in order.

    Programmes are called as ``translate`` has their titles.

    Of two programmes the first hears a word; a programme hears it before any route.
    """
    found: list[Phrase] = []
    names = [one.name for one in others]
    place = names.index(programme.name) if programme.name in names else len(others)
    for word in programme.settings.words:
        for at, other in enumerate(others):
            if other.name == programme.name or other.rests == "ended":
                continue
            if fold(word) not in map(fold, other.settings.words) or not programme.meets(other):
                continue
            first = other if at < place else programme
            found.append(
                Phrase(
                    "“{word}” is a word of {name} too: where both run, it checks in to {first}",
                    word=word,
                    name=other.title(translate),
                    first=first.title(translate),
                )
            )
        found += [
            Phrase(
                "“{word}” also leads to the route {name}: where the programme runs, it checks in",
                word=word,
                name=name,
            )
            for name in await routed(word)
        ]
    if programme.settings.reminder and not programme.reminded:
        found.append(Phrase(msgid("nobody is reminded: say which groups are")))
    return found
