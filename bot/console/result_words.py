"""The words of results: what members did, ways and variants, and how these compare."""

from __future__ import annotations

from bot.console.words import Words
from bot.i18n.mark import msgid
from bot.reports.interval import Contrast

GOALS = {
    "clicked": msgid("Clicked a link"),
    "replied": msgid("Replied within a day"),
    "checked-in": msgid("Checked in within a day"),
    "converted": msgid("Converted within a day"),
}
WAYS = {
    "came": msgid("did it in time"),
    "timed-out": msgid("did not, in time"),
    "hold-out": msgid("held out"),
    "sent": msgid("got it"),
}
"""Ways and arms that are no names of ours to give."""


def goal_word(words: Words, goal: str) -> str:
    """What is compared."""
    return words.say(GOALS[goal])


def way_word(words: Words, way: str) -> str:
    """A way, a variant or those held out."""
    return words.say(WAYS[way]) if way in WAYS else way


def verdict(words: Words, contrast: Contrast) -> str:
    """What a comparison says."""
    named = ("name", "other")
    told = {k: way_word(words, v) if k in named else v for k, v in contrast.values.items()}
    return words.say(contrast.verdict, **told)
