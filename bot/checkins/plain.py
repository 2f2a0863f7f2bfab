"""Settings as plain data: what would stand in config.toml, and is kept of the console's."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel

from bot.model.conversation import Conversation
from bot.settings.kinds import duration_text


def plain(value: Any) -> Any:
    """Texts, numbers, days, lists and tables; what goes by itself is left out."""
    match value:
        case Conversation():
            return f"{value.gateway}/{value.group}"
        case BaseModel():
            fields = sorted(value.model_fields_set & {*_changed(value)})
            return {name: plain(getattr(value, name)) for name in fields}
        case list() | tuple():
            return [plain(one) for one in value]
        case date() | str() | bool() | int():
            return value
        case float():
            return duration_text(value)
    return str(value)


def jsonable(value: Any) -> Any:
    """The same with days as texts, as JSON has none."""
    match value:
        case dict():
            return {name: jsonable(one) for name, one in value.items()}
        case list():
            return [jsonable(one) for one in value]
        case date():
            return value.isoformat()
    return value


def _changed(value: BaseModel) -> list[str]:
    fields = type(value).model_fields
    return [
        name
        for name, field in fields.items()
        if getattr(value, name) is not None and getattr(value, name) != field.default
    ]
