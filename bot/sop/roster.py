"""The audience of a SOP: which groups or members it is for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Literal

from bot.located import nearest
from bot.model.base import Frozen
from bot.model.conversation import Conversation
from bot.store.facts import Facts
from bot.store.members import Group, Members
from bot.store.store import Store

FORMS = "everyone, all-groups, tag:vip or group:sandbox/tea, group:sandbox/books"
CHUNK = 500
OPT_OUT = "opt-out"
"""Who has this tag gets no SOP messages."""
CHECKS = 5_000
"""Questions one script may ask about who is where."""


class Audience(Frozen):
    """Everybody, all groups (or all who are in one), chosen groups, or members with a tag."""

    kind: Literal["everyone", "all-groups", "groups", "tag"]
    groups: tuple[Conversation, ...] = ()
    tag: str = ""

    @classmethod
    def parse(cls, text: str) -> Audience:
        """Read ``FORMS``; raises ValueError with what was expected."""
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if parts in (["everyone"], ["all-groups"]):
            return cls(kind="everyone" if parts == ["everyone"] else "all-groups")
        if len(parts) == 1 and parts[0].startswith("tag:") and parts[0] != "tag:":
            return cls(kind="tag", tag=parts[0].removeprefix("tag:"))
        if parts and all(part.startswith("group:") for part in parts):
            return cls(kind="groups", groups=tuple(map(_group, parts)))
        kinds = ("everyone", "all-groups", "tag:", "group:")
        hint = nearest(parts[0] if parts else "", kinds)
        raise ValueError(f"expected {FORMS}" + (f"; {hint}" if hint.startswith("did") else ""))

    def __str__(self) -> str:
        match self.kind:
            case "groups":
                return ", ".join(f"group:{g.gateway}/{g.group}" for g in self.groups)
            case "tag":
                return f"tag:{self.tag}"
            case kind:
                return kind


def _group(part: str) -> Conversation:
    gateway, _, group = part.removeprefix("group:").partition("/")
    if not gateway or not group:
        raise ValueError(f'expected a group as "group:gateway/group id", got "{part}"')
    return Conversation(gateway=gateway, group=group)


@dataclass(frozen=True, slots=True)
class Standing:
    """A member when it is to be written to: the group it is in (0: none of the audience's)."""

    group: int
    opted_out: bool
    tagged: bool


class Roster:
    """Reads who an audience is."""

    def __init__(self, store: Store, members: Members, facts: Facts) -> None:
        self._store = store
        self._members = members
        self._facts = facts

    async def groups(self, audience: Audience) -> dict[int, Group]:
        """The groups it is for, or in which its members may be, that are still there."""
        chosen = {group.key for group in audience.groups}
        return {
            group.number: group
            for group in await self._members.groups()
            if not group.gone and (not chosen or group.conversation.key in chosen)
        }

    async def unknown(self, audience: Audience) -> list[tuple[Conversation, str]]:
        """Chosen groups nobody knows, with the nearest known."""
        known = [group.conversation.key for group in await self._members.groups()]
        return [
            (group, nearest(group.key, known).replace("/g/", "/"))
            for group in audience.groups
            if group.key not in known
        ]

    async def targets(
        self, audience: Audience, to: str, groups: dict[int, Group]
    ) -> AsyncIterator[Sequence[str]]:
        """The targets as they are now, in chunks: ``group`` or ``member:group`` (0: none)."""
        if to == "group":
            for part in _chunks([str(number) for number in groups]):
                yield part
        elif audience.kind in ("everyone", "tag"):
            for part in _chunks([f"{n}:0" for n in await self._facts.numbers(self._key(audience))]):
                yield part
        else:
            for group in groups:
                key = self._store.keys.group_present(group)
                for part in _chunks([f"{n}:{group}" for n in await self._facts.numbers(key)]):
                    yield part

    async def count(self, audience: Audience, to: str, groups: dict[int, Group]) -> int:
        """How many targets there are; who is in several groups counts in each."""
        if to == "group":
            return len(groups)
        keys = [self._store.keys.group_present(group) for group in groups]
        if audience.kind in ("everyone", "tag"):
            keys = [self._key(audience)]
        return sum([await self._facts.count(key) for key in keys])

    async def standing(
        self, targets: Sequence[str], audience: Audience, groups: Sequence[int]
    ) -> list[Standing]:
        """How members (``member:group``) stand now, in order."""
        found: list[Standing] = []
        size = max(1, CHECKS // (len(groups) + 3))
        for part in _chunks(targets, size):
            answer = await self._store.run(
                "sop_standing",
                [self._store.keys.fence()],
                [self._store.prefix, OPT_OUT, audience.tag, len(groups), *groups, *part],
            )
            found += [
                Standing(int(answer[i]), answer[i + 1] == 1, answer[i + 2] == 1)
                for i in range(0, len(answer), 3)
            ]
        return found

    def _key(self, audience: Audience) -> str:
        keys = self._store.keys
        return keys.tag(audience.tag) if audience.kind == "tag" else keys.members_all()


def _chunks(items: Sequence[str], size: int = CHUNK) -> list[Sequence[str]]:
    return [items[i : i + size] for i in range(0, len(items), size)]
