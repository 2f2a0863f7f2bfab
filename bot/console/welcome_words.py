"""The words of a welcome script's settings, by the key each has in the configuration."""

from __future__ import annotations

import re

from bot.i18n.mark import msgid
from bot.model.phrase import Phrase

LABELS = {
    "id": msgid("Short name"),
    "title": msgid("Title"),
    "codes": msgid("Live codes"),
    "staff": msgid("Staff"),
    "groups": msgid("Groups"),
    "gateways": msgid("Gateways"),
    "kinds": msgid("Who is greeted"),
    "priority": msgid("Priority"),
    "again": msgid("Who was greeted before is"),
    "across": msgid("Before means"),
    "window": msgid("Greeted together who comes within"),
    "withdraw": msgid("Taken back from who leaves within"),
    "keep_last": msgid("Welcomes that stay in a group"),
    "block": msgid("Not greeted: names with one of these, one to a line"),
    "tags": msgid("Tags"),
    "attributes": msgid("Attributes, one to a line"),
    "gate": msgid("Something to do before the welcome"),
    "gate.ask": msgid("Newcomers must"),
    "gate.within": msgid("Within"),
    "gate.otherwise": msgid("Who does not"),
    "gate.button": msgid("On the button"),
    "gate.answers": msgid("What counts as an answer"),
    "gate.text": msgid("What they are asked"),
    "text": msgid("Text"),
    "after": msgid("Wait before it"),
    "to": msgid("It goes"),
    "share": msgid("Share"),
    "weekdays": msgid("Days of the week"),
    "end": msgid("Until"),
    "dates": msgid("Dates"),
}
SOPS = msgid("SOPs they are put into")
FROM = msgid("From")
_PLACE = re.compile(r"(layers|messages|variants)\[(\d+)\]\.?")


def where(key: str) -> list[str]:
    """Where a key is in the form, from the outside in: "Message 2", "B", "Text"."""
    found: list[str] = []
    for what, number in _PLACE.findall(key):
        match what:
            case "layers":
                found.append(Phrase(msgid("Special times {n}"), n=int(number) + 1))
            case "messages":
                found.append(Phrase(msgid("Message {n}"), n=int(number) + 1))
            case "variants":
                found.append("BCDEFGHIJ"[int(number)])
    name = re.sub(r"\[.*", "", _PLACE.sub("", key).removeprefix("when."))
    if name == "start":
        found.append(FROM if found else SOPS)
    elif name in LABELS:
        found.append(LABELS[name])
    return found
