"""Servers an earlier run left alive on a data directory: found, and ended before ours starts."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import structlog

from bot.clock import Clock

GOODBYE = 10.0
"""Seconds a server may take to end by itself; then it is killed."""

_SERVERS = ("valkey-server", "redis-server")

log = structlog.get_logger()


class ForeignServer(Exception):
    """A server that is not ours works in the data directory."""


async def ask(socket: Path, command: str) -> str:
    """The first line a server answers to an inline command; empty when none answers in 1 s."""
    try:
        async with asyncio.timeout(1):
            reader, writer = await asyncio.open_unix_connection(socket)
            try:
                writer.write(f"{command}\r\n".encode())
                return (await reader.readline()).decode(errors="replace").strip()
            finally:
                writer.close()
                await writer.wait_closed()
    except OSError:  # refused, no such socket, or TimeoutError
        return ""


async def end_orphans(directory: Path, socket: Path, clock: Clock) -> None:
    """End every server of an earlier run: asked to shut down, then SIGTERM, at last SIGKILL.

    A process is ours when it is a server, works in ``directory`` and shows ``socket`` in its
    command line; whatever answers on that socket is ours too. Raises ForeignServer for a
    server in the directory that is not ours, or one that cannot be ended.
    """
    pids = _ours(directory, socket)
    if not pids and not await ask(socket, "PING"):
        return
    log.warning("store.orphan", directory=str(directory), pids=pids)
    await ask(socket, "SHUTDOWN")
    for deadly in (signal.SIGTERM, signal.SIGKILL):
        for pid in _ours(directory, socket):
            with suppress(ProcessLookupError):
                os.kill(pid, deadly)
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE):
                while _ours(directory, socket) or await ask(socket, "PING"):
                    await clock.sleep(0.02)
            return
    raise ForeignServer(f"an earlier store server still works in {directory} and does not end")


def _ours(directory: Path, socket: Path) -> list[int]:
    found = list(_servers_in(directory))
    for pid, command in found:
        if str(socket) not in command:
            raise ForeignServer(
                f"a server that is not Muster's (process {pid}: {command}) works in {directory}."
                " Stop it, or set another data_dir"
            )
    return [pid for pid, _ in found]


def _servers_in(directory: Path) -> Iterator[tuple[int, str]]:
    """Process id and command line of the live servers whose working directory this is (Linux)."""
    if sys.platform != "linux":
        return
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        with suppress(OSError):
            if (process / "comm").read_text().strip() not in _SERVERS:
                continue
            # A zombie has no working directory, so it is not found here.
            if (process / "cwd").readlink() == directory:
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ")
                yield int(process.name), os.fsdecode(command).strip()
