"""Agreement: every number, wherever it is shown, is what reading everything slowly gives."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bot.exports.export import Export
from bot.figures.period import Period
from bot.figures.row import BYS, Row
from bot.figures.subject import BadSubject, Subject
from bot.links.hits import Hit
from bot.links.replay import Replay
from bot.links.rules import Before, Rules, Verdict
from bot.links.takings import Share
from bot.sop.outcomes.report import Report
from bot.store.store import Store
from bot.testing.clock import TestClock
from tests.figures.fair import ZONE
from tests.figures.history import History
from tests.figures.slowly import Slowly
from tests.store.dump import dump

TOLD = ("hits", "clicks", "conversions", "reach")
"""What makes a row: one where nothing of this is is no row."""


class NoPlayers(Rules):
    """Players are programs."""

    version = 77

    def judge(self, hit: Hit, before: Before | None = None) -> Verdict:
        if "Player" in hit.agent and not {*hit.flags} & {*"hp"}:
            return "bot"
        return super().judge(hit, before)


@pytest.fixture(params=[1, 2, 3])
async def history(
    store: Store, clock: TestClock, tmp_path: Path, request: pytest.FixtureRequest
) -> History:
    clock.advance(4 * 3600)  # noon in Shanghai
    made = History(store, clock, tmp_path, request.param)
    await made.begin()
    await made.live(4)
    return made


async def test_all_numbers_agree(history: History, tmp_path: Path) -> None:
    await agree(history, tmp_path / "first")
    before = await dump(history.store)
    found = await Replay(history.store, history.links, history.judged_by()).apply()
    assert not any(one.changed or one.left for one in found)
    after = await dump(history.store)
    for name in before.keys() | after.keys():
        assert after.get(name) == before.get(name), name
    other = history.judged_by(NoPlayers())
    changed = await Replay(history.store, history.links, other).apply()
    assert any(one.changed for one in changed)
    history.world.players_are_people = False
    history.judge = other
    await agree(history, tmp_path / "second", replayed=True)


async def agree(history: History, folder: Path, replayed: bool = False) -> None:
    slowly = Slowly(history.world, history.events)
    if replayed:  # whom what they did is put down to was settled when they did it
        history.world.players_are_people = True
        first = Slowly(history.world, history.events)
        history.world.players_are_people = False
        slowly.after_click, slowly.after_run = first.after_click, first.after_run
        slowly.sales = first.sales
    assert {hit.verdict for hit in slowly.hits} >= {"click", "repeat", "bot", "head", "suspect"}
    today = history.world.local(history.clock.now()).date()
    days = [today - timedelta(days=n) for n in reversed(range(8))]
    await figures_agree(history, slowly, days)
    await figures_agree(history, slowly, days[-3:-1], few=True)
    await clicks_agree(history, slowly)
    await report_agrees(history, slowly)
    await takings_agree(history, slowly, days)
    await export_agrees(history, slowly, folder)


def subjects(history: History, slowly: Slowly) -> list[Subject]:
    world = history.world
    runs = sorted({sent.run for sent in slowly.sent})
    found = [Subject()]
    found += [Subject("link", str(link)) for link in world.campaigns]
    found += [Subject("campaign", name) for name in sorted({*world.campaigns.values()})]
    found += [Subject("sop", name) for name in sorted({run.split("/")[0] for run in runs})]
    steps = sorted({"/".join(run.split("/")[0:3:2]) for run in runs})
    found += [Subject("step", name) for name in steps]
    found += [Subject("run", name) for name in (runs[0], runs[-1])]
    found += [Subject("group", str(number)) for number in history.rosters]
    found += [Subject("staff", name) for name in ("Li", "Wang", "")]
    found += [Subject("channel", name) for name in ("ad", "")]
    return found


async def figures_agree(
    history: History, slowly: Slowly, days: list[date], few: bool = False
) -> None:
    period = Period(days[0], days[-1])
    for subject in subjects(history, slowly):
        for by in (None, *BYS):
            if few and by not in (None, "day", "group"):
                continue
            if subject.kind in ("staff", "channel") and by in ("hour", "way"):
                with pytest.raises(BadSubject, match="not closer"):
                    await history.figures.of(subject, period, by)
                continue
            told = await history.figures.of(subject, period, by)
            wanted = slowly.rows((subject.kind, subject.name), by, {*days})
            rows = {row.key: row for row in told.rows} if by else {"": told.total}
            empty = {key for key, row in rows.items() if nothing(row)}
            missing = {key for key, row in wanted.items() if not any(map(row.get, TOLD))}
            assert rows.keys() - empty == wanted.keys() - missing, (subject, by)
            for key in rows.keys() - empty:
                found = plain(rows[key], wanted[key])
                assert found == wanted[key], (str(subject), by, key)


def nothing(row: Row) -> bool:
    return not any(getattr(row, name) for name in TOLD)


def plain(row: Row, wanted: dict[str, Any]) -> dict[str, Any]:
    """A row as the slow path has it."""
    delay = row.delay and (row.delay.count, row.delay.median, row.delay.slowest)
    found = {
        **{name: getattr(row, name) for name in ("hits", "clicks", "members", "visitors")},
        **{name: getattr(row, name) for name in ("conversions", "converted")},
        "verdicts": dict(row.verdicts),
        "revenue": dict(row.revenue),
        "delay": delay,
        "reach": row.reach or 0,
        "clickers": row.clickers if row.reach else None,
        "received": row.received if row.reach else None,
        "followed": dict(row.followed or {}) if row.reach or wanted["followed"] else {},
    }
    return {name: found[name] for name in wanted}


async def clicks_agree(history: History, slowly: Slowly) -> None:
    clicks = history.clicks
    for link in history.world.campaigns:
        hits = [hit for hit in slowly.hits if hit.link == link]
        mine = [hit for hit in hits if hit.verdict == "click"]
        sums = await clicks.sums(link)
        assert (sums.hits, sums.clicks) == (len(hits), len(mine))
        assert sums.members == len({hit.member for hit in mine} - {0})
        assert sums.visitors == len({(h.day, h.visitor) for h in mine if not h.member})
        assert sums.verdicts == Counter(hit.verdict for hit in hits)
        assert sums.apps == Counter(hit.app for hit in mine if hit.app)
        at = [hit.at for hit in mine] or [0]
        assert (sums.first, sums.last) == (min(at), max(at))
        for day in await clicks.days(link, 8):
            there = [hit for hit in mine if hit.day == day.day]
            assert day.clicks == len(there)
            assert day.hits == sum(hit.day == day.day for hit in hits)
            assert day.members == len({hit.member for hit in there} - {0})
            assert day.visitors == len({hit.visitor for hit in there if not hit.member})
        for part in await clicks.groups(link):
            there = [hit for hit in mine if hit.group == part.number]
            assert part.hits == sum(hit.group == part.number for hit in hits)
            assert part.clicks == len(there)
            assert part.members == len({hit.member for hit in there} - {0})
            assert part.visitors == len({(h.day, h.visitor) for h in there if not h.member})
            own = {m.member: m.clicks for m in await clicks.members(link, part.number)}
            assert own == Counter(hit.member for hit in there if hit.member)
        for step in await clicks.steps(link):
            runs = history.world.runs
            numbers = [n for n, run in runs.items() if "/".join(run.split("/")[0:3:2]) == step.name]
            there = [h for h in mine if h.step in numbers or (not step.name and not h.step)]
            assert step.clicks == len(there)
            assert step.members == len({hit.member for hit in there} - {0})
            seen = {(h.day, h.step, h.visitor) for h in there if not h.member}
            assert step.visitors == len(seen)
    every = await clicks.sums(0)
    assert (every.hits, every.clicks) == (
        len(slowly.hits),
        sum(hit.verdict == "click" for hit in slowly.hits),
    )
    wanted = Counter(hit.link for hit in slowly.hits if hit.verdict == "click")
    assert dict(await clicks.top(100)) == wanted


async def report_agrees(history: History, slowly: Slowly) -> None:
    report = Report(history.store, history.sops.results, history.sops.versions)
    for sop in history.started:
        told = await report.of(sop)
        for line in told.lines:
            name = f"{sop.id}/{line.step}"
            wanted = slowly.rows(("step", name), None, {hit.day for hit in slowly.hits})[""]
            numbers = line.numbers
            assert numbers.clicks == wanted["clicks"]
            assert numbers.visitors == wanted["visitors"]
            assert (numbers.answered or 0) == (wanted["clickers"] or 0)
            assert numbers.received == (wanted["received"] or 0)
            assert numbers.reach == wanted["reach"]
        for run, numbers in await report.runs(sop, 0, 100):
            mine = [sent for sent in slowly.sent if sent.run == run.name]
            reached = set().union(*(sent.members for sent in mine))
            step = next((n for n, r in history.world.runs.items() if r == run.name), None)
            hits = [h for h in slowly.hits if h.step == step and h.verdict == "click"]
            assert numbers.reach == len(reached)
            if numbers.clicks is not None:
                assert numbers.clicks == len(hits)
                assert numbers.clicked == len(reached & {hit.member for hit in hits})
                seen = {(h.link, h.day, h.visitor) for h in hits if not h.member}
                assert numbers.visitors == len(seen)
            for what in ("replied", "checked-in", "tagged", "converted"):
                assert numbers.after[what] == len(reached & slowly.after_run[run.name, what]), what


async def takings_agree(history: History, slowly: Slowly, days: list[date]) -> None:
    takings, world, sales = history.conversions, history.world, slowly.sales
    assert sales

    def told(shares: list[Share]) -> dict[str, tuple[int, Decimal]]:
        return {
            share.name: (
                sum(s.count for s in share.sums),
                sum((s.value for s in share.sums), Decimal()),
            )
            for share in shares
        }

    def wanted(name: Any, some: list[Any]) -> dict[str, tuple[int, Decimal]]:
        found: dict[str, tuple[int, Decimal]] = {}
        for sale in some:
            count, value = found.get(name(sale), (0, Decimal()))
            found[name(sale)] = (count + 1, value + sale.value)
        return found

    names = {
        "all": lambda sale: "all",
        "day": lambda sale: sale.day.isoformat(),
        "step": lambda sale: f"sop/{world.runs[sale.step]}" if sale.step else "",
        "group": lambda sale: str(sale.group),
        "sop": lambda sale: world.runs.get(sale.step, "").split("/")[0],
    }
    linked = [sale for sale in sales if sale.link]
    period = Period(days[0], days[-1])
    for by, name in names.items():
        for when in (None, period):
            assert told(await takings.by(by, 0, when)) == wanted(name, sales), by  # type: ignore[arg-type]
        for link in world.campaigns:
            mine = [sale for sale in sales if sale.link == link]
            assert told(await takings.by(by, link)) == wanted(name, mine), by  # type: ignore[arg-type]
    for when in (None, period):
        found = told(await takings.by("link", 0, when))  # type: ignore[arg-type]
        assert found == wanted(lambda sale: str(sale.link), linked)
        found = told(await takings.by("campaign", 0, when))  # type: ignore[arg-type]
        assert found == wanted(lambda sale: world.campaigns[sale.link], linked)
    assert await takings.members() == len({sale.member for sale in sales} - {0})


async def export_agrees(history: History, slowly: Slowly, folder: Path) -> None:
    await history.links.refresh()
    export = Export(
        *(history.store, history.links, history.members, history.facts, history.sops, (), ZONE)
    )
    await export.write(folder)

    def ask(table: str, columns: str) -> Counter[tuple[Any, ...]]:
        path = folder / table / "**" / "*.parquet"
        if not (folder / table).is_dir():
            path = folder / f"{table}.parquet"
        rows = duckdb.execute(f"SELECT {columns} FROM read_parquet('{path}')").fetchall()
        return Counter(rows)

    runs = history.world.runs
    mine = [hit for hit in slowly.hits if hit.verdict == "click"]
    assert ask("hits", 'day, link, run, ifnull("group", 0), ifnull(member, 0), verdict') == Counter(
        (h.day, h.link, runs.get(h.step), h.group, h.member, h.verdict) for h in slowly.hits
    )
    cells = Counter(
        (h.day, h.link, runs.get(h.step), h.hour, h.way, h.verdict) for h in slowly.hits
    )
    grouped = "day, link, run, hour, ifnull(way, '0'), verdict"
    path = folder / "counts" / "**" / "*.parquet"
    found = duckdb.execute(
        f"SELECT {grouped}, sum(hits)::INT FROM read_parquet('{path}') GROUP BY ALL"
    ).fetchall()
    assert {row[:-1]: row[-1] for row in found} == cells
    people = Counter((h.day, h.link, runs.get(h.step), h.group, h.member) for h in mine if h.member)
    columns = 'day, link, run, ifnull("group", 0), member, clicks'
    assert ask("clicks", columns) == Counter((*who, n) for who, n in people.items())
    seen = {(h.day, h.link, runs.get(h.step), h.group, h.visitor) for h in mine if not h.member}
    columns = 'day, link, run, ifnull("group", 0), visitors'
    assert ask("visitors", columns) == Counter(
        (*who, n) for who, n in Counter(row[:-1] for row in seen).items()
    )
    columns = 'ifnull(link, 0), run, ifnull("group", 0), ifnull(member, 0), value::DECIMAL(18, 4)'
    assert ask("conversions", columns) == Counter(
        (s.link, runs.get(s.step), s.group, s.member, s.value) for s in slowly.sales
    )
