"""Template files: what is wrong is said with its place and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.located import Problems
from bot.routing.template import Templates
from bot.routing.writer import Writer
from bot.sop.library import Library
from bot.sop.template import Localized, Step, Template, spoken

FOLDER = Path(__file__).parents[2] / "sop_templates"

GOOD = """\
title = "茶"
anchor = "joined"
[parameters.guide_url]
type = "url"
[[step]]
id = "tips"
after = "3d"
at = "20:00"
missed = { send_late = "6h" }
unless = 'checked_in("daily", days=3)'
text = \"\"\"
{{ member.name }}，今晚的三个小技巧：
{{ link(guide_url) }}\"\"\"
"""


async def link(*_: object) -> str:
    return ""


def library(folder: Path = FOLDER) -> Library:
    templates = Templates()
    names = Writer(templates, {"link": link}).names
    return Library(folder, templates, names, ["checked_in"])


def wrong(old: str, new: str, text: str = GOOD) -> list[str]:
    assert old in text
    with pytest.raises(Problems) as caught:
        library().parse(text.replace(old, new), "t.toml")
    return [str(problem) for problem in caught.value.problems]


def test_the_template_of_the_design_is_read() -> None:
    template = library().parse(GOOD, "t.toml")
    step = template.step[0]
    assert (template.to, step.after, step.at, step.late) == (
        "member",
        259_200.0,
        "20:00",
        21_600_000,
    )
    assert step.unless == 'checked_in("daily", days=3)'


def test_a_template_is_the_same_after_being_kept() -> None:
    template = library().parse(GOOD, "t.toml")
    assert Template.model_validate_json(template.model_dump_json(by_alias=True)) == template


@pytest.mark.parametrize("name", ["new_member_week", "weekly_tips", "announcement", "birthday"])
def test_the_templates_that_come_with_it_are_right(name: str) -> None:
    template = library().get(name)
    assert isinstance(template.title, Localized)
    assert spoken(template.title, "zh") != spoken(template.title, "en")
    assert template.notes
    assert name in library().names()


def test_nothing_is_wrong_with_the_library() -> None:
    assert library().check() == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "member.name",
            "member.nmae",
            't.toml:12: step[0].text: there is no value in member nmae; did you mean "name"?',
        ),
        (
            "link(guide_url)",
            "link(guide_ulr)",
            't.toml:13: step[0].text: there is no variable guide_ulr; did you mean "guide_url"?',
        ),
        (
            "checked_in",
            "check_in",
            't.toml:10: step[0].unless: there is no variable check_in; did you mean "checked_in"?',
        ),
        (
            'after = "3d"',
            'after = "3 Tage"',
            't.toml:7: step[0].after: expected seconds, or a duration such as "30s", "6h" or "3d",'
            ' got "3 Tage"',
        ),
        (
            'after = "3d"',
            'after = "36h"',
            't.toml:7: step[0].after: expected whole days beside "at"; such as "3d"',
        ),
        (
            'missed = { send_late = "6h" }',
            'missed = "ask"',
            't.toml:9: step[0].missed: expected "skip" or a table { send_late = "6h" }, got "ask"',
        ),
        (
            'at = "20:00"',
            'every = "0 20 * * *"',
            "t.toml:8: step[0].every: this anchor does not take it; known here: after, at",
        ),
        (
            'anchor = "joined"',
            'anchor = "joind"',
            't.toml:2: anchor: expected "joined", "calendar", { attribute = "birthday" } or'
            ' { date = "a parameter" }, got "joind"; did you mean "joined"?',
        ),
        ("at = ", "att = ", 't.toml:8: step[0].att: unknown key; did you mean "at"?'),
    ],
)
def test_a_mistake_has_its_place(old: str, new: str, problem: str) -> None:
    assert problem in wrong(old, new)


def test_a_bad_cron_has_its_place() -> None:
    text = 'title="t"\nanchor="calendar"\n[[step]]\nid="s"\ntext="x"\nevery="0 25 * * *"\n'
    (problem,) = wrong('"x"', '"y"', text)
    assert problem.startswith("t.toml:6: step[0].every: not a cron expression")


def test_a_group_step_has_no_member() -> None:
    text = 'title="t"\nanchor="calendar"\n[[step]]\nid="s"\ntext="x"\nevery="0 9 * * *"\n'
    (problem,) = wrong('"x"', '"{{ member.name }}"', text)
    assert problem.startswith("t.toml:5: step[0].text: there is no variable member")


@pytest.mark.parametrize(
    "loop",
    [
        "{% for i in range(10000000) %}x{% endfor %}",
        "{% for i in range(9000) %}{% for j in range(9000) %}x{% endfor %}{% endfor %}",
        "{{ 'x' * 100000000 }}",
    ],
)
def test_an_endless_loop_is_found_before_it_is_sent(loop: str) -> None:
    (problem,) = wrong("{{ member.name }}", loop)
    assert problem.startswith("t.toml:11: step[0].text: ")


def test_two_steps_of_one_name_are_a_mistake() -> None:
    (problem,) = wrong("[[step]]", '[[step]]\nid = "tips"\nafter = "1d"\ntext = "x"\n[[step]]')
    assert problem == 't.toml:9: step[1].id: another step is called "tips" too'.replace(
        ":9:", ":10:"
    )


def test_a_condition_is_an_expression_and_nothing_else() -> None:
    (problem,) = wrong("'checked_in(\"daily\", days=3)'", "'1) }}{{ (1'")
    assert "expected a condition such as" in problem


def test_a_default_must_fit_its_type() -> None:
    (problem,) = wrong('type = "url"', 'type = "url"\ndefault = "guide"')
    assert problem == "t.toml:5: parameters.guide_url.default: expected an http or https URL"


def test_a_template_nobody_has_names_the_nearest() -> None:
    with pytest.raises(Problems, match='did you mean "birthday"'):
        library().get("brithday")


def test_references_are_replaced_by_their_values() -> None:
    template = (
        library().get("announcement").settled({"text": "x", "day": "2026-07-01", "time": "09:30"})
    )
    assert [(step.id, step.at) for step in template.step] == [("announcement", "09:30")]
    assert isinstance(template.step[0], Step)
