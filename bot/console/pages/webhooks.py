"""Webhooks: which systems are told what happens, how they do, and what they did not take."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from bot.console.cards import Need
from bot.console.frame import Frame
from bot.console.page import Page
from bot.console.paging import offset
from bot.console.webhook_words import EVENTS, GROUPS, STREAMS, WHY, outcome, reason
from bot.i18n.mark import msgid
from bot.model.phrase import Phrase
from bot.webhooks.courier import Courier
from bot.webhooks.endpoint import LONGEST, BadWebhook, Endpoint
from bot.webhooks.events import TEST
from bot.webhooks.post import Reply
from bot.webhooks.queue import Queue
from bot.webhooks.webhooks import Health, NoSuchWebhook, Webhooks

PAGE = 25


class WebhookPages:
    """``/webhooks``, for admins."""

    def __init__(self, frame: Frame, webhooks: Webhooks, queue: Queue, courier: Courier) -> None:
        self._frame = frame
        self._webhooks = webhooks
        self._queue = queue
        self._courier = courier

    def routes(self) -> list[web.RouteDef]:
        """The list, one endpoint, and what can be done with it."""
        frame, one = self._frame, "/webhooks/{ident}"
        return [
            frame.get("/webhooks", self.index, "admin"),
            frame.post("/webhooks", self.add, "admin"),
            frame.get(one, self.show, "admin"),
            frame.post(one, self.edit, "admin"),
            frame.post(f"{one}/pause", self.pause, "admin"),
            frame.post(f"{one}/resume", self.resume, "admin"),
            frame.post(f"{one}/rotate", self.rotate, "admin"),
            frame.post(f"{one}/test", self.test, "admin"),
            frame.post(f"{one}/remove", self.remove, "admin"),
            frame.post(f"{one}/replay", self.replay, "admin"),
            frame.post(f"{one}/drop", self.drop, "admin"),
        ]

    async def waiting(self, page: Page) -> Need | None:
        """On the overview: what was paused by the bot, or given up."""
        if not page.may("admin"):
            return None
        words = page.words
        for one in await self._webhooks.all():
            if one.why:
                name = one.note or one.shown
                told = (
                    msgid("Webhook {name} was paused: it failed for three days")
                    if one.why == "failing"
                    else msgid("Webhook {name} was paused: it said it is gone")
                )
                return Need(words.say(told, name=name), f"/webhooks/{one.id}", "bad")
        for one in await self._webhooks.all():
            if dead := (await self._webhooks.health(one.id)).dead:
                text = words.count(
                    msgid("{n} event was not taken by a webhook"),
                    msgid("{n} events were not taken by a webhook"),
                    dead,
                )
                return Need(text, f"/webhooks/{one.id}", "warn")
        return None

    # all

    async def index(self, page: Page) -> web.StreamResponse:
        """Every endpoint."""
        return await self._list(page)

    async def add(self, page: Page) -> web.StreamResponse:
        """Add one; its secret is shown once."""
        try:
            made, secret = await self._webhooks.add(
                *(page.field("url", LONGEST + 1), page.form.getall("event", [])),
                *(page.operator.name, page.field("note")),
            )
        except BadWebhook as problem:
            return await self._list(page, problem)
        return await self._one(page, made, secret=secret)

    async def _list(self, page: Page, problem: BadWebhook | None = None) -> web.Response:
        every = await self._webhooks.all()
        return page.render(
            "webhooks.html",
            422 if problem else 200,
            rows=[(one, await self._webhooks.health(one.id)) for one in every],
            gaps=await self._webhooks.gaps(),
            streams=STREAMS,
            **_form(page, None, problem),
        )

    # one

    async def show(self, page: Page) -> web.StreamResponse:
        """One endpoint, with its dead letters."""
        return await self._one(page, await self._found(page))

    async def edit(self, page: Page) -> web.StreamResponse:
        """Change it."""
        found = await self._found(page)
        try:
            await self._webhooks.edit(
                *(found.id, page.field("url", LONGEST + 1), page.form.getall("event", [])),
                *(page.operator.name, page.field("note")),
            )
        except BadWebhook as problem:
            return await self._one(page, found, problem=problem)
        return self._back(page, found, msgid("Saved."))

    async def pause(self, page: Page) -> web.StreamResponse:
        """Tell it nothing for a while."""
        found = await self._found(page)
        await self._webhooks.pause(found.id, page.operator.name)
        return self._back(page, found, msgid("It is paused; what happens waits for it."))

    async def resume(self, page: Page) -> web.StreamResponse:
        """Go on."""
        found = await self._found(page)
        await self._webhooks.resume(found.id, page.operator.name)
        return self._back(page, found, msgid("It goes on with what waits."))

    async def rotate(self, page: Page) -> web.StreamResponse:
        """A new secret, shown once."""
        found = await self._found(page)
        secret = await self._webhooks.rotate(found.id, page.operator.name)
        return await self._one(page, found, secret=secret)

    async def test(self, page: Page) -> web.StreamResponse:
        """Send a test event and show the answer."""
        found = await self._found(page)
        return await self._one(page, found, reply=await self._courier.test(found))

    async def remove(self, page: Page) -> web.StreamResponse:
        """Take it away."""
        found = await self._found(page)
        await self._webhooks.remove(found.id, page.operator.name)
        return page.redirect("/webhooks", msgid("It is taken away."))

    async def replay(self, page: Page) -> web.StreamResponse:
        """Send dead letters again: one, or all."""
        found = await self._found(page)
        number = await self._queue.replay(found.id, page.operator.name, page.field("event"))
        done = msgid("It is sent again now.") if number else msgid("It is gone already.")
        return self._back(page, found, done)

    async def drop(self, page: Page) -> web.StreamResponse:
        """Forget dead letters: one, or all."""
        found = await self._found(page)
        await self._queue.drop(found.id, page.operator.name, page.field("event"))
        return self._back(page, found, msgid("It is forgotten."))

    async def _one(
        self,
        page: Page,
        found: Endpoint,
        *,
        secret: str = "",
        reply: Reply | None = None,
        problem: BadWebhook | None = None,
    ) -> web.Response:
        start = offset(page.arg("after"))
        letters = await self._queue.letters(found.id, start, PAGE + 1)
        health: Health = await self._webhooks.health(found.id)
        return page.render(
            "webhook.html",
            422 if problem else 200,
            one=found,
            health=health,
            failed=reason(page.words, health.reason),
            secret=secret,
            outcome=outcome(page.words, reply) if reply else "",
            reply=reply,
            letters=[
                (letter, reason(page.words, letter.reason), _pretty(letter.body))
                for letter in letters[:PAGE]
            ],
            more=page.here(after=start + PAGE) if len(letters) > PAGE else "",
            test=TEST,
            **_form(page, found, problem),
        )

    async def _found(self, page: Page) -> Endpoint:
        try:
            return await self._webhooks.get(page.request.match_info["ident"])
        except NoSuchWebhook:
            raise web.HTTPNotFound from None

    def _back(self, page: Page, found: Endpoint, notice: str) -> web.Response:
        return page.redirect(f"/webhooks/{found.id}", notice)


def _form(page: Page, found: Endpoint | None, problem: BadWebhook | None) -> dict[str, Any]:
    """What the form needs: what was written, else what is kept."""
    grouped: dict[str, list[str]] = {}
    for name in EVENTS:
        grouped.setdefault(name.partition(".")[0], []).append(name)
    chosen = found.events if found else ()
    wrong = {problem.what: page.words.say(Phrase.of(problem))} if problem else {}
    return {
        "problem": problem is not None,
        "wrong": {"url": "", "note": "", "events": "", **wrong},
        "url": page.field("url", LONGEST + 1) if problem else found.url if found else "",
        "note": page.field("note") if problem else found.note if found else "",
        "chosen": {*page.form.getall("event", [])} if problem else {*chosen},
        "grouped": grouped,
        "groups": GROUPS,
        "events": EVENTS,
        "why": WHY,
    }


def _pretty(body: str) -> str:
    return json.dumps(json.loads(body), ensure_ascii=False, indent=2)[:4000]
