"""Fixtures of the SOP tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bot.store.store import Store
from bot.testing.clock import TestClock

from .desk import Desk
from .town import FOLDER, HOUR, Town


@pytest.fixture
def town(store: Store, clock: TestClock, tmp_path: Path) -> Town:
    """A town at noon of 2026-06-17 in Shanghai, with template files of its own."""
    clock.advance(4 * HOUR)
    return Town(store, clock, tmp_path)


@pytest.fixture
def shipped(town: Town) -> Callable[[], Town]:
    """The town with the templates that come with Muster."""

    def use() -> Town:
        town.folder = FOLDER
        town.change()
        return town

    return use


@pytest.fixture
def desk(town: Town) -> Desk:
    """Noon of Wednesday 2026-06-17 in Shanghai."""
    return Desk(town)
