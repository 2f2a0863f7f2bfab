"""The dry run: who would get what in the next days, and who would not and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from random import Random

import pytest

from bot.model.capabilities import Capabilities
from bot.sop.forecast import Forecast
from bot.sop.foreseen import Foreseen

from .town import HOUR, Town

Rows = Counter[tuple[str, str, int, str]]

WEEK = """
title = "a first week"
anchor = "joined"
topic = "care"
[guards]
quiet = "{quiet}"
stop_when = "tag:bought"
[[step]]
id = "hello"
after = "1h"
text = "hello"
[[step]]
id = "evening"
after = "0d"
at = "20:10"
unless = "tag:vip"
text = "good evening"
[[step]]
id = "tips"
after = "2d"
at = "09:00"
until = "11:00"
holdout = 30
text = "tips"
[[step]]
id = "mark"
after = "36h"
tag = "seen"
[[step]]
id = "then"
follows = "tips"
after = "1d"
at = "12:00"
text = "then"
"""
DAILY = """
title = "daily"
anchor = "calendar"
to = "member"
[[step]]
id = "noon"
every = "5 12 * * *"
text = "noon"
[[step]]
id = "night"
weekly = ["mon", "thu", "sat"]
at = "21:50"
until = "22:30"
spread = "random"
if = "not tag:vip"
text = "night"
"""
POSTS = """
title = "posts"
anchor = "calendar"
[[step]]
id = "post"
every = "15 9,18 * * *"
text = "news"
"""
BIRTHDAY = """
title = "birthday"
anchor = { attribute = "birthday" }
[[step]]
id = "before"
before = "2d"
at = "10:00"
tag = "soon"
[[step]]
id = "wish"
after = "0d"
at = "07:30"
text = "happy birthday"
"""
TEN = 600_000
DAY_MS = 86_400_000
ZONES = ("", "", "", "Europe/Berlin", "America/New_York")


def told(rows: Sequence[Foreseen]) -> Rows:
    """Every row as (SOP, step, number, outcome), as results would have it."""
    found: Rows = Counter()
    for row in rows:
        for number in row.who:
            outcome = "task" if number in row.by_staff else "sent"
            if row.action not in ("message", "task"):
                outcome = "done"
            found[row.sop, row.step, number, outcome] += 1
        for reason, who in row.skipped.items():
            found.update((row.sop, row.step, number, f"skipped:{reason}") for number in who)
    return found


async def happened(town: Town) -> Rows:
    """The same of what really became of everybody so far."""
    found: Rows = Counter()
    for sop in await town.sops.all():
        for run in await town.sops.results.runs(sop.id, 0, 1000):
            for outcome in ("sent", "done", "task", *(f"skipped:{r}" for r in run.skipped)):
                _, numbers = await town.sops.results.targets(run, outcome, 0, 10_000)
                found.update((sop.id, run.step, number, outcome) for number in numbers)
    return found


async def history(town: Town, random: Random) -> None:
    """Days in which members come, go and are tagged while SOPs run."""
    town.can["lark"] = Capabilities(send_direct=False)
    town.can["wecom"] = Capabilities(staff_confirm=True)
    places = [("tea", "sandbox"), ("books", "sandbox"), ("lark", "lark"), ("care", "wecom")]
    for place in places:
        await town.group(*place)
    await town.tag(await town.join("first"), "vip")
    quiet = random.choice(["defer", "drop"])
    await town.start(town.template("week", WEEK.format(quiet=quiet)), "all-groups")
    audience = random.choice(["everyone", "all-groups", "group:sandbox/tea or tag:vip"])
    town.clock.advance(1)
    await town.start(town.template("daily", DAILY), audience)
    town.clock.advance(1)
    await town.start(town.template("posts", POSTS), "all-groups")
    await town.start(town.template("birthday", BIRTHDAY), "everyone")
    for number in range(1, 15):
        gateway = random.choice(["sandbox", "sandbox", "lark", "wecom"])
        rooms = [name for name, where in places if where == gateway]
        for room in random.sample(rooms, random.randint(1, len(rooms))):
            await town.join(f"m{number}", room, gateway)
            await town.pass_by(random.choice([60, 600, 5 * HOUR]), 600)
        if zone := random.choice(ZONES):
            await town.set(number, "timezone", zone)
        await town.set(number, "birthday", f"1990-06-{random.randint(15, 29)}")
        for tag in ("vip", "opt-out", "opt-out:care", "bought"):
            if random.random() < 0.15:
                await town.tag(number, tag)
        if random.random() < 0.15:
            await town.leave(number, rooms[0])


async def pass_to(town: Town, moments: Iterable[int]) -> None:
    """Look at these moments."""
    for moment in sorted(moments):
        town.clock.advance((moment - town.clock.now()) / 1000)
        await town.tick()
        await town.deliver()


@pytest.mark.parametrize("seed", range(4))
async def test_what_is_foreseen_is_what_happens_when_nothing_changes(town: Town, seed: int) -> None:
    random = Random(seed)
    town.change(
        quiet_hours=random.choice([None, "22:00-08:00", "12:00-14:00"]),
        daily_cap=random.choice([None, 2]),
        weekly_cap=random.choice([None, 5]),
        blackout=random.choice([(), ("2026-06-21",)]),
    )
    await history(town, random)
    before = await happened(town)
    now = town.clock.now()
    rows = await Forecast(town.sops).all(4)
    assert [row.due for row in rows] == sorted(row.due for row in rows)
    assert all(now <= row.due <= now + 4 * DAY_MS for row in rows)
    await pass_to(town, {row.due for row in rows} | {*range(now, now + 4 * DAY_MS + 1, TEN)})
    after = await happened(town)
    foreseen = told([row for row in rows if row.certain])
    really = after - before
    assert foreseen
    assert (foreseen - really, really - foreseen) == (Counter(), Counter())
