"""Paging: reading cursors back from addresses, where anybody may have written anything."""

from __future__ import annotations


def entry_id(text: str) -> str:
    """A stream entry's id, or '+' (the newest) when it is none."""
    first, dash, second = text.partition("-")
    whole = first.isascii() and first.isdigit() and len(first) < 20
    part = not dash or (second.isascii() and second.isdigit() and len(second) < 20)
    return text if whole and part else "+"


def offset(text: str) -> int:
    """A count of rows to leave out, 0 when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
