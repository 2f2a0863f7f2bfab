"""Results of imports over the API: what became of each row, and what was wrong with it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bot.api.member_imports import CellFault, ImportAsked, told
from bot.api.operation import Call, Operation
from bot.api.paging import Asked, Paged, cursor
from bot.members.import_results import WHY
from bot.members.imports import Import, Imports, Result
from bot.model.base import Frozen

MOST = 5_000
"""Rows looked at for one page."""


class ResultsAsked(Asked, ImportAsked):
    """Which page of an import's results."""

    only: Literal["all", "refused"] = "all"


class ResultShown(Frozen):
    """What became of a row; of a refused one also its cells, and why."""

    row: int = Field(description="As spreadsheets count; the header is row 1.")
    did: Literal["new", "changed", "same", "refused"]
    member: int | None
    why: str
    faults: tuple[CellFault, ...]
    cells: tuple[str, ...]


class ResultList(Paged[ResultShown]):
    """Rows that are done, in their order; a page of the refused may be short."""


class MemberImportResultResource:
    """``/member-imports/{number}/results``."""

    def __init__(self, imports: Imports) -> None:
        self._imports = imports

    def operations(self) -> list[Operation]:
        """What can be asked."""
        return [
            Operation(
                "GET",
                "/member-imports/{number}/results",
                "read:members",
                self.list_import_results,
                {200: ResultList},
                ResultsAsked,
                None,
                (404,),
            )
        ]

    async def list_import_results(self, call: Call[ResultsAsked, None]) -> ResultList:
        """What became of the rows that are done; with ``only=refused`` of those alone."""
        asked, items = call.asked, list[ResultShown]()
        with told():
            found = await self._imports.get(asked.number)
        at = start = asked.offset
        async for some in self._imports.results(asked.number, start):
            for one in some:
                if len(items) == asked.limit or at - start == MOST:
                    return ResultList(items=tuple(items), next=cursor(str(at)))
                if one.did == "refused" or asked.only == "all":
                    items.append(_shown(found, one))
                at += 1
        return ResultList(items=tuple(items), next=None)


def _shown(found: Import, one: Result) -> ResultShown:
    return ResultShown(
        row=one.row,
        did=one.did,
        member=one.member or None,
        why=WHY.get(one.why, one.why),
        faults=tuple(
            CellFault(column=found.header[fault.column], message=str(fault.phrase))
            for fault in one.faults
        ),
        cells=one.of,
    )
