"""Templates: text that people write, rendered where it can neither reach out nor run on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Any

from jinja2 import Template, TemplateError, TemplateSyntaxError, meta, nodes

from bot.i18n.mark import msgid
from bot.located import nearest
from bot.model.phrase import Phrase
from bot.routing.jinja import MISTAKES
from bot.routing.sandbox import LENGTH, METER, Budget, Metering, Sandbox

DEPTH = 60
"""Levels of nesting in a template."""

_TOO_DEEP = Phrase("the template is nested too deeply")
_STATEMENTS = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.For, nodes.If, nodes.Assign)
_EXPRESSIONS = (
    *(nodes.Name, nodes.Const, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Keyword),
    *(nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Call, nodes.Filter, nodes.Test),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg, nodes.Pos),
    *(nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.CondExpr, nodes.Concat),
)
_FAILURES = (
    *(TemplateError, ArithmeticError, AttributeError, LookupError, MemoryError, NameError),
    *(RecursionError, SyntaxError, TypeError, ValueError),
)


_SANDBOX = Sandbox()
"""It keeps nothing of what it compiles, so one is enough; so are the caches below."""


class TemplateFailed(Exception):
    """A text that could not be rendered; ``line`` counts from 1, 0 when it is unknown."""

    def __init__(self, message: str, line: int = 0) -> None:
        what = Phrase.of(message)
        super().__init__(Phrase("line {n}: {what}", n=line, what=what) if line else what)
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True, order=True)
class TemplateProblem:
    """One thing to correct in a template; ``hint`` gives the nearest valid name."""

    line: int
    message: str
    hint: str = ""


class Templates:
    """Renders Jinja2 in a sandbox: strict names, data but no objects' methods, bounded work.

    Macros, blocks, imports and includes are left out: nothing a message needs.
    """

    def render(self, source: str, variables: Mapping[str, Any]) -> str:
        """The text with its variables filled in; functions among them are called as they are.

        Raises TemplateFailed; what a function raises that says nothing about the template (such
        as OSError) comes through.
        """
        template = _compiled(source)
        pieces: list[str] = []
        budget = Budget()
        try:
            context = template.new_context({**variables, METER: budget})
            for piece in template.root_render_func(context):
                budget.hold(len(piece))
                pieces.append(piece)
        except _FAILURES as error:
            raise TemplateFailed(_message(error), _line(error.__traceback__, template)) from error
        return "".join(pieces)

    def check(self, source: str, known: Collection[str]) -> list[TemplateProblem]:
        """What is wrong with a template that is to be given the variables ``known``.

        A known name may be dotted: where ``member.name`` is, ``member.nmae`` is a problem.
        """
        return [*_problems(source, frozenset(known))]


@lru_cache(2048)
def _problems(source: str, known: frozenset[str]) -> tuple[TemplateProblem, ...]:
    try:
        tree = _read(source)
    except TemplateFailed as error:
        return (TemplateProblem(error.line, error.message),)
    problems = {*_unavailable(tree), *_unknown(tree, known)}
    if not problems:
        try:
            _compiled(source)
        except TemplateFailed as error:
            problems = {TemplateProblem(error.line, error.message)}
    return tuple(sorted(problems))


def _read(source: str) -> nodes.Template:
    """The syntax tree; raises TemplateFailed."""
    if len(source) > LENGTH:
        raise TemplateFailed(Phrase("the template is longer than {n} characters", n=LENGTH))
    try:
        tree = _SANDBOX.parse(source)
    except TemplateSyntaxError as error:
        raise TemplateFailed(_message(error), error.lineno) from None
    except (RecursionError, ValueError) as error:
        raise TemplateFailed(_message(error)) from None
    _check_depth(tree)
    return tree


@lru_cache(512)
def _compiled(source: str) -> Template:
    tree = _read(source)
    for problem in _unavailable(tree):
        raise TemplateFailed(problem.message, problem.line)
    try:
        code = _SANDBOX.compile(Metering().visit(tree))
        # A plain dict: Jinja's chain of them is walked at each rendering.
        return Template.from_code(_SANDBOX, code, dict(_SANDBOX.globals))
    except _FAILURES as error:
        line = error.lineno if isinstance(error, TemplateSyntaxError) else 0
        raise TemplateFailed(_message(error), line) from None


def _check_depth(tree: nodes.Template) -> None:
    """Look without recursion at how deep a tree is, for all who walk it with recursion."""
    level: list[nodes.Node] = [tree]
    for _ in range(DEPTH):
        level = [child for node in level for child in node.iter_child_nodes()]
    if level:
        raise TemplateFailed(_TOO_DEEP, level[0].lineno)


def _unavailable(tree: nodes.Template) -> Iterator[TemplateProblem]:
    """What the language of messages does not have."""
    for node in tree.find_all(nodes.Node):
        name = type(node).__name__.lower()
        if not isinstance(node, _STATEMENTS + _EXPRESSIONS):
            message = Phrase("{name} is not available in texts", name=name)
            yield TemplateProblem(node.lineno, message)
        elif isinstance(node, nodes.For) and node.recursive:
            message = Phrase("recursive loops are not available in texts")
            yield TemplateProblem(node.lineno, message)


def _unknown(tree: nodes.Template, known: Collection[str]) -> Iterator[TemplateProblem]:
    """Names, attributes, filters and tests that do not exist."""
    roots = {name.split(".")[0] for name in known} | _SANDBOX.globals.keys()
    for call in tree.find_all((nodes.Filter, nodes.Test)):
        text, names = msgid("there is no filter {name}"), _SANDBOX.filters
        if isinstance(call, nodes.Test):
            text, names = msgid("there is no test {name}"), _SANDBOX.tests
        if call.name not in names:
            yield _named(text, call.name, filter(str.isidentifier, names), call)
            call.name = "lower"  # any that exists, for what Jinja2 does next
    missing = meta.find_undeclared_variables(tree) - roots
    for name in tree.find_all(nodes.Name):
        if name.name in missing:
            yield _named(msgid("there is no variable {name}"), name.name, roots, name)
    for value in tree.find_all(nodes.Getattr):
        root = value.node.name if isinstance(value.node, nodes.Name) else ""
        inside = {name.split(".")[1] for name in known if name.startswith(f"{root}.")}
        if inside and value.attr not in inside:
            text = msgid("there is no value in {root} {name}")
            yield _named(text, value.attr, inside, value, root=root)


def _named(
    text: str, name: str, names: Iterable[str], node: nodes.Node, **values: str
) -> TemplateProblem:
    return TemplateProblem(node.lineno, Phrase(text, name=name, **values), nearest(name, names))


def _message(error: BaseException) -> Phrase:
    if isinstance(error, RecursionError | MemoryError | SyntaxError):
        return _TOO_DEEP
    said = Phrase.of(error) or Phrase(type(error).__name__)
    return said if said.values else Phrase.heard(said, MISTAKES)


def _line(traceback: TracebackType | None, template: Template) -> int:
    """The line of the template that a traceback came through last."""
    line = 0
    while traceback is not None:
        if traceback.tb_frame.f_globals is template.root_render_func.__globals__:
            line = template.get_corresponding_lineno(traceback.tb_lineno)
        traceback = traceback.tb_next
    return line
