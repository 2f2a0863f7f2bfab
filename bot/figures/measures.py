"""Measures: every figure's name and what exactly it counts, to be shown beside it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.i18n.mark import msgid


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure: its name and what it counts, both to be translated."""

    key: str
    name: str
    meaning: str


MEASURES: tuple[Measure, ...] = (
    Measure(
        "reach",
        msgid("Reached"),
        msgid(
            "Members a SOP's message with the link was sent to in this time: for a group, those "
            "who were in it at that moment. Each counts once, however many messages they got."
        ),
    ),
    Measure(
        "hits",
        msgid("Fetches"),
        msgid("How often the link was fetched, by people, programs and previews alike."),
    ),
    Measure(
        "clicks",
        msgid("Clicks"),
        msgid(
            "Fetches by people: without known programs, previews, staff, suspicious fetches, and "
            "the same visitor again within ten seconds."
        ),
    ),
    Measure(
        "people",
        msgid("People"),
        msgid(
            "Different people who clicked: members by their personal links, each once on whatever "
            "device; and visitors of links that are nobody's own, each once a day, browser and "
            "link."
        ),
    ),
    Measure(
        "rate",
        msgid("Click-through"),
        msgid(
            "Of the people a message reached, those who clicked in it; over several messages all "
            "of these together. The range is where the true share lies, 95 times out of 100. In "
            "groups a visitor who clicks on two days counts twice."
        ),
    ),
    Measure(
        "delay",
        msgid("First click after"),
        msgid(
            "Time from the message to the first click: half came sooner. Per person where links "
            "are personal, per group where they are not."
        ),
    ),
    Measure(
        "replied",
        msgid("Replied"),
        msgid("Members who wrote to the bot or in the group within a day after it."),
    ),
    Measure(
        "checked-in",
        msgid("Checked in"),
        msgid("Members who checked in within a day after it."),
    ),
    Measure(
        "tagged",
        msgid("Got a tag"),
        msgid("Members who were given a tag within a day after it, other than by a SOP."),
    ),
    Measure(
        "converted",
        msgid("Converted"),
        msgid("Members with a conversion that was put down to it in this time."),
    ),
    Measure(
        "conversions",
        msgid("Conversions"),
        msgid("Conversions put down to it by the day they happened; one member may have several."),
    ),
    Measure(
        "revenue",
        msgid("Revenue"),
        msgid("The values of these conversions together, by currency."),
    ),
)
"""In the order they are shown."""
