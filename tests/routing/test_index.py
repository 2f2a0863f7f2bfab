"""Which rules take an event, and in which order."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model.conversation import Account
from bot.model.event import BaseEvent, MemberJoined, MemberLeft, MessageReceived
from bot.model.message import Image, Message
from bot.routing.fold import fold, splits
from bot.routing.index import Index
from bot.routing.rule import KINDS, Kind, Rule, handler_pattern, route_pattern


def rule(kind: Kind, *words: str, payload: str = "", **options: Any) -> Rule[str]:
    if kind == "regex":
        options.setdefault("pattern", route_pattern(words[0]))
    return Rule(kind=kind, words=words, payload=payload or f"{kind} {'/'.join(words)}", **options)


def found(index: Index[str], text: str, direct: bool | None = None) -> list[str]:
    return [match.rule.payload for match in index.find(text, direct)]


def said(text: str, group: str | None = "tea") -> MessageReceived:
    account = Account(id="u1")
    return MessageReceived(
        id="1", gateway="g", at=0, account=account, group=group, message=Message.of(text)
    )


@pytest.mark.parametrize(
    ("made", "text", "matches"),
    [
        (rule("exact", "签到"), "簽到！", True),
        (rule("exact", "签到"), "我要签到", False),
        (rule("exact", "?"), "？", True),
        (rule("exact", "check in"), "CHECK-IN", True),
        (rule("contains", "护肤"), "我想进護膚群", True),
        (rule("contains", "tea"), "green tea, please", True),
        (rule("contains", "tea"), "steam", False),
        (rule("contains", "tea"), "teas", False),
        (rule("contains", "tea"), "我要tea吗", True),
        (rule("contains", "чай"), "зачай", False),
        (rule("prefix", "报名"), "报名小明", True),
        (rule("prefix", "报名"), "我报名", False),
        (rule("prefix", "join"), "join us", True),
        (rule("prefix", "join"), "joining", False),
        (rule("command", "stats"), "/stats", True),
        (rule("command", "stats"), "／Stats spring", True),
        (rule("command", "stats"), "stats", False),
        (rule("command", "stats"), "/statistics", False),
        (rule("command", "sop list"), "/sop  list all", True),
        (rule("command", "sop list"), "/sop", False),
        (rule("command", "排行"), "/排行", True),
        (rule("regex", r"护肤.*群"), "想進護膚的群", True),
        (rule("regex", r"護膚"), "护肤", True),
        (rule("regex", r"^\d{3}-\d{4}$"), "555-1234", True),
        (rule("regex", r"TEA"), "tea", True),
        (rule("any"), "", True),
    ],
)
def test_a_rule_takes_what_it_says(made: Rule[str], text: str, matches: bool) -> None:
    assert bool(Index([made]).find(text)) is matches


def test_the_more_specific_rule_goes_first() -> None:
    kinds: list[Rule[str]] = [
        rule("any"),
        rule("regex", "签"),
        rule("contains", "签"),
        rule("contains", "签到"),
        rule("prefix", "签"),
        rule("exact", "签到"),
    ]
    order = ["exact 签到", "prefix 签", "contains 签到", "contains 签", "regex 签", "any "]
    assert found(Index(kinds), "签到") == order
    assert found(Index(reversed(kinds)), "签到") == order


def test_a_longer_command_goes_first() -> None:
    index = Index([rule("command", "sop"), rule("command", "sop list"), rule("contains", "sop")])
    assert found(index, "/sop list") == ["command sop list", "command sop", "contains sop"]


def test_priority_goes_before_everything_and_order_after_everything() -> None:
    index = Index(
        [
            rule("exact", "签到"),
            rule("contains", "签", payload="first"),
            rule("contains", "到", payload="second"),
            rule("any", priority=1),
            rule("exact", "签到", payload="late", priority=-1),
        ]
    )
    assert found(index, "签到") == ["any ", "exact 签到", "first", "second", "late"]


def test_a_rule_of_many_words_is_found_once_by_its_best() -> None:
    index = Index([rule("contains", "茶", "绿茶", "喝"), rule("contains", "喝绿")])
    first, second = index.find("喝绿茶")
    assert (first.word, second.word) == ("绿茶", "喝绿")


def test_rules_can_be_for_direct_chats_or_groups_only() -> None:
    rules = [rule("exact", "签到", payload="direct", direct=True)]
    rules += [rule("exact", "签到", payload="group", direct=False), rule("any", payload="both")]
    index = Index(rules)
    assert [m.rule.payload for m in index.match(said("签到", None))] == ["direct", "both"]
    assert [m.rule.payload for m in index.match(said("签到"))] == ["group", "both"]
    assert found(index, "签到") == ["direct", "group", "both"]


def test_what_follows_a_command_or_prefix_is_as_it_was_written() -> None:
    index = Index([rule("command", "stats"), rule("prefix", "报名")])
    assert index.find("/STATS  Spring-Sale 5! ")[0].args == "Spring-Sale 5!"
    assert index.find("／stats\nA\nB")[0].args == "A\nB"
    assert index.find("報名：小明 & Co.")[0].args == "小明 & Co."


def test_a_pattern_of_source_code_sees_the_text_as_written_and_gives_its_groups() -> None:
    index = Index([rule("regex", "order", pattern=re.compile(r"order (\S+)"))])
    hit = index.find("my order AB-12!")[0].found
    assert hit is not None
    assert hit.group(1) == "AB-12!"


def test_a_typed_pattern_takes_linear_time() -> None:
    index = Index([rule("regex", "(a+)+$")])
    started = time.process_time()
    assert found(index, "a" * 3_000 + "b") == []
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize("make", [handler_pattern, route_pattern])
def test_a_wrong_pattern_is_refused_with_words(make: Any) -> None:
    with pytest.raises(ValueError, match=r"not a regular expression: .*\)"):
        make("(a")


@pytest.mark.parametrize("words", [(), ("",), (" \u200b",)])
def test_a_rule_without_words_is_refused(words: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="word"):
        rule("exact", *words)


@pytest.mark.parametrize("kind", ["prefix", "contains", "command"])
def test_punctuation_cannot_be_looked_for_inside_a_text(kind: Kind) -> None:
    with pytest.raises(ValueError, match="only punctuation"):
        rule(kind, "？")


def test_other_events_go_to_the_rules_of_their_class() -> None:
    index = Index(
        [
            rule("event", payload="joined", events=(MemberJoined,)),
            rule("event", payload="both", events=(MemberLeft, MemberJoined), priority=1),
            rule("event", payload="all", events=(BaseEvent,), direct=False),
            rule("any"),
        ]
    )
    account = Account(id="u1")
    joined = MemberJoined(id="1", gateway="g", at=0, account=account, group="tea")
    left = MemberLeft(id="1", gateway="g", at=0, account=account)
    assert [m.rule.payload for m in index.match(joined)] == ["both", "joined", "all"]
    assert [m.rule.payload for m in index.match(left)] == ["both"]
    assert [m.rule.payload for m in index.match(said("x"))] == ["all", "any "]


def test_a_message_without_words_is_for_the_rules_of_all_messages() -> None:
    picture = said("").model_copy(update={"message": Message.of(Image(url="https://x/y.png"))})
    index = Index([rule("contains", "x"), rule("any"), rule("exact", "x"), rule("command", "x")])
    assert [match.rule.payload for match in index.match(picture)] == ["any "]


def test_a_message_of_megabytes_stalls_nobody() -> None:
    rules = [rule("contains", f"词{i}") for i in range(1000)]
    rules += [
        rule("exact", "哈"),
        rule("prefix", "哈"),
        rule("command", "哈"),
        rule("regex", "哈$"),
    ]
    index = Index(rules)
    for text in ("哈" * 2_000_000, "/哈 " * 1_000_000, "词1 " * 1_000_000, "\u200b" * 4_000_000):
        started = time.process_time()
        index.find(text)
        assert time.process_time() - started < 0.5


def test_a_text_cut_for_matching_is_no_exact_match() -> None:
    assert found(Index([rule("exact", "签到")]), "签到" + " " * 5_000 + "不") == []


def test_people_are_told_which_rule_wins_and_why() -> None:
    index = Index(
        [
            rule("contains", "护肤"),
            rule("contains", "肤"),
            rule("exact", "我想进护肤群", priority=-1),
            rule("regex", "护.群"),
            rule("contains", "进护"),
        ]
    )
    assert [(e.word, e.why, e.won) for e in index.explain("我想进護膚群")] == [
        ("护肤", 'the text contains "护肤"', True),
        ("进护", 'the text contains "进护", but an earlier rule matches', False),
        ("肤", 'the text contains "肤", but a longer word matches', False),
        (
            "护.群",
            "the text matches the pattern 护.群, but a more specific kind of rule matches",
            False,
        ),
        (
            "我想进护肤群",
            'the whole text is "我想进护肤群", but a rule of higher priority matches',
            False,
        ),
    ]
    assert index.explain("你好") == []


# The index against a plain loop over all rules.

PIECES = [
    "a",
    "b",
    "ab",
    "tea",
    "茶",
    "绿茶",
    "簽",
    "签",
    "到",
    " ",
    "-",
    "！",
    "/",
    "1",
    "A",
    "\u200b",
]
texts = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
words = st.sampled_from(
    ["a", "b", "ab", "a b", "茶", "绿茶", "签到", "签", "a茶", "tea", "1", "茶1", "B-a"]
)
worded = st.sampled_from(["exact", "prefix", "contains", "command"])
options = st.fixed_dictionaries(
    {"priority": st.integers(-1, 1), "direct": st.sampled_from([None, True, False])}
)
rules = st.lists(
    st.one_of(
        st.builds(
            lambda kind, some, more: rule(kind, *some, **more),
            worded,
            st.lists(words, min_size=1, max_size=3, unique=True),
            options,
        ),
        st.builds(lambda more: rule("any", **more), options),
        st.builds(
            lambda source, more: rule("regex", source, **more),
            st.sampled_from(["a+b", "^茶", "签.?到", "tea$", "-"]),
            options,
        ),
    ),
    max_size=12,
)


def takes(one: Rule[str], word: str, text: str) -> bool:
    folded, sought = fold(text), fold(word)
    match one.kind:
        case "exact":
            return folded == sought
        case "contains":
            return any(
                folded.startswith(sought, at)
                and not splits(folded, at)
                and not splits(folded, at + len(sought))
                for at in range(len(folded))
            )
        case "prefix":
            return folded.startswith(sought) and not splits(folded, len(sought))
        case "command":
            parts = text.removeprefix("/").split()
            heads = [fold(" ".join(parts[:end])) for end in range(1, len(parts) + 1)]
            return text.startswith("/") and parts != [] and sought in heads[:2]
        case "regex":
            assert one.pattern is not None
            return bool(one.pattern.search(text) or one.pattern.search(folded))
    return True


def expected(made: list[Rule[str]], text: str, direct: bool) -> list[tuple[Rule[str], str]]:
    hits = []
    for order, one in enumerate(made):
        best = [
            (-one.priority, KINDS.index(one.kind), 0 if one.kind == "regex" else -len(fold(word)))
            for word in one.words or ("",)
            if takes(one, word, text)
        ]
        if best and one.direct in (None, direct):
            hits.append((min(best), order))
    return [(made[order], made[order].kind) for _, order in sorted(hits)]


@settings(max_examples=300, deadline=None)
@given(rules, texts, st.booleans())
def test_the_index_finds_what_a_loop_over_all_rules_finds(
    made: list[Rule[str]], text: str, direct: bool
) -> None:
    matches = Index(made).find(text, direct)
    assert [(match.rule, match.rule.kind) for match in matches] == expected(made, text, direct)
    assert all(match.word in (match.rule.words or ("",)) for match in matches)
