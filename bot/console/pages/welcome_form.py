"""The fields of a welcome script: from a script, from a POST, and the script they say."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any, get_args

from bot.located import Problem
from bot.settings.kinds import duration_text
from bot.settings.welcome import Coming, Script, WelcomeLayer, WelcomeMessage
from bot.welcome.layers import WEEK

LONGEST = 20_000
KINDS = get_args(Coming)
NAMES = ("codes", "staff", "groups", "gateways")
"""What a script can be for."""
FLAT = (
    *("id", "title", "priority", "window", "again", "again.after", "across", "block", "withdraw"),
    *("keep_last", "tags", "attributes", "start", *NAMES),
    *("gate.ask", "gate.text", "gate.button", "gate.answers", "gate.within", "gate.otherwise"),
)
TICKS = ("enabled", "silent", "gate.mute", *(f"kind.{kind}" for kind in KINDS))
_LAYER = ("title", "dates", "holidays", "start", "end", *WEEK)
_MESSAGE = ("text", "after", "to", "share")
_VARIANT = ("text", "share")
_PART = re.compile(r"s(\d+)\.(?:m(\d+)\.(?:v(\d+)\.)?)?([\w]+)")
_KEY = re.compile(
    r"(?:layers\[(\d+)\]\.?)?(?:messages(?:\[(\d+)\](?:\.variants\[(\d+)\])?)?\.?)?(\w*).*"
)

Row = dict[str, Any]
"""Fields by name; a message's variants stand under "variants", a section's messages under
"messages"."""


@dataclass
class WelcomeForm:
    """What stands in the fields; the first section is what is said by default."""

    fields: dict[str, str]
    sections: list[Row]

    @classmethod
    def new(cls) -> WelcomeForm:
        """A script that greets who joins."""
        form = cls.of(Script(id="x", messages=(WelcomeMessage(text="x"),)))
        form.fields |= {"id": ""}
        form.sections[0]["messages"][0]["text"] = ""
        return form

    @classmethod
    def of(cls, script: Script) -> WelcomeForm:
        """From a script."""
        when, gate = script.when, script.gate
        again = script.again if isinstance(script.again, str) else "after"
        fields = {
            "id": script.id,
            "title": script.title,
            "priority": str(script.priority or ""),
            "window": duration_text(script.window),
            "again": again,
            "again.after": "30d" if isinstance(script.again, str) else duration_text(script.again),
            "across": script.across,
            "block": "\n".join(script.block),
            "withdraw": duration_text(script.withdraw) if script.withdraw else "",
            "keep_last": str(script.keep_last or ""),
            "tags": ", ".join(script.tags),
            "attributes": "\n".join(f"{k} = {v}" for k, v in script.attributes.items()),
            "start": ", ".join(script.start),
            **{name: ", ".join(getattr(when, name)) for name in NAMES},
            **{f"kind.{kind}": "on" if kind in when.kinds else "" for kind in KINDS},
            "enabled": "on" if script.enabled else "",
            "silent": "on" if script.silent else "",
            "gate.ask": gate.ask if gate else "",
            "gate.text": gate.text if gate else "",
            "gate.button": gate.button if gate else "",
            "gate.answers": ", ".join(gate.answers) if gate else "",
            "gate.within": duration_text(gate.within) if gate else "",
            "gate.otherwise": gate.otherwise if gate else "nothing",
            "gate.mute": "on" if gate and gate.mute else "",
        }
        sections = [{"messages": [_message(one) for one in script.messages]}]
        return cls(fields, [*sections, *map(_layer, script.layers)])

    @classmethod
    def copied(cls, script: Script, taken: Collection[str]) -> WelcomeForm:
        """Another script like this one, under a short name that is not ``taken``."""
        form = cls.of(script)
        stem = re.sub(r"[^a-z0-9_-]+", "-", script.id.casefold()).strip("-")[:30]
        names = (f"{stem}-{number}" for number in count(2))
        form.fields["id"] = next(name for name in names if name not in taken)
        return form

    @classmethod
    def posted(cls, posted: Mapping[str, str]) -> WelcomeForm:
        """From the fields of a POST."""
        fields = {name: _said(posted, name) for name in (*FLAT, *TICKS)}
        form = cls(fields, [{"messages": []}])
        for name in posted:
            if found := _PART.fullmatch(name):
                section, message, variant, field = found.groups()
                form._put(int(section), message, variant, field, _said(posted, name))
        return form

    def changed(self, do: str) -> WelcomeForm:
        """The form as a button changes it: ``add:1`` is a message for the second section."""
        what, _, place = do.partition(":")
        at = [int(part) for part in place.split(":") if part.isdecimal()]
        with suppress(IndexError):  # a button of an older page
            self._change(what, at)
        return self

    def data(self, names: Mapping[str, str]) -> dict[str, Any]:
        """The script as the settings would have it; ``names`` are groups by name."""
        said = self.fields
        again = said["again.after"] if said["again"] == "after" else said["again"]
        groups = [names.get(one, one) for one in _several(said["groups"])]
        when = {name: _several(said[name]) for name in NAMES} | {"groups": groups}
        kinds = [kind for kind in KINDS if said[f"kind.{kind}"]]
        found: dict[str, Any] = {
            "id": said["id"],
            "title": said["title"],
            "enabled": bool(said["enabled"]),
            "silent": bool(said["silent"]),
            "when": {"kinds": kinds, **{name: some for name, some in when.items() if some}},
            "messages": [_message_data(one) for one in self.sections[0]["messages"]],
            "layers": [_layer_data(one) for one in self.sections[1:]],
            "block": _lines(said["block"]),
            "tags": _several(said["tags"]),
            "attributes": _pairs(said["attributes"]),
            "start": _several(said["start"]),
            "across": said["across"],
            "again": again,
        }
        for name in ("priority", "keep_last", "window", "withdraw"):
            if said[name]:
                found[name] = (
                    _number(said[name]) if name in ("priority", "keep_last") else said[name]
                )
        if said["gate.ask"]:
            gate = {name: said[f"gate.{name}"] for name in ("ask", "text", "button", "within")}
            found["gate"] = {
                **{name: one for name, one in gate.items() if one or name == "text"},
                "answers": _several(said["gate.answers"]),
                "mute": bool(said["gate.mute"]),
                "otherwise": said["gate.otherwise"] or "nothing",
            }
        return found

    # inside

    def _put(
        self, section: int, message: str | None, variant: str | None, field: str, said: str
    ) -> None:
        if section > 30 or int(message or 0) > 30 or int(variant or 0) > 9:
            return
        row = _at(self.sections, section)
        row.setdefault("messages", [])
        if message is not None:
            row = _at(row["messages"], int(message))
            row.setdefault("variants", [])
            if variant is not None:
                row = _at(row["variants"], int(variant))
        allowed = _VARIANT if variant else _MESSAGE if message else _LAYER
        if field in allowed:
            row[field] = said

    def _change(self, what: str, at: list[int]) -> None:
        match what, at:
            case "layer", []:
                layer = {"messages": [_empty()], "start": "", "end": ""}
                self.sections.append(layer)
            case "unlayer", [section] if section:
                del self.sections[section]
            case "add", [section]:
                self.sections[section]["messages"].append(_empty() | {"after": "10s"})
            case "drop", [section, message]:
                del self.sections[section]["messages"][message]
            case "variant", [section, message]:
                variants = self.sections[section]["messages"][message]["variants"]
                variants.append({"text": "", "share": "1"})
            case "unvariant", [section, message, variant]:
                del self.sections[section]["messages"][message]["variants"][variant]


def by_field(problems: Iterable[Problem]) -> dict[str, str]:
    """The first complaint about each field; '' for all."""
    found: dict[str, str] = {}
    for problem in problems:
        found.setdefault(field_of(problem.key), problem.said)
    return found


def field_of(key: str) -> str:
    """The field of a script's key, as ``s1.m0.text`` of ``layers[0].messages[0].text``."""
    if key.startswith(("layers", "messages")):
        found = _KEY.fullmatch(key)
        assert found is not None
        layer, message, variant, rest = found.groups()
        name = f"s{int(layer) + 1 if layer else 0}"
        name += f".m{message}" if message else ""
        name += f".v{variant}" if variant else ""
        return f"{name}.{rest}" if rest else name
    name = re.sub(r"\[.*", "", key.removeprefix("when."))
    return "again.after" if name == "again" else name


