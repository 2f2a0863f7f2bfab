"""Health: what an adapter tells operators of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing to read; ``label`` is a msgid.

    A number that is a "moment" is UTC ms, 0 for never; a "word" is shown as it is, to be copied.
    """

    label: str
    value: int | str
    kind: Literal["number", "moment", "phrase", "word"] = "number"


@dataclass(frozen=True, slots=True)
class Health:
    """``faults`` are what does not work now, though connected; each may be a ``Fault``.

    ``setup`` is what was set up and must be the same at the platform, without secrets;
    ``callback`` is a phrase for where the platform asks for our address, '' where it does not.
    """

    rows: tuple[Detail, ...] = ()
    faults: tuple[str, ...] = ()
    setup: tuple[Detail, ...] = ()
    callback: str = ""
