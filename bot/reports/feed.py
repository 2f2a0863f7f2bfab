"""A calendar feed (iCalendar, RFC 5545) that phones and mail programs subscribe to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from bot.clock import utc
from bot.reports.table import clean

_LINE = 75
_IN_URI = ":/?#[]@!$&'()*+,;=%~"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something at a moment (``at``, UTC ms) that takes ``duration`` seconds.

    ``uid`` is the same in every feed that tells of it, and nobody else's in the world.
    """

    uid: str
    at: int
    title: str
    description: str = ""
    url: str = ""
    duration: int = 0


def feed_of(name: str, entries: Iterable[Entry], stamp: int) -> bytes:
    """The feed ``name`` with its entries, as told at ``stamp`` (UTC ms); times are in UTC.

    Readers are asked to come again after a quarter of an hour (RFC 7986, §5.7).
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Muster//Calendar//EN",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"NAME:{_text(name)}",
        f"X-WR-CALNAME:{_text(name)}",
        "REFRESH-INTERVAL;VALUE=DURATION:PT15M",
        "X-PUBLISHED-TTL:PT15M",
    ]
    for entry in entries:
        lines += _event(entry, stamp)
    lines.append("END:VCALENDAR")
    return b"".join(_folded(line) for line in lines)


def _event(entry: Entry, stamp: int) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_text(entry.uid)}"
    yield f"DTSTAMP:{_time(stamp)}"
    yield f"DTSTART:{_time(entry.at)}"
    if entry.duration:
        yield f"DTEND:{_time(entry.at + entry.duration * 1000)}"
    yield f"SUMMARY:{_text(entry.title)}"
    if entry.description:
        yield f"DESCRIPTION:{_text(entry.description)}"
    if entry.url:
        # A URI is not escaped as text, so what could end its line is percent-encoded.
        yield f"URL:{quote(entry.url, safe=_IN_URI)}"
    # A message is nothing its reader is busy with.
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _time(ms: int) -> str:
    return f"{utc(ms):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    lines = clean(text).replace("\r\n", "\n").replace("\r", "\n")
    for char in "\\;,":
        lines = lines.replace(char, "\\" + char)
    return lines.replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """The line in pieces of at most 75 octets, no character torn (RFC 5545, §3.1)."""
    rest, out, most = line.encode(), b"", _LINE
    while len(rest) > most:
        end = most
        while rest[end] & 0xC0 == 0x80:
            end -= 1
        out += rest[:end] + b"\r\n "
        rest, most = rest[end:], _LINE - 1
    return out + rest + b"\r\n"
