"""What must never be shown: which names hold secrets, and URLs without their passwords."""

from __future__ import annotations

import re

HIDDEN = "***"

_NAME = re.compile(r"token|secret|passw|authorization|cookie|api_?key|private_?key", re.IGNORECASE)
# A password may hold a slash that nobody escaped, so it reaches to the last @ of the word.
# Every repetition is bounded: a member's five megabytes must not cost seconds.
_PASSWORD = re.compile(r"(://)[^\s/?#@:\"'<>]{0,256}:[^\s\"'<>]{0,512}@")
_USER = re.compile(r"(://)[^\s/?#@\"'<>]{1,256}@")
_HEADER = re.compile(r"\b([Bb]earer|Basic)\s+[^\s\"',]+")
_PARAMETER = re.compile(
    r"((?:token|secret|passw|cookie|api_?key)[\w-]{0,64}(?:=|[\"']\s?:\s?)[\"']?)[^&\s\"',;]+",
    re.IGNORECASE,
)


def is_secret(name: str) -> bool:
    """Whether a value under this name must not be shown."""
    return _NAME.search(name) is not None


def without_secrets(text: str) -> str:
    """The text with credentials in URLs, headers and ``token=…`` parameters hidden."""
    if "://" in text:
        text = _USER.sub(rf"\1{HIDDEN}@", _PASSWORD.sub(rf"\1{HIDDEN}@", text))
    text = _HEADER.sub(rf"\1 {HIDDEN}", text)
    return _PARAMETER.sub(rf"\1{HIDDEN}", text)
