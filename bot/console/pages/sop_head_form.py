"""The head of a template's form: its anchor, its guards and what is asked at the start."""

from __future__ import annotations

import re
from typing import Any

from bot.console.pages.sop_step_form import Fields, words_data, words_fields
from bot.settings.kinds import duration_text
from bot.sop.templates.anchor import AttributeAnchor, DateAnchor, TagAnchor, usual_target
from bot.sop.templates.guards import Guards
from bot.sop.templates.template import Parameter, Template
from bot.sop.templates.words import Localized


def anchor_fields(template: Template) -> Fields:
    """What stands in the fields of an anchor, and whom it writes to."""
    anchor = template.anchor
    raw: Any = anchor if isinstance(anchor, str) else anchor.model_dump()
    to = {"to": template.to if template.to != usual_target(raw) else ""}
    match anchor:
        case TagAnchor(tag=tag):
            return {"anchor": "tag", "anchor.tag": tag, **to}
        case AttributeAnchor(attribute=name, yearly=yearly):
            once = "" if yearly else "once"
            return {"anchor": "attribute", "anchor.attribute": name, "anchor.yearly": once, **to}
        case DateAnchor(date=day, time=time):
            return {"anchor": "date", "anchor.date": day, "anchor.time": time or "", **to}
    return {"anchor": str(anchor), **to}


def anchor_data(head: Fields) -> Any:
    """An anchor as it would stand in a file."""

    def given(key: str) -> str:
        return head.get(f"anchor.{key}", "").strip()

    match head.get("anchor"):
        case "tag":
            return {"tag": given("tag")}
        case "attribute":
            once = {"yearly": False} if given("yearly") == "once" else {}
            return {"attribute": given("attribute"), **once}
        case "date":
            return {"date": given("date"), **({"time": given("time")} if given("time") else {})}
        case anchor:
            return anchor


def guard_fields(guards: Guards) -> Fields:
    """What stands in the fields of the guards."""
    rate, share = guards.rate, guards.pause_on_failures
    return {
        "quiet": guards.quiet,
        "daily_cap": str(guards.daily_cap or ""),
        "weekly_cap": str(guards.weekly_cap or ""),
        "rate": str(rate.count) if rate else "",
        "rate.per": duration_text(rate.seconds) if rate else "1m",
        "blackout": "\n".join(guards.blackout),
        "stop_when": str(guards.stop_when or ""),
        "pause_on_failures": f"{share * 100:g}" if share else "",
    }


def guard_data(head: Fields) -> dict[str, Any]:
    """Guards as they would stand in a file."""
    rate, share = head.get("rate", ""), head.get("pause_on_failures", "").removesuffix("%").strip()
    found = {
        "quiet": head.get("quiet") if head.get("quiet") != "defer" else None,
        "daily_cap": number(head.get("daily_cap", "")),
        "weekly_cap": number(head.get("weekly_cap", "")),
        "rate": f"{rate}/{head.get('rate.per', '1m').strip()}" if rate else None,
        "blackout": head.get("blackout", "").split(),
        "stop_when": head.get("stop_when", "").strip(),
        "pause_on_failures": f"{share}%" if share else None,
    }
    return {key: value for key, value in found.items() if value not in (None, "", [])}


def parameter_fields(name: str, parameter: Parameter, language: str) -> Fields:
    """What stands in the fields of a parameter."""
    default = parameter.default
    words = default if default is None or isinstance(default, Localized) else str(default)
    return {
        "name": name,
        "type": parameter.type,
        **words_fields("title", parameter.title, language),
        **words_fields("default", words, language if parameter.type == "text" else "zh"),
    }


def parameter_data(fields: Fields) -> dict[str, Any]:
    """A parameter as it would stand in a file."""
    kind = fields.get("type", "text")
    default: Any = words_data(fields, "default")
    if kind != "text":
        default = fields.get("default.zh", "").strip()
        default = number(default) if kind == "number" else default
    found = {
        "type": kind if kind != "text" else None,
        "title": words_data(fields, "title"),
        "default": default,
    }
    return {key: value for key, value in found.items() if value not in (None, "")}


def number(text: str) -> int | float | str | None:
    """A number; other text stays, for the error to show it."""
    text = text.strip()
    if re.fullmatch(r"-?\d{1,15}", text, re.ASCII):
        return int(text)
    return float(text) if re.fullmatch(r"-?\d{1,15}\.\d{1,9}", text, re.ASCII) else text or None
