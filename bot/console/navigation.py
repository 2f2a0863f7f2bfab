"""Navigation: every page the menu can name, in its order; it shows those that exist."""

from __future__ import annotations

from dataclasses import dataclass

from bot.console.operators import Role
from bot.i18n.mark import msgid


@dataclass(frozen=True, slots=True)
class Entry:
    """A menu entry; ``role`` is the least that sees it."""

    path: str
    label: str
    icon: str
    role: Role = "viewer"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the menu."""

    label: str
    entries: tuple[Entry, ...]


MENU = (
    Part(
        msgid("Community"),
        (
            Entry("/", msgid("Overview"), "home"),
            Entry("/groups", msgid("Groups"), "groups"),
            Entry("/members", msgid("Members"), "members"),
            Entry("/segments", msgid("Segments"), "tag"),
            Entry("/tags", msgid("Tags"), "tag"),
        ),
    ),
    Part(
        msgid("Programmes"),
        (
            Entry("/sops", msgid("SOPs"), "sop"),
            Entry("/calendar", msgid("Calendar"), "calendar"),
            Entry("/tasks", msgid("Tasks"), "tasks"),
            Entry("/routes", msgid("Routes"), "route"),
            Entry("/live-codes", msgid("Live codes"), "branch"),
            Entry("/welcomes", msgid("Welcomes"), "letter"),
            Entry("/group-welcomes", msgid("Group welcomes"), "letter"),
            Entry("/check-ins", msgid("Check-ins"), "check"),
            Entry("/links", msgid("Links"), "link"),
            Entry("/conversions", msgid("Conversions"), "link"),
        ),
    ),
    Part(
        msgid("What happened"),
        (
            Entry("/figures", msgid("Figures"), "figures"),
            Entry("/journal", msgid("Journal"), "journal"),
            Entry("/dead-letters", msgid("Dead letters"), "letter"),
            Entry("/in-doubt", msgid("In doubt"), "doubt"),
        ),
    ),
    Part(
        msgid("House"),
        (
            Entry("/gateways", msgid("Gateways"), "gateway"),
            Entry("/webhooks", msgid("Webhooks"), "out", "admin"),
            Entry("/operators", msgid("Operators"), "operator", "admin"),
            Entry("/audit", msgid("Audit"), "audit", "admin"),
            Entry("/sandbox", msgid("Sandbox"), "sandbox"),
        ),
    ),
)
BAR = ("/", "/groups", "/members", "/sops", "/journal")
"""What a phone's bottom bar shows, as many as fit; the rest is behind "More"."""
BAR_SIZE = 4


def menu(paths: frozenset[str], role: Role, ranks: tuple[Role, ...]) -> list[Part]:
    """The parts with their entries that exist and that ``role`` sees."""
    rank = ranks.index(role)
    parts = [
        Part(
            part.label,
            tuple(e for e in part.entries if e.path in paths and ranks.index(e.role) <= rank),
        )
        for part in MENU
    ]
    return [part for part in parts if part.entries]
