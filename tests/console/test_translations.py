"""Every text members or operators read has its Chinese form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract

from bot.i18n import Translator

ROOT = Path(__file__).parents[2]
MARKS = {"_": None, "n_": (1, 2), "say": None, "msgid": None, "Phrase": None}
PLACE = re.compile(r"\{(\w+)\}|\{\{\s*(\w+)")


def test_every_text_is_translated_to_chinese() -> None:
    translator = Translator()
    missing = [
        f"{place}: {text!r}"
        for place, text in _texts()
        if translator.translate("zh", text) == text
        and re.search("[A-Za-z]{2}", text)
        and text not in SAME
    ]
    assert not missing, "missing in bot/i18n/zh.po:\n" + "\n".join(missing)


def test_translations_fill_in_the_same_values() -> None:
    translator = Translator()
    for place, text in _texts():
        chinese = translator.translate("zh", text)
        assert set(PLACE.findall(chinese)) <= set(PLACE.findall(text)), (place, text, chinese)


SAME = {"Matrix", "Muster", "SOPs", "Satori", "Telegram"}


def _texts() -> Iterator[tuple[str, str]]:
    """Every marked text and where it stands."""
    files = [*ROOT.glob("bot/**/*.py"), *ROOT.glob("handlers/**/*.py"), *ROOT.glob("bot/**/*.html")]
    found = 0
    for path in sorted(files):
        method = "jinja2" if path.suffix == ".html" else "python"
        with path.open("rb") as file:
            for line, message, _, _ in extract(method, file, MARKS, options={"encoding": "utf-8"}):
                texts = message if isinstance(message, tuple) else (message,)
                for text in texts:
                    if text:
                        found += 1
                        yield f"{path.relative_to(ROOT)}:{line}", text
    assert found > 200
