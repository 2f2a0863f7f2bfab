"""Chats: what is asked about groups, and done in chats, without saying anything."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from math import ceil
from typing import Any

from bot.gateways.onebot11.event import ANONYMOUS
from bot.gateways.onebot11.payload import GroupRow, MemberRow, rows, wire_id
from bot.model.conversation import Account
from bot.model.delivery import Refused

LONGEST = 30 * 86_400
"""Seconds QQ keeps somebody from speaking, at most (mirai: ``Member.mute``)."""
GONE = re.compile("message_not_found|消息.*不存在|消息已撤回", re.IGNORECASE)
"""What is said of a message that is not there any more (go-cqhttp, NapCat, Lagrange)."""

Ask = Callable[[str, Mapping[str, Any]], Awaitable[Any]]
"""Calls an action; raises SendError."""


class Chats:
    """Calls the actions of OneBot 11 for groups (``api/public.md`` of the standard)."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def recall(self, message_id: str) -> None:
        """Take back a message of ours; raises SendError."""
        try:
            await self._ask("delete_msg", {"message_id": wire_id(message_id)})
        except Refused as error:
            if not GONE.search(error.reason):
                raise

    async def remove(self, group: str, account: str) -> None:
        """Take somebody out, who may ask to come again; raises SendError."""
        params = {**_member(group, account), "reject_add_request": False}
        try:
            await self._ask("set_group_kick", params)
        except Refused:
            # Implementations have many words for somebody who is not there.
            if account in {one.id for one in await self.members(group)}:
                raise

    async def mute(self, group: str, account: str, seconds: float) -> None:
        """Keep somebody from speaking, or, with 0 seconds, no more; raises SendError."""
        duration = min(ceil(seconds), LONGEST)
        await self._ask("set_group_ban", {**_member(group, account), "duration": duration})

    async def members(self, group: str) -> Sequence[Account]:
        """The accounts in a group now; raises SendError."""
        answer = await self._ask("get_group_member_list", {"group_id": wire_id(group)})
        return [
            Account(id=row.user_id, name=row.card or row.nickname)
            for row in rows(answer, MemberRow)
            if row.user_id is not None
        ]

    async def groups(self) -> Sequence[tuple[str, str]]:
        """The groups the account is in, by id and name; raises SendError."""
        found = rows(await self._ask("get_group_list", {}), GroupRow)
        return [(row.group_id, row.group_name) for row in found if row.group_id is not None]


def _member(group: str, account: str) -> dict[str, int | str]:
    if account.startswith(ANONYMOUS):
        raise Refused("an anonymous member cannot be named")
    return {"group_id": wire_id(group), "user_id": wire_id(account)}
