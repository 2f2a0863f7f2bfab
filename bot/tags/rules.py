"""Rules: who comes to belong to an audience, or says a word, gets a tag, once."""

from __future__ import annotations

import time
from collections.abc import Callable

from bot.audience.algebra import Algebra
from bot.audience.audience import Audience
from bot.i18n.mark import msgid
from bot.located import Problems
from bot.routing.wording import Synonyms
from bot.store.effects import Effects
from bot.store.store import Store, as_text
from bot.tags.registry import Registry
from bot.tags.rule import Rule, Said, faults
from bot.tags.tag import name_faults, problem

MOST = 100
AT_ONCE = 200
"""Members tagged in one step."""
IN_A_LOOK = 20_000
"""Members one look gives a tag to; the rest come at the next."""
REST = 20
"""How many times as long as a look took it is rested after it."""
LONGEST_REST = 30.0
"""Seconds."""


class Rules:
    """Looks who belongs to each rule's audience and was not given its tag by it.

    So whatever an audience can ask gives tags: a click, days of checking in, joining a group and
    never another. Who lost the tag again does not get it a second time by the same rule. What is
    said is for ``Hearing``.
    """

    def __init__(
        self,
        store: Store,
        algebra: Algebra,
        registry: Registry,
        synonyms: Synonyms,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        """``synonyms`` are the workspace's, by word; ``timer`` tells how long a look takes."""
        self._store = store
        self._keys = store.keys
        self._algebra = algebra
        self._registry = registry
        self._synonyms = synonyms
        self._timer = timer
        self._rests_until = 0.0

    async def all(self) -> list[Rule]:
        """Every rule, the oldest first."""
        return [rule for rule, _ in await self._kept()]

    async def add(self, text: str, tag: str, by: str) -> Rule:
        """Add a rule for an audience; raises Problems."""
        audience = Audience.parse(text)
        if wrong := await self._algebra.check(audience):
            raise Problems(wrong)
        return await self._add(Rule(id="", audience=str(audience), tag=tag, by=by))

    async def add_said(self, said: Said, tag: str, by: str) -> Rule:
        """Add a rule for words; raises Problems."""
        if wrong := faults(said, await self.places(), self._synonyms):
            raise Problems(wrong)
        return await self._add(Rule(id="", said=said, tag=tag, by=by))

    async def places(self) -> list[str]:
        """Where words can be said: gateways, and groups as ``gateway/id``."""
        known = self._algebra.known
        return [*sorted(await known("gateway")), *sorted(await known("group"))]

    async def remove(self, ident: str, by: str) -> bool:
        """Remove a rule; who got its tag keeps it. False when there is none."""
        while True:
            version = await self._registry.version()
            body = await self._store.text("HGET", self._keys.tags_rules(), ident)
            if body is None:
                return False
            rule = Rule.model_validate_json(body)
            effects = self._registry.changing(version)
            effects.do("HDEL", self._keys.tags_rules(), ident)
            effects.do("DEL", self._keys.tags_ruled(ident))
            self._registry.note(effects, by, "tag.rule_removed", rule.tag, _said(rule))
            if await self._store.apply(effects):
                return True

    async def given(self, ident: str) -> int:
        """To how many members a rule was applied."""
        return (await self._algebra.fact(self._keys.tags_ruled(ident))).count()

    async def look(self) -> int:
        """``tick``, unless it is too early; to be called every second.

        It takes a twentieth of one processor at most: the rest after a look is as long as that
        needs, up to half a minute.
        """
        began = self._timer()
        if began < self._rests_until:
            return 0
        looked_after = await self.tick()
        ended = self._timer()
        self._rests_until = ended + min(LONGEST_REST, REST * (ended - began))
        return looked_after

    async def tick(self) -> int:
        """Give what is to be given; how many were looked after. On any number of nodes.

        A rule whose audience cannot be told now (a segment is gone) waits.
        """
        return sum([await self._one(*kept) for kept in await self._kept() if kept[0].audience])

    # inside

    async def _kept(self) -> list[tuple[Rule, str]]:
        """Every rule, and how it is kept."""
        found = await self._store.call("HVALS", self._keys.tags_rules())
        kept = [(Rule.model_validate_json(body), as_text(body)) for body in found]
        return sorted(kept, key=lambda one: int(one[0].id))

    async def _add(self, rule: Rule) -> Rule:
        if wrong := name_faults("tag", rule.tag):
            raise Problems(wrong)
        while True:
            version, rules = await self._registry.version(), await self.all()
            if len(rules) >= MOST:
                field = "words" if rule.said else "audience"
                raise Problems([problem(field, msgid("a hundred rules are enough"))])
            number = str(max((int(one.id) for one in rules), default=0) + 1)
            now = self._store.clock.now()
            made = rule.model_copy(update={"id": number, "at": now})
            effects = self._registry.changing(version)
            effects.do("ZADD", self._keys.tag_names(), "NX", now, made.tag)
            effects.do("DEL", self._keys.tags_ruled(number))
            effects.do("HSET", self._keys.tags_rules(), number, made.model_dump_json())
            self._registry.note(effects, made.by, "tag.rule_added", made.tag, **_said(made))
            if await self._store.apply(effects):
                return made

    async def _one(self, rule: Rule, body: str) -> int:
        try:
            meant = await self._algebra.members(Audience.parse(rule.audience))
        except Problems:
            return 0
        ruled = self._keys.tags_ruled(rule.id)
        new = (meant - await self._algebra.fact(ruled)).numbers(0, IN_A_LOOK)
        now = self._store.clock.now()
        for start in range(0, len(new), AT_ONCE):
            effects = Effects(self._keys)
            effects.guard(body, "HGET", self._keys.tags_rules(), rule.id)
            for number in new[start : start + AT_ONCE]:
                effects.tag_once(ruled, rule.tag, number, now, source=f"rule {rule.id}")
            await self._store.apply(effects)
        return len(new)


def _said(rule: Rule) -> dict[str, object]:
    """What the audit says of a rule."""
    return rule.said.model_dump(mode="json") if rule.said else {"audience": rule.audience}
