"""Why a check-in or a make-up is not taken, in words for the member."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class NotNow:
    """A kind no: ``text`` is a standard text to be said with ``variables``.

    ``asks`` is what to remember for the member's next message, when they were asked for
    something; '' else.
    """

    text: str
    variables: dict[str, Any] = field(default_factory=dict)
    asks: str = ""
    wait: float = 0
    """Seconds an answer is waited for."""
