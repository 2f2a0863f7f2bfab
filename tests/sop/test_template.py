"""Template files: what is wrong is said with its place and what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.located import Problems
from bot.routing.template import Templates
from bot.routing.writer import Writer
from bot.sop.templates.library import Library
from bot.sop.templates.template import Template

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


def library(folder: Path = Path("nowhere")) -> Library:
    templates = Templates()
    return Library(folder, templates, Writer(templates, {"link": link}).names)


def problems(text: str) -> list[str]:
    """What is said of a template, without the file's name."""
    try:
        library().parse(text, "t.toml")
    except Problems as found:
        return [str(problem).removeprefix("t.toml:") for problem in found.problems]
    return []


def step(keys: str, anchor: str = '"joined"', head: str = "") -> str:
    """A template with one step, whose keys begin in line 6 with ``head`` in line 3."""
    return f'title = "t"\nanchor = {anchor}\n{head}\n[[step]]\nid = "s"\n{keys}\n'


def wrong(old: str, new: str) -> list[str]:
    assert old in GOOD
    return problems(GOOD.replace(old, new))


def test_the_template_of_the_design_is_read() -> None:
    template = library().parse(GOOD, "t.toml")
    (first,) = template.step
    assert (template.to, first.after, first.at, first.late) == (
        "member",
        259_200.0,
        "20:00",
        21_600_000,
    )
    assert str(first.unless) == "checked-in:daily/3d"


def test_a_template_is_the_same_after_being_kept() -> None:
    guards = (
        'guards = { rate = "60/1m", pause_on_failures = "20%", stop_when = "tag:vip",'
        ' blackout = ["2026-10-01/2026-10-07"] }'
    )
    template = library().parse(GOOD.replace('"joined"', f'"joined"\n{guards}'), "t.toml")
    assert template.guards.rate
    assert Template.model_validate_json(template.model_dump_json(by_alias=True)) == template


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "member.name",
            "member.nmae",
            '12: step[0].text: there is no value in member nmae; did you mean "name"?',
        ),
        (
            "link(guide_url)",
            "link(guide_ulr)",
            '13: step[0].text: there is no variable guide_ulr; did you mean "guide_url"?',
        ),
        (
            'after = "3d"',
            'after = "3 Tage"',
            '7: step[0].after: expected seconds, or a duration such as "30s", "6h" or "3d",'
            ' got "3 Tage"',
        ),
        (
            'after = "3d"',
            'after = "36h"',
            '7: step[0].after: expected whole days beside "at"; such as "3d"',
        ),
        (
            'missed = { send_late = "6h" }',
            'missed = "aks"',
            '9: step[0].missed: expected "skip", "ask" or a table { send_late = "6h" }, got "aks"'
            '; did you mean "ask"?',
        ),
        ("at = ", "att = ", '8: step[0].att: unknown key; did you mean "at"?'),
        (
            '"url"',
            '"url"\ndefault = "guide"',
            "5: parameters.guide_url.default: expected an http or https URL",
        ),
        (
            "[parameters.guide_url]",
            "[parameters.link]",
            "3: parameters.link: expected a name of letters, digits and _ that is not taken",
        ),
        (
            "[parameters.guide_url]",
            'guards.pause_on_failures = "many"\n[parameters.guide_url]',
            '3: guards.pause_on_failures: expected a share such as "20%", got "many"',
        ),
    ],
)
def test_a_mistake_has_its_place(old: str, new: str, problem: str) -> None:
    assert problem in wrong(old, new)


def test_an_anchor_nobody_knows_names_the_nearest() -> None:
    (problem,) = wrong('"joined"', '"joind"')
    assert problem.startswith('2: anchor: expected "joined", "contact_added", "group_created"')
    assert problem.endswith('got "joind"; did you mean "joined"?')


DATE = '{ date = "day" }'
DAY = '[parameters]\nday = { type = "date" }'
BIRTHDAY = '{ attribute = "birthday" }'
VISIT = '{ attribute = "visit", yearly = false }'


