"""Whether a server of others can keep our promises, and what to change when it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from bot.model.base import Frozen

OLDEST = (7, 0)
"""The oldest Redis whose commands we use; every Valkey has them."""

_SETTINGS = (
    "appendfsync",
    "no-appendfsync-on-rewrite",
    "min-replicas-to-write",
)

Info = Mapping[str, Any]
Config = Mapping[str, str]


class Finding(Frozen):
    """One thing looked at: ``what`` in a line, and how to ``fix`` it when it is not ok."""

    severity: Literal["ok", "warning", "error"]
    what: str
    fix: str = ""


async def examine(redis: Redis) -> list[Finding]:
    """Ask the server about version, role, persistence, eviction and replicas.

    Raises redis.exceptions.ConnectionError or TimeoutError when it does not answer.
    """
    try:
        info = await redis.info()
    except ResponseError:  # also NoPermissionError
        return [
            Finding(
                severity="warning",
                what="cannot tell anything about this server: INFO is not allowed",
                fix="allow it for our user: ACL SETUSER <user> +info +config|get",
            )
        ]
    return judge(info, await _settings(redis))


def judge(info: Info, config: Config | None) -> list[Finding]:
    """Findings from the fields of INFO and the settings; None when CONFIG is not allowed."""
    if info.get("redis_mode") == "sentinel":
        return [
            Finding(
                severity="error",
                what="this is a Sentinel: it knows where the data is, but holds none",
                fix='[store] url = "redis+sentinel://HOST:PORT/SERVICE"',
            )
        ]
    return [
        _version(info),
        _role(info),
        *_persistence(info, config),
        _eviction(info),
        *_replicas(info, config),
    ]


async def _settings(redis: Redis) -> Config | None:
    try:
        found = await redis.config_get(*_SETTINGS)
    except ResponseError:
        return None
    return {_text(name): _text(value) for name, value in found.items()}


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _version(info: Info) -> Finding:
    if valkey := info.get("valkey_version"):
        return Finding(severity="ok", what=f"Valkey {valkey}")
    version = str(info.get("redis_version", "unknown"))
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    if numbers >= OLDEST:
        return Finding(severity="ok", what=f"Redis {version}")
    return Finding(
        severity="error",
        what=f"Redis {version} is too old",
        fix="use Redis 7.0 or newer, or any Valkey",
    )


def _role(info: Info) -> Finding:
    if info.get("role") != "master":
        primary = f"{info.get('master_host', '?')}:{info.get('master_port', '?')}"
        return Finding(
            severity="error",
            what=f"this is a replica of {primary}: it takes no writes",
            fix="give the primary's address in [store] url, or redis+sentinel:// to follow it",
        )
    if info.get("cluster_enabled"):
        return Finding(
            severity="ok",
            what="a primary of a cluster; [store] url must start with redis+cluster://",
        )
    return Finding(severity="ok", what="a primary")


def _persistence(info: Info, config: Config | None) -> Iterator[Finding]:
    if not info.get("aof_enabled"):
        yield Finding(
            severity="error",
            what="writes are not logged to disk: all since the last snapshot is lost in a crash",
            fix=_setting("appendonly", "yes"),
        )
        return
    if info.get("aof_last_write_status", "ok") != "ok":
        yield Finding(
            severity="error",
            what="the last write to its append-only file failed",
            fix="look at its log and its disk (full?)",
        )
    if config is None or "appendfsync" not in config:
        yield Finding(
            severity="warning",
            what="cannot tell when writes reach the disk: CONFIG is not allowed",
            fix="ACL SETUSER <user> +config|get; or ask who runs it for appendfsync always",
        )
        return
    yield _sync(config["appendfsync"])
    if config.get("no-appendfsync-on-rewrite") == "yes":
        yield Finding(
            severity="warning",
            what="while it rewrites its append-only file, acknowledged writes wait in memory",
            fix=_setting("no-appendfsync-on-rewrite", "no"),
        )


def _sync(policy: str) -> Finding:
    if policy == "always":
        return Finding(severity="ok", what="every acknowledged write is on disk")
    if policy == "everysec":
        return Finding(
            severity="warning",
            what="a crash loses up to 2 s of acknowledged writes (appendfsync everysec)",
            fix=_setting("appendfsync", "always"),
        )
    return Finding(
        severity="error",
        what=f"a crash loses many acknowledged writes (appendfsync {policy})",
        fix=_setting("appendfsync", "always"),
    )


def _eviction(info: Info) -> Finding:
    policy = info.get("maxmemory_policy", "unknown")
    if policy == "noeviction":
        return Finding(severity="ok", what="nothing is evicted when memory is full")
    if info.get("maxmemory"):
        what = f"it throws data away when memory is full (maxmemory-policy {policy})"
    else:
        what = f"it would throw data away if maxmemory were set (maxmemory-policy {policy})"
    return Finding(
        severity="error" if info.get("maxmemory") else "warning",
        what=what,
        fix=_setting("maxmemory-policy", "noeviction"),
    )


def _replicas(info: Info, config: Config | None) -> Iterator[Finding]:
    if not info.get("connected_slaves") or info.get("role") != "master":
        return
    if config is None or "min-replicas-to-write" not in config:
        yield Finding(
            severity="warning",
            what="cannot tell whether it stops when cut off from its replicas",
            fix="ask who runs it for min-replicas-to-write 1",
        )
    elif config["min-replicas-to-write"] == "0":
        yield Finding(
            severity="warning",
            what="cut off from its replicas it goes on, and a failover then loses those writes",
            fix=f"{_setting('min-replicas-to-write', '1')} (with min-replicas-max-lag 10)",
        )
    else:
        yield Finding(
            severity="ok",
            what="cut off from its replicas it stops (a failover may lose its last seconds)",
        )


def _setting(name: str, value: str) -> str:
    return f'"CONFIG SET {name} {value}" now, and "{name} {value}" in its configuration file'
