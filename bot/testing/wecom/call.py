"""One call of the API: what was asked, by which app, and how it is answered or refused.

Codes that bot/gateways/wecom/errors.py does not name (40004, 40008, 40009, 40066, 40068, 40071,
44003, 44004, 47001, 60003, 86215, 301019) are a guess of what WeCom answers: nothing may depend
on them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

Answer = dict[str, Any]
T = TypeVar("T")


class Fault(Exception):
    """The call is refused with an ``errcode``."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(f"{errcode} {errmsg}")
        self.errcode = errcode
        self.errmsg = errmsg


@dataclass(slots=True)
class App:
    """A self-built app of the company; ``contacts``: it is among 客户联系's callable apps.

    ``visible``: the staff in its visible range, None for everybody. ``root``: that range is the
    root department, which app group chats ask for.
    """

    agent_id: int
    secret: str
    contacts: bool = True
    visible: frozenset[str] | None = None
    root: bool = True

    def sees(self, userid: str) -> bool:
        """Whether a member of the staff is in its visible range."""
        return self.visible is None or userid in self.visible


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came in a form's field."""

    filename: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """A call that was let in."""

    path: str
    app: App
    query: Mapping[str, str]
    body: Mapping[str, Any]
    source: str
    files: Mapping[str, Upload] = field(default_factory=dict)

    def text(self, name: str, code: int = 40058) -> str:
        """A field that must be a text and not empty."""
        value = self.body.get(name, self.query.get(name))
        if not isinstance(value, str) or not value:
            raise Fault(code, f"invalid {name}")
        return value

    def texts(self, name: str, most: int, least: int = 0) -> list[str]:
        """A field that must be a list of texts."""
        value = self.body.get(name) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise Fault(40058, f"{name} should be an array of string")
        if not least <= len(value) <= most:
            raise Fault(40058, f"{name} size invalid, {least} to {most}")
        return value

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A field that must be a number in a range, 0 or absent for the default."""
        value = self.body.get(name, self.query.get(name)) or default
        try:
            number = int(value)
        except (TypeError, ValueError):
            raise Fault(40058, f"{name} should be a number") from None
        if not least <= number <= most:
            raise Fault(40058, f"{name} out of range, {least} to {most}")
        return number

    def page(self, items: Sequence[T], default: int, most: int) -> tuple[list[T], str]:
        """The page that ``cursor`` and ``limit`` ask for, and the next cursor or ''."""
        limit = self.number("limit", default, 1, most)
        cursor = str(self.body.get("cursor") or self.query.get("cursor") or "c0")
        if not cursor.startswith("c") or not cursor[1:].isdecimal():
            raise Fault(40058, "invalid cursor")
        start = int(cursor[1:])
        end = start + limit
        return list(items[start:end]), f"c{end}" if end < len(items) else ""


Handler = Callable[[Call], Answer]


def bounded(value: object, most: int, what: str, code: int = 40058) -> None:
    """Refuse a text longer than ``most`` UTF-8 bytes."""
    if len(str(value or "").encode()) > most:
        raise Fault(code, f"{what} exceed max length {most}")
