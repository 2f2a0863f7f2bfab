"""Arrivals: somebody came, how, where and by what; and who they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from bot.model.conversation import Conversation
from bot.settings.welcome import Coming

NAMED = 10
"""Names spoken in one greeting; the others are counted."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What scripts are chosen by; ``staff`` are accounts it is due to, ``code`` a channel."""

    kind: Coming
    gateway: str
    group: str = ""
    staff: tuple[str, ...] = ()
    code: str = ""


@dataclass(frozen=True, slots=True)
class Joiner:
    """Somebody to greet."""

    member: int
    account: str
    name: str

    def direct(self, gateway: str) -> Conversation:
        """The direct chat with them."""
        return Conversation(gateway=gateway, account=self.account)

    def kept(self, *more: str) -> str:
        """As it is kept beside the member's number."""
        return json.dumps([self.account, self.name, *more])

    @classmethod
    def of(cls, member: str, kept: str) -> tuple[Joiner, str]:
        """Read it back, with the first of what more was kept."""
        account, name, *more = json.loads(kept)
        return cls(int(member), account, name), more[0] if more else ""


def named(joiners: Sequence[Joiner]) -> dict[str, object]:
    """What a welcome text can say of those it greets; ``member.name`` is all their names."""
    names = [joiner.name for joiner in joiners]
    shown = "、".join(names[:NAMED]) + (f" +{len(names) - NAMED}" if len(names) > NAMED else "")
    people = [{"name": joiner.name, "account": joiner.account} for joiner in joiners]
    return {"member": people[0] | {"name": shown}, "members": people, "count": len(people)}
