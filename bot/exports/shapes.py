"""Shapes: the tables of the layout and their columns, which docs/parquet.md tells of."""

from __future__ import annotations

from dataclasses import dataclass

LAYOUT = 1
"""Of the layout; it goes up when a column goes away or means something else."""


@dataclass(frozen=True, slots=True)
class Shape:
    """One table; ``by_day``: a folder for each day."""

    name: str
    columns: dict[str, str]
    """Types by name, as ``schema_of`` wants them."""
    by_day: bool = False


def _shape(name: str, *columns: str, by_day: bool = False) -> Shape:
    named = [column.partition(" ") for line in columns for column in line.split(", ")]
    return Shape(name, {column: kind for column, _, kind in named}, by_day)


LINKS = _shape("links", "link int64, name string, url string, campaign string, made moment")
GROUPS = _shape(
    "groups",
    "group int64, gateway string, id string, name string, owner string, since moment",
    "gone bool, members int64",
)
MEMBERS = _shape(
    "members",
    "member int64, name string, gateways list string, since moment, tags list string",
    "channel string, owner string",
)
RUNS = _shape(
    "runs",
    "run string, sop string, version int64, step string, occurrence string, due moment",
    "missed bool, to string, planned int64, sent int64, failed int64, in_doubt int64, task int64",
    "done int64, skipped int64, deferred int64, present int64, replied int64, checked_in int64",
    "tagged int64, converted int64",
)
RESULTS = _shape(
    "results",
    "run string, member int64, group int64, outcome string, reason string",
    by_day=True,
)
REACH = _shape("reach", "run string, group int64, member int64", by_day=True)
HITS = _shape(
    "hits",
    "at moment, link int64, run string, step string, group int64, member int64, verdict string",
    "rules int64, app string, way string, visitor string",
    by_day=True,
)
COUNTS = _shape(
    "counts",
    "link int64, run string, step string, group int64, hour int64, way string, verdict string",
    "hits int64",
    by_day=True,
)
CLICKS = _shape(
    "clicks",
    "link int64, run string, step string, group int64, member int64, clicks int64, first moment",
    "delay float64, way string",
    by_day=True,
)
VISITORS = _shape(
    "visitors", "link int64, run string, step string, group int64, visitors int64", by_day=True
)
CONVERSIONS = _shape(
    "conversions",
    "id string, at moment, kind string, value decimal, currency string, member int64, link int64",
    "campaign string, run string, step string, group int64, attributed string",
)
CHECK_INS = _shape("check_ins", "programme string, group int64, member int64", by_day=True)

SHAPES = (
    *(LINKS, GROUPS, MEMBERS, RUNS, RESULTS, REACH),
    *(HITS, COUNTS, CLICKS, VISITORS, CONVERSIONS, CHECK_INS),
)
