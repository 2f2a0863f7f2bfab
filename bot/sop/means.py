"""What the SOP room works with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.audience.algebra import Algebra
from bot.model.capabilities import Capabilities
from bot.routing.template import Templates
from bot.routing.writer import Writer
from bot.settings.rooms import DeliverySettings, SopSettings
from bot.sop.templates.library import Library
from bot.store.bell import Bell
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a route says to a member: "open" with a text and its variables, or why not."""

    outcome: str
    text: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)


Invite = Callable[[str, int], Awaitable[Invitation]]
"""Invites a member, by number, to a route, by name."""


@dataclass(frozen=True, slots=True)
class Means:
    """Given by the app; ``timezone`` and ``language`` are the workspace's."""

    store: Store
    members: Members
    facts: Facts
    bell: Bell
    templates: Templates
    writer: Writer
    library: Library
    capabilities: Callable[[str], Capabilities]
    algebra: Algebra
    invite: Invite
    delivery: DeliverySettings
    settings: SopSettings
    timezone: str
    language: str
    workspace: Mapping[str, Any]
    """What every text may use."""
