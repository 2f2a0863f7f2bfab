"""The words of webhooks: events, their groups, and why something did not arrive."""

from __future__ import annotations

from bot.console.words import Words
from bot.i18n.mark import msgid
from bot.webhooks.post import Reply

GROUPS = {
    "member": msgid("Members"),
    "contact": msgid("Contacts"),
    "group": msgid("Groups"),
    "check_in": msgid("Check-ins"),
    "link": msgid("Links"),
    "conversion": msgid("Conversions"),
    "message": msgid("Messages of the bot"),
    "task": msgid("Tasks for staff"),
    "sop": msgid("SOPs"),
}
EVENTS = {
    "member.joined": msgid("came into a group"),
    "member.left": msgid("left a group"),
    "member.opted_out": msgid("wants no broadcasts"),
    "member.opted_in": msgid("wants broadcasts again"),
    "contact.added": msgid("became a contact"),
    "group.dismissed": msgid("a group ended"),
    "check_in.recorded": msgid("somebody checked in"),
    "link.clicked": msgid("somebody followed a link"),
    "conversion.recorded": msgid("a conversion was recorded"),
    "message.sent": msgid("was sent"),
    "message.failed": msgid("could not be sent"),
    "message.in_doubt": msgid("nobody knows whether it was sent"),
    "task.opened": msgid("was opened"),
    "task.done": msgid("was done"),
    "task.skipped": msgid("was left out"),
    "task.postponed": msgid("was put off"),
    "task.overdue": msgid("is overdue"),
    "sop.started": msgid("was started"),
    "sop.paused": msgid("was paused"),
    "sop.resumed": msgid("goes on"),
    "sop.stopped": msgid("was stopped"),
    "sop.finished": msgid("came to its end"),
}
WHY = {
    "": msgid("paused"),
    "gone": msgid("paused: it said it is gone"),
    "failing": msgid("paused: it failed for three days"),
}
STREAMS = {
    "journal": msgid("Journal"),
    "hits": msgid("Clicks of links"),
    "conversions": msgid("Conversions"),
}
_REASONS = {
    "timeout": msgid("it did not answer in 10 seconds"),
    "connection": msgid("it does not accept connections"),
    "no such host": msgid("there is no host of this name"),
    "certificate": msgid("its certificate is not valid"),
    "private": msgid("it is in a private network"),
    "unsigned": msgid("it has no secret any more"),
}


def reason(words: Words, said: str) -> str:
    """Why a message did not arrive, in the reader's language."""
    if said.startswith("status "):
        return words.say(msgid("it answered {status}"), status=said.removeprefix("status "))
    return words.say(_REASONS[said]) if said in _REASONS else said


def outcome(words: Words, reply: Reply) -> str:
    """What came of a test."""
    if not reply.reason:
        return words.say(msgid("It arrived: the answer was {status}."), status=reply.status)
    why = reason(words, reply.said)
    return words.say(msgid("It did not arrive: {why}."), why=why)
