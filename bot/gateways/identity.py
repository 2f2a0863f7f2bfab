"""Identity: the seam to platforms that tell who opened a page of ours in their browser (OAuth)."""

from __future__ import annotations

from typing import Protocol

from bot.model.phrase import Phrase


class Unidentified(Exception):
    """The platform did not tell; ``why`` is for operators, None when only this visit is meant."""

    def __init__(self, reason: str, why: Phrase | None = None) -> None:
        super().__init__(reason)
        self.why = why


class Identity(Protocol):
    """One platform's silent OAuth."""

    @property
    def gateway(self) -> str:
        """The gateway the accounts are of."""
        ...

    @property
    def apps(self) -> frozenset[str]:
        """The chat applications it works in, as bot.links.rules names them."""
        ...

    def authorize_url(self, redirect_uri: str, state: str) -> str:
        """Where to send a visitor, who comes back to ``redirect_uri`` with ``code`` and ``state``.

        ``state`` has letters and digits only, 128 at most.
        """
        ...

    async def who(self, code: str) -> str | None:
        """The account ``code`` stands for, None for a stranger; raises Unidentified.

        A code holds for one use within 5 minutes.
        """
        ...

    async def close(self) -> None:
        """Close its connections."""
        ...
