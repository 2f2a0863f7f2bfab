"""Identities: visitors in WeCom and WeChat are asked, unseen by them, who they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from bot.gateways.identity import Identity, Unidentified
from bot.links.rules import app
from bot.links.visitors import SEAL, Visitors
from bot.model.phrase import Phrase
from bot.store.line import StoreError
from bot.store.store import Store

TIME = 5 * 60_000
"""Milliseconds a visitor has to come back."""
BACK = "oauth/"
"""Where they come back to, below the path of links; then the platform's name."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a platform last did not tell, and when (UTC ms)."""

    at: int
    why: Phrase


class Identities:
    """Sends visitors to platforms, and learns who came back; ``url`` makes a public URL of a path.

    What the platform is told is the code and a seal of it, for one visitor and TIME.
    """

    def __init__(
        self,
        store: Store,
        visitors: Visitors,
        platforms: Mapping[str, Identity],
        url: Callable[[str], str],
    ) -> None:
        self._store = store
        self._visitors = visitors
        self._platforms = platforms
        self._url = url
        self.troubles: dict[str, Trouble] = {}
        """By platform; gone when it tells again."""

    @property
    def platforms(self) -> list[str]:
        """Those that can be asked."""
        return list(self._platforms)

    def asks(self, platform: str, agent: str) -> bool:
        """Whether a visitor with this user agent can be asked."""
        identity = self._platforms.get(platform)
        return identity is not None and app(agent) in identity.apps

    def authorize_url(self, platform: str, letters: str, visitor: str, at: int) -> str:
        """Where to send a visitor with a code."""
        seal = self._visitors.seal(_sealed(platform, letters, visitor), at + TIME)
        back = self._url(BACK + platform)
        return self._platforms[platform].authorize_url(back, letters + seal)

    def letters(self, state: str) -> str:
        """The code a visitor came back with."""
        return state[:-SEAL]

    async def who(self, platform: str, state: str, code: str, visitor: str, at: int) -> int:
        """The member number of who came back; 0 when that cannot be known, whyever."""
        identity, letters = self._platforms.get(platform), self.letters(state)
        text = _sealed(platform, letters, visitor)
        if not (identity and code and self._visitors.sealed(text, state[-SEAL:], at)):
            return 0
        try:
            account = await identity.who(code)
            self.troubles.pop(platform, None)
            return await self._member(identity.gateway, account) if account else 0
        except Unidentified as error:
            said = str(error.why) if error.why else ""
            log.warning("links.unidentified", platform=platform, reason=str(error), why=said)
            if error.why:
                self.troubles[platform] = Trouble(at, error.why)
        except (StoreError, TimeoutError) as error:
            log.warning("links.unidentified", platform=platform, reason=str(error))
        return 0

    async def close(self) -> None:
        """Close the connections to all platforms."""
        for identity in self._platforms.values():
            await identity.close()

    async def _member(self, gateway: str, account: str) -> int:
        key = self._store.keys.member_accounts(gateway)
        return int(await self._store.text("HGET", key, account) or 0)


def _sealed(platform: str, letters: str, visitor: str) -> str:
    return f"{platform}/{letters}/{visitor}"
