"""Figures as programs read them: the same keys on the command line and in the API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from pydantic import Field

from bot.clock import utc
from bot.figures.row import By, Figures, Row
from bot.model.base import Frozen


class RateShown(Frozen):
    """The part of those reached who clicked, and the range its true value lies in, of 1."""

    estimate: float | None
    low: float
    high: float


class DelayShown(Frozen):
    """Ms from the message to the first click: half came sooner, nine of ten came sooner."""

    count: int
    median: int
    slowest: int


class RevenueShown(Frozen):
    """The value of all conversions in one currency."""

    currency: str
    value: str = Field(description="A decimal.")


class RowShown(Frozen):
    """What one link, group, day … came to; null is a figure that has no meaning there.

    Raw: ``hits``; clean: ``clicks``; unique: ``people``, of whom are ``members`` and unknown
    ``visitors``. ``received`` adds up whom each message reached, ``clickers`` who of
    them clicked in it.
    """

    key: str
    name: str
    reach: int | None
    hits: int | None
    clicks: int
    people: int
    members: int
    visitors: int | None
    verdicts: dict[str, int] = Field(description="What the hits were judged.")
    received: int | None
    clickers: int | None
    rate: RateShown | None
    delay: DelayShown | None
    replied: int | None
    checked_in: int | None
    tagged: int | None
    converted: int
    conversions: int
    revenue: tuple[RevenueShown, ...]


class FiguresShown(Frozen):
    """Figures of a subject in the days from ``since`` to ``until``, both included.

    ``rows`` are those it is cut ``by``; they need not add up to ``total``, for who clicked in two
    groups is one. Everything clicked before ``complete_until`` is counted.
    """

    subject: str
    name: str
    by: By | None
    since: date
    until: date
    zone: str
    total: RowShown
    rows: tuple[RowShown, ...]
    complete_until: datetime


def shown(figures: Figures, name: str, names: Mapping[str, str], zone: str) -> FiguresShown:
    """Figures with the names of their subject and rows."""
    return FiguresShown(
        subject=str(figures.subject),
        name=name,
        by=figures.by,
        since=figures.period.since,
        until=figures.period.until,
        zone=zone,
        total=row_shown(figures.total, name),
        rows=tuple(row_shown(row, names.get(row.key, row.key)) for row in figures.rows),
        complete_until=utc(figures.complete),
    )


def row_shown(row: Row, name: str) -> RowShown:
    """A row with its name."""
    rate, delay, followed = row.rate, row.delay, row.followed or {}
    return RowShown(
        key=row.key,
        name=name,
        reach=row.reach,
        hits=row.hits,
        clicks=row.clicks,
        people=row.people,
        members=row.members,
        visitors=row.visitors,
        verdicts=dict(row.verdicts),
        received=row.received,
        clickers=row.clickers,
        rate=RateShown(estimate=rate.estimate, low=rate.low, high=rate.high) if rate else None,
        delay=DelayShown(count=delay.count, median=delay.median, slowest=delay.slowest)
        if delay
        else None,
        replied=followed.get("replied"),
        checked_in=followed.get("checked-in"),
        tagged=followed.get("tagged"),
        converted=row.converted,
        conversions=row.conversions,
        revenue=tuple(
            RevenueShown(currency=currency, value=str(value))
            for currency, value in sorted(row.revenue.items())
        ),
    )
