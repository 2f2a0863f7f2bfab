"""Pictures of check-ins: a month and a certificate, legible whatever people are called."""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import date, timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest

from bot.checkins import calendar_picture, certificate, pictures
from bot.checkins.calendar_picture import Calendar
from bot.checkins.certificate import Certificate, sentence
from bot.checkins.month import Month, MonthDay, State
from bot.checkins.pictures import CheckInPictures
from bot.checkins.programme import Programme
from bot.model.message import Image, Message, Text
from bot.reports.picture import NoPicture
from bot.settings.checkins import CheckInSettings

SVG = "{http://www.w3.org/2000/svg}"
DAILY = Programme("daily", CheckInSettings(), ZoneInfo("Asia/Shanghai"))
HOSTILE = "</svg><script>x</script>&\u202e" + "长" * 300


def month(states: dict[int, State], year: int = 2026, of: int = 11) -> Month:
    days, day = [], date(year, of, 1)
    while day.month == of:
        days.append(MonthDay(day, states.get(day.day, "before")))
        day += timedelta(days=1)
    return Month("daily", 7, year, of, tuple(days), 12, 20, 128, 1280)


MONTH = month({4: "done", 5: "missed", 11: "made_up", 16: "frozen", 22: "pending", 23: "future"})


def calendar(**more: object) -> Calendar:
    given = {"title": "小明", "subtitle": "daily", "month": MONTH, "today": date(2026, 11, 22)}
    return Calendar(**{**given, **more})  # type: ignore[arg-type]


def told(svg: str) -> list[str]:
    """Every text of a picture; also proves that it is well-formed."""
    return [found.text or "" for found in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def test_a_month_has_its_days_under_their_weekdays_and_the_figures() -> None:
    texts = told(calendar_picture.svg_of(calendar(figures=(("in a row", "12"),))))
    assert texts[:3] == ["小明", "November 2026", "daily"]
    assert texts[3:5] == ["12", "in a row"]
    assert texts[5:12] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert texts[12:42] == [str(n) for n in range(1, 31)]
    assert texts[42:] == [
        "checked in",
        "made up",
        "freeze day",
        "waits for approval",
        "not checked in",
    ]


def test_the_rows_begin_with_the_programmes_first_day_of_the_week() -> None:
    assert [row[0] for row in calendar(starts=6).weeks] == [
        date(2026, 11, day) for day in (1, 8, 15, 22, 29)
    ]
    assert calendar(starts=6, language="zh").heads == [*"日一二三四五六"]
    assert calendar().weeks[0] == [None] * 6 + [date(2026, 11, 1)]


def test_states_differ_by_more_than_their_colour() -> None:
    svg = calendar_picture.svg_of(calendar())
    shapes = set(re.findall(r'<path d="([^"]+)"', svg))
    assert len(shapes) == 5


def test_where_there_are_no_pictures_the_month_is_squares() -> None:
    lines = calendar_picture.text_of(calendar()).splitlines()
    assert lines[:2] == ["小明", "November 2026 · daily"]
    assert lines[3] == "▫️▫️🟩⬜▫️▫️▫️"
    assert lines[4] == "▫️▫️🟨▫️▫️▫️▫️"
    assert lines[6] == "▫️" * 7
    assert lines[8].startswith("🟩 checked in 🟨 made up 🟦 freeze day")
    assert all(
        row.count("\u3000") + len(re.findall("[🟩🟨🟦🟧⬜▫]", row)) == 7 for row in lines[2:8]
    )


@pytest.mark.parametrize("days", [28, 29, 30, 31])
def test_every_length_of_month_fits(days: int) -> None:
    year, of = {28: (2027, 2), 29: (2028, 2), 30: (2026, 11), 31: (2026, 8)}[days]
    texts = told(calendar_picture.svg_of(calendar(month=month({}, year, of))))
    assert [text for text in texts if text.isdecimal()] == [str(n + 1) for n in range(days)]


def test_no_name_breaks_out_of_a_picture() -> None:
    for svg in (
        calendar_picture.svg_of(calendar(title=HOSTILE, subtitle=HOSTILE)),
        certificate.svg_of(
            Certificate(HOSTILE, HOSTILE, 21, date(2026, 11, 22), HOSTILE, sentence("total"))
        ),
    ):
        assert told(svg)
        assert "<script" not in svg
        assert "\u202e" not in svg


def test_a_certificate_says_who_achieved_what_in_which_programme_and_when() -> None:
    one = Certificate("小明", "早起", 21, date(2026, 11, 22), "茶友会", sentence("streak"), "zh")
    assert told(certificate.svg_of(one)) == [
        *("Certificate", "小明", "早起", "21 days in a row", "2026年11月22日", "茶友会"),
    ]
    words = certificate.text_of(one)
    assert "小明 · 早起" in words
    assert "21 days in a row · 2026年11月22日" in words
    assert sentence("streak", weekly=True) == "{n} weeks in a row"


def drawer() -> CheckInPictures:
    return CheckInPictures(lambda text: text, "en", "Tea house")


def only(message: Message) -> Image | Text:
    [segment] = message.segments
    assert isinstance(segment, Image | Text)
    return segment


async def test_a_month_is_a_png_that_is_described_in_words_and_drawn_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = drawer()
    first = only(await made.month(DAILY, MONTH, "小明", date(2026, 11, 22)))
    assert isinstance(first, Image)
    kind, _, body = first.url.partition(",")
    assert kind == "data:image/png;base64"
    assert b64decode(body).startswith(b"\x89PNG")
    assert "in a row 12 · check-ins in all 128 · this month 3 · points 1,280" in first.alt

    async def fails(_: str) -> bytes:
        raise NoPicture("broken")

    monkeypatch.setattr(pictures, "drawn", fails)
    assert only(await made.month(DAILY, MONTH, "小明", date(2026, 11, 22))) == first
    other = only(await made.certificate(DAILY, "小明", 7, date(2026, 11, 22), "streak"))
    assert isinstance(other, Text)
    assert "7 days in a row" in other.text


async def test_a_gateway_without_pictures_gets_words() -> None:
    for message in (
        await drawer().month(DAILY, MONTH, "小明", date(2026, 11, 22), pictures=False),
        await drawer().certificate(DAILY, "小明", 7, date(2026, 11, 22), pictures=False),
    ):
        assert isinstance(only(message), Text)
