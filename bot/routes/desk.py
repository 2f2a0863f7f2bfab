"""The desk: routes from the configuration and those written at run time, always compiled."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

import structlog

from bot.config import Config
from bot.delivery.journal import Entry, record
from bot.i18n.mark import msgid
from bot.located import KeyPath, Located, Problem, Problems, nearest, validate
from bot.model.capabilities import Capabilities
from bot.model.phrase import Phrase
from bot.routes.faults import faults
from bot.routes.table import NO_SYNONYMS, Table
from bot.routes.way import unable
from bot.routing.fold import fold
from bot.routing.wording import Synonyms, shared
from bot.settings.rooms import RouteGroup, RouteSettings
from bot.store.effects import Effects
from bot.store.store import Store

log = structlog.get_logger(__name__)

FRESH = 1_000
"""How long, in ms, another node's changes may go unseen."""
MOST = 1_000
"""Routes kept in the store."""


class Stale(Exception):
    """The route is another by now."""


class Desk:
    """Keeps the routes.

    Those of the configuration are read-only; the others are in the store, and a change is seen
    by every node within a second.
    """

    def __init__(
        self,
        configured: Sequence[RouteSettings],
        store: Store,
        gateways: Collection[str] = (),
        functions: frozenset[str] = frozenset(),
        synonyms: Synonyms = NO_SYNONYMS,
        capabilities: Callable[[str], Capabilities] | None = None,
    ) -> None:
        """``gateways`` are those groups can be at (empty: any); ``synonyms`` the workspace's."""
        self.configured = tuple(configured)
        self.stored: dict[str, RouteSettings] = {}
        self.problems: tuple[Problem, ...] = ()
        self._store = store
        self._gateways = gateways
        self._functions = functions
        self._synonyms = synonyms
        self._capabilities = capabilities
        self._table = Table(self.configured, synonyms)
        self.version = ""
        """Which change of the routes the table is after."""
        self._looked: int | None = None

    async def table(self) -> Table:
        """All routes, compiled; at most a second old."""
        now = self._store.clock.now()
        if self._looked is None or abs(now - self._looked) >= FRESH:
            await self._refresh()
            self._looked = now
        return self._table

    @property
    def counter(self) -> str:
        """The key that counts the changes."""
        return self._store.keys.routes_version()

    async def save(
        self, data: Mapping[str, Any], by: str = "", seen: RouteSettings | None = None
    ) -> RouteSettings:
        """Keep a route as it would stand in the configuration, new or in the place of its name's.

        ``seen``: what that one was when it was read. Raises Problems, each at its key, and Stale
        when it is another by now: somebody changed it, or it got a further group.
        """
        route = self.read(data)
        await self._change(route.name, json.dumps(data, ensure_ascii=False), by, seen)
        return route

    async def remove(self, name: str, by: str = "") -> bool:
        """Drop a route; False when there is none. Raises Problems for one of the configuration."""
        self._not_configured(name)
        if not await self._store.call("HEXISTS", self._store.keys.routes(), name):
            return False
        await self._change(name, None, by)
        return True

    def read(self, data: Mapping[str, Any]) -> RouteSettings:
        """Check a route without keeping it; raises Problems."""
        located = Located("route", data)
        route = validate(RouteSettings, located)
        self._not_configured(route.name)
        found = [
            *faults(route, shared(self._synonyms), self._functions),
            *self._unknown_gateways(route),
        ]
        if self._capabilities and not found:
            found += unable(route, self._capabilities)
        if found:
            raise Problems(located.problem(*fault) for fault in found)
        return route

    async def grow(self, name: str, group: RouteGroup, also: Effects) -> bool:
        """Give a route one more group, together with ``also``; whether its guards held.

        A route of the configuration keeps it in the store, besides what stands in the file.
        """
        keys, data = self._store.keys, group.model_dump(mode="json", exclude_defaults=True)
        data["group"] = group.written
        fixed = any(route.name == name for route in self.configured)
        key = keys.routes_grown() if fixed else keys.routes()
        while True:
            # First: what is read after it is at least as new as what is guarded.
            version = await self._store.text("GET", self.counter) or ""
            body = json.loads(await self._store.text("HGET", key, name) or "null")
            if body is None and not fixed:
                return False
            if fixed:
                body = [*(body or []), data]
            else:
                body["groups"] = [*body["groups"], data]
            effects = Effects(keys)
            effects.guards += also.guards
            effects.operations += also.operations
            effects.guard(version, "GET", self.counter)
            effects.do("INCR", self.counter)
            effects.do("HSET", key, name, json.dumps(body, ensure_ascii=False))
            if await self._store.apply(effects):
                await self._refresh()
                return True
            if version == (await self._store.text("GET", self.counter) or ""):
                return False  # it was another guard

    async def _change(
        self, name: str, body: str | None, by: str, seen: RouteSettings | None = None
    ) -> None:
        """Write and count the change; again, when somebody else changed routes meanwhile."""
        keys = self._store.keys
        while True:
            version = await self._store.text("GET", keys.routes_version()) or ""
            count = int(await self._store.call("HLEN", keys.routes()))
            known = await self._store.call("HEXISTS", keys.routes(), name)
            if body is not None and not known and count >= MOST:
                message = Phrase("there are {n} routes already", n=MOST)
                raise Problems([Located("route").problem((), message)])
            if seen is not None:
                row = await self._store.text("HGET", keys.routes(), name)
                if row is None or self.read(json.loads(row)) != seen:
                    raise Stale
            effects = Effects(keys)
            effects.guard(version, "GET", keys.routes_version())
            effects.do("INCR", keys.routes_version())
            if body is None:
                effects.do("HDEL", keys.routes(), name)
            else:
                effects.do("HSET", keys.routes(), name, body)
            what = "route.saved" if body is not None else "route.removed"
            source = f"operator {by}" if by else ""
            entry = Entry(at=self._store.clock.now(), what=what, source=source, text=name)
            record(effects, entry)
            if await self._store.apply(effects):
                break
        await self._refresh()

    async def _refresh(self) -> None:
        """Read and compile the routes when they changed; a bad one is left out and told."""
        keys = self._store.keys
        version = await self._store.text("GET", keys.routes_version()) or ""
        if version == self.version:
            return
        routes: dict[str, RouteSettings] = {}
        problems: list[Problem] = []
        for name, body in (await self._store.table("HGETALL", keys.routes())).items():
            try:
                routes[name] = self.read(json.loads(body))
            except Problems as error:
                problems += error.problems
                log.warning("routes.left_out", route=name, reason=str(error))
        self.stored, self.problems = dict(sorted(routes.items())), tuple(problems)
        grown = await self._store.table("HGETALL", keys.routes_grown())
        configured = [_with(one, grown.get(one.name, "[]")) for one in self.configured]
        self._table = Table([*configured, *self.stored.values()], self._synonyms)
        self.version = version

    def _not_configured(self, name: str) -> None:
        if any(route.name == name for route in self.configured):
            message = Phrase(
                "{name} is in the configuration file: change it there", name=repr(name)
            )
            raise Problems([Located("route").problem(("name",), message)])

    def _unknown_gateways(self, route: RouteSettings) -> list[tuple[KeyPath, str, str]]:
        named: list[tuple[KeyPath, str]] = [
            *((("groups", n), one.group.gateway) for n, one in enumerate(route.groups)),
            *((("lobby", n), one.gateway) for n, one in enumerate(route.lobby)),
            *((("when", "gateways", n), name) for n, name in enumerate(route.when.gateways)),
        ]
        return [
            (
                path,
                Phrase('unknown gateway "{name}"', name=gateway),
                nearest(gateway, self._gateways),
            )
            for path, gateway in named
            if self._gateways and gateway not in self._gateways
        ]


