"""Addresses: which machines the bot may speak to on behalf of a text somebody wrote."""

from __future__ import annotations

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from aiohttp.abc import AbstractResolver, ResolveResult

Address = IPv4Address | IPv6Address
Allow = Callable[[Address], bool]
"""Whether an address may be connected to."""

_NAT64 = IPv6Network("64:ff9b::/96")


class PrivateAddress(OSError):
    """A host has no address that may be connected to."""


def is_public(address: Address) -> bool:
    """Whether an address is on the public internet, also the IPv4 one inside an IPv6 one."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner:
            return is_public(inner)
        if address.teredo or address.is_site_local:
            return False
    return address.is_global and not address.is_multicast


def admits(allow: Allow, host: str) -> bool:
    """Whether a host written in numbers may be connected to; True for every name.

    Such a host never comes to a resolver. Forms like ``127.1`` or ``2130706433``, which systems
    read as addresses and browsers rarely see, are refused.
    """
    if ":" not in host and not host.replace(".", "").isdigit():
        return True
    try:
        return allow(ip_address(host))
    except ValueError:
        return False


class GuardedResolver(AbstractResolver):
    """Resolves names to allowed addresses only.

    The connection goes to the very address that was checked, so a name that changes its mind
    between the two gains nothing.
    """

    def __init__(self, inner: AbstractResolver, allow: Allow) -> None:
        self._inner = inner
        self._allow = allow

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The allowed addresses; raises PrivateAddress when there are others only."""
        found = await self._inner.resolve(host, port, family)
        allowed = [one for one in found if self._allow(ip_address(one["host"]))]
        if found and not allowed:
            raise PrivateAddress(f"{host} is in a private network")
        return allowed

    async def close(self) -> None:
        """Let go of the resolver inside."""
        await self._inner.close()
