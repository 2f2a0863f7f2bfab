"""Backoff: how long a connection waits before it tries again."""

from random import Random

from bot.gateways.backoff import Backoff


class Longest(Random):
    """Draws the most there is."""

    def uniform(self, a: float, b: float) -> float:
        return b


def test_waits_double_up_to_the_cap_and_never_end() -> None:
    backoff = Backoff(Longest(), first=1, cap=60)
    assert [backoff.next() for _ in range(9)] == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert all(backoff.next() == 60 for _ in range(5000))


def test_a_reset_starts_with_short_waits_again() -> None:
    backoff = Backoff(Longest(), first=1, cap=60)
    for _ in range(8):
        backoff.next()
    backoff.reset()
    assert [backoff.next(), backoff.next()] == [1, 2]


def test_many_gateways_that_ended_together_do_not_come_back_together() -> None:
    waits = []
    for seed in range(200):
        backoff = Backoff(Random(seed), first=8, cap=60)
        waits.append(backoff.next())
    assert min(waits) < 1 < 7 < max(waits)
    assert len(set(waits)) == 200
