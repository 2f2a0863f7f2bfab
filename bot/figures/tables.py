"""Tables of figures, as they are shown and exported."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import tzinfo

from bot.clock import utc
from bot.figures.measures import MEASURES
from bot.figures.names import BYS
from bot.figures.row import Figures, Row
from bot.figures.tongue import Words
from bot.i18n.mark import msgid
from bot.links.rules import VERSION
from bot.reports.table import Cell, Column, Kind, Table
from bot.reports.table import Row as Cells

ALL = msgid("All together")
_TITLES = {measure.key: measure.name for measure in MEASURES}
COLUMNS: tuple[tuple[str, str, Kind], ...] = (
    ("reach", _TITLES["reach"], "count"),
    ("hits", _TITLES["hits"], "count"),
    ("clicks", _TITLES["clicks"], "count"),
    ("people", _TITLES["people"], "count"),
    ("members", msgid("of these members"), "count"),
    ("visitors", msgid("of these unknown visitors"), "count"),
    ("received", msgid("Messages received"), "count"),
    ("clickers", msgid("Messages clicked in"), "count"),
    ("rate", _TITLES["rate"], "percent"),
    ("low", msgid("Click-through, at least"), "percent"),
    ("high", msgid("Click-through, at most"), "percent"),
    ("median", msgid("First click after, half sooner"), "duration"),
    ("slowest", msgid("First click after, 9 of 10 sooner"), "duration"),
    ("replied", _TITLES["replied"], "count"),
    ("checked-in", _TITLES["checked-in"], "count"),
    ("tagged", _TITLES["tagged"], "count"),
    ("converted", _TITLES["converted"], "count"),
    ("conversions", _TITLES["conversions"], "count"),
)
"""Key, title and kind of what every row tells; revenue follows, a column for each currency."""


def table_of(
    figures: Figures, names: Mapping[str, str], words: Words, zone: tzinfo, about: str = ""
) -> Table:
    """A row for each of what the figures are cut by, and one of all together.

    ``names`` are those of the rows' keys (``Names.of``), ``about`` that of the subject
    (``Names.subject``). The notes say what every figure is, and until when it is complete.
    """
    say, currencies = words.say, _currencies([figures.total, *figures.rows])
    columns = [Column(say(title), kind) for _, title, kind in COLUMNS]
    title = _TITLES["revenue"]
    revenue = say(title)
    columns += [Column(f"{revenue} ({one})" if one else revenue, "number") for one in currencies]
    rows: list[Cells] = [
        (names.get(row.key, row.key), *_cells(row, currencies)) for row in figures.rows
    ]
    rows.append((say(ALL), *_cells(figures.total, currencies)))
    first = Column(say(BYS[figures.by]) if figures.by else say(msgid("What")))
    name = about or str(figures.subject)
    return Table(name, (first, *columns), rows, notes_of(figures, words, zone, about))


def notes_of(figures: Figures, words: Words, zone: tzinfo, about: str = "") -> tuple[str, ...]:
    """What a reader must know to read the figures right: of what they are, and what each is."""
    say = words.say
    complete = f"{utc(figures.complete).astimezone(zone):%Y-%m-%d %H:%M:%S}"
    head = (
        say(msgid("Figures of {what}"), what=about or str(figures.subject)),
        say(
            msgid("{since} to {until}, days of {zone}"),
            since=figures.period.since.isoformat(),
            until=figures.period.until.isoformat(),
            zone=str(zone),
        ),
        say(
            msgid("Complete until {moment}: everything that was clicked before is counted."),
            moment=complete,
        ),
        say(msgid("Fetches are judged by version {n} of the rules"), n=VERSION),
    )
    return (*head, *(f"{say(one.name)}: {say(one.meaning)}" for one in MEASURES))


def cell(row: Row, key: str) -> Cell:
    """What one of COLUMNS holds for a row; None is a figure that has no meaning there."""
    match key:
        case "rate" | "low" | "high":
            return _rate(row, key)
        case "median" | "slowest":
            return (
                (row.delay.median if key == "median" else row.delay.slowest) / 1000
                if row.delay
                else None
            )
        case "replied" | "checked-in" | "tagged":
            return None if row.followed is None else row.followed[key]
        case "reach":
            return row.reach
        case "hits":
            return row.hits
        case "visitors":
            return row.visitors
        case "received":
            return row.received
        case "clickers":
            return row.clickers
    number: int = getattr(row, key)
    return number


def _rate(row: Row, key: str) -> float | None:
    if (rate := row.rate) is None or rate.estimate is None:
        return None
    return {"rate": rate.estimate, "low": rate.low, "high": rate.high}[key]


def _cells(row: Row, currencies: Iterable[str]) -> list[Cell]:
    money = [row.revenue.get(one) for one in currencies]
    told: list[Cell] = [None if value is None else float(value) for value in money]
    return [cell(row, key) for key, _, _ in COLUMNS] + told


def _currencies(rows: Iterable[Row]) -> list[str]:
    return sorted({currency for row in rows for currency in row.revenue})
