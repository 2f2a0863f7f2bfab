"""A handler: an async function whose parameters are resolved once, before the first event."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from types import SimpleNamespace, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Union

from bot.located import Place, Problem, nearest
from bot.model.event import MessageReceived
from bot.routing.index import Match
from bot.routing.rule import Found, Pass, Rule

if TYPE_CHECKING:
    from bot.routing.context import Context

Function = Callable[..., Coroutine[Any, Any, Pass | None]]
Getter = Callable[["Context", "Match[Handler]"], object]

_GETTERS: dict[str, Getter] = {
    "ctx": lambda ctx, _: ctx,
    "event": lambda ctx, _: ctx.event,
    "member": lambda ctx, _: ctx.member,
    "group": lambda ctx, _: ctx.group,
    "text": lambda _, match: match.text,
    "args": lambda _, match: match.args,
    "match": lambda _, match: match.found,
}
_ONLY_FOR = {"args": ("command", "prefix"), "match": ("regex",)}
_TYPES: dict[str, tuple[object, ...]] = {
    "text": (str,),
    "args": (str,),
    "match": (re.Match, Found),
}
_UNREADABLE = object()


@dataclass(frozen=True, slots=True)
class Handler:
    """A function ready to be called; ``place`` is where it is written."""

    function: Function
    name: str
    router: str
    place: Place
    getters: tuple[tuple[str, Getter], ...]

    def __call__(self, ctx: Context, match: Match[Handler]) -> Coroutine[Any, Any, Pass | None]:
        """Start the function with what its parameters ask for."""
        return self.function(**{name: get(ctx, match) for name, get in self.getters})


def place_of(function: Callable[..., object]) -> Place:
    """Where a function is written."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return Place(code.co_filename, code.co_firstlineno) if code else Place(repr(function))


def name_of(function: Callable[..., object]) -> str:
    """What a function is called."""
    return getattr(function, "__qualname__", repr(function))


class Resolver:
    """Finds the getters of one function's parameters; what is wrong is in ``problems``."""

    def __init__(self, rule: Rule[Function], services: Mapping[type, object]) -> None:
        self.rule = rule
        self.function = rule.payload
        self.services = services
        self.problems: list[Problem] = []

    def handler(self, router: str) -> Handler:
        """The handler; not to be called when there are problems."""
        if not inspect.iscoroutinefunction(self.function):
            self._problem("", "expected an async function", 'write "async def"')
        getters = tuple(self._getters())
        function = self.function
        return Handler(function, name_of(function), router, place_of(function), getters)

    def _getters(self) -> Iterator[tuple[str, Getter]]:
        for parameter in inspect.signature(self.function).parameters.values():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
                self._problem(parameter.name, "expected parameters with a name, got *")
            elif parameter.kind is parameter.POSITIONAL_ONLY:
                self._problem(parameter.name, "expected a parameter that can be given by name")
            elif getter := self._getter(parameter):
                yield parameter.name, getter

    def _getter(self, parameter: inspect.Parameter) -> Getter | None:
        annotation = self._annotation(parameter)
        if parameter.name in _GETTERS:
            return self._named(parameter, annotation)
        for kind in _alternatives(annotation):
            if isinstance(kind, type) and kind in self.services:
                service = self.services[kind]
                return lambda _, __: service
        self._unknown(parameter, annotation)
        return None

    def _named(self, parameter: inspect.Parameter, annotation: Any) -> Getter | None:
        name = parameter.name
        if not self._available(name):
            if parameter.default is parameter.empty:
                hint = f"give it a default, or use it with {_or(_ONLY_FOR.get(name, ('message',)))}"
                self._problem(name, f"a rule of kind {self.rule.kind} has no {name}", hint)
            return None
        if annotation not in (parameter.empty, _UNREADABLE) and not self._fits(name, annotation):
            self._problem(name, f"{name} is no {_shown(annotation)}", self._expected(name))
        return _GETTERS[name]

    def _available(self, name: str) -> bool:
        if name == "text":
            return self.rule.kind != "event"
        return name not in _ONLY_FOR or self.rule.kind in _ONLY_FOR[name]

    def _fits(self, name: str, annotation: Any) -> bool:
        kinds = [typing.get_origin(kind) or kind for kind in _alternatives(annotation)]
        if Any in kinds or object in kinds:
            return True
        if name == "event":
            events = self.rule.events or (MessageReceived,)
            types = tuple(kind for kind in kinds if isinstance(kind, type))
            return all(issubclass(event, types) for event in events)
        if name in _TYPES:
            return any(kind in _TYPES[name] for kind in kinds)
        return not any(kind in self.services or kind in (str, int, bool) for kind in kinds)

    def _expected(self, name: str) -> str:
        if name == "event":
            events = self.rule.events or (MessageReceived,)
            return "expected " + " | ".join(event.__name__ for event in events)
        if name in _TYPES:
            return f"expected {_shown(_TYPES[name][0])}"
        return f"{name} is given by its name; a service needs a parameter of another name"

    def _annotation(self, parameter: inspect.Parameter) -> Any:
        """The evaluated annotation; names imported for type checkers only are unreadable."""
        if not isinstance(parameter.annotation, str):
            return parameter.annotation
        holder = SimpleNamespace(__annotations__={"it": parameter.annotation})
        names = getattr(inspect.unwrap(self.function), "__globals__", {})
        try:
            return typing.get_type_hints(holder, globalns=names)["it"]
        except (NameError, AttributeError, TypeError, SyntaxError):
            return _UNREADABLE

    def _unknown(self, parameter: inspect.Parameter, annotation: Any) -> None:
        name, services = parameter.name, sorted(kind.__name__ for kind in self.services)
        message, hint = f"there is no {name} for handlers", nearest(name, _GETTERS)
        if not _is_close(hint) and annotation is _UNREADABLE:
            message = f"the annotation {parameter.annotation} cannot be read"
            hint = "it must be importable at run time, not only under TYPE_CHECKING"
        elif not _is_close(hint):
            if annotation is not parameter.empty:
                message = f"there is no {name}, and no service {_shown(annotation)}"
                hint = nearest(_shown(annotation), services)
            if not _is_close(hint):
                hint = "known here: " + ", ".join([*_GETTERS, *services])
        self._problem(name, message, hint)

    def _problem(self, parameter: str, message: str, hint: str = "") -> None:
        key = f"{name_of(self.function)}({parameter})" if parameter else name_of(self.function)
        self.problems.append(Problem(place_of(self.function), key, message, hint))


def _alternatives(annotation: Any) -> list[Any]:
    """The types of a union, without Annotated around them."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return _alternatives(typing.get_args(annotation)[0])
    if origin in (Union, UnionType):
        return [kind for part in typing.get_args(annotation) for kind in _alternatives(part)]
    return [annotation]


def _is_close(hint: str) -> bool:
    return hint.startswith("did you mean")


def _or(names: tuple[str, ...]) -> str:
    return " or ".join(names)


def _shown(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)
