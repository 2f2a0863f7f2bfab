"""Promise 3: a broadcast ends with exactly one row for everybody, whatever is killed in it.

A few thousand members and a few kills here; ``python -m bench.broadcast --kill`` asks the same of
100,000 members and twenty kills.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from random import Random

import pytest

from bot.model.conversation import Account
from bot.sop.outcomes.results import OUTCOMES, REASONS
from bot.sop.record import Sop
from tests.conftest import check_keys
from tests.promises.broadcaster import Broadcaster, Jumping
from tests.promises.server import Server

MEMBERS = int(os.environ.get("MUSTER_BROADCAST_MEMBERS", 2_000))
KILLS = int(os.environ.get("MUSTER_BROADCAST_KILLS", 2))
LONGEST = 60 + MEMBERS / 100 + KILLS * 10
"""Seconds a broadcast may take, kills and all, on a busy machine."""
EVERYONE = range(1, MEMBERS + 1)
HITS = range(1, MEMBERS * 9 // 10)
"""After how many are written to a hit may fall; a few never are, for what is in doubt stays so."""
GATEWAYS = ("plain", "sure")
LINE = len(f"{1:012}\tsure/d/{1:06}\tm{1:06}, there are new teas\n")
"""Bytes of one delivery on the wall."""
HOUR = 3_600_000
MINUTE = 60_000
TEMPLATE = """
title = "news"
to = "member"
anchor = { date = "day" }
[parameters.day]
type = "date"
default = "today"
[parameters.time]
type = "time"
default = "now"
[[step]]
id = "news"
at = { parameter = "time" }
missed = { send_late = "6h" }
text = "{{ member.name }}, there are new teas"
"""

pytestmark = pytest.mark.timeout(LONGEST + 60)


@dataclass
class Campaign:
    """A broadcast to everybody, over a store of its own, by bots that are killed and come back."""

    folder: Path
    server: Server
    app: Broadcaster
    clock: Jumping
    chance: Random
    nodes: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    # who sends

    async def start(self, name: str) -> None:
        """Start a bot; one of the same name is the same machine started again."""
        arguments = (self.server.socket, self.app.config.workspace, str(self.folder / name))
        self.nodes[name] = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.promises.broadcaster", *arguments),
            stderr=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
        )

    async def kill(self, name: str) -> None:
        """kill -9."""
        process = self.nodes.pop(name)
        process.kill()
        await process.wait()

    async def again(self, name: str) -> None:
        """Kill a bot and start it again."""
        await self.kill(name)
        await self.start(name)

    async def cut(self) -> None:
        """Kill the store, and bring it back after a moment."""
        await self.server.kill()
        await asyncio.sleep(self.chance.uniform(0, 0.2))
        await self.server.start()

    def set_clock(self, ahead: int) -> None:
        """Set everybody's clock so many ms ahead."""
        new = self.folder / "offset.new"
        new.write_text(str(ahead))
        new.replace(self.folder / "offset")
        self.clock.see()

    # what becomes of it

    async def broadcast(self, hit: Callable[[int], Awaitable[None]]) -> Sop:
        """Write to everybody; ``hit`` falls so many times, at moments spread over all of it."""
        await self._people()
        sop = await self.app.rooms.sops.start("news", "everyone", "小王")
        self.set_clock(MINUTE)  # "now" is the next whole minute
        async with asyncio.timeout(LONGEST):
            for count, heard in enumerate(sorted(self.chance.sample(HITS, KILLS))):
                while self._heard() < heard:
                    await asyncio.sleep(0.002)
                await asyncio.sleep(self.chance.uniform(0, 0.05))
                await hit(count)
            while (await self.app.rooms.sops.get(sop.id)).state == "running":
                await asyncio.sleep(0.05)
        return sop

    async def _people(self) -> None:
        """Members by their numbers; the even ones are at the plain gateway."""
        number = self.app.members.number
        for start in range(1, MEMBERS + 1, 500):
            some = range(start, min(MEMBERS + 1, start + 500))
            made = (number(GATEWAYS[n % 2], Account(id=f"{n:06}", name=f"m{n:06}")) for n in some)
            assert await asyncio.gather(*made) == [*some]

    def _heard(self) -> int:
        """How many were written to so far."""
        path = self.folder / "wall.txt"
        return path.stat().st_size // LINE if path.exists() else 0

    def wall(self, gateway: str) -> list[tuple[int, str]]:
        """(member, delivery) of everything a gateway was handed."""
        lines = (self.folder / "wall.txt").read_text().splitlines()
        handed = (line.split("\t") for line in lines)
        return [(int(to[-6:]), i) for i, to, _ in handed if to.startswith(f"{gateway}/")]

    async def rows(self, sop: Sop) -> dict[str, list[int]]:
        """Who ended how, of the one run there is."""
        (run,) = await self.app.rooms.sops.results.runs(sop.id)
        found = {}
        for outcome in ("planned", *OUTCOMES, *(f"skipped:{reason}" for reason in REASONS)):
            key = self.app.store.keys.sop_result(run.name, outcome)
            if numbers := await self.app.facts.numbers(key):
                found[outcome] = numbers
        return found

    async def check(self, sop: Sop) -> None:
        """Everybody has one row, and it is true."""
        rows = await self.rows(sop)
        assert rows.pop("planned") == [*EVERYONE]
        assert sorted(chain(*rows.values())) == [*EVERYONE]
        assert rows.keys() <= {"sent", "in_doubt"}
        doubtful = rows.get("in_doubt", [])
        listed = [delivery.member or 0 for delivery in await self.app.outbox.in_doubt()]
        assert sorted(listed) == doubtful
        # The same delivery is shown once; another to the same member would be seen.
        sure, plain = self.wall("sure"), [number for number, _ in self.wall("plain")]
        assert sorted(number for number, _ in set(sure)) == [*EVERYONE[::2]]
        assert len(plain) == len(set(plain))
        assert {*plain} | {*doubtful} == {*EVERYONE[1::2]}
        print(
            f"\n{MEMBERS} members, {KILLS} hits: {len(rows['sent'])} sent, {len(doubtful)} in doubt"
            f" ({len({*doubtful} - {*plain})} of them never handed over),"
            f" {len(sure) - len({*sure})} handed again"
        )
        await check_keys(self.app.store)


