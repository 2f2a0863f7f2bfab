"""The data directory: held by one Muster at a time, closed to others, with room on its disk."""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
from contextlib import suppress
from pathlib import Path

ROOM = 1 << 20
"""Bytes that must be free before a server is started."""

SOCKET_PATH = 100
"""Bytes a socket path may have; the kernel allows 108 (Linux) or 104 (macOS) with its end."""


class DataDirectoryHeld(Exception):
    """Another instance works in this data directory; nothing was touched."""

    def __init__(self, path: Path, pid: int | None) -> None:
        self.path, self.pid = path, pid
        who = "another process" if pid is None else f"another Muster (process {pid})"
        super().__init__(
            f"{who} is running in the data directory {path}. Stop it first, or give this one its"
            " own data_dir"
        )


class DataDirectory:
    """One directory on disk; ``socket`` is where its server listens."""

    def __init__(self, path: Path) -> None:
        self.path = path.resolve()
        self.socket = _socket_in(self.path)
        self._lock: int | None = None

    def take(self) -> None:
        """Make and lock it, until release() or the process ends, however it ends (flock).

        Raises DataDirectoryHeld, or OSError where the disk cannot lock.
        """
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            pid = os.read(lock, 20).split(b"\n")[0]
            os.close(lock)
            if isinstance(error, BlockingIOError):
                raise DataDirectoryHeld(self.path, int(pid) if pid.isdigit() else None) from None
            raise
        _write(lock, f"{os.getpid()}\nThis process of Muster works in this directory.\n")
        self._lock = lock

    def release(self) -> None:
        """Give it back. The lock's file stays: removing it would let two hold it."""
        if self._lock is None:
            return
        if self.socket.parent != self.path:
            with suppress(OSError):
                self.socket.parent.rmdir()
        _write(self._lock, "")
        os.close(self._lock)
        self._lock = None

    def prepare(self) -> None:
        """Close it to others, remove what a killed server left, and see that there is room.

        Raises OSError; ENOSPC or EDQUOT when the disk is full: a server would start then, and end
        at its first write.
        """
        # A volume may belong to somebody else; the files and the socket are for us alone anyway.
        with suppress(PermissionError):
            self.path.chmod(0o700)
        self._close_socket_place()
        for unfinished in self.path.glob("temp-rewriteaof-*.aof"):
            unfinished.unlink()
        self._demand_room()

    def _close_socket_place(self) -> None:
        place = self.socket.parent
        if place == self.path:
            return
        place.mkdir(mode=0o700, exist_ok=True)
        found = place.lstat()
        if found.st_uid != os.geteuid() or found.st_mode != stat.S_IFDIR | 0o700:
            raise PermissionError(
                f"{place} is not a directory of ours alone. Remove it, or use a shorter data_dir"
            )

    def _demand_room(self) -> None:
        scratch = self.path / "valkey.room"
        try:
            with scratch.open("wb") as file:
                file.write(os.urandom(ROOM))  # zeros take no room where the disk compresses
                file.flush()
                os.fsync(file.fileno())
        finally:
            scratch.unlink(missing_ok=True)


def _socket_in(directory: Path) -> Path:
    """The socket's path: in the directory; where that is too long, always the same one in /tmp.

    Not tempfile's choice of a place: that is a long path again on macOS.
    """
    socket = directory / "valkey.sock"
    if len(os.fsencode(socket)) <= SOCKET_PATH:
        return socket
    name = hashlib.sha256(os.fsencode(directory)).hexdigest()[:16]
    return Path(f"/tmp/muster-{os.geteuid()}-{name}/valkey.sock")  # noqa: S108


def _write(lock: int, text: str) -> None:
    # The text is a courtesy to whoever looks; a full disk must not cost the lock.
    with suppress(OSError):
        os.ftruncate(lock, 0)
        os.pwrite(lock, text.encode(), 0)
