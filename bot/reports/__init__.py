"""Reports: tables as files, charts as pictures, intervals and calendars; knows no store."""

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
from bot.reports.parquet_file import ParquetFile, parquet_of, write_parquet
from bot.reports.picture import Chart, NoPicture, Series, png_of, svg_of
from bot.reports.table import Cell, Column, Kind, Row, Table
from bot.reports.workbook import Workbook, write_xlsx, xlsx_of

__all__ = [
    "Arm",
    "Cell",
    "Chart",
    "Column",
    "Comparison",
    "Contrast",
    "CsvText",
    "Day",
    "Entry",
    "Hour",
    "Interval",
    "Kind",
    "NoPicture",
    "ParquetFile",
    "Period",
    "Row",
    "Series",
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
    "parquet_of",
    "png_of",
    "share",
    "svg_of",
    "write_parquet",
    "write_xlsx",
    "xlsx_of",
]
