"""Figures in words and pictures."""

from __future__ import annotations

import asyncio
import sys
from base64 import b64decode
from pathlib import Path

import pytest

from bot.figures.drawing import Drawings, percent
from bot.figures.names import Names
from bot.figures.period import last
from bot.figures.subject import Subject
from bot.figures.telling import NAMED, Telling
from bot.figures.tongue import Tongue
from bot.links.codes import Code
from bot.links.desk import Desk
from bot.model.message import Image, Text
from bot.reports import picture
from bot.reports.picture import Chart
from tests.figures.fair import ZONE, Fair
from tests.figures.test_figures import DAILY
from tests.sop.town import HOUR


@pytest.fixture
async def telling(fair: Fair) -> Telling:
    """Three got a tip in tea, where one bought after a personal click and two visitors came."""
    tea = await fair.group("tea")
    _, b, _ = [await fair.join(name) for name in ("Ann", "=Bob", "Cleo")]
    await fair.start(fair.template("daily", DAILY))
    await fair.pass_by(2 * HOUR)
    (code,) = [fair.code(one) for one in fair.sent]
    fair.clock.advance(600)
    await fair.click(code, "v1")
    await fair.click(code, "v2", after=30)
    await fair.click(Code(code.link, code.step, tea, b), "own")
    await fair.buys(b, "1234.50", Code(code.link, code.step, tea, b))
    names = Names(fair.links, Desk(fair.store, fair.links), fair.members, fair.sops, ZONE)
    words = Tongue("en", str)
    console = "https://bot.example".__add__
    return Telling(fair.figures, names, fair.members, words, console)


async def test_everything_that_is_known_is_told_in_a_few_lines(telling: Telling) -> None:
    period = last(7, telling.room.today)
    text = await telling.text(Subject("sop", "daily"), period)
    lines = text.splitlines()
    assert lines[0] == f"tips · {period.since} – {period.until}"
    assert lines[1] == "Fetches 3 · clicks 3 · people 3"
    assert lines[2].startswith("Reached 3, click-through 100% (")
    assert lines[3].startswith("First click after ")
    assert lines[4:6] == ["Conversions 1, members who converted 1 · CNY 1,234.50", "tea 3"]
    assert lines[6].startswith("Complete until ")


async def test_names_are_told_with_how_many_more_and_where_they_are(
    telling: Telling, fair: Fair
) -> None:
    period, subject = last(7, telling.room.today), Subject("campaign", "spring")
    told = await telling.people(subject, period, clicked=True)
    assert told.splitlines()[1:3] == ["1 members clicked", "=Bob"]
    assert "2 people made some" in told
    told = await telling.people(subject, period, clicked=False, group=await fair.group("tea"))
    assert told.splitlines()[0].startswith("spring · tea · ")
    assert told.splitlines()[1:3] == ["2 members it reached did not click", "Ann, Cleo"]
    link = (await fair.links.make("https://shop.example/sale", "spring"), 0, 0)
    for number in range(NAMED + 5):
        member = await fair.join(f"m{number}", "books")
        await fair.click(Code(*link, member), f"own{number}")
    told = await telling.people(subject, period, clicked=True)
    assert told.splitlines()[2].count(", ") == NAMED - 1
    assert "and 6 more: https://bot.example/figures/members?subject=campaign%3Aspring&" in told
    assert "measure=people" in told


async def test_one_day_is_drawn_by_the_hour_and_several_by_the_day(telling: Telling) -> None:
    subject, today = Subject("sop", "daily"), telling.room.today
    assert len((await telling.chart(subject, last(1, today))).labels) == 24
    days = await telling.chart(subject, last(30, today))
    assert (len(days.labels), [sum(one.values) for one in days.series]) == (30, [3.0, 3.0])
    assert [value for _, value in days.figures] == ["3", "3", "3", "100%"]


async def test_a_message_has_a_picture_or_a_line_of_bars(
    telling: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    period, subject = last(7, telling.room.today), Subject("sop", "daily")
    text, image = (await telling.message(subject, period)).segments
    assert isinstance(text, Text)
    assert isinstance(image, Image)
    assert b64decode(image.url.partition(",")[2]).startswith(b"\x89PNG")
    (words,) = (await telling.message(subject, period, pictures=False)).segments
    assert words == Text(text=f"{text.text}\n{image.alt}")
    monkeypatch.setattr(picture, "_RENDER", "raise SystemExit(1)")
    (words,) = (await telling.message(subject, last(3, telling.room.today))).segments
    assert isinstance(words, Text)
    assert words.text.endswith("Clicks ▁▁█")


async def test_a_chart_for_many_groups_is_drawn_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    log = tmp_path / "drawn"
    program.write_text(f'#!/bin/sh\necho >> {log}\nexec {sys.executable} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program))
    drawings = Drawings()
    found = await asyncio.gather(*(drawings.draw(Chart("a")) for _ in range(5)))
    assert found == [found[0]] * 5
    await drawings.draw(Chart("b"))
    assert log.read_text().count("\n") == 2


def test_shares_are_told_so_that_small_ones_differ() -> None:
    told = [percent(share) for share in (0.0, 0.004, 0.0512, 0.25, 1.0)]
    assert told == ["0%", "0.4%", "5.1%", "25%", "100%"]
