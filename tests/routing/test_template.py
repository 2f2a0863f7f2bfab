"""Text that people write: what it can say, what is told about it, what it cannot do."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import pytest

from bot.routing.template import TemplateFailed, TemplateProblem, Templates


@dataclass
class Member:
    name: str
    days: int = 3

    def erase(self) -> str:
        return "erased"


@pytest.fixture
def templates() -> Templates:
    return Templates()


VARIABLES: dict[str, Any] = {
    "member": Member("小明"),
    "group": {"name": "tea", "size": 12},
    "names": ["a", "b", "c"],
    "link": lambda url, campaign="": f"https://l/{url}{campaign}",
}

WORKING = [
    ("{{ member.name }}，你好", "小明，你好"),
    ("{{ group.name|upper }} {{ group['size'] + 1 }}", "TEA 13"),
    ("{{ link('shop', campaign='-x') }}", "https://l/shop-x"),
    ("{% for n in names %}{{ loop.index }}{{ n }}{% if not loop.last %}, {% endif %}{% endfor %}",
     "1a, 2b, 3c"),
    ("{% if member.days > 2 %}\nlong\n{% else %}\nshort\n{% endif %}\nend", "long\nend"),
    ("{{ names|join('、') }} {{ names|length }} {{ names|map('upper')|list }}",
     "a、b、c 3 ['A', 'B', 'C']"),
    ("{% set n = names[0] ~ '!' ~ 3 %}{{ n * 2 }}", "a!3a!3"),
    ("{% for k, v in group.items() %}{{ k }}={{ v }};{% endfor %}", "name=tea;size=12;"),
    ("{{ 'x' if names is defined else 'y' }} {{ (1, 2)[1] }} {{ {'a': 1}.a }}", "x 2 1"),
    ("{{ '2024-05-01'.split('-')|last }} {{ 7 // 2 }} {{ 7 % 4 }} {{ 2.345|round(1) }}",
     "01 3 3 2.3"),
    ("{% for i in range(3) %}{{ i }}{% else %}none{% endfor %}{# unseen #}", "012"),
    ("{{ 'a-b'|replace('-', '+') }} {{ nick|default('friend') }} {{ member.name[:1] }}",
     "a+b friend 小"),
    ("<b>&</b> 5 > 3", "<b>&</b> 5 > 3"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "text"), WORKING)
def test_a_text_is_filled_in(templates: Templates, source: str, text: str) -> None:
    assert templates.render(source, VARIABLES) == text


DOUBLING = "{% set s = 'ab' %}" + "{% set s = s OP s %}" * 60 + "{{ s|length }}"
NESTED_LISTS = "{% set s = ['ab'] %}" + "{% set s = [s, s] %}" * 60 + "{{ s }}"
MANY = (
    "{% set s = 'x' * 9999 %}" + "{% set s = range(999)|MAP|list %}" * 9 + "{{ s|string|length }}"
)
HOSTILE = {
    "nested loops": "{% for a in range(999) %}" * 5 + "x" + "{% endfor %}" * 5,
    "nested silent loops": "{% for a in range(999) %}" * 15 + "{% endfor %}" * 15,
    "a long loop body": "{% for a in range(999) %}" + "{{ 'x' * 9999 > 'y' }}" * 99
    + "{% endfor %}",
    "an endless iterator": "{% for a in forever %}{% endfor %}",
    "the length of an endless iterator": "{% for a in forever %}{{ loop.length }}{% endfor %}",
    "a giant range": "{% for i in range(10 ** 9) %}{% endfor %}",
    "a far larger range": f"{{% for i in range({10**40}) %}}{{% endfor %}}",
    "a listed range": "{{ range(99999999)|list }}",
    "the sum of a range": "{{ range(99999999)|sum }}",
    "a doubling text by ~": DOUBLING.replace("OP", "~"),
    "a doubling text by +": DOUBLING.replace("OP", "+"),
    "a doubling list by +": DOUBLING.replace("OP", "+").replace("'ab'", "[1]"),
    "lists in lists": NESTED_LISTS,
    "tuples in tuples": NESTED_LISTS.replace("[", "(").replace("]", ",)"),
    "dicts in dicts": NESTED_LISTS.replace("[s, s]", "{1: s, 2: s}"),
    "defaults in a map": MANY.replace("MAP", "map(attribute='q', default=s)"),
    "defaults after a map": MANY.replace("MAP", "map(attribute='q')|map('default', s)"),
    "replacements in a map": MANY.replace("MAP", "map('replace', 1, s)"),
    "sorting in a map": "{% set s = 'x' * 9999 %}"
    + "{{ range(999)|map('replace', 0, s)|map('sort')|map('join')|map('length')|list }}" * 40,
    "groups in groups": "{{ [[1, 2]]|groupby(0)" + "|groupby(1)" * 50 + " }}",
    "sorting again and again": "{% set s = 'x' * 19999 %}{% for a in range(999) %}"
    "{% set t = s|sort|unique %}{% endfor %}",
    "searching again and again": "{% set s = 'x' * 19999 %}{% for a in range(999) %}"
    "{% for a in range(999) %}{% if s ~ 'y' in s %}{% endif %}{% endfor %}{% endfor %}",
    "splitting again and again": "{% set s = 'x' * 19999 %}{% for a in range(999) %}"
    "{{ s.split('x')|length }}{% endfor %}",
    "a text times a number": "{{ 'x' * 999999999 }}",
    "a number times a text": "{{ 999999999 * 'x' }}",
    "a list times a number": "{{ ([1] * 999999999)|length }}",
    "a growing number": "{% set n = 9 %}" + "{% set n = n * n %}" * 40 + "{{ n }}",
    "a power": "{{ 9 ** 9 ** 9 }}",
    "a number of many digits": "{{ " + "9" * 10_000 + " }}",
    "a wide %": "{{ '%999999999d' % 5 }}",
    "a wide format": "{{ '{:999999999}'.format(5) }}",
    "a wide format_map": "{{ '{a:999999999}'.format_map({'a': 5}) }}",
    "a filter for widths": "{{ 'x'|center(999999999) }}",
    "a filter for formats": "{{ '%999999999d'|format(5) }}",
    "an indentation": "{{ 'x'|indent(999999999, true) }}",
    "a method for widths": "{{ 'x'.center(999999999) }}",
    "ljust": "{{ 'x'.ljust(999999999) }}",
    "zfill": "{{ 'x'.zfill(999999999) }}",
    "expandtabs": "{{ '\t'.expandtabs(999999999) }}",
    "str.join": "{{ 'x'.join(range(9)) }}",
    "str.replace": "{{ 'x'.replace('x', 'yy') }}",
    "a growing replace": "{% set s = 'xx' %}" + "{% set s = s|replace('x', 'xx') %}" * 50,
    "a replace of nothing": "{% set s = 'x' * 19999 %}{{ s|replace('', s) }}",
    "a join of long texts": "{% set s = 'x' * 9999 %}{{ range(999)|join(s) }}",
    "lorem ipsum": "{{ lipsum(999999) }}",
    "a batch": "{{ [1]|batch(99999999, 0)|list }}",
    "slices": "{{ [1]|slice(99999999)|list }}",
    "a rounding": "{{ 5|round(-999999999) }}",
    "a macro that calls itself": "{% macro f(n) %}{{ f(n) }}{{ f(n) }}{% endmacro %}{{ f(1) }}",
    "a call block": "{% call link('x') %}{% endcall %}",
    "a recursive loop": "{% for a in names recursive %}{{ loop(names) }}{% endfor %}",
    "an include": "{% include '/etc/passwd' %}",
    "an import": "{% import 'os' as os %}",
    "an inheritance": "{% extends 'x' %}",
    "a block": "{% block a %}{{ self.a() }}{% endblock %}",
    "a namespace": "{% set ns = namespace(a=1) %}",
    "a dunder": "{{ ''.__class__ }}",
    "a dunder by key": "{{ member['__class__'] }}",
    "a dunder by attr": "{{ member|attr('__class__') }}",
    "a dunder by map": "{{ [member]|map(attribute='__class__')|first }}",
    "a dunder by sort": "{{ names|sort(attribute='__class__') }}",
    "a dunder by join": "{{ names|join(',', attribute='__class__') }}",
    "a dunder by format": "{{ '{0.__class__}'.format(member) }}",
    "a function's insides": "{{ link.__globals__ }}",
    "a method of an object": "{{ member.erase() }}",
    "a change of a list": "{{ names.append('d') }}",
    "a change of a dict": "{{ group.update({'name': 'x'}) }}",
    "the template itself": "{{ self.__init__ }}",
    "deep brackets": "{{ " + "(" * 2_000 + "1" + ")" * 2_000 + " }}",
    "deep lists": "{{ " + "[" * 90 + "1" + "]" * 90 + " }}" * 1,
    "deep minus": "{{ " + "-" * 9_000 + "1 }}",
    "deep not": "{{ " + "not " * 4_000 + "1 }}",
    "deep ifs": "{% if names %}" * 1_000 + "{% endif %}" * 1_000,
    "a long chain of filters": "{{ 'x'" + "|upper" * 3_000 + " }}",
    "a long chain of +": "{{ 1" + "+1" * 9_000 + " }}",
    "a long text": "x" * 20_001,
    "a long output": "{% set s = 'x' * 15000 %}{{ s }}{{ s }}",
    "an infinite number": "{{ names[1e999] }}",
    "a division by zero": "{{ 1 / 0 }}",
    "an unclosed tag": "{{ member.name ",
    "random characters": "{% \x00 %}{{ ☃ }}",
    "a missing variable": "{{ nmae }}",
    "a missing attribute": "{{ member.nmae }}",
    "too few arguments": "{{ link() }}",
}  # fmt: skip


def forever() -> Any:
    while True:
        yield "x"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_ends_soon_with_a_plain_error(templates: Templates, name: str) -> None:
    source = HOSTILE[name]
    started = time.process_time()
    with pytest.raises(TemplateFailed):
        templates.render(source, VARIABLES | {"forever": forever()})
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize("name", HOSTILE)
def test_a_check_of_a_hostile_text_ends_soon(templates: Templates, name: str) -> None:
    started = time.process_time()
    templates.check(HOSTILE[name], {*VARIABLES, "forever"})
    assert time.process_time() - started < 1.0


def test_a_text_changes_nothing_it_is_given(templates: Templates) -> None:
    names = ["a"]
    with pytest.raises(TemplateFailed):
        templates.render("{{ names.append('b') }}", {"names": names})
    assert names == ["a"]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("a\n{{ nobody }}", 2),
        ("a\n\n{% for x in names %}\n{{ x.y.z }}\n{% endfor %}", 4),
        ("a\nb {{ link() }}", 2),
        ("a\n{{ 'x' * 99999 }}", 2),
        ("a\n\n{% if %}", 3),
        ("a\n{% macro f() %}{% endmacro %}", 2),
        ("a\n{{ 1|nofilter }}", 2),
    ],
)
def test_an_error_names_the_line(templates: Templates, source: str, line: int) -> None:
    with pytest.raises(TemplateFailed) as failed:
        templates.render(source, VARIABLES)
    assert failed.value.line == line
    assert str(failed.value).startswith(f"line {line}: ")


def test_what_a_function_fails_with_comes_through(templates: Templates) -> None:
    def link(url: str) -> str:
        raise ConnectionError(url)

    with pytest.raises(ConnectionError):
        templates.render("{{ link('x') }}", {"link": link})


def test_one_rendering_leaves_the_next_its_whole_budget(templates: Templates) -> None:
    source = "{% for a in range(900) %}{% for b in range(9) %}{{ b }}{% endfor %}{% endfor %}"
    assert len({templates.render(source, {}) for _ in range(20)}) == 1


def test_a_check_names_the_line_and_the_nearest_name(templates: Templates) -> None:
    source = "{{ member.name }}\n{{ membr.name }} {{ lnik('x') }}\n{{ 1|uper }}\n{{ 1 is evn }}"
    assert templates.check(source, VARIABLES) == [
        TemplateProblem(2, "there is no variable lnik", 'did you mean "link"?'),
        TemplateProblem(2, "there is no variable membr", 'did you mean "member"?'),
        TemplateProblem(3, "there is no filter uper", 'did you mean "upper"?'),
        TemplateProblem(4, "there is no test evn", 'did you mean "even"?'),
    ]


def test_a_check_knows_the_values_inside_a_variable(templates: Templates) -> None:
    known = {"member.name", "member.days", "group"}
    problems = templates.check("{{ member.name }}{{ group.anything }}\n{{ member.nmae }}", known)
    assert problems == [TemplateProblem(2, "there is no value in member nmae",
                                        'did you mean "name"?')]  # fmt: skip


def test_a_check_takes_names_the_text_sets_itself(templates: Templates) -> None:
    source = "{% set a = 1 %}{% for b, c in {}.items() %}{{ a }}{{ b }}{{ loop.index }}{% endfor %}"
    assert templates.check(source, ()) == []


@pytest.mark.parametrize(
    ("source", "line", "word"),
    [
        ("a\n{% if x %}", 2, "endif"),
        ("{{ x\n}\n}}", 2, "unexpected"),
        ("\n{% include 'x' %}", 2, "include"),
        ("\n\n{{ 2 ** 3 }}", 3, "pow"),
        ("\n{% for a in x recursive %}{% endfor %}", 2, "recursive"),
    ],
)
def test_a_check_finds_what_cannot_be_read(
    templates: Templates, source: str, line: int, word: str
) -> None:
    problems = templates.check(source, {"x"})
    assert [problem.line for problem in problems] == [line]
    assert word in problems[0].message.lower()


@pytest.mark.parametrize("source", [source for source, _ in WORKING])
def test_a_check_has_nothing_against_what_works(templates: Templates, source: str) -> None:
    assert templates.check(source, {*VARIABLES, "nick"}) == []
