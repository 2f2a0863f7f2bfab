"""What the SOP room works with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.audience.algebra import Algebra
from bot.model.capabilities import Capabilities
from bot.model.conversation import Conversation
from bot.routing.template import Templates
from bot.routing.writer import Writer
from bot.settings.rooms import DeliverySettings, SopSettings
from bot.sop.templates.library import Library
from bot.store.bell import Bell
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store


def nothing(_: Effects) -> None:
    """Do nothing more."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a route says to a member: "open" with a text and its variables, or why not.

    A place is held for them. ``told`` is done with what tells them of it; ``untold`` where they
    are not told after all, and gives the place back.
    """

    outcome: str
    text: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    told: Callable[[Effects], None] = nothing
    untold: Callable[[Effects], None] = nothing


class Invite(Protocol):
    """Invites a member, by number, to a route, by name: asked again, to the same place.

    ``to``: where they are told, None only to look whether there is room; ``source``: what invites.
    """

    async def __call__(
        self, route: str, member: int, to: Conversation | None = None, source: str = ""
    ) -> Invitation: ...


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
