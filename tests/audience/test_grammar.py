"""An audience is read as it is written, and what is wrong is said at its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.audience import And, Audience, Expression, Not, Or, Term
from bot.audience.grammar import LONGEST, parse
from bot.located import Problem, Problems
from bot.model.base import Frozen
from tests.audience.expressions import expressions

VIP, TEA, BOOKS = Term("tag", "vip"), Term("group", "sandbox/tea"), Term("group", "sandbox/books")
ACTIVE = Term("active", days=7)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("everyone", Term("everyone")),
        ("all-groups", Term("all-groups")),
        ("tag:vip", VIP),
        ("group:sandbox/tea, group:sandbox/books", Or((TEA, BOOKS))),
        ("group:sandbox/tea, group:sandbox/books,", Or((TEA, BOOKS))),
        ("tag:vip and not active:7d", And((VIP, Not(ACTIVE)))),
        ("tag:vip or group:sandbox/tea and active:7d", Or((VIP, And((TEA, ACTIVE))))),
        ("(tag:vip or group:sandbox/tea) and active:7d", And((Or((VIP, TEA)), ACTIVE))),
        ("not tag:vip and active:7d", And((Not(VIP), ACTIVE))),
        ("tag:vip AND (NOT active:7d)", And((VIP, Not(ACTIVE)))),
        ('tag:"opt out"', Term("tag", "opt out")),
        ('tag:"say \\"hi\\" \\\\"', Term("tag", 'say "hi" \\')),
        ("标签".join(["tag:", ""]), Term("tag", "标签")),
        ("tag：vip 且 非 active：7天", And((VIP, Not(ACTIVE)))),
        ("（tag:vip 或 group:sandbox/tea）且非active:7d", And((Or((VIP, TEA)), Not(ACTIVE)))),
        ("tag:“老客户”，tag:「新客户」", Or((Term("tag", "老客户"), Term("tag", "新客户")))),
        ("checked-in:daily/3d", Term("checked-in", "daily", 3)),
        ('clicked:"spring sale"/7d', Term("clicked", "spring sale", 7)),
        ('clicked:"spring/7d"', Term("clicked", "spring/7d")),
        ("clicked:https://example.com/a?b=1/7d", Term("clicked", "https://example.com/a?b=1", 7)),
        ("group:matrix/!room:example.org", Term("group", "matrix/!room:example.org")),
        ("step:tips/timed-out", Term("step", "tips/timed-out")),
        ('has_tag("vip")', VIP),
        (
            "has_tag('vip') and not checked_in('daily', days=3)",
            And((VIP, Not(Term("checked-in", "daily", 3)))),
        ),
        ('checked_in("daily")', Term("checked-in", "daily", 1)),
        ("active(days=7)", ACTIVE),
        ("attribute:phone and tag:vip", And((Term("attribute", "phone"), VIP))),
        ("attribute:level>=3", Term("attribute", "level>=3")),
        ("attribute：等级≥3", Term("attribute", "等级>=3")),
        ("not attribute:level < 3", Not(Term("attribute", "level<3"))),
        ('attribute:city="New York"', Term("attribute", "city=New York")),
        ('attribute:"city=New York"', Term("attribute", "city=New York")),
        ('attribute:"best tea"＝“白茶”', Term("attribute", "best tea=白茶")),
        ('attribute("city", "New York")', Term("attribute", "city=New York")),
        ("attribute:page=https://a.b/c?d=e", Term("attribute", "page=https://a.b/c?d=e")),
        ("tag:order or tag:android", Or((Term("tag", "order"), Term("tag", "android")))),
    ],
)
def test_a_text_means(text: str, meant: Expression) -> None:
    assert parse(text) == meant


def problem(text: str) -> Problem:
    with pytest.raises(Problems) as caught:
        parse(text, "vips.toml")
    (found,) = caught.value.problems
    return found


@pytest.mark.parametrize(
    ("text", "column", "message", "hint"),
    [
        ("", 1, "expected a term such as tag:vip", ""),
        ("tga:vip", 1, "there is no such kind of term", 'did you mean "tag"?'),
        ("tag:vip and aktive:7d", 13, "there is no such kind of term", 'did you mean "active"?'),
        ("tag:vip and", 12, "expected a term such as tag:vip", ""),
        ("and tag:vip", 1, "expected a term such as tag:vip", ""),
        ("(tag:vip", 9, 'expected ")"', ""),
        ("tag:vip)", 8, "expected and, or, or the end", ""),
        ("tag:opt out", 9, "expected and, or, or the end", "text with spaces needs quotes"),
        ("tag:", 1, "this term is not complete", "as in tag:vip"),
        ('tag:"vip', 1, "this term is not complete", "as in tag:vip"),
        ("tag:vip and active", 13, "this term is not complete", "as in active:7d"),
        ("active:vip", 1, "this term is not complete", "as in active:7d"),
        ("active:0d", 1, "expected a period between 1d and 3660d", ""),
        ("checked-in:daily", 1, "expected a period between 1d and 3660d", ""),
        ("attribute:", 1, "this term is not complete", "as in attribute:city=Shanghai"),
        ("attribute:city=", 1, "this term is not complete", "as in attribute:city=Shanghai"),
        ('attribute:city=" "', 1, "this term is not complete", "as in attribute:city=Shanghai"),
        ("attribute:=Oslo", 1, "this term is not complete", "as in attribute:city=Shanghai"),
        ("group:tea", 1, "this term is not complete", "as in group:sandbox/tea"),
        (
            "step:tips/clickd",
            1,
            "expected a step and what it did, such as step:tips/clicked",
            'did you mean "clicked"?',
        ),
        ("has_tag(vip)", 9, 'expected a text in quotes, days=3 or ")"', ""),
        ("not " * 30 + "tag:vip", 85, "nested too deeply", ""),
        ("(" * 5000, 1, "an audience may have at most 4,000 characters", ""),
        ("tag:a," * 101, 601, "an audience may have at most 100 terms", ""),
    ],
)
def test_what_is_wrong_is_said_at_its_place(
    text: str, column: int, message: str, hint: str
) -> None:
    found = problem(text)
    assert (found.place.file, found.place.line, found.place.column) == ("vips.toml", 1, column)
    assert found.message == message
    assert hint in found.hint


def test_a_problem_in_a_later_line_names_the_line() -> None:
    found = problem("tag:vip\n  and tga:x")
    assert (found.place.line, found.place.column) == (2, 7)


@given(expressions)
def test_the_canonical_text_reads_back(expression: Expression) -> None:
    assert parse(str(expression)) == expression


@given(st.text() | st.text(st.sampled_from('()（），,:"“”/7dand or not tag:vip 且或非\\')))
def test_every_text_is_an_audience_or_a_located_problem(text: str) -> None:
    try:
        found = parse(text)
    except Problems as error:
        place = error.problems[0].place
        lines = text.split("\n")
        assert 1 <= place.line <= len(lines)
        assert 1 <= place.column <= len(lines[place.line - 1]) + 1
    else:
        assert parse(str(found)) == found
        assert len(str(found)) <= LONGEST


class Settings(Frozen):
    audience: Audience


def test_a_model_holds_an_audience_as_its_text() -> None:
    made = Settings.model_validate({"audience": "tag:vip , tag:gold"})
    assert made.model_dump(mode="json") == {"audience": "tag:vip or tag:gold"}
    assert Settings.model_validate_json(made.model_dump_json()) == made
    assert Settings(audience=Audience.parse("has_tag('vip'), tag:gold")) == made


@pytest.mark.parametrize("value", [7, ["tag:vip"], None, "tga:vip"])
def test_a_model_refuses_what_is_no_audience(value: object) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"audience": value})
