"""Conditions: ``if`` and ``unless`` of a step, asked for one target at its time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from bot.routing.template import TemplateFailed, Templates
from bot.routing.writer import Reader

Condition = Callable[..., Awaitable[bool | int]]
"""An async function for conditions; its first argument is the Reader."""

ROUNDS = 16
"""Questions that may follow from each other's answers in one condition."""

Call = tuple[str, tuple[Any, ...], tuple[tuple[str, Any], ...]]


def expression(condition: str) -> str | None:
    """A condition as the text that says "1" when it holds; None when it is no expression."""
    if any(mark in condition for mark in ("{{", "}}", "{%", "%}", "{#", "#}")):
        return None
    return "{{ 1 if (" + condition + ") else 0 }}"


def sample_functions(names: Collection[str]) -> dict[str, Callable[..., str]]:
    """Functions that do nothing, for trials."""

    def nothing(*_: Any, **__: Any) -> str:
        return ""

    return dict.fromkeys(names, nothing)


class Conditions:
    """Evaluates conditions in the sandbox with the async functions the rooms give it."""

    def __init__(self, templates: Templates, functions: Mapping[str, Condition]) -> None:
        self._templates = templates
        self._functions = functions

    async def hold(self, condition: str, variables: Mapping[str, Any], reader: Reader) -> bool:
        """Whether it holds; raises TemplateFailed when it cannot be told.

        The expression runs without waiting: what it asks is noted and answered, until it has run
        with every answer it needs.
        """
        source, answers = expression(condition), dict[Call, Any]()
        if source is None:
            raise TemplateFailed("not a condition")
        for _ in range(ROUNDS):
            asked: list[Call] = []
            text, failure = "", None
            try:
                text = self._templates.render(source, {**variables, **self._bound(answers, asked)})
            except TemplateFailed as error:
                failure = error
            if not asked:
                if failure is not None:
                    raise failure
                return text == "1"
            for call in dict.fromkeys(asked):
                name, args, named = call
                answers[call] = await self._functions[name](reader, *args, **dict(named))
        raise TemplateFailed("the condition asks too much")

    def _bound(
        self, answers: Mapping[Call, Any], asked: list[Call]
    ) -> dict[str, Callable[..., Any]]:
        def bind(name: str) -> Callable[..., Any]:
            def ask(*args: Any, **named: Any) -> Any:
                call = (name, args, tuple(sorted(named.items())))
                if call not in answers:
                    asked.append(call)
                return answers.get(call, False)

            return ask

        return {name: bind(name) for name in self._functions}
