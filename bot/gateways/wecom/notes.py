"""Notes: what a callback tells those who keep contacts, groups, tags and cards true."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from pydantic import TypeAdapter


@dataclass(frozen=True, slots=True)
class Changed:
    """A customer group changed: its details and roster may not be what we have.

    ``last_ver`` is the member version before and ``cur_ver`` after, each empty where WeCom told
    none: callbacks before were missed if the roster we have is of another than ``last_ver``.
    ``complete``: everybody who came or went is in the events, so nothing needs to be asked for.
    """

    chat_id: str
    last_ver: str
    cur_ver: str
    complete: bool


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
class CardChosen:
    """A template card was answered; ``response_code`` lets the card be updated, once.

    ``choices`` are the question's key and the ids of the options chosen for it.
    """

    user: str
    key: str
    task: str
    response_code: str
    choices: tuple[tuple[str, tuple[str, ...]], ...]


Note = Changed | ContactEdited | TransferFailed | ArchiveAgreed | TagsChanged | CardChosen
_KINDS: dict[str, TypeAdapter[Note]] = {
    kind.__name__: TypeAdapter(kind)
    for kind in (Changed, ContactEdited, TransferFailed, ArchiveAgreed, TagsChanged, CardChosen)
}


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
