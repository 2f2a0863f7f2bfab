"""The words of the journal: what a manager reads for each dotted name and reason."""

from __future__ import annotations

from bot.console.words import Words
from bot.i18n.mark import msgid

WHAT = {
    "delivery.sent": msgid("Sent"),
    "delivery.failed": msgid("Not sent: failed"),
    "delivery.skipped": msgid("Not sent: skipped"),
    "delivery.in_doubt": msgid("In doubt whether it was sent"),
    "delivery.task": msgid("Became a task for staff"),
    "delivery.retried": msgid("Sending is tried again"),
    "delivery.deferred": msgid("Sending was put off"),
    "delivery.resent": msgid("Sent again by an operator"),
    "delivery.closed": msgid("Left as it is by an operator"),
    "member.joined": msgid("Joined"),
    "member.left": msgid("Left"),
    "group.dismissed": msgid("Group ended"),
    "event.dead": msgid("Could not be handled"),
    "event.unmatched": msgid("Nobody answered"),
    "welcome.sent": msgid("Greeted"),
    "welcome.skipped": msgid("Not greeted"),
}
REASONS = (
    msgid("too late"),
    msgid("frequency cap"),
    msgid("quiet hours"),
    msgid("left"),
    msgid("removed"),
    msgid("invited"),
    msgid("approved"),
    msgid("link"),
    msgid("the bot ended while sending"),
)
"""Reasons the rooms give; here so that they are translated."""
CHANGES = {
    "operator.added": msgid("Added an operator"),
    "operator.removed": msgid("Removed an operator"),
    "operator.role": msgid("Changed a role"),
    "operator.language": msgid("Chose a language"),
    "operator.password": msgid("Changed a password"),
    "dead_letter.replayed": msgid("Had a dead letter handled again"),
    "dead_letter.dropped": msgid("Forgot a dead letter"),
    "delivery.resent": msgid("Sent a delivery again"),
    "delivery.closed": msgid("Left a delivery as it is"),
}
"""What the audit calls each change."""
STATES = {
    "online": (msgid("Connected"), "good"),
    "connecting": (msgid("Connecting"), "warn"),
    "waiting": (msgid("Waiting to connect again"), "bad"),
    "misconfigured": (msgid("Set up wrongly"), "bad"),
    "stopped": (msgid("Stopped"), ""),
}
"""How a gateway is: the word and its colour."""
_BAD = ("failed", "dead")
_WARN = ("in_doubt", "skipped", "deferred", "retried", "unmatched", "left")
_GOOD = ("sent", "joined", "resent", "done", "matched")


def event_word(words: Words, what: str) -> str:
    """What happened, in the reader's language; an unknown name is shown as it is."""
    found = WHAT.get(what)
    return words.say(found) if found else what


def reason_word(words: Words, reason: str) -> str:
    """The reason, translated where it is one of ours."""
    if reason in ("", "unknown"):
        return ""
    return words.say(reason)


def tone(what: str) -> str:
    """How it looks: "bad", "warn", "good" or ""."""
    last = what.rpartition(".")[2]
    for name, endings in (("bad", _BAD), ("warn", _WARN), ("good", _GOOD)):
        if last in endings:
            return name
    return ""
