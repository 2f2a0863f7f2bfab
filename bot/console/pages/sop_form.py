"""The form of a template: what stands in its fields, and the same as it stands in a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from multidict import MultiDict

from bot.console.pages.sop_head_form import (
    anchor_data,
    anchor_fields,
    guard_data,
    guard_fields,
    parameter_data,
    parameter_fields,
)
from bot.console.pages.sop_step_form import Fields, step_data, step_fields, words_data, words_fields
from bot.sop.templates.template import Template

STEPS, PARAMETERS, ROWS = 200, 40, 20
"""The most a form may have: steps, parameters, and rows of variants or ways in a step."""
LONGEST = 20_000
ANCHORS = (
    *("joined", "contact_added", "tag", "attribute", "date"),
    *("group_created", "enrolled", "calendar"),
)
"""The kinds of anchor, the usual ones first."""
_FIRST = {"offset": "0", "offset.unit": "d", "at": "20:00", "cycle": "weekly", "missed": "skip"}
_ITEM = re.compile(r"([ps])(\d{1,3})\.([a-z0-9.]+)")
_NUMBERED = re.compile(r"step-(\d+)")


@dataclass(frozen=True, slots=True)
class Form:
    """Texts by field: of the whole, of each parameter, of each step."""

    head: Fields = field(default_factory=dict)
    parameters: tuple[Fields, ...] = ()
    steps: tuple[Fields, ...] = ()

    @classmethod
    def new(cls) -> Form:
        """One step, to begin with."""
        return cls(head={"anchor": "joined", "quiet": "defer"}).changed("add:message")

    @classmethod
    def of(cls, template: Template, language: str) -> Form:
        """From a template; what it says in one language only stands in ``language``'s fields."""
        head = {
            **words_fields("title", template.title, language),
            **words_fields("notes", template.notes, language),
            **words_fields("avoid", template.avoid, language),
            "topic": template.topic or "",
            "audience": template.audience,
            "resume": template.resume,
            "timezone": template.timezone or "",
            **anchor_fields(template),
            **guard_fields(template.guards),
        }
        return cls(
            head=head,
            parameters=tuple(
                parameter_fields(name, one, language) for name, one in template.parameters.items()
            ),
            steps=tuple(step_fields(step, language) for step in template.step),
        )

    @classmethod
    def posted(cls, form: MultiDict[str]) -> Form:
        """From the fields of a POST; steps keep the order of their numbers."""
        head: dict[str, str] = {}
        items: dict[str, dict[int, dict[str, str]]] = {"p": {}, "s": {}}
        for name, value in form.items():
            text = value.replace("\r\n", "\n")[:LONGEST]
            if not (found := _ITEM.fullmatch(name)):
                head[name] = text.strip() if "." not in name else text
                continue
            one = items[found[1]].setdefault(int(found[2]), {})
            one[found[3]] = f"{one[found[3]]} {text}" if found[3] in one else text
        steps = [items["s"][n] for n in sorted(items["s"])][:STEPS]
        asked = [{"name": "", "type": "text", **items["p"][n]} for n in sorted(items["p"])]
        head = {"anchor": "joined", **head}
        return _renamed(cls(head, tuple(asked[:PARAMETERS]), tuple(steps)))

    @property
    def anchor(self) -> str:
        """The kind of its anchor."""
        return self.head.get("anchor", "")

    @property
    def times(self) -> str:
        """Which time keys its steps have: of a moment, a date or the calendar."""
        if self.anchor in ("attribute", "date"):
            return "date"
        return "calendar" if self.anchor == "calendar" else "moment"

    @property
    def data(self) -> dict[str, Any]:
        """As it would stand in a file; what is empty is left out."""
        head = self.head
        found: dict[str, Any] = {
            "title": words_data(head, "title") or "",
            "notes": words_data(head, "notes"),
            "avoid": words_data(head, "avoid"),
            "topic": head.get("topic"),
            "anchor": anchor_data(head),
            "to": head.get("to"),
            "audience": head.get("audience") if head.get("audience") != "live" else None,
            "resume": head.get("resume") if head.get("resume") != "anchor" else None,
            "timezone": head.get("timezone"),
            "guards": guard_data(head),
            "parameters": {
                one["name"].strip(): parameter_data(one)
                for one in self.parameters
                if one.get("name", "").strip()
            },
            "step": [step_data(step, self.times) for step in self.steps],
        }
        return {
            key: value
            for key, value in found.items()
            if value not in (None, "", {}) or key == "title"
        }

    def changed(self, do: str) -> Form:
        """Another form, after a button such as "add:message", "up:3" or "parameter:0"."""
        verb, _, of = do.partition(":")
        if verb == "add":
            return replace(self, steps=(*self.steps, self._next(of))[:STEPS])
        number = int(of) if of.isdecimal() else 0
        if verb == "parameter":
            more = (*self.parameters, {"name": "", "type": "text"})
            return replace(self, parameters=more[:PARAMETERS])
        if verb == "forget" and number < len(self.parameters):
            return replace(self, parameters=_without(self.parameters, number))
        if number >= len(self.steps):
            return self
        steps = [*self.steps]
        match verb:
            case "up" if number:
                steps[number - 1 : number + 1] = steps[number], steps[number - 1]
            case "down" if number + 1 < len(steps):
                steps[number : number + 2] = steps[number + 1], steps[number]
            case "copy":
                steps.insert(number + 1, {**steps[number], "id": self._free(steps[number])})
            case "remove":
                del steps[number]
        return replace(self, steps=tuple(steps[:STEPS]))

    def touched(self, do: str) -> int:
        """Which step a button was about, to be shown open; -1 for none."""
        verb, _, of = do.partition(":")
        if verb == "add":
            return len(self.steps) - 1
        number = int(of) if of.isdecimal() else -1
        moved = {"up": max(0, number - 1), "down": number + 1, "copy": number + 1}
        return min(moved.get(verb, -1), len(self.steps) - 1)

    def rows(self, step: Fields, mark: str, spare: int) -> list[int]:
        """The numbers of a step's rows of variants ("v") or ways ("b"), with ``spare`` ones."""
        pattern = re.compile(rf"{mark}(\d+)\.\w+")
        names = [key for key, text in step.items() if text.strip()]
        filled = [int(found[1]) for name in names if (found := pattern.fullmatch(name))]
        return [*range(min(max(max(filled, default=-1) + 1 + spare, 2), ROWS))]

    def places(self, before: int) -> list[str]:
        """What a step can follow: the steps before it, and their ways."""
        found = []
        for step in self.steps[:before]:
            name = step.get("id", "")
            ways = {
                "wait": ["came", "timed-out"],
                "branch": [step.get(f"b{n}.name", "") for n in range(ROWS)],
                "message": [step.get(f"v{n}.name", "") for n in range(ROWS)],
            }.get(step.get("action", ""), [])
            found += [name, *(f"{name}/{way}" for way in ways if way)]
        return [one for one in found if one]

    # inside

    def _next(self, action: str) -> Fields:
        """A new step: a day after the last one, at the same time of day."""
        names = {step.get("id", "") for step in self.steps}
        numbers = [int(m[1]) for name in names if (m := _NUMBERED.fullmatch(name))]
        ident = f"step-{max([len(self.steps), *numbers]) + 1}"
        step: dict[str, str] = {"id": ident, "action": action, **_FIRST}
        last = next((one for one in reversed(self.steps) if not one.get("follows")), None)
        if action in ("wait", "branch") and self.steps:
            step |= {"follows": self.steps[-1].get("id", ""), "offset": "", "at": ""}
        elif last is not None:
            kept = ("at", "at.from", "until", "side", "missed", "late", "late.unit", "cycle")
            step |= {key: last[key] for key in kept if key in last}
            offset, unit = last.get("offset", ""), last.get("offset.unit", "d")
            later = int(offset) + 1 if offset.isdecimal() and unit == "d" else offset
            step |= {"offset": str(later), "offset.unit": unit}
        return step

    def _free(self, step: Fields) -> str:
        names = {one.get("id", "") for one in self.steps}
        base = re.sub(r"-\d+$", "", step.get("id", "")) or "step"
        return next(name for n in range(2, STEPS + 3) if (name := f"{base}-{n}") not in names)


