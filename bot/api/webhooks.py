"""Webhooks over the API: list, add, change, pause and test."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Literal

from pydantic import Field

from bot.api.operation import Answer, Call, Operation
from bot.api.problem import Refused, wrong
from bot.clock import utc
from bot.model.base import Frozen
from bot.webhooks.courier import Courier
from bot.webhooks.endpoint import LONGEST, LONGEST_NOTE, BadWebhook, Endpoint
from bot.webhooks.webhooks import NoSuchWebhook, Webhooks


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


class Tried(Frozen):
    """What came of a test event: the answer's status (0: none), or the reason there was none."""

    arrived: bool
    status: int
    reason: str
    answer: str


class WebhookResource:
    """``/webhooks``."""

    def __init__(self, room: Webhooks, courier: Courier) -> None:
        self._room = room
        self._courier = courier

    def operations(self) -> list[Operation]:
        """What can be done with webhooks."""
        one, shown = "/webhooks/{webhook}", WebhookShown
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

    # inside

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


def _moment(at: int) -> datetime | None:
    return utc(at) if at else None
