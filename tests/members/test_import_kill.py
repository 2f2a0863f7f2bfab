"""An import whose bot is killed goes on where it was: nothing twice, nothing half done."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.clock import SystemClock
from bot.members.attributes import Attributes, attribute
from bot.members.import_work import ImportWork
from bot.members.imports import Import, Imports, Result
from bot.store.address import unix
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store
from tests.promises.test_whole_process import MUSTER, Run, running

ROWS = 6_000
PEOPLE = 3_000
LEVEL: dict[str, Any] = {"type": "choice", "choices": ["gold", "silver"]}
TAGS = ("vip", "tea")


def table() -> bytes:
    """Rows of which some mean the same people, and some are wrong in one of three ways."""
    lines = ["id,name,city,level,tags"]
    for n in range(ROWS):
        account = "" if n % 89 == 5 else f"u{n % PEOPLE}"
        level = "bronze" if n % 97 == 7 else ("gold", "silver")[n % 2]
        tags = "two words" if n % 101 == 9 else TAGS[n % 2]
        lines.append(f"{account},小明 {n % PEOPLE},city {n // 3},{level},{tags}")
    return "\n".join(lines).encode()


Told = tuple[int, str, int, str]


def told(one: Result) -> Told:
    return one.row, one.did, one.member, "; ".join(str(fault.phrase) for fault in one.faults)


async def outcome(store: Store, number: int) -> tuple[list[Told], list[Any]]:
    """What became of every row, and what is known of everybody afterwards."""
    imports, members, facts = Imports(store, lambda: ["sandbox"]), Members(store), Facts(store)
    rows = [told(one) async for some in imports.results(number) for one in some]
    people = [
        (one.number, one.name, one.accounts, one.attributes)
        for start in range(1, PEOPLE + 1, 500)
        for one in await members.some(range(start, start + 500))
    ]
    counts = [await facts.count(store.keys.tag(tag)) for tag in TAGS]
    return rows, [people, counts]


@pytest.fixture
async def calm(valkey: str) -> AsyncIterator[tuple[list[Told], list[Any]]]:
    """What the table comes to when nothing disturbs it."""
    store = Store(unix(valkey), "calm", SystemClock())
    await store.open()
    attributes = Attributes(store)
    await attributes.save(attribute("level", **LEVEL))
    imports = Imports(store, lambda: ["sandbox"])
    made = await imports.take("ann", "people.csv", table())
    await imports.run(made.id, "ann")
    await ImportWork(store, imports, lambda: "calm", lambda: attributes.read).tick()
    found = await outcome(store, made.id)
    assert {did for _, did, *_ in found[0]} == {"new", "changed", "refused"}
    yield found
    await store.call("FLUSHALL")
    await store.close()


async def until(
    read: Callable[[], Awaitable[Import]], fits: Callable[[Import], bool], seconds: float = 40
) -> Import:
    async with asyncio.timeout(seconds):
        while not fits(found := await read()):
            assert found.state != "done", "it was over before it was disturbed"
            await asyncio.sleep(0.005)
    return found


def begun(one: Import) -> bool:
    return 0 < one.done < ROWS


# two nodes over one store


@asynccontextmanager
async def node(valkey: str, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A bot process over the store of this test; killed at the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.members.import_kill_node", valkey, "pair"),
        *(str(folder), "fine"),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    try:
        while line := await asyncio.wait_for(process.stdout.readline(), 20):
            if line.strip() == b"ready":
                break
        else:
            raise AssertionError("the node ended before it was ready")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_another_node_takes_an_import_over_from_one_that_is_killed(
    valkey: str, calm: tuple[list[Told], list[Any]], tmp_path: Path
) -> None:
    store = Store(unix(valkey), "pair", SystemClock())
    await store.open()
    await Attributes(store).save(attribute("level", **LEVEL))
    imports = Imports(store, lambda: ["sandbox"])
    made = await imports.take("ann", "people.csv", table())

    async def read() -> Import:
        return await imports.get(made.id)

    folders = [tmp_path / name for name in "ab"]
    async with node(valkey, folders[0]) as one, node(valkey, folders[1]) as other:
        await imports.run(made.id, "ann")
        await until(read, begun)
        worker = await store.text("HGET", store.keys.import_at(made.id), "worker")
        names = [(folder / "node").read_text().strip() for folder in folders]
        (one, other)[names.index(worker or "")].kill()
        left = await read()
        assert left.state == "running"
        await until(read, lambda found: found.state == "done")
        taker = await store.text("HGET", store.keys.import_at(made.id), "worker")
        assert {worker, taker} == {*names}, "the other one did the rest"
    assert await outcome(store, made.id) == calm
    await store.close()


# the whole bot, with its own store


class Desk:
    """Imports of a running bot, over its API."""

    def __init__(self, run: Run, token: str) -> None:
        self.run, self.token = run, token

    async def ask(self, method: str, path: str, body: Any = None, **more: str) -> Any:
        raw = isinstance(body, bytes)
        headers = {
            "Authorization": f"Bearer {self.token}",
            "Content-Type": "text/csv" if raw else "application/json",
            **more,
        }
        data = body if raw or body is None else json.dumps(body).encode()
        url = f"{self.run.base}/api/v1{path}"
        async with self.run.http.request(method, url, data=data, headers=headers) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json()

    async def read(self) -> Import:
        found = await self.ask("GET", "/member-imports/1")
        counts = {name: found[name] for name in ("new", "changed", "same", "refused", "state")}
        return Import(id=1, by="", file="", created=0, header=(), columns=(), **counts)

    async def every(self, path: str) -> list[Any]:
        """All pages of a list."""
        found, onward = [], ""
        while True:
            mark = "&" if "?" in path else "?"
            page = await self.ask("GET", f"{path}{mark}limit=200{onward}")
            found += page["items"]
            if not page["next"]:
                return found
            onward = f"&cursor={page['next']}"

    async def told(self) -> list[Told]:
        return [
            (
                *(row["row"], row["did"], row["member"] or 0),
                "; ".join(fault["message"] for fault in row["faults"]),
            )
            for row in await self.every("/member-imports/1/results")
        ]


async def token(folder: Path) -> str:
    """A token for the bot that runs in a folder."""
    process = await asyncio.create_subprocess_exec(
        *(str(MUSTER), "token", "new", "shop", "--per-minute", "60000", "--json"),
        *("--scope", "read:members", "--scope", "write:members"),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await asyncio.wait_for(process.communicate(), 30)
    found: str = json.loads(said)["token"]
    return found


async def test_stopped_killed_and_started_again_an_import_is_as_if_nothing_had_happened(
    calm: tuple[list[Told], list[Any]], tmp_path: Path
) -> None:
    rows, (people, _) = calm
    upload = ("POST", "/member-imports", table())
    once = {"Idempotency-Key": "monday"}
    async with running(tmp_path) as run:
        await run.listen()
        desk = Desk(run, await token(tmp_path))
        await desk.ask("PUT", "/attributes/level", LEVEL)
        await desk.ask(*upload, **once)
        await desk.ask("POST", "/member-imports/1/run")
        await until(desk.read, begun)
        stopped = await desk.ask("POST", "/member-imports/1/stop")
        assert stopped["state"] == "stopped"
        before = await desk.told()
        assert before == rows[: len(before)]
        assert len(await desk.every("/members")) == (await desk.read()).new
        halt = (await desk.read()).done
        assert len(before) == halt < ROWS, "it stands still"
        await desk.ask("POST", "/member-imports/1/run")
        await until(desk.read, lambda found: halt < found.done < ROWS)
        run.process.kill()
        await run.process.wait()
    async with running(tmp_path) as run:
        await run.listen()
        desk = Desk(run, desk.token)
        assert (await desk.ask(*upload, **once))["number"] == 1, "one upload, also after a crash"
        done = await until(desk.read, lambda found: found.state == "done")
        assert await desk.told() == rows
        assert done.done == ROWS
        found = await desk.every("/members")
        assert sorted((one["number"], one["name"], one["attributes"]) for one in found) == [
            (number, name, attributes) for number, name, _, attributes in people
        ]
