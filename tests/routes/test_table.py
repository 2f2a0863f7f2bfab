"""Which route a text leads to: checked against a plain reference, and explained."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model.conversation import Conversation
from bot.routes.table import Table
from bot.routing.fold import fold, splits
from bot.routing.wording import ways
from bot.settings.rooms import RouteSettings

LOBBY = Conversation(gateway="sandbox", group="lobby")
TEA = Conversation(gateway="sandbox", group="tea")


def route(name: str, *words: str, mode: str = "exact", **more: Any) -> RouteSettings:
    given = {"name": name, "words": words, "mode": mode, "groups": ["sandbox/g"], **more}
    return RouteSettings.model_validate(given)


def winners(text: str, *routes: RouteSettings, where: Conversation | None = None) -> list[str]:
    return [fit.route.name for fit in Table(routes).best(text, where)]


@pytest.mark.parametrize(
    ("mode", "word", "fits", "others"),
    [
        ("exact", "护肤", ["护肤", " 護膚！", "护 肤"], ["护肤群", "我想进护肤群"]),
        ("prefix", "护肤", ["护肤", "護膚群怎么进"], ["我想进护肤群"]),
        ("contains", "tea", ["TEA", "our tea club", "ｔｅａ！"], ["team", "steam"]),
        ("contains", "护肤", ["我想进護膚群"], ["护发"]),
        ("regex", "进.*(护肤|美容)", ["我想进護膚群", "进美容"], ["护肤"]),
    ],
)
def test_every_mode_fits_folded_texts(
    mode: str, word: str, fits: list[str], others: list[str]
) -> None:
    one = route("r", word, mode=mode)
    assert [text for text in fits if not winners(text, one)] == []
    assert [text for text in others if winners(text, one)] == []


@pytest.mark.parametrize("mode", ["exact", "prefix", "contains", "regex"])
def test_synonyms_are_read_as_if_the_word_stood_there(mode: str) -> None:
    more = {"synonyms": {"护肤": ["skincare", "美容 (全套)"]}}
    one = route("r", "护肤群", mode=mode, **more)
    for text in ("护肤群", "Skincare 群", "美容（全套）群"):
        assert winners(text, one) == ["r"], text
    assert winners("护发群", one) == []


def test_a_synonym_does_not_reach_into_other_words() -> None:
    assert ways("team tea", {"tea": ["茶"]}) == ("team tea", "team 茶")
    assert ways("tea", {"tea": ["iced tea"]}) == ("tea", "iced tea")
    assert ways("护肤茶", {"护肤": ["甲"], "茶": ["乙"]}) == ("护肤茶", "护肤乙", "甲茶", "甲乙")


def test_priority_goes_before_specificity_and_the_longer_word_before_the_shorter() -> None:
    short = route("short", "护肤", mode="contains")
    long = route("long", "护肤群", mode="contains")
    exact = route("exact", "我想进护肤群")
    loud = route("loud", "想", mode="contains", priority=1)
    assert winners("我想进护肤群", short, long) == ["long"]
    assert winners("我想进护肤群", short, long, exact) == ["exact"]
    assert winners("我想进护肤群", short, long, exact, loud) == ["loud"]


def test_routes_that_fit_equally_win_together_and_each_once() -> None:
    north = route("north", "护肤", "美容", mode="contains")
    south = route("south", "护肤", mode="contains")
    assert winners("护肤和美容", north, south) == ["north", "south"]


def test_a_route_listens_in_direct_chats_and_its_lobbies() -> None:
    table = Table([route("a", "护肤", lobby=["sandbox/lobby"]), route("b", "护肤")])
    assert [fit.route.name for fit in table.best("护肤")] == ["a", "b"]
    assert [fit.route.name for fit in table.best("护肤", LOBBY)] == ["a"]
    assert table.best("护肤", TEA) == []
    direct = Conversation(gateway="sandbox", account="u1")
    assert [table.listens(where) for where in (direct, LOBBY, TEA)] == [True, True, False]


def test_an_explanation_says_what_won_what_else_matched_and_what_was_read() -> None:
    table = Table(
        [
            route("近", "护肤", mode="contains", synonyms={"护肤": ["美容"]}),
            route("远", "护肤", mode="contains", lobby=["sandbox/lobby"]),
            route("前缀", "我想", mode="prefix", lobby=["sandbox/lobby"]),
            route("响", "美容", mode="contains", priority=-1, lobby=["sandbox/lobby"]),
            route("无关", "喝茶"),
        ]
    )
    found = table.explain("我想，进護膚群！")
    assert found.folded == "我想进护肤群"
    assert found.winners == ("前缀",)
    assert [(reason.route, reason.text()) for reason in found.reasons] == [
        ("前缀", 'the text begins with "我想"'),
        ("近", 'the text contains "护肤", but a more specific kind of rule matches'),
        ("远", 'the text contains "护肤", but a more specific kind of rule matches'),
    ]
    found = table.explain("护肤美容", LOBBY)
    assert [(reason.route, reason.won, reason.text()) for reason in found.reasons] == [
        ("远", True, 'the text contains "护肤"'),
        ("近", False, 'the text contains "护肤", but it does not listen in this group'),
        ("响", False, 'the text contains "美容", but a rule of higher priority matches'),
    ]
    found = table.explain("美容护肤")
    assert [reason.text() for reason in found.reasons if reason.won] == [
        'the text contains "护肤", and another route fits as well: the member is asked which',
        'the text contains "护肤", and another route fits as well: the member is asked which',
    ]
    [only, _] = table.explain("美容").reasons
    assert only.text() == 'the text contains "美容", said "美容" for "护肤"'
    assert table.explain("天气").reasons == ()


WORDS = ("护肤", "护肤群", "護膚", "茶", "tea", "Tea Club", "我想", "skin", "１号")
names = st.sampled_from(WORDS)
MODES = ("exact", "prefix", "contains", "regex")
choices = st.lists(
    st.tuples(
        st.sampled_from(MODES),
        st.lists(names, min_size=1, max_size=3),
        st.integers(-1, 1),
        st.booleans(),
    ),
    max_size=8,
)


def plainly(text: str, where: Conversation | None, routes: list[RouteSettings]) -> list[str]:
    """The winners by trying every word of every route."""
    scored = []
    for one in routes:
        if where is not None and where not in one.lobby:
            continue
        scores = [score for word in one.words if (score := fits(text, word, one))]
        if scores:
            scored.append((min(scores), one.name))
    return [name for score, name in scored if score == min(scored)[0]]


def fits(text: str, word: str, one: RouteSettings) -> tuple[int, int, int] | None:
    folded, wanted = fold(text), fold(word)
    starts = [found.start() for found in re.finditer(f"(?={re.escape(wanted)})", folded)]
    whole = [s for s in starts if not splits(folded, s) and not splits(folded, s + len(wanted))]
    matches = {
        "exact": folded == wanted,
        "prefix": 0 in whole,
        "contains": bool(whole),
        "regex": bool(starts) or word.casefold() in text.casefold(),
    }
    if not matches[one.mode]:
        return None
    return -one.priority, MODES.index(one.mode), 0 if one.mode == "regex" else -len(wanted)


@given(
    choices,
    st.lists(st.sampled_from((*WORDS, "，", " ", "x", "s")), max_size=5).map("".join),
    st.sampled_from([None, LOBBY, TEA]),
)
def test_the_winners_are_those_of_the_plain_reference(
    chosen: list[tuple[str, list[str], int, bool]], text: str, where: Conversation | None
) -> None:
    routes = [
        route(
            f"r{n}",
            *words,
            mode=mode,
            priority=priority,
            lobby=["sandbox/lobby"] if lobby else [],
        )
        for n, (mode, words, priority, lobby) in enumerate(chosen)
    ]
    table = Table(routes)
    best = sorted(fit.route.name for fit in table.best(text, where))
    assert best == sorted(plainly(text, where, routes))
    assert sorted(table.explain(text, where).winners) == best
