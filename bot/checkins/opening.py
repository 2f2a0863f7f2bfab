"""Why members cannot check in to a programme at a moment: it rests, its campaign, its window."""

from __future__ import annotations

from collections.abc import Callable

from bot.checkins.programme import Programme
from bot.checkins.refusal import NotNow
from bot.checkins.standing import Reckoning
from bot.i18n.mark import msgid

NOT_YET = msgid("It begins on {{ day }}. See you then!")
OVER = msgid("It ended on {{ day }}.")
RESTS = msgid("“{{ title }}” takes a break. No streak ends while it does.")
CLOSED = msgid("{{ member.name }}, you can check in from {{ begins }} to {{ ends }}.")


def resting(programme: Programme, translate: Callable[[str], str]) -> NotNow | None:
    """What is said of a programme that is paused or has ended."""
    if programme.rests == "ended" and programme.resting:
        return NotNow(OVER, {"day": programme.resting.isoformat()})
    return NotNow(RESTS, {"title": programme.title(translate)}) if programme.rests else None


def closed(then: Reckoning, translate: Callable[[str], str]) -> NotNow | None:
    """Why there is no checking in at that moment."""
    programme, settings, day = then.programme, then.programme.settings, then.today
    if no := resting(programme, translate):
        return no
    if settings.since and day < settings.since:
        return NotNow(NOT_YET, {"day": settings.since.isoformat()})
    if settings.until and day > settings.until:
        return NotNow(OVER, {"day": settings.until.isoformat()})
    if not programme.is_open(then.now, programme.zone_of(then.kept.own)):
        begins, _, ends = (settings.window or "").partition("-")
        return NotNow(CLOSED, {"begins": begins, "ends": ends})
    return None
