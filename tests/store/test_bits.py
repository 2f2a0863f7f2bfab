"""Bits are a set of numbers, whatever the numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.bits import Bits

numbers = st.sets(st.integers(0, 70_000) | st.integers(0, 40))


@given(numbers, numbers)
def test_algebra_is_that_of_sets(one: set[int], other: set[int]) -> None:
    a, b = Bits.of(one), Bits.of(other)
    assert set(a & b) == one & other
    assert set(a | b) == one | other == set(Bits.union([a, b]))
    assert set(a - b) == one - other
    assert (a == b) is (one == other)
    assert bool(a) is bool(one)


@given(numbers)
def test_numbers_come_in_order_and_are_counted(one: set[int]) -> None:
    made = Bits.of(one)
    assert [*made] == sorted(one)
    assert made.count() == len(one)
    assert all(number in made for number in one)
    assert not any(number in made for number in (-1, 70_001, 10**9))


@given(numbers, st.integers(0, 60), st.integers(0, 30))
def test_a_page_is_a_slice_of_the_numbers(one: set[int], start: int, limit: int) -> None:
    assert Bits.of(one).numbers(start, limit) == sorted(one)[start : start + limit]


@given(numbers)
def test_a_bitmap_is_as_the_server_writes_it(one: set[int]) -> None:
    bitmap = Bits.of(one).bitmap()
    written = "".join(f"{byte:08b}" for byte in bitmap)  # the first bit is the highest
    assert [n for n, bit in enumerate(written) if bit == "1"] == sorted(one)
    assert Bits.of_bitmap(bitmap + b"\0\0") == Bits.of(one)


def test_a_page_deep_in_a_million_is_found() -> None:
    assert Bits.of(range(0, 1_000_000, 2)).numbers(400_000, 3) == [800_000, 800_002, 800_004]


def test_there_are_no_negative_numbers() -> None:
    with pytest.raises(IndexError):
        Bits.of([-1])
