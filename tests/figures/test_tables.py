"""Tables and names of figures: what is shown is what was counted, with its definitions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from bot.figures.measures import MEASURES
from bot.figures.names import BYS, Names
from bot.figures.period import Period, last
from bot.figures.row import BYS as CUTS
from bot.figures.row import Delay, Figures, Row
from bot.figures.subject import Subject
from bot.figures.tables import COLUMNS, cell, table_of
from bot.figures.tongue import Tongue
from bot.i18n import Translator
from bot.links.desk import Desk
from bot.reports.csv_text import csv_of
from bot.reports.parquet_file import parquet_of
from bot.reports.workbook import xlsx_of
from tests.figures.fair import ZONE, Fair
from tests.figures.test_figures import ALONE, DAILY
from tests.sop.town import HOUR

ENGLISH = Tongue("en", lambda text: text)
CHINESE = Tongue("zh", lambda text: Translator().translate("zh", text))
PERIOD = Period(date(2026, 11, 1), date(2026, 11, 3))
FULL = Row(
    key="1",
    hits=10,
    clicks=8,
    members=4,
    visitors=2,
    reach=40,
    received=40,
    clickers=6,
    delay=Delay(4, 90_000, 3_600_000),
    followed={"replied": 1, "checked-in": 2, "tagged": 3},
    conversions=2,
    converted=1,
    revenue={"CNY": Decimal("12.50"), "EUR": Decimal(3)},
)


def figures(*rows: Row) -> Figures:
    return Figures(Subject("link", "1"), "group", PERIOD, FULL, rows, 1_793_500_000_000)


def test_every_figure_of_a_row_has_its_column() -> None:
    table = table_of(figures(FULL), {"1": "Tea"}, ENGLISH, ZONE, "spring")
    titles = [column.title for column in table.columns]
    row, total = ([*one] for one in table.rows)
    assert row[0] == "Tea"
    assert total[0] == "All together"
    told = dict(zip(titles, row, strict=True))
    assert (told["Reached"], told["Fetches"], told["Clicks"], told["People"]) == (40, 10, 8, 6)
    assert told["Click-through"] == 0.15
    assert told["First click after, half sooner"] == 90.0
    assert (told["Replied"], told["Checked in"], told["Got a tag"]) == (1, 2, 3)
    assert (told["Revenue (CNY)"], told["Revenue (EUR)"]) == (12.5, 3.0)


def test_a_figure_without_meaning_is_an_empty_cell_and_not_nothing() -> None:
    bare = Row("2", hits=None, visitors=None)
    for key, _, _ in COLUMNS:
        none = key in (
            *("reach", "hits", "visitors", "received", "clickers", "rate", "low", "high"),
            *("median", "slowest", "replied", "checked-in", "tagged"),
        )
        assert (cell(bare, key) is None) == none, key


def test_the_notes_say_of_what_it_is_until_when_and_what_each_counts() -> None:
    notes = "\n".join(table_of(figures(), {}, ENGLISH, ZONE, "spring").notes)
    for words in ("spring", "2026-11-01 to 2026-11-03", "Asia/Shanghai", "version", "Complete"):
        assert words in notes
    assert all(measure.meaning in notes for measure in MEASURES)


def test_files_of_every_kind_hold_it_and_no_name_is_run() -> None:
    table = table_of(figures(FULL), {"1": "=SUM(A1)"}, ENGLISH, ZONE)
    assert b"'=SUM(A1)" in b"".join(csv_of(table, "Asia/Shanghai"))
    assert xlsx_of([table], "Asia/Shanghai", 0).startswith(b"PK")
    assert parquet_of(table, "Asia/Shanghai").startswith(b"PAR1")


async def test_rows_are_called_as_people_know_them(fair: Fair) -> None:
    names = Names(
        fair.links, Desk(fair.store, fair.links), fair.members, fair.sops, ZoneInfo("Asia/Shanghai")
    )
    await fair.group("tea")
    await fair.join("a")
    await fair.start(fair.template("daily", DAILY))
    await fair.start(fair.template("alone", ALONE))
    await fair.pass_by(2 * HOUR)
    period = last(7, fair.figures.today)
    told: dict[str, set[str]] = {}
    for by in CUTS:
        rows = (await fair.figures.of(Subject(), period, by)).rows
        found = await names.of(by, [row.key for row in rows], ENGLISH)
        assert {*found} == {row.key for row in rows}
        told[by] = {*found.values()}
    assert told["sop"] == {"tips"}
    assert told["step"] == {"tips · tip"}
    assert told["run"] == {"tips · tip · 2026-06-17 13:00"}
    assert told["staff"] == {"nobody in particular"}
    assert told["link"] == {"spring"}
    assert await names.subject(Subject("link", "1"), ENGLISH) == "spring"
    assert await names.subject(Subject("sop", "alone"), ENGLISH) == "hello"
    assert await names.of("link", ["9", "0"], ENGLISH) == {"9": "#9", "0": "No link"}


async def test_ways_are_called_by_their_conditions_in_the_version_they_were_of(fair: Fair) -> None:
    desk = Desk(fair.store, fair.links)
    names = Names(fair.links, desk, fair.members, fair.sops, ZONE)
    link = await fair.links.make("https://shop.example/a")
    for device in ("ios", "android"):
        branches = [{"url": "https://shop.example/b", "devices": [device], "share": 50}]
        await desk.edit(link, "ann", {"branches": branches})
    subject = Subject("link", str(link))
    found = await names.of("way", ["2.1", "3.1", "3.0", "0", "3.7"], ENGLISH, subject)
    assert found == {
        "2.1": "1. iPhone, iPad · 50 % of people (Version 2)",
        "3.1": "1. Android · 50 % of people (Version 3)",
        "3.0": "Everybody else (Version 3)",
        "3.7": "#3.7 (Version 3)",
        "0": "Before it had rules",
    }
    alone = await names.of("way", ["3.1", "3.0"], CHINESE, subject)
    assert "Version" not in alone["3.1"]


def test_every_cut_has_a_name() -> None:
    assert {*BYS} == {*CUTS}
