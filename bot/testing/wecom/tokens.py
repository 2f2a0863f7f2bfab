"""gettoken: one token per app, that ends by time or early (document 91039)."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from bot.clock import Clock
from bot.testing.wecom.call import Answer, App, Fault
from bot.testing.wecom.counters import HOUR, Counters
from bot.testing.wecom.variants import Limits, Variants

LIFE = 7200


class Tokens:
    """The company's apps by secret, and the tokens given to them."""

    def __init__(
        self, corp_id: str, clock: Clock, random: Random, limits: Limits, variants: Variants
    ) -> None:
        self._corp_id = corp_id
        self._clock = clock
        self._random = random
        self._limits = limits
        self._variants = variants
        self._wrong = Counters(clock)
        self._ends: dict[str, int] = {}
        self._of: dict[str, App] = {}
        self.apps: dict[str, App] = {}

    def give(self, query: Mapping[str, str], source: str) -> Answer:
        """The app's token; wrong secrets ban an address for an hour."""
        if not self._wrong.within(source, HOUR) < self._limits.wrong_secrets:
            raise Fault(self._variants.ban, "api freq out of limit")
        if query.get("corpid") != self._corp_id:
            raise Fault(40013, "invalid corpid")
        app = self.apps.get(query.get("corpsecret", ""))
        if app is None:
            self._wrong.count(source)
            raise Fault(40001, "invalid credential")
        now = self._clock.now()
        token = self._holding(app) if self._variants.same_token else None
        if token is None:
            token = f"token-{self._random.getrandbits(256):064x}"
            self._of[token], self._ends[token] = app, now + LIFE * 1000
        return {"access_token": token, "expires_in": (self._ends[token] - now) // 1000}

    def app(self, token: str) -> App:
        """Whose token it is."""
        if not token:
            raise Fault(41001, "access_token missing")
        if token not in self._ends:
            raise Fault(40014, "invalid access_token")
        if self._clock.now() >= self._ends[token]:
            raise Fault(42001, "access_token expired")
        return self._of[token]

    def revoke(self) -> None:
        """Every token is worth nothing from now on: 40014."""
        self._ends.clear()

    def expire(self) -> None:
        """Every token ends now: 42001."""
        self._ends = dict.fromkeys(self._ends, self._clock.now())

    def _holding(self, app: App) -> str | None:
        now = self._clock.now()
        return next((t for t, end in self._ends.items() if end > now and self._of[t] is app), None)
