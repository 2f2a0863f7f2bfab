"""The dry run of a ten-step SOP for a million members, and planning one step of it for all.

Members joined five groups over thirty days; a tenth live in another zone; steps have times of day,
conditions by tags, variants and a hold-out share; quiet hours and the daily cap are as shipped. The
dry run looks a week ahead, as if the SOP had begun with the first of them. Planning puts every one
of them down for a calendar's step, each once, as they stand in the store.
"""

from __future__ import annotations

import asyncio
import resource
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import uvloop

from bench.audience import serving
from bench.measure import Series, report
from bot.audience import Algebra, Bits, Segments
from bot.audience.sources import store_sources
from bot.clock import Days, SystemClock
from bot.model.capabilities import Capabilities
from bot.model.conversation import Conversation
from bot.routing.template import Templates
from bot.routing.writer import Writer
from bot.settings.rooms import DeliverySettings, SopSettings
from bot.sop.engine.feeder import Feeder
from bot.sop.engine.stepped import Stepped
from bot.sop.foresight.forecast import Forecast
from bot.sop.means import Invitation, Means
from bot.sop.sops import Sops
from bot.sop.templates.library import Library
from bot.sop.templates.template import Template
from bot.store.address import unix
from bot.store.bell import Bell
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store

MEMBERS, ROUNDS, GROUPS, DAYS = 1_000_000, 3, 5, 30
DAY_MS = 86_400_000
LOADED = 5_000
TEN_STEPS = """
title = "thirty days"
anchor = "joined"
[guards]
stop_when = "tag:bought"
""" + "".join(
    f"""
[[step]]
id = "s{number}"
after = "{number * 3}d"
at = "{9 + number}:00"
holdout = 10
{'unless = "tag:gold"' if number % 2 else 'if = "tag:gold or not tag:vip"'}
variant = [{{ name = "a", text = "hello" }}, {{ name = "b", text = "good day" }}]
"""
    for number in range(10)
)
ONE_STEP = """
title = "one"
anchor = "calendar"
to = "member"
[[step]]
id = "news"
every = "* * * * *"
text = "news"
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What one round came to: seconds, megabytes of bot and store, and how many of each end."""

    seconds: float
    bot: float
    store: float
    ends: Counter[str]


def run(rounds: int = ROUNDS, count: int = MEMBERS) -> dict[str, Any]:
    """Measure, print the tables and give the results."""
    return uvloop.run(measure(rounds, count))


async def measure(rounds: int, count: int) -> dict[str, Any]:
    """A dry run and a planning in turn, on one roster."""
    with serving() as path:
        store = Store(unix(path), "bench", SystemClock())
        await store.open()
        sops = room(store)
        await fill(store, count)
        loaded = await megabytes(store)
        dry, planned = list[Found](), list[Found]()
        for _ in range(rounds):
            dry.append(await dry_run(sops))
            planned.append(await plan(sops))
        await store.close()
    print(f"roster of {count:,}: {loaded:.0f} MB of store; ends {dict(dry[0].ends)}")
    return report(
        f"Dry run of ten steps and planning of one for {count:,} members",
        "",
        {
            "dry run, s": Series.of(one.seconds for one in dry),
            "dry run, MB of bot": Series.of(one.bot for one in dry),
            "planning a step, s": Series.of(one.seconds for one in planned),
            "planning a step, MB of store": Series.of(one.store - loaded for one in planned),
        },
    )


async def dry_run(sops: Sops) -> Found:
    """All ten steps in the next week."""
    template = parsed(sops, TEN_STEPS)
    version = await sops.drafts.version(
        1, template, "all-groups", {}, "bench", None, sops.means.store.clock.now()
    )
    ends, began = Counter[str](), time.perf_counter()
    async for row in Forecast(sops).stream(version, days=7, since_days=DAYS):
        ends["sent"] += row.who.count()
        ends.update({reason: who.count() for reason, who in row.skipped.items()})
    took = time.perf_counter() - began
    return Found(took, peak(), await megabytes(sops.means.store), ends)


