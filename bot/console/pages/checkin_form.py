"""The fields of a check-in programme: from its settings, from a POST, and the settings they say.

A field is called as its setting: ``make_up.cost``, and ``stages.0.at`` of the first stage.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from bot.checkins.plain import plain
from bot.located import Problem
from bot.settings.checkins import (
    BonusSettings,
    CheckInSettings,
    EvidenceSettings,
    FreezeSettings,
    MakeUpSettings,
    StageSettings,
)
from bot.settings.kinds import duration_text
from bot.settings.streak_reminders import StreakReminderSettings

LONGEST = 5_000
STAGES = 50
PARTS: dict[str, type[BaseModel]] = {
    "evidence": EvidenceSettings,
    "make_up": MakeUpSettings,
    "freeze": FreezeSettings,
    "bonus": BonusSettings,
    "streak_reminder": StreakReminderSettings,
}
"""Settings that are there or not, each with settings of its own."""
SWITCHES = {
    "evidence": ("kind",),
    "make_up": ("on",),
    "freeze": ("per_month", "earned_every"),
    "bonus": ("every", "points"),
    "streak_reminder": ("at",),
}
"""The fields of which one must say something for such settings to be there."""
LINES = frozenset({"words"})
LISTS = frozenset({"groups", "reminder_groups", "tags"})
NAMED = frozenset({"groups", "reminder_groups"})
TICKS = frozenset({"certificate", "evidence.approval", "make_up.on"})
PLAIN = (
    *("title", "words", "groups", "where", "count", "every", "times", "week_starts", "timezone"),
    *("since", "until", "complete", "certificate", "points", "points_last"),
    *("reminder", "reminder_groups"),
)
NUMBERS = frozenset({"times", "complete", "points", "least", "cost", "per_month", "days"}) | {
    *("earned_every", "most", "every", "at", "stock", "names")
}
STAGE = tuple(StageSettings.model_fields)
_STAGE = re.compile(r"stages\.(\d{1,2})\.(\w+)")
_PLACE = re.compile(r"\[(\d+)\]")

Row = dict[str, str]


@dataclass
class CheckInForm:
    """What stands in the fields; ``name`` is that of a new programme."""

    name: str = ""
    fields: Row = field(default_factory=dict)
    stages: list[Row] = field(default_factory=list)

    @classmethod
    def of(cls, settings: CheckInSettings, name: str = "") -> CheckInForm:
        """From settings."""
        fields = {one: _shown(getattr(settings, one)) for one in PLAIN}
        fields["groups"] = "" if settings.groups == "all" else fields["groups"]
        fields["words"] = "\n".join(settings.words)
        fields["window.start"], _, fields["window.end"] = (settings.window or "").partition("-")
        for part, kind in PARTS.items():
            own = getattr(settings, part)
            fields |= {
                f"{part}.{one}": _shown(getattr(own, one, None)) for one in kind.model_fields
            }
        fields["make_up.on"] = "on" if settings.make_up else ""
        stages = [{one: _shown(getattr(row, one)) for one in STAGE} for row in settings.stages]
        return cls(name, fields, stages)

    @classmethod
    def posted(cls, posted: Mapping[str, str]) -> CheckInForm:
        """From the fields of a POST."""
        known = cls.of(CheckInSettings()).fields
        form = cls(_said(posted, "name"), {one: _said(posted, one) for one in known})
        for one in posted:
            found = _STAGE.fullmatch(one)
            if found and found[2] in STAGE and int(found[1]) < STAGES:
                while len(form.stages) <= int(found[1]):
                    form.stages.append({})
                form.stages[int(found[1])][found[2]] = _said(posted, one)
        return form

    def changed(self, do: str) -> CheckInForm:
        """The form as a button changes it: ``stage`` adds one, ``drop:1`` takes the second away."""
        what, _, place = do.partition(":")
        if what == "stage" and len(self.stages) < STAGES:
            self.stages.append({"of": "streak"})
        if what == "drop" and place.isdecimal():
            with suppress(IndexError):  # a button of an older page
                del self.stages[int(place)]
        return self

    def data(self, names: Mapping[str, str]) -> dict[str, Any]:
        """The settings as the configuration would have them; ``names`` are groups by name."""
        found = {"words": [], **_table(self.fields, PLAIN, names)}
        ends = self.fields["window.start"], self.fields["window.end"]
        if any(ends):
            found["window"] = "-".join(one or "00:00" for one in ends)
        for part, kind in PARTS.items():
            if any(self.fields[f"{part}.{one}"] for one in SWITCHES[part]):
                own = {one: self.fields[f"{part}.{one}"] for one in kind.model_fields}
                found[part] = _table(own, own, names)
                if "approval" in own:
                    found[part]["approval"] = bool(own["approval"])
        if self.stages:
            found["stages"] = [{"at": "", **_table(row, STAGE, names)} for row in self.stages]
        return found


def by_field(problems: Iterable[Problem]) -> dict[str, str]:
    """The first complaint about each field; '' for all."""
    found: dict[str, str] = {}
    for problem in problems:
        found.setdefault(field_of(problem.key), problem.said)
    return found


def field_of(key: str) -> str:
    """The field of a setting's key: ``stages.0.at`` of ``stages[0].at``, ``words`` of a word."""
    name = _PLACE.sub(r".\1", key)
    parts = name.split(".")
    if parts[0] == "stages":
        return ".".join(parts[:3])
    if name == "window":
        return "window.start"
    return ".".join(part for part in parts if not part.isdecimal())


def _table(
    row: Mapping[str, str], fields: Iterable[str], names: Mapping[str, str]
) -> dict[str, Any]:
    """What the fields say as data; what is empty goes by itself."""
    found: dict[str, Any] = {}
    for one in fields:
        said = row.get(one, "")
        if not said:
            continue
        if one in LINES:
            found[one] = [line.strip() for line in said.split("\n") if line.strip()]
        elif one in LISTS:
            several = [part.strip() for part in re.split(r"[,，\n]", said) if part.strip()]
            found[one] = [names.get(part, part) for part in several] if one in NAMED else several
        elif one in TICKS:
            found[one] = True
        elif one in NUMBERS and re.fullmatch(r"-?\d{1,9}", said):
            found[one] = int(said)
        else:
            found[one] = said
    return found


def _shown(value: Any) -> str:
    """A setting as a field shows it."""
    match value:
        case None | False:
            return ""
        case True:
            return "on"
        case float():
            return duration_text(value)
        case tuple():
            return ", ".join(map(str, plain(value)))
    return str(value)


def _said(posted: Mapping[str, str], name: str) -> str:
    return posted.get(name, "").replace("\r\n", "\n").strip()[:LONGEST]
