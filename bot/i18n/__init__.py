"""Translation: English texts in the code, other languages in gettext catalogues beside it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

CATALOGUES = Path(__file__).parent
LANGUAGES = ("zh", "en")


class Translator:
    """Looks up texts; what a catalogue lacks stays English."""

    def __init__(self) -> None:
        self._texts = {path.stem: _texts(path) for path in CATALOGUES.glob("*.po")}

    def translate(self, language: str, text: str) -> str:
        """``text`` in ``language`` ("zh" or "en")."""
        return self._texts.get(language, {}).get(text, text)


@cache
def _texts(path: Path) -> Mapping[str, str]:
    """A catalogue that is shipped never changes while we run."""
    with path.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id and m.string}
