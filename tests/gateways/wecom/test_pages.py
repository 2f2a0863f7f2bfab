"""Pages: lists that WeCom gives in parts are read whole, and never for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bot.gateways.wecom.pages import MOST, pages

CURSORS = {"": "b", "b": "c", "c": ""}


@pytest.mark.parametrize("last", [{}, {"next_cursor": ""}, {"next_cursor": None}])
async def test_a_list_is_read_to_its_last_page(last: dict[str, Any]) -> None:
    asked: list[Mapping[str, str]] = []

    async def ask(at: Mapping[str, str]) -> dict[str, Any]:
        asked.append(at)
        following = CURSORS[at.get("cursor", "")]
        return {"n": len(asked)} | ({"next_cursor": following} if following else last)

    assert [page["n"] async for page in pages(ask)] == [1, 2, 3]
    assert asked == [{}, {"cursor": "b"}, {"cursor": "c"}]


@pytest.mark.parametrize("back", ["b", "c"])
async def test_a_list_whose_cursors_go_round_ends(back: str) -> None:
    async def ask(at: Mapping[str, str]) -> dict[str, Any]:
        return {"next_cursor": CURSORS[at.get("cursor", "")] or back}

    assert len([page async for page in pages(ask)]) == 3


async def test_a_list_without_end_is_given_up() -> None:
    async def ask(at: Mapping[str, str]) -> dict[str, Any]:
        return {"next_cursor": at.get("cursor", "") + "+"}

    assert len([page async for page in pages(ask)]) == MOST
