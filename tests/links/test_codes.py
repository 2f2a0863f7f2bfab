"""What a code says comes back, and nothing we did not make is believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.links.codes import LETTERS, Code, Codes

codes = Codes(b"k" * 32)
number = st.integers(0, 2**40)
code = st.builds(Code, st.integers(1, 2**40), number, number, number)


@given(code)
def test_a_code_says_what_was_put_into_it(made: Code) -> None:
    letters = codes.pack(made)
    assert codes.unpack(letters) == made
    assert letters.isascii()
    assert letters.isalnum()


@given(code, code)
def test_two_codes_are_never_spelt_the_same(one: Code, other: Code) -> None:
    assert (codes.pack(one) == codes.pack(other)) == (one == other)


@given(code, st.integers(0, 30), st.sampled_from(LETTERS))
def test_a_changed_letter_is_noticed(made: Code, at: int, letter: str) -> None:
    letters = codes.pack(made)
    at %= len(letters)
    changed = letters[:at] + letter + letters[at + 1 :]
    assert codes.unpack(changed) == (made if changed == letters else None)


@given(st.text(max_size=60))
def test_anything_else_is_no_code(text: str) -> None:
    assert codes.unpack(text) is None


@given(code)
def test_another_workspace_does_not_know_our_codes(made: Code) -> None:
    assert Codes(b"x" * 32).unpack(codes.pack(made)) is None


def test_a_code_is_short() -> None:
    assert len(codes.pack(Code(12))) <= 9
    assert len(codes.pack(Code(12, 3, 40, 12_345))) <= 15


def test_leading_zeros_are_another_spelling_and_refused() -> None:
    assert codes.unpack("0" + codes.pack(Code(1))) is None


def test_there_is_no_link_zero() -> None:
    with pytest.raises(ValueError, match="no link"):
        codes.pack(Code(0, 1))
