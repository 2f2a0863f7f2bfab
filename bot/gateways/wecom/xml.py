"""What WeCom writes, XML or JSON, as one plain tree.

The parser is expat as Python has it, with every document type refused: without one there is
nothing to expand and nothing to fetch, so no other library is needed to be safe from it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn
from xml.parsers import expat

DEEPEST = 16
"""How far elements may stand in each other."""
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML cannot hold, and people paste into messages all the same."""


class Unreadable(ValueError):
    """Neither the XML nor the JSON that WeCom writes; the text holds nothing of it."""


@dataclass(slots=True)
class Element:
    """A name, and either a text or further elements; names are compared without case."""

    name: str
    text: str = ""
    parts: list[Element] = field(default_factory=list)

    def get(self, *names: str) -> str:
        """The text of the first part of one of these names, stripped; empty when there is none."""
        wanted = {name.casefold() for name in names}
        for part in self.parts:
            if part.name.casefold() in wanted:
                return part.text.strip()
        return ""

    def each(self, name: str) -> Iterator[Element]:
        """The parts of this name."""
        return (part for part in self.parts if part.name.casefold() == name.casefold())


def parse(document: bytes) -> Element:
    """The tree of a document in UTF-8, whose first letter says what it is; raises Unreadable."""
    text = _FORBIDDEN.sub("", document.decode("utf-8-sig", "replace")).strip()
    return _json(text) if text.startswith("{") else _xml(text)


def _xml(text: str) -> Element:
    tree = _Tree()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_type
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.data
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError as error:
        raise Unreadable(f"not XML ({expat.ErrorString(error.code)})") from None
    return tree.root


def _refuse_type(*_: object) -> NoReturn:
    raise Unreadable("a document type is not accepted")


class _Tree:
    """Builds elements as the parser finds them."""

    def __init__(self) -> None:
        self.root = Element("")
        self._open: list[Element] = []

    def start(self, name: str, _: dict[str, str]) -> None:
        element = Element(name)
        if len(self._open) >= DEEPEST:
            raise Unreadable("nested too deep")
        if self._open:
            self._open[-1].parts.append(element)
        else:
            self.root = element
        self._open.append(element)

    def end(self, _: str) -> None:
        self._open.pop()

    def data(self, text: str) -> None:
        self._open[-1].text += text


def _json(text: str) -> Element:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not JSON ({type(error).__name__})") from None
    root, *_ = _elements("xml", value, 0)
    return root


def _elements(name: str, value: Any, depth: int) -> list[Element]:
    """A value as elements of this name: a list is as many, as in XML."""
    if depth >= DEEPEST:
        raise Unreadable("nested too deep")
    if isinstance(value, list):
        return [found for item in value for found in _elements(name, item, depth + 1)]
    if isinstance(value, dict):
        parts = [found for key, item in value.items() for found in _elements(key, item, depth + 1)]
        return [Element(name, parts=parts)]
    return [Element(name, "" if value is None else _FORBIDDEN.sub("", str(value)))]