@pytest.fixture
async def campaign(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Campaign]:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "news.toml").write_text(TEMPLATE, encoding="utf-8")
    (tmp_path / "store").mkdir()
    (tmp_path / "offset").write_text("0")
    async with AsyncExitStack() as stack:
        server = Server(tmp_path / "store")
        await server.start()
        stack.push_async_callback(server.kill)
        clock = Jumping(tmp_path / "offset")
        app = Broadcaster(server.socket, "broadcast", tmp_path / "desk", clock)
        await stack.enter_async_context(app.at_rest())
        made = Campaign(tmp_path, server, app, clock, Random(request.node.name))
        try:
            yield made
        finally:
            for name in [*made.nodes]:
                await made.kill(name)


async def test_a_bot_killed_again_and_again_writes_to_everybody_once(campaign: Campaign) -> None:
    await campaign.start("a")
    sop = await campaign.broadcast(lambda _: campaign.again("a"))
    await campaign.check(sop)


async def test_two_bots_killed_by_turns_write_to_everybody_once(campaign: Campaign) -> None:
    await campaign.start("a")
    await campaign.start("b")
    sop = await campaign.broadcast(lambda count: campaign.again("ab"[count % 2]))
    await campaign.check(sop)


async def test_a_store_killed_again_and_again_loses_and_doubles_nobody(campaign: Campaign) -> None:
    await campaign.start("a")
    await campaign.start("b")
    sop = await campaign.broadcast(lambda _: campaign.cut())
    await campaign.check(sop)


async def test_a_clock_that_jumps_an_hour_loses_and_doubles_nobody(campaign: Campaign) -> None:
    async def jump(count: int) -> None:
        campaign.set_clock(MINUTE + (HOUR if count % 2 == 0 else -HOUR))
        await asyncio.sleep(campaign.chance.uniform(0.05, 0.5))
        campaign.set_clock(MINUTE)

    await campaign.start("a")
    await campaign.start("b")
    sop = await campaign.broadcast(jump)
    await campaign.check(sop)
