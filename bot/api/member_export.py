"""Export of members over the API: everybody in an audience as a CSV, sent while it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator

from pydantic import Field

from bot.api.operation import Call, Operation, Stream
from bot.api.problem import misread
from bot.audience.audience import Audience
from bot.located import Problems
from bot.members.export import MemberExport, Sheet
from bot.model.base import Frozen
from bot.reports.csv_text import CsvText

CSV = "text/csv"


class ExportAsked(Frozen):
    """Who."""

    audience: str = Field(
        default="everyone", min_length=1, max_length=2000, examples=["tag:vip and not active:7d"]
    )


class MemberExportResource:
    """``/member-export``."""

    def __init__(self, export: MemberExport, zone: str) -> None:
        """``zone``: moments are told in it."""
        self._export = export
        self._zone = zone

    def operations(self) -> list[Operation]:
        """What can be exported."""
        return [
            Operation(
                *("GET", "/member-export", "read:members", self.export_members, {}),
                *(ExportAsked,),
                gives=(CSV,),
            )
        ]

    async def export_members(self, call: Call[ExportAsked, None]) -> Stream:
        """Everybody in an audience, with columns an import knows by their names."""
        try:
            sheet = await self._export.sheet(Audience.parse(call.asked.audience))
        except Problems as problems:
            raise misread(problems, "audience") from None
        return Stream("members.csv", CSV, self._pieces(sheet))

    async def _pieces(self, sheet: Sheet) -> AsyncIterator[bytes]:
        text = CsvText(sheet.columns(str), self._zone)
        yield text.head()
        async for some in self._export.rows(sheet):
            yield text.rows(some)
