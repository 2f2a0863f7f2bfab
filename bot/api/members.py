"""Members, groups and audiences over the API."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from bot.api.operation import Call, Number, Operation
from bot.api.paging import Asked, Paged, Searched, cursor, page_of
from bot.api.problem import Fault, Refused
from bot.api.record import Record
from bot.audience.audience import Audience
from bot.audience.segments import Segments
from bot.clock import utc
from bot.located import Problems
from bot.members.search import Search
from bot.model.base import Frozen
from bot.sop.engine.roster import Roster
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.members import Group, Member, Members
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


class GroupShown(Frozen):
    """A group at a gateway; ``gone``: it is not there any more."""

    number: int
    gateway: str
    id: str
    name: str
    owner: str
    since: datetime
    gone: bool
    members: int


class GroupList(Paged[GroupShown]):
    """Groups, by number."""


class GroupAsked(Frozen):
    """Which group."""

    number: Number


class SegmentShown(Frozen):
    """An audience saved under a name."""

    name: str
    audience: str
    by: str
    at: datetime


class SegmentList(Paged[SegmentShown]):
    """Segments, by name."""


class AudienceAsked(Frozen):
    """An audience, such as ``tag:vip and not active:7d``."""

    audience: str = Field(min_length=1, max_length=2000, examples=["tag:vip and not active:7d"])
    to: Literal["member", "group"] = "member"


class AudienceCounted(Frozen):
    """How many an audience is now."""

    audience: str
    to: Literal["member", "group"]
    count: int


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


class GroupResource:
    """``/groups``."""

    def __init__(self, members: Members, directory: Directory) -> None:
        self._members = members
        self._directory = directory

    def operations(self) -> list[Operation]:
        """What can be done with groups."""
        return [
            Operation("GET", "/groups", "read:groups", self.list_groups, {200: GroupList}, Asked),
            Operation(
                "GET",
                "/groups/{number}",
                "read:groups",
                self.get_group,
                {200: GroupShown},
                GroupAsked,
                None,
                (404,),
            ),
        ]

    async def list_groups(self, call: Call[Asked, None]) -> GroupList:
        """Every group, by number."""
        page, onward = page_of(await self._members.groups(), call.asked)
        return GroupList(items=tuple([await self._shown(one) for one in page]), next=onward)

    async def get_group(self, call: Call[GroupAsked, None]) -> GroupShown:
        """One group."""
        group = await self._members.group(call.asked.number)
        if group is None:
            raise Refused(404, f"There is no group {call.asked.number}.")
        return await self._shown(group)

    async def _shown(self, group: Group) -> GroupShown:
        return GroupShown(
            number=group.number,
            gateway=group.conversation.gateway,
            id=group.conversation.group or "",
            name=group.name,
            owner=group.owner,
            since=utc(group.since),
            gone=group.gone,
            members=len(await self._directory.roster(group.number)),
        )


class AudienceResource:
    """``/segments`` and ``/audience``."""

    def __init__(self, segments: Segments, roster: Roster) -> None:
        self._segments = segments
        self._roster = roster

    def operations(self) -> list[Operation]:
        """What can be asked about audiences."""
        return [
            Operation(
                "GET", "/segments", "read:members", self.list_segments, {200: SegmentList}, Asked
            ),
            Operation(
                "GET",
                "/audience",
                "read:members",
                self.count_audience,
                {200: AudienceCounted},
                AudienceAsked,
            ),
        ]

    async def list_segments(self, call: Call[Asked, None]) -> SegmentList:
        """Every saved audience, by name."""
        page, onward = page_of(await self._segments.all(), call.asked)
        shown = [
            SegmentShown(name=one.name, audience=str(one.audience), by=one.by, at=utc(one.at))
            for one in page
        ]
        return SegmentList(items=tuple(shown), next=onward)

    async def count_audience(self, call: Call[AudienceAsked, None]) -> AudienceCounted:
        """How many members or groups an audience is now."""
        asked = call.asked
        try:
            audience = Audience.parse(asked.audience)
            if problems := await self._roster.algebra.check(audience, asked.to):
                raise Problems(problems)
            count = await self._roster.count(audience, asked.to)
        except Problems as error:
            faults = [
                Fault(
                    where="query",
                    at="/audience",
                    message=f"at character {one.place.column}: {one.message}",
                    hint=str(one.hint),
                )
                for one in error.problems
            ]
            raise Refused(422, faults[0].message, faults) from None
        return AudienceCounted(audience=str(audience), to=asked.to, count=count)


def member_shown(member: Member) -> MemberShown:
    """A member as it is answered."""
    return MemberShown(
        number=member.number,
        name=member.name,
        since=utc(member.since),
        accounts=member.accounts,
        attributes=member.attributes,
    )
