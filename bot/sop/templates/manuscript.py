"""The manuscript: a template written as TOML, the way people would write it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import takewhile
from typing import Any

from bot.audience.audience import Audience
from bot.settings.kinds import duration_seconds, duration_text
from bot.sop.templates.anchor import usual_target
from bot.sop.templates.template import Template

WIDTH = 100
"""Characters a short table may take on one line."""
_ORDER = (
    *("id", "follows", "after", "before", "at", "until", "spread", "every", "weekly", "monthly"),
    *("on", "lunar", "holiday", "days", "closed", "missed", "if", "unless", "within", "tag"),
    *("untag", "route", "start", "stop", "wait", "branch", "holdout", "as", "seen_by", "task"),
    *("text", "variant"),
)
_DURATIONS = ("after", "before", "within", "most", "send_late")
_SINGLE = ("tag", "untag", "seen_by")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_CONTROL = re.compile("[\\\\\x00-\x08\x0b-\x1f\x7f]")
_QUOTES = re.compile('"{3,}|"$')

Key = tuple[str, ...]


def written(template: Template) -> str:
    """A template's text; read again, it is an equal template."""
    return toml(data_of(template))


def data_of(template: Template) -> dict[str, Any]:
    """A template as it stands in a file, without what goes without saying."""
    data = template.model_dump(by_alias=True, exclude_defaults=True)
    if data["to"] == usual_target(data["anchor"]):
        del data["to"]
    if "guards" in data:
        data["guards"] = _guards(data["guards"])
    data["step"] = [_step(step) for step in data["step"]]
    return data


def head_of(text: str) -> str:
    """The comments a text begins with."""
    return "".join(takewhile(lambda line: line.startswith("#"), text.splitlines(keepends=True)))


def toml(data: Mapping[str, Any]) -> str:
    """A TOML text of tables, lists, texts, numbers, dates, true and false."""
    return "\n".join(_table(data, ())).lstrip("\n") + "\n"


# what is kept as a number and read as words


def _guards(guards: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = _plain(guards)
    if rate := guards.get("rate"):
        found["rate"] = f"{rate['count']}/{_duration(rate['seconds'])}"
    share = guards.get("pause_on_failures")
    if share is not None and float(f"{share * 100:g}") / 100 == share:
        found["pause_on_failures"] = f"{share * 100:g}%"
    return found


def _step(step: dict[str, Any]) -> dict[str, Any]:
    """In the order one would write it: what comes when, then for whom, then the words."""
    found = _plain(step)
    for key in _SINGLE:
        if len(found.get(key, ())) == 1:
            found[key] = found[key][0]
    return {key: found[key] for key in _ORDER if key in found}


def _plain(value: Any, key: str = "") -> Any:
    match value:
        case dict():
            return {inner: _plain(one, inner) for inner, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case Audience():
            return str(value)
        case float() if key in _DURATIONS:
            return _duration(value)
    return value


def _duration(seconds: float) -> str | float:
    if not seconds:
        return "0d"
    text = duration_text(seconds)
    return text if duration_seconds(text) == seconds else seconds


# TOML


def _table(table: Mapping[str, Any], path: Key) -> Iterator[str]:
    blocks = {key: value for key, value in table.items() if _is_block(key, value)}
    for key, value in table.items():
        if key not in blocks:
            yield f"{_key(key)} = {_value(value)}"
    for key, value in blocks.items():
        inner = (*path, key)
        name = ".".join(map(_key, inner))
        if isinstance(value, Mapping):
            if not all(_is_block(*one) for one in value.items()):
                yield f"[{name}]" if path[:1] == ("step",) else f"\n[{name}]"
            yield from _table(value, inner)
            continue
        for one in value:
            yield f"\n[[{name}]]" if not path else f"[[{name}]]"
            yield from _table(one, inner)


def _is_block(key: str, value: Any) -> bool:
    if isinstance(value, Mapping):
        nested = any(isinstance(one, Mapping) for one in value.values())
        return nested or len(_key(key)) + len(_inline(value)) > WIDTH or "\n" in _inline(value)
    return isinstance(value, Sequence) and bool(value) and isinstance(value[0], Mapping)


def _inline(table: Mapping[str, Any]) -> str:
    return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in table.items()) + " }"


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _line(key)


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case date():
            return value.isoformat()
        case Mapping():
            return _inline(value)
        case Sequence():
            return "[" + ", ".join(map(_value, value)) + "]"
    return repr(value)


def _text(text: str) -> str:
    if "\n" not in text:
        return _line(text)
    kept = _CONTROL.sub(_escaped, text)
    return '"""\n' + _QUOTES.sub(lambda m: '\\"' * len(m[0]), kept) + '"""'


def _line(text: str) -> str:
    """On one line; JSON's escapes are TOML's too, but for one."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _escaped(found: re.Match[str]) -> str:
    return "\\\\" if found[0] == "\\" else f"\\u{ord(found[0]):04x}"
