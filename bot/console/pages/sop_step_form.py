"""The form of one step: its fields from a step, and what they say as it stands in a file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.settings.kinds import duration_text
from bot.sop.templates.step import Reference, SendLate, Step
from bot.sop.templates.words import Localized, Words

Fields = Mapping[str, str]
CYCLES = ("weekly", "monthly", "on", "holiday", "lunar", "every")
"""How a step can come by the calendar, the easiest first."""
UNITS = ("m", "h", "d")
ROWS = 20
_GIVEN = ("at", "every", "on")


def step_fields(step: Step, language: str) -> dict[str, str]:
    """What stands in the fields of a step."""
    action = step.action if step.action != "nothing" else "message"
    found = {
        "id": step.id,
        "action": action,
        **words_fields("", step.text, language),
        **words_fields("task", step.task, language),
        "holdout": str(step.holdout or ""),
        **_amount("within", step.within),
        "tags": ", ".join(step.tag or step.untag or step.seen_by or ()),
        "name": step.route or step.start or step.stop or "",
        "if": str(step.condition or ""),
        "unless": str(step.unless or ""),
        **_when_fields(step),
        **_missed_fields(step),
    }
    if step.wait:
        found |= {"wait": step.wait.what, **_amount("most", step.wait.most)}
    for n, variant in enumerate(step.variant):
        found |= {f"v{n}.name": variant.name, f"v{n}.share": str(variant.share), "compare": "on"}
        found |= words_fields(f"v{n}", variant.text, language)
    for n, way in enumerate(step.branch):
        found |= {f"b{n}.name": way.name, f"b{n}.if": str(way.condition or "")}
    return found


def step_data(fields: Fields, times: str) -> dict[str, Any]:
    """A step as it would stand in a file; ``times``: what its anchor is, see Form."""
    found: dict[str, Any] = {
        "id": fields.get("id", "").strip(),
        **_when_data(fields, times),
        "missed": _missed_data(fields),
        "if": fields.get("if", "").strip(),
        "unless": fields.get("unless", "").strip(),
        **_action_data(fields),
    }
    empty: tuple[object, ...] = (None, "", [])
    return {key: value for key, value in found.items() if value not in empty or key == "id"}


def words_fields(name: str, words: Words | None, language: str) -> dict[str, str]:
    """Words in the fields of both languages; plain text in that of ``language``."""
    dot = f"{name}." if name else ""
    if isinstance(words, Localized):
        return {f"{dot}zh": words.zh, f"{dot}en": words.en}
    return {f"{dot}zh": "", f"{dot}en": "", f"{dot}{language}": words or ""}


def words_data(fields: Fields, name: str) -> Any:
    """What is said: both languages where both are there."""
    dot = f"{name}." if name else ""
    given = {one: fields.get(f"{dot}{one}", "") for one in ("zh", "en")}
    given = {one: text for one, text in given.items() if text.strip()}
    return given if len(given) == 2 else next(iter(given.values()), None)


# when


def _when_fields(step: Step) -> dict[str, str]:
    cycle = next((key for key in CYCLES if getattr(step, key)), "weekly")
    found = {
        "follows": step.follows or "",
        "side": "before" if step.before else "after",
        "cycle": cycle,
        "weekly": " ".join(step.weekly or ()),
        "monthly": ", ".join(map(str, step.monthly or ())),
        "lunar": step.lunar or "",
        "holiday": step.holiday or "",
        "until": step.until or "",
        "spread": step.spread,
        "days": step.days or "",
        "closed": step.closed,
        **_amount("offset", step.before if step.before is not None else step.after),
    }
    for key in _GIVEN:
        value = getattr(step, key)
        is_given = isinstance(value, Reference)
        found[key] = "" if is_given or value is None else str(value)
        found[f"{key}.from"] = value.parameter if isinstance(value, Reference) else ""
    return found


def _when_data(fields: Fields, times: str) -> dict[str, Any]:
    follows = fields.get("follows", "").strip()
    offset = _duration(fields, "offset")
    window = {"at": _reference(fields, "at"), "until": fields.get("until", "").strip()}
    if window["until"]:
        window["spread"] = fields.get("spread") if fields.get("spread") != "even" else None
    if follows:
        return {"follows": follows, "after": offset, **window}
    if times != "calendar":
        before = times == "date" and fields.get("side") == "before"
        return {"before" if before else "after": offset, **window}
    cycle = fields.get("cycle", "weekly")
    found: dict[str, Any] = {"days": fields.get("days")}
    if found["days"] and fields.get("closed") != "skip":
        found["closed"] = fields.get("closed")
    match cycle:
        case "weekly":
            found["weekly"] = fields.get("weekly", "").split()
        case "monthly":
            days = re.split(r"[\s,，、]+", fields.get("monthly", "").strip())
            found["monthly"] = [int(d) if d.isdecimal() else d for d in days if d]
        case "every" | "on":
            found[cycle] = _reference(fields, cycle)
        case "lunar" | "holiday":
            found[cycle] = fields.get(cycle, "").strip()
    if cycle == "holiday" and fields.get("offset", "").strip() not in ("", "0"):
        found["before" if fields.get("side") == "before" else "after"] = offset
    if cycle == "every":
        del window["at"]
    return found | window


def _missed_fields(step: Step) -> dict[str, str]:
    if isinstance(step.missed, SendLate):
        return {"missed": "late", **_amount("late", step.missed.send_late)}
    return {"missed": step.missed}


def _missed_data(fields: Fields) -> Any:
    match fields.get("missed"):
        case "late":
            return {"send_late": _duration(fields, "late") or ""}
        case "ask":
            return "ask"
    return None


# what


def _action_data(fields: Fields) -> dict[str, Any]:
    match action := fields.get("action", ""):
        case "message":
            if fields.get("compare"):
                return {"holdout": _whole(fields, "holdout"), "variant": _variants(fields)}
            return {"holdout": _whole(fields, "holdout"), "text": words_data(fields, "")}
        case "moment":
            said = {"as": "moment", "text": words_data(fields, "")}
            return {**said, "seen_by": _tags(fields)}
        case "task":
            return {
                "within": _duration(fields, "within"),
                "task": words_data(fields, "task"),
                "text": words_data(fields, ""),
            }
        case "tag" | "untag":
            return {action: _tags(fields)}
        case "route" | "start" | "stop":
            return {action: fields.get("name", "").strip()}
        case "wait":
            most = _duration(fields, "most") or ""
            return {"wait": {"for": fields.get("wait", ""), "most": most}}
        case "branch":
            return {"branch": _ways(fields)}
    return {}


def _tags(fields: Fields) -> list[str]:
    tags = [one.strip() for one in re.split(r"[,，、\n]", fields.get("tags", ""))]
    return [one for one in tags if one]


def _variants(fields: Fields) -> list[dict[str, Any]]:
    found = []
    for n in range(ROWS):
        text = words_data(fields, f"v{n}")
        if text is None and not fields.get(f"v{n}.name", "").strip():
            continue
        share = _whole(fields, f"v{n}.share")
        one = {
            "name": fields.get(f"v{n}.name", "").strip(),
            "share": share if share != 1 else None,
            "text": text,
        }
        found.append({key: value for key, value in one.items() if value not in (None, "")})
    return found


def _ways(fields: Fields) -> list[dict[str, str]]:
    found = []
    for n in range(ROWS):
        one = {key: fields.get(f"b{n}.{key}", "").strip() for key in ("name", "if")}
        if any(one.values()):
            found.append({key: value for key, value in one.items() if value})
    return found


# values


def _amount(name: str, seconds: float | None) -> dict[str, str]:
    """A duration as a number and its unit."""
    if seconds is None:
        return {name: "", f"{name}.unit": "d"}
    if not seconds:
        return {name: "0", f"{name}.unit": "d"}
    text = duration_text(seconds)
    return {name: text[:-1], f"{name}.unit": text[-1]}


def _duration(fields: Fields, name: str) -> str | None:
    amount = fields.get(name, "").strip()
    return f"{amount}{fields.get(f'{name}.unit', 'd').strip()}" if amount else None


def _reference(fields: Fields, name: str) -> Any:
    """What was given, or which parameter gives it."""
    if parameter := fields.get(f"{name}.from", "").strip():
        return {"parameter": parameter}
    return fields.get(name, "").strip()


def _whole(fields: Fields, name: str) -> int | str | None:
    text = fields.get(name, "").strip().removesuffix("%")
    return int(text) if re.fullmatch(r"\d{1,9}", text, re.ASCII) else text or None
