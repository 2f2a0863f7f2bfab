"""Signing: the keys shops sign addresses with, and what a signature is made over."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable, Mapping
from hashlib import sha256
from urllib.parse import urlsplit

from pydantic import Field

from bot.i18n.mark import msgid
from bot.links.destinations import BadDestination, destination, location
from bot.model.base import Frozen
from bot.model.phrase import Phrase
from bot.store.audit import Change, audit
from bot.store.effects import Effects
from bot.store.store import Store

LONGEST_NAME = 40
MOST_HOSTS = 20


class SigningKey(Frozen):
    """One key, without its secret; ``since`` is UTC ms.

    ``hosts`` are those visitors may be sent on to, beside the destinations of the link itself.
    """

    id: str
    name: str
    hosts: tuple[str, ...] = Field(default=())
    by: str
    since: int

    @property
    def actor(self) -> str:
        """What conversions call who told them."""
        return f"key {self.name}"


class BadKey(Exception):
    """A key cannot be made so; the message is a phrase for people."""


class SigningKeys:
    """Makes, finds and revokes keys.

    To check a signature the secret itself is needed, so it is kept, in a hash of its own that is
    only read for that; it is told once, when it is made.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys = store.keys

    async def all(self) -> list[SigningKey]:
        """Every key that was not revoked, the newest first."""
        kept = await self._store.table("HGETALL", self._keys.conversion_keys())
        found = map(SigningKey.model_validate_json, kept.values())
        return sorted(found, key=lambda one: (-one.since, one.id))

    async def make(self, name: str, hosts: Iterable[str], by: str) -> tuple[SigningKey, str]:
        """A new key and its secret, told only now. Raises BadKey."""
        name, now = name.strip(), self._store.clock.now()
        if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
            raise BadKey(msgid("A key's name has 1 to 40 letters."))
        if any(one.name == name for one in await self.all()):
            raise BadKey(msgid("There is a key of this name."))
        allowed = tuple(dict.fromkeys(map(_host, filter(str.strip, hosts))))
        if len(allowed) > MOST_HOSTS:
            raise BadKey(Phrase("A key has at most {n} hosts.", n=MOST_HOSTS))
        ident, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
        key = SigningKey(id=ident, name=name, hosts=allowed, by=by, since=now)
        effects = Effects(self._keys)
        effects.do("HSET", self._keys.conversion_secrets(), ident, secret)
        effects.do("HSET", self._keys.conversion_keys(), ident, key.model_dump_json())
        shown = {"hosts": list(allowed)}
        audit(effects, Change(at=now, who=by, what="signing_key.made", on=name, after=shown))
        await self._store.apply(effects)
        return key, secret

    async def revoke(self, ident: str, by: str) -> bool:
        """End a key at once; False when there is none of that id."""
        body = await self._store.text("HGET", self._keys.conversion_keys(), ident)
        if body is None:
            return False
        key, now = SigningKey.model_validate_json(body), self._store.clock.now()
        effects = Effects(self._keys)
        effects.guard(1, "HEXISTS", self._keys.conversion_keys(), ident)
        effects.do("HDEL", self._keys.conversion_keys(), ident)
        effects.do("HDEL", self._keys.conversion_secrets(), ident)
        audit(effects, Change(at=now, who=by, what="signing_key.revoked", on=key.name))
        return await self._store.apply(effects)

    async def find(self, ident: str) -> tuple[SigningKey, str] | None:
        """A key and its secret."""
        body = await self._store.text("HGET", self._keys.conversion_keys(), ident)
        secret = await self._store.text("HGET", self._keys.conversion_secrets(), ident)
        if body is None or secret is None:
            return None
        return SigningKey.model_validate_json(body), secret


def sign(secret: str, kind: str, fields: Mapping[str, str]) -> str:
    """The signature of an address: HMAC-SHA256 in hex, over lines joined by line feeds.

    The first line is the kind, the others are "name=value" of every parameter but ``sig``, sorted
    by name, with the values as they are before they are escaped for the address.
    """
    lines = [kind, *(f"{name}={fields[name]}" for name in sorted(fields) if name != "sig")]
    text = "\n".join(lines).encode("utf-8", "surrogatepass")
    return hmac.new(secret.encode(), text, sha256).hexdigest()


def host_of(url: str) -> str:
    """The host of a URL in ASCII, lower case; raises BadDestination for what no link may lead to,
    and for a sign-in, by which a host is made to look like another.
    """
    checked = destination(url)
    parts = urlsplit(location(checked))
    if parts.username is not None:
        raise BadDestination(Phrase("the link {url} has a sign-in", url=checked[:80]))
    return (parts.hostname or "").rstrip(".")


def _host(text: str) -> str:
    given = text.strip()
    try:
        host = host_of(f"https://{given}/")
    except BadDestination:
        host = ""
    if not host or any(letter in given for letter in "/?#@:"):
        raise BadKey(Phrase("“{host}” is no host name such as shop.example.", host=given[:80]))
    return host
