"""The ledger: what is left is the sum of its entries, the oldest points are spent first."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.checkins.days import Days
from bot.checkins.ledger import Entry, entries
from bot.checkins.rules import Rules
from bot.checkins.tally import Sheet
from bot.clock import millis

ONE = timedelta(days=1)
START = date(2026, 3, 1)
DAY = 86_400_000


def begins(day: date) -> int:
    return millis(datetime.combine(day, time(), UTC))


T0 = begins(START)


def of(*offsets: int) -> Days:
    return Days.of(*(START + ONE * n for n in offsets))


def left(sheet: Sheet, stored: list[Entry], rules: Rules, after: int) -> int:
    today = START + ONE * after
    found = entries(sheet, stored, rules, today, begins, begins(today))
    return sum(one.points for one in found)


def test_every_change_has_its_reason_and_day() -> None:
    stored = [Entry(what="gift", points=7, at=T0 + DAY * 2 + 5, by="mei", reason="helped", id=1)]
    rules = Rules(points=2, bonus_every=3, bonus=10)
    found = entries(Sheet(of(0, 1, 2)), stored, rules, START + ONE * 2, begins, T0 + DAY * 3)
    assert [(one.what, one.points, one.day) for one in found] == [
        ("check-in", 2, START),
        ("check-in", 2, START + ONE),
        ("check-in", 2, START + ONE * 2),
        ("bonus", 10, START + ONE * 2),
        ("gift", 7, None),
    ]


def test_points_nobody_spends_in_time_expire_and_the_oldest_are_spent_first() -> None:
    rules = Rules(points=5, lasts=10 * DAY)
    sheet = Sheet(of(0, 5))
    spent = [Entry(what="spent", points=-5, at=T0 + DAY * 6, id=1)]
    assert left(sheet, [], rules, 9) == 10
    assert left(sheet, [], rules, 10) == 5
    assert left(sheet, [], rules, 15) == 0
    assert left(sheet, spent, rules, 10) == 5, "the spent ones were the oldest"
    assert left(sheet, spent, rules, 15) == 0


def test_what_is_taken_back_is_as_if_it_had_never_been() -> None:
    rules = Rules(points=5, lasts=10 * DAY)
    stored = [
        Entry(what="spent", points=-5, at=T0 + DAY, id=1),
        Entry(what="reversal", points=5, at=T0 + DAY * 20, id=2, of=1),
    ]
    assert left(Sheet(of(0)), stored, rules, 20) == 0, "the points came back, too old to be spent"
    assert left(Sheet(of(0)), stored, Rules(points=5), 20) == 5
    found = entries(Sheet(of(0)), stored, rules, START, begins, T0 + DAY * 20)
    assert [one.reversed for one in found if one.what == "spent"] == [True]


def test_a_day_taken_away_after_its_points_were_spent_leaves_a_debt() -> None:
    stored = [Entry(what="spent", points=-10, at=T0 + DAY * 2, id=1)]
    assert left(Sheet(of(0, 1)), stored, Rules(points=5), 3) == 0
    assert left(Sheet(of(0)), stored, Rules(points=5), 3) == -5
    assert left(Sheet(of(0, 4)), stored, Rules(points=5, lasts=30 * DAY), 4) == 0, "paid back"


changes = st.lists(st.tuples(st.integers(0, 40), st.integers(-9, 9)), max_size=12)


@given(st.frozensets(st.integers(0, 40)), changes, st.integers(1, 30), st.integers(0, 80))
def test_what_is_left_is_what_a_till_with_dated_coins_holds(
    checked: frozenset[int], changes: list[tuple[int, int]], lasts: int, after: int
) -> None:
    """The reference: every point is a coin with a date; a till pays with its oldest coins."""
    stored = [
        Entry(what="gift", points=points, at=T0 + DAY * n + 1, id=i)
        for i, (n, points) in enumerate(changes, 1)
    ]
    now = T0 + DAY * after
    rules, today = Rules(points=2, lasts=lasts * DAY), START + ONE * after
    sheet = Sheet(of(*(n for n in checked if n <= after)))
    known = [one for one in stored if one.at <= now]
    found = sum(e.points for e in entries(sheet, known, rules, today, begins, now))

    events = [(T0 + DAY * n, 0, 2) for n in checked if n <= after]
    events += [(one.at, one.id or 0, one.points) for one in known]
    coins: list[int] = []
    owed = 0
    for at, _, points in sorted(events):
        coins = [coin for coin in coins if coin + lasts * DAY > at]
        for _ in range(max(0, points)):
            if owed:
                owed -= 1
            else:
                coins.append(at)
        for _ in range(max(0, -points)):
            if coins:
                coins.remove(min(coins))
            else:
                owed += 1
    coins = [coin for coin in coins if coin + lasts * DAY > now]
    assert found == len(coins) - owed
