"""The report: its numbers are those somebody gets who reads everything that happened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

import pytest

from bot.delivery.journal import Journal
from bot.links.steps import Steps
from bot.model.capabilities import Capabilities
from bot.sop.outcomes.numbers import Numbers
from bot.sop.outcomes.report import PEOPLE, Report
from bot.sop.outcomes.results import RESPONSES
from bot.sop.record import Sop
from bot.store.bits import Bits
from bot.store.effects import Effects

from .town import DAY, HOUR, Town

MINUTE = 60.0
WELCOME = """
title = "welcome"
anchor = "joined"
[[step]]
id = "hello"
after = "1h"
holdout = 30
[[step.variant]]
name = "warm"
text = "how good to see you"
[[step.variant]]
name = "short"
text = "hi"
[[step]]
id = "tips"
after = "1d"
unless = 'has_tag("old hand")'
text = "tips"
"""
DAILY = """
title = "daily"
anchor = "calendar"
[[step]]
id = "noon"
every = "0 13 * * *"
text = "noon"
"""


@dataclass
class History:
    """A random history, and everything that happened in it as it happened."""

    town: Town
    random: Random
    ended: dict[tuple[str, str, int], str] = field(default_factory=dict)
    """(SOP, run, target) → how the gateway ended it last."""
    contacts: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Who (m1, g2) → the SOP and run they last heard of."""
    reached: dict[tuple[str, str], set[int]] = field(default_factory=lambda: defaultdict(set))
    replied: dict[tuple[str, str], set[int]] = field(default_factory=lambda: defaultdict(set))
    clicked: dict[tuple[str, str], set[int]] = field(default_factory=lambda: defaultdict(set))
    clicks: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    groups: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    async def passes(self, hours: int) -> None:
        """Time goes by; the gateway sends, refuses and dies as it likes."""
        for _ in range(hours * 2):
            self.town.clock.advance(HOUR / 2)
            while await self.town.planner.tick():
                await self.deliver()
            await self.deliver()
            await self.people_react()

    async def deliver(self) -> None:
        while True:
            taken, _ = await self.town.outbox.take("sandbox", "node:1", 500, None, None)
            if not taken:
                return
            for one in taken:
                ending = self.random.choices(("sent", "failed", "in_doubt"), (8, 2, 1))[0]
                await self.town.outbox.finish(one, ending, "no such user")  # type: ignore[arg-type]
                result = one.delivery.result
                assert result
                sop, _, run = result.run.partition("/")
                self.ended[sop, run, result.target] = ending
                if ending == "sent":
                    self.contacts[result.who] = (sop, run)
                    members = {result.target}
                    if result.who.startswith("g"):
                        members = self.groups[result.target]
                    self.reached[sop, run] |= members

    async def people_react(self) -> None:
        """Some say something in their group, some click."""
        await self._hold_outs()
        for group, members in self.groups.items():
            for member in sorted(members):
                if self.random.random() < 0.05:
                    await self._says(member, group)
                if self.random.random() < 0.05:
                    await self._clicks(member)

    async def _says(self, member: int, group: int) -> None:
        effects = Effects(self.town.store.keys)
        effects.heard("reply", member, group, self.town.clock.now())
        assert await self.town.store.apply(effects)
        for who in (f"m{member}", f"g{group}"):
            if who in self.contacts:
                self.replied[self.contacts[who]].add(member)

    async def _clicks(self, member: int) -> None:
        """As the links room counts a click on a link of the step somebody got last."""
        if (contact := self.contacts.get(f"m{member}")) is None:
            return
        sop, run = contact
        step, keys = run.split("/")[1], self.town.store.keys
        number = await Steps(self.town.store).number(f"sop/{sop}/{run}")
        effects = Effects(keys)
        effects.fact(keys.link_clicked(0, f"s{number}"), member)
        effects.do("HINCRBY", keys.link_by("step", 0), f"{number}:clicks", 1)
        assert await self.town.store.apply(effects)
        self.clicked[sop, step].add(member)
        self.clicks[sop, step] += 1

    async def _hold_outs(self) -> None:
        """Who is held out is credited as if they had got it."""
        for (sop, run, number), reason in (await self.skipped()).items():
            if reason == "hold-out" and (sop, run, number) not in self.ended:
                self.ended[sop, run, number] = "skipped:hold-out"
                self.contacts[f"m{number}"] = (sop, run)

    async def skipped(self) -> dict[tuple[str, str, int], str]:
        """The rows the journal says were skipped, and why."""
        found = {}
        for _, entry in await Journal(self.town.store).recent(limit=100_000):
            if entry.what == "sop.skipped":
                sop, _, run = entry.source.removeprefix("sop ").partition("/")
                found[sop, run, entry.member or 0] = entry.reason
        return found

    async def rows(self, sop: str) -> dict[tuple[str, int], str]:
        """(run, target) → the outcome, of everything that happened."""
        skipped = {k: f"skipped:{why}" for k, why in (await self.skipped()).items()}
        ends = {**skipped, **self.ended}
        return {(run, n): end for (of, run, n), end in ends.items() if of == sop}

    async def slowly(self, sop: Sop, fits: Callable[[str], bool], steps: set[str]) -> Numbers:
        """The numbers of the runs that fit, counted one by one."""
        rows = {k: v for k, v in (await self.rows(sop.id)).items() if fits(k[0])}
        count = [*rows.values()].count
        reached = set().union(*(w for (s, r), w in self.reached.items() if s == sop.id and fits(r)))
        replied = set().union(*(w for (s, r), w in self.replied.items() if s == sop.id and fits(r)))
        clicked = {
            step: self.clicked[sop.id, step]
            & set().union(
                *(
                    w
                    for (s, r), w in self.reached.items()
                    if s == sop.id and fits(r) and r.split("/")[1] == step
                )
            )
            for step in steps
        }
        known = [step for step in steps if self.clicks[sop.id, step]]
        return Numbers(
            runs=len({run for run, _ in rows}),
            planned=len(rows),
            sent=count("sent"),
            failed=count("failed"),
            in_doubt=count("in_doubt"),
            skipped={
                end.removeprefix("skipped:"): count(end)
                for end in set(rows.values())
                if end.startswith("skipped:")
            },
            reach=len(reached),
            after={"replied": len(reached & replied), **dict.fromkeys(RESPONSES[1:], 0)},
            clicked=len(set().union(*clicked.values())) if known else None,
            clicks=sum(self.clicks[sop.id, step] for step in known) if known else None,
        )


