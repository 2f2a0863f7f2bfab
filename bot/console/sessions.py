"""Sessions: who is logged in, by a random cookie of which only a digest is kept."""

from __future__ import annotations

import secrets
from hashlib import sha256

from bot.console.operators import Operator
from bot.model.base import Frozen
from bot.store.store import Store

IDLE = 12 * 3600
"""Seconds without a request after which a session is over."""
LONGEST = 14 * 86_400
"""Seconds after which it is over in any case."""
RENEW = 600
"""Seconds between renewals."""


class Session(Frozen):
    """One login; times are UTC ms. ``csrf`` proves that a form came from our page."""

    operator: str
    epoch: int
    csrf: str
    started: int
    seen: int


class Sessions:
    """Opens, finds, renews and closes sessions."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def open(self, operator: Operator) -> str:
        """Begin a session; the token for the cookie."""
        token, now = secrets.token_urlsafe(32), self._store.clock.now()
        session = Session(
            operator=operator.name,
            epoch=operator.epoch,
            csrf=secrets.token_urlsafe(24),
            started=now,
            seen=now,
        )
        await self._store.call("SET", self._key(token), session.model_dump_json(), "EX", IDLE)
        return token

    async def find(self, token: str) -> Session | None:
        """The session of a token unless it is over."""
        if not 20 <= len(token) <= 100:
            return None
        body = await self._store.call("GET", self._key(token))
        session = Session.model_validate_json(body) if body else None
        return session if session and self._lasts(session) else None

    async def renew(self, token: str, session: Session) -> bool:
        """Keep a session that is used; whether its time began anew. Never revives a closed one."""
        now = self._store.clock.now()
        if now - session.seen < RENEW * 1000:
            return False
        body = session.model_copy(update={"seen": now}).model_dump_json()
        await self._store.call("SET", self._key(token), body, "XX", "EX", IDLE)
        return True

    async def close(self, token: str) -> None:
        """End a session."""
        await self._store.call("DEL", self._key(token))

    def _lasts(self, session: Session) -> bool:
        now = self._store.clock.now()
        return now < session.seen + IDLE * 1000 and now < session.started + LONGEST * 1000

    def _key(self, token: str) -> str:
        return self._store.keys.session(sha256(token.encode()).hexdigest())
