"""The algebra: who is in an audience, by bits; the server only hands out facts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import reduce
from operator import and_
from typing import Literal

from bot.audience.audience import Audience
from bot.audience.expression import And, Expression, Not, Or, Term, pushed, terms
from bot.audience.segments import SEGMENT, Segments
from bot.audience.source import NOWHERE, Fault, GroupSource, Scope, Source
from bot.i18n.mark import msgid
from bot.located import Place, Problem, Problems, nearest
from bot.model.phrase import Phrase
from bot.store.bits import Bits
from bot.store.facts import read
from bot.store.keys import Keys
from bot.store.members import Group, Members
from bot.store.store import Store

Named = Mapping[str, Expression]
"""The segments an expression leads to."""

UNKNOWN = msgid("there is none of this name")
CIRCLE = msgid("this segment leads back to itself")
UNTOLD = msgid("nothing here can tell this")


class Algebra:
    """Evaluates audiences: every fact they need is read at once, and combined here."""

    def __init__(
        self, store: Store, members: Members, segments: Segments, sources: Iterable[Source]
    ) -> None:
        self._store = store
        self._members = members
        self._segments = segments
        self._sources = {source.kind: source for source in sources}

    # members

    async def members(self, audience: Audience, scope: Scope = NOWHERE) -> Bits:
        """The numbers of the members meant; "not" is relative to everyone.

        Raises Problems when it cannot be told, as when a segment is gone; StoreError.
        """
        named = await self._segments.within(audience.expression)
        leaves = _leaves(audience.expression, named)
        await self._can_tell(leaves)
        asked = {
            term: await self._source(term).facts(term.value, term.days, scope) for term in leaves
        }
        all_ = self._store.keys.members_all()
        keys = {key for found in asked.values() if not isinstance(found, Bits) for key in found}
        facts = await read(self._store, [*(keys | {all_})])
        await self._can_tell(leaves)
        led = await self._members.led()

        def members_of(term: Term) -> Bits:
            found = asked[term]
            if not isinstance(found, Bits):
                found = Bits.union(facts[key] for key in found)
            return _survivors(found, led)

        return _Evaluation(named, members_of, facts[all_]).of(audience.expression)

    @property
    def keys(self) -> Keys:
        """The names of facts."""
        return self._store.keys

    async def fact(self, key: str) -> Bits:
        """One fact, by its key; raises StoreError."""
        return (await read(self._store, [key]))[key]

    async def count(self, audience: Audience, scope: Scope = NOWHERE) -> int:
        """How many members are meant; raises as ``members``."""
        return (await self.members(audience, scope)).count()

    # groups

    async def groups(self, audience: Audience) -> list[int]:
        """The numbers of the groups meant, of those still there; "not" is relative to all of them.

        Raises Problems when it names members instead; StoreError.
        """
        named = await self._segments.within(audience.expression)
        groups = [group for group in await self._members.groups() if not group.gone]

        def groups_of(term: Term) -> Bits:
            source = self._source(term)
            if not isinstance(source, GroupSource):
                raise Problems([_problem(term, *_MEMBERS)])
            return Bits.of(g.number for g in groups if source.chooses(g, term.value))

        everything = Bits.of(group.number for group in groups)
        return _Evaluation(named, groups_of, everything).of(audience.expression).numbers()

    async def home(self, audience: Audience) -> list[int]:
        """The groups an audience is of: those it asks to be in, else all; of those still there."""
        named = await self._segments.within(audience.expression)
        wanted = {t.value for t in _asked_for(audience.expression, named) if t.kind == "group"}
        groups = [group for group in await self._members.groups() if not group.gone]
        return [g.number for g in groups if not wanted or place_of(g) in wanted]

    # checking

    async def check(
        self,
        audience: Audience,
        to: Literal["member", "group"] = "member",
        scope: Scope = NOWHERE,
        where: str = "audience",
    ) -> list[Problem]:
        """What is wrong with it where it stands now; raises StoreError."""
        named = await self._segments.within(audience.expression)
        checked: set[str] = set()

        async def fault(term: Term, above: tuple[str, ...]) -> Fault | None:
            if term.kind != SEGMENT:
                return await self._fault(term, to, scope)
            if term.value in above:
                return CIRCLE, ""
            if term.value not in named:
                return UNKNOWN, nearest(term.value, await self._segments.names())
            if term.value not in checked:
                checked.add(term.value)
                for inner in terms(named[term.value]):
                    if found := await fault(inner, (*above, term.value)):
                        see = Phrase("see {term} in segment {name}", term=inner, name=term.value)
                        return found[0], see
            return None

        found = [(term, await fault(term, ())) for term in terms(audience.expression)]
        return [_problem(term, *wrong, where) for term, wrong in found if wrong]

    async def known(self, kind: str, scope: Scope = NOWHERE) -> Collection[str]:
        """The values there are of a kind of term; none where there is no list of them."""
        source = self._sources.get(kind)
        return (await source.known(scope) if source else None) or ()

    async def _fault(self, term: Term, to: str, scope: Scope) -> Fault | None:
        source = self._sources.get(term.kind)
        if term.kind == "step" and not scope.sop:
            return msgid("only a SOP can ask what its own steps did"), ""
        if source is None:
            return UNTOLD, ""
        if to == "group" and not isinstance(source, GroupSource):
            return _MEMBERS
        if source.longest and (term.days or 0) > source.longest:
            most = Phrase("at most {n}d", n=source.longest)
            return msgid("this is not kept for so many days"), most
        known = await source.known(scope) if term.value else None
        if known is not None and term.value not in known:
            return UNKNOWN, nearest(term.value, known)
        return await source.fault(term.value)

    async def _can_tell(self, leaves: Iterable[Term]) -> None:
        """Raises Problems when a source cannot tell now who is meant."""
        for term in leaves:
            if wrong := await self._source(term).fault(term.value):
                raise Problems([_problem(term, *wrong)])

    def _source(self, term: Term) -> Source:
        if source := self._sources.get(term.kind):
            return source
        raise Problems([_problem(term, UNTOLD)])


def _survivors(members: Bits, led: Mapping[int, int]) -> Bits:
    """Whom numbers lead to: what was done before a merge is the survivor's too."""
    if not led or not (former := members & Bits.of(led)):
        return members
    return (members - former) | Bits.of(led[number] for number in former)


