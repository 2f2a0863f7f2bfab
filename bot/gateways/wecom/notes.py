"""Notes: what callbacks and others tell those who keep contacts, groups and tags true."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import get_args

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class Changed:
    """A customer group changed: its details and roster may not be what we have.

    ``last_ver`` is the member version before and ``cur_ver`` after, each empty where WeCom told
    none: callbacks before were missed if the roster we have is of another than ``last_ver``.
    ``complete``: everybody who came or went is in the events, so nothing needs to be asked for.
    ``scanned``: people came by a code, and by which one only the roster says.
    """

    chat_id: str
    last_ver: str
    cur_ver: str
    complete: bool
    scanned: bool = False


@dataclass(frozen=True, slots=True)
class ContactEdited:
    """A staff member's remark on a customer, or a company tag of theirs, changed."""

    staff: str
    customer: str


@dataclass(frozen=True, slots=True)
class TransferFailed:
    """A customer was not handed over; ``reason`` is WeCom's word, as ``customer_refused``."""

    staff: str
    customer: str
    reason: str


@dataclass(frozen=True, slots=True)
class ArchiveAgreed:
    """A customer agrees to be recorded; with a welcome code they can be welcomed now (20 s)."""

    staff: str
    customer: str
    welcome_code: str


@dataclass(frozen=True, slots=True)
class TagsChanged:
    """A company tag, or a group of them, was created, updated, deleted or shuffled."""

    id: str
    type: str
    change: str
    strategy: str


@dataclass(frozen=True, slots=True)
class ContactLost:
    """A staff member and a customer are in contact no more; another may have them now."""

    staff: str
    customer: str


@dataclass(frozen=True, slots=True)
class Unreached:
    """A mass send of ``since`` (UTC ms) did not reach these customers: they left the member."""

    staff: str
    customers: tuple[str, ...]
    since: int


@dataclass(frozen=True, slots=True)
class CompareNow:
    """An operator asked, at this time (UTC ms), for everything to be compared."""

    at: int


Note = (
    Changed
    | ContactEdited
    | ContactLost
    | TransferFailed
    | ArchiveAgreed
    | TagsChanged
    | Unreached
    | CompareNow
)
_KINDS: dict[str, TypeAdapter[Note]] = {kind.__name__: TypeAdapter(kind) for kind in get_args(Note)}


def written(note: Note) -> str:
    """The note as it is kept in ``wecom:notes:{gateway}``."""
    return json.dumps({"note": type(note).__name__, **asdict(note)}, ensure_ascii=False)


def read(text: str) -> Note | None:
    """A kept note, or None for one this version does not know."""
    try:
        fields = json.loads(text)
        return _KINDS[fields.pop("note")].validate_python(fields)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
