"""The fair, opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.store.store import Store
from bot.testing.clock import TestClock
from tests.figures.fair import Fair


@pytest.fixture
async def fair(store: Store, clock: TestClock, tmp_path: Path) -> Fair:
    clock.advance(4 * 3600)  # noon in Shanghai
    made = Fair(store, clock, tmp_path)
    await made.open()
    return made
