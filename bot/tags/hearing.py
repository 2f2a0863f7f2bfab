"""Hearing: who says the words of a rule gets its tag, with the message."""

from __future__ import annotations

import structlog

from bot.model.event import MessageReceived
from bot.routing.context import Context
from bot.routing.index import Index
from bot.routing.rule import Rule as Compiled
from bot.routing.wording import Synonyms, rules
from bot.store.facts import Facts
from bot.store.store import Store
from bot.tags.rule import Rule
from bot.tags.rules import Rules

log = structlog.get_logger(__name__)


class Hearing:
    """Finds in each message the words of all rules, in one pass.

    The tag is given in the commit of the message, so exactly once, whatever else handles it.
    """

    def __init__(self, store: Store, kept: Rules, synonyms: Synonyms) -> None:
        """``synonyms`` are the workspace's, by word."""
        self._store = store
        self._keys = store.keys
        self._facts = Facts(store)
        self._kept = kept
        self._synonyms = synonyms
        self._known: list[Rule] = []
        self._index: Index[Rule] = Index(())

    async def refresh(self) -> None:
        """Learn of the rules added and removed; to be called every second, and before the first
        message."""
        known = [rule for rule in await self._kept.all() if rule.said]
        if known != self._known:
            self._index = Index(one for rule in known for one in self._compiled(rule))
            self._known = known

    async def hear(self, ctx: Context) -> None:
        """Give the tags of what an event's message says."""
        if not isinstance(ctx.event, MessageReceived) or not ctx.member.number:
            return
        said = {match.rule.payload.id: match.rule.payload for match in self._index.find(ctx.text)}
        for ident, rule in said.items():
            if rule.heard(ctx.conversation):
                await self._give(ctx, ident)

    async def _give(self, ctx: Context, ident: str) -> None:
        """Unless this rule did before, or it is gone; guarded against both."""
        ruled, member = self._keys.tags_ruled(ident), ctx.member.number
        body = await self._store.text("HGET", self._keys.tags_rules(), ident)
        if body is None or await self._facts.has(ruled, member):
            return
        rule = Rule.model_validate_json(body)
        if rule.heard(ctx.conversation):
            ctx.effects.guard(body, "HGET", self._keys.tags_rules(), ident)
            ctx.effects.tag_once(ruled, rule.tag, member, ctx.now, source=f"rule {ident}")

    def _compiled(self, rule: Rule) -> list[Compiled[Rule]]:
        """Nothing where the workspace's synonyms have made too much of it meanwhile."""
        if rule.said is None:
            return []
        try:
            return rules(rule.said, lambda word: rule, self._synonyms)
        except ValueError as error:
            log.warning("tags.rule_left_out", rule=rule.id, reason=str(error))
            return []
