"""kill -9 of bots and their store under load: what was answered is counted, and nothing twice.

The same with 20 kills and all the load there can be: ``python -m bench.clicks --kill``.
"""

from __future__ import annotations

import sys
from random import Random

import pytest

from bench.clicks import kill_all


@pytest.mark.skipif(sys.platform != "linux", reason="kills processes")
async def test_answered_clicks_and_conversions_are_counted_exactly_once_across_kill_9(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("k")
    outcome = await kill_all(folder, 3, Random(3), each=0.5, browsers=24, rest=0.05)
    assert (outcome.kills, outcome.store_kills) == (3, 1)
    assert outcome.answered > 100
    assert outcome.recorded == outcome.conversions > 10
    assert outcome.spooled > 0, "a store that was away left a spool"
