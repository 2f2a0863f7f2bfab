"""Data centres: whether an address is one people sit at, told from a list that ships with us."""

from __future__ import annotations

import socket
import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

LIST = Path(__file__).with_name("data_centres.toml")
"""The ranges, with their sources and dates."""
MACHINE, WECHAT = "d", "w"
"""Flags of a hit: from a data centre; from where WeChat fetched links again after a visit."""

_MAPPED = b"\0" * 10 + b"\xff\xff"

Range = tuple[int, int, int]
"""Bits of its addresses (32 or 128), first and last."""


class Ranges:
    """Sorted ranges of addresses of one length; those that overlap are one."""

    def __init__(self, ranges: Iterable[tuple[int, int]]) -> None:
        self._first: list[int] = []
        self._last: list[int] = []
        for first, last in sorted(ranges):
            if self._last and first <= self._last[-1] + 1:
                self._last[-1] = max(last, self._last[-1])
            else:
                self._first.append(first)
                self._last.append(last)

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._first, number)
        return bool(at) and number <= self._last[at - 1]


class DataCentres:
    """Flags addresses when they come, because they are never kept.

    ``further`` networks are data centres too. One look takes 2 µs, and less for an address seen
    lately.
    """

    def __init__(self, further: Iterable[IPv4Network | IPv6Network] = ()) -> None:
        wechat, machines = _shipped()
        added = [
            (n.max_prefixlen, int(n.network_address), int(n.broadcast_address)) for n in further
        ]
        self._wechat = _by_length(wechat)
        self._machines = _by_length([*machines, *added])
        self.flag = lru_cache(maxsize=4096)(self._flag)

    def _flag(self, address: str) -> str:
        """The flag for a hit from this address; empty for all others and for what is none."""
        packed = _packed(address)
        bits, number = len(packed) * 8, int.from_bytes(packed, "big")
        if bits == 0:
            return ""
        if number in self._wechat[bits]:
            return WECHAT
        return MACHINE if number in self._machines[bits] else ""


def _packed(address: str) -> bytes:
    """The address in bytes, an IPv4 one also where it is mapped into IPv6."""
    try:
        if ":" not in address:
            return socket.inet_pton(socket.AF_INET, address)
        packed = socket.inet_pton(socket.AF_INET6, address.partition("%")[0])
    except (OSError, ValueError):  # a unix socket's, or what a proxy made up
        return b""
    return packed[12:] if packed.startswith(_MAPPED) else packed


def _by_length(ranges: Sequence[Range]) -> dict[int, Ranges]:
    return {
        length: Ranges((first, last) for bits, first, last in ranges if bits == length)
        for length in (32, 128)
    }


@cache
def _shipped() -> tuple[list[Range], list[Range]]:
    """The shipped ranges: WeChat's, and all others."""
    found: tuple[list[Range], list[Range]] = ([], [])
    for name, section in tomllib.loads(LIST.read_text("utf-8")).items():
        found[name != "wechat"].extend(map(_range, section["ranges"].split()))
    return found


def _range(written: str) -> Range:
    # Not ipaddress: it takes ten times as long, and there are thousands.
    address, _, prefix = written.partition("/")
    packed = _packed(address)
    bits = len(packed) * 8
    first = int.from_bytes(packed, "big")
    return bits, first, first + (1 << (bits - int(prefix))) - 1
