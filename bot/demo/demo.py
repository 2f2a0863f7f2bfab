"""The demo: two weeks of a community that never was, added to a workspace and removed again."""

from __future__ import annotations

import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from bot.app import App
from bot.demo import words
from bot.demo.mark import GATEWAY, demo_since
from bot.demo.moving import Moving, clear, subtract
from bot.demo.people import places
from bot.demo.setting import setting, vocabulary
from bot.demo.stage import SOPS, WELCOME, Progress, Stage
from bot.demo.story import Story
from bot.links.links import Links
from bot.links.owners import of_hit
from bot.model.base import Frozen
from bot.store.address import Locate, locator, unix
from bot.store.effects import Effects
from bot.store.store import Store
from bot.store.subject import Meaning, Subject
from bot.store.sweep import Sweep

SEED = 14
MANY = 100_000
"""Delivery ids and fencing numbers set aside for the demo."""
MANY_STEPS = 1_000
"""Numbers of steps with links set aside for it."""


class DemoRefused(Exception):
    """The demo cannot be added; the message says why."""


class Added(Frozen):
    """What the demo brought; ``since`` is UTC ms."""

    since: int
    members: int
    groups: int


class Demo:
    """Adds the demo to an app's workspace, and removes it; the bot may run meanwhile.

    The story is played by a second app in a workspace of its own, with a clock of its own: it
    cannot touch a real timer, SOP or outbox, and no real handler or sender hears of it. Its
    numbers are set aside in the real workspace first, so that all of it can then be brought in
    as it is, by joining sets and adding sums.
    """

    def __init__(self, app: App, locate: Locate | None = None) -> None:
        """``locate`` is the app's, if it was given one."""
        self._app = app
        self._store = app.store
        self._keys = app.store.keys
        self._name = f"{app.config.workspace}.demo"  # no workspace can be configured so
        self._locate = locate or self._find()

    async def add(self, progress: Progress = lambda done: None) -> Added | None:
        """Add it; None when it is there already. Raises DemoRefused, StoreError.

        One that was broken off is removed first.
        """
        if await demo_since(self._store) is not None:
            return None
        await self.remove()
        await self._refuse()
        with tempfile.TemporaryDirectory(prefix="muster-demo-") as folder:
            config = setting(self._app.config, self._name, Path(folder))
            now, random = self._app.clock.now(), Random(SEED)  # noqa: S311
            zone = ZoneInfo(config.timezone)
            story = Story(random, now - 60_000, zone, config.language, vocabulary(config))
            groups = {place.id: place.name for place in places(config.language).values()}
            members = len({act.who.id for act in story.acts})
            async with self._aside() as aside:
                await self._set_aside(aside, members, len(groups))
                async with Stage(config, self._locate, random, story) as stage:
                    await stage.play(groups, progress)
                await self._bring(aside)
                await self._app.rooms.attribute_index.again()
                await self._store.call("HSET", self._keys.demo(), "since", now)
        return Added(since=now, members=members, groups=len(groups))

    async def remove(self) -> bool:
        """Remove all of it; False when there is none. Everything else stays as it is.

        Numbers once given, of members, groups, links and steps, are not given again.
        """
        keys, store = self._keys, self._store
        brought = await store.table("HGETALL", keys.demo())
        async with self._aside():
            pass
        if not brought:
            return False
        await store.call("HDEL", keys.demo(), "since")
        links = self._app.rooms.links
        every = links.search(limit=links.count())
        ours = [link.number for link in every if link.asked in words.LINKS]
        subject = Subject(
            members=_numbers(brought["members"]),
            groups=_numbers(brought["groups"]),
            gateways=frozenset({GATEWAY}),
            links=frozenset(ours),
            sops=frozenset(SOPS),
        )
        await Sweep(store, Meaning(subject), of_hit(links)).run()
        await store.call("INCR", keys.groups_version())
        await subtract(store)
        for tag in json.loads(brought.get("tags", "[]")):
            effects = Effects(keys)
            effects.guard(0, "EXISTS", keys.tag(tag))
            effects.do("ZREM", keys.tag_names(), tag)
            await store.apply(effects)
        await store.call("DEL", keys.demo_sums(), keys.demo())
        return True

    # steps

    async def _refuse(self) -> None:
        if GATEWAY in self._app.config.gateways:
            raise DemoRefused(f'a gateway is called "{GATEWAY}": the demo needs this name')
        for sop in SOPS:
            if await self._store.call("HEXISTS", self._keys.sop_all(), sop):
                raise DemoRefused(f'a SOP is called "{sop}": the demo needs this name')

    async def _set_aside(self, aside: Store, members: int, groups: int) -> None:
        """Give the demo numbers of the real workspace, and what its links are made with."""
        keys, there = self._keys, aside.keys
        spans = {}
        for name, mine, theirs, count in (
            ("members", keys.member_seq(), there.member_seq(), members),
            ("groups", keys.group_seq(), there.group_seq(), groups),
            ("deliveries", keys.outbox_seq(), there.outbox_seq(), MANY),
            ("fences", keys.fence(), there.fence(), MANY),
            ("steps", keys.link_step_seq(), there.link_step_seq(), MANY_STEPS),
        ):
            last = int(await self._store.call("INCRBY", mine, count))
            await aside.call("SET", theirs, last - count)
            spans[name] = f"{last - count + 1}-{last}"
        kept = ("members", spans["members"], "groups", spans["groups"])
        await self._store.call("HSET", keys.demo(), *kept)
        await self._lend_links(aside)

    async def _lend_links(self, aside: Store) -> None:
        """Make the links here, where numbers are given, and lend them with the key."""
        store, keys, links = self._store, self._keys, self._app.rooms.links
        secret = await store.text("HGET", keys.secrets(), "links")
        await aside.call("HSET", aside.keys.secrets(), "links", secret)
        lent = Links(aside, str)
        for url, campaign in words.LINKS:
            number = await links.make(url, campaign)
            await aside.call("SET", aside.keys.link_seq(), number - 1)
            await lent.make(url, campaign)
        await aside.call("DEL", aside.keys.link_seq())
        number = await links.steps.number(WELCOME)
        await aside.call("HSET", aside.keys.link_steps(), WELCOME, number)
        await aside.call("HSET", aside.keys.link_step_names(), number, WELCOME)

    async def _bring(self, aside: Store) -> None:
        groups = await aside.texts("HKEYS", aside.keys.group_ids())
        assert all(group.startswith(f"{GATEWAY}/") for group in groups), groups
        known = await self._store.texts("ZRANGE", self._keys.tag_names(), 0, -1)
        tags = await aside.texts("ZRANGE", aside.keys.tag_names(), 0, -1)
        new = json.dumps([tag for tag in tags if tag not in known], ensure_ascii=False)
        await self._store.call("HSET", self._keys.demo(), "tags", new)
        await Moving(aside, self._store).move()
        await self._store.call("INCR", self._keys.groups_version())

    @asynccontextmanager
    async def _aside(self) -> AsyncIterator[Store]:
        """The workspace in which the story is played, empty before and after."""
        aside = Store(self._locate, self._name, self._app.clock)
        await aside.open()
        try:
            await clear(aside)
            yield aside
            await clear(aside)
        finally:
            await aside.close()

    def _find(self) -> Locate:
        if self._app.server:
            return unix(str(self._app.server.socket))
        url = self._app.config.store.url
        assert url is not None, "an app without a server of its own was told where one is"
        return locator(url.get_secret_value(), f"m:{{{self._name}}}:")


def _numbers(span: str) -> frozenset[int]:
    """The numbers of "4-67"."""
    first, _, last = span.partition("-")
    return frozenset(range(int(first), int(last) + 1))
