"""The sandbox's page: a chat in the browser in which one person plays many members."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import structlog
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, Field, ValidationError

from bot.clock import Clock
from bot.gateways.adapter import Accept
from bot.gateways.sandbox.adapter import Sandbox, SandboxSettings
from bot.gateways.sandbox.door import Door, is_cursor, message_json, problems, refuse
from bot.gateways.sandbox.words import page_words
from bot.gateways.sandbox.world import Said, World, ident_of
from bot.i18n import Translator
from bot.model.base import Frozen
from bot.model.conversation import Account
from bot.model.event import GroupCreated
from bot.web.assets import Assets
from bot.web.headers import protect
from bot.web.language import preferred

log = structlog.get_logger(__name__)

M = TypeVar("M", bound=BaseModel)

HERE = Path(__file__).parent
LONGEST_WAIT = 30.0
PICTURES = "'self' data: http: https:"
"""The bot may send a picture from anywhere; a chat shows it."""
SHOWN = 300
"""People, and members of one group, the page is told of."""


class NewPerson(Frozen):
    """Somebody to speak as."""

    name: str = Field(min_length=1, max_length=200)


class NewGroup(Frozen):
    """A group made by a person, who is then in it."""

    name: str = Field(min_length=1, max_length=128)
    member: str = Field(min_length=1, max_length=128)


class SandboxPage:
    """``/sandbox`` and what its script asks; ``sandbox`` gives the adapter as it is now."""

    def __init__(
        self,
        gateway: str,
        door: Door,
        world: World,
        sandbox: Callable[[], Sandbox],
        accept: Accept,
        clock: Clock,
        random: Random,
        translator: Translator,
        language: str,
    ) -> None:
        self._gateway = gateway
        self._door = door
        self._world = world
        self._sandbox = sandbox
        self._accept = accept
        self._clock = clock
        self._random = random
        self._translator = translator
        self._language = language
        self._assets = Assets(HERE / "static", "/sandbox/static")
        environment = Environment(
            loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined
        )
        self._template = environment.get_template("page.html")

    def routes(self) -> list[web.RouteDef]:
        """The page, its files and its part of the door."""
        guarded = self._door.guarded
        return [
            web.get("/sandbox", guarded(self.show)),
            web.get("/sandbox/api/feed", guarded(self.feed)),
            web.post("/sandbox/api/people", guarded(self.new_person)),
            web.post("/sandbox/api/groups", guarded(self.new_group)),
            web.post("/sandbox/api/settings", guarded(self.switch)),
            *self._assets.routes(),
        ]

    async def start(self) -> None:
        """Switch the sandbox as it was switched before the restart."""
        kept = await self._world.switches()
        if kept:
            try:
                self._sandbox().settings = SandboxSettings.model_validate_json(kept)
            except ValidationError as error:
                log.warning("sandbox.switches_unreadable", reason=str(error))

    async def stop(self) -> None:
        """Send everybody home who waits for the feed; call before the web server stops."""
        self._world.close()

    async def show(self, request: web.Request) -> web.StreamResponse:
        """``GET /sandbox``: the page."""
        accepted = request.headers.get("Accept-Language", "")
        language = preferred(accepted, self._language)

        def say(text: str) -> str:
            return self._translator.translate(language, text)

        text = self._template.render(
            _=say,
            language=language,
            asset=self._assets.url,
            words=json.dumps(page_words(say), ensure_ascii=False),
        )
        response = web.Response(text=text, content_type="text/html")
        response.headers["Cache-Control"] = "no-store"
        return protect(response, PICTURES)

    async def feed(self, request: web.Request) -> web.StreamResponse:
        """``GET feed``: all that was said after a cursor, and the scene when it changed.

        Without ``after`` the newest entries. Waits up to ``wait`` seconds for news; ``scene`` is
        the version of groups, people and switches the page knows.
        """
        after, known = request.query.get("after", ""), request.query.get("scene", "")
        try:
            wait = min(LONGEST_WAIT, max(0.0, float(request.query.get("wait", "0"))))
        except ValueError:
            return refuse(422, "wait: expected seconds")
        if after and not is_cursor(after):
            return refuse(422, 'after: expected a cursor, as given in "next"')
        ends = self._clock.now() + wait * 1000
        while True:
            rows = await (self._world.feed(after) if after else self._world.last())
            scene = await self._scene()
            version = sha256(json.dumps(scene).encode()).hexdigest()[:16]
            left = (ends - self._clock.now()) / 1000
            if rows or version != known or left <= 0 or self._world.closed:
                body: dict[str, Any] = {
                    "entries": [_entry(cursor, said) for cursor, said in rows],
                    "next": rows[-1][0] if rows else after or "0",
                    "version": version,
                    "scene": scene if version != known else None,
                }
                return web.json_response(body, headers={"Cache-Control": "no-store"})
            await self._world.wait(min(left, 1.0))

    async def new_person(self, request: web.Request) -> web.StreamResponse:
        """``POST people``: make somebody to speak as."""
        person = await _read(request, NewPerson)
        ident = f"u{self._random.getrandbits(32):08x}"
        name = await self._world.meet(ident, person.name.strip())
        return web.json_response({"id": ident, "name": name}, status=201)

    async def new_group(self, request: web.Request) -> web.StreamResponse:
        """``POST groups``: make a group; its id is its name, so that config can name it."""
        wanted = await _read(request, NewGroup)
        ident = ident_of(wanted.name)
        if ident in await self._world.groups():
            return web.json_response({"id": ident}, status=200)
        name = await self._world.make_group(ident, wanted.name.strip())
        person = await self._world.meet(wanted.member, "")
        now = self._clock.now()
        event = GroupCreated(
            id=f"sandbox-group-{ident}-{now}",
            gateway=self._gateway,
            at=now,
            account=Account(id=wanted.member, name=person),
            group=ident,
            group_name=name,
        )
        await self._world.enter(ident, wanted.member)
        await self._world.say(
            Said(at=now, group=ident, member=wanted.member, by=wanted.member, what="created"),
            f"event {event.id}",
        )
        await self._accept(event)
        return web.json_response({"id": ident}, status=201)

    async def switch(self, request: web.Request) -> web.StreamResponse:
        """``POST settings``: pretend to be another kind of gateway."""
        sandbox = self._sandbox()
        try:
            changes = json.loads(await request.read())
            merged = {**sandbox.settings.model_dump(), **changes}
            settings = SandboxSettings.model_validate(merged)
        except ValidationError as error:
            return refuse(422, *problems(error))
        except (ValueError, TypeError):
            return refuse(422, "expected a JSON object of switches")
        sandbox.settings = settings
        await self._world.keep_switches(settings.model_dump_json())
        return web.json_response(settings.model_dump())

    async def _scene(self) -> dict[str, Any]:
        """Groups, people and switches as they are now."""
        groups, people = await self._world.groups(), await self._world.people()
        shown: list[dict[str, Any]] = []
        for ident, name in sorted(groups.items()):
            members = await self._world.members(ident)
            shown.append(
                {"id": ident, "name": name, "members": members[:SHOWN], "size": len(members)}
            )
        inside = {account for group in shown for account in group["members"]}
        first = sorted(people.items(), key=lambda p: (p[0] not in inside, p[1]))[:SHOWN]
        return {
            "groups": shown,
            "people": [{"id": ident, "name": name} for ident, name in first],
            "switches": self._sandbox().settings.model_dump(),
        }


def _entry(cursor: str, said: Said) -> dict[str, Any]:
    return {**message_json(cursor, said), "by": said.by, "what": said.what, "of": said.of}


async def _read(request: web.Request, model: type[M]) -> M:
    """The body as ``model``. Raises HTTPUnprocessableEntity with what is wrong."""
    try:
        return model.model_validate_json(await request.read())
    except ValidationError as error:
        text = json.dumps({"error": "; ".join(problems(error))})
        raise web.HTTPUnprocessableEntity(text=text, content_type="application/json") from None
