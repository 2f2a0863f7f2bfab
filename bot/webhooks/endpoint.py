"""Endpoints: where other systems listen, to what, and which addresses are allowed."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address
from typing import Literal

from pydantic import Field
from yarl import URL

from bot.i18n.mark import msgid
from bot.located import nearest
from bot.model.base import Frozen
from bot.model.phrase import Phrase
from bot.web.addresses import Address, Allow, admits, is_public
from bot.webhooks.events import EVENTS

LONGEST = 2000
LONGEST_NOTE = 100
MOST = 50
"""Endpoints of one workspace."""

Why = Literal["", "gone", "failing"]
"""Why it was paused by the bot: it answered 410, or failed for days; '' when somebody did it."""


class BadWebhook(ValueError):
    """An endpoint cannot be so; ``what`` names the value, the message is a phrase for people."""

    def __init__(self, what: Literal["url", "events", "note"], message: str) -> None:
        super().__init__(message)
        self.what = what


class Endpoint(Frozen):
    """Where one system listens; ``since`` is UTC ms.

    ``events`` has, for each type it wants, the stream entry after which it does.
    """

    id: str
    url: str = Field(repr=False)
    note: str = ""
    events: dict[str, str]
    state: Literal["active", "paused"] = "active"
    why: Why = ""
    since: int
    by: str

    @property
    def shown(self) -> str:
        """The address for lists and logs: without what may be a password in its query."""
        url = URL(self.url)
        return f"{url.with_query(None)}{'?…' if url.query_string else ''}"


class Secret(Frozen):
    """A signing secret; it signs until UTC ms, 0 for ever."""

    text: str = Field(repr=False)
    until: int = 0


class Secrets(Frozen):
    """Every secret of one endpoint, the newest first."""

    all: tuple[Secret, ...]

    def valid(self, now: int) -> tuple[Secret, ...]:
        """Those that still sign."""
        return tuple(one for one in self.all if not one.until or one.until > now)


def allowed(scheme: str, allow_private: bool) -> Allow:
    """Which addresses a message may go to; without TLS only private ones, if those may at all."""

    def allow(address: Address) -> bool:
        if scheme == "http":
            return allow_private and not is_public(address)
        return allow_private or is_public(address)

    return allow


def checked_url(text: str, allow_private: bool) -> str:
    """The address as it is kept; raises BadWebhook."""
    text = text.strip()
    if not 1 <= len(text) <= LONGEST:
        raise BadWebhook("url", msgid("An address has 1 to 2000 letters."))
    url = _read(text)
    schemes = ("https", "http") if allow_private else ("https",)
    if url is None or url.scheme not in schemes or not url.host:
        raise BadWebhook("url", msgid("Expected an address such as https://shop.example/hooks."))
    if url.user is not None or url.password is not None or url.raw_fragment:
        raise BadWebhook("url", msgid("The address must hold no name, password or #part."))
    allow, host = allowed(url.scheme, allow_private), url.raw_host or ""
    local = host == "localhost" or host.endswith(".localhost")
    fits = allow(ip_address("127.0.0.1")) if local else admits(allow, host)
    if not fits and url.scheme == "http":
        raise BadWebhook("url", msgid("Without https only machines of the own network are told."))
    if not fits:
        raise BadWebhook(
            "url", msgid("This is in a private network; [webhooks] allow_private lets it be told.")
        )
    return str(url)


def checked_note(text: str) -> str:
    """What people call it; raises BadWebhook."""
    text = text.strip()
    if len(text) > LONGEST_NOTE or not text.isprintable():
        raise BadWebhook("note", msgid("A name has at most 100 letters."))
    return text


def checked_events(given: Iterable[str]) -> tuple[str, ...]:
    """The types, each once and in the catalogue's order; raises BadWebhook."""
    wanted = {*given}
    for one in sorted(wanted - {*EVENTS}):
        unknown = Phrase('there is no event "{name}"', name=one)
        hint = nearest(one, EVENTS)
        said = Phrase("{what}; {hint}", what=unknown, hint=hint) if hint else unknown
        raise BadWebhook("events", said)
    if not wanted:
        raise BadWebhook("events", msgid("Choose at least one event."))
    return tuple(name for name in EVENTS if name in wanted)


def _read(text: str) -> URL | None:
    if not text.isprintable() or " " in text or "\\" in text:
        return None
    try:
        url = URL(text)
        _ = url.port, url.raw_host
    except ValueError:
        return None
    return url