async def plan(sops: Sops) -> Found:
    """One calendar's step put down for everybody."""
    store = sops.means.store
    sop = await sops.start(parsed(sops, ONE_STEP), "all-groups", "bench", name="one")
    began = time.perf_counter()
    turn, feeder = await sops.turn(sop, store.clock.now() + 60_000), Feeder(sops)
    await feeder.feed(turn)
    (occurrence,) = await store.texts("HKEYS", store.keys.sop_open(sop.id))
    await feeder.expand(turn, occurrence)
    took, used = time.perf_counter() - began, await megabytes(store)
    put_down = int(await store.call("ZCARD", store.keys.sop_due(occurrence)))
    await store.call("UNLINK", store.keys.sop_due(occurrence), store.keys.sop_fed(occurrence))
    await sops.stop(sop.id, "bench")
    return Found(took, peak(), used, Counter(put_down=put_down))


def parsed(sops: Sops, text: str) -> Template:
    """A template from its text."""
    return sops.library.parse(text, "bench")


# the roster


async def fill(store: Store, count: int) -> None:
    """Write what a million members would have left."""
    keys, members, random = store.keys, Members(store), Random(1)
    now, everyone = store.clock.now(), Bits.of(range(1, count + 1))

    def share(halvings: int) -> Bits:
        found = everyone
        for _ in range(halvings):
            found &= Bits(random.getrandbits(count + 8))
        return found

    facts = {
        keys.members_all(): everyone,
        keys.gateway_members("sandbox"): everyone,
        keys.tag("gold"): share(2),
        keys.tag("vip"): share(3),
        keys.tag("bought"): share(5),
        keys.tag("opt-out"): share(6),
        keys.zone_members("Europe/Berlin"): share(3),
    }
    for tag in ("gold", "vip", "bought", "opt-out"):
        await store.call("ZADD", keys.tag_names(), now, tag)
    for place in range(GROUPS):
        where = Conversation(gateway="sandbox", group=f"g{place}")
        group = await members.group_number(where, f"g{place}")
        numbers = range(1 + place, count + 1, GROUPS)
        facts[keys.group_present(group)] = Bits.of(numbers)
        moments = ((now - random.randrange(DAYS * DAY_MS), number) for number in numbers)
        for page in _pages([word for pair in moments for word in pair]):
            await store.call("ZADD", keys.group_joined(group), *page)
    for key, who in facts.items():
        await store.call("SET", key, who.bitmap())


def _pages(words: list[int]) -> Iterator[list[int]]:
    return (words[start : start + 2 * LOADED] for start in range(0, len(words), 2 * LOADED))


def room(store: Store) -> Sops:
    """The SOP room over a store and nothing else."""
    members, facts, templates = Members(store), Facts(store), Templates()
    writer, days = Writer(templates, {}), Days("Asia/Shanghai")
    sources = store_sources(store, members, days, ["sandbox"], ["opt-out"])
    algebra = Algebra(store, members, Segments(store), [*sources, Stepped(store)])
    return Sops(
        Means(
            store=store,
            members=members,
            facts=facts,
            bell=Bell(),
            templates=templates,
            writer=writer,
            library=Library(Path(), templates, writer.names),
            capabilities=lambda _: Capabilities(),
            algebra=algebra,
            invite=_nowhere,
            delivery=DeliverySettings(),
            settings=SopSettings(),
            timezone="Asia/Shanghai",
            language="en",
            workspace={},
        )
    )


async def _nowhere(
    route: str, member: int, to: Conversation | None = None, source: str = ""
) -> Invitation:
    return Invitation("gone")


async def megabytes(store: Store) -> float:
    """What the store uses now."""
    await asyncio.sleep(0.2)
    info = await store.text("INFO", "memory") or ""
    used = next(line for line in info.splitlines() if line.startswith("used_memory:"))
    return int(used.partition(":")[2]) / 1e6


def peak() -> float:
    """The most memory this process had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


if __name__ == "__main__":
    run()
