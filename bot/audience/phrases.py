"""The phrases terms are read as: what members or groups do, and its opposite."""

from __future__ import annotations

from types import MappingProxyType

from bot.i18n.mark import msgid

Phrases = MappingProxyType[str, tuple[str, str]]

MEMBERS: Phrases = MappingProxyType(
    {
        "everyone": (msgid("are members"), msgid("are no members")),
        "all-groups": (msgid("are in any group"), msgid("are in no group")),
        "group": (msgid("are in {value}"), msgid("are not in {value}")),
        "was-in": (msgid("were ever in {value}"), msgid("were never in {value}")),
        "left": (msgid("left {value}"), msgid("have not left {value}")),
        "tag": (msgid("are tagged {value}"), msgid("are not tagged {value}")),
        "segment": (
            msgid("belong to the segment {value}"),
            msgid("do not belong to the segment {value}"),
        ),
        "gateway": (msgid("are at gateway {value}"), msgid("are not at gateway {value}")),
        "owner": (msgid("are looked after by {value}"), msgid("are not looked after by {value}")),
        "attribute": (msgid("have {value} filled in"), msgid("do not have {value} filled in")),
        "attribute is": (msgid("have {value} as {name}"), msgid("do not have {value} as {name}")),
        "attribute compared": (
            msgid("have {name} {sign} {value}"),
            msgid("do not have {name} {sign} {value}"),
        ),
        "active": (msgid("spoke {when}"), msgid("have not spoken {when}")),
        "joined": (msgid("joined a group {when}"), msgid("have not joined a group {when}")),
        "checked-in": (
            msgid("checked in to {value} {when}"),
            msgid("have not checked in to {value} {when}"),
        ),
        "clicked": (msgid("ever clicked {value}"), msgid("never clicked {value}")),
        "clicked within": (
            msgid("clicked {value} {when}"),
            msgid("have not clicked {value} {when}"),
        ),
        "step/sent": (msgid("were sent step {value}"), msgid("were not sent step {value}")),
        "step/clicked": (
            msgid("clicked a link in step {value}"),
            msgid("have not clicked a link in step {value}"),
        ),
        "step/replied": (
            msgid("replied to step {value}"),
            msgid("have not replied to step {value}"),
        ),
        "step/checked-in": (
            msgid("checked in after step {value}"),
            msgid("have not checked in after step {value}"),
        ),
        "step/came": (
            msgid("did what step {value} waits for"),
            msgid("have not done what step {value} waits for"),
        ),
        "step/timed-out": (
            msgid("let step {value} wait in vain"),
            msgid("have not let step {value} wait in vain"),
        ),
        "step/skipped": (
            msgid("were left out by step {value}"),
            msgid("were not left out by step {value}"),
        ),
    }
)
GROUPS: Phrases = MappingProxyType(
    {
        **MEMBERS,
        "all-groups": (msgid("are groups"), msgid("are no groups")),
        "group": (msgid("are {value}"), msgid("are not {value}")),
    }
)
