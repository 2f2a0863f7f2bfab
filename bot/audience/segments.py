"""Segments: audiences saved under a name, which other audiences use."""

from __future__ import annotations

from bot.audience.audience import Audience
from bot.audience.expression import Expression, Term, terms
from bot.audience.grammar import parse
from bot.delivery.journal import Entry, record
from bot.i18n.mark import msgid
from bot.located import Place, Problem, Problems, nearest
from bot.model.base import Frozen
from bot.store.audit import audit_entry
from bot.store.effects import Effects
from bot.store.store import Store

SEGMENT = "segment"
LONGEST = 60
"""Characters a name may have."""


class Segment(Frozen):
    """A saved audience; ``at`` is UTC ms, when ``by`` last changed it."""

    name: str
    audience: Audience
    by: str
    at: int


class SegmentInUse(Exception):
    """A segment cannot be deleted while another uses it; the message names which."""


class Kept(Frozen):
    """What the store keeps of a segment."""

    text: str
    by: str
    at: int


class Segments:
    """Saves and reads segments; whoever changes one at the same time as another goes first."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys = store.keys

    # reading

    async def all(self) -> list[Segment]:
        """Every segment, by name."""
        return [_segment(name, one) for name, one in sorted((await self._kept()).items())]

    async def names(self) -> list[str]:
        """Every segment's name."""
        return sorted(await self._store.texts("HKEYS", self._keys.segments()))

    async def get(self, name: str) -> Segment | None:
        """One segment, or None."""
        body = await self._store.text("HGET", self._keys.segments(), name)
        return None if body is None else _segment(name, Kept.model_validate_json(body))

    async def within(self, expression: Expression) -> dict[str, Expression]:
        """The segments an expression leads to, those of segments too; unknown ones are left out."""
        if not _uses(expression):
            return {}
        return _reached(expression, await self._kept())

    # changing

    async def save(self, name: str, text: str, by: str) -> Segment:
        """Save a segment, new or changed, with an entry in the audit.

        Raises Problems: a name or text that cannot be, an unknown segment in it, a circle.
        """
        if name != name.strip() or not name.isprintable() or not 1 <= len(name) <= LONGEST:
            message = msgid("expected a name of 1 to 60 characters, without line breaks")
            raise Problems([Problem(Place("name"), "", message)])
        expression = parse(text, name)
        while True:
            version, kept = await self._version(), await self._kept()
            _check(name, expression, kept)
            one = Kept(text=str(expression), by=by, at=self._store.clock.now())
            effects = self._changing(version)
            effects.do("HSET", self._keys.segments(), name, one.model_dump_json())
            before = kept[name].text if name in kept else ""
            self._note(effects, "segment.saved", name, by, f"{before} → {one.text}")
            if await self._store.apply(effects):
                return _segment(name, one)

    async def delete(self, name: str, by: str) -> bool:
        """Delete a segment; False when there is none. Raises SegmentInUse."""
        while True:
            version, kept = await self._version(), await self._kept()
            if name not in kept:
                return False
            if users := [other for other, one in kept.items() if name in _uses(parse(one.text))]:
                raise SegmentInUse(f'"{name}" is used by {", ".join(sorted(users))}')
            effects = self._changing(version)
            effects.do("HDEL", self._keys.segments(), name)
            self._note(effects, "segment.deleted", name, by, kept[name].text)
            if await self._store.apply(effects):
                return True

    # inside

    async def _kept(self) -> dict[str, Kept]:
        found = await self._store.table("HGETALL", self._keys.segments())
        return {name: Kept.model_validate_json(body) for name, body in found.items()}

    async def _version(self) -> str:
        return await self._store.text("GET", self._keys.segments_version()) or ""

    def _changing(self, version: str) -> Effects:
        """Effects that only happen when no segment was changed since ``version``."""
        effects = Effects(self._keys)
        effects.guard(version, "GET", self._keys.segments_version())
        effects.do("INCR", self._keys.segments_version())
        return effects

    def _note(self, effects: Effects, what: str, name: str, by: str, change: str) -> None:
        entry = Entry(
            at=self._store.clock.now(), what=what, source=f"segment {name}, by {by}", text=change
        )
        record(effects, entry)
        audit_entry(effects, entry)


def _segment(name: str, kept: Kept) -> Segment:
    return Segment(name=name, audience=Audience.parse(kept.text), by=kept.by, at=kept.at)


def _uses(expression: Expression) -> dict[str, Term]:
    """The segments an expression names itself."""
    return {term.value: term for term in terms(expression) if term.kind == SEGMENT}


def _reached(expression: Expression, kept: dict[str, Kept]) -> dict[str, Expression]:
    found: dict[str, Expression] = {}
    pending = [*_uses(expression)]
    while pending:
        name = pending.pop()
        if name in kept and name not in found:
            found[name] = parse(kept[name].text, name)
            pending += _uses(found[name])
    return found


def _check(name: str, expression: Expression, kept: dict[str, Kept]) -> None:
    problems = []
    for used, term in _uses(expression).items():
        message, hint = "", ""
        if used == name or name in _reached(term, kept):
            message = msgid("this segment leads back to itself")
        elif used not in kept:
            message, hint = msgid("there is none of this name"), nearest(used, kept)
        if message:
            problems.append(Problem(Place(name, *term.at), str(term), message, hint))
    if problems:
        raise Problems(problems)
