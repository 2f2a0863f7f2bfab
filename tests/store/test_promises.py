"""`muster check` says of a server of others what is at stake, and how to fix it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff

from bot.clock import SystemClock
from bot.store.embedded import EmbeddedServer
from bot.store.promises import Finding, examine, judge

Serve = Callable[..., Awaitable[Redis]]


@asynccontextmanager
async def server(directory: Path, *settings: str) -> AsyncIterator[Redis]:
    """Debian's redis-server, without persistence unless the settings say so."""
    socket = directory / "redis.sock"
    process = await asyncio.create_subprocess_exec(
        *("/usr/bin/redis-server", "--dir", str(directory), "--port", "0", "--save", ""),
        *("--unixsocket", str(socket), *settings),
        stdout=asyncio.subprocess.DEVNULL,
    )
    client = Redis(unix_socket_path=str(socket), retry=Retry(ConstantBackoff(0.02), 250))
    try:
        await client.ping()
        yield client
    finally:
        await client.aclose()
        process.kill()
        await process.wait()


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    async with AsyncExitStack() as running:

        async def start(*settings: str, name: str = "one") -> Redis:
            directory = tmp_path / name
            directory.mkdir()
            return await running.enter_async_context(server(directory, *settings))

        yield start


def told(findings: list[Finding], words: str) -> Finding:
    """The one finding with these words."""
    [found] = [finding for finding in findings if words in finding.what]
    return found


async def test_the_embedded_server_keeps_every_promise(tmp_path: Path) -> None:
    embedded = EmbeddedServer(tmp_path / "data", SystemClock(), Random(1))
    await embedded.start()
    try:
        async with Redis(unix_socket_path=str(embedded.socket)) as client:
            findings = await examine(client)
    finally:
        await embedded.stop()
    assert {finding.severity for finding in findings} == {"ok"}
    assert findings[0].what.startswith("Valkey ")


async def test_a_well_kept_redis_is_fine(serve: Serve) -> None:
    client = await serve("--appendonly", "yes", "--appendfsync", "always")
    findings = await examine(client)
    assert {finding.severity for finding in findings} == {"ok"}
    assert findings[0].what.startswith("Redis 7.")


async def test_a_redis_as_it_comes_loses_all_since_its_snapshot(serve: Serve) -> None:
    found = told(await examine(await serve()), "not logged to disk")
    assert found.severity == "error"
    assert found.fix.startswith('"CONFIG SET appendonly yes" now')


@pytest.mark.parametrize(("policy", "severity"), [("everysec", "warning"), ("no", "error")])
async def test_a_lazy_sync_is_told_with_its_fix(serve: Serve, policy: str, severity: str) -> None:
    client = await serve(
        *("--appendonly", "yes", "--appendfsync", policy, "--no-appendfsync-on-rewrite", "yes")
    )
    findings = await examine(client)
    found = told(findings, f"appendfsync {policy}")
    assert found.severity == severity
    assert '"appendfsync always"' in found.fix
    assert told(findings, "while it rewrites").severity == "warning"


@pytest.mark.parametrize(("maxmemory", "severity"), [("0", "warning"), ("100mb", "error")])
async def test_a_server_that_evicts_is_told(serve: Serve, maxmemory: str, severity: str) -> None:
    client = await serve("--maxmemory-policy", "allkeys-lru", "--maxmemory", maxmemory)
    found = told(await examine(client), "maxmemory-policy allkeys-lru")
    assert found.severity == severity
    assert '"CONFIG SET maxmemory-policy noeviction"' in found.fix


ALL_BUT = ("--user", "default", "on", "nopass", "~*", "&*", "+@all")


@pytest.mark.parametrize("ban", [("--rename-command", "CONFIG", ""), (*ALL_BUT, "-config")])
async def test_where_config_is_forbidden_we_say_we_cannot_tell(
    serve: Serve, ban: tuple[str, ...]
) -> None:
    found = told(await examine(await serve("--appendonly", "yes", *ban)), "CONFIG is not allowed")
    assert found.severity == "warning"
    assert "appendfsync always" in found.fix


async def test_where_info_is_forbidden_we_say_we_cannot_tell(serve: Serve) -> None:
    [found] = await examine(await serve(*ALL_BUT, "-info"))
    assert found.severity == "warning"
    assert "INFO is not allowed" in found.what


async def test_a_replica_takes_no_writes_and_its_primary_should_wait_for_it(serve: Serve) -> None:
    # A replica over a Unix socket does not exist, so the primary gets a free port.
    primary = await serve("--appendonly", "yes", "--repl-diskless-sync-delay", "0")
    await primary.config_set("port", port := await free_port())
    replica = await serve("--replicaof", "127.0.0.1", str(port), name="two")
    assert await primary.wait(1, 4000) == 1
    found = told(await examine(replica), f"replica of 127.0.0.1:{port}")
    assert found.severity == "error"
    assert "redis+sentinel://" in found.fix
    assert (
        told(await examine(primary), "cut off from its replicas it goes on").severity == "warning"
    )
    await primary.config_set("min-replicas-to-write", 1)
    assert told(await examine(primary), "cut off from its replicas it stops").severity == "ok"


async def free_port() -> int:
    """A port nobody listens on now."""
    listener = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port: int = listener.sockets[0].getsockname()[1]
    listener.close()
    await listener.wait_closed()
    return port


async def test_a_cluster_needs_its_own_url(serve: Serve) -> None:
    client = await serve("--cluster-enabled", "yes", "--port", str(await free_port()))
    assert "redis+cluster://" in told(await examine(client), "cluster").what


def test_a_sentinel_is_not_a_server() -> None:
    [found] = judge({"redis_mode": "sentinel", "redis_version": "7.0.15"}, None)
    assert found.severity == "error"
    assert "redis+sentinel://" in found.fix


@pytest.mark.parametrize("version", ["6.2.14", "5.0", "unknown"])
def test_an_old_redis_is_refused(version: str) -> None:
    found = judge({"redis_version": version, "role": "master"}, None)[0]
    assert found.severity == "error"
    assert "Redis 7.0" in found.fix


def test_a_failing_disk_is_told() -> None:
    findings = judge({"role": "master", "aof_enabled": 1, "aof_last_write_status": "err"}, None)
    assert told(findings, "failed").severity == "error"