@pytest.mark.parametrize(
    ("anchor", "keys"),
    [
        ('"joined"', 'after = "10m"'),
        ('"contact_added"', 'after = "2d"\nat = "19:00"\nuntil = "21:00"\nspread = "random"'),
        ('"enrolled"', 'after = "0s"'),
        ('{ tag = "vip" }', 'after = "1h"'),
        ('"group_created"', 'after = "3d"\nat = "21:00"'),
        (BIRTHDAY, 'at = "09:00"'),
        (BIRTHDAY, 'before = "3d"\nat = "09:00"'),
        (VISIT, 'before = "2h"'),
        (VISIT, 'before = "1d"\nat = "18:00"'),
        (DATE, 'after = "1d"\nat = "18:00"'),
        ('{ date = "day", time = "start" }', 'before = "10m"'),
        ('{ date = "day", time = "start" }', ""),
        ('"calendar"', 'every = "0 9 * * *"\nuntil = "10:00"'),
        ('"calendar"', 'every = { parameter = "often" }'),
        ('"calendar"', 'weekly = ["mon", "thu"]\nat = { parameter = "start" }\nuntil = "21:00"'),
        (
            '"calendar"',
            'monthly = [1, 15, "last"]\nat = "09:00"\ndays = "workday"\nclosed = "next"',
        ),
        ('"calendar"', 'on = 2026-12-24\nat = "09:00"'),
        ('"calendar"', 'on = { parameter = "day" }\nat = "09:00"'),
        ('"calendar"', 'lunar = "08-15"\nat = "19:00"'),
        ('"calendar"', 'holiday = "national-day"\nbefore = "1d"\nat = "17:00"'),
    ],
)
def test_these_ways_to_say_when_are_right(anchor: str, keys: str) -> None:
    given = {"day": "date", "start": "time", "often": "cron"}
    parameters = "".join(f'parameters.{name}.type = "{kind}"\n' for name, kind in given.items())
    assert problems(step(f'{keys}\ntext = "x"', anchor, parameters)) == []


@pytest.mark.parametrize(
    ("anchor", "keys", "problem"),
    [
        ('"joined"', 'at = "20:00"', "4: step[0].after: missing; expected a duration such as 3d"),
        (
            '"joined"',
            'after = "1d"\nevery = "0 9 * * *"',
            "7: step[0].every: this anchor does not take it; known here: after, at, spread, until",
        ),
        (
            '{ tag = "vip" }',
            'after = "1d"\nbefore = "1d"',
            "7: step[0].before: this anchor does not take it; known here: after, at, spread, until",
        ),
        (BIRTHDAY, 'before = "1d"', "4: step[0].at: missing; expected a time of day"),
        (
            BIRTHDAY,
            'after = "1d"\nbefore = "1d"\nat = "9:00"',
            '7: step[0].before: expected either "after" or "before"',
        ),
        (
            VISIT,
            'before = "2h"\nat = "9:00"',
            '6: step[0].before: expected whole days beside "at"; such as "3d"',
        ),
        (
            '"calendar"',
            'at = "9:00"',
            "4: step[0].every: missing; expected one of every, weekly, monthly, on, lunar, holiday",
        ),
        (
            '"calendar"',
            'weekly = "mon"\nlunar = "08-15"\nat = "9:00"',
            "7: step[0].lunar: expected one of every, weekly, monthly, on, lunar, holiday, and"
            ' "weekly" is there',
        ),
        ('"calendar"', 'weekly = "mon"', "4: step[0].at: missing; expected a time of day"),
        (
            '"calendar"',
            'every = "0 9 * * *"\nat = "9:00"',
            '7: step[0].at: "every" has its own time of day',
        ),
        (
            '"calendar"',
            'weekly = "mon"\nafter = "1d"\nat = "9:00"',
            '7: step[0].after: expected beside "holiday" only',
        ),
        (
            '"calendar"',
            'holiday = "national-day"\nbefore = "2h"\nat = "9:00"',
            '7: step[0].before: expected whole days beside "holiday"; such as "3d"',
        ),
        (
            '"calendar"',
            'weekly = ["mon", "thr"]\nat = "9:00"',
            '6: step[0].weekly: expected weekdays such as "mon"; did you mean "thu"?',
        ),
        (
            '"calendar"',
            'holiday = "midautumn"\nat = "9:00"',
            '6: step[0].holiday: expected a public holiday; did you mean "mid-autumn"?',
        ),
        (
            '"calendar"',
            'lunar = "13-01"\nat = "9:00"',
            '6: step[0].lunar: expected a lunar month and day such as "08-15"',
        ),
        (
            '"calendar"',
            'weekly = "mon"\nat = "9:00"\nclosed = "next"',
            '8: step[0].closed: a step moves only to a "workday" or "restday"; set days',
        ),
        ('"calendar"', 'every = "0 25 * * *"', "6: step[0].every: not a cron expression: Bad hour"),
        (
            '"joined"',
            'after = "1d"\nuntil = "21:00"',
            '7: step[0].until: expected beside "at", where the window begins',
        ),
        (
            '"joined"',
            'after = "1d"\nat = "21:00"\nuntil = "21:00"',
            '8: step[0].until: expected another time of day than "at"',
        ),
        (
            '"joined"',
            'after = "1d"\nspread = "random"',
            '7: step[0].spread: expected beside "until" only',
        ),
        (
            '"joined"',
            'after = "1d"\nat = { parameter = "day" }',
            '7: step[0].at: there is no parameter "day"',
        ),
    ],
)
def test_times_that_do_not_go_together_are_mistakes(anchor: str, keys: str, problem: str) -> None:
    assert problem in problems(step(f'{keys}\ntext = "x"', anchor))


