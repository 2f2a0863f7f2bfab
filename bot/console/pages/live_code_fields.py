"""The fields of a live code's form: from a code, from a POST, and the code they say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.console.page import Page
from bot.live_codes.checks import UNKNOWN_GROUP
from bot.located import Located, Problems, nearest, validate
from bot.model.live_code import LiveCode
from bot.model.phrase import Phrase

SHIFTS = 30
IDENT = re.compile(r"[a-z0-9-]{1,30}")
NEW = "new"
"""No code's id: its page would be the form's."""
_SHARED = ("id", "title", "gateway", "kind", "channel", "remark")
_OWN = {
    "contact": ("staff", "shifts", "spare", "daily_cap", "confirm"),
    "group": ("groups", "new_group", "base_name", "base_number"),
}
"""What codes of each kind have of their own."""


@dataclass(frozen=True, slots=True)
class ShiftRow:
    """One shift as it stands in its fields."""

    weekdays: tuple[str, ...] = ("0", "1", "2", "3", "4")
    start: str = "09:00"
    end: str = "18:00"
    staff: tuple[str, ...] = ()

    @property
    def data(self) -> dict[str, Any]:
        """As the model takes it."""
        days = [int(day) for day in self.weekdays if day.isdecimal()]
        return {"weekdays": days, "start": self.start, "end": self.end, "staff": [*self.staff]}


class GroupNames:
    """What groups are called in fields: by name where only one has it, else by id."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """``names``: by group id."""
        times = Counter(names.values())
        self.shown = {
            ident: name if name and times[name] == 1 else ident for ident, name in names.items()
        }
        self._idents = {shown: ident for ident, shown in self.shown.items()}

    def named(self, ident: str) -> str:
        """What stands in the field for a group."""
        return self.shown.get(ident, ident)

    def ident(self, said: str) -> str:
        """The group meant by what was written; what fits none stays."""
        return said if said in self.shown else self._idents.get(said, said)

    def check(self, idents: Sequence[str]) -> None:
        """Raises Problems for what fits none, with the nearest of what can be written."""
        located, known = Located("live code"), self.shown.values()
        wrong = [(n, said) for n, said in enumerate(idents) if said not in self.shown]
        if wrong:
            raise Problems(
                located.problem(
                    ("groups", n), Phrase(UNKNOWN_GROUP, name=said), nearest(said, known)
                )
                for n, said in wrong
            )


@dataclass(frozen=True, slots=True)
class LiveCodeForm:
    """What stands in the fields."""

    id: str = ""
    title: str = ""
    gateway: str = ""
    kind: str = "contact"
    channel: str = ""
    staff: tuple[str, ...] = ()
    shifts: tuple[ShiftRow, ...] = ()
    spare: tuple[str, ...] = ()
    daily_cap: str = ""
    confirm: bool = False
    groups: tuple[str, ...] = ()
    new_group: bool = False
    base_name: str = ""
    base_number: str = "1"
    remark: str = ""

    @classmethod
    def of(cls, code: LiveCode) -> LiveCodeForm:
        """From a code; groups are ids."""
        return cls(
            id=code.id,
            title=code.title,
            gateway=code.gateway,
            kind=code.kind,
            channel=code.channel,
            staff=code.staff,
            shifts=tuple(
                ShiftRow(tuple(map(str, sorted(one.weekdays))), one.start, one.end, one.staff)
                for one in code.shifts
            ),
            spare=code.spare,
            daily_cap=str(code.daily_cap or ""),
            confirm=code.confirm,
            groups=code.groups,
            new_group=code.new_group,
            base_name=code.base_name,
            base_number=str(code.base_number),
            remark=code.remark,
        )

    @classmethod
    def posted(cls, page: Page) -> LiveCodeForm:
        """From the fields of a POST; groups are what was written."""
        return cls(
            id=page.field("id"),
            title=page.field("title"),
            gateway=page.field("gateway"),
            kind=page.field("kind"),
            channel=page.field("channel"),
            staff=_several(page, "staff"),
            shifts=tuple(
                ShiftRow(
                    tuple(page.form.getall(f"weekdays-{n}", [])),
                    page.field(f"start-{n}"),
                    page.field(f"end-{n}"),
                    _several(page, f"staff-{n}"),
                )
                for n in range(SHIFTS)
                if f"start-{n}" in page.form
            ),
            spare=_several(page, "spare"),
            daily_cap=page.field("daily_cap"),
            confirm=page.field("confirm") == "on",
            groups=_several(page, "groups"),
            new_group=page.field("new_group") == "on",
            base_name=page.field("base_name"),
            base_number=page.field("base_number"),
            remark=page.field("remark"),
        )

    def changed(self, do: str) -> LiveCodeForm:
        """Another form, after a button such as "add" or "remove:2"."""
        verb, _, of = do.partition(":")
        rows = self.shifts
        if verb == "add":
            rows = (*rows, ShiftRow())[:SHIFTS]
        elif verb == "remove" and of.isdecimal():
            rows = tuple(row for n, row in enumerate(rows) if n != int(of))
        return replace(self, shifts=rows)

    def code(self) -> LiveCode:
        """The code that is wanted, with nothing of the other kind; raises Problems."""
        data: dict[str, Any] = {
            "id": self.id,
            "title": self.title,
            "gateway": self.gateway,
            "kind": self.kind,
            "channel": self.channel,
            "remark": self.remark,
            "staff": [*self.staff],
            "shifts": [row.data for row in self.shifts],
            "spare": [*self.spare],
            "daily_cap": _number(self.daily_cap),
            "confirm": self.confirm,
            "groups": [*self.groups],
            "new_group": self.new_group,
            "base_name": self.base_name,
            "base_number": _number(self.base_number) or 1,
        }
        kept = {*_SHARED, *_OWN.get(self.kind, ())}
        located = Located("live code", {k: v for k, v in data.items() if k in kept})
        if not IDENT.fullmatch(self.id) or self.id == NEW:
            message = Phrase("1 to 30 lower-case letters, digits and hyphens, such as spring-shop")
            raise Problems([located.problem(("id",), message)])
        return validate(LiveCode, located)


def _several(page: Page, name: str) -> tuple[str, ...]:
    """What was written in fields of one name, each once."""
    said = (one.strip()[:200] for one in page.form.getall(name, []))
    return tuple(dict.fromkeys(one for one in said if one))


def _number(text: str) -> int | str | None:
    """A whole number; other text stays, for the error to show it."""
    if not text:
        return None
    return int(text) if re.fullmatch(r"-?\d{1,9}", text, re.ASCII) else text