def place_of(group: Group) -> str:
    """What expressions call a group: ``gateway/id``."""
    return f"{group.conversation.gateway}/{group.conversation.group}"


class _Evaluation:
    """One pass over an expression; what a term or segment comes to is worked out once."""

    def __init__(self, named: Named, leaf: Callable[[Term], Bits], everything: Bits) -> None:
        self._named = named
        self._leaf = leaf
        self._everything = everything
        self._known: dict[Term, Bits] = {}
        self._above: list[Term] = []

    def of(self, expression: Expression) -> Bits:
        match expression:
            case Term():
                if expression not in self._known:
                    self._known[expression] = self._term(expression)
                return self._known[expression]
            case Not(of=inner):
                return self._everything - self.of(inner)
            case Or(of=parts):
                return Bits.union(map(self.of, parts))
            case And(of=parts):
                within = [self.of(part) for part in parts if not isinstance(part, Not)]
                without = [self.of(part.of) for part in parts if isinstance(part, Not)]
                return reduce(and_, within or [self._everything]) - Bits.union(without)

    def _term(self, term: Term) -> Bits:
        if term.kind != SEGMENT:
            return self._leaf(term)
        if term.value not in self._named:
            raise Problems([_problem(term, UNKNOWN)])
        if term in self._above:
            raise Problems([_problem(term, CIRCLE)])
        self._above.append(term)
        found = self.of(self._named[term.value])
        self._above.pop()
        return found


_MEMBERS: Fault = (
    msgid("this chooses members; expected groups, such as all-groups or group:sandbox/tea"),
    "",
)


def _problem(term: Term, message: str, hint: str = "", where: str = "audience") -> Problem:
    return Problem(Place(where, *term.at), str(term), message, hint)


def _leaves(expression: Expression, named: Named) -> list[Term]:
    """The terms to ask sources for, each once."""
    every = (term for one in (expression, *named.values()) for term in terms(one))
    return list(dict.fromkeys(term for term in every if term.kind != SEGMENT))


def _asked_for(expression: Expression, named: Named) -> Iterator[Term]:
    """The terms that are not excluded, also those of segments."""
    pending, seen = [pushed(expression)], set[tuple[str, bool]]()
    while pending:
        match pending.pop():
            case And(of=parts) | Or(of=parts):
                pending += parts
            case Term(kind="segment", value=name) as term:
                pending += _segment(term, False, name, named, seen)
            case Term() as term:
                yield term
            case Not(of=Term(kind="segment", value=name) as term):
                pending += _segment(term, True, name, named, seen)


def _segment(
    term: Term, negative: bool, name: str, named: Named, seen: set[tuple[str, bool]]
) -> list[Expression]:
    if name not in named or (name, negative) in seen:
        return []
    seen.add((name, negative))
    return [pushed(named[name], negative)]
