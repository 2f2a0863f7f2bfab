"""What welcomes keep of a member, for a merge."""

from __future__ import annotations

from functools import partial

from bot.store.handover import Handover, Item, field, score
from bot.store.store import Store
from bot.welcome.once import EVERYWHERE
from bot.welcome.scripts import Scripts


class WelcomeHolding:
    """Whether somebody was greeted, or is to be, or must do something first."""

    def __init__(self, store: Store, scripts: Scripts) -> None:
        self._store = store
        self._scripts = scripts

    async def of(self, handover: Handover) -> list[Item]:
        """See bot/members/footprint.py."""
        keys, listed = self._store.keys, await self._scripts.all()
        scopes = (EVERYWHERE, *(one.script.id for one in listed))
        found = [score(keys.welcome_told(scope), "last") for scope in scopes]
        for number in handover.groups:
            found += [
                score(keys.welcome_greeted(number), "last"),
                field(keys.welcome_pending(number)),
                field(keys.welcome_gate(number)),
            ]
            found.append(handover.value(partial(keys.welcome_stay, number)))
        found.append(handover.value(partial(keys.welcome_stay, 0)))
        found.append(handover.table(keys.welcome_asked))
        for gateway in handover.gateways:
            found.append(handover.value(partial(keys.welcome_open, gateway)))
            found.append(handover.value(partial(keys.welcome_ended, gateway)))
        return found
