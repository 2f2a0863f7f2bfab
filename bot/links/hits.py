"""Hits: one fetch of a link's URL as it was, raw; what it means is judged later."""

from __future__ import annotations

from dataclasses import dataclass

AGENT = 512
REFERRER = 1024
SEPARATOR = "\x1f"


@dataclass(frozen=True, slots=True)
class Hit:
    """One fetch.

    ``origin`` is the process that answered and ``serial`` its count, together the hit's id.
    ``at`` is UTC ms. ``flags``: "h" for HEAD, "p" for a fetch announced as not a person's, "o" when
    it led nowhere, "g", "e", "x" or "f" when the link was gone, not open yet, expired or full, "b"
    when a page came between and "c" when that was confirmed, "d" and "w" for an address of a data
    centre or of WeChat's servers, "n" when no language was asked for, and the link's version and
    branch ("3.1") when it has branches. ``visitor`` is a keyed hash of address and user agent,
    another each day.
    """

    origin: str
    serial: int
    at: int
    code: str
    flags: str = ""
    visitor: str = ""
    agent: str = ""
    referrer: str = ""

    @classmethod
    def parse(cls, line: bytes) -> Hit:
        """Read the stored form back; raises ValueError when it is not one."""
        parts = line.decode("utf-8", "replace").split(SEPARATOR, 7)
        if len(parts) != 8:
            raise ValueError("not a hit")
        origin, serial, at, code, flags, visitor, agent, referrer = parts
        return cls(origin, int(serial), int(at), code, flags, visitor, agent, referrer)

    def line(self) -> bytes:
        """The stored form: one line, without its end."""
        return line(
            *(self.origin, self.serial, self.at, self.code, self.flags, self.visitor),
            *(self.agent, self.referrer),
        )


def line(
    origin: str,
    serial: int,
    at: int,
    code: str,
    flags: str,
    visitor: str,
    agent: str,
    referrer: str,
) -> bytes:
    """A hit's stored form, without a Hit: the redirect makes one per request.

    User agent and referrer are cut. No header value holds a line end; ``code`` must not either.
    """
    text = (
        f"{origin}\x1f{serial}\x1f{at}\x1f{code}\x1f{flags}\x1f{visitor}"
        f"\x1f{agent[:AGENT]}\x1f{referrer[:REFERRER]}"
    )
    return text.encode("utf-8", "replace")
