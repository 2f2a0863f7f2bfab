"""Routes that get in each other's way are told, and only those."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from bot.routes.lint import lint
from bot.routes.table import Table
from bot.settings.rooms import RouteSettings

TODAY = date(2026, 6, 17)


def route(name: str, *words: str, mode: str = "contains", **more: Any) -> RouteSettings:
    given = {"name": name, "words": words, "mode": mode, "groups": ["sandbox/g"], **more}
    return RouteSettings.model_validate(given)


def told(*routes: RouteSettings) -> list[tuple[str, str]]:
    return [(one.routes[0], str(one.message)) for one in lint(Table(routes), TODAY)]


def test_one_word_in_two_routes_of_equal_standing() -> None:
    north, south = route("north", "喝茶", "护肤"), route("south", "喝 茶")
    text = "“喝茶” leads to “north” as well: members are asked which they mean"
    assert told(north, south) == [("south", text)]
    assert told(north, route("south", "喝茶", priority=1))[1:] == []
    assert told(north, route("south", "喝茶", when={"audience": "tag:vip"})) == []
    skin, beauty = route("skin", "skincare"), route("beauty", "美容")
    assert told(skin, beauty) == []
    alike = lint(Table([skin, beauty], {"skincare": ["美容"]}), TODAY)
    assert [one.routes for one in alike] == [("beauty", "skin")]
    patterns = [route(name, "a.*b", mode="regex") for name in ("one", "other")]
    assert [name for name, _ in told(*patterns)] == ["other"]
    one, other = route("one", "a + b", mode="all"), route("other", "B + A", mode="all")
    assert [name for name, _ in told(one, other)] == ["other"]


@pytest.mark.parametrize(
    ("loser", "winner", "beaten"),
    [
        (route("loser", "护肤群"), route("winner", "护肤", priority=1), True),
        (route("loser", "护肤"), route("winner", "护肤群", priority=1), False),
        (route("loser", "护肤群"), route("winner", "护肤"), False),
        (route("loser", "护肤", mode="exact"), route("winner", "护肤", priority=1), True),
        (route("loser", "护肤"), route("winner", "护肤", mode="exact", priority=1), False),
        (route("loser", "护肤"), route("winner", "护肤", mode="prefix", priority=1), False),
        (route("loser", "护肤", mode="prefix"), route("winner", "护肤", priority=1), True),
        (route("loser", "护肤"), route("winner", "护.", mode="regex", priority=1), True),
        (route("loser", "护肤"), route("winner", "^护肤$", mode="regex", priority=1), False),
        (route("loser", "护肤 + 油皮", mode="all"), route("winner", "油皮", priority=1), True),
        (route("loser", "steam"), route("winner", "tea", priority=1), False),
        (
            route("loser", "护肤"),
            route("winner", "护肤", priority=1, when={"hours": "9:00-18:00"}),
            False,
        ),
        (
            route("loser", "护肤", lobby=["sandbox/lobby"]),
            route("winner", "护肤", priority=1),
            False,
        ),
        (route("loser", "护服群"), route("winner", "护肤群", typos=True, priority=1), False),
    ],
)
def test_a_route_that_another_always_goes_before_is_unreachable(
    loser: RouteSettings, winner: RouteSettings, beaten: bool
) -> None:
    text = "nobody gets here: “winner” always goes before it"
    assert told(loser, winner) == ([("loser", text)] if beaten else [])
    assert told(winner, loser) == told(loser, winner)


def test_a_single_word_that_never_leads_anywhere_is_named() -> None:
    found = told(route("a", "护肤群", "美容"), route("b", "护肤", priority=1))
    assert found == [("a", "“护肤群” never leads here: “b” always goes before it")]


@pytest.mark.parametrize(
    ("pattern", "everything"), [(".*", True), ("", True), ("a*", True), ("护|美", False)]
)
def test_a_pattern_that_takes_every_message(pattern: str, everything: bool) -> None:
    one = route("r", pattern or "(?:)", mode="regex")
    assert told(one) == ([("r", "it takes every message")] if everything else [])


def test_chinese_words_divided_by_a_space_where_a_plus_is_meant() -> None:
    text = "“护肤 油皮” is heard as one phrase: write + between words in any order"
    assert told(route("skin", "护肤 油皮", mode="all")) == [("skin", text)]
    assert told(route("skin", "护肤 + 油皮", "ice cream", mode="all")) == []
    assert told(route("skin", "护肤 油皮")) == []


def test_conditions_that_never_hold() -> None:
    text = "its dates are over, or on none of its days of the week"
    over = route("over", "a", when={"dates": ["2026-06-16"]})
    wednesday = route("never", "b", when={"dates": ["2026-06-17"], "weekdays": ["thu"]})
    today = route("today", "c", when={"dates": ["2026-06-17"], "weekdays": ["wed"]})
    assert told(over, wednesday, today) == [("over", text), ("never", text)]
