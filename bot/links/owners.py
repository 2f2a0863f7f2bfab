"""Owners: whom a kept hit is about, for those who remove what is about somebody."""

from __future__ import annotations

from bot.links.hits import Hit
from bot.links.links import Links
from bot.store.traces import OfHit


def of_hit(links: Links) -> OfHit:
    """Reads the link, group and member out of a hit's code; call when ``links`` is open."""

    def read(line: bytes) -> tuple[int, int, int]:
        try:
            code = links.codes.unpack(Hit.parse(line).code)
        except ValueError:
            code = None
        return (code.link, code.group, code.member) if code else (0, 0, 0)

    return read