def test_a_date_without_a_time_needs_one_in_each_step() -> None:
    (problem,) = problems(step('text = "x"', DATE, DAY))
    assert problem.endswith('].at: missing; expected a time of day; or give the anchor a "time"')


def test_an_anchors_parameters_must_be_there_and_of_their_type() -> None:
    anchor = '{ date = "dya", time = "day" }'
    assert problems(step('text = "x"', anchor, DAY)) == [
        '2: anchor.date: there is no parameter "dya"; did you mean "day"?',
        '2: anchor.time: expected a parameter of type "time", "day" is of type "date"',
    ]


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ("", "4: step[0].text: missing; a step says something or does one of task, tag, untag,"),
        (
            'text = "x"\ntag = "vip"',
            '8: step[0].tag: a step does one thing, and this one has "text"; give it a step of its'
            ' own with follows = "s"',
        ),
        ('tag = "vip"\nholdout = 10', '8: step[0].holdout: expected beside "text" or "variant"'),
        (
            'tag = "vip"\nwithin = "1d"',
            '8: step[0].within: expected beside "task" or a message only',
        ),
        (
            'variant = [{ name = "a", text = "x" }]',
            '7: step[0].variant: expected at least two variants; one alone is "text"',
        ),
        (
            'variant = [{ name = "a", text = "x" }, { name = "a", text = "y" }]',
            '7: step[0].variant[1].name: another one is called "a" too',
        ),
        (
            'variant = [{ name = "a", text = "x" }, { name = "b", text = "{{ mebmer.name }}" }]',
            '7: step[0].variant[1].text: there is no variable mebmer; did you mean "member"?',
        ),
        ('task = "{{ nobody }}"', "7: step[0].task: there is no variable nobody"),
        (
            'branch = [{ name = "a" }, { name = "b", if = "tag:vip" }]',
            '7: step[0].branch[0]: missing "if"; only the last way is for all others',
        ),
        (
            'wait = { for = "replay", most = "2d" }',
            '7: step[0].wait.for: expected "reply", "click" or "check-in", got "replay"; did you',
        ),
        (
            'wait = { for = "reply", most = "0s" }',
            "7: step[0].wait: expected a time to wait of more than nothing",
        ),
        ('text = "x"\nif = "tagg:vip"', "8: step[0].if: "),
        (
            'text = "x"\nif = "step:w/sent"',
            '8: step[0].if: there is no step "w"',
        ),
        (
            'text = "x"\nif = "step:s/sent"',
            '8: step[0].if: step "s" must stand before this one',
        ),
    ],
)
def test_a_step_does_one_thing_and_does_it_right(keys: str, problem: str) -> None:
    (found,) = problems(step(f'after = "1d"\n{keys}'))
    assert found.startswith(problem)


def test_a_task_may_have_words_to_copy_and_a_route_its_invitation() -> None:
    assert problems(step('after = "1d"\ntask = "Call"\nwithin = "1d"\ntext = "Hello"')) == []
    assert problems(step('after = "1d"\nroute = "tea"\ntext = "{{ target.link }}"')) == []
    (problem,) = problems(step('after = "1d"\ntext = "{{ target.link }}"'))
    assert problem.startswith("7: step[0].text: there is no variable target")


def test_any_step_may_be_asked_for_and_none_is_called_so() -> None:
    guards = 'guards.stop_when = "step:any/replied"'
    text = step('after = "1d"\ntext = "x"', '"joined"', guards)
    assert problems(text) == []
    (problem,) = problems(text.replace('"s"', '"any"'))
    assert problem == '5: step[0].id: expected another name: "any" stands for every step'


