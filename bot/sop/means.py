"""What the SOP room works with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.model.capabilities import Capabilities
from bot.routing.template import Templates
from bot.routing.writer import Writer
from bot.settings.rooms import DeliverySettings
from bot.sop.condition import Condition
from bot.sop.library import Library
from bot.store.bell import Bell
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store


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
    conditions: Mapping[str, Condition]
    delivery: DeliverySettings
    timezone: str
    language: str
    workspace: Mapping[str, Any]
    """What every text may use."""
