"""Alerts: operators hear of a live code that went wrong, once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from bot.delivery.journal import Entry, record
from bot.i18n.mark import msgid
from bot.model.capabilities import Capabilities
from bot.model.conversation import Conversation
from bot.model.delivery import Delivery
from bot.model.live_code import LiveCode
from bot.model.message import Message, Text
from bot.model.phrase import Phrase
from bot.store.effects import Effects

ALERT = msgid("⚠️ The live code “{title}”: {what}")
TOLD = frozenset({"manager", "admin"})
"""Roles in chat whose accounts are told."""
USEFUL = 86_400_000
"""Ms in which an alert may still be sent."""


class Alerts:
    """Writes to the journal, and to everybody who manages by chat and can be written to."""

    def __init__(
        self,
        roles: Callable[[], Mapping[str, str]],
        capabilities: Callable[[str], Capabilities],
        translate: Callable[[str], str],
    ) -> None:
        """``roles``: who has one in chat, by "gateway/account"."""
        self._roles = roles
        self._capabilities = capabilities
        self._translate = translate

    def tell(
        self,
        effects: Effects,
        code: LiveCode,
        health: Sequence[Phrase],
        known: Iterable[str],
        at: int,
    ) -> None:
        """Tell of what is wrong and not ``known`` yet, or that all is well again."""
        before = set(known)
        source = f"live code {code.id}"
        for what in (one for one in health if one not in before):
            entry = Entry(at=at, what="live_code.unwell", source=source, reason=what)
            record(effects, entry.model_copy(update={"text": code.title}))
            said = Phrase(ALERT, title=code.title, what=what).said(self._translate)
            for account in self.told():
                effects.deliver(
                    Delivery(
                        to=account,
                        message=Message(segments=(Text(text=said),)),
                        priority="notice",
                        due=at,
                        expires=at + USEFUL,
                        source=source,
                    )
                )
        if before and not health:
            entry = Entry(at=at, what="live_code.well", source=source, text=code.title)
            record(effects, entry)

    def told(self) -> list[Conversation]:
        """The direct chats of those operators."""
        found = []
        for name, role in self._roles().items():
            gateway, _, account = name.partition("/")
            if role in TOLD and self._capabilities(gateway).send_direct:
                found.append(Conversation(gateway=gateway, account=account))
        return found
