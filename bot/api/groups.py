"""Groups over the API."""

from __future__ import annotations

import asyncio
from datetime import datetime

from bot.api.operation import Call, Number, Operation
from bot.api.paging import Asked, Paged, page_of
from bot.api.problem import Refused
from bot.clock import utc
from bot.model.base import Frozen
from bot.store.facts import Facts
from bot.store.keys import Keys
from bot.store.members import Group, Members


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


class GroupResource:
    """``/groups``."""

    def __init__(self, members: Members, facts: Facts, keys: Keys) -> None:
        self._members = members
        self._facts = facts
        self._keys = keys

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
        return GroupList(items=tuple(await asyncio.gather(*map(self._shown, page))), next=onward)

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
            members=await self._facts.count(self._keys.group_present(group.number)),
        )
