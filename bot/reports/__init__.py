"""Reports: tables as files, honest intervals, calendar feeds and pages; no store, no platform."""

from bot.reports.csv_text import CsvText, csv_of
from bot.reports.feed import Entry, feed_of
from bot.reports.interval import (
    Arm,
    Comparison,
    Contrast,
    Interval,
    compare,
    difference,
    members_needed,
    share,
)
from bot.reports.month import Day, Hour, Period, View, bounds, lay
from bot.reports.table import Cell, Column, Kind, Row, Table
from bot.reports.workbook import Workbook, write_xlsx, xlsx_of

__all__ = [
    "Arm",
    "Cell",
    "Column",
    "Comparison",
    "Contrast",
    "CsvText",
    "Day",
    "Entry",
    "Hour",
    "Interval",
    "Kind",
    "Period",
    "Row",
    "Table",
    "View",
    "Workbook",
    "bounds",
    "compare",
    "csv_of",
    "difference",
    "feed_of",
    "lay",
    "members_needed",
    "share",
    "write_xlsx",
    "xlsx_of",
]
