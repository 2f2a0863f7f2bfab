"""Faults: what can go wrong at the AI-bot test server, and on what its sources differ."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Literal


@dataclass(slots=True)
class Faults:
    """Switched on and off while the server runs.

    ``ack_delay``: seconds each ack waits. ``lost_acks``: how many of the next acks are not sent,
    though what they are about is done. ``deaf``: pings get no ack. ``codes``: the errcodes of the
    next commands, by command, instead of doing them.
    """

    ack_delay: float = 0.0
    lost_acks: int = 0
    deaf: bool = False
    codes: dict[str, deque[int]] = field(default_factory=dict)

    def fail(self, cmd: str, *codes: int) -> None:
        """The next commands of this name get these codes."""
        self.codes.setdefault(cmd, deque()).extend(codes)

    def code(self, cmd: str) -> int:
        """The code the next command of this name gets; 0 for none."""
        waiting = self.codes.get(cmd)
        return waiting.popleft() if waiting else 0


@dataclass(frozen=True, slots=True)
class Variants:
    """The points on which WeCom's documents and what was measured differ, or say nothing.

    ``stream_life``: seconds after a message a stream may answer it (360 or 600). ``first_chunk``:
    the index of an upload's first piece. ``closes_evicted``: the evicted connection is closed at
    once, or left open. ``heartbeat``: seconds of silence after which the server closes; None:
    never. ``req_ids_last``: whether what came on an earlier connection may be answered on the
    next. ``response_url``: whether messages bear one. ``ends_pinging``: a ping of the WebSocket
    protocol ends the connection.
    """

    stream_life: float = 360.0
    first_chunk: Literal[0, 1] = 0
    closes_evicted: bool = True
    heartbeat: float | None = None
    req_ids_last: bool = False
    response_url: bool = False
    ends_pinging: bool = True