def field_of(key: str, form: Form) -> str:
    """The name of the field a problem's key is about, '' for none of them."""
    if found := re.fullmatch(r"step\[(\d+)\](?:\.(.+))?", key):
        number = int(found[1])
        step = form.steps[number] if number < len(form.steps) else {}
        return f"s{number}.{_step_field(found[2] or 'id', step)}"
    if found := re.fullmatch(r"parameters\.(?:\"?([^.\"]+)\"?)(?:\.(.+))?", key):
        names = [one.get("name", "").strip() for one in form.parameters]
        if found[1] not in names:
            return ""
        rest = found[2] or "name"
        rest = f"{rest}.zh" if rest in ("title", "default") else rest
        return f"p{names.index(found[1])}.{rest}"
    key = key.removeprefix("guards.")
    return f"{key}.zh" if key in ("title", "notes", "avoid") else key.partition("[")[0]


def _step_field(key: str, step: Fields) -> str:
    head, _, rest = key.partition(".")
    plain = "zh" if step.get("zh", "").strip() or not step.get("en", "").strip() else "en"
    if found := re.fullmatch(r"(variant|branch)\[(\d+)\]", head):
        mark = "v" if found[1] == "variant" else "b"
        rest = rest.removeprefix("text.") if rest.startswith("text.") else rest
        return f"{mark}{found[2]}.{rest.replace('text', 'zh') or 'name'}"
    match head:
        case "text":
            return rest or plain
        case "task":
            return f"task.{rest or 'zh'}"
        case "every" if step.get("cycle") != "every":
            return "cycle"
    return {
        "variant": "v0.zh",
        "branch": "b0.name",
        "tag": "tags",
        "untag": "tags",
        "as": "action",
        "seen_by": "tags",
        **dict.fromkeys(("route", "start", "stop"), "name"),
        "wait": "most",
        "after": "offset",
        "before": "offset",
        "missed": "late",
    }.get(head, head.partition("[")[0])


def _renamed(form: Form) -> Form:
    """Steps that follow one whose name was changed, or ask what it did, say its new name."""
    new = {
        step["was"]: step.get("id", "").strip()
        for step in form.steps
        if step.get("was") and step.get("id", "").strip() not in ("", step["was"])
    }
    if not new:
        return form
    steps = []
    for step in form.steps:
        name, slash, way = step.get("follows", "").partition("/")
        changed = {**step, "follows": new.get(name, name) + slash + way}
        for key in step:
            if key in ("if", "unless") or key.endswith(".if"):
                changed[key] = re.sub(
                    r"step:([a-z0-9_-]+)/", lambda m: f"step:{new.get(m[1], m[1])}/", step[key]
                )
        steps.append(changed)
    return replace(form, steps=tuple(steps))


def _without(items: Sequence[Fields], number: int) -> tuple[Fields, ...]:
    return (*items[:number], *items[number + 1 :])
