"""The registry: every tag there is, what is said about it, and the groups they are in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

from bot.i18n.mark import msgid
from bot.located import Problem, Problems
from bot.model.phrase import Phrase
from bot.store.audit import Change, audit
from bot.store.bits import Bits
from bot.store.effects import Effects
from bot.store.facts import Facts, read
from bot.store.store import Store
from bot.tags.tag import Tag, TagGroup, faults, name_faults, problem


class Registry:
    """Reads and changes what is known of tags; of two changes at once one goes first."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._keys = store.keys
        self._facts = Facts(store)

    # reading

    async def all(self) -> list[Tag]:
        """Every tag, by group and name; those nobody described have only a name."""
        about, used = await asyncio.gather(self._about(), self.names())
        found = {name: about.get(name) or Tag(name=name) for name in {*used, *about}}
        return sorted(found.values(), key=lambda tag: (not tag.group, tag.group, tag.name))

    async def names(self) -> list[str]:
        """Every tag that was ever given or described, in order of first use."""
        return await self._store.texts("ZRANGE", self._keys.tag_names(), 0, -1)

    async def get(self, name: str) -> Tag | None:
        """One tag, or None when nobody gave or described it."""
        body = await self._store.text("HGET", self._keys.tags_about(), name)
        if body is not None:
            return Tag.model_validate_json(body)
        used = await self._store.call("ZSCORE", self._keys.tag_names(), name)
        return None if used is None else Tag(name=name)

    async def groups(self) -> list[TagGroup]:
        """Every group of tags, by name."""
        return sorted((await self._groups()).values(), key=lambda group: group.name)

    async def counts(self, names: Iterable[str]) -> dict[str, int]:
        """How many members have each tag."""
        known = [*names]
        counted = await asyncio.gather(*(self._facts.count(self._keys.tag(n)) for n in known))
        return dict(zip(known, counted, strict=True))

    async def rivals(self, name: str) -> list[str]:
        """The tags that giving this one takes away."""
        return (await self._store.text("HGET", self._keys.tags_rivals(), name) or "").splitlines()

    # changing

    async def save(self, tag: Tag, by: str, exclusive: bool | None = None) -> Tag:
        """Describe a tag, new or known; ``exclusive`` also says how its group is (None: as it is).

        Raises Problems: what cannot be, or members who already have two tags of a group that is
        to be exclusive.
        """
        if wrong := faults(tag):
            raise Problems(wrong)
        while True:
            version, about, groups = await self.version(), await self._about(), await self._groups()
            before = about.get(tag.name)
            about[tag.name] = tag
            if tag.group:
                kept = groups.get(tag.group, TagGroup(name=tag.group))
                is_so = kept.exclusive if exclusive is None else exclusive
                groups[tag.group] = kept.model_copy(update={"exclusive": is_so})
            await self._refuse_two(about, groups, tag.group)
            effects = self.changing(version)
            effects.do("ZADD", self._keys.tag_names(), "NX", self._store.clock.now(), tag.name)
            describe(effects, about, groups)
            self.note(effects, by, "tag.saved", tag.name, _said(before), **_said(tag))
            if await self._store.apply(effects):
                return tag

    async def save_group(self, group: TagGroup, by: str) -> TagGroup:
        """Say how a group is; raises Problems as ``save``."""
        if wrong := name_faults("group", group.name):
            raise Problems(wrong)
        while True:
            version, about, groups = await self.version(), await self._about(), await self._groups()
            groups[group.name] = group
            await self._refuse_two(about, groups, group.name)
            effects = self.changing(version)
            describe(effects, about, groups)
            self.note(effects, by, "tag.group_saved", group.name, exclusive=group.exclusive)
            if await self._store.apply(effects):
                return group

    async def delete(self, name: str, by: str) -> bool:
        """Forget a tag nobody has; False when there is none. Raises Problems while it is had."""
        while True:
            version, about = await self.version(), await self._about()
            if await self.get(name) is None:
                return False
            if had := await self._facts.count(self._keys.tag(name)):
                raise Problems([problem("name", Phrase("{n} members still have this tag", n=had))])
            about.pop(name, None)
            effects = self.changing(version)
            effects.guard(0, "EXISTS", self._keys.tags_open(name))
            effects.do("ZREM", self._keys.tag_names(), name)
            describe(effects, about, await self._groups())
            self.note(effects, by, "tag.deleted", name)
            if await self._store.apply(effects):
                return True
            if await self._store.call("EXISTS", self._keys.tags_open(name)):
                raise Problems([problem("name", msgid("giving or taking it can still be undone"))])

    # what changes share

    async def version(self) -> str:
        """Counts the changes."""
        return await self._store.text("GET", self._keys.tags_version()) or ""

    async def table(self) -> tuple[dict[str, Tag], dict[str, TagGroup]]:
        """What is described: tags and groups by name."""
        return await self._about(), await self._groups()

    def changing(self, version: str) -> Effects:
        """Effects that only happen when nothing was described since ``version``."""
        effects = Effects(self._keys)
        effects.guard(version, "GET", self._keys.tags_version())
        effects.do("INCR", self._keys.tags_version())
        return effects

    async def give(self, member: int, tag: str, by: str, *, gives: bool = True) -> bool:
        """An operator gives a member a tag, or takes it; False when nothing changes.

        Raises Problems for a name no tag can have.
        """
        if wrong := name_faults("tag", tag):
            raise Problems(wrong)
        if await self._facts.has(self._keys.tag(tag), member) is gives:
            return False
        now, source, effects = self._store.clock.now(), f"operator {by}", Effects(self._keys)
        effects.guard(1, "EXISTS", self._keys.member(member))
        if gives:
            effects.tag(tag, member, now, source=source)
        else:
            effects.untag(tag, member, now, source=source)
        what = "member.tagged" if gives else "member.untagged"
        self.note(effects, by, what, f"member {member}", tag=tag)
        return await self._store.apply(effects)

    def note(
        self,
        effects: Effects,
        by: str,
        what: str,
        on: str,
        before: Mapping[str, Any] | None = None,
        /,
        **after: Any,
    ) -> None:
        """Write into the audit who changed what."""
        now = self._store.clock.now()
        audit(
            effects,
            Change(at=now, who=by, what=what, on=on, before={**(before or {})}, after=after),
        )

    async def _about(self) -> dict[str, Tag]:
        found = await self._store.table("HGETALL", self._keys.tags_about())
        return {name: Tag.model_validate_json(body) for name, body in found.items()}

    async def _groups(self) -> dict[str, TagGroup]:
        found = await self._store.table("HGETALL", self._keys.tags_groups())
        return {name: TagGroup.model_validate_json(body) for name, body in found.items()}

    async def _refuse_two(
        self, about: Mapping[str, Tag], groups: Mapping[str, TagGroup], group: str
    ) -> None:
        """Raise Problems when members have two tags of a group that is to be exclusive."""
        if group not in groups or not groups[group].exclusive:
            return
        keys = [self._keys.tag(tag.name) for tag in about.values() if tag.group == group]
        found, once, twice = await read(self._store, keys), Bits(), Bits()
        for members in found.values():
            once, twice = once | members, twice | (once & members)
        if twice:
            few = ", ".join(f"#{number}" for number in twice.numbers(0, 5))
            raise Problems([_two(group, twice.count(), few)])


