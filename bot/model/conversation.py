"""Who is spoken with: an account, and the conversation it speaks in."""

from __future__ import annotations

from bot.model.base import Frozen


class Account(Frozen):
    """A platform identity at one gateway; ``id`` is the platform's, always text."""

    id: str
    name: str = ""


class Conversation(Frozen):
    """A group, or a direct chat with one account; exactly one of the two ids is set."""

    gateway: str
    group: str | None = None
    account: str | None = None

    @property
    def key(self) -> str:
        """The stable text form, ``gateway/g/id`` or ``gateway/d/id``."""
        if self.group is not None:
            return f"{self.gateway}/g/{self.group}"
        return f"{self.gateway}/d/{self.account}"

    @classmethod
    def parse(cls, key: str) -> Conversation:
        """Read the text form back; raises ValueError when it is not one."""
        gateway, kind, ident = key.split("/", 2)
        if kind == "g":
            return cls(gateway=gateway, group=ident)
        if kind == "d":
            return cls(gateway=gateway, account=ident)
        raise ValueError(f"not a conversation: {key!r}")
