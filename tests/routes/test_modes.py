"""How a text can say a route's word: all of a set, in pinyin, with a typing mistake, by synonym."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.routes.desk import check_routes
from bot.routes.faults import faults
from bot.routes.table import Table
from bot.routing.fold import fold, splits
from bot.routing.near import can_be_off, near
from bot.routing.pinyin import sound, spelt
from bot.settings.rooms import RouteSettings


def route(name: str, *words: str, mode: str = "contains", **more: Any) -> RouteSettings:
    given = {"name": name, "words": words, "mode": mode, "groups": ["sandbox/g"], **more}
    return RouteSettings.model_validate(given)


def winners(text: str, *routes: RouteSettings, **synonyms: list[str]) -> list[str]:
    return [fit.route.name for fit in Table(routes, synonyms).best(text)]


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("油皮怎么护肤", True),
        ("護膚，我是油皮", True),
        ("我是油皮", False),
        ("护肤", False),
    ],
)
def test_all_words_of_a_set_in_any_order(text: str, fits: bool) -> None:
    one = route("r", "护肤 + 油皮", mode="all")
    assert bool(winners(text, one)) is fits
    assert bool(winners(text.replace("油皮", "oily skin"), one, 油皮=["oily skin"])) is fits


def test_a_set_of_words_can_be_said_by_synonym_pinyin_and_with_a_mistake() -> None:
    more: dict[str, Any] = {
        "mode": "all",
        "pinyin": True,
        "typos": True,
        "synonyms": {"油皮": ["oily"]},
    }
    one = route("r", "护肤＋油皮", **more)
    for text in ("hufu 群给 oily 的", "油皮 hf", "oilly 护肤"):
        assert winners(text, one) == ["r"], text
    assert winners("hufu", one) == []


def test_a_plus_without_a_word_is_told() -> None:
    [(path, message, _)] = faults(route("r", "护肤 +", mode="all"), {}, frozenset())
    assert path == ("words", 0)
    assert message == 'expected a word on both sides of "+"'


@pytest.mark.parametrize("mode", ["exact", "prefix", "contains"])
@pytest.mark.parametrize("said", ["hufu", "Hu Fu", "ＨＵＦＵ！", "hf", "hu'fu"])
def test_pinyin_in_full_and_initials(mode: str, said: str) -> None:
    one = route("r", "护肤", mode=mode, pinyin=True)
    assert winners(said, one) == ["r"]
    assert bool(winners(f"我要进{said}群", one)) is (mode == "contains")
    assert winners(said, route("r", "护肤", mode=mode)) == []


def test_pinyin_is_found_only_as_whole_words() -> None:
    one = route("r", "护肤", pinyin=True)
    assert winners("hufus", one) == winners("shf", one) == []


def test_characters_of_several_readings_are_read_in_all_of_them() -> None:
    assert {"yinhang", "yin hang", "yinxing", "yh", "yx"} <= {*spelt("银行")}
    assert spelt("重庆")[0] == "chongqing"
    assert spelt("茶") == ("cha",)
    assert spelt("tea茶") == ("teacha", "tea cha")
    assert spelt("tea") == ()
    assert len(spelt("重" * 30)) < 100
    assert sound("绿茶 tea") == "lvchatea"


@pytest.mark.parametrize(
    ("word", "text", "fits"),
    [
        ("护肤群", "我想进护服群", True),
        ("护肤群", "我想进护群", True),
        ("护肤群", "护护肤群吧", True),
        ("护肤群", "肤护群", True),
        ("护肤", "护服", False),
        ("skincare", "the skncare group", True),
        ("skincare", "skincares", True),
        ("skincare", "sikncare", True),
        ("skincare", "skncar", False),
        ("tea", "tee", False),
        ("class 2", "class 3", False),
        ("护肤一群", "护肤二群", False),
        ("护肤一群", "户肤一群", True),
    ],
)
def test_one_character_of_a_longer_word_may_be_off(word: str, text: str, fits: bool) -> None:
    assert bool(winners(text, route("r", word, typos=True))) is fits
    assert winners(text, route("r", word)) in ([], ["r"] if word in text else [])


def test_a_mistake_never_goes_before_what_is_said_right() -> None:
    off = route("off", "护肤群", typos=True, priority=9)
    right = route("right", "护服", priority=-9)
    assert winners("护服群", off, right) == ["right"]
    loser = Table([off, right]).explain("护服群").reasons[1]
    assert loser.text() == (
        'one character off: "护服群", said "护服群" for "护肤群", '
        "but another route fits without a mistake"
    )


def test_the_more_exact_goes_first() -> None:
    words = {"exact": "护肤油皮", "all": "油皮 + 护肤", "prefix": "护肤", "contains": "油皮"}
    routes = [route(mode, word, mode=mode) for mode, word in words.items()]
    routes.append(route("regex", "护肤", mode="regex"))
    text = "护肤油皮"
    order = [reason.route for reason in Table(reversed(routes)).explain(text).reasons]
    assert order == ["exact", "all", "prefix", "contains", "regex"]
    spelt_ = route("pinyin", "护肤", pinyin=True)
    pattern = route("regex", "hufu", mode="regex")
    assert winners("hufu", pattern, spelt_) == ["pinyin"]


def test_the_workspaces_synonyms_hold_in_every_route_and_both_ways() -> None:
    sets = {"skincare": ["护肤", "美容"]}
    for word, text in product(("skincare", "护肤", "美容"), repeat=2):
        assert winners(f"我要{text}吧", route("r", word), **sets) == ["r"], (word, text)
    pattern = route("r", "进.*护肤", mode="regex")
    assert winners("进skincare群", pattern, **sets) == ["r"]
    assert winners("进护发群", pattern, **sets) == []


def test_a_word_in_two_sets_of_synonyms_is_told(tmp_path: Any) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[synonyms]\nskincare = ["护肤"]\nbeauty = ["護膚"]\n')
    from bot.config import load_config

    [problem] = check_routes(load_config(file, {}))
    assert str(problem).endswith("'护肤' stands with 'skincare' already: make one set of both")


@pytest.mark.parametrize("key", ["pinyin", "typos"])
def test_a_pattern_takes_no_leniency(key: str) -> None:
    [(path, _, _)] = faults(route("r", "a.*b", mode="regex", **{key: True}), {}, frozenset())
    assert path == (key,)


# a plain reference

ALPHABET = "护肤湖ab 2"
HAN, LATIN = st.text("护肤湖", min_size=2, max_size=5), st.text("ab", min_size=4, max_size=6)
MIXED = st.text(ALPHABET, min_size=1, max_size=4).filter(lambda word: fold(word) != "")
WORDS = st.one_of(HAN, LATIN, MIXED)


@st.composite
def a_text(draw: st.DrawFn, words: list[str]) -> str:
    """Words, some of them in pinyin or with an edit, one after the other or apart."""
    said = []
    for word in draw(st.lists(st.sampled_from(words), min_size=1, max_size=3)):
        how = draw(st.sampled_from(["right", "pinyin", "edited", "edited", "twice"]))
        if how == "pinyin":
            word = draw(st.sampled_from([word, *spelt(fold(word))]))
        for _ in range({"edited": 1, "twice": 2}.get(how, 0)):
            at = draw(st.integers(0, len(word)))
            drop, more = draw(st.integers(0, 1)), draw(st.text(ALPHABET, max_size=1))
            word = word[:at] + more + word[at + drop :]
        said.append(word)
    return draw(st.sampled_from(["", " ", "护", "bb"])).join(said) or "a"


@st.composite
def a_route(draw: st.DrawFn, name: str) -> RouteSettings:
    mode = draw(st.sampled_from(["exact", "all", "prefix", "contains"]))
    words = draw(st.lists(WORDS, min_size=1, max_size=3))
    if mode == "all":
        words = [" + ".join(words)]
    return route(
        *(name, *words),
        mode=mode,
        priority=draw(st.sampled_from([0, 0, 1])),
        pinyin=draw(st.booleans()),
        typos=draw(st.booleans()),
    )


def pieces(text: str, mode: str) -> list[str]:
    """What of a folded text may be a word."""
    folded = fold(text)
    if mode == "exact":
        return [folded]
    starts = [0] if mode == "prefix" else range(len(folded))
    return [
        folded[start:end]
        for start in starts
        for end in range(start + 1, len(folded) + 1)
        if not splits(folded, start) and not splits(folded, end)
    ]


def standing(one: RouteSettings, text: str) -> tuple[bool, int, int, int] | None:
    """How a route stands to a text, found by trying everything."""
    order = ["exact", "all", "prefix", "contains", "pinyin", "fuzzy"]
    every = pieces(text, one.mode)
    found = []
    for word in one.words:
        parts = [fold(part) for part in word.split(" + ")] if one.mode == "all" else [fold(word)]
        length = sum(map(len, parts))

        def said(part: str, kind: str) -> list[str]:
            if kind == "pinyin":
                return [form for form in spelt(part) if form in every]
            if kind == "fuzzy" and can_be_off(part):
                trimmed = [piece for piece in every if piece == piece.strip()]
                return [piece for piece in trimmed if near(part, piece)]
            return [part] if part in every else []

        for kind in ["", *["pinyin"] * one.pinyin, *["fuzzy"] * one.typos]:
            both = kind != "" and one.mode == "all"
            hits = [said(part, kind) or (said(part, "") if both else []) for part in parts]
            if all(hits):
                size = length
                if kind == "pinyin" and one.mode != "all":
                    size = max(map(len, hits[0]))
                at = order.index(kind or one.mode)
                found.append((kind == "fuzzy", -one.priority, at, -size))
    return min(found, default=None)


@settings(max_examples=300)
@given(st.data())
def test_the_table_finds_what_trying_everything_finds(data: st.DataObject) -> None:
    routes = [data.draw(a_route(str(n))) for n in range(data.draw(st.integers(1, 5)))]
    words = [word for one in routes for long in one.words for word in long.split(" + ")]
    text = data.draw(a_text(words))
    stands = {one.name: found for one in routes if (found := standing(one, text))}
    table = Table(routes)
    assert {fit.route.name: fit.standing[:2] for fit in table.find(text)} == {
        name: found[:2] for name, found in stands.items()
    }
    best = min(stands.values(), default=None)
    kinds = {name for name, found in stands.items() if found == best}
    assert {fit.route.name for fit in table.best(text)} == kinds
