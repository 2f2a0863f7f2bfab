"""The courier: brings every endpoint its messages, and tries again until they are taken."""

from __future__ import annotations

import asyncio
import secrets
from random import Random

import structlog

from bot.store.bell import Bell
from bot.store.line import StoreError
from bot.store.store import Store
from bot.webhooks.endpoint import Endpoint
from bot.webhooks.events import TEST, Tested, body
from bot.webhooks.feed import Feed
from bot.webhooks.post import Post, Reply
from bot.webhooks.queue import AT_ONCE, Message, Queue
from bot.webhooks.signing import headers
from bot.webhooks.webhooks import NoSuchWebhook, Webhooks

AGAIN = (5, 30, 120, 600, 3600, 6 * 3600, 24 * 3600)
"""Seconds until a message is sent again, after each try in vain; then it is a dead letter."""
JITTER = 0.2
"""The most that is added to such a wait, as a part of it."""
FAILING = 3 * 86_400_000
"""Ms an endpoint may fail before it is paused."""
IDLE = 0.5
"""Seconds between two looks when nobody rings."""
PATIENCE = 3.0
"""Seconds messages on their way have to end when the app does."""
GONE = 410
QUOTE = 500
"""Characters kept of an answer."""
HOUSE = "the bot"

log = structlog.get_logger(__name__)


class Courier:
    """Feeds the queues and empties them, on every node; endpoints never wait for each other."""

    def __init__(
        self,
        store: Store,
        bell: Bell,
        random: Random,
        webhooks: Webhooks,
        feed: Feed,
        queue: Queue,
        post: Post,
    ) -> None:
        self._store = store
        self._bell = bell
        self._random = random
        self._webhooks = webhooks
        self._feed = feed
        self._queue = queue
        self._post = post
        self._task: asyncio.Task[None] | None = None
        self._under_way: dict[str, set[asyncio.Task[None]]] = {}

    async def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="webhooks")

    async def stop(self) -> None:
        """End; what is on its way has a moment, and is sent again by whoever comes next."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        left = [task for tasks in self._under_way.values() for task in tasks]
        if left:
            _, late = await asyncio.wait(left, timeout=PATIENCE)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self.close()

    async def close(self) -> None:
        """Close the connections, after a test without ``start``."""
        await self._post.close()

    async def test(self, endpoint: Endpoint) -> Reply:
        """Send a test event, now and once; what was answered."""
        text = body(TEST, self._store.clock.now(), Tested(message="A test from Muster."))
        return await self._deliver(endpoint, f"test_{secrets.token_hex(8)}", text)

    # inside

    async def _run(self) -> None:
        while True:
            try:
                await self.turn()
            except StoreError as error:
                log.warning("webhooks.waiting", reason=str(error))
            except Exception:  # supervision boundary: the next look may do better
                log.exception("webhooks.failed")
            await self._bell.wait("webhooks", IDLE)

    async def turn(self) -> None:
        """Queue what happened, and send off what is due; raises StoreError."""
        if await self._feed.feed():
            self._bell.ring("webhooks")
        for endpoint in await self._webhooks.all():
            under_way = self._under_way.setdefault(endpoint.id, set())
            if endpoint.state != "active" or len(under_way) >= AT_ONCE:
                continue
            for message in await self._queue.take(endpoint.id):
                name = f"webhook {message.event}"
                task = asyncio.create_task(self._bring(endpoint, message), name=name)
                under_way.add(task)
                task.add_done_callback(under_way.discard)

    async def _bring(self, endpoint: Endpoint, message: Message) -> None:
        try:
            reply = await self._deliver(endpoint, message.event, message.body)
            await self._record(endpoint, message, reply)
        except StoreError as error:
            log.warning("webhooks.unrecorded", event_id=message.event, reason=str(error))
        except Exception:  # supervision boundary: it is sent again when its lease ends
            log.exception("webhooks.failed", event_id=message.event)
        self._bell.ring("webhooks")

    async def _deliver(self, endpoint: Endpoint, event: str, text: str) -> Reply:
        keys, sent = await self._webhooks.secrets(endpoint.id), text.encode()
        if not keys:
            return Reply(reason="unsigned")
        signed = headers(event, self._store.clock.now(), sent, keys)
        return await self._post.send(endpoint.url, sent, signed)

    async def _record(self, endpoint: Endpoint, message: Message, reply: Reply) -> None:
        if not reply.reason:
            await self._queue.finish(message, "done")
            return
        reason, answer = reply.said, reply.text[:QUOTE]
        now, finish = self._store.clock.now(), self._queue.finish
        if reply.status == GONE:
            await self._pause(endpoint, "gone")  # first, or it might be sent again meanwhile
            due = now + AGAIN[0] * 1000
            await finish(message, "again", due=due, reason=reason, answer=answer)
            return
        if message.tries >= len(AGAIN):
            failing = await finish(message, "dead", reason=reason, answer=answer)
            log.warning("webhooks.given_up", endpoint=endpoint.id, event_id=message.event)
        else:
            wait = AGAIN[message.tries] * 1000 * (1 + JITTER * self._random.random())
            due = now + max(int(wait), reply.wait)
            failing = await finish(message, "again", due=due, reason=reason, answer=answer)
        if failing > 0 and now - failing >= FAILING:
            await self._pause(endpoint, "failing")

    async def _pause(self, endpoint: Endpoint, why: str) -> None:
        """Trouble the endpoint no more till somebody has looked at it."""
        try:
            if (await self._webhooks.get(endpoint.id)).state == "paused":
                return
            await self._webhooks.pause(endpoint.id, HOUSE, "gone" if why == "gone" else "failing")
        except NoSuchWebhook:
            return
        log.warning("webhooks.paused", endpoint=endpoint.id, url=endpoint.shown, why=why)
