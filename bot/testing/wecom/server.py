"""The WeCom test server: one company behind qyapi's calls, on loopback, in the test's time."""

from __future__ import annotations

import asyncio
import json
from collections import Counter as Tally
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

from aiohttp import web

from bot.clock import Clock
from bot.testing.wecom.app_chats import AppChats
from bot.testing.wecom.call import Answer, App, Call, Fault, Upload
from bot.testing.wecom.callbacks import Callbacks
from bot.testing.wecom.contacts import Contacts
from bot.testing.wecom.counters import HOUR, MINUTE, Counters
from bot.testing.wecom.mass import Mass
from bot.testing.wecom.media import Media
from bot.testing.wecom.messages import Messages
from bot.testing.wecom.moments import Moments
from bot.testing.wecom.people import People
from bot.testing.wecom.robots import Robots
from bot.testing.wecom.tags import Tags
from bot.testing.wecom.tokens import Tokens
from bot.testing.wecom.variants import Limits, Variants
from bot.testing.wecom.ways import Ways
from bot.testing.wecom.welcomes import Welcomes
from bot.testing.wecom.world import World

LARGEST = 32 << 20


class WeComServer:
    """A company with its apps, people and groups; ``url`` is where its API is.

    ``asked`` counts calls by path, and by (agent id, path). ``refuse`` holds errcodes the next
    calls of a path get, one each. ``gates``: calls of a path wait for its event before they are
    answered. ``trusted``: the addresses that may call, None for all (60020). ``settings`` for what
    documents leave open are ``variants``; ``limits`` are enforced by counting in the clock's time.
    """

    def __init__(
        self,
        clock: Clock,
        corp_id: str = "ww0123456789abcdef",
        *,
        limits: Limits | None = None,
        variants: Variants | None = None,
        random: Random | None = None,
    ) -> None:
        self.corp_id = corp_id
        self.limits = limits = limits or Limits()
        self.variants = variants = variants or Variants()
        self.url = ""
        self.trusted: frozenset[str] | None = None
        self.asked: Tally[Any] = Tally()
        self.refuse: dict[str, list[int]] = {}
        self.gates: dict[str, asyncio.Event] = {}
        self._clock = clock
        self._random = random or Random(1)  # noqa: S311
        self._counters = Counters(clock)
        self._inside: Tally[str] = Tally()
        self.callbacks = Callbacks(corp_id, clock, self._random, variants)
        self.world = World(clock, self.callbacks.emit)
        self.tokens = Tokens(corp_id, clock, self._random, limits, variants)
        self.media = Media(clock)
        self.messages = Messages(self.world, self.media, clock, limits, variants)
        self.chats = AppChats(self.world, self.media, clock, limits)
        self.contacts = Contacts(self.world, variants)
        self.tags = Tags(self.world, self.contacts, variants)
        self.welcomes = Welcomes(self.world, self.media, clock)
        self.ways = Ways(self.world, limits)
        self.mass = Mass(self.world, self.media, clock, limits, variants)
        self.moments = Moments(self.world, self.media, variants)
        self.people = People(self.world, clock)
        self.robots = Robots(self.media, clock, limits)
        rooms = (self.media, self.messages, self.chats, self.contacts, self.tags, self.welcomes)
        others = (self.ways, self.mass, self.moments, self.people)
        self._calls = {
            path: call for room in (*rooms, *others) for path, call in room.calls().items()
        }

    def app(self, agent_id: int = 1000002, secret: str = "app-secret", **about: Any) -> App:  # noqa: S107
        """A self-built app of the company."""
        app = self.tokens.apps[secret] = App(agent_id, secret, **about)
        return app

    def paths(self) -> list[str]:
        """Every call that an app can make with its token."""
        return sorted([*self._calls, "media/get"])

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[WeComServer]:
        """Answer on a free port of 127.0.0.1 until the block ends."""
        web_app = web.Application(client_max_size=LARGEST)
        web_app.router.add_route("*", "/cgi-bin/{path:.+}", self._answer)
        runner = web.AppRunner(web_app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield self
        finally:
            await self.callbacks.close()
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        source = request.remote or ""
        self.asked[path] += 1
        try:
            answer = await self._asked(request, path, source)
        except Fault as fault:
            hint = f"hint: [{self._clock.now()}_{self._random.getrandbits(64):016x}]"
            more = f"https://open.work.weixin.qq.com/devtool/query?e={fault.errcode}"
            said = f"{fault.errmsg}, {hint}, from ip: {source}, more info at {more}"
            return web.json_response({"errcode": fault.errcode, "errmsg": said})
        if isinstance(answer, web.StreamResponse):
            return answer
        return web.json_response({"errcode": 0, "errmsg": "ok", **answer})

    async def _asked(
        self, request: web.Request, path: str, source: str
    ) -> Answer | web.StreamResponse:
        body, files = await _read(request)
        self._counted(f"source/{source}", self.limits.source_minute, self.limits.source_hour)
        self._inside[path] += 1
        try:
            if path.endswith("/mark_tag") and self._inside[path] > self.limits.at_once:
                raise Fault(45033, "api concurrent out of limit")
            if path in self.gates:
                await self.gates[path].wait()
            return self._handled(request, path, source, body, files)
        finally:
            self._inside[path] -= 1

    def _handled(
        self,
        request: web.Request,
        path: str,
        source: str,
        body: dict[str, Any],
        files: dict[str, Upload],
    ) -> Answer | web.StreamResponse:
        if self.refuse.get(path):
            raise Fault(self.refuse[path].pop(0), "refused by the test")
        if path == "gettoken":
            return self.tokens.give(request.query, source)
        if path == "webhook/send":
            return self.robots.send(request.query, body)
        if path == "webhook/upload_media":
            return self.robots.upload(request.query, files.get("media"))
        app = self.tokens.app(request.query.get("access_token", ""))
        self.asked[app.agent_id, path] += 1
        if self.trusted is not None and source not in self.trusted:
            raise Fault(60020, f"not allow to access from your ip, {source}")
        if path == "media/get":
            return self._download(request)
        call = self._calls.get(path)
        if call is None:
            raise Fault(40066, "invalid url path")
        if path.startswith("externalcontact/") and not app.contacts:
            raise Fault(48002, "api forbidden, no right to call")
        if path != "auth/getuserinfo":
            self._counted(f"api/{path}", self.limits.api_minute, self.limits.api_hour)
        try:
            return call(Call(path, app, request.query, body, source, files))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            # A part of another shape than it must have, which WeCom's parser refuses as a whole.
            raise Fault(40058, f"invalid Request Parameter ({type(error).__name__})") from error

    def _counted(self, name: str, minute: int, hour: int) -> None:
        if not self._counters.allow(name, (minute, MINUTE), (hour, HOUR)):
            raise Fault(45009, "api freq out of limit")

    def _download(self, request: web.Request) -> web.Response:
        kept = self.media.find(request.query.get("media_id"))
        name = f'attachment; filename="{kept.upload.filename}"'
        headers = {"Content-Disposition": name, "Content-Type": "application/octet-stream"}
        data = kept.upload.data
        wanted = request.http_range
        if wanted.start is None and wanted.stop is None:
            if len(data) > 20 << 20:
                raise Fault(830002, "file over 20 MB needs Range")
            return web.Response(body=data, headers=headers)
        part = data[wanted]
        first = wanted.start or 0
        headers["Content-Range"] = f"bytes {first}-{first + len(part) - 1}/{len(data)}"
        return web.Response(status=206, body=part, headers=headers)


async def _read(request: web.Request) -> tuple[dict[str, Any], dict[str, Upload]]:
    """The body, as JSON or as a form's files."""
    if request.content_type == "multipart/form-data":
        files = {}
        async for part in await request.multipart():
            data = bytes(await part.read())  # type: ignore[union-attr]
            files[str(part.name)] = Upload(str(part.filename or ""), data)  # type: ignore[union-attr]
        return {}, files
    raw = await request.read()
    if request.method != "POST" or not raw:
        return {}, {}
    try:
        body = json.loads(raw)
    except ValueError:
        raise Fault(47001, "data format error") from None
    if not isinstance(body, dict):
        raise Fault(47001, "data format error")
    return body, {}
