"""Webhooks over the API: list, add, change, pause, test, and what was not taken."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Literal

from pydantic import Field

from bot.api.operation import Answer, Call, Operation
from bot.api.paging import Asked, Paged, cursor
from bot.api.problem import Refused, wrong
from bot.clock import utc
from bot.model.base import Frozen
from bot.webhooks.courier import Courier
from bot.webhooks.endpoint import LONGEST, LONGEST_NOTE, BadWebhook, Endpoint
from bot.webhooks.queue import Letter, Queue
from bot.webhooks.webhooks import NoSuchWebhook, Webhooks

EVENT = r"^[a-z]{1,20}_[0-9]{1,15}_[0-9]{1,10}$"


class WebhookShown(Frozen):
    """Where another system listens, to what, and how it does."""

    id: str
    url: str
    note: str
    events: tuple[str, ...]
    state: Literal["active", "paused"]
    why: Literal["", "gone", "failing"] = Field(
        description="Why the bot paused it: it answered 410, or failed for three days."
    )
    since: datetime
    by: str
    success: datetime | None = Field(description="When a message last arrived.")
    failure: datetime | None = Field(description="When one last did not.")
    failing: datetime | None = Field(description="Since when none arrives.")
    reason: str = Field(description="Why the last one did not.")
    delivered: int
    dropped: int = Field(description="Events that found its queue full.")
    waiting: int
    dead: int


class WebhookList(Frozen):
    """Every webhook, the oldest first."""

    items: tuple[WebhookShown, ...]


class WebhookMade(WebhookShown):
    """A new webhook, with its secret: shown only now."""

    secret: str


class SecretMade(Frozen):
    """A new secret, shown only now; the one before signs for another 24 hours."""

    secret: str


class WebhookWanted(Frozen):
    """Where to tell what."""

    url: str = Field(
        min_length=1,
        max_length=LONGEST,
        description="An https address of the public internet.",
        examples=["https://shop.example/hooks"],
    )
    events: tuple[str, ...] = Field(
        min_length=1, max_length=100, description="Types of events.", examples=[["member.joined"]]
    )
    note: str = Field(default="", max_length=LONGEST_NOTE, description="What people call it.")


class WebhookAsked(Frozen):
    """Which webhook."""

    webhook: str = Field(pattern=r"^[0-9a-f]{8}$")


class LettersAsked(Asked, WebhookAsked):
    """Which webhook, and which page of its dead letters."""


class LetterAsked(WebhookAsked):
    """Which dead letter."""

    event: str = Field(pattern=EVENT)


class Tried(Frozen):
    """What came of a test event: the answer's status (0: none), or the reason there was none."""

    arrived: bool
    status: int
    reason: str
    answer: str


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


