"""Members over the API: the list, a search, one member, and giving and taking tags."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pydantic import Field

from bot.api.operation import Call, Number, Operation
from bot.api.paging import Paged, Searched, cursor
from bot.api.problem import Refused
from bot.api.record import Record
from bot.clock import utc
from bot.members.search import Search
from bot.model.base import Frozen
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.members import Member, Members
from bot.store.store import Store

if TYPE_CHECKING:
    from bot.console.directory import Directory


class MemberShown(Frozen):
    """A member; ``accounts`` are by gateway."""

    number: int
    name: str
    since: datetime
    accounts: dict[str, str]
    attributes: dict[str, str]


class MemberKnown(MemberShown):
    """A member with the tags and the groups (by number) they have and are in."""

    tags: tuple[str, ...]
    groups: tuple[int, ...]


class MemberList(Paged[MemberShown]):
    """Members; a page of a search may be short and yet have a next one."""


class MemberAsked(Frozen):
    """Which member."""

    number: Number


class TagAsked(MemberAsked):
    """Which member and tag."""

    tag: str = Field(
        min_length=1, max_length=60, examples=["vip"], pattern=r'^[^\s,;"()\x00-\x1f\x7f]+$'
    )


class Tags(Frozen):
    """A member's tags."""

    tags: tuple[str, ...]


class MemberResource:
    """``/members``."""

    def __init__(
        self,
        store: Store,
        facts: Facts,
        members: Members,
        directory: Directory,
        search: Search,
        record: Record,
    ) -> None:
        self._search = search
        self._store = store
        self._facts = facts
        self._members = members
        self._directory = directory
        self._record = record

    def operations(self) -> list[Operation]:
        """What can be done with members."""
        tag = "/members/{number}/tags/{tag}"
        return [
            Operation(
                "GET", "/members", "read:members", self.list_members, {200: MemberList}, Searched
            ),
            Operation(
                "GET",
                "/members/{number}",
                "read:members",
                self.get_member,
                {200: MemberKnown},
                MemberAsked,
                None,
                (404,),
            ),
            Operation(
                "PUT", tag, "write:members", self.give_tag, {200: Tags}, TagAsked, None, (404,)
            ),
            Operation(
                "DELETE",
                tag,
                "write:members",
                self.take_tag,
                {200: Tags},
                TagAsked,
                None,
                (404,),
            ),
        ]

    async def list_members(self, call: Call[Searched, None]) -> MemberList:
        """Every member, the newest first; with ``q`` those a search finds.

        By part of a name, number, account, phone, another attribute, initials, or ``tag:vip``.
        """
        asked = call.asked
        if asked.q:
            found = await self._search.find(asked.q, asked.after, asked.limit)
            members, onward = found.members, found.next
        else:
            newest = await self._directory.newest(asked.after, asked.limit)
            members, onward = newest.members, newest.next
        return MemberList(items=tuple(map(member_shown, members)), next=cursor(onward))

    async def get_member(self, call: Call[MemberAsked, None]) -> MemberKnown:
        """One member, with tags and groups."""
        number = call.asked.number
        member = await self._known(number)
        return MemberKnown(
            **member_shown(member).model_dump(),
            tags=tuple(await self._directory.tags_of(number)),
            groups=tuple(one.number for one, _ in await self._directory.groups_of(number)),
        )

    async def give_tag(self, call: Call[TagAsked, None]) -> Tags:
        """Give a member a tag; nothing changes when they have it."""
        return await self._tag(call, True)

    async def take_tag(self, call: Call[TagAsked, None]) -> Tags:
        """Take a tag away; nothing changes when they do not have it."""
        return await self._tag(call, False)

    async def _tag(self, call: Call[TagAsked, None], given: bool) -> Tags:
        number, tag, keys = call.asked.number, call.asked.tag, self._store.keys
        await self._known(number)
        if await self._facts.has(keys.tag(tag), number) is not given:
            effects = Effects(keys)
            effects.guard(1, "EXISTS", keys.member(number))
            now, source = self._store.clock.now(), f"token {call.token.name}"
            if given:
                effects.tag(tag, number, now, source=source)
            else:
                effects.untag(tag, number, now, source=source)
            what = "member.tagged" if given else "member.untagged"
            self._record.note(effects, call.token, what, f"member {number}", tag=tag)
            if not await self._store.apply(effects):
                await self._known(number)
        return Tags(tags=tuple(await self._directory.tags_of(number)))

    async def _known(self, number: int) -> Member:
        member = await self._members.member(number)
        if member is None:
            raise Refused(404, f"There is no member {number}.")
        return member


def member_shown(member: Member) -> MemberShown:
    """A member as it is answered."""
    return MemberShown(
        number=member.number,
        name=member.name,
        since=utc(member.since),
        accounts=member.accounts,
        attributes=member.attributes,
    )
