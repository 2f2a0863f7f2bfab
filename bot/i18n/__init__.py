"""Translation: English texts in the code, other languages in gettext catalogues beside it."""

from __future__ import annotations

from pathlib import Path

from babel.messages.pofile import read_po

CATALOGUES = Path(__file__).parent
LANGUAGES = ("zh", "en")


class Translator:
    """Looks up texts; what a catalogue lacks stays English."""

    def __init__(self) -> None:
        self._texts: dict[str, dict[str, str]] = {}
        for path in CATALOGUES.glob("*.po"):
            with path.open("rb") as file:
                catalogue = read_po(file)
            self._texts[path.stem] = {
                str(m.id): str(m.string) for m in catalogue if m.id and m.string
            }

    def translate(self, language: str, text: str) -> str:
        """``text`` in ``language`` ("zh" or "en")."""
        return self._texts.get(language, {}).get(text, text)