class WebhookResource:
    """``/webhooks``."""

    def __init__(self, room: Webhooks, queue: Queue, courier: Courier) -> None:
        self._room = room
        self._queue = queue
        self._courier = courier

    def operations(self) -> list[Operation]:
        """What can be done with webhooks."""
        one, letters, shown = "/webhooks/{webhook}", "/webhooks/{webhook}/letters", WebhookShown
        read: Literal["read:webhooks"] = "read:webhooks"
        write: Literal["write:webhooks"] = "write:webhooks"
        at = (WebhookAsked, None, (404,))
        return [
            Operation("GET", "/webhooks", read, self.list_webhooks, {200: WebhookList}),
            Operation(
                *("POST", "/webhooks", write, self.add_webhook, {201: WebhookMade}),
                body=WebhookWanted,
            ),
            Operation("GET", one, read, self.get_webhook, {200: shown}, *at),
            Operation(
                *("PUT", one, write, self.change_webhook, {200: shown}),
                *(WebhookAsked, WebhookWanted, (404,)),
            ),
            Operation("DELETE", one, write, self.remove_webhook, {200: shown}, *at),
            Operation("POST", f"{one}/pause", write, self.pause_webhook, {200: shown}, *at),
            Operation("POST", f"{one}/resume", write, self.resume_webhook, {200: shown}, *at),
            Operation("POST", f"{one}/rotate", write, self.rotate_webhook, {200: SecretMade}, *at),
            Operation("POST", f"{one}/test", write, self.test_webhook, {200: Tried}, *at),
            Operation(
                *("GET", letters, read, self.list_webhook_letters, {200: LetterList}),
                *(LettersAsked, None, (404,)),
            ),
            Operation(*("DELETE", letters, write, self.drop_webhook_letters, {200: Dropped}), *at),
            Operation(
                *("POST", f"{one}/replay", write, self.replay_webhook_letters),
                *({200: Replayed}, *at),
            ),
            Operation(
                *("DELETE", f"{letters}/{{event}}", write, self.drop_webhook_letter),
                *({200: Dropped}, LetterAsked, None, (404,)),
            ),
            Operation(
                *("POST", f"{letters}/{{event}}/replay", write, self.replay_webhook_letter),
                *({200: Replayed}, LetterAsked, None, (404,)),
            ),
        ]

    # endpoints

    async def list_webhooks(self, call: Call[Frozen, None]) -> WebhookList:
        """Every webhook."""
        every = await self._room.all()
        return WebhookList(items=tuple([await self._shown(one) for one in every]))

    async def add_webhook(self, call: Call[Frozen, WebhookWanted]) -> Answer:
        """Add one; it is told what happens from now on."""
        wanted = call.body
        with told():
            made, secret = await self._room.add(
                wanted.url, wanted.events, call.token.actor, wanted.note
            )
        shown = await self._shown(made)
        return Answer(WebhookMade(**shown.model_dump(), secret=secret), 201)

    async def get_webhook(self, call: Call[WebhookAsked, None]) -> WebhookShown:
        """One webhook."""
        with told():
            return await self._shown(await self._room.get(call.asked.webhook))

    async def change_webhook(self, call: Call[WebhookAsked, WebhookWanted]) -> WebhookShown:
        """Change where it is and what it is told; what is new to it from now on."""
        wanted = call.body
        with told():
            return await self._shown(
                await self._room.edit(
                    *(call.asked.webhook, wanted.url, wanted.events),
                    *(call.token.actor, wanted.note),
                )
            )

    async def remove_webhook(self, call: Call[WebhookAsked, None]) -> WebhookShown:
        """Take it away, with all that waits for it."""
        with told():
            shown = await self._shown(await self._room.get(call.asked.webhook))
            await self._room.remove(call.asked.webhook, call.token.actor)
        return shown

    async def pause_webhook(self, call: Call[WebhookAsked, None]) -> WebhookShown:
        """Tell it nothing till it is resumed; what happens waits."""
        return await self._switched(self._room.pause(call.asked.webhook, call.token.actor))

    async def resume_webhook(self, call: Call[WebhookAsked, None]) -> WebhookShown:
        """Go on with what waits."""
        return await self._switched(self._room.resume(call.asked.webhook, call.token.actor))

    async def rotate_webhook(self, call: Call[WebhookAsked, None]) -> SecretMade:
        """Make a new secret; for 24 hours messages are signed with the old one too."""
        with told():
            return SecretMade(secret=await self._room.rotate(call.asked.webhook, call.token.actor))

    async def test_webhook(self, call: Call[WebhookAsked, None]) -> Tried:
        """Send a test event now, also to a paused one, and say what was answered."""
        with told():
            reply = await self._courier.test(await self._room.get(call.asked.webhook))
        return Tried(
            arrived=not reply.reason, status=reply.status, reason=reply.said, answer=reply.text
        )

    # dead letters

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

    # inside

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

    async def _switched(self, switching: Awaitable[Endpoint]) -> WebhookShown:
        with told():
            return await self._shown(await switching)

    async def _shown(self, one: Endpoint) -> WebhookShown:
        health = await self._room.health(one.id)
        return WebhookShown(
            **one.model_dump(exclude={"events", "since"}),
            events=tuple(one.events),
            since=utc(one.since),
            **health.model_dump(exclude={"success", "failure", "failing"}),
            success=_moment(health.success),
            failure=_moment(health.failure),
            failing=_moment(health.failing),
        )


@contextmanager
def told() -> Iterator[None]:
    """Refuses with what the room says is wrong."""
    try:
        yield
    except NoSuchWebhook as error:
        raise Refused(404, str(error)) from None
    except BadWebhook as error:
        raise wrong("body", error.what, str(error)) from None


def _letter(one: Letter) -> LetterShown:
    return LetterShown(**one.model_dump(exclude={"at"}), at=utc(one.at))


def _moment(at: int) -> datetime | None:
    return utc(at) if at else None
