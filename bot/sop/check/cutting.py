"""Cutting: a text with Jinja in it, cut where neither a tag nor a block is torn."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.gateways.pieces import Measure, shorten, split

_TAG = re.compile(r"\{\{.*?\}\}|\{#.*?#\}|\{%-?\s*(\w+).*?%\}", re.DOTALL)
_OPENING, _CLOSING = frozenset({"for", "if"}), frozenset({"endfor", "endif"})


def parted(text: str, limit: int, measure: Measure) -> list[str] | None:
    """The text in pieces of at most ``limit``; None when it cannot be cut so."""
    if limit < 1:
        return None
    if "{" not in text:
        pieces = split(text, limit, measure)
        return pieces if all(measure(piece) <= limit for piece in pieces) else None
    pieces = [""]
    for block in _blocks(text.strip()):
        if measure(block.strip()) > limit:
            return None
        if measure((pieces[-1] + block).strip()) > limit:
            pieces.append("")
        pieces[-1] += block
    return [piece.strip() for piece in pieces]


def shortened(text: str, limit: int, measure: Measure) -> str | None:
    """The beginning of the text and "…", at most ``limit``; None when it cannot be cut so."""
    if limit < 1:
        return None
    if "{" not in text:
        return shorten(text, limit, measure) or None
    kept, most = "", limit - measure("…")
    for block in _blocks(text.strip()):
        if measure((kept + block).rstrip()) > most:
            break
        kept += block
    return kept.rstrip() + "…" if kept.strip() else None


def _blocks(text: str) -> Iterator[str]:
    """Runs of lines that are whole: no tag and no block reaches over their ends."""
    tags, start = list(_TAG.finditer(text)), 0
    for end in (match.end() for match in re.finditer(r"\n|\Z", text)):
        before = [tag for tag in tags if tag.start() < end]
        torn = any(tag.end() > end for tag in before)
        depth = sum((tag[1] in _OPENING) - (tag[1] in _CLOSING) for tag in before)
        if end > start and not torn and not depth:
            yield text[start:end]
            start = end
    if start < len(text):
        yield text[start:]
