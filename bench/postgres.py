"""PostgreSQL for the audience bench: one set of facts in three shapes, asked through psql."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bot.audience import And, Bits, Expression, Not, Or, Term

POSTGRES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
Sql = Callable[[str, int], tuple[int, list[float]]]
"""Asks a query so many times: the answer, and the milliseconds each took."""


def queries(expression: Expression, names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """The same question in each shape; ``names`` are a term's facts: f0, f1 …, any of them."""

    def said(
        one: Expression, leaf: Callable[[Sequence[str]], str], marks: tuple[str, str, str]
    ) -> str:
        match one:
            case Term():
                return leaf(names[str(one)])
            case Not(of=inner):
                return f"{marks[2]}({said(inner, leaf, marks)})"
            case And(of=parts) | Or(of=parts):
                mark = marks[0] if isinstance(one, And) else marks[1]
                return "(" + mark.join(said(part, leaf, marks) for part in parts) + ")"

    def rows(facts: Sequence[str]) -> str:
        numbers = ", ".join(fact[1:] for fact in facts)
        return f"SELECT member FROM has WHERE fact IN ({numbers})"

    def chosen(one: Expression) -> str:
        """Set algebra of rows; a Not within an And is an EXCEPT."""
        match one:
            case Term():
                return rows(names[str(one)])
            case Or(of=parts):
                return " UNION ".join(f"({chosen(part)})" for part in parts)
            case Not(of=inner):
                return f"SELECT id FROM member EXCEPT ({chosen(inner)})"
            case And(of=parts):
                within = [f"({chosen(p)})" for p in parts if not isinstance(p, Not)]
                without = [f" EXCEPT ({chosen(p.of)})" for p in parts if isinstance(p, Not)]
                return " INTERSECT ".join(within) + "".join(without)

    def exists(one: Expression) -> str:
        """Semi-joins and anti-joins."""
        words = (" AND ", " OR ", "NOT ")
        return said(one, lambda facts: f"id IN ({rows(facts)})", words)

    def array(facts: Sequence[str]) -> str:
        return "(" + "|".join(fact[1:] for fact in facts) + ")"

    def flags(facts: Sequence[str]) -> str:
        return "(" + " OR ".join(facts) + ")"

    words = (" AND ", " OR ", "NOT ")
    wanted = said(expression, array, ("&", "|", "!"))
    return {
        "set operations": f"SELECT count(*) FROM ({chosen(expression)}) found",
        "joins": f"SELECT count(*) FROM member WHERE {exists(expression)}",
        "intarray, GIN": f"SELECT count(*) FROM tagged WHERE facts @@ '{wanted}'::query_int",
        "booleans": f"SELECT count(*) FROM wide WHERE {said(expression, flags, words)}",
    }


@contextmanager
def postgres(everyone: int, members: Mapping[str, Bits]) -> Iterator[Sql]:
    """A server with the facts, and how to ask it; run by another user when we are root."""
    binaries = POSTGRES[-1]
    who = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
    folder = Path(tempfile.mkdtemp(prefix="muster-pg-", dir="/tmp"))
    if who:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
    data = str(folder / "data")
    subprocess.run(
        [*who, str(binaries / "initdb"), "-D", data, "-U", "bench", "-A", "trust", "--no-sync"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "shared_buffers": "1GB",
        "work_mem": "256MB",
        "jit": "off",
        "max_wal_size": "8GB",
        "effective_cache_size": "2GB",
        "random_page_cost": "1.1",
    }
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    server = subprocess.Popen(
        [*who, str(binaries / "postgres"), "-D", data, *options],
        cwd="/",
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    psql = ["psql", "-h", str(folder), "-U", "bench", "-d", "postgres", "-XqAt"]
    psql += ["-v", "ON_ERROR_STOP=1"]

    def tell(script: str) -> str:
        done = subprocess.run(psql, input=script, text=True, check=True, stdout=subprocess.PIPE)
        return done.stdout

    def asked(query: str, times: int) -> tuple[int, list[float]]:
        answer = tell(f"{query};\n\\timing on\n" + f"{query};\n" * times)
        took = [float(one) for one in re.findall(r"Time: ([0-9.]+) ms", answer)]
        return int(answer.split("\n", 1)[0]), took

    try:
        while subprocess.run(
            ["pg_isready", "-q", "-h", str(folder), "-U", "bench", "-d", "postgres"], check=False
        ).returncode:
            assert server.poll() is None, "PostgreSQL did not start"
            time.sleep(0.05)
        _load(tell, everyone, members)
        yield asked
    finally:
        server.terminate()
        server.wait(30)
        shutil.rmtree(folder)


def _load(tell: Callable[[str], str], everyone: int, members: Mapping[str, Bits]) -> None:
    names = list(members)
    flags = ", ".join(f"{name[1:]} = ANY(facts)" for name in names)
    columns = ", ".join(f"{name} boolean NOT NULL" for name in names)
    tell(
        "CREATE EXTENSION intarray; CREATE TABLE member (id int);"
        f"CREATE TABLE wide (id int, {columns}); CREATE TABLE tagged (id int, facts int[]);"
        "CREATE TABLE has (fact int, member int);"
    )
    for name in names:
        rows = "\n".join(f"{name[1:]}\t{member}" for member in members[name])
        tell(f"COPY has FROM STDIN;\n{rows}\n\\.\n")
    tell(
        f"INSERT INTO member SELECT generate_series(1, {everyone});"
        "CREATE TEMP TABLE every AS SELECT m.id, coalesce(array_agg(fact) "
        "FILTER (WHERE fact IS NOT NULL), '{}') AS facts FROM member m "
        "LEFT JOIN has ON member = id GROUP BY m.id ORDER BY m.id;"
        "INSERT INTO tagged SELECT id, facts FROM every;"
        f"INSERT INTO wide SELECT id, {flags} FROM every;"
        "ALTER TABLE member ADD PRIMARY KEY (id); ALTER TABLE has ADD PRIMARY KEY (fact, member);"
        "CREATE INDEX ON tagged USING gin (facts gin__int_ops);"
    )
    tell("VACUUM ANALYZE;")
