"""The library: the templates that come with Muster, their Jinja files, and their reference."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from itertools import dropwhile, takewhile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from bot.audience.expression import KINDS, OUTCOMES
from bot.clock import millis, utc
from bot.located import Problems
from bot.routing.template import Templates
from bot.routing.writer import Writer
from bot.sop.outcomes.results import REASONS
from bot.sop.templates.anchor import AttributeAnchor, DateAnchor, TagAnchor
from bot.sop.templates.guards import Guards
from bot.sop.templates.library import Library
from bot.sop.templates.parameters import settle
from bot.sop.templates.step import Step, Variant, Wait, Way
from bot.sop.templates.template import Parameter, Template
from bot.sop.templates.words import Localized, Words, spoken
from bot.sop.times.timing import occurrences
from bot.store.effects import Effects

from .town import DAY, FIGURES, FOLDER, Town

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "sop-templates.md").read_text(encoding="utf-8")
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))
CHINESE = re.compile("[\u4e00-\u9fff]")
SHANGHAI = ZoneInfo("Asia/Shanghai")


async def link(_: object, url: str, campaign: str = "") -> str:
    return f"https://bot.example/l/{campaign or url}"


def library(folder: Path = FOLDER) -> Library:
    templates = Templates()
    return Library(folder, templates, Writer(templates, {"link": link, **FIGURES}).names)


def words_of(template: Template) -> Iterator[Words]:
    """Everything it may say."""
    for step in template.step:
        yield from step.texts.values()
        if step.task is not None:
            yield step.task


# what comes with Muster


def test_nothing_is_wrong_with_the_templates() -> None:
    assert [str(problem) for problem in library().check()] == []


def test_the_library_has_what_a_manager_looks_for() -> None:
    wanted = {
        *("new_member_week", "new_member_21_days", "weekly_tips", "check_in_challenge", "birthday"),
        *("membership_anniversary", "dormant_members", "flash_group", "webinar", "announcement"),
        *("missed_appointment", "festivals", "survey", "first_order", "group_buy", "appointment"),
    }
    assert wanted <= set(library().names())


@pytest.mark.parametrize("name", NAMES)
def test_a_template_says_in_both_languages_what_it_is_for_and_when_not_to_use_it(name: str) -> None:
    template = library().get(name)
    assert template.topic
    assert template.guards != Guards()
    for words in (template.title, template.notes, template.avoid):
        assert isinstance(words, Localized)
        assert CHINESE.search(words.zh)
        assert not CHINESE.search(words.en)


@pytest.mark.parametrize("name", NAMES)
def test_a_templates_parameters_have_titles_and_are_all_used(name: str) -> None:
    source = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    for key, parameter in library().get(name).parameters.items():
        assert isinstance(parameter.title, Localized)
        assert re.search(rf'\{{\{{[^}}]*\b{key}\b|= "{key}"', source), key
        if isinstance(parameter.default, str):
            assert not CHINESE.search(parameter.default), key


@pytest.mark.parametrize("name", NAMES)
def test_every_link_of_a_template_is_tracked(name: str) -> None:
    template = library().get(name)
    for words in words_of(template):
        for language in ("zh", "en"):
            text = spoken(words, language)
            assert "http" not in text
            for key, parameter in template.parameters.items():
                if parameter.type == "url":
                    assert not re.search(rf"(?<!link\(){key}", text), key


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", NAMES)
async def test_a_template_speaks_each_language_throughout(name: str, language: str) -> None:
    template = library().get(name)
    given: dict[str, object] = {"url": "https://example.com/", "date": "2026-12-01", "text": "tea"}
    values = settle(
        template.parameters,
        {
            key: given.get(parameter.type, "")
            for key, parameter in template.parameters.items()
            if parameter.default is None
        },
        millis(datetime(2026, 11, 21, tzinfo=SHANGHAI)),
        SHANGHAI,
        language,
    )
    variables = {
        **values,
        "member": {"name": "Ann", "account": "1"},
        "group": {"name": "Tea", "id": "1"},
    }
    writer = Writer(Templates(), {"link": link, **FIGURES})
    for words in words_of(template):
        said = (await writer.write(spoken(words, language), variables)).text
        assert said.strip()
        if isinstance(words, Localized) or language == "en":
            assert bool(CHINESE.search(said)) is (language == "zh"), said


def test_the_year_of_the_horse_is_kept_on_its_days() -> None:
    template = library().get("festivals")
    start, end = (millis(datetime(year, 1, 1, tzinfo=SHANGHAI)) for year in (2026, 2027))
    found = {
        step.id: [
            utc(moment).astimezone(SHANGHAI).date()
            for moment in occurrences(template, step, {}, SHANGHAI, start, end)
        ]
        for step in template.step
    }
    assert found["new-years-eve"] == [date(2026, 2, 16)]
    assert found["spring-festival"] == [date(2026, 2, 17)]
    assert found["back-to-work"] == [date(2026, 2, 24)]
    assert found["lantern-festival"] == [date(2026, 3, 3)]
    assert found["dragon-boat"] == [date(2026, 6, 19)]
    assert found["mid-autumn"] == [date(2026, 9, 25)]
    assert date(2026, 2, 28) in found["make-up-workday"]


async def test_only_who_has_gone_quiet_is_asked_and_then_left_in_peace(
    shipped: Callable[[], Town],
) -> None:
    town = shipped()
    quiet, lively = await town.join("quiet"), await town.join("lively")
    town.clock.advance(35 * DAY)
    today = town.store.keys.active(f"{utc(town.clock.now()):%Y-%m-%d}")
    effects = Effects(town.store.keys)
    effects.fact(today, lively)
    effects.do("EXPIRE", today, int(400 * DAY), "NX")
    await town.store.apply(effects)
    newcomer = await town.join("newcomer")
    await town.start("dormant_members", "everyone")
    await town.pass_by(9 * DAY, 600)
    (asked,) = town.sent
    assert asked.message.summary.startswith("quiet，好久没见你了")
    tags = {number: await tagged(town, number) for number in (quiet, lively, newcomer)}
    assert tags == {quiet: {"dormant-asked", "dormant"}, lively: set(), newcomer: set()}


async def test_a_flash_group_is_told_when_it_ends_and_staff_close_it(
    shipped: Callable[[], Town],
) -> None:
    town = shipped()
    sop = await town.start(
        "flash_group", "all-groups", subject="新茶", page_url="https://example.com/", next="公众号"
    )
    town.clock.advance(60)
    await town.group("flash")
    await town.pass_by(5 * DAY, 600)
    said = await town.texts()
    assert [text[:8] for text in said] == [
        *("大家好，这个群为", "早上好。昨天问得", "还有一天半。正在"),
        *("今天是最后一天，", "三天到了，谢谢大"),
    ]
    assert await town.outcome(sop) == {"planned": 6, "sent": 5, "task": 1}


async def tagged(town: Town, number: int) -> set[str]:
    names = ("dormant-asked", "dormant", "came-back")
    return {name for name in names if await town.facts.has(town.store.keys.tag(name), number)}


# files and names


def test_a_template_nobody_has_names_the_nearest() -> None:
    with pytest.raises(Problems, match='did you mean "birthday"'):
        library().get("brithday")


LONG = """\
title = "t"
anchor = "joined"
[[step]]
id = "s"
after = "1d"
text = { zh = { file = "t/s.zh.jinja" }, en = "hello" }
"""


def test_a_long_text_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "s.zh.jinja").write_text("第一行\n{{ member.name }}\n", encoding="utf-8")
    (tmp_path / "t.toml").write_text(LONG, encoding="utf-8")
    (step,) = library(tmp_path).get("t").step
    assert step.text == Localized(zh="第一行\n{{ member.name }}\n", en="hello")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "t.toml:6: step[0].text.zh.file: {folder}/t/s.zh.jinja: no such file or directory"),
        (b"\xff", "t.toml:6: step[0].text.zh.file: {folder}/t/s.zh.jinja is not UTF-8 text"),
        (
            b"hi\n{{ member.nmae }}",
            "t/s.zh.jinja:2: step[0].text.zh: there is no value in member nmae;"
            ' did you mean "name"?',
        ),
        (b"", "t/s.zh.jinja:1: step[0].text.zh: expected text that is not empty"),
    ],
)
def test_what_is_wrong_with_a_long_text_has_its_place(
    content: bytes | None, problem: str, tmp_path: Path
) -> None:
    (tmp_path / "t").mkdir()
    if content is not None:
        (tmp_path / "t" / "s.zh.jinja").write_bytes(content)
    (tmp_path / "t.toml").write_text(LONG, encoding="utf-8")
    (found,) = library(tmp_path).check()
    assert str(found) == f"{tmp_path}/{problem.format(folder=tmp_path)}"


@pytest.mark.parametrize("name", ["../x.jinja", "/etc/x.jinja", "t.toml", "t/../../x.jinja"])
def test_a_long_text_never_comes_from_elsewhere(name: str, tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "x.jinja").write_text("secret")
    with pytest.raises(Problems) as caught:
        library(inside).parse(LONG.replace("t/s.zh.jinja", name), "t.toml")
    assert [problem.message[:33] for problem in caught.value.problems] == [
        "expected a .jinja file beside the"
    ]


# the reference


def rows(heading: str) -> set[str]:
    """The keys in the first column of the table below a heading, or of one headed like that."""
    marks = {f"## {heading}", f"### {heading}", f"| {heading} | What it is |"}
    lines = iter(DOCS.splitlines())
    assert next((line for line in lines if line in marks), None), heading
    below = takewhile(lambda line: not line.startswith("#"), lines)
    table = takewhile(lambda line: line, dropwhile(lambda line: not line.startswith("| `"), below))
    return {key for line in table for key in re.findall(r"^\| `(\w+)` \|", line)}


def keys(*models: type[BaseModel]) -> set[str]:
    return {field.alias or name for model in models for name, field in model.model_fields.items()}


@pytest.mark.parametrize(
    ("headings", "models"),
    [
        (["The template"], [Template]),
        (["Parameters"], [Parameter]),
        (["Guards"], [Guards]),
        (["What is done", "When it comes", "For whom"], [Step]),
        (["Key of a variant"], [Variant]),
        (["Key of a wait"], [Wait]),
        (["Key of a branch"], [Way]),
    ],
)
def test_the_reference_has_every_key_and_no_other(
    headings: list[str], models: list[type[BaseModel]]
) -> None:
    assert set().union(*map(rows, headings)) == keys(*models)


def test_the_reference_has_every_anchor_and_term() -> None:
    (line,) = re.findall("The keys of an anchor that is a table: (.*)", DOCS)
    assert set(re.findall("`(.*?)`", line)) == keys(TagAnchor, AttributeAnchor, DateAnchor)
    assert [kind.name for kind in KINDS.values() if f"| `{kind.example}`" not in DOCS] == []
    assert [outcome for outcome in OUTCOMES if f"`{outcome}`" not in DOCS] == []


def test_the_reference_has_every_reason_to_skip() -> None:
    table = DOCS.split("| Reason | It means |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| (\w[\w -]*) \|", table, re.MULTILINE)) == set(REASONS)


def test_the_reference_lists_the_templates() -> None:
    table = DOCS.split("## The templates that come")[1].split("\n## ")[0]
    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == NAMES


@pytest.mark.parametrize("example", re.findall(r"```toml\n(.*?)```", DOCS, re.DOTALL))
def test_the_examples_of_the_reference_are_right(example: str) -> None:
    assert library().parse(example, "example.toml").step
