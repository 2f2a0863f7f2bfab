"""The sandbox's JSON door: programs and the page say things as members and read the feed."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable
from random import Random
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from aiohttp import web
from pydantic import AfterValidator, Field, ValidationError

from bot.clock import Clock
from bot.gateways.adapter import Accept
from bot.gateways.sandbox.world import Said, World
from bot.model.base import Frozen
from bot.model.conversation import Account
from bot.model.event import (
    ActionChosen,
    BaseEvent,
    ContactAdded,
    ContactRemoved,
    MemberJoined,
    MemberLeft,
    MessageReceived,
)
from bot.model.message import Message
from bot.store.line import StoreAway

LONGEST_WAIT = 60.0
BOT_NAMES = ("@muster", "@bot")
CONTROL = re.compile("[\x00-\x1f\x7f]")
CURSOR = re.compile(r"[0-9]{1,18}(-[0-9]{1,18})?")


def _plain(ident: str) -> str:
    if CONTROL.search(ident):
        raise ValueError("expected no line breaks or other control characters")
    return ident


Ident = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]


class DoorMember(Frozen):
    """Who does it; ``id`` is text, also where it looks like a number."""

    id: Ident
    name: str = Field(default="", max_length=4000)


class DoorEvent(Frozen):
    """What a program says happened; ``group`` None is the direct chat with the bot."""

    id: Ident | None = None
    type: Literal["message", "member_joined", "member_left", "action"]
    group: Ident | None = None
    member: DoorMember
    text: str = ""
    action: str = Field(default="", max_length=200)


class Door:
    """Handlers for ``/sandbox/api``; only for this machine, unless open to ``everybody``."""

    def __init__(
        self,
        gateway: str,
        world: World,
        accept: Accept,
        clock: Clock,
        random: Random,
        everybody: bool,
    ) -> None:
        self._gateway = gateway
        self._world = world
        self._accept = accept
        self._clock = clock
        self._random = random
        self._open = everybody

    def routes(self) -> list[web.RouteDef]:
        """The door's routes."""
        return [
            web.post("/sandbox/api/events", self.guarded(self.take)),
            web.get("/sandbox/api/messages", self.guarded(self.messages)),
        ]

    def guarded(
        self, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Let only this machine in, and no page of another site."""

        async def guard(request: web.Request) -> web.StreamResponse:
            if not self._open and not from_here(request):
                return refuse(403, "the sandbox answers this machine only; see [sandbox] open")
            origin = request.headers.get("Origin")
            if origin and origin.partition("://")[2] != request.host:
                return refuse(403, "requests from other sites are refused")
            try:
                return await handler(request)
            except StoreAway:
                return refuse(503, "the store does not answer; try again soon")

        return guard

    async def take(self, request: web.Request) -> web.StreamResponse:
        """``POST events``: 202 once the event is in the inbox."""
        if request.content_type != "application/json":
            return refuse(415, "expected Content-Type: application/json")
        try:
            said = DoorEvent.model_validate_json(await request.read())
        except web.HTTPRequestEntityTooLarge as error:
            return refuse(413, error.text or "too large")
        except ValidationError as error:
            return refuse(422, *problems(error))
        event = await self.event(said)
        # Shown first, or a quick answer would stand above what it answers.
        if said.type != "action":
            await self._show(said, event)
        new = await self._accept(event)
        if new and said.group and said.type != "action":
            await self._move(said.type, said.group, said.member.id)
        return web.json_response({"id": event.id, "new": new}, status=202)

    async def messages(self, request: web.Request) -> web.StreamResponse:
        """``GET messages``: what the bot sent after a cursor, waiting for it if asked."""
        after = request.query.get("after", "0") or "0"
        try:
            wait = min(LONGEST_WAIT, max(0.0, float(request.query.get("wait", "0"))))
        except ValueError:
            return refuse(422, "wait: expected seconds")
        if not is_cursor(after):
            return refuse(422, 'after: expected a cursor, as given in "next"')
        ends = self._clock.now() + wait * 1000
        while True:
            rows = await self._world.feed(after)
            found = [(cursor, said) for cursor, said in rows if said.by is None and _spoken(said)]
            left = (ends - self._clock.now()) / 1000
            if rows:
                after = rows[-1][0]
            if found or left <= 0 or self._world.closed:
                messages = [message_json(cursor, said) for cursor, said in found]
                return web.json_response({"messages": messages, "next": after})
            if not rows:
                await self._world.wait(min(left, 1.0))

    async def event(self, said: DoorEvent) -> BaseEvent:
        """The event as every adapter would give it; makes the group and the person."""
        name = await self._world.meet(said.member.id, said.member.name)
        group_name = await self._world.make_group(said.group) if said.group else ""
        common: dict[str, Any] = {
            "id": said.id or f"sandbox-{self._random.getrandbits(96):024x}",
            "gateway": self._gateway,
            "at": self._clock.now(),
            "account": Account(id=said.member.id, name=name),
            "group": said.group,
            "group_name": group_name,
        }
        if said.type == "member_joined":
            return MemberJoined(**common) if said.group else ContactAdded(**common)
        if said.type == "member_left":
            return MemberLeft(**common, how="left") if said.group else ContactRemoved(**common)
        if said.type == "action":
            return ActionChosen(**common, action=said.action)
        to_bot = said.group is None or said.text.casefold().startswith(BOT_NAMES)
        return MessageReceived(**common, message=Message.of(said.text), to_bot=to_bot)

    async def _show(self, said: DoorEvent, event: BaseEvent) -> None:
        what = {"member_joined": "joined", "member_left": "left"}.get(said.type, "message")
        message = event.message if isinstance(event, MessageReceived) else Message()
        await self._world.say(
            Said(
                at=event.at,
                group=said.group,
                member=said.member.id,
                by=said.member.id,
                message=message,
                what=what,
            ),
            f"event {event.id}",
        )

    async def _move(self, kind: str, group: str, account: str) -> None:
        if kind == "member_left":
            await self._world.leave(group, account)
        else:
            await self._world.enter(group, account)


def message_json(cursor: str, said: Said) -> dict[str, Any]:
    """A feed entry as programs read it."""
    return {
        "cursor": cursor,
        "group": said.group,
        "member": said.member,
        "text": said.message.summary,
        "segments": [s.model_dump() for s in said.message.segments],
        "at": said.at,
    }


def refuse(status: int, *problems: str) -> web.Response:
    """An error a program can read."""
    return web.json_response({"error": "; ".join(problems)}, status=status)


def from_here(request: web.Request) -> bool:
    """Whether a request comes from this machine, by a name of it, and through no proxy."""
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        host = urlsplit(f"//{request.host}").hostname or ""
    except ValueError:
        return False
    return _loopback(request.remote or "") and (host == "localhost" or _loopback(host))


def _loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _spoken(said: Said) -> bool:
    return said.what == "message"


def is_cursor(text: str) -> bool:
    return CURSOR.fullmatch(text) is not None


def problems(error: ValidationError) -> list[str]:
    return [f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}" for e in error.errors()]
