"""The desk: operators change links here, with the earlier versions kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bot.links.links import Link, Links, folded
from bot.links.terms import Terms, read_terms
from bot.model.base import Frozen
from bot.model.phrase import Phrase
from bot.store.audit import KEPT, Change
from bot.store.store import Store

VERSIONS = 100
"""Versions of one link that are kept."""
_WORD = re.compile(r"[^\W_](?:[\w-]{0,58}[^\W_])")


class LinkError(ValueError):
    """What was asked of a link cannot be done; a phrase for operators."""


class EditedMeanwhile(LinkError):
    """Somebody else changed the link since it was read."""


class Version(Frozen):
    """The terms a link had; ``at`` is UTC ms, ``by`` who set them, '' for who made it."""

    version: int
    at: int
    by: str = ""
    terms: Terms


class Desk:
    """Edits links and gives them words; other nodes know it at their next refresh."""

    def __init__(self, store: Store, links: Links) -> None:
        self._store = store
        self._links = links

    async def edit(
        self, number: int, by: str, changes: Mapping[str, Any], version: int | None = None
    ) -> Link:
        """Change fields of a link's Terms; the link as it is then.

        Raises Problems for wrong values, EditedMeanwhile when it no longer has ``version``,
        LinkError for a link that is not there, and StoreError.
        """
        link = await self._link(number)
        if version not in (None, link.version):
            raise _edited()
        before = link.terms
        terms = read_terms({**before.model_dump(), **changes})
        if terms == before:
            return link
        now = self._store.clock.now()
        first = Version(version=1, at=link.since, terms=before)
        entry = Version(version=link.version + 1, at=now, by=by, terms=terms)
        audited = _change(now, by, number, before, terms)
        keys = self._store.keys
        answer = await self._store.run(
            "link_save",
            [
                *(keys.link(number), keys.link_history(number), keys.link_edited(), keys.audit()),
                *(keys.link_admitted(number), keys.link_counts(number), keys.link_edits()),
            ],
            [
                *(number, link.version, _json(terms), _json(entry), _json(first), terms.limit),
                *(KEPT, audited.model_dump_json(exclude_defaults=True), VERSIONS),
            ],
        )
        if int(answer) < 1:
            raise _edited()
        return await self._link(number)

    async def restore(self, number: int, by: str, version: int) -> Link:
        """Give a link the terms of an earlier version, as a new one.

        Raises LinkError when that version is not kept, and what ``edit`` raises.
        """
        for one in await self.history(number):
            if one.version == version:
                return await self.edit(number, by, one.terms.model_dump())
        raise LinkError(Phrase("version {version} is not kept", version=version))

    async def history(self, number: int) -> list[Version]:
        """The versions of a link that are kept, newest first; none when it was never changed."""
        rows = await self._store.table("HGETALL", self._store.keys.link_history(number))
        kept = [Version.model_validate_json(row) for row in rows.values()]
        return sorted(kept, key=lambda one: -one.version)

    async def give_word(self, number: int, by: str, word: str) -> str:
        """Let ``/l/word`` lead to a link; the word as it is kept.

        Raises LinkError when it is no word, or another link's, and StoreError.
        """
        await self._link(number)
        kept = folded(word.strip())
        if not _WORD.fullmatch(kept):
            raise LinkError(Phrase("a word is 2 to 60 letters, digits and -, such as spring-sale"))
        if self._links.codes.unpack(kept):
            raise LinkError(Phrase("this is the code of a link"))
        owner = await self._word(kept, number, by, "link.worded")
        if owner != number:
            raise LinkError(Phrase("link #{number} has this word", number=owner))
        return kept

    async def take_word(self, number: int, by: str, word: str) -> bool:
        """Take a word from a link; False when the link does not have it."""
        kept = folded(word.strip())
        await self._links.refresh()
        if kept not in self._links.words(number):
            return False
        return await self._word(kept, None, by, "link.unworded", of=number) > 0

    async def _word(
        self, word: str, number: int | None, by: str, what: str, of: int | None = None
    ) -> int:
        keys, now = self._store.keys, self._store.clock.now()
        change = Change(at=now, who=by, what=what, on=f"#{number or of}", after={"word": word})
        answer = await self._store.run(
            "link_word",
            [keys.link_words(), keys.link_edited(), keys.audit(), keys.link_edits()],
            [word, number or "", KEPT, change.model_dump_json(exclude_defaults=True)],
        )
        await self._links.refresh()
        return int(answer)

    async def _link(self, number: int) -> Link:
        link = await self._links.reread(number)
        if link is None:
            raise LinkError(Phrase("there is no link #{number}", number=number))
        return link


def changed(before: Terms, after: Terms) -> dict[str, tuple[Any, Any]]:
    """The fields in which terms differ, with both values as plain data."""
    old, new = before.model_dump(mode="json"), after.model_dump(mode="json")
    return {name: (old[name], new[name]) for name in old if old[name] != new[name]}


def _change(at: int, by: str, number: int, before: Terms, after: Terms) -> Change:
    found = changed(before, after)
    return Change(
        at=at,
        who=by,
        what="link.changed",
        on=f"#{number}",
        before={name: old for name, (old, _) in found.items()},
        after={name: new for name, (_, new) in found.items()},
    )


def _edited() -> EditedMeanwhile:
    return EditedMeanwhile(
        Phrase("somebody changed this link meanwhile; look at it again and repeat your change")
    )


def _json(model: Frozen) -> str:
    return model.model_dump_json(exclude_defaults=True)
