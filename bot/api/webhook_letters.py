"""Dead letters of webhooks over the API: what was not taken, sending it again, forgetting it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from bot.api.operation import Call, Operation
from bot.api.paging import Asked, Paged, cursor
from bot.api.problem import Refused
from bot.api.webhooks import WebhookAsked, told
from bot.clock import utc
from bot.model.base import Frozen
from bot.webhooks.queue import Letter, Queue
from bot.webhooks.webhooks import Webhooks

EVENT = r"^[a-z]{1,20}_[0-9]{1,15}_[0-9]{1,10}$"


class LettersAsked(Asked, WebhookAsked):
    """Which webhook, and which page of its dead letters."""


class LetterAsked(WebhookAsked):
    """Which dead letter."""

    event: str = Field(pattern=EVENT)


class LetterShown(Frozen):
    """An event that was not taken in all its tries."""

    event: str
    type: str
    at: datetime
    tries: int
    reason: str
    answer: str
    body: str


class LetterList(Paged[LetterShown]):
    """Dead letters, the newest first."""


class Replayed(Frozen):
    """How many are sent again."""

    replayed: int


class Dropped(Frozen):
    """How many were forgotten."""

    dropped: int


class WebhookLetterResource:
    """``/webhooks/{webhook}/letters``."""

    def __init__(self, room: Webhooks, queue: Queue) -> None:
        self._room = room
        self._queue = queue

    def operations(self) -> list[Operation]:
        """What can be done with dead letters."""
        one = "/webhooks/{webhook}"
        every, each = f"{one}/letters", f"{one}/letters/{{event}}"
        write: Literal["write:webhooks"] = "write:webhooks"
        all_of = (WebhookAsked, None, (404,))
        single = (LetterAsked, None, (404,))
        dropped, replayed = {200: Dropped}, {200: Replayed}
        return [
            Operation(
                *("GET", every, "read:webhooks", self.list_webhook_letters, {200: LetterList}),
                *(LettersAsked, None, (404,)),
            ),
            Operation("DELETE", every, write, self.drop_webhook_letters, dropped, *all_of),
            Operation(
                "POST", f"{one}/replay", write, self.replay_webhook_letters, replayed, *all_of
            ),
            Operation("DELETE", each, write, self.drop_webhook_letter, dropped, *single),
            Operation(
                "POST", f"{each}/replay", write, self.replay_webhook_letter, replayed, *single
            ),
        ]

    async def list_webhook_letters(self, call: Call[LettersAsked, None]) -> LetterList:
        """What it did not take in all the tries."""
        asked = call.asked
        start = asked.offset
        with told():
            await self._room.get(asked.webhook)
        found = await self._queue.letters(asked.webhook, start, asked.limit + 1)
        more = str(start + asked.limit) if len(found) > asked.limit else ""
        return LetterList(items=tuple(map(_letter, found[: asked.limit])), next=cursor(more))

    async def replay_webhook_letters(self, call: Call[WebhookAsked, None]) -> Replayed:
        """Send all of them again, under the names they had."""
        return await self._replayed(call.asked.webhook, call.token.actor, "")

    async def replay_webhook_letter(self, call: Call[LetterAsked, None]) -> Replayed:
        """Send one of them again."""
        return await self._replayed(call.asked.webhook, call.token.actor, call.asked.event)

    async def drop_webhook_letters(self, call: Call[WebhookAsked, None]) -> Dropped:
        """Forget all of them."""
        return await self._dropped(call.asked.webhook, call.token.actor, "")

    async def drop_webhook_letter(self, call: Call[LetterAsked, None]) -> Dropped:
        """Forget one of them."""
        return await self._dropped(call.asked.webhook, call.token.actor, call.asked.event)

    async def _replayed(self, webhook: str, by: str, event: str) -> Replayed:
        with told():
            await self._room.get(webhook)
        number = await self._queue.replay(webhook, by, event)
        if event and not number:
            raise Refused(404, f"There is no dead letter {event}.")
        return Replayed(replayed=number)

    async def _dropped(self, webhook: str, by: str, event: str) -> Dropped:
        with told():
            await self._room.get(webhook)
        number = await self._queue.drop(webhook, by, event)
        if event and not number:
            raise Refused(404, f"There is no dead letter {event}.")
        return Dropped(dropped=number)


def _letter(one: Letter) -> LetterShown:
    return LetterShown(**one.model_dump(exclude={"at"}), at=utc(one.at))
