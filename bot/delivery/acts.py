"""Acts: what a gateway is asked to do that is no message, such as taking one back."""

from __future__ import annotations

from hashlib import blake2b
from typing import Protocol, runtime_checkable

from bot.i18n.mark import msgid
from bot.model.conversation import Conversation
from bot.model.delivery import Delivery, Receipt, Refused
from bot.store.effects import Effects
from bot.store.keys import Keys
from bot.store.store import Store

NAMED = 2 * 86_400
"""Seconds the platform's id of a named message is kept."""
NOTHING = msgid("nothing was sent that could be taken back")


@runtime_checkable
class Acting(Protocol):
    """A gateway that can do more than say something."""

    async def recall(self, to: Conversation, message_id: str) -> None: ...

    async def remove(self, group: str, account: str) -> None: ...

    async def mute(self, group: str, account: str, seconds: float) -> None: ...

    async def invite(self, group: str, account: str) -> None: ...


async def do(gateway: object, delivery: Delivery, store: Store) -> None:
    """Do what a delivery asks for; raises SendError: Refused where nothing can be taken back."""
    to, group = delivery.to, delivery.to.group or ""
    if not isinstance(gateway, Acting):
        raise Refused(NOTHING)
    if delivery.does == "remove":
        await gateway.remove(group, delivery.of)
    elif delivery.does in ("mute", "unmute"):
        await gateway.mute(group, delivery.of, delivery.seconds)
    elif delivery.does == "invite":
        await gateway.invite(group, delivery.of)
    elif ident := await store.text("GET", _kept(store.keys, delivery.of)):
        await gateway.recall(to, ident)
    else:
        raise Refused(NOTHING)


def keep(effects: Effects, delivery: Delivery, receipt: Receipt) -> None:
    """Keep the platform's id of what was named, for it may have to be taken back."""
    if delivery.name and receipt.message_id:
        key = _kept(effects.keys, delivery.name)
        effects.do("SET", key, receipt.message_id, "EX", NAMED)


def _kept(keys: Keys, name: str) -> str:
    """Where the platform's id of a named message is; the name may tell a member's number."""
    return keys.outbox_named(blake2b(name.encode(), digest_size=12).hexdigest())
