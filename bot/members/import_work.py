"""Import work: does running imports row by row, and goes on where somebody else ended."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from bot.members.import_rows import ERASED, Fault, RowReader, Rule, Wanted, free_text
from bot.members.imports import KEPT, Import, Imports, NoSuchImport
from bot.model.initials import initials
from bot.store.store import Store, as_text
from bot.store.tombstones import Tombstones

CHUNK = 50
"""Rows done in one step, in which the server does nothing else: some milliseconds."""
LEASE = 15_000
"""Milliseconds without a step after which another node goes on."""


class ImportWork:
    """Does what ``Imports`` has running; one node at a time each, every row once.

    A step takes rows from the list of those waiting, does them and keeps their results, in one
    script: a node that is killed leaves no row half done, and none is done twice.
    """

    def __init__(
        self,
        store: Store,
        imports: Imports,
        worker: Callable[[], str],
        rule: Callable[[], Rule] = lambda: free_text,
    ) -> None:
        """``worker`` is this node's name; ``rule`` gives how attributes are read now."""
        self._store = store
        self._imports = imports
        self._worker = worker
        self._rule = rule
        self._tombstones = Tombstones(store)

    async def tick(self) -> None:
        """Work until nothing is left to do; to be called every second on every node."""
        for number in await self._imports.running():
            await self.work(number)

    async def work(self, number: int, steps: int | None = None) -> None:
        """Do an import as far as it goes: to its end, till it is stopped or another's.

        ``steps``: no more than so many.
        """
        try:
            found = await self._imports.get(number)
        except NoSuchImport:
            return
        reader = RowReader(found.columns, self._rule())
        answer = "ok"
        while answer in ("ok", "moved") and steps != 0:
            answer = await self._step(found, reader)
            steps = None if steps is None else steps - 1

    async def _step(self, found: Import, reader: RowReader) -> str:
        rows = [row for row, _ in await self._imports.waiting(found.id, CHUNK)]
        wanted = [reader.read(row) for row in rows]
        erased = await self._erased(found.gateway, wanted)
        steps = [_step_of(one, reader.key if one.account in erased else None) for one in wanted]
        keys, store = self._store.keys, self._store
        answer = await store.run(
            "import_rows",
            [
                keys.import_at(found.id),
                keys.import_rows(found.id),
                keys.import_results(found.id),
                keys.member_accounts(found.gateway),
            ],
            [
                *(store.prefix, self._worker(), store.clock.now(), LEASE, KEPT),
                f"{rows[0][0]}-{rows[-1][0]}" if rows else "",
                *(len(rows), found.gateway, int(found.create), f"import {found.id}"),
                json.dumps(steps, ensure_ascii=False, separators=(",", ":")),
            ],
        )
        return as_text(answer)

    async def _erased(self, gateway: str, wanted: Sequence[Wanted]) -> set[str]:
        """Which of the accounts nobody has were erased: these are not brought back."""
        accounts = [one.account for one in wanted if one.account]
        keys = self._store.keys
        if not accounts or not await self._store.call("EXISTS", keys.member_erased(gateway)):
            return set()
        known = await self._store.call("HMGET", keys.member_accounts(gateway), *accounts)
        new = [a for a, number in zip(accounts, known, strict=True) if number is None]
        return set(await self._tombstones.erased(gateway, new)) if new else set()


def _step_of(one: Wanted, erased: int | None) -> dict[str, Any]:
    """A row as the script takes it."""
    faults = one.faults or (() if erased is None else (Fault(column=erased, say=ERASED),))
    if faults:
        return {"row": one.row, "refused": [fault.model_dump() for fault in faults]}
    return {
        "row": one.row,
        "member": one.member,
        "account": one.account,
        "phone": one.phone,
        "name": one.name,
        "folded": one.name.casefold(),
        "sound": initials(one.name),
        "attributes": one.attributes,
        "tags": one.tags,
    }
