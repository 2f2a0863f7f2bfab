"""Results of an import as a table: every row's outcome, and what was wrong with the refused."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from bot.i18n.mark import msgid
from bot.members.import_columns import NO_PHONES
from bot.members.import_rows import NO_PHONE, NOBODY, PHONES, UNKNOWN
from bot.members.imports import Import, Imports, Result
from bot.model.phrase import Phrase
from bot.reports.table import Column, Row

Say = Callable[[str], str]
"""A msgid or Phrase in the reader's language."""

DID = {
    "new": msgid("new member"),
    "changed": msgid("changed"),
    "same": msgid("as it was"),
    "refused": msgid("refused"),
}
"""What becomes of a row, in words."""
WHY = {
    "nobody": NOBODY,
    "unknown": UNKNOWN,
    "no phone": NO_PHONE,
    "phones": PHONES,
    "unready": NO_PHONES,
}


def columns(found: Import, say: Say) -> tuple[Column, ...]:
    """Row, outcome, member, what was wrong; then the cells of what was refused."""
    own = (msgid("Row"), msgid("What became of it"), msgid("Member number"), msgid("What is wrong"))
    kinds = ("count", "text", "text", "text")
    titles = [Column(say(title), kind) for title, kind in zip(own, kinds, strict=True)]  # type: ignore[arg-type]
    return (*titles, *(Column(name) for name in found.header))


async def rows(
    found: Import, imports: Imports, say: Say, refused: bool = False
) -> AsyncIterator[list[Row]]:
    """The rows, some at a time; with ``refused`` only those that were."""
    empty = ("",) * len(found.header)
    async for some in imports.results(found.id):
        yield [
            (
                one.row,
                say(DID[one.did]),
                str(one.member or ""),
                wrong(one, found.header, say),
                *((*one.of, *empty)[: len(empty)]),
            )
            for one in some
            if not refused or one.did == "refused"
        ]


def wrong(result: Result, header: Sequence[str], say: Say) -> str:
    """What was wrong with a row, column by column."""
    if result.why:
        return say(WHY.get(result.why, result.why))
    return "; ".join(f"{header[f.column]}: {say(Phrase(f.say, **f.values))}" for f in result.faults)
