"""Imports of members over the API: a file goes up, its columns are told apart, it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from hashlib import sha256
from typing import Literal

from pydantic import Field

from bot.api.once import Once, OnceAsked
from bot.api.operation import Answer, Call, Number, Operation
from bot.api.problem import Fault, Refused, wrong
from bot.clock import utc
from bot.members.import_columns import WrongColumns
from bot.members.import_preview import Look, Preview
from bot.members.import_rows import Rule
from bot.members.import_sheet import Unreadable
from bot.members.import_table import LARGEST as LARGEST_FILE
from bot.members.imports import Import, Imports, NoSuchImport, State, WrongState
from bot.model.base import Frozen
from bot.model.phrase import Phrase
from bot.store.effects import Effects
from bot.store.members import Members
from bot.store.store import Store

CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ANY = "application/octet-stream"


class ImportShown(Frozen):
    """A table on its way; ``new``, ``changed``, ``same`` and ``refused`` are rows done with."""

    number: int
    file: str
    by: str
    created: datetime
    header: tuple[str, ...]
    columns: tuple[str, ...] = Field(
        description='What each column is: "number", "account:gateway", "phone", "name", "tags", '
        '"attribute:name", or "" to leave it out.'
    )
    create: bool = Field(description="Whether accounts nobody has become members.")
    state: State
    rows: int
    new: int
    changed: int
    same: int
    refused: int
    at: datetime = Field(description="When something was last done.")


class ImportList(Frozen):
    """The latest imports, the newest first; they are kept for 30 days."""

    items: tuple[ImportShown, ...]


class UploadAsked(OnceAsked):
    """What the file is called."""

    file: str = Field(default="members", max_length=200, examples=["people.csv"])


class ImportAsked(Frozen):
    """Which import."""

    number: Number


class ColumnsWanted(Frozen):
    """What each column is, in the order of the header."""

    columns: tuple[str, ...] = Field(
        max_length=200, examples=[["account:sandbox", "name", "attribute:phone"]]
    )
    create: bool = True


class CellFault(Frozen):
    """What is wrong with a cell; columns are named as in the header."""

    column: str
    message: str


class LookShown(Frozen):
    """What would become of a row; ``before`` has the old values of cells that would change."""

    row: int
    cells: tuple[str, ...]
    did: Literal["new", "changed", "same", "refused"]
    faults: tuple[CellFault, ...]
    before: dict[str, str]


class LookList(Frozen):
    """The first rows, as they would be done now."""

    items: tuple[LookShown, ...]


class MemberImportResource:
    """``/member-imports``."""

    def __init__(
        self,
        imports: Imports,
        store: Store,
        members: Members,
        rule: Callable[[], Rule],
        once: Once,
    ) -> None:
        self._imports = imports
        self._store = store
        self._members = members
        self._rule = rule
        self._once = once

    def operations(self) -> list[Operation]:
        """What can be done with imports."""
        every, one = "/member-imports", "/member-imports/{number}"
        read: Literal["read:members"] = "read:members"
        write: Literal["write:members"] = "write:members"
        shown, judged = {200: ImportShown}, (ImportAsked, None, (404, 409))
        return [
            Operation("GET", every, read, self.list_imports, {200: ImportList}),
            Operation(
                *("POST", every, write, self.upload_import, {201: ImportShown}),
                *(UploadAsked, None, (409,)),
                takes=(CSV, XLSX, ANY),
                largest=LARGEST_FILE,
            ),
            Operation("GET", one, read, self.get_import, shown, ImportAsked, None, (404,)),
            Operation(
                *("GET", f"{one}/preview", read, self.preview_import),
                *({200: LookList}, *judged),
            ),
            Operation(
                *("PUT", f"{one}/columns", write, self.choose_columns, shown),
                *(ImportAsked, ColumnsWanted, (404, 409)),
            ),
            Operation("POST", f"{one}/run", write, self.run_import, shown, *judged),
            Operation("POST", f"{one}/stop", write, self.stop_import, shown, *judged),
            Operation("DELETE", one, write, self.drop_import, shown, *judged),
        ]

    async def list_imports(self, call: Call[Frozen, None]) -> ImportList:
        """The latest imports, the newest first."""
        return ImportList(items=tuple(map(_shown, await self._imports.all())))

    async def upload_import(self, call: Call[UploadAsked, bytes]) -> Answer:
        """Take a table as a draft, its columns guessed; nothing is done with it yet."""
        token, asked = call.token, call.asked
        content = f"{asked.file} {sha256(call.body).hexdigest()}"
        if number := await self._once.before(token, asked.key, content):
            with told():
                return Answer(_shown(await self._imports.get(int(number))), 201)
        try:
            made = await self._imports.take(token.actor, asked.file, call.body)
        except Unreadable as error:
            message = str(Phrase.of(error))
            raise Refused(422, message, [Fault(where="body", at="", message=message)]) from None
        effects = Effects(self._store.keys)
        self._once.remember(effects, token, asked.key, content, str(made.id))
        await self._store.apply(effects)
        return Answer(_shown(made), 201)

    async def get_import(self, call: Call[ImportAsked, None]) -> ImportShown:
        """One import, and how far it is."""
        with told():
            return _shown(await self._imports.get(call.asked.number))

    async def preview_import(self, call: Call[ImportAsked, None]) -> LookList:
        """What would become of the first 200 rows that are not done."""
        with told():
            found = await self._imports.get(call.asked.number)
        preview = Preview(self._store, self._members, self._imports, self._rule())
        looks = await preview.of(found)
        return LookList(items=tuple(_look(found, one) for one in looks))

    async def choose_columns(self, call: Call[ImportAsked, ColumnsWanted]) -> ImportShown:
        """Say what the columns of a draft are."""
        wanted = call.body
        with told():
            return _shown(
                await self._imports.choose(call.asked.number, wanted.columns, wanted.create)
            )

    async def run_import(self, call: Call[ImportAsked, None]) -> ImportShown:
        """Start it, or go on with what was stopped; the bot does it row by row."""
        with told():
            return _shown(await self._imports.run(call.asked.number, call.token.actor))

    async def stop_import(self, call: Call[ImportAsked, None]) -> ImportShown:
        """Stop between two rows; what was done stays."""
        with told():
            return _shown(await self._imports.stop(call.asked.number, call.token.actor))

    async def drop_import(self, call: Call[ImportAsked, None]) -> ImportShown:
        """Forget one that does not run, its rows and results; what was done stays."""
        with told():
            found = await self._imports.get(call.asked.number)
            await self._imports.drop(found.id)
        return _shown(found)


@contextmanager
def told() -> Iterator[None]:
    """Refuses with what the room says is wrong."""
    try:
        yield
    except NoSuchImport as error:
        raise Refused(404, str(Phrase.of(error))) from None
    except WrongState as error:
        raise Refused(409, str(Phrase.of(error))) from None
    except WrongColumns as error:
        raise wrong("body", "columns", str(Phrase.of(error))) from None


def _shown(one: Import) -> ImportShown:
    return ImportShown(
        number=one.id,
        created=utc(one.created),
        at=utc(one.at),
        **one.model_dump(include={*ImportShown.model_fields} - {"number", "created", "at"}),
    )


def _look(found: Import, one: Look) -> LookShown:
    return LookShown(
        row=one.row,
        cells=tuple(one.cells),
        did=one.did,
        faults=tuple(
            CellFault(column=found.header[at], message=str(fault.phrase))
            for at, fault in one.faults.items()
        ),
        before={found.header[at]: value for at, value in one.before.items()},
    )
