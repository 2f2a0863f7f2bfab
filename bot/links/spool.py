"""The spool: hits on disk beside the store while it is away, until they are in it."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO

LIMIT = 1 << 30
"""Bytes a spool file may have; then further hits are refused as on a full disk."""
CHUNK = 64
"""Hits in one entry of the store's stream, at most."""

Push = Callable[[Sequence[bytes]], Awaitable[None]]


class Spool:
    """Files of hits, a line each, in one folder that several processes may share.

    Who writes a file holds its lock. A file without one is nobody's: whoever finds it replays it,
    so what a killed process left is not forgotten. A file is deleted only after all of it was
    pushed; what is pushed twice has the same ids.
    """

    def __init__(self, folder: Path, origin: str) -> None:
        self._folder = folder
        self._origin = origin
        self._turn = asyncio.Lock()
        self._file: BinaryIO | None = None
        self._files = 0

    async def append(self, lines: Sequence[bytes]) -> None:
        """Put hits on disk, with one fsync; raises OSError."""
        async with self._turn:
            await asyncio.to_thread(self._append, b"".join(line + b"\n" for line in lines))

    async def close(self) -> None:
        """Leave the file to whoever replays it."""
        async with self._turn:
            self._seal()

    def left(self) -> bool:
        """Whether there are files at all, ours or others'."""
        return any(self._folder.glob("hits-*.spool"))

    async def replay(self, push: Push) -> int:
        """Push what is in files nobody writes, oldest first, and delete them; how many hits.

        What ``push`` raises is passed on; the rest stays for the next time.
        """
        await self.close()
        count = 0
        for path in sorted(await asyncio.to_thread(self._paths)):
            file = await asyncio.to_thread(_claim, path)
            if file is None:
                continue
            try:
                while lines := await asyncio.to_thread(_read, file):
                    await push(lines)
                    count += len(lines)
                await asyncio.to_thread(path.unlink, missing_ok=True)
            finally:
                file.close()
        return count

    def _paths(self) -> list[Path]:
        return list(self._folder.glob("hits-*.spool"))

    def _append(self, block: bytes) -> None:
        try:
            file = self._file = self._file or self._create()
            if file.tell() + len(block) > LIMIT or file.write(block) < len(block):
                raise OSError(errno.ENOSPC, "the spool is full", str(self._folder))
            os.fsync(file.fileno())
        except OSError:
            # After half a write the next line would continue it: that needs a file of its own.
            self._seal()
            raise

    def _create(self) -> BinaryIO:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._files += 1
        name = self._folder / f"hits-{self._origin}-{self._files:06}"
        file = name.with_suffix(".new").open("xb", buffering=0)
        fcntl.flock(file, fcntl.LOCK_EX)
        # Only a locked file gets the name others look for.
        name.with_suffix(".new").rename(name.with_suffix(".spool"))
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return file

    def _seal(self) -> None:
        if self._file:
            self._file.close()
        self._file = None


def _claim(path: Path) -> BinaryIO | None:
    """The file, locked; None when somebody else has it or it is gone."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _read(file: BinaryIO) -> list[bytes]:
    """The next whole lines; a torn last one was never answered for."""
    return [line[:-1] for line in islice(file, CHUNK) if line.endswith(b"\n")]