@pytest.mark.parametrize(
    ("follows", "problem"),
    [
        ("ask", None),
        ("ask/came", None),
        ("pick/b", None),
        ("aks", 'there is no step "aks"; did you mean "ask"?'),
        ("ask/cmae", 'step "ask" has no way "cmae"; did you mean "came"?'),
        ("hello/came", 'step "hello" has no way "came"'),
        ("end", 'step "end" must stand before this one'),
        ("later", 'step "later" must stand before this one'),
    ],
)
def test_a_step_follows_one_before_it(follows: str, problem: str | None) -> None:
    found = problems(
        step('after = "1d"\ntext = "x"').replace('"s"', '"hello"')
        + '[[step]]\nid = "ask"\nfollows = "hello"\nwait = { for = "reply", most = "1d" }\n'
        + '[[step]]\nid = "pick"\nfollows = "ask"\n'
        + 'variant = [{ name = "a", text = "x" }, { name = "b", text = "y" }]\n'
        + f'[[step]]\nid = "end"\nfollows = "{follows}"\ntext = "bye"\n'
        + '[[step]]\nid = "later"\nfollows = "end"\nafter = "1d"\nat = "9:00"\ntext = "x"\n'
    )
    assert found == ([] if problem is None else [f"18: step[3].follows: {problem}"])


def test_what_followed_is_counted_with_after_alone() -> None:
    text = step('after = "1d"\ntext = "x"') + (
        '[[step]]\nid = "t"\nfollows = "s"\nbefore = "1d"\ntext = "y"\n'
    )
    (problem,) = problems(text)
    assert problem.startswith("11: step[1].before: a step that follows another does not take it")


def test_a_condition_may_ask_for_the_steps_before() -> None:
    text = step('after = "1d"\ntext = "x"') + (
        '[[step]]\nid = "t"\nafter = "2d"\nif = "{}"\ntext = "y"\n'
    )
    assert problems(text.format("step:s/clicked and not step:s/replied")) == []
    (problem,) = problems(text.format("step:s/came"))
    assert problem == '11: step[1].if: step "s" does not wait, so nothing "came"'


def test_two_steps_of_one_name_are_a_mistake() -> None:
    (problem,) = wrong("[[step]]", '[[step]]\nid = "tips"\nafter = "1d"\ntext = "x"\n[[step]]')
    assert problem == '10: step[1].id: another step is called "tips" too'


WEEKLY = 'weekly = "mon"\nat = "9:00"\n'


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ('text = "{{ member.name }}"', "8: step[0].text: there is no variable member"),
        ('tag = "vip"', "8: step[0].tag: only for steps to members"),
        (
            'wait = { for = "reply", most = "2d" }',
            "8: step[0].wait: only for steps to members",
        ),
        (
            'text = "x"\nif = "group:sandbox/tea and tag:vip"',
            '9: step[0].if: "tag" chooses members, and this is for groups; known here: all-groups,'
            " group, gateway, owner",
        ),
    ],
)
def test_a_step_to_groups_has_nothing_of_members(keys: str, problem: str) -> None:
    (found,) = problems(step(f"{WEEKLY}{keys}", '"calendar"'))
    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("anchor", "head", "problem"),
    [
        ('"joined"', 'to = "group"', 'to: expected "member": this anchor is a member\'s'),
        ('"group_created"', 'to = "member"', 'to: expected "group": this anchor is a group\'s'),
        (
            '"group_created"',
            'guards = { stop_when = "tag:vip" }',
            "guards.stop_when: only steps to members stop this way",
        ),
        (
            '"joined"',
            'guards = { stop_when = "step:q/sent" }',
            "guards.stop_when: there is no step",
        ),
    ],
)
def test_who_is_written_to_must_fit_the_rest(anchor: str, head: str, problem: str) -> None:
    (found,) = problems(step('after = "1d"\ntext = "x"', anchor, head))
    assert found.startswith(f"3: {problem}")


def test_a_pause_moves_only_moments_of_ones_own() -> None:
    head = 'resume = "running"'
    assert problems(step('after = "1d"\ntext = "x"', '"joined"', head)) == []
    (problem,) = problems(step(f'{WEEKLY}text = "x"', '"calendar"', head))
    assert problem == '3: resume: expected "anchor": a pause does not move these dates'


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
    assert problem.startswith("11: step[0].text: ")


def test_references_are_replaced_by_their_values() -> None:
    text = step('at = { parameter = "at" }\ntext = "x"', DATE, f'{DAY}\nat = {{ type = "time" }}')
    template = library().parse(text, "t.toml").settled({"day": "2026-07-01", "at": "09:30"})
    assert [one.at for one in template.step] == ["09:30"]
