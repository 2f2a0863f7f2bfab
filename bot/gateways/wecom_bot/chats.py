"""Chats: what an AI bot remembers of its conversations, to know how it may write to each."""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Literal

from bot.clock import Clock
from bot.model.conversation import Conversation

MOST = 10_000
"""Conversations remembered; those heard of longest ago are forgotten first."""
ANSWERABLE = 24 * 3600.0
"""Seconds after a message in which it may be answered."""
HOURLY = 1000
"""Messages WeCom lets into one conversation in an hour."""

Kind = Literal["message", "entered"]


@dataclass(slots=True)
class Callback:
    """A callback that may be answered; ``doubted`` is the delivery whose ack did not come.

    A late ack of that one could be taken for another's, so only that one may try again here.
    """

    req_id: str
    at: int
    kind: Kind
    doubted: str = ""


class Chats:
    """The callbacks of this connection, and how much was sent in the last hour."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._callbacks: OrderedDict[tuple[str, Kind], Callback] = OrderedDict()
        self._sent: OrderedDict[str, deque[int]] = OrderedDict()

    def heard(self, where: Conversation, kind: Kind, req_id: str) -> None:
        """A callback came; it stands for the one before it."""
        self.forget(where, kind)
        self._callbacks[where.key, kind] = Callback(req_id, self._clock.now(), kind)
        if len(self._callbacks) > MOST:
            self._callbacks.popitem(last=False)

    def callback(self, where: Conversation, kind: Kind, seconds: float) -> Callback | None:
        """The last callback of a kind, if it came no longer ago than ``seconds``."""
        found = self._callbacks.get((where.key, kind))
        if found and self._clock.now() - found.at < seconds * 1000:
            return found
        return None

    def forget(self, where: Conversation, kind: Kind) -> None:
        """It can be answered no more."""
        self._callbacks.pop((where.key, kind), None)

    def reconnected(self) -> None:
        """Callbacks of another connection cannot be answered on this one."""
        self._callbacks.clear()

    def wait(self, where: Conversation) -> float:
        """Seconds until the hourly limit lets one more message into a conversation."""
        sent, now = self._sent.get(where.key), self._clock.now()
        if not sent or len(sent) < HOURLY:
            return 0.0
        return max(0.0, (sent[0] + 3_600_000 - now) / 1000)

    def sent(self, where: Conversation) -> None:
        """Count one message."""
        sent = self._sent.setdefault(where.key, deque(maxlen=HOURLY))
        sent.append(self._clock.now())
        self._sent.move_to_end(where.key)
        if len(self._sent) > MOST:
            self._sent.popitem(last=False)
