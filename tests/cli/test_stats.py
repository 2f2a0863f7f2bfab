"""``muster stats``: figures on the command line."""

from __future__ import annotations

import csv
import io
import json

import pytest

from bot.app import App
from bot.cli.stats import _fit, _width
from bot.figures.shown import FiguresShown, RowShown
from bot.links.codes import Code
from bot.links.counter import Counter
from bot.links.hits import Hit
from bot.model.conversation import Account
from tests.cli.conftest import Line
from tests.links.site import PHONE


@pytest.fixture
def clicked(muster: Line) -> Line:
    """小明 and somebody nobody knows clicked the spring sale, once today each."""
    muster.people("小明", "Ann")

    async def click(app: App) -> None:
        links = app.rooms.links
        await links.make("https://shop.example/s", "spring-sale")
        await links.make("https://shop.example/f", "=1+1")
        ming = await app.members.number("sandbox", Account(id="小明"))
        for serial, code in enumerate((Code(1, 0, 0, ming), Code(1, 0, 1), Code(2))):
            at, letters = app.clock.now(), links.codes.pack(code)
            hit = Hit("t", serial, at, letters, "", f"v{serial}", PHONE)
            await app.store.call("XADD", app.store.keys.hits(), "*", "hits", hit.line())
        await Counter(app.store, app.rooms.judge, links.steps, "t").drain()

    muster.inside(click)
    return muster


def test_everything_is_told_with_the_links_clicked_most(clicked: Line) -> None:
    result = clicked.muster("stats")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0].startswith("All links · ")
    assert lines[1] == "Fetches 3 · clicks 3 · people 3"
    table = lines[lines.index("") + 1 :]
    assert [line.split()[0] for line in table] == ["Link", "spring-sale", "=1+1", "All"]
    assert len({_width(line) for line in table}) == 1


def test_a_subject_is_found_by_its_name_and_told_by_group(clicked: Line) -> None:
    found = json.loads(clicked.muster("stats", "SPRING sale", "--by", "group", "--json").stdout)
    assert set(found) == set(FiguresShown.model_fields)
    assert set(found["rows"][0]) == set(RowShown.model_fields)
    assert (found["subject"], found["by"], found["total"]["clicks"]) == (
        "campaign:spring-sale",
        "group",
        2,
    )
    assert {(row["name"], row["people"]) for row in found["rows"]} == {
        ("Tea", 1),
        ("Direct chats and short links", 1),
    }


def test_a_period_is_chosen_by_its_days(clicked: Line) -> None:
    told = clicked.muster("stats", "spring-sale", "--until", "yesterday", "--json").stdout
    assert json.loads(told)["total"]["clicks"] == 0
    told = clicked.muster("stats", "spring-sale", "--since", "7d", "--json").stdout
    found = json.loads(told)
    assert (found["total"]["clicks"], len(found["rows"])) == (2, 1)
    wrong = clicked.muster("stats", "spring-sale", "--since", "tomorrow-ish")
    assert (wrong.exit_code, "is no time" in wrong.output) == (1, True)
    wrong = clicked.muster("stats", "--since", "today", "--until", "yesterday")
    assert "the last day is before the first" in wrong.output


def test_what_it_prints_for_spreadsheets_is_never_a_formula(clicked: Line) -> None:
    text = clicked.muster("stats", "--by", "campaign", "--csv").stdout
    rows = [*csv.reader(io.StringIO(text.removeprefix("\ufeff")))]
    assert [row[0] for row in rows] == ["Campaign", "spring-sale", "'=1+1", "All together"]


def test_who_clicked_is_told_by_name(clicked: Line) -> None:
    result = clicked.muster("stats", "who", "spring-sale")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1] == "1 members"
    assert "小明" in result.output
    found = json.loads(clicked.muster("stats", "who", "link:1", "--json").stdout)
    assert [one["name"] for one in found["members"]] == ["小明"]
    inside = clicked.muster("stats", "who", "link:1", "--group", "tea", "--json")
    assert json.loads(inside.stdout)["count"] == 0


def test_what_is_unclear_is_said_with_what_may_be_meant(clicked: Line) -> None:
    result = clicked.muster("stats", "spring-sail")
    assert result.exit_code == 1
    assert "Nothing is called “spring-sail”" in result.output
    assert "campaign:spring-sale" in result.output
    assert "--by" in clicked.muster("stats", "show", "--help").output
    assert "Example: muster stats" in clicked.muster("stats", "--help").output


def test_names_stand_in_columns_whatever_their_letters() -> None:
    assert _fit("茶友会", 8) == "茶友会  "
    assert _fit("茶友会很长的名字", 8) == "茶友会… "
    assert _fit("12", 4, right=True) == "  12"
    assert _width(_fit("a\tb茶\n", 6)) == 6
