"""Tokens: what other tools show to use the API, with scopes, an end and a rate."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from hashlib import sha256
from hmac import compare_digest
from typing import Literal, get_args

from pydantic import Field

from bot.i18n.mark import msgid
from bot.located import nearest
from bot.model.base import Frozen
from bot.model.phrase import Phrase
from bot.store.audit import Change, audit
from bot.store.effects import Effects
from bot.store.store import Store

Scope = Literal[
    "read:links",
    "write:links",
    "read:stats",
    "read:conversions",
    "write:conversions",
    "read:members",
    "write:members",
    "erase:members",
    "read:groups",
    "read:sops",
    "write:sops",
    "read:check-ins",
    "write:check-ins",
    "read:welcomes",
    "write:welcomes",
    "read:routes",
    "read:webhooks",
    "write:webhooks",
]
SCOPES: tuple[Scope, ...] = get_args(Scope)
"""What a token may be allowed; ``write:`` does not include ``read:``."""
PREFIX = "muster"
LONGEST_NAME = 40
PER_MINUTE = 600
FASTEST = 60_000
LONGEST_LIFE = 3650 * 86_400
NOTED = 60_000
"""Ms between two notes of when a token was used."""
BURST = 10
"""The part of a minute's requests that may come at once: one in ten."""


class Token(Frozen):
    """One token; ``since`` and ``until`` are UTC ms, ``digest`` is the SHA-256 of its secret."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    by: str
    since: int
    until: int
    digest: str = Field(repr=False)
    per_minute: int = PER_MINUTE

    @property
    def actor(self) -> str:
        """What the audit and the rooms call who holds it."""
        return f"token {self.name}"


class BadToken(Exception):
    """A token cannot be made so; the message is a phrase for people."""


class Tokens:
    """Makes, finds and revokes tokens; only a digest of the secret is kept."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys = store.keys

    async def all(self) -> list[Token]:
        """Every token that was not revoked, the newest first; also those that ended."""
        kept = await self._store.table("HGETALL", self._keys.api_tokens())
        found = map(Token.model_validate_json, kept.values())
        return sorted(found, key=lambda one: (-one.since, one.id))

    async def used(self) -> Mapping[str, int]:
        """When each token was last used, UTC ms, to the minute; by id."""
        found = await self._store.table("HGETALL", self._keys.api_used())
        return {ident: int(at) for ident, at in found.items()}

    async def make(
        self,
        name: str,
        scopes: Iterable[str],
        by: str,
        *,
        seconds: float,
        per_minute: int = PER_MINUTE,
    ) -> tuple[Token, str]:
        """A new token that ends after ``seconds``, and its text, told only now.

        Raises BadToken.
        """
        name, now = name.strip(), self._store.clock.now()
        if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
            raise BadToken(msgid("A token's name has 1 to 40 letters."))
        if not 1 <= seconds <= LONGEST_LIFE:
            raise BadToken(msgid("A token ends after a second at least and ten years at most."))
        if not 1 <= per_minute <= FASTEST:
            raise BadToken(msgid("A token allows 1 to 60000 requests a minute."))
        if any(one.name == name for one in await self.all()):
            raise BadToken(msgid("There is a token of this name."))
        ident, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        token = Token(
            id=ident,
            name=name,
            scopes=_scopes(scopes),
            by=by,
            since=now,
            until=now + int(seconds * 1000),
            digest=_digest(secret),
            per_minute=per_minute,
        )
        effects = Effects(self._keys)
        effects.do("HSET", self._keys.api_tokens(), ident, token.model_dump_json())
        shown = {"scopes": list(token.scopes), "until": token.until, "per_minute": per_minute}
        audit(effects, Change(at=now, who=by, what="token.made", on=token.name, after=shown))
        await self._store.apply(effects)
        return token, f"{PREFIX}_{ident}_{secret}"

    async def revoke(self, ident: str, by: str) -> bool:
        """End a token at once; False when there is none of that id."""
        body = await self._store.text("HGET", self._keys.api_tokens(), ident)
        if body is None:
            return False
        token, now = Token.model_validate_json(body), self._store.clock.now()
        effects = Effects(self._keys)
        effects.guard(1, "HEXISTS", self._keys.api_tokens(), ident)
        effects.do("HDEL", self._keys.api_tokens(), ident)
        effects.do("HDEL", self._keys.api_used(), ident)
        effects.do("DEL", self._keys.api_limit(ident))
        audit(effects, Change(at=now, who=by, what="token.revoked", on=token.name))
        return await self._store.apply(effects)

    async def find(self, text: str) -> Token | None:
        """The token of a text, unless it is wrong, revoked or at its end."""
        prefix, _, rest = text.partition("_")
        ident, _, secret = rest.partition("_")
        if prefix != PREFIX or len(ident) != 8 or not 20 <= len(secret) <= 100:
            return None
        body = await self._store.call("HGET", self._keys.api_tokens(), ident)
        if body is None:
            return None
        token = Token.model_validate_json(body)
        fits = compare_digest(_digest(secret), token.digest)
        return token if fits and self._store.clock.now() < token.until else None

    async def admit(self, token: Token) -> int:
        """Count one request against the token's rate; 0, or ms until the next may come."""
        burst = max(1, token.per_minute // BURST)
        interval = 60_000_000 // token.per_minute
        keys = [self._keys.api_limit(token.id), self._keys.api_used()]
        now = self._store.clock.now()
        return int(await self._store.run("admit", keys, [token.id, now, burst, interval, NOTED]))


def _scopes(given: Iterable[str]) -> tuple[Scope, ...]:
    wanted = {one.strip() for one in given}
    for one in sorted(wanted - {*SCOPES}):
        hint = nearest(one, SCOPES)
        unknown = Phrase('there is no scope "{name}"', name=one)
        raise BadToken(Phrase("{what}; {hint}", what=unknown, hint=hint) if hint else unknown)
    if not wanted:
        raise BadToken(msgid("Choose at least one scope."))
    return tuple(scope for scope in SCOPES if scope in wanted)


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