def describe(effects: Effects, about: Mapping[str, Tag], groups: Mapping[str, TagGroup]) -> None:
    """Write what is known of all tags, and what giving one reads of it. Empty groups go."""
    keys, used = effects.keys, {tag.group for tag in about.values()}
    rows: dict[str, dict[str, object]] = {
        keys.tags_about(): {name: tag.model_dump_json() for name, tag in about.items()},
        keys.tags_groups(): {n: one.model_dump_json() for n, one in groups.items() if n in used},
        keys.tags_lasts(): {n: int(tag.lasts * 1000) for n, tag in about.items() if tag.lasts},
        keys.tags_rivals(): _rivals(about, groups),
    }
    for key, fields in rows.items():
        effects.do("DEL", key)
        for field, value in fields.items():
            effects.do("HSET", key, field, value)


def _rivals(about: Mapping[str, Tag], groups: Mapping[str, TagGroup]) -> dict[str, object]:
    exclusive = {name for name, group in groups.items() if group.exclusive}
    found: dict[str, object] = {}
    for tag in about.values():
        others = [
            other.name
            for other in about.values()
            if other.group == tag.group and other.name != tag.name
        ]
        if tag.group in exclusive and others:
            found[tag.name] = "\n".join(others)
    return found


def _two(group: str, count: int, few: str) -> Problem:
    return problem(
        "exclusive",
        Phrase("{n} members have more than one tag of {group}", n=count, group=group),
        Phrase("take all but one from them first: {few}", few=few),
    )


def _said(tag: Tag | None) -> dict[str, Any]:
    return tag.model_dump(exclude_defaults=True, exclude={"name"}) if tag else {}