def _said(posted: Mapping[str, str], name: str) -> str:
    return posted.get(name, "").replace("\r\n", "\n").strip()[:LONGEST]


def _at(rows: list[Row], number: int) -> Row:
    while len(rows) <= number:
        rows.append({})
    return rows[number]


def _several(said: str) -> list[str]:
    return [part.strip() for part in re.split(r"[,，\n]", said) if part.strip()]


def _lines(said: str) -> list[str]:
    return [line.strip() for line in said.split("\n") if line.strip()]


def _pairs(said: str) -> dict[str, str]:
    found = {}
    for line in _lines(said):
        name, _, value = line.partition("=")
        found[name.strip()] = value.strip()
    return found


def _number(said: str) -> int | str:
    return int(said) if re.fullmatch(r"-?\d{1,9}", said) else said


def _empty() -> Row:
    return {"text": "", "after": "", "to": "group", "share": "1", "variants": []}


def _message(one: WelcomeMessage) -> Row:
    return {
        "text": one.text,
        "after": duration_text(one.after) if one.after else "",
        "to": one.to,
        "share": str(one.share),
        "variants": [{"text": v.text, "share": str(v.share)} for v in one.variants],
    }


def _layer(one: WelcomeLayer) -> Row:
    return {
        "title": one.title,
        "dates": "\n".join(one.dates),
        "holidays": "on" if one.holidays else "",
        "start": one.start or "",
        "end": one.end or "",
        **{day: "on" if day in one.weekdays else "" for day in WEEK},
        "messages": [_message(message) for message in one.messages],
    }


def _message_data(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {"text": row.get("text", "")}
    if row.get("after"):
        found["after"] = row["after"]
    if row.get("to"):
        found["to"] = row["to"]
    if variants := row.get("variants"):
        found["share"] = _number(row.get("share") or "1")
        found["variants"] = [
            {"text": one.get("text", ""), "share": _number(one.get("share") or "1")}
            for one in variants
        ]
    return found


def _layer_data(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {
        "title": row.get("title", ""),
        "dates": _several(row.get("dates", "")),
        "holidays": bool(row.get("holidays")),
        "weekdays": [day for day in WEEK if row.get(day)],
        "messages": [_message_data(one) for one in row.get("messages", [])],
    }
    return found | {name: row[name] for name in ("start", "end") if row.get(name)}
