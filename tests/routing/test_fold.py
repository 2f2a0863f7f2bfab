"""What people hold to be the same words is the same after folding."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.routing.fold import LIMIT, fold, rest, splits

SAME = {
    "签到": [
        "签到！", " 簽到 ", "签 到", "「签到」", "签到。。。", "签到~", "签到～", "#签到",
        "签\u200b到", "\u202e签到\u202c", "\ufeff签到", "签到\ufe0f", "签-到",
        "\n签到\n", "签到?!", "\x00签到",
    ],
    "check in": [
        "Check In", "ＣＨＥＣＫ  in", "check-in", "CHECK\u00a0IN!", "check\tin", "check_in",
        "ⓒheck in", "“check in”",
    ],
    "我要check in": ["我要 check in", "我要Check-In！"],
    "dont": ["don't", "Don’t"],
    "了解": ["瞭解", "了解"],
    "第3天": ["第 3 天", "第３天", "第③天"],
    "strasse": ["Straße", "STRASSE"],
    "café": ["cafe\u0301", "CAFÉ"],
    "+1": ["＋1", "+1!", "+１"],
    "👍": ["👍🏽", "👍\ufe0f"],
    "?": ["？", " ? ", "?\u200b"],
    "": ["", " ", "\u200b\n"],
}  # fmt: skip


@pytest.mark.parametrize(("folded", "text"), [(k, t) for k, ts in SAME.items() for t in ts])
def test_the_same_words_fold_to_the_same_text(folded: str, text: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("one", "other"), [("tea", "sea"), ("a b", "ab"), ("+1", "1"), ("?", "!"), ("👍", "👎")]
)
def test_different_words_stay_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text())
def test_any_text_can_be_folded(text: str) -> None:
    folded = fold(text)
    assert folded == folded.strip()
    assert "  " not in folded
    assert fold(f"\u200b {text}\n") == folded


@given(st.text(alphabet=st.characters(categories=["Cs", "Cf", "Mn", "Lo", "Zs", "Po"])))
def test_a_folded_text_can_be_sent_anywhere(text: str) -> None:
    fold(f"签到{text}").encode()


@pytest.mark.parametrize("piece", ["签到 ", "\ufdfa", "e\u0301\u0328", "\u200b", "a. ", "簽"])
def test_a_text_of_megabytes_takes_no_time(piece: str) -> None:
    text = piece * 2_000_000
    started = time.process_time()
    assert fold(text) == fold(text[:LIMIT])
    rest(text, fold(piece * 3))
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    ("text", "word", "after"),
    [
        ("报名 小明", "报名", "小明"),
        ("报名：小明 Li", "报名", "小明 Li"),
        ("　報 名小明", "报名", "小明"),
        ("!!报名, a-b!", "报名", "a-b!"),
        ("报名《红楼梦》", "报名", "《红楼梦》"),
        ("报名", "报名", ""),
        ("报名\ufe0f 小明", "报名", "小明"),
        ("JOIN  Tea Club", "join", "Tea Club"),
        ("check-in Now", "check in", "Now"),
        ("cafe\u0301 Noir", "café", "Noir"),
        ("\u200b" * 50 + "签到 x", "签到", "x"),
        ("㎏s", "k", "gs"),
    ],
)
def test_what_follows_a_word_is_as_it_was_written(text: str, word: str, after: str) -> None:
    assert rest(text, word) == after


@pytest.mark.parametrize(
    ("text", "at", "split"),
    [
        ("steam", 2, True),
        ("green tea", 6, False),
        ("чаепитие", 3, True),
        ("要tea吗", 1, False),
        ("签到", 1, False),
        ("체크인을", 3, False),
        ("tea2", 3, True),
        ("tea", 0, False),
        ("tea", 3, False),
    ],
)
def test_words_are_split_only_where_spaces_divide_them(text: str, at: int, split: bool) -> None:
    assert splits(text, at) is split
