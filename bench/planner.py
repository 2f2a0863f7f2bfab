"""The planner's look when nothing is due: what 50 running SOPs in 1,000 groups cost each second.

Of every kind some: counted from joining, from a tag, from a birthday, by the week, and to groups;
for all groups, for some, for tags and for everyone. Every look reads who and what there is
anew, as in production, from a store with ``appendfsync always``.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

import uvloop

from bench.measure import Series, report
from bench.pipeline import BenchApp
from bot import Account, Conversation
from bot.clock import SystemClock
from bot.config import Config
from bot.log import configure
from bot.process import collect_rarely
from bot.settings.server import SandboxSettings
from bot.store.effects import Effects

SOPS, GROUPS, EACH, LOOKS = 50, 1_000, 20, 20
"""``EACH``: members of every group."""
STEPS = """
[[step]]
id = "{name}1"
{when}
text = "Good evening"
[[step]]
id = "{name}2"
{later}
text = "Good evening again"
"""
JOINED = 'anchor = "joined"', 'after = "1d"\nat = "20:00"', 'after = "7d"\nat = "20:00"'
TAGGED = 'anchor = { tag = "t1" }', 'after = "1d"', 'after = "2d"'
BIRTHDAY = 'anchor = { attribute = "birthday" }', 'at = "09:00"', 'before = "1d"\nat = "09:00"'
WEEKLY = 'anchor = "calendar"', 'weekly = ["mon"]\nat = "20:00"', 'weekly = ["tue"]\nat = "20:00"'
KINDS = {
    "joined": (JOINED, "all-groups"),
    "tagged": (TAGGED, "tag:t1 and not tag:t2"),
    "birthday": (BIRTHDAY, "everyone"),
    "weekly": (
        ('to = "member"\n' + WEEKLY[0], *WEEKLY[1:]),
        "active:30d, group:bench/g1, group:bench/g2",
    ),
    "groups": (('to = "group"\n' + WEEKLY[0], *WEEKLY[1:]), "all-groups"),
}


async def measure(sops: int, groups: int, looks: int) -> list[float]:
    """Milliseconds of each look."""
    with tempfile.TemporaryDirectory() as folder:
        templates = Path(folder) / "templates"
        templates.mkdir()
        for name, ((head, when, later), _) in KINDS.items():
            steps = STEPS.format(name=name, when=when, later=later)
            (templates / f"{name}.toml").write_text(f'title = "{name}"\n{head}\n{steps}')
        config = Config(
            data_dir=Path(folder) / "data",
            sop_templates=templates,
            handlers=("bench.pipeline",),
            sandbox=SandboxSettings(enabled=False),
        )
        async with BenchApp(config, SystemClock(), Random(1)) as app:
            await asyncio.gather(*(_group(app, number) for number in range(groups)))
            kinds = [*KINDS.items()]
            for number in range(sops):
                name, (_, audience) = kinds[number % len(kinds)]
                await app.rooms.sops.start(name, audience, "bench")
            planner = app.rooms.planner
            await planner.stop()  # it looks when it is told to
            while await planner.tick():
                pass
            found = []
            for _ in range(looks):
                began = time.perf_counter()
                assert not await planner.tick()
                found.append((time.perf_counter() - began) * 1000)
    return found


async def _group(app: BenchApp, number: int) -> None:
    """A group and who came into it two months ago."""
    group = Conversation(gateway="bench", group=f"g{number}")
    place = await app.members.group_number(group, f"group {number}")
    keys, effects = app.store.keys, Effects(app.store.keys)
    came = app.store.clock.now() - 60 * 86_400_000
    for n in range(number * EACH, (number + 1) * EACH):
        member = await app.members.number("bench", Account(id=f"u{n}", name=f"member {n}"))
        effects.fact(keys.group_present(place), member)
        effects.do("ZADD", keys.group_joined(place), came, member)
        if n % 2:
            effects.tag(f"t{n % 3}", member, came)
        else:
            effects.attribute(member, "birthday", f"1990-{1 + n % 12:02}-{1 + n % 28:02}")
    await app.store.apply(effects)


def run(sops: int = SOPS, groups: int = GROUPS, looks: int = LOOKS) -> dict[str, Any]:
    """Measure, print the table and give the results."""
    configure("error", "json", sys.stderr)
    collect_rarely()  # as "muster run" does
    found = uvloop.run(measure(sops, groups, looks))
    results = {f"{sops} SOPs, {groups:,} groups": Series.of(found)}
    return report("A look of the planner with nothing due", "ms, less is better", results)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="What a look of the planner costs.")
    parser.add_argument("--sops", type=int, default=SOPS)
    parser.add_argument("--groups", type=int, default=GROUPS)
    parser.add_argument("--looks", type=int, default=LOOKS)
    given = parser.parse_args()
    run(given.sops, given.groups, given.looks)
