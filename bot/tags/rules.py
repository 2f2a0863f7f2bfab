"""Rules: who comes to belong to an audience gets a tag, once."""

from __future__ import annotations

from bot.audience.algebra import Algebra
from bot.audience.audience import Audience
from bot.i18n.mark import msgid
from bot.located import Problems
from bot.model.base import Frozen
from bot.store.effects import Effects
from bot.store.store import Store
from bot.tags.registry import Registry
from bot.tags.tag import name_faults, problem

MOST = 100
AT_ONCE = 200
"""Members tagged in one step."""
IN_A_LOOK = 20_000
"""Members one look gives a tag to; the rest come at the next."""


class Rule(Frozen):
    """Who is in the audience gets the tag; ``id`` is a small number, ``at`` UTC ms."""

    id: str
    audience: str
    tag: str
    by: str = ""
    at: int = 0


class Rules:
    """Looks now and then who belongs to each rule's audience and was not given its tag by it.

    So whatever an audience can ask gives tags: a click, days of checking in, joining a group and
    never another. Who lost the tag again does not get it a second time by the same rule.
    """

    def __init__(self, store: Store, algebra: Algebra, registry: Registry) -> None:
        self._store = store
        self._keys = store.keys
        self._algebra = algebra
        self._registry = registry

    async def all(self) -> list[Rule]:
        """Every rule, the oldest first."""
        found = await self._store.table("HGETALL", self._keys.tags_rules())
        return sorted(map(Rule.model_validate_json, found.values()), key=lambda one: int(one.id))

    async def add(self, text: str, tag: str, by: str) -> Rule:
        """Add a rule; raises Problems."""
        wrong = name_faults("tag", tag)
        if wrong:
            raise Problems(wrong)
        audience = Audience.parse(text)
        if wrong := await self._algebra.check(audience):
            raise Problems(wrong)
        while True:
            version, rules = await self._registry.version(), await self.all()
            if len(rules) >= MOST:
                raise Problems([problem("audience", msgid("a hundred rules are enough"))])
            number = str(max((int(rule.id) for rule in rules), default=0) + 1)
            now = self._store.clock.now()
            rule = Rule(id=number, audience=str(audience), tag=tag, by=by, at=now)
            effects = self._registry.changing(version)
            effects.do("ZADD", self._keys.tag_names(), "NX", now, tag)
            effects.do("DEL", self._keys.tags_ruled(number))
            effects.do("HSET", self._keys.tags_rules(), number, rule.model_dump_json())
            self._registry.note(effects, by, "tag.rule_added", tag, audience=str(audience))
            if await self._store.apply(effects):
                return rule

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
            self._registry.note(
                effects, by, "tag.rule_removed", rule.tag, {"audience": rule.audience}
            )
            if await self._store.apply(effects):
                return True

    async def given(self, ident: str) -> int:
        """To how many members a rule was applied."""
        return (await self._algebra.fact(self._keys.tags_ruled(ident))).count()

    async def tick(self) -> int:
        """Give what is to be given; how many were looked after. On any number of nodes.

        A rule whose audience cannot be told now (a segment is gone) waits.
        """
        return sum([await self._one(rule) for rule in await self.all()])

    async def _one(self, rule: Rule) -> int:
        try:
            meant = await self._algebra.members(Audience.parse(rule.audience))
        except Problems:
            return 0
        ruled = self._keys.tags_ruled(rule.id)
        new = (meant - await self._algebra.fact(ruled)).numbers(0, IN_A_LOOK)
        now = self._store.clock.now()
        for start in range(0, len(new), AT_ONCE):
            effects = Effects(self._keys)
            effects.guard(rule.model_dump_json(), "HGET", self._keys.tags_rules(), rule.id)
            for number in new[start : start + AT_ONCE]:
                effects.tag_once(ruled, rule.tag, number, now, source=f"rule {rule.id}")
            await self._store.apply(effects)
        return len(new)
