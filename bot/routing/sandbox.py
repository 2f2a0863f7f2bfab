"""The sandbox: Jinja2 whose every long thing is metered, and where objects only show data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from typing import Any

from jinja2 import StrictUndefined, TemplateError, Undefined, nodes
from jinja2.filters import FILTERS
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import pass_context
from jinja2.visitor import NodeTransformer

from bot.model.phrase import Phrase

LENGTH = 20_000
"""Characters in a template, in what it makes, and in any value on the way."""
STEPS = 50_000
"""Steps of one rendering: about one for each expression met and 100 characters handled."""
RANGE = 1_000
"""Numbers in one ``range()``."""

_CALL = 20
_BITS = 1_024
_PRECISION = 10
METER = "meter!"  # no name that a template could write

_FILTERS = (
    *("abs", "capitalize", "count", "d", "default", "dictsort", "filesizeformat", "first"),
    *("float", "int", "items", "last", "length", "list", "lower", "max", "min"),
    *("reject", "rejectattr", "reverse", "select", "selectattr", "sort", "string", "sum", "title"),
    *("trim", "truncate", "unique", "upper", "urlencode", "wordcount"),
)
_METHODS: dict[type, tuple[str, ...]] = {
    str: (
        *("capitalize", "casefold", "count", "endswith", "find", "isalpha", "isdigit", "lower"),
        *("lstrip", "removeprefix", "removesuffix", "rstrip", "split", "splitlines", "startswith"),
        *("strip", "title", "upper"),
    ),
    dict: ("get", "items", "keys", "values"),
    list: ("count", "index"),
    tuple: ("count", "index"),
    LoopContext: ("changed", "cycle"),
}


class Budget:
    """The work that one rendering may still do, and the text it may still make."""

    def __init__(self) -> None:
        self.steps = STEPS
        self.room = LENGTH

    def spend(self, steps: int) -> None:
        """Pay for work; raises TemplateError when there is too much of it."""
        self.steps -= steps
        if self.steps < 0:
            raise TemplateError(
                Phrase("the template does too much: a loop is too long or too deep")
            )

    def hold(self, length: int) -> None:
        """Make room for finished text; raises TemplateError when there is none."""
        self.room -= length
        _fitting(LENGTH - self.room)

    def weigh(self, value: object) -> int:
        """The characters and elements in a value, through and through; each is paid for."""
        if isinstance(value, str):
            self.spend(1 + len(value) // 100)
            return _fitting(len(value))
        self.spend(1)
        if isinstance(value, dict):
            return self._weigh_all(part for item in value.items() for part in item)
        return self._weigh_all(value) if isinstance(value, list | tuple | set | frozenset) else 1

    def _weigh_all(self, values: Iterable[object]) -> int:
        weight = 1
        for value in values:
            weight = _fitting(weight + self.weigh(value))
        return weight


def _fitting(length: int) -> int:
    if length > LENGTH:
        raise TemplateError(Phrase("the text is longer than {n} characters", n=LENGTH))
    return length


def _budget(context: Context) -> Budget:
    budget: Budget = context[METER]
    return budget


@pass_context
def _loop(context: Context, values: Iterable[Any], cost: int) -> Iterator[Any]:
    budget = _budget(context)
    for value in values:
        budget.spend(cost)
        yield value


@pass_context
def _operand(context: Context, value: Any) -> Any:
    """What goes into a filter: long values cost more than short ones."""
    if isinstance(value, str):
        _budget(context).spend(1 + _fitting(len(value)) // 10)
    elif isinstance(value, Sized) and not isinstance(value, Undefined):
        _budget(context).spend(1 + len(value))
    return value


@pass_context
def _weighed(context: Context, value: Any) -> Any:
    _budget(context).weigh(value)
    return value


@pass_context
def _join(context: Context, values: Iterable[Any], d: str = "", attribute: Any = None) -> str:
    """``values`` as one text with ``d`` in between."""
    budget, environment = _budget(context), context.environment
    pieces: list[str] = []
    length = 0
    for value in values:
        item = value if attribute is None else environment.getitem(value, attribute)
        pieces.append(str(item))
        length = _fitting(length + len(pieces[-1]) + len(d))
        budget.spend(1)
    return d.join(pieces)


@pass_context
def _map(context: Context, values: Iterable[Any], *args: Any, **kwargs: Any) -> Iterator[Any]:
    """Jinja2's map, whose results together may be no larger than one value."""
    weight = 1
    for value in FILTERS["map"](context, values, *args, **kwargs):
        weight = _fitting(weight + _budget(context).weigh(value))
        yield value


