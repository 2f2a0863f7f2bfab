"""Imports: tables of members that were uploaded, what their columns mean, and how far they are."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from itertools import islice
from typing import Any, Literal

from pydantic import Field

from bot.i18n.mark import msgid
from bot.members.attribute_index import AttributeIndex
from bot.members.attributes import Attribute
from bot.members.import_columns import ACCOUNT, NO_PHONES, PHONE, WrongColumns, check, guess
from bot.members.import_rows import Fault
from bot.members.import_sheet import Numbered
from bot.members.import_table import TableIn
from bot.model.base import Frozen
from bot.model.phrase import Phrase
from bot.store.audit import Change, audit
from bot.store.effects import Effects
from bot.store.store import Store

KEPT = 30 * 86_400
"""Seconds an import, what it did, and rows that wait are kept."""
CHUNK = 500
SHOWN = 50
"""Imports that are listed."""

State = Literal["draft", "running", "stopped", "done"]

GONE = msgid("There is no such import; they are kept for 30 days.")
NOT_NOW = msgid("This import is {state}; that cannot be done now.")


class NoSuchImport(Exception):
    """There is none of that number; its argument is a Phrase."""


class WrongState(Exception):
    """What was asked for does not fit how far the import is; its argument is a Phrase."""


class Import(Frozen):
    """One table on its way; times are UTC ms.

    ``columns`` say what each column of ``header`` means (bot/members/import_columns.py). ``rows``
    are those of the file; ``new``, ``changed``, ``same`` and ``refused`` those done with.
    """

    id: int
    by: str
    file: str
    created: int
    header: tuple[str, ...]
    columns: tuple[str, ...]
    create: bool = True
    rows: int = 0
    state: State = "draft"
    new: int = 0
    changed: int = 0
    same: int = 0
    refused: int = 0
    at: int = 0

    @property
    def done(self) -> int:
        """Rows done with."""
        return self.new + self.changed + self.same + self.refused

    @property
    def gateway(self) -> str:
        """Of which gateway the accounts are that say who is meant; '' when numbers do."""
        found = [c.removeprefix(ACCOUNT) for c in self.columns if c.startswith(ACCOUNT)]
        return found[0] if found else ""


class Result(Frozen):
    """What became of a row; of a refused one also its cells, and what was wrong with which."""

    row: int
    did: Literal["new", "changed", "same", "refused"]
    member: int = 0
    why: str = ""
    faults: tuple[Fault, ...] = ()
    of: tuple[str, ...] = Field(default=())


class Imports:
    """The desk of imports: taking files, saying what columns mean, starting and stopping.

    What is running is done by ``ImportWork``, on any node. ``gateways``: those there are;
    ``declared``: attributes by name.
    """

    def __init__(
        self,
        store: Store,
        gateways: Callable[[], Sequence[str]],
        declared: Callable[[], Mapping[str, Attribute]] = dict,
    ) -> None:
        self._store = store
        self._index = AttributeIndex(store)
        self.gateways = gateways
        self.declared = declared

    async def take(self, by: str, file: str, body: bytes) -> Import:
        """Read an uploaded file into the store as a draft; raises Unreadable, StoreError.

        Until it is whole nobody sees it; what was broken off goes away by itself.
        """
        table = await asyncio.to_thread(TableIn, body)
        keys, now = self._store.keys, self._store.clock.now()
        number = int(await self._store.call("INCR", keys.import_seq()))
        rows = await self._put(number, table)
        called = {one.label: name for name, one in self.declared().items() if one.label}
        columns = guess(table.header, self.gateways(), called)
        made = Import(
            id=number,
            by=by,
            file=file[:200],
            created=now,
            header=table.header,
            columns=columns,
            rows=rows,
            at=now,
        )
        effects = Effects(keys)
        self._write(effects, made)
        effects.do("HSET", keys.import_at(number), "state", "draft", "rows", rows, "at", now)
        effects.do("EXPIRE", keys.import_at(number), KEPT)
        effects.do("ZADD", keys.imports(), now, number)
        effects.do("ZREMRANGEBYSCORE", keys.imports(), "-inf", now - KEPT * 1000)
        await self._store.apply(effects)
        return made

    async def all(self) -> list[Import]:
        """The latest imports, the newest first."""
        numbers = await self._store.texts("ZREVRANGE", self._store.keys.imports(), 0, SHOWN - 1)
        found = await asyncio.gather(*(self._read(int(n)) for n in numbers))
        return [one for one in found if one]

    async def running(self) -> list[int]:
        """The numbers of those to be worked on."""
        return [one.id for one in await self.all() if one.state == "running"]

    async def get(self, number: int) -> Import:
        """One import; raises NoSuchImport."""
        found = await self._read(number)
        if found is None:
            raise NoSuchImport(Phrase(GONE))
        return found

    async def choose(self, number: int, columns: Sequence[str], create: bool) -> Import:
        """Say what the columns of a draft mean, and whether unknown accounts become members.

        Raises WrongColumns, WrongState, NoSuchImport.
        """
        found = await self.get(number)
        await self.check(found, columns)
        changed = found.model_copy(update={"columns": tuple(columns), "create": create})
        effects = self._from(found, "draft")
        self._write(effects, changed)
        await self._do(found, effects)
        return changed

    async def run(self, number: int, by: str) -> Import:
        """Start a draft, or go on with what was stopped; raises as ``choose``."""
        found = await self.get(number)
        await self.check(found, found.columns)
        return await self._turn(found, "running", by, "draft", "stopped")

    async def stop(self, number: int, by: str) -> Import:
        """Stop between two rows; what was done stays. Raises WrongState, NoSuchImport."""
        return await self._turn(await self.get(number), "stopped", by, "running")

    async def drop(self, number: int) -> None:
        """Forget an import that does not run, its rows and results; raises as ``stop``."""
        found, keys = await self.get(number), self._store.keys
        effects = self._from(found, "draft", "stopped", "done")
        effects.do(
            *("UNLINK", keys.import_at(number), keys.import_rows(number)),
            keys.import_results(number),
        )
        effects.do("ZREM", keys.imports(), number)
        await self._do(found, effects)

    async def first(self, number: int, count: int) -> list[Numbered]:
        """The first rows that are not done."""
        return [row for row, _ in await self.waiting(number, count)]

    async def waiting(self, number: int, count: int) -> list[tuple[Numbered, bytes]]:
        """The first rows that are not done, and how they are kept."""
        key = self._store.keys.import_rows(number)
        kept = await self._store.call("LRANGE", key, 0, count - 1)
        rows = map(json.loads, kept)
        return [((row["row"], row["of"]), raw) for row, raw in zip(rows, kept, strict=True)]

    async def results(self, number: int, start: int = 0) -> AsyncIterator[list[Result]]:
        """What became of the rows, some at a time, in their order; ``start`` of them left out."""
        key = self._store.keys.import_results(number)
        while some := await self._store.call("LRANGE", key, start, start + CHUNK - 1):
            yield [Result.model_validate_json(one) for one in some]
            start += len(some)

    # inside

    async def check(self, found: Import, columns: Sequence[str]) -> None:
        check(found.header, columns, self.gateways())
        if PHONE in columns and not await self._index.phones():
            raise WrongColumns(Phrase(NO_PHONES))

    async def _put(self, number: int, table: TableIn) -> int:
        """Keep the rows; how many there are."""
        rows, count = table.rows(), 0
        key = self._store.keys.import_rows(number)
        while some := await asyncio.to_thread(_packed, rows):
            effects = Effects(self._store.keys)
            effects.do("RPUSH", key, *some)
            effects.do("EXPIRE", key, KEPT)
            await self._store.apply(effects)
            count += len(some)
        return count

    async def _turn(self, found: Import, state: State, by: str, *old: State) -> Import:
        effects, now = self._from(found, *old), self._store.clock.now()
        effects.do("HSET", self._store.keys.import_at(found.id), "state", state, "at", now)
        what = "import.stopped" if state == "stopped" else "import.started"
        about: dict[str, Any] = {"file": found.file, "rows": found.rows}
        audit(effects, Change(at=now, who=by, what=what, on=f"import {found.id}", after=about))
        await self._do(found, effects)
        return found.model_copy(update={"state": state, "at": now})

    def _from(self, found: Import, *states: State) -> Effects:
        """Effects that are done if the import is still in the state it was seen in."""
        if found.state not in states:
            raise WrongState(Phrase(NOT_NOW, state=Phrase(STATES[found.state])))
        effects = Effects(self._store.keys)
        effects.guard(found.state, "HGET", self._store.keys.import_at(found.id), "state")
        return effects

    async def _do(self, found: Import, effects: Effects) -> None:
        if not await self._store.apply(effects):
            raise WrongState(Phrase(NOT_NOW, state=Phrase(STATES[found.state])))

    def _write(self, effects: Effects, one: Import) -> None:
        about = one.model_dump_json(
            include={"by", "file", "created", "header", "columns", "create"}
        )
        effects.do("HSET", self._store.keys.import_at(one.id), "about", about)

    async def _read(self, number: int) -> Import | None:
        kept = await self._store.table("HGETALL", self._store.keys.import_at(number))
        if "about" not in kept:
            return None
        fields: dict[str, Any] = {name: kept[name] for name in _FIELDS if name in kept}
        return Import(id=number, **json.loads(kept["about"]), **fields)


STATES: dict[State, str] = {
    "draft": msgid("a draft"),
    "running": msgid("running"),
    "stopped": msgid("stopped"),
    "done": msgid("done"),
}
"""How far an import is, in words."""
_FIELDS = ("state", "rows", "new", "changed", "same", "refused", "at")


def _packed(rows: Any) -> list[str]:
    return [
        json.dumps({"row": number, "of": cells}, ensure_ascii=False, separators=(",", ":"))
        for number, cells in islice(rows, CHUNK)
    ]
