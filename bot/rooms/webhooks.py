"""Webhooks: what happens, told to other programs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from bot.webhooks.courier import Courier
from bot.webhooks.feed import Click, Feed
from bot.webhooks.post import Post
from bot.webhooks.queue import Queue
from bot.webhooks.webhooks import Webhooks

if TYPE_CHECKING:
    from bot.app import App


class WebhookRooms:
    """Who is told, what waits for them, and the courier."""

    def __init__(self, app: App, click: Callable[[bytes], Click | None]) -> None:
        store, private = app.store, app.config.webhooks.allow_private
        self.webhooks = Webhooks(store, private)
        self.webhook_queue = Queue(store)
        feed = Feed(store, self.webhooks, app.members, click)
        post = Post(app.clock, private)
        self.courier = Courier(
            *(store, app.bell, app.random, self.webhooks, feed, self.webhook_queue, post)
        )
