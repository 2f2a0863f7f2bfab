"""Renaming and merging: everybody of one tag gets another name for it, wherever it is named."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from bot.audience.expression import And, Expression, Not, Or, Term, terms
from bot.audience.grammar import parse
from bot.audience.segments import Kept
from bot.i18n.mark import msgid
from bot.located import Problems
from bot.model.phrase import Phrase
from bot.store.effects import Effects
from bot.store.store import Store
from bot.tags.registry import Registry, describe
from bot.tags.rule import Rule
from bot.tags.tag import name_faults, problem

Named = Callable[[str], Awaitable[Sequence[str]]]
"""What names a tag and cannot be changed from here, as people know it."""


async def nothing(tag: str) -> Sequence[str]:
    """Where nothing else can name tags."""
    return ()


class Renaming:
    """Renames and merges tags in one step.

    Segments and rules that name the tag are changed with it. What runs by a text that is fixed
    (SOPs under way, the configuration) is listed, and the change refused till it does so no more.
    """

    def __init__(self, store: Store, registry: Registry, named: Named = nothing) -> None:
        self._store = store
        self._keys = store.keys
        self._registry = registry
        self._named = named

    async def rename(self, old: str, new: str, by: str) -> None:
        """Give a tag a name nobody has; raises Problems."""
        await self._move(old, new, by, merging=False)

    async def merge(self, old: str, into: str, by: str) -> None:
        """Everybody of ``old`` has ``into`` instead, and ``old`` is gone; raises Problems.

        What was applied with either of them cannot be undone any more.
        """
        await self._move(old, into, by, merging=True)

    async def delete(self, name: str, by: str) -> bool:
        """Forget a tag nobody has and nothing names; raises Problems."""
        await self._refuse_named(name)
        segments, rules = await self._segments(), await self._rules()
        named = [n for n, one in segments.items() if _names(one.text, name)]
        using = [Phrase(msgid("segment {name}"), name=n) for n in named]
        using += [Phrase("rule {n}", n=one.id) for one in rules.values() if _uses(one, name)]
        if using:
            what = Phrase("it is named by {what}", what=_listed(using))
            raise Problems([problem("name", what)])
        return await self._registry.delete(name, by)

    async def _move(self, old: str, new: str, by: str, *, merging: bool) -> None:
        if wrong := name_faults("new", new):
            raise Problems(wrong)
        if old == new:
            raise Problems([problem("new", msgid("expected another name"))])
        await self._refuse_named(old)
        while True:
            version = await self._registry.version()
            segments_version = await self._text("GET", self._keys.segments_version())
            await self._check(old, new, merging)
            effects = self._registry.changing(version)
            effects.guard(segments_version, "GET", self._keys.segments_version())
            changed = await self._rewrite(effects, old, new)
            await self._describe(effects, old, new, by)
            self._members(effects, old, new, await self._opened(old, new))
            what = "tag.merged" if merging else "tag.renamed"
            self._registry.note(effects, by, what, old, {}, into=new, changed=changed)
            if await self._store.apply(effects):
                return

    async def _check(self, old: str, new: str, merging: bool) -> None:
        if await self._registry.get(old) is None:
            raise Problems([problem("name", msgid("there is none of this name"))])
        known = await self._registry.get(new) is not None
        if known and not merging:
            raise Problems([problem("new", msgid("another tag is called this; merge the two"))])
        if merging and not known:
            raise Problems([problem("new", msgid("there is none of this name"))])

    async def _refuse_named(self, name: str) -> None:
        if found := await self._named(name):
            what = Phrase("it is named by {what}", what=_listed(found))
            raise Problems([problem("name", what, msgid("change or end these first"))])

    async def _describe(self, effects: Effects, old: str, new: str, by: str) -> None:
        """What was said of the old tag is said of the new one, if nothing was."""
        about, groups = await self._registry.table()
        gone = about.pop(old, None)
        if gone is not None and new not in about:
            about[new] = gone.model_copy(update={"name": new})
        # What can be undone knows its tag by name and its rivals at that time.
        describe(effects, about, groups)
        score = await self._text("ZSCORE", self._keys.tag_names(), old)
        effects.do("ZREM", self._keys.tag_names(), old)
        effects.do("ZADD", self._keys.tag_names(), "NX", score or 0, new)

    async def _opened(self, *tags: str) -> set[str]:
        """The applications of these tags that could be undone."""
        keys = [self._keys.tags_open(tag) for tag in tags]
        return {one for key in keys for one in await self._store.texts("SMEMBERS", key)}

    def _members(self, effects: Effects, old: str, new: str, opened: set[str]) -> None:
        keys = self._keys
        effects.tag_into(old, new)
        before, after = keys.moment(f"tag:{old}"), keys.moment(f"tag:{new}")
        effects.do("ZUNIONSTORE", after, 2, after, before, "AGGREGATE", "MIN")
        effects.do("DEL", before)
        for one in opened:
            effects.do("DEL", keys.tags_changed(one))
        effects.do("DEL", keys.tags_open(old), keys.tags_open(new))

    # texts

    async def _rewrite(self, effects: Effects, old: str, new: str) -> list[str]:
        """Segments and rules that name the tag name the new one; which they are."""
        changed = []
        for name, kept in (await self._segments()).items():
            if _names(kept.text, old):
                text = str(renamed(parse(kept.text, name), old, new))
                one = kept.model_copy(update={"text": text})
                effects.do("HSET", self._keys.segments(), name, one.model_dump_json())
                changed.append(f"segment {name}")
        if changed:
            effects.do("INCR", self._keys.segments_version())
        for rule in (await self._rules()).values():
            if _uses(rule, old):
                text = rule.audience and str(renamed(parse(rule.audience), old, new))
                tag = new if rule.tag == old else rule.tag
                after = rule.model_copy(update={"audience": text, "tag": tag})
                effects.do("HSET", self._keys.tags_rules(), rule.id, after.model_dump_json())
                changed.append(f"rule {rule.id}")
        return changed

    async def _segments(self) -> dict[str, Kept]:
        found = await self._store.table("HGETALL", self._keys.segments())
        return {name: Kept.model_validate_json(body) for name, body in sorted(found.items())}

    async def _rules(self) -> dict[str, Rule]:
        found = await self._store.table("HGETALL", self._keys.tags_rules())
        return {name: Rule.model_validate_json(body) for name, body in sorted(found.items())}

    async def _text(self, *command: object) -> str:
        return await self._store.text(*command) or ""


def _listed(texts: Sequence[str]) -> Phrase:
    """Texts with commas between them, each to be said in other languages."""
    named = {f"text{n}": Phrase.of(one) for n, one in enumerate(texts)}
    return Phrase(", ".join(f"{{{name}}}" for name in named), **named)


def renamed(expression: Expression, old: str, new: str) -> Expression:
    """The same about another tag."""
    match expression:
        case Term(kind="tag", value=value) if value == old:
            return Term("tag", new)
        case Not(of=inner):
            return Not(renamed(inner, old, new))
        case And(of=parts):
            return And(tuple(renamed(part, old, new) for part in parts))
        case Or(of=parts):
            return Or(tuple(renamed(part, old, new) for part in parts))
        case _:
            return expression


def names_tag(expression: Expression, tag: str) -> bool:
    """Whether an expression names a tag itself."""
    return any(term.kind == "tag" and term.value == tag for term in terms(expression))


def _names(text: str, tag: str) -> bool:
    return names_tag(parse(text), tag)


def _uses(rule: Rule, tag: str) -> bool:
    return rule.tag == tag or (bool(rule.audience) and _names(rule.audience, tag))
