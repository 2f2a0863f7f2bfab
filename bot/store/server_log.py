"""What the embedded server says: kept in a file as far as the disk allows, its end in memory."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

_LIMIT = 5 << 20
_REMEMBERED = 4096


class ServerLog:
    """A pipe from the server. A file alone would lose its last words when the disk is full."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pipe: int | None = None
        self._heard = b""

    def open(self) -> int:
        """The end the server writes to; the caller closes it once the server has it."""
        self.close()
        self._heard = b""
        self._rotate()
        self._pipe, end = os.pipe()
        os.set_blocking(self._pipe, False)
        asyncio.get_running_loop().add_reader(self._pipe, self._hear)
        return end

    def close(self) -> None:
        """Take in what is left in the pipe, and close it."""
        if self._pipe is None:
            return
        asyncio.get_running_loop().remove_reader(self._pipe)
        with suppress(BlockingIOError):
            while self._take():
                pass
        os.close(self._pipe)
        self._pipe = None

    def last_lines(self, count: int) -> list[str]:
        """The last lines since open(), oldest first."""
        return self._heard.decode(errors="replace").splitlines()[-count:]

    def _hear(self) -> None:
        with suppress(BlockingIOError):
            if not self._take():
                self.close()

    def _take(self) -> bool:
        if self._pipe is None:
            return False
        chunk = os.read(self._pipe, 1 << 16)
        self._heard = (self._heard + chunk)[-_REMEMBERED:]
        with suppress(OSError), self._path.open("ab") as file:
            file.write(chunk)
        return bool(chunk)

    def _rotate(self) -> None:
        if self._path.is_file() and self._path.stat().st_size > _LIMIT:
            self._path.replace(self._path.with_suffix(".log.1"))
