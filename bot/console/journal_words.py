"""The words of the journal: what a manager reads for each dotted name and reason."""

from __future__ import annotations

from bot.console.words import Words
from bot.i18n.mark import msgid
from bot.members.attributes import WRONG
from bot.model.phrase import Phrase
from bot.routes.conditions import heard
from bot.welcome.reasons import WITH_VALUES

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
    "contact.added": msgid("Became a contact"),
    "contact.removed": msgid("Is no contact any more"),
    "link.clicked": msgid("Clicked a link"),
    "conversion.recorded": msgid("Conversion"),
    "group.dismissed": msgid("Group ended"),
    "event.dead": msgid("Could not be handled"),
    "event.unmatched": msgid("Nobody answered"),
    "welcome.sent": msgid("Greeted"),
    "welcome.skipped": msgid("Not greeted"),
    "welcome.withdrawn": msgid("Welcome taken back"),
    "welcome.not_entered": msgid("Not put into an SOP"),
    "welcome.gate_left_out": msgid("Not asked what newcomers are asked"),
    "delivery.recall": msgid("Taken back"),
    "delivery.recall_failed": msgid("Not taken back"),
    "delivery.remove": msgid("Taken out of the group"),
    "delivery.remove_failed": msgid("Not taken out of the group"),
    "delivery.mute": msgid("Kept from speaking"),
    "delivery.mute_failed": msgid("Not kept from speaking"),
    "delivery.unmute": msgid("May speak again"),
    "delivery.unmute_failed": msgid("Not allowed to speak again"),
    "delivery.invite": msgid("Brought into the group"),
    "delivery.invite_failed": msgid("Not brought into the group"),
    "member.opted_out": msgid("Wants no broadcasts"),
    "member.opted_in": msgid("Wants broadcasts again"),
    "member.erased": msgid("Erased"),
    "member.merged": msgid("Merged with another member"),
    "member.split": msgid("Split from another member"),
    "attribute.changed": msgid("Attributes changed"),
    "attribute.refused": msgid("An attribute was not kept"),
    "note": msgid("Note written"),
    "tag.given": msgid("Got a tag"),
    "tag.taken": msgid("Lost a tag"),
    "group.erased": msgid("Group erased"),
    "checkin.recorded": msgid("Checked in"),
    "checkin.reminded": msgid("Reminded of checking in"),
    "checkin.reminder_skipped": msgid("Not reminded of checking in"),
    "checkin.corrected": msgid("Corrected a check-in"),
    "checkin.refused": msgid("Refused a check-in"),
    "checkin.excused": msgid("Let a streak hold over a day"),
    "checkin.made_up": msgid("Made up for a day"),
    "checkin.stage": msgid("Reached a stage"),
    "checkin.text_failed": msgid("The text of a stage is wrong"),
    "checkin.points": msgid("Changed points"),
    "checkin.streaks_reminded": msgid("Reminded of streaks about to break"),
    "route.answered": msgid("Shown the way into a group"),
    "route.already": msgid("Asked for a group, and is in it"),
    "route.full": msgid("Asked for a group that is full"),
    "route.wait": msgid("Put on a waiting list: the groups are full"),
    "route.opened": msgid("A place opened for who waited"),
    "route.left": msgid("Waits no longer for a place"),
    "route.passed_over": msgid("Lost the place in line: the route is not for them any more"),
    "route.making": msgid("Put on a waiting list while a new group is made"),
    "route.grown": msgid("New group made for a route that was full"),
    "route.not_grown": msgid("No new group could be made for a route that is full"),
    "route.create": msgid("Shown the code of a new group: the others are full"),
    "route.barred": msgid("Asked for a group they were removed from"),
    "route.enough": msgid("Asked for a group more often than a day allows"),
    "route.way": msgid("How they were shown in"),
    "route.choice": msgid("Asked which group is meant"),
    "route.question": msgid("Was asked which group is theirs"),
    "route.absent": msgid("Not led to a group that its gateway does not have"),
    "route.refused": msgid("Asked for a group that is not for them, or not now"),
    "route.saved": msgid("Route changed"),
    "route.removed": msgid("Route removed"),
    "segment.saved": msgid("Segment saved"),
    "segment.deleted": msgid("Segment deleted"),
    "tag.expired": msgid("Tag ended"),
    "tag.saved": msgid("Tag changed"),
    "tag.group_saved": msgid("Group of tags changed"),
    "tag.deleted": msgid("Tag deleted"),
    "tag.renamed": msgid("Tag renamed"),
    "tag.merged": msgid("Tag merged into another"),
    "tag.applied": msgid("Tag given or taken for many"),
    "tag.undone": msgid("Giving or taking a tag undone"),
    "tag.rule_added": msgid("Rule for a tag added"),
    "tag.rule_removed": msgid("Rule for a tag removed"),
    "sop.started": msgid("SOP started"),
    "sop.edited": msgid("SOP changed"),
    "sop.enrolled": msgid("Put into an SOP"),
    "sop.paused": msgid("SOP paused"),
    "sop.running": msgid("SOP resumed"),
    "sop.stopping": msgid("SOP stopped"),
    "sop.finished": msgid("SOP finished"),
    "sop.skipped": msgid("SOP message left out"),
    "sop.deferred": msgid("SOP message put off"),
    "sop.missed": msgid("SOP time missed"),
    "sop.asked": msgid("SOP time missed: waits for a decision"),
    "sop.retried": msgid("What failed is tried again"),
    "sop.decided": msgid("Decided by an operator"),
    "sop.done": msgid("SOP step done"),
    "task.opened": msgid("Task for staff"),
    "task.done": msgid("Sent by staff"),
    "task.skipped": msgid("Left out by staff"),
    "task.postponed": msgid("Put off by staff"),
    "task.overdue": msgid("Task overdue"),
    "errand.asked": msgid("Put before staff in their app"),
    "errand.waits": msgid("Cannot be put before staff yet"),
    "errand.seek": msgid("Perhaps put before staff: looked for"),
    "errand.doubt": msgid("In doubt whether staff were asked"),
    "errand.refused": msgid("Cannot be put before staff"),
    "errand.reminded": msgid("Staff reminded"),
    "errand.not_reminded": msgid("Staff not reminded"),
    "errand.withdrawn": msgid("Taken back from staff"),
    "errand.cancelled": msgid("Cancelled by staff"),
    "errand.expired": msgid("Expired before staff confirmed"),
    "live_code.made": msgid("Live code made"),
    "live_code.saved": msgid("Live code changed"),
    "live_code.ended": msgid("Live code ended"),
    "live_code.unwell": msgid("Live code needs care"),
    "live_code.well": msgid("Live code is well again"),
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
    msgid("left out by staff"),
    msgid("had another"),
    msgid("reminded three times today"),
)
"""Reasons the rooms give; here so that they are translated."""
CHANGES = {
    **WHAT,
    "attribute.declared": msgid("Declared an attribute"),
    "attribute.removed": msgid("Removed an attribute"),
    "chat.role": msgid("Changed a role in chat"),
    "import.started": msgid("Started an import"),
    "import.stopped": msgid("Stopped an import"),
    "member.attributes": msgid("Changed a member's attributes"),
    "member.data": msgid("Handed out all that is kept of a member"),
    "member.note_removed": msgid("Removed a note"),
    "member.tagged": msgid("Gave a member a tag"),
    "member.untagged": msgid("Took a tag from a member"),
    "signing_key.made": msgid("Made a signing key"),
    "signing_key.revoked": msgid("Ended a signing key"),
    "token.made": msgid("Made an API token"),
    "token.revoked": msgid("Ended an API token"),
    "checkin.programme_made": msgid("Made a check-in programme"),
    "checkin.programme_changed": msgid("Changed a check-in programme"),
    "checkin.programme_paused": msgid("Paused a check-in programme"),
    "checkin.programme_resumed": msgid("Let a check-in programme go on"),
    "checkin.programme_ended": msgid("Ended a check-in programme"),
    "checkin.text_failed": msgid("The text of a stage is wrong"),
    "checkin.points": msgid("Changed points"),
    "checkin.excused": msgid("Let a streak hold over a day"),
    "checkin.refused": msgid("Refused a check-in"),
    "checkin.corrected": msgid("Corrected a check-in"),
    "calendar.feed-made": msgid("Made a calendar address"),
    "calendar.feed-revoked": msgid("Ended a calendar address"),
    "operator.added": msgid("Added an operator"),
    "operator.removed": msgid("Removed an operator"),
    "operator.role": msgid("Changed a role"),
    "operator.language": msgid("Chose a language"),
    "operator.password": msgid("Changed a password"),
    "dead_letter.replayed": msgid("Had a dead letter handled again"),
    "dead_letter.dropped": msgid("Forgot a dead letter"),
    "delivery.resent": msgid("Sent a delivery again"),
    "delivery.closed": msgid("Left a delivery as it is"),
    "template.saved": msgid("Changed a template"),
    "template.deleted": msgid("Took a template away"),
    "sop.started": msgid("Started an SOP"),
    "sop.edited": msgid("Changed an SOP"),
    "sop.tested": msgid("Sent a test to themselves"),
    "proposal.made": msgid("Proposed something"),
    "proposal.approved": msgid("Approved a proposal"),
    "proposal.rejected": msgid("Rejected a proposal"),
    "proposal.withdrawn": msgid("Withdrew a proposal"),
    "operator.chat": msgid("Chose a chat account"),
    "sop.paused": msgid("Paused an SOP"),
    "sop.running": msgid("Resumed an SOP"),
    "sop.stopping": msgid("Stopped an SOP"),
    "sop.retried": msgid("Had what failed tried again"),
    "sop.decided": msgid("Decided what waited in an SOP"),
    "task.done": msgid("Said a task is done"),
    "task.skipped": msgid("Left a task out"),
    "task.postponed": msgid("Put a task off"),
    "errand.remind": msgid("Had staff reminded"),
    "errand.withdraw": msgid("Took a message back from staff"),
    "sop.enrolled": msgid("Put somebody into an SOP"),
    "segment.saved": msgid("Saved a segment"),
    "segment.deleted": msgid("Deleted a segment"),
    "group.owner": msgid("Said whose a group is"),
    "live_code.made": msgid("Made a live code"),
    "live_code.changed": msgid("Changed a live code"),
    "live_code.ended": msgid("Ended a live code"),
    "link.made": msgid("Made a link"),
    "link.changed": msgid("Changed a link"),
    "link.worded": msgid("Gave a link a word"),
    "link.unworded": msgid("Took a word from a link"),
    "route.saved": msgid("Saved a route"),
    "route.removed": msgid("Removed a route"),
    "route.phrase_dismissed": msgid("Forgot an unmatched phrase"),
    "welcome.made": msgid("Wrote a welcome script"),
    "welcome.changed": msgid("Changed a welcome script"),
    "welcome.ended": msgid("Took a welcome script away"),
    "group_welcome.made": msgid("Wrote a group welcome"),
    "group_welcome.changed": msgid("Changed a group welcome"),
    "group_welcome.ended": msgid("Took a group welcome away"),
    "gateway.refreshed": msgid("Had a gateway looked at"),
    "webhook.added": msgid("Added a webhook"),
    "webhook.changed": msgid("Changed a webhook"),
    "webhook.paused": msgid("Paused a webhook"),
    "webhook.resumed": msgid("Resumed a webhook"),
    "webhook.removed": msgid("Took a webhook away"),
    "webhook.rotated": msgid("Made a new secret for a webhook"),
    "webhook.replayed": msgid("Had given-up events sent again"),
    "webhook.dropped": msgid("Forgot given-up events"),
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
GIVERS = (
    msgid("undoing application {n}"),
    msgid("application {n}, by {name}"),
    msgid("rule {n}"),
    msgid("import {n}"),
    msgid("operator {name}"),
    msgid("token {name}"),
    msgid("sop {name}"),
    msgid("chat"),
    msgid("expiry"),
)
"""Who or what gives and takes tags."""
CHOSEN = (
    msgid("a list of {n} lines"),
    msgid("at {when} UTC"),
    msgid("within {audience}"),
)
_BAD = ("failed", "dead")
_WARN = (
    *("in_doubt", "skipped", "deferred", "retried", "unmatched", "left", "full", "missed"),
    *("reminder_skipped", "opted_out", "paused", "unwell"),
)
_GOOD = (
    *("sent", "joined", "resent", "done", "matched", "recorded", "answered", "running"),
    "well",
)


def event_word(words: Words, what: str) -> str:
    """What happened, in the reader's language; an unknown name is shown as it is."""
    found = WHAT.get(what)
    return words.say(found) if found else what


def reason_word(words: Words, reason: str) -> str:
    """The reason, translated where it is one of ours."""
    if reason in ("", "unknown"):
        return ""
    if unmet := heard(reason):
        return words.say(unmet)
    return words.say(Phrase.heard(reason, (*GIVERS, *WITH_VALUES, *WRONG)))


def chosen_word(words: Words, what: str) -> str:
    """What a tag was applied to, as it was written down."""
    return ", ".join(words.say(Phrase.heard(part, CHOSEN)) for part in what.split(", "))


def tone(what: str) -> str:
    """How it looks: "bad", "warn", "good" or ""."""
    last = what.rpartition(".")[2]
    for name, endings in (("bad", _BAD), ("warn", _WARN), ("good", _GOOD)):
        if last in endings:
            return name
    return ""
