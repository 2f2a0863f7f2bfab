"""Begun deliveries: how much of a message in several pieces is out, so a retry goes on there."""

from __future__ import annotations

from collections import OrderedDict

KEPT = 1000
"""Deliveries remembered; the oldest is forgotten first."""


class Begun:
    """Remembers in this process; after a restart a half-sent delivery is in doubt anyway."""

    def __init__(self) -> None:
        self._sent: OrderedDict[str, int] = OrderedDict()

    def start(self, delivery: str) -> int:
        """The index of the first piece not sent; from then on it is remembered no more."""
        return self._sent.pop(delivery, 0)

    def stopped(self, delivery: str, index: int) -> None:
        """The pieces before ``index`` are out, and the rest is to be tried again."""
        if delivery and index:
            self._sent[delivery] = index
            if len(self._sent) > KEPT:
                self._sent.popitem(last=False)