def _replace(text: str, old: str, new: str, count: int = -1) -> str:
    text = str(text)
    times = text.count(old) if count < 0 else min(count, text.count(old))
    _fitting(len(text) + times * (len(new) - len(old)))
    return text.replace(old, new, count)


def _round(value: float, precision: int = 0) -> float:
    if abs(precision) > _PRECISION:
        raise TemplateError(Phrase("round takes at most {n} digits", n=_PRECISION))
    return round(value, precision)


def _range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > RANGE:
        raise TemplateError(Phrase("range gives at most {n} numbers", n=RANGE))
    return numbers


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja2 with what a message needs; the rest is not there."""

    intercepted_binops = frozenset({"+", "*", "%", "**"})

    def __init__(self) -> None:
        super().__init__(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
        self.globals = {"range": _range}
        self.filters = {name: FILTERS[name] for name in _FILTERS}
        self.filters |= {"join": _join, "map": _map, "replace": _replace, "round": _round}
        self.filters |= {METER: _loop, "operand!": _operand, "weighed!": _weighed}

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Objects show their data; only plain values have methods, and only harmless ones."""
        if not super().is_safe_attribute(obj, attr, value):
            return False
        return not callable(value) or attr in _METHODS.get(type(obj), ())

    def wrap_str_format(self, value: Any) -> None:
        """``str.format`` is no exception to ``is_safe_attribute``."""

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function, for its price."""
        owner = getattr(obj, "__self__", None)
        _budget(context).spend(_CALL + (len(owner) // 100 if isinstance(owner, str) else 0))
        return super().call(context, obj, *args, **kwargs)

    def call_filter(
        self,
        name: str,
        value: Any,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        context: Context | None = None,
        eval_ctx: EvalContext | None = None,
    ) -> Any:
        """Call a filter by its name, as ``map`` does, for the price of its operand."""
        value = value if context is None else _operand(context, value)
        return super().call_filter(name, value, args, kwargs, context, eval_ctx)

    def call_test(
        self,
        name: str,
        value: Any,
        args: Sequence[Any] | None = None,
        kwargs: Mapping[str, Any] | None = None,
        context: Context | None = None,
        eval_ctx: EvalContext | None = None,
    ) -> Any:
        """Call a test by its name, as ``select`` does, for the price of its operand."""
        value = value if context is None else _operand(context, value)
        return super().call_test(name, value, args, kwargs, context, eval_ctx)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Compute, unless the result would be too big."""
        if operator == "%" and isinstance(left, str | bytes):
            raise TemplateError(Phrase("% does not format here: write {{ }} or ~"))
        if operator == "*":
            _check_product(_budget(context), left, right)
        elif operator == "+" and isinstance(left, str | list | tuple):
            budget = _budget(context)
            _fitting(budget.weigh(left) + budget.weigh(right))
        return super().call_binop(context, operator, left, right)


def _check_product(budget: Budget, left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        if left.bit_length() + right.bit_length() > _BITS:
            raise TemplateError(Phrase("the number is too large"))
        return
    for value, times in ((left, right), (right, left)):
        if isinstance(times, int) and not isinstance(value, int | float):
            _fitting(budget.weigh(value) * times)


class Metering(NodeTransformer):
    """Puts a meter on everything that can be long."""

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802
        cost = 1 + sum(1 for child in node.body for _ in child.find_all(nodes.Node))
        self.generic_visit(node)
        node.iter = _filter(node.iter, METER, nodes.Const(cost))
        return node

    def visit_Filter(self, node: nodes.Filter) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        if node.node is not None:
            node.node = _filter(node.node, "operand!")
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return _filter(nodes.List(node.nodes, lineno=node.lineno), "join")

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802
        return _filter(self.generic_visit(node), "weighed!")

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802
        return _filter(self.generic_visit(node), "weighed!")

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return node if node.ctx == "store" else _filter(node, "weighed!")


def _filter(node: nodes.Node, name: str, *args: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, list(args), [], None, None, lineno=node.lineno)
