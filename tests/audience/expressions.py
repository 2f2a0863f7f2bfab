"""Random expressions, and what they mean said slowly with sets."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

from bot.audience.expression import KINDS, OUTCOMES, And, Expression, Not, Or, Term

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(str.strip)
days = st.integers(1, 3660)


def _terms(kind: str) -> st.SearchStrategy[Term]:
    rules = KINDS[kind]
    value = texts if rules.value else st.just("")
    if kind in ("group", "was-in", "left"):
        value = st.builds("{}/{}".format, texts.filter(lambda t: "/" not in t), texts)
    elif kind == "step":
        value = st.builds(
            "{}/{}".format, texts.filter(lambda t: "/" not in t), st.sampled_from(OUTCOMES)
        )
    elif kind == "attribute":
        signs = st.sampled_from(["=", "<", "<=", ">", ">="])
        name = texts.filter(lambda t: not set(t) & set("=<>"))
        wanted = texts.filter(lambda t: t[0] != "=")
        value = name | st.builds("{}{}{}".format, name, signs, wanted)
    period = {"no": st.none(), "may": st.none() | days, "must": days}[rules.period]
    return st.builds(Term, st.just(kind), value, period)


def _joined(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(inner, min_size=2, max_size=4).map(tuple)
    return st.builds(Not, inner) | st.builds(And, several) | st.builds(Or, several)


terms: st.SearchStrategy[Expression] = st.sampled_from([*KINDS]).flatmap(_terms)
expressions: st.SearchStrategy[Expression] = st.recursive(terms, _joined, max_leaves=12)


def slowly(
    expression: Expression, leaf: Callable[[Term], set[int]], everyone: set[int]
) -> set[int]:
    """Whom it means, by the book."""
    match expression:
        case Term():
            return leaf(expression)
        case Not(of=inner):
            return everyone - slowly(inner, leaf, everyone)
        case And(of=parts):
            return set.intersection(*(slowly(part, leaf, everyone) for part in parts))
        case Or(of=parts):
            return set.union(*(slowly(part, leaf, everyone) for part in parts))
