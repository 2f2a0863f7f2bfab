"""The process: what is set once for all that runs in it."""

from __future__ import annotations

import gc

RARELY = 10_000
"""Objects made, less those gone, after which the youngest are looked through for cycles."""


def collect_rarely() -> None:
    """Look for cycles less often: messages on their way are many objects, and none in cycles.

    For the process of a bot or a measurement; a fifth of what a broadcast takes was this.
    """
    gc.set_threshold(RARELY)
