"""Where the store's server is: a URL resolved to the one node that holds the workspace."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from redis.asyncio import RedisCluster
from redis.asyncio.connection import parse_url
from redis.asyncio.sentinel import Sentinel


@dataclass(frozen=True, slots=True)
class Address:
    """One server, and how to sign in."""

    host: str = ""
    port: int = 0
    path: str = ""
    username: str | None = None
    password: str | None = None
    db: int = 0
    tls: bool = False

    def __repr__(self) -> str:
        return f"Address({self.path or f'{self.host}:{self.port}'})"


Locate = Callable[[], Awaitable[Address]]


def unix(path: str) -> Locate:
    """The server behind a Unix socket."""

    async def locate() -> Address:
        return Address(path=path)

    return locate


def locator(url: str, tag: str) -> Locate:
    """How to find the server for ``url``; asked at every reconnect, so failovers are followed.

    ``redis://``, ``rediss://``, ``valkey://``, ``unix://`` name one server;
    ``redis+sentinel://host:port,host:port/service/db`` asks Sentinels for the primary;
    ``redis+cluster://host:port`` finds the owner of the slot of ``tag``.
    Raises ValueError for another scheme.
    """
    scheme = url.split("://", 1)[0]
    if scheme == "redis+sentinel":
        return _sentinel(url)
    if scheme == "redis+cluster":
        return _cluster(url, tag)
    if scheme not in {"redis", "rediss", "unix", "valkey"}:
        raise ValueError(f"store.url: unknown scheme {scheme!r}")
    address = _plain(url.replace("valkey://", "redis://", 1))

    async def locate() -> Address:
        return address

    return locate


def _plain(url: str) -> Address:
    found: dict[str, Any] = dict(parse_url(url))
    return Address(
        host=found.get("host", "localhost"),
        port=found.get("port", 6379),
        path=found.get("path", ""),
        username=found.get("username"),
        password=found.get("password"),
        db=int(found.get("db", 0) or 0),
        tls=url.startswith("rediss://"),
    )


def _sentinel(url: str) -> Locate:
    parts = urlsplit(url)
    _, _, hosts = parts.netloc.rpartition("@")
    pairs = [
        (h.rpartition(":")[0] or h, int(h.rpartition(":")[2] or 26379)) for h in hosts.split(",")
    ]
    service, _, db = parts.path.strip("/").partition("/")
    password = unquote(parts.password) if parts.password else None
    username = unquote(parts.username) if parts.username else None
    guard = parse_qs(parts.query).get("sentinel_password", [None])[0]

    async def locate() -> Address:
        sentinel = Sentinel(  # type: ignore[no-untyped-call]
            pairs, sentinel_kwargs={"password": guard, "socket_timeout": 2}
        )
        try:
            host, port = await sentinel.discover_master(service or "mymaster")
        finally:
            for client in sentinel.sentinels:
                await client.aclose()
        return Address(
            host=str(host), port=int(port), username=username, password=password, db=int(db or 0)
        )

    return locate


def _cluster(url: str, tag: str) -> Locate:
    seed = _plain(url.replace("redis+cluster://", "redis://", 1))

    async def locate() -> Address:
        cluster = RedisCluster(
            host=seed.host, port=seed.port, username=seed.username, password=seed.password
        )
        try:
            await cluster.initialize()
            node = cluster.get_node_from_key(tag)
        finally:
            await cluster.aclose()
        if node is None:
            raise ConnectionError(f"no cluster node owns the slot of {tag}")
        return Address(
            host=node.host, port=int(node.port), username=seed.username, password=seed.password
        )

    return locate