def plain(numbers: Numbers) -> dict[str, object]:
    """What the slow path knows, too."""
    known = ("runs", "planned", "sent", "failed", "in_doubt", "skipped", "reach", "replied")
    return {name: getattr(numbers, name) for name in (*known, "clicked", "clicks")}


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_every_number_is_what_reading_everything_slowly_gives(town: Town, seed: int) -> None:
    history = History(town, Random(seed))
    tea, books = await town.group("tea"), await town.group("books")
    welcome = await town.start(town.template("welcome", WELCOME))
    daily = await town.start(town.template("daily", DAILY))
    for n in range(60):
        if n % 5 == 0:
            await history.passes(1)
        place = "tea" if n % 3 else "books"
        number = await town.join(f"m{n}", place)
        history.groups[tea if n % 3 else books].add(number)
        if history.random.random() < 0.2:
            await town.tag(number, "old hand")
        if history.random.random() < 0.1:
            await town.tag(number, "opt-out")
    await history.passes(40)
    report = Report(town.store, town.sops.results, town.sops.versions)
    for sop, steps in ((welcome, ["hello", "tips"]), (daily, ["noon"])):
        told = await report.of(sop)
        assert plain(told.total) == plain(await history.slowly(sop, lambda _: True, {*steps}))
        assert told.total.sent > 0
        assert [line.step for line in told.lines] == steps
        for line in told.lines:
            mine = await history.slowly(sop, _of_step(line.step), {line.step})
            assert plain(line.numbers) == plain(mine)
            await _names_agree(report, sop, line.numbers, step=line.step)
        for run, numbers in await report.runs(sop, 0, 100):
            mine = await history.slowly(sop, run.id.__eq__, {run.step})
            left_out = {"clicked", "clicks"} if sop is daily else set()
            assert {k: v for k, v in plain(numbers).items() if k not in left_out} == {
                k: v for k, v in plain(mine).items() if k not in left_out
            }
            await _names_agree(report, sop, numbers, run=run.id)
    told = await report.of(welcome)
    assert told.total.replied > 0
    assert told.total.failed > 0
    assert told.total.clicked


def _of_step(step: str) -> Callable[[str], bool]:
    return lambda run: run.split("/")[1] == step


async def _names_agree(
    report: Report, sop: Sop, numbers: Numbers, *, step: str = "", run: str = ""
) -> None:
    """As many names stand behind a number as it says; rows of several runs may be one's."""
    people = (numbers.reach, numbers.clicked, *(numbers.after[what] for what in RESPONSES))
    for outcome, number in zip(PEOPLE, people, strict=True):
        if number is not None:
            assert (await report.who(sop, outcome, step=step, run=run)).count() == number, outcome
    rows = {"planned": numbers.planned, "sent": numbers.sent, "failed": numbers.failed}
    rows |= {f"skipped:{reason}": n for reason, n in numbers.skipped.items()}
    rows["waiting"] = numbers.waiting
    for outcome, number in rows.items():
        found = (await report.who(sop, outcome, step=step, run=run)).count()
        assert found == number if numbers.runs == 1 else found <= number, outcome


