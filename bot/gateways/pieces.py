"""Pieces: cutting a text to a limit where a reader would pause, never within a link."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import accumulate

from bot.gateways.graphemes import graphemes

Measure = Callable[[str], int]
"""The size of a text; the sizes of two texts add up to that of both."""

MORE = "…"
LINK = re.compile(r"https?://[!-~]+", re.IGNORECASE)
_AFTER_LINK = ".,;:!?'\")]}>"
_STOPS = frozenset("。！？!?…")
_CLOSERS = frozenset("」』”’）》】)]\"'")
_PAUSES = frozenset("，、；：,;:")

_PARAGRAPH, _LINE, _SENTENCE, _PAUSE, _ANYWHERE = range(5)


def in_bytes(text: str) -> int:
    """Bytes in UTF-8."""
    return len(text.encode("utf-8", "surrogatepass"))


def in_units(text: str) -> int:
    """UTF-16 code units, as Telegram counts."""
    return len(text) + sum(character > "\uffff" for character in text)


def split(text: str, limit: int, measure: Measure = in_bytes) -> list[str]:
    """The text in pieces of at most ``limit``, cut at a paragraph, line, sentence or word.

    Blanks at the cuts are dropped, nothing else. A single link or grapheme that is larger than
    the limit stays whole, in a piece of its own. Raises ValueError for a limit below 1.
    """
    _check(limit)
    atoms = Atoms(text.strip(), measure)
    pieces, start = [], 0
    while start < len(atoms):
        if atoms.parts[start].isspace():
            start += 1
            continue
        ends = atoms.within(start, limit) or [start + 1]
        end = len(atoms) if ends[-1] == len(atoms) else atoms.best(start, ends, limit)
        pieces.append(atoms.text(start, end))
        start = end
    return [piece for piece in pieces if piece]


def shorten(text: str, limit: int, measure: Measure = in_bytes) -> str:
    """The beginning of the text and "…", at most ``limit``; links in what is cut follow, whole.

    Links that do not fit even alone are dropped from the end. Raises ValueError for a limit
    below 1; below the size of "…" nothing is left.
    """
    _check(limit)
    text = text.strip()
    if measure(text) <= limit:
        return text
    atoms, room = Atoms(text, measure), limit - measure(MORE)
    if room < 0:
        return ""
    links = atoms.links_within(room)
    sizes = atoms.sizes_with(links)
    ends = [end for end in atoms.clear_of_links() if sizes[end] <= room]
    end = atoms.best(0, ends, atoms.size(0, ends[-1]))
    kept = (atoms.parts[link] for link in links if link >= end)
    return "\n".join([atoms.text(0, end) + MORE, *kept])


def _check(limit: int) -> None:
    if limit < 1:
        raise ValueError(f"a limit of {limit} leaves room for nothing")


class Atoms:
    """A text as what may not be cut: links, each whole, and graphemes."""

    def __init__(self, text: str, measure: Measure) -> None:
        self.parts = list(_atoms(text))
        self._break = measure("\n")
        self._sizes = [0, *accumulate(map(measure, self.parts))]
        self.links = [index for index, part in enumerate(self.parts) if "://" in part]

    def __len__(self) -> int:
        return len(self.parts)

    def text(self, start: int, end: int) -> str:
        """What stands between two atoms, without the blanks around it."""
        return "".join(self.parts[start:end]).strip()

    def size(self, start: int, end: int) -> int:
        """The size of what stands between two atoms, blanks included."""
        return self._sizes[end] - self._sizes[start]

    def clear_of_links(self) -> list[int]:
        """The ends that have no link right before them, to which more would stick."""
        ends, sticky = [0], False
        for end, part in enumerate(self.parts, 1):
            sticky = "://" in part or (sticky and part.isspace())
            if not sticky:
                ends.append(end)
        return ends

    def links_within(self, room: int) -> list[int]:
        """As many of the links, from the first, as fit with a line break before each."""
        sums = accumulate(self.size(link, link + 1) + self._break for link in self.links)
        return [link for link, size in zip(self.links, sums, strict=True) if size <= room]

    def sizes_with(self, links: Sequence[int]) -> list[int]:
        """The size up to every end, with those links that come after it on lines of their own."""
        sizes, after, waiting = list(self._sizes), 0, list(links)
        for end in range(len(self), -1, -1):
            if waiting and waiting[-1] == end:
                after += self.size(end, end + 1) + self._break
                waiting.pop()
            sizes[end] += after
        return sizes

    def within(self, start: int, limit: int) -> list[int]:
        """The ends that keep what begins at ``start`` within the limit, nearest first."""
        ends = []
        for end in range(start + 1, len(self) + 1):
            if self.size(start, end) > limit:
                break
            ends.append(end)
        return ends

    def best(self, start: int, ends: Sequence[int], limit: int) -> int:
        """The end where a reader pauses longest, unless that would waste half the room."""
        chosen = ends[-1]
        rank = self._rank(chosen)
        for end in reversed(ends):
            least = limit / 8 if rank == _ANYWHERE else limit / 2
            if rank == _PARAGRAPH or self.size(start, end) < least:
                break
            if (here := self._rank(end)) < rank:
                chosen, rank = end, here
        return chosen

    def _rank(self, end: int) -> int:
        """How long a reader pauses between the atom before ``end`` and the one after."""
        if end >= len(self):
            return _PARAGRAPH
        before, after = self.parts[end - 1], self.parts[end]
        if before.endswith("\n"):
            return _PARAGRAPH if self.parts[end - 2 : end - 1] == ["\n"] else _LINE
        if after.startswith("\n"):
            return _LINE
        if after in _CLOSERS or after in _STOPS or after in _PAUSES:
            return _ANYWHERE
        last = end - 1
        while last and self.parts[last] in _CLOSERS:
            last -= 1
        stop = self.parts[last]
        if stop in _STOPS or (stop == "." and after.isspace()):
            return _SENTENCE
        return _PAUSE if before in _PAUSES or before.isspace() or after.isspace() else _ANYWHERE


def _atoms(text: str) -> list[str]:
    atoms: list[str] = []
    end = 0
    for found in LINK.finditer(text):
        link = found[0].rstrip(_AFTER_LINK)
        atoms += graphemes(text[end : found.start()])
        atoms.append(link)
        end = found.start() + len(link)
    atoms += graphemes(text[end:])
    return atoms
