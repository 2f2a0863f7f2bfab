"""Calendar feeds, as an independent reader takes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.reports import Entry, feed_of

AT = 1714561200000
STAMP = 1714000000000


def read(*entries: Entry) -> list[Any]:
    calendar: Any = icalendar.Calendar.from_ical(feed_of("SOPs", entries, STAMP))
    assert not calendar.errors
    events = calendar.walk("VEVENT")
    assert not any(event.errors for event in events)
    return list(events)


def test_an_entry_arrives_with_all_it_says() -> None:
    entry = Entry(
        "tips-1@muster",
        AT,
        "新人七日; tips, part 1",
        "a\nb\\c",
        "https://x.example/s?a=1&b=2",
        1800,
    )
    (event,) = read(entry)
    assert str(event["UID"]) == "tips-1@muster"
    assert event.decoded("DTSTART") == datetime(2024, 5, 1, 11, tzinfo=UTC)
    assert event.decoded("DTEND") - event.decoded("DTSTART") == timedelta(minutes=30)
    assert event.decoded("DTSTAMP") == datetime(2024, 4, 24, 23, 6, 40, tzinfo=UTC)
    assert str(event["SUMMARY"]) == entry.title
    assert str(event["DESCRIPTION"]) == entry.description
    assert str(event["URL"]) == entry.url


def test_an_entry_without_an_end_has_none() -> None:
    (event,) = read(Entry("a@muster", AT, "x"))
    assert not {"DTEND", "DESCRIPTION", "URL"} & set(event)


def test_the_feed_has_its_name_even_without_entries() -> None:
    calendar: Any = icalendar.Calendar.from_ical(feed_of("茶友群, daily", [], STAMP))
    # This reader leaves texts as they are written where it does not know the property.
    assert str(calendar["NAME"]) == str(calendar["X-WR-CALNAME"]) == "茶友群\\, daily"
    assert calendar["VERSION"] == "2.0"


def test_the_same_entries_make_the_same_bytes() -> None:
    entries = [Entry("a@muster", AT, "x"), Entry("b@muster", AT, "y")]
    assert feed_of("SOPs", entries, STAMP) == feed_of("SOPs", entries, STAMP)


def test_a_url_cannot_add_lines_of_its_own() -> None:
    (event,) = read(Entry("a@muster", AT, "x", url="https://x.example/\r\nSUMMARY:evil"))
    assert str(event["SUMMARY"]) == "x"
    assert str(event["URL"]) == "https://x.example/%0D%0ASUMMARY:evil"


@pytest.mark.parametrize("title", ["x" * 67, "x" * 68, "新" * 200, "😀" * 100, "x" + "é" * 300])
def test_lines_are_folded_without_tearing_characters(title: str) -> None:
    data = feed_of("SOPs", [Entry("a@muster", AT, title)], STAMP)
    assert data.endswith(b"\r\n")
    for line in data.split(b"\r\n"):
        assert len(line) <= 75
        assert b"\n" not in line
        line.decode()
    assert str(read(Entry("a@muster", AT, title))[0]["SUMMARY"]) == title


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1))
def test_any_text_comes_back_as_it_was(text: str) -> None:
    kept = text.replace("\ufffe", "").replace("\uffff", "") + "."
    (event,) = read(Entry("a@muster", AT, kept, "=" + kept))
    assert str(event["SUMMARY"]) == kept
    assert str(event["DESCRIPTION"]) == "=" + kept
