"""The log: JSON lines for machines, text for a terminal, and never a secret in either."""

from __future__ import annotations

import logging
import math
import re
import traceback
from collections.abc import Mapping
from itertools import islice
from typing import Any, Literal, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from bot.redaction import HIDDEN, is_secret, without_secrets

_LONGEST = 4_000
_SEARCHED = 64_000
_MOST = 50
_DEEPEST = 5
# Line breaks, terminal escapes and bidi marks in a member's name must not draw on a terminal.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
# Libraries that say at "info" what we say better, or say it for every request.
_TALKATIVE = ("aiohttp.access", "apscheduler", "asyncio")


def configure(
    level: Literal["debug", "info", "warning", "error"],
    format: Literal["auto", "json", "text"],  # noqa: A002 - the setting's name
    stream: TextIO,
) -> None:
    """Send everything logged, by structlog or the standard library, to ``stream``.

    "auto" writes text when ``stream`` is a terminal, else JSON lines. Times are UTC, ISO 8601.
    Calling it again replaces what was set before.
    """
    terminal = stream.isatty()
    text = format == "text" or (format == "auto" and terminal)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                redact,
                *(_text(terminal) if text else _json()),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel("NOTSET" if level == "debug" else "WARNING")


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Hide secrets, by name and inside texts, and crop what is very long."""
    return {key: HIDDEN if is_secret(key) else _clean(value) for key, value in event.items()}


def _clean(value: Any, depth: int = 0) -> Any:
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case str():
            return _cropped(without_secrets(_cropped(value, _SEARCHED)), _LONGEST)
        case BaseException():
            return _clean("".join(traceback.format_exception_only(value)).strip())
        case Mapping() if depth < _DEEPEST:
            return _clean_items(value, depth)
        case list() | tuple() | set() | frozenset() if depth < _DEEPEST:
            kept = [_clean(item, depth + 1) for item in islice(value, _MOST)]
            return kept if len(value) <= _MOST else [*kept, f"… {len(value) - _MOST} more"]
        case bytes() | bytearray():
            return _clean(repr(bytes(value[:_LONGEST])))
        case _:
            return _clean(str(value))


def _clean_items(items: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, value in islice(items.items(), _MOST):
        name = _clean(str(key))
        kept[name] = HIDDEN if is_secret(name) else _clean(value, depth + 1)
    if len(items) > _MOST:
        kept["…"] = f"{len(items) - _MOST} more"
    return kept


def _cropped(text: str, length: int) -> str:
    """Both ends of the text: of a traceback, the end says most."""
    if len(text) > length:
        half = length // 2
        text = f"{text[:half]} … {len(text) - 2 * half} characters … {text[-half:]}"
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _json() -> list[Processor]:
    return [structlog.processors.JSONRenderer(ensure_ascii=False)]


def _text(terminal: bool) -> list[Processor]:
    renderer = structlog.dev.ConsoleRenderer(
        colors=terminal,
        pad_event_to=0,
        exception_formatter=structlog.dev.plain_traceback,  # others would show local variables
    )
    return [_one_line, renderer]


def _one_line(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Escape what would break the line or the terminal; a traceback keeps its lines."""
    return {key: _escaped(value, key == "exception") for key, value in event.items()}


def _escaped(value: Any, lines: bool) -> Any:
    if not isinstance(value, str):
        return value
    return _UNSAFE.sub(
        lambda m: m[0] if lines and m[0] == "\n" else ascii(m[0])[1:-1],
        value,
    )
