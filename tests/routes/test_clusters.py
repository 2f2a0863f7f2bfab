"""Phrases nobody answered: those that say nearly the same are counted together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.routes.clusters import clusters
from bot.routes.table import Table
from bot.settings.rooms import RouteSettings


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("护发", "护发在哪", True),
        ("护发", "hufa", True),
        ("护发", "互发", True),
        ("护发群", "护发裙", True),
        ("running", "runing", True),
        ("join running", "running", True),
        ("护发", "请问大家护发的群在哪里呀", False),
        ("tea", "team", False),
        ("几", "几点", False),
        ("class 2", "class 3", False),
        ("护发", "护肤", False),
    ],
)
def test_phrases_that_sound_alike_are_one_edit_off_or_within_each_other(
    one: str, other: str, together: bool
) -> None:
    found = clusters([(one, 2), (other, 3)])
    assert len(found) == (1 if together else 2)
    assert found[0].lead == other
    assert found[0].count == (5 if together else 3)


def test_the_words_of_a_cluster_leave_out_what_others_contain() -> None:
    [found] = clusters([("护发在哪", 3), ("护发", 2), ("hufa", 1), ("护发在哪里", 1)])
    assert found.lead == "护发在哪"
    assert found.words == ("护发", "hufa")


@given(st.lists(st.tuples(st.text("护发群在ab c", min_size=1, max_size=6), st.integers(1, 9))))
def test_every_phrase_is_counted_once_and_the_words_find_them_all(
    said: list[tuple[str, int]],
) -> None:
    phrases = {" ".join(phrase.split()) or "a": count for phrase, count in said}
    found = clusters(phrases.items())
    assert sorted(pair for one in found for pair in one.phrases) == sorted(phrases.items())
    assert [one.count for one in found] == sorted((one.count for one in found), reverse=True)
    for one in found:
        assert one.phrases[0][1] == max(count for _, count in one.phrases)
        words = {"name": "r", "words": one.words, "mode": "contains", "groups": ["sandbox/g"]}
        table = Table([RouteSettings.model_validate(words)])
        assert [phrase for phrase, _ in one.phrases if not table.find(phrase)] == []
