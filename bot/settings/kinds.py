"""The kinds of value a setting may have, each with its own words when it is wrong."""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from datetime import time
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BeforeValidator, PlainValidator, SecretStr

from bot.located import Kind, expected, nearest
from bot.model.conversation import Conversation
from bot.model.phrase import Phrase

STORE_SCHEMES = ("redis", "rediss", "valkey", "unix", "redis+sentinel", "redis+cluster")
DURATION = Kind(Phrase('seconds, or a duration such as "30s", "6h" or "3d"'))
_CLOCK = Phrase('a time of day such as "21:00"')
_QUIET = Phrase('two times of day such as "22:00-08:00", or "none"')
_ZONE = Phrase('a time zone such as "Asia/Shanghai"')
_GROUP = Phrase('a group as "gateway/group id"')
_PUBLIC_URL = "an http or https URL such as https://bot.example.com"
_NETWORK = 'an address or network such as "10.0.0.0/8"'
_STORE_URL = "a URL that starts with " + ", ".join(f"{s}://" for s in STORE_SCHEMES)

_PART = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
# Names people write for the zone of China that the IANA data does not have.
_ZONES_OF_CHINA = {
    "asia/beijing",
    "beijing",
    "china",
    "cst",
    "utc+8",
    "utc+08:00",
    "gmt+8",
    "+08:00",
}


def duration_seconds(value: object) -> float:
    """Seconds of a number or a text such as "6h"; raises what is expected."""
    seconds = -1.0
    if isinstance(value, str):
        text = value.strip().lower()
        parts = _PART.findall(text)
        if parts and _PART.sub("", text).strip() == "":
            seconds = sum(float(number) * _SECONDS[unit] for number, unit in parts)
        elif re.fullmatch(r"\d+(\.\d+)?", text):
            seconds = float(text)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    if not 0 <= seconds < float("inf"):
        raise expected(DURATION.words)
    return seconds


def duration_text(seconds: float) -> str:
    """A duration in its largest whole unit: 30d, 90m, 5s."""
    fitting = [unit for unit in "dhms" if seconds % _SECONDS[unit] == 0] if seconds else []
    return f"{seconds / _SECONDS[fitting[0]]:g}{fitting[0]}" if fitting else f"{seconds:g}s"


def _clock(value: object) -> str:
    if isinstance(value, time):
        return value.strftime("%H:%M")
    text = unicodedata.normalize("NFKC", value).strip() if isinstance(value, str) else ""
    found = re.fullmatch(r"(\d{1,2}):(\d\d)", text)
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise expected(_CLOCK)
    return f"{int(found[1]):02}:{found[2]}"


def _quiet(value: object) -> str:
    parts = value.split("-") if isinstance(value, str) else []
    try:
        start, end = map(_clock, parts)
    except ValueError:
        raise expected(_QUIET) from None
    if start == end:
        raise expected(
            Phrase("two different times of day"), Phrase('for no quiet hours write "none"')
        )
    return f"{start}-{end}"


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        china = name.strip().casefold() in _ZONES_OF_CHINA
        hint = nearest("Asia/Shanghai" if china else name, available_timezones())
        raise expected(_ZONE, hint) from None
    return name


def _matching(pattern: str, words: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise expected(words)
        return value

    return AfterValidator(check)


def _group(value: object) -> Conversation:
    if isinstance(value, Conversation):
        return value
    gateway, _, group = value.partition("/") if isinstance(value, str) else ("", "", "")
    if not gateway or not group:
        raise expected(_GROUP)
    return Conversation(gateway=gateway, group=group)


def _public_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number
        whole = False
    if not whole or re.search(r"\s", value):
        raise expected(_PUBLIC_URL)
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise expected(f"{_PUBLIC_URL}, without user, query and fragment")
    return value.rstrip("/")


def _network(value: Any) -> IPv4Network | IPv6Network:
    try:
        return ipaddress.ip_network(str(value), strict=False)
    except ValueError:
        raise expected(_NETWORK) from None


def _store_url(value: SecretStr) -> SecretStr:
    scheme, separator, rest = value.get_secret_value().partition("://")
    if scheme.lower() not in STORE_SCHEMES or not separator or not rest:
        raise expected(_STORE_URL)
    return value


def _none(value: object) -> object:
    return None if isinstance(value, str) and value.strip().lower() == "none" else value


def _folded(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


_NAME = Phrase("a name of lower-case letters, digits, - and _")
_WORKSPACE = "a name of lower-case letters, digits and -"
_HOST = "a domain such as go.example.com"
_HOST_NAME = r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
_MODULE = 'a Python module such as "handlers" or "shop.handlers"'

Duration = Annotated[float, PlainValidator(duration_seconds), DURATION]
"""Seconds, from a number or "30s", "1h30m", "3d"."""

ClockTime = Annotated[str, PlainValidator(_clock), Kind(_CLOCK)]
"""A time of day, HH:MM."""

QuietHours = Annotated[str, PlainValidator(_quiet), Kind(_QUIET)]
"""A daily window HH:MM-HH:MM, over midnight when it ends before it starts."""

OrNone = BeforeValidator(_none)
"""Lets the text "none" say None, for which TOML has no word."""

Folded = BeforeValidator(_folded)
"""Takes text in any case."""

Zone = Annotated[str, AfterValidator(_zone), Kind(_ZONE)]
"""The name of an IANA time zone."""

GroupRef = Annotated[Conversation, BeforeValidator(_group), Kind(_GROUP)]
"""A group, written "gateway/group id"."""

Name = Annotated[str, _matching(r"[a-z0-9_-]+", _NAME), Kind(_NAME)]
"""A name that can stand in keys, URLs and variables."""

WorkspaceName = Annotated[str, _matching(r"[a-z0-9-]+", _WORKSPACE), Kind(_WORKSPACE)]
"""The name of a workspace."""

Module = Annotated[str, _matching(r"[^\W\d]\w*(\.[^\W\d]\w*)*", _MODULE), Kind(_MODULE)]
"""The dotted name of a Python module."""

PublicUrl = Annotated[str, AfterValidator(_public_url), Kind(_PUBLIC_URL)]
"""An absolute http(s) URL without a slash at its end."""

HostName = Annotated[str, BeforeValidator(_folded), _matching(_HOST_NAME, _HOST), Kind(_HOST)]
"""A domain, in small letters."""

Network = Annotated[IPv4Network | IPv6Network, PlainValidator(_network), Kind(_NETWORK)]
"""A range of addresses."""

StoreUrl = Annotated[SecretStr, AfterValidator(_store_url), Kind(_STORE_URL)]
"""Where a Redis or Valkey server is; may hold a password."""

LogLevel = Annotated[Literal["debug", "info", "warning", "error"], Folded]
"""How much is logged."""
