"""Honest intervals: textbook values, coverage by simulation, and what managers are told."""

from __future__ import annotations

from random import Random

import pytest

from bot.reports import Arm, Interval, compare, difference, members_needed, share
from bot.reports.interval import BETTER, NO_DIFFERENCE, TOO_FEW_TO_TELL, WORSE


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_shares_agree_with_newcombe_1998(hits: int, total: int, low: float, high: float) -> None:
    found = share(hits, total)
    assert found.estimate == hits / total
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


@pytest.mark.parametrize(
    ("one", "two", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_differences_agree_with_newcombe_1998(
    one: tuple[int, int], two: tuple[int, int], low: float, high: float
) -> None:
    found = difference(*one, *two)
    assert found.low == pytest.approx(low, abs=5e-5)
    assert found.high == pytest.approx(high, abs=5e-5)


def test_nobody_counted_means_nothing_known() -> None:
    assert share(0, 0) == Interval(None, 0.0, 1.0)
    assert difference(0, 0, 0, 0) == Interval(None, -1.0, 1.0)
    unknown = difference(5, 10, 0, 0)
    assert unknown.estimate is None
    assert unknown.holds(0)


@pytest.mark.parametrize(("hits", "total"), [(-1, 5), (6, 5), (0, -1)])
def test_more_hits_than_members_is_refused(hits: int, total: int) -> None:
    with pytest.raises(ValueError, match="is no share"):
        share(hits, total)


def test_all_or_none_never_leave_the_possible() -> None:
    for total in (1, 7, 30, 1_000_000):
        assert share(0, total).low == 0.0
        assert share(total, total).high == 1.0
        assert 0 < share(0, total).high < 1


@pytest.mark.parametrize(("total", "chance"), [(40, 0.1), (60, 0.3), (200, 0.03)])
def test_the_interval_of_a_share_holds_the_truth(total: int, chance: float) -> None:
    random = Random(7)
    runs = 3000
    held = sum(share(_hits(random, total, chance), total).holds(chance) for _ in range(runs))
    assert held / runs >= 0.93


@pytest.mark.parametrize(
    ("total1", "chance1", "total2", "chance2"),
    [(60, 0.1, 40, 0.3), (100, 0.05, 50, 0.05), (150, 0.02, 150, 0.06)],
)
def test_the_interval_of_a_difference_holds_the_truth(
    total1: int, chance1: float, total2: int, chance2: float
) -> None:
    random = Random(11)
    runs = 3000
    held = 0
    for _ in range(runs):
        hits1, hits2 = _hits(random, total1, chance1), _hits(random, total2, chance2)
        held += difference(hits1, total1, hits2, total2).holds(chance1 - chance2)
    assert held / runs >= 0.93


def test_among_equal_variants_none_is_called_different_more_than_one_time_in_twenty() -> None:
    random = Random(13)
    runs = 1500
    wrong = 0
    for _ in range(runs):
        arms = [Arm(name, _hits(random, 100, 0.2), 100) for name in "hABCD"]
        told = {contrast.verdict for contrast in compare(arms).contrasts}
        wrong += bool(told & {BETTER, WORSE})
    assert wrong / runs <= 0.06


@pytest.mark.parametrize(
    ("hits", "total", "verdict"),
    [
        (60, 200, BETTER),
        (5, 200, WORSE),
        (25, 200, NO_DIFFERENCE),
        (29, 29, TOO_FEW_TO_TELL),
        (30, 30, BETTER),
        (0, 0, TOO_FEW_TO_TELL),
    ],
)
def test_a_variant_is_judged_against_the_first(hits: int, total: int, verdict: str) -> None:
    found = compare([Arm("A", 20, 200), Arm("B", hits, total)])
    assert found.baseline.name == "A"
    assert [contrast.verdict for contrast in found.contrasts] == [verdict]


def test_a_verdict_reads_as_a_sentence() -> None:
    (contrast,) = compare([Arm("A", 20, 200), Arm("B", 60, 200)]).contrasts
    assert contrast.verdict.format(**contrast.values) == "B is better than A"


def test_the_verdict_never_contradicts_the_interval_shown() -> None:
    for hits in range(0, 101, 5):
        arms = [Arm("A", 50, 100), Arm("B", hits, 100), Arm("C", 50, 100)]
        contrast = compare(arms).contrasts[0]
        assert (contrast.verdict == NO_DIFFERENCE) == contrast.difference.holds(0)


def test_with_more_variants_each_must_show_more() -> None:
    two = [Arm("A", 20, 200), Arm("B", 36, 200)]
    more = [*two, *(Arm(name, 20, 200) for name in "CDEF")]
    assert compare(two).contrasts[0].verdict == BETTER
    assert compare(more).contrasts[0].verdict == NO_DIFFERENCE


def test_variants_are_judged_against_the_hold_out_by_name() -> None:
    arms = [Arm("A", 20, 200), Arm("hold-out", 60, 200), Arm("B", 61, 200)]
    found = compare(arms, baseline="hold-out")
    assert [contrast.arm.name for contrast in found.contrasts] == ["A", "B"]
    assert [contrast.verdict for contrast in found.contrasts] == [WORSE, NO_DIFFERENCE]
    with pytest.raises(ValueError, match='no variant is named "X"'):
        compare(arms, baseline="X")


def test_one_variant_alone_has_its_share_and_nothing_to_compare() -> None:
    found = compare([Arm("A", 20, 200)])
    assert found.share == share(20, 200)
    assert found.contrasts == ()


@pytest.mark.parametrize(("expected", "worth", "members"), [(0.10, 0.02, 3841), (0.5, 0.1, 388)])
def test_members_needed_agree_with_the_textbook(
    expected: float, worth: float, members: int
) -> None:
    assert members_needed(expected, worth) == pytest.approx(members, abs=1)


@pytest.mark.parametrize(("expected", "worth"), [(0.5, 0.1), (0.1, 0.05), (0.97, 0.1)])
def test_members_needed_find_the_difference_four_times_in_five(
    expected: float, worth: float
) -> None:
    random = Random(17)
    runs, total = 1000, members_needed(expected, worth)
    other = expected + worth if expected + worth <= 1 else expected - worth
    found = 0
    for _ in range(runs):
        arms = [Arm("A", _hits(random, total, expected), total)]
        arms += [Arm("B", _hits(random, total, other), total)]
        found += compare(arms).contrasts[0].verdict in (BETTER, WORSE)
    assert 0.76 <= found / runs <= 0.86


def test_what_is_still_needed_shrinks_as_members_come() -> None:
    def needed(total: int, worth: float | None = None) -> int:
        arms = [Arm("A", total // 10, total), Arm("B", total // 10, total)]
        return compare(arms, worth=worth).contrasts[0].needed

    assert needed(1000) - needed(2000) == pytest.approx(1000, abs=10)
    assert needed(10_000) == 0
    assert needed(1000, worth=0.2) == 0
    assert needed(0) > 0


def test_nothing_is_needed_once_a_difference_is_shown() -> None:
    assert compare([Arm("A", 2, 100), Arm("B", 40, 100)]).contrasts[0].needed == 0


@pytest.mark.parametrize(("expected", "worth"), [(0.5, 0.0), (1.5, 0.1), (0.5, 0.7)])
def test_an_impossible_difference_is_refused(expected: float, worth: float) -> None:
    with pytest.raises(ValueError, match="no difference"):
        members_needed(expected, worth)


def _hits(random: Random, total: int, chance: float) -> int:
    return sum(random.random() < chance for _ in range(total))