def _with(route: RouteSettings, grown: str) -> RouteSettings:
    """A route with the groups that were made for it."""
    more = [RouteGroup.model_validate(one) for one in json.loads(grown)]
    there = {one.group for one in route.groups}
    new = tuple(one for one in more if one.group not in there)
    return route.model_copy(update={"groups": (*route.groups, *new)})


def check_routes(
    config: Config,
    functions: frozenset[str] | None = frozenset(),
    capabilities: Callable[[str], Capabilities] | None = None,
) -> list[Problem]:
    """What is wrong with the routes of a configuration, for the start and ``muster check``.

    ``functions`` are what texts can call; None leaves texts aside.
    """
    also = shared(config.synonyms)
    return [
        config.problem(("routes", position, *path), message, hint)
        for position, route in enumerate(config.routes)
        for path, message, hint in [
            *faults(route, also, functions),
            *(unable(route, capabilities) if capabilities else ()),
        ]
    ] + [config.problem(*fault) for fault in _twice(config.synonyms)]


def _twice(synonyms: Synonyms) -> Iterator[tuple[KeyPath, str]]:
    """Words that stand in two sets of synonyms."""
    seen: dict[str, str] = {}
    for key, others in synonyms.items():
        for word in dict.fromkeys(map(fold, (key, *others))):
            if seen.setdefault(word, key) != key:
                text = msgid("{word} stands with {other} already: make one set of both")
                yield ("synonyms", key), Phrase(text, word=repr(word), other=repr(seen[word]))
