"""The dry run: who would get what in the next days, and who would not and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from random import Random
from zoneinfo import ZoneInfo

import pytest

from bot.audience.segments import Segments
from bot.clock import utc
from bot.model.capabilities import Capabilities
from bot.sop.foresight.forecast import Forecast
from bot.sop.foresight.foreseen import Foreseen
from bot.sop.foresight.tally import Counts
from bot.sop.foresight.totals import GETS, Drill, Totals
from bot.sop.record import Version
from bot.store.bits import Bits

from .town import DAY, HOUR, Town

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


@pytest.mark.parametrize("seed", range(3))
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


def due(rows: Sequence[Foreseen], step: str) -> list[tuple[str, list[int]]]:
    """When a step comes, and for whom."""
    return [(f"{utc(r.due):%d %H:%M}", r.who.numbers()) for r in rows if r.step == step]


async def draft(town: Town, text: str, audience: str = "all-groups") -> Version:
    """A template with an audience, not started."""
    template = town.sops.library.get(town.template("draft", text))
    now = town.clock.now()
    return await town.sops.drafts.version(1, template, audience, {}, "小王", None, now)


async def test_a_draft_shows_the_last_weeks_joiners_as_if_it_had_started_before(
    town: Town,
) -> None:
    first = await town.join("early")
    town.clock.advance(1.5 * DAY)
    second = await town.join("late")
    town.clock.advance(60)
    version = await draft(town, WEEK.format(quiet="defer"))
    forecast = Forecast(town.sops)
    assert await forecast.of(version, 7) == []
    rows = await forecast.of(version, 7, since_days=7)
    assert {row.sop for row in rows} == {""}
    assert due(rows, "hello") == [("18 17:00", [second])]
    assert due(rows, "evening") == [("19 12:10", [second])]
    assert first in Bits.union(row.who | row.skipped.get("hold-out", Bits()) for row in rows)
    assert await town.sops.all() == []


WAITS = """
title = "asks"
anchor = "joined"
[[step]]
id = "ask"
after = "1h"
text = "how is it?"
[[step]]
id = "answer"
follows = "ask"
after = "0s"
wait = { for = "reply", most = "1d" }
[[step]]
id = "thanks"
follows = "answer/came"
after = "10m"
text = "thank you"
[[step]]
id = "remind"
follows = "answer/timed-out"
after = "0s"
text = "still there?"
"""


async def test_what_hangs_on_an_answer_is_only_possible(town: Town) -> None:
    await town.group("tea")
    await town.start(town.template("asks", WAITS))
    town.clock.advance(60)
    number = await town.join("a")
    rows = await Forecast(town.sops).all(3)
    assert [(r.step, f"{utc(r.due):%d %H:%M}", r.who.numbers(), r.certain) for r in rows] == [
        ("ask", "17 05:01", [number], True),
        ("answer", "17 05:01", [number], True),
        ("thanks", "17 05:11", [number], False),
        ("remind", "18 05:01", [number], False),
    ]


async def test_one_members_timeline_is_what_everybodys_says_of_them(town: Town) -> None:
    random = Random(7)
    town.change(quiet_hours="22:00-08:00", daily_cap=2)
    await history(town, random)
    forecast = Forecast(town.sops)
    rows = [row for row in await forecast.all(4) if row.to == "member"]
    for number in (1, 3, 8):
        mine = await forecast.member(number, 4)
        wanted = [(r.due, r.step, r.why(number)) for r in rows if r.why(number) is not None]
        assert wanted
        assert sorted((r.due, r.step, r.why(number)) for r in mine) == sorted(wanted)


async def test_a_big_audience_is_told_by_the_quarter_hour(town: Town) -> None:
    numbers = range(1, 2001)
    keys, group = town.store.keys, await town.group("tea")
    version = await draft(town, WEEK.format(quiet="defer"))
    for key in (keys.members_all(), keys.group_present(group), keys.gateway_members("sandbox")):
        await town.store.call("SET", key, Bits.of(numbers).bitmap())
    now = town.clock.now()
    pairs = [word for n in numbers for word in (now - n * 20_000, n)]
    await town.store.call("ZADD", keys.group_joined(group), *pairs)
    told = list[float]()
    rows = await Forecast(town.sops).of(version, 4, since_days=2, progress=told.append)
    tips = [row for row in rows if row.step == "tips"]
    assert [f"{utc(row.due):%H:%M}" for row in tips] == [
        f"{1 + n // 4:02}:{n % 4 * 15:02}" for n in range(8)
    ]
    assert sum(row.who.count() + row.skipped["hold-out"].count() for row in tips) == 2000
    assert sum(row.who.count() for row in rows if row.step == "mark") == 2000
    assert len([row for row in rows if row.step == "mark"]) < 60
    assert told == sorted(told)
    assert told[-1] == 1.0


async def test_totals_add_up_and_lead_to_the_members_behind_them(town: Town) -> None:
    town.change(daily_cap=1)
    for name in "abc":
        await town.join(name)
    await town.tag(2, "opt-out")
    await town.start(town.template("daily", DAILY), "everyone")
    totals, zone = Totals(ZoneInfo(town.timezone)), ZoneInfo(town.timezone)
    drill = Drill(zone, None, "noon", "opted out")
    for row in await Forecast(town.sops).all(2):
        totals.add(row)
        drill.add(row)
    assert [(f"{one.day:%d}", one.step, one.gets, one.skipped) for one in totals.lines] == [
        ("17", "noon", 2, {"opted out": 1}),
        ("18", "noon", 2, {"opted out": 1}),
        ("18", "night", 0, {"frequency cap": 2, "opted out": 1}),
    ]
    assert totals.reasons == {"opted out": 3, "frequency cap": 2}
    assert drill.who.numbers() == [2]


def test_the_names_behind_a_number_leave_out_those_who_only_may_get_it() -> None:
    drill, sure, maybe = Drill(ZoneInfo("UTC"), None, "", GETS), Bits.of([1, 2]), Bits.of([3])
    drill.add(Foreseen("", "noon", "message", 0, "member", sure))
    drill.add(Foreseen("", "noon", "message", 0, "member", maybe, certain=False))
    assert drill.who.numbers() == [1, 2]


async def test_a_sop_whose_audience_cannot_be_told_does_not_hide_the_others(town: Town) -> None:
    await town.join("a")
    await Segments(town.store).save("mine", "everyone", "小王")
    await town.start(town.template("daily", DAILY), "segment:mine")
    posts = await town.start(town.template("posts", POSTS), "all-groups")
    await town.store.call("HDEL", town.store.keys.segments(), "mine")
    rows = await Forecast(town.sops).all(1)
    assert {row.sop for row in rows} == {posts.id}


def test_counts_in_bits_are_as_counted_one_by_one() -> None:
    random, counts, plain = Random(1), Counts(), Counter[int]()
    everyone = Bits.of(range(50))
    for _ in range(20):
        who = Bits.of(n for n in range(50) if random.random() < n / 50)
        counts.add(who)
        plain.update(who)
    for limit in range(1, 30):
        reached = {number for number, count in plain.items() if count >= limit}
        assert {*counts.reached(limit, everyone)} == reached
