"""Conditions: asked of the rooms, evaluated in the sandbox."""

from __future__ import annotations

import pytest

from bot.routing.template import TemplateFailed, Templates
from bot.routing.writer import Reader
from bot.sop.condition import Conditions


class Asked:
    """Answers from a table, and counts."""

    def __init__(self, **answers: int) -> None:
        self.answers = answers
        self.count = 0

    async def __call__(self, reader: Reader, name: str) -> int:
        self.count += 1
        return self.answers.get(name, 0)


@pytest.mark.parametrize(
    ("condition", "holds", "questions"),
    [
        ('points("a") > 3', True, 1),
        ('points("a") > 3 and points("b") > 3', False, 2),
        ('points("b") > 3 or points("a") > 3', True, 2),
        ('points("a") == points("a")', True, 1),
        ('not points("b")', True, 1),
        ('member.name == "小明"', True, 0),
        ('points("a") if points("b") == 0 else 0', True, 2),
    ],
)
async def test_an_expression_asks_each_question_once(
    condition: str, holds: bool, questions: int
) -> None:
    asked = Asked(a=5)
    conditions = Conditions(Templates(), {"points": asked})
    condition = condition if "if points" not in condition else f"({condition}) > 0"
    assert await conditions.hold(condition, {"member": {"name": "小明"}}, Reader()) is holds
    assert asked.count == questions


async def test_what_cannot_be_told_is_an_error() -> None:
    conditions = Conditions(Templates(), {"points": Asked()})
    for condition in ("1 // points('x')", "nobody", "1 }}{{ 1", "points('a'"):
        with pytest.raises(TemplateFailed):
            await conditions.hold(condition, {}, Reader())


async def test_a_condition_that_asks_without_end_ends() -> None:
    class More(Asked):
        async def __call__(self, reader: Reader, name: str) -> int:
            return len(name)

    conditions = Conditions(Templates(), {"points": More()})
    endless = 'points("x" * (points("x" * (points("x") + 1)) + 1))'
    assert await conditions.hold(f"{endless} > 0", {}, Reader())
    with pytest.raises(TemplateFailed):
        await conditions.hold("[points(i ~ '') for i in range(9)]", {}, Reader())
