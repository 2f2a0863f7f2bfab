"""The words of a programme's settings, by the key each has in the configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.i18n.mark import msgid

LABELS = {
    "name": msgid("Short name"),
    "title": msgid("Title"),
    "words": msgid("What members say to check in"),
    "groups": msgid("Groups"),
    "where": msgid("Members check in"),
    "count": msgid("A streak is"),
    "every": msgid("It goes by"),
    "times": msgid("Times a week"),
    "week_starts": msgid("A week begins on"),
    "timezone": msgid("Time zone"),
    "window": msgid("Hours"),
    "window.start": msgid("Opens at"),
    "window.end": msgid("Closes at"),
    "since": msgid("Begins on"),
    "until": msgid("Its last day"),
    "complete": msgid("Check-ins that complete it"),
    "certificate": msgid("who completes it gets a certificate"),
    "evidence": msgid("Evidence"),
    "evidence.kind": msgid("Members show"),
    "evidence.least": msgid("Fewest characters"),
    "evidence.wait": msgid("They have so long to show it"),
    "evidence.keep": msgid("It is kept"),
    "evidence.approval": msgid("staff approve it; it counts until they refuse it"),
    "make_up": msgid("Making up"),
    "make_up.on": msgid("members can make up for a day they missed"),
    "make_up.cost": msgid("Points a day costs"),
    "make_up.per_month": msgid("Days a month"),
    "make_up.days": msgid("Days back at most"),
    "freeze": msgid("Freezes"),
    "freeze.per_month": msgid("Forgiven each month"),
    "freeze.earned_every": msgid("One more for each streak of"),
    "freeze.most": msgid("Kept in hand at most"),
    "points": msgid("Points for a check-in"),
    "bonus": msgid("Bonus"),
    "bonus.every": msgid("A bonus for every so many in a row"),
    "bonus.points": msgid("Points of a bonus"),
    "points_last": msgid("Points last"),
    "stages": msgid("Stages"),
    "stages.at": msgid("Reached with"),
    "stages.of": msgid("Counted are"),
    "stages.reward": msgid("What they get"),
    "stages.stock": msgid("How many there are"),
    "stages.points": msgid("Points"),
    "stages.tags": msgid("Tags"),
    "stages.text": msgid("What is said"),
    "stages.certificate": msgid("with a certificate"),
    "reminder": msgid("Groups are reminded at"),
    "reminder_groups": msgid("Which groups"),
    "streak_reminder": msgid("Streak reminder"),
    "streak_reminder.at": msgid("Who would lose a streak is told at"),
    "streak_reminder.least": msgid("Streaks of at least"),
    "streak_reminder.names": msgid("Members one message names"),
}
WHAT = {
    "made": msgid("made"),
    "changed": msgid("changed"),
    "paused": msgid("paused"),
    "resumed": msgid("goes on"),
    "ended": msgid("was ended"),
}
"""What was done to a programme, by version."""
STATES = {"paused": msgid("paused"), "ended": msgid("has ended")}
EVIDENCE = {
    "": msgid("nothing: the word is enough"),
    "text": msgid("a text"),
    "picture": msgid("a picture"),
    "link": msgid("a text with a link"),
}
WHERE = {
    "group": msgid("in the group"),
    "direct": msgid("in a direct chat"),
    "both": msgid("in both"),
}
COUNT = {
    "everywhere": msgid("one of all groups together"),
    "group": msgid("of each group by itself"),
}
EVERY = {"day": msgid("days"), "week": msgid("weeks")}
OF = {"streak": msgid("days or weeks in a row"), "total": msgid("all check-ins")}
CHOICES = {
    "where": WHERE,
    "count": COUNT,
    "every": EVERY,
    "evidence.kind": EVIDENCE,
    "stages.of": OF,
}
"""The settings that are one of a few words, and what each word means."""


def label(field: str) -> str:
    """A field's words: of ``stages.2.text`` those of the third stage's text."""
    if field.startswith("stages."):
        return LABELS.get(f"stages.{field.rpartition('.')[2]}", LABELS["stages"])
    return LABELS.get(field, field)


def value(setting: Any, key: str, say: Callable[[str], str]) -> str:
    """A setting as a version's change shows it; "–" for what goes by itself."""
    match setting:
        case None:
            return "–"
        case bool():
            return "✓" if setting else "✗"
        case dict():
            own = (f"{key}.{name}" for name in setting)
            parts = zip(own, setting.values(), strict=True)
            return "; ".join(f"{say(label(k))}: {value(v, k, say)}" for k, v in parts) or "✓"
        case list():
            return (" / " if key == "stages" else ", ").join(value(v, key, say) for v in setting)
        case str() if word := CHOICES.get(key, {}).get(setting):
            return say(word)
    return str(setting)
