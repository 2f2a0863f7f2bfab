"""The key catalogue: every key's pattern, type, owner and lifetime, a module for each part."""

from __future__ import annotations

from bot.store.keys.checkins import CheckInsKeys
from bot.store.keys.gateways import GatewaysKeys
from bot.store.keys.greetings import GreetingsKeys
from bot.store.keys.house import HouseKeys
from bot.store.keys.key import BUSY, DAY, FOREVER, Key, form
from bot.store.keys.links import LinksKeys
from bot.store.keys.people import PeopleKeys
from bot.store.keys.queues import QueuesKeys
from bot.store.keys.routes import RoutesKeys
from bot.store.keys.sops import SopsKeys

__all__ = ["BUSY", "DAY", "FOREVER", "Key", "Keys", "catalogue", "declared", "form"]


class Keys(
    QueuesKeys,
    HouseKeys,
    PeopleKeys,
    GreetingsKeys,
    CheckInsKeys,
    RoutesKeys,
    SopsKeys,
    LinksKeys,
    GatewaysKeys,
):
    """The names of one workspace's keys; all share one hash tag, so one cluster slot."""

    def __init__(self, workspace: str) -> None:
        self.workspace = workspace
        self.prefix = "m:{{" + workspace + "}}:"
        # Looked up some twenty times for each delivery, so made once.
        for name, key in declared().items():
            setattr(self, name, key.__get__(self, Keys))


def declared() -> dict[str, Key]:
    """Every declared key by the name it is looked up with, in order of declaration."""
    return {
        name: key
        for part in Keys.__bases__
        for name, key in vars(part).items()
        if isinstance(key, Key)
    }


def catalogue() -> list[Key]:
    """Every declared key, in order of declaration."""
    return [*declared().values()]
