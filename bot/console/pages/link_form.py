"""The form of a link: its fields, filled from a link's terms or from what was posted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from bot.console.page import Page
from bot.links.branch_words import DEVICES
from bot.links.terms import MOST_BRANCHES, Branch, Terms, moment
from bot.store.members import Group

LONGEST = 5000


@dataclass(frozen=True, slots=True)
class Row:
    """One rule as it stands in its fields."""

    url: str = ""
    devices: tuple[str, ...] = ()
    languages: str = ""
    groups: str = ""
    opens: str = ""
    ends: str = ""
    share: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing was written."""
        return self == Row()


@dataclass(frozen=True, slots=True)
class LinkForm:
    """What stands in the fields; times are those of the workspace's zone."""

    url: str
    campaign: str
    title: str
    opens: str
    ends: str
    limit: str
    parameters: str
    fallback: str
    withdrawn: bool
    confirm: bool
    ask: str
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, terms: Terms, zone: tzinfo, groups: Sequence[Group]) -> LinkForm:
        """From a link's terms."""
        names = {group.number: called(group) for group in groups}
        return cls(
            url=terms.url,
            campaign=terms.campaign,
            title=terms.title,
            opens=_local(terms.opens, zone),
            ends=_local(terms.ends, zone),
            limit=str(terms.limit or ""),
            parameters="\n".join(f"{name} = {said}" for name, said in terms.parameters.items()),
            fallback=terms.fallback,
            withdrawn=terms.withdrawn,
            confirm=terms.confirm,
            ask=terms.ask,
            rows=tuple(_row(branch, zone, names) for branch in terms.branches),
        )

    @classmethod
    def posted(cls, page: Page) -> LinkForm:
        """From the fields of a POST; rules nothing was written in are left out."""
        rows = [
            Row(
                url=page.field(f"url-{n}", LONGEST),
                devices=tuple(d for d in DEVICES if d in page.form.getall(f"devices-{n}", [])),
                languages=page.field(f"languages-{n}"),
                groups=page.field(f"groups-{n}", LONGEST),
                opens=page.field(f"opens-{n}"),
                ends=page.field(f"ends-{n}"),
                share=page.field(f"share-{n}"),
            )
            for n in range(MOST_BRANCHES)
        ]
        return cls(
            url=page.field("url", LONGEST),
            campaign=page.field("campaign"),
            title=page.field("title"),
            opens=page.field("opens"),
            ends=page.field("ends"),
            limit=page.field("limit"),
            parameters=page.field("parameters", LONGEST),
            fallback=page.field("fallback", LONGEST),
            withdrawn=page.field("withdrawn") == "on",
            confirm=page.field("confirm") == "on",
            ask=page.field("ask"),
            rows=tuple(row for row in rows if not row.empty),
        )

    def terms(self, zone: tzinfo, groups: Sequence[Group]) -> dict[str, Any]:
        """As the desk takes it; what cannot be read stays as it was written."""
        numbers = {called(group): group.number for group in groups}
        return {
            "url": self.url,
            "campaign": self.campaign,
            "title": self.title,
            "opens": _moment(self.opens, zone),
            "ends": _moment(self.ends, zone),
            "limit": _number(self.limit),
            "parameters": _parameters(self.parameters),
            "fallback": self.fallback,
            "withdrawn": self.withdrawn,
            "confirm": self.confirm,
            "ask": self.ask,
            "branches": [_branch(row, zone, numbers) for row in self.rows],
        }


def _row(branch: Branch, zone: tzinfo, names: Mapping[int, str]) -> Row:
    return Row(
        url=branch.url,
        devices=branch.devices,
        languages=", ".join(branch.languages),
        groups=", ".join(names.get(n, f"#{n}") for n in branch.groups),
        opens=_local(branch.opens, zone),
        ends=_local(branch.ends, zone),
        share=str(branch.share or ""),
    )


def _branch(row: Row, zone: tzinfo, numbers: Mapping[str, int]) -> dict[str, Any]:
    return {
        "url": row.url,
        "devices": row.devices,
        "languages": _listed(row.languages),
        "groups": [
            numbers.get(name, _number(name.removeprefix("#"))) for name in _listed(row.groups)
        ],
        "opens": _moment(row.opens, zone),
        "ends": _moment(row.ends, zone),
        "share": _number(row.share.rstrip("% ")),
    }


def called(group: Group) -> str:
    """What a group is called in the form: "gateway/group id"."""
    return f"{group.conversation.gateway}/{group.conversation.group}"


def _local(ms: int, zone: tzinfo) -> str:
    if not ms:
        return ""
    return datetime.fromtimestamp(ms / 1000, zone).strftime("%Y-%m-%dT%H:%M")


def _moment(text: str, zone: tzinfo) -> int | str:
    try:
        return moment(text, zone)
    except (ValueError, OverflowError):
        return text


def _number(text: str) -> int | str:
    if not text:
        return 0
    return int(text) if re.fullmatch(r"-?\d{1,15}", text, re.ASCII) else text


def _listed(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,，、;；\n]", text) if part.strip()]


def _parameters(text: str) -> dict[str, str]:
    """``name = value`` a line; one without "=" keeps a blank at its end, which no name may have."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, sign, said = line.replace("＝", "=").partition("=")
        if line.strip():
            found[name.strip() if sign else line.strip() + " "] = said.strip()
    return found
