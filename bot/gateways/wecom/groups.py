"""Groups: compares customer groups, and who is in them, with what we know."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from bot.clock import Clock
from bot.gateways.wecom.known import Kept, Known
from bot.gateways.wecom.lists import Lists, Roster
from bot.gateways.wecom.repairs import GRACE, Repairs
from bot.model.conversation import Account
from bot.model.event import (
    BaseEvent,
    GroupChanged,
    GroupCreated,
    GroupDismissed,
    MemberJoined,
    MemberLeft,
)
from bot.store.members import Group


class Groups:
    """Repairs till what is known equals a group's details."""

    def __init__(self, lists: Lists, known: Known, repairs: Repairs, clock: Clock) -> None:
        self._lists = lists
        self._known = known
        self._repairs = repairs
        self._clock = clock

    async def compare(self, chat: str, *, trust: bool = False) -> Roster | None:
        """Compare a group; None when it is no more, or must be looked at again.

        ``trust``: no callback says who just came, so nobody is waited for.
        """
        roster = await self._lists.roster(chat)
        if await self._repairs.pending("group", chat):
            return None
        kept, group = await self._known.kept_of(chat), await self._known.group(chat)
        if roster is None:
            await self._dismissed(chat, group)
            return None
        if kept and self._is_old(roster, kept):
            self._repairs.soon("group", chat)
            return None
        for event in await self._changes(roster, kept, group):
            await self._repairs.hand_in(event)
        await self._people(roster, group, trust)
        now = (kept or Kept()).followed_by(roster.version, self._clock.now())
        await self._known.keep(chat, now.model_copy(update={"name": roster.name}))
        return roster

    def _is_old(self, roster: Roster, kept: Kept) -> bool:
        """Whether it does not show yet what a callback told."""
        settling = self._clock.now() - kept.at < GRACE
        return settling and roster.version != kept.version and roster.version == kept.before

    async def _dismissed(self, chat: str, group: Group | None) -> None:
        if group and not group.gone:
            head = await self._repairs.head(self._clock.now())
            await self._repairs.hand_in(GroupDismissed(**head, account=Account(id=""), group=chat))
        await self._known.keep(chat, None)

    async def _changes(
        self, roster: Roster, kept: Kept | None, group: Group | None
    ) -> list[BaseEvent]:
        """What is new of the group itself; a changed name or owner tells no time, so is past."""
        about: dict[str, Any] = {
            "account": Account(id=""),
            "group": roster.chat,
            "group_name": roster.name,
        }
        found: list[BaseEvent] = []
        head = await self._repairs.head(roster.created)
        if group is None or group.gone or (kept is None and head["past"]):
            head["past"] = head["past"] or group is not None
            found.append(GroupCreated(**head, **about))
        now = (await self._repairs.head(self._clock.now())) | {"past": True}
        if group is None or group.owner != roster.owner:
            found.append(GroupChanged(**now, **about, what="owner", owner=roster.owner))
        elif kept is None or kept.name != roster.name:
            found.append(GroupChanged(**now, **about, what="name"))
        return found

    async def _people(self, roster: Roster, group: Group | None, trust: bool) -> None:
        place = group.number if group else 0
        there = await self._known.present(place) if place else set()
        numbers = await self._known.numbers([one.account for one in roster.members])
        unknown = [one.account for one in roster.members if one.account not in numbers]
        erased = await self._known.erased(unknown)
        about: dict[str, Any] = {"group": roster.chat, "group_name": roster.name}
        trust = trust or self._repairs.first
        for one in roster.members:
            if numbers.get(one.account, 0) in there or one.since <= erased.get(one.account, -1):
                continue
            if not trust and self._repairs.is_young("group", roster.chat, one.since):
                continue
            person = Account(id=one.account, name=one.name)
            how: dict[str, Any] = {"by": one.by, "how": one.how, "channel": one.channel}
            head = await self._repairs.head(one.since)
            await self._repairs.hand_in(MemberJoined(**head, **about, **how, account=person))
        await self._channels(roster, place, numbers, there)
        for number in sorted(there - set(numbers.values())):
            since = await self._known.joined(place, number)
            account = await self._known.account(number)
            if account is None or self._repairs.is_young("group", roster.chat, since):
                continue
            head = await self._repairs.head(self._clock.now())
            await self._repairs.hand_in(MemberLeft(**head, **about, account=Account(id=account)))

    async def _channels(
        self, roster: Roster, place: int, numbers: Mapping[str, int], there: Set[int]
    ) -> None:
        """By what those came whose coming a callback told, for it does not say that."""
        came = [one for one in roster.members if one.channel and numbers.get(one.account) in there]
        counted = await self._known.entered(place) if came else set()
        for one in came:
            if numbers[one.account] in counted:
                continue
            head = (await self._repairs.head(one.since)) | {"past": True}
            await self._repairs.accept(
                MemberJoined(
                    **head,
                    account=Account(id=one.account, name=one.name),
                    group=roster.chat,
                    group_name=roster.name,
                    by=one.by,
                    how=one.how,
                    channel=one.channel,
                )
            )