async def test_a_group_reaches_those_present_when_it_was_sent(town: Town) -> None:
    sop = await town.start(town.template("daily", DAILY))
    tea = await town.group("tea")
    early, late = await town.join("early"), 0
    both = await town.join("both")
    await town.join("both", "books")
    await town.pass_by(2 * HOUR)
    late = await town.join("late")
    await town.leave(early)
    report = Report(town.store, town.sops.results, town.sops.versions)
    told = await report.of(sop)
    assert (told.total.sent, told.total.reach) == (2, 2)
    assert await report.who(sop, "reached") == Bits.of([early, both])
    await town.pass_by(DAY)
    assert (await report.of(sop)).total.reach == 3
    assert late in await report.who(sop, "reached")
    assert tea in await report.who(sop, "sent")


async def test_staff_who_did_a_task_in_a_group_reached_its_members(town: Town) -> None:
    town.can["sandbox"] = Capabilities(staff_confirm=True)
    number = await town.join("a")
    sop = await town.start(town.template("daily", DAILY))
    await town.pass_by(2 * HOUR)
    report = Report(town.store, town.sops.results, town.sops.versions)
    assert (await report.of(sop)).total.reach == 0
    (task,) = await town.sops.tasks.open()
    assert await town.sops.tasks.done(task.id, "小李")
    assert (await report.of(sop)).total.reach == 1
    assert await report.who(sop, "reached") == Bits.of([number])


TRIAL = """
title = "trial"
anchor = "joined"
[[step]]
id = "hello"
after = "1h"
holdout = 50
text = "come and check in"
"""


async def test_those_held_out_are_compared_with_those_who_got_it(town: Town) -> None:
    tea = await town.group("tea")
    sop = await town.start(town.template("trial", TRIAL))
    town.clock.advance(MINUTE)
    for n in range(400):
        await town.join(f"m{n}")
    await town.pass_by(2 * HOUR)
    report = Report(town.store, town.sops.results, town.sops.versions)
    got = await report.who(sop, "sent")
    held = await report.who(sop, "skipped:hold-out")
    assert got.count() + held.count() == 400
    keen = {*got.numbers(0, 120), *held.numbers(0, 30)}
    for number in sorted(keen):
        effects = Effects(town.store.keys)
        effects.heard("check-in", number, tea, town.clock.now())
        assert await town.store.apply(effects)
    (line,) = (await report.of(sop)).lines
    assert line.numbers.checked_in == 120  # not those who got nothing
    found = line.compared["checked-in"]
    assert (found.baseline.name, found.baseline.hits, found.baseline.total) == (
        "hold-out",
        30,
        held.count(),
    )
    (contrast,) = found.contrasts
    assert contrast.verdict == "{name} is better than {other}"
    assert contrast.difference.low > 0.2
    assert "replied" not in line.compared
    assert "clicked" not in line.compared  # nobody held out had a link to click


async def test_staff_see_what_is_done_late_left_out_and_open(town: Town) -> None:
    town.can["sandbox"] = Capabilities(staff_confirm=True)
    for name in ("a", "b", "c", "d"):
        number = await town.join(name)
        effects = Effects(town.store.keys)
        effects.attribute(number, "owner", "" if name == "d" else "li")
        assert await town.store.apply(effects)
    text = (
        'title = "ask"\nanchor = { date = "day" }\nto = "member"\n[parameters.day]\ntype = "date"\n'
    )
    text += 'default = "today"\n[[step]]\nid = "call"\nat = "13:00"\n'
    text += 'task = "call {{ member.name }}"\nwithin = "2h"\n'
    sop = await town.start(town.template("ask", text), "everyone")
    await town.pass_by(1.1 * HOUR)
    tasks = {task.member: task.id for task in await town.sops.tasks.open()}
    assert len(tasks) == 4
    await town.sops.tasks.done(tasks[1], "ann")
    await town.pass_by(3 * HOUR)
    await town.sops.tasks.done(tasks[2], "ann")
    assert [
        (s.staff, s.due, s.done, s.late, s.skipped, s.open)
        for s in await town.sops.tasks.shares(sop.id)
    ] == [("", 1, 0, 1, 0, 1), ("li", 3, 2, 2, 0, 1)]
    await town.sops.tasks.skip(tasks[4], "ann")
    assert [
        (s.staff, s.due, s.done, s.late, s.skipped, s.open)
        for s in await town.sops.tasks.shares(sop.id)
    ] == [("ann", 1, 0, 1, 1, 0), ("li", 3, 2, 2, 0, 1)]
    account = await Report(town.store, town.sops.results, town.sops.versions).of(sop)
    assert (account.total.sent, account.total.task, account.total.skipped) == (2, 1, {"staff": 1})
