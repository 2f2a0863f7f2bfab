"""The adapter in the documentation keeps the contract, by the test that stands beside it."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

PAGE = Path(__file__).parents[2] / "docs" / "writing-an-adapter.md"


def _documented() -> ModuleType:
    """The modules of the page's Python blocks; the last one, which may import the others."""
    made: list[ModuleType] = []
    try:
        for block in re.findall(r"```python\n# (\w+)\.py\n(.*?)\n```", PAGE.read_text(), re.DOTALL):
            module = ModuleType(block[0])
            made.append(module)
            sys.modules[module.__name__] = module
            exec(compile(block[1], f"{PAGE.name}:{block[0]}", "exec"), module.__dict__)
    finally:
        for module in made:
            sys.modules.pop(module.__name__, None)
    return made[-1]


TestShopChat = _documented().TestShopChat
