"""Routers: where handlers say which events they are for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict, TypeVar, Unpack, get_args

from bot.located import Place, Problem, Problems
from bot.model.event import BaseEvent
from bot.routing.fold import fold
from bot.routing.handler import Function, Handler, Resolver, name_of, place_of
from bot.routing.index import Index
from bot.routing.rule import Kind, Pattern, Rule, handler_pattern

F = TypeVar("F", bound=Function)
Role = Literal["viewer", "manager", "admin"]


class Options(TypedDict, total=False):
    """What every rule can say.

    ``priority``: higher goes first (0). ``direct``: only direct chats (True) or only groups
    (False). ``role``: the operator role the speaker needs. ``help``: one line for the list of
    what the bot can do.
    """

    priority: int
    direct: bool | None
    role: Role | None
    help: str


class Router:
    """A named set of rules and their handlers, given to the app by config.

    A handler is an async function. Its parameters are given by name (``ctx``, ``event``,
    ``text``, ``args``, ``match``, ``member``, ``group``) or, for the app's services, by type.
    Returning PASS leaves the event to the next rule that matches. What is wrong with a rule is
    kept in ``problems`` and raised when the app compiles its routers.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.rules: list[Rule[Function]] = []
        self.problems: list[Problem] = []

    def keyword(
        self, *words: str, contains: bool = False, **options: Unpack[Options]
    ) -> Callable[[F], F]:
        """For messages that say one of the words and nothing else, or ``contains`` one."""
        return self._rule("contains" if contains else "exact", words, options)

    def prefix(self, *words: str, **options: Unpack[Options]) -> Callable[[F], F]:
        """For messages that begin with one of the words; ``args`` is what follows."""
        return self._rule("prefix", words, options)

    def command(self, *names: str, **options: Unpack[Options]) -> Callable[[F], F]:
        """For messages such as ``/stats spring-sale``; ``args`` is what follows the name.

        A name may be of several words: ``sop list``.
        """
        return self._rule("command", names, options)

    def regex(self, pattern: str | re.Pattern[str], **options: Unpack[Options]) -> Callable[[F], F]:
        """For messages in which the pattern is found, as written or folded; gives ``match``."""
        source = pattern if isinstance(pattern, str) else pattern.pattern
        compiled = pattern if isinstance(pattern, re.Pattern) else None
        return self._rule("regex", (source,), options, pattern=compiled)

    def message(self, **options: Unpack[Options]) -> Callable[[F], F]:
        """For every message that nothing more specific took."""
        return self._rule("any", (), options)

    def on(self, *events: type[BaseEvent], **options: Unpack[Options]) -> Callable[[F], F]:
        """For all events of these classes."""
        return self._rule("event", (), options, events=events)

    def _rule(
        self,
        kind: Kind,
        words: tuple[str, ...],
        options: Options,
        pattern: Pattern | None = None,
        events: tuple[type[BaseEvent], ...] = (),
    ) -> Callable[[F], F]:
        def register(function: F) -> F:
            try:
                _check(options, events)
                found = handler_pattern(words[0]) if kind == "regex" and not pattern else pattern
                self.rules.append(
                    Rule(
                        kind=kind,
                        payload=function,
                        words=words,
                        pattern=found,
                        events=events,
                        **options,
                    )
                )
            except ValueError as error:
                self.problems.append(Problem(place_of(function), name_of(function), str(error)))
            return function

        return register


def _check(options: Options, events: tuple[type[BaseEvent], ...]) -> None:
    """Raises ValueError for what a type checker would have found."""
    if unknown := options.keys() - Options.__annotations__.keys():
        known = ", ".join(Options.__annotations__)
        raise ValueError(f"there is no option {', '.join(unknown)}; known here: {known}")
    if (role := options.get("role")) not in (None, *get_args(Role)):
        raise ValueError(f'there is no role "{role}"; known here: {", ".join(get_args(Role))}')
    for event in events:
        if not (isinstance(event, type) and issubclass(event, BaseEvent)):
            raise ValueError(f"{event!r} is no class of events, such as MemberJoined")


def compile_routers(routers: Sequence[Router], services: Mapping[type, object]) -> Index[Handler]:
    """Resolve every handler's parameters and build the index.

    ``services`` are what parameters can ask for by type. Raises Problems: everything that is
    wrong with all handlers, each with its file and line.
    """
    problems: list[Problem] = []
    rules: list[Rule[Handler]] = []
    for router in routers:
        problems += router.problems + _duplicates(router)
        for rule in router.rules:
            resolver = Resolver(rule, services)
            handler = resolver.handler(router.name)
            problems += resolver.problems
            rules.append(_with(rule, handler))
    if problems:
        raise Problems(problems)
    return Index(rules)


def _with(rule: Rule[Function], handler: Handler) -> Rule[Handler]:
    return Rule(
        kind=rule.kind,
        payload=handler,
        words=rule.words,
        pattern=rule.pattern,
        events=rule.events,
        priority=rule.priority,
        direct=rule.direct,
        role=rule.role,
        help=rule.help,
    )


@dataclass(frozen=True, slots=True)
class _Spot:
    kind: Kind
    folded: str
    priority: int
    direct: bool | None


def _duplicates(router: Router) -> list[Problem]:
    """Words that lead to two handlers of one router, of which the second would never be asked."""
    problems = []
    first: dict[_Spot, Place] = {}
    for rule in router.rules:
        if rule.kind not in ("exact", "command"):
            continue
        here = place_of(rule.payload)
        for word in rule.words:
            spot = _Spot(rule.kind, fold(word), rule.priority, rule.direct)
            if spot in first:
                message = f'"{word}" is already taken, at {first[spot]}'
                problems.append(Problem(here, name_of(rule.payload), message))
            first.setdefault(spot, here)
    return problems
