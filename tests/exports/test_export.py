"""The export: what BI tools read in it, judged by DuckDB and by the document that tells of it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from bot.app import App
from bot.cli.export import export_of
from bot.config import load_config
from bot.exports import SHAPES, Export, FolderTaken, NoDays
from bot.links.codes import Code
from bot.links.conversions import Told
from bot.links.hits import Hit
from bot.model.conversation import Account, Conversation
from bot.store.address import unix
from bot.store.effects import Effects
from bot.store.store import Store
from bot.testing.clock import TestClock

DOC = (Path(__file__).parents[2] / "docs" / "parquet.md").read_text("utf-8")
ZONE = ZoneInfo("Asia/Shanghai")
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.40"
HOUR = 3_600_000


class House:
    """A small community with a past: people, a SOP's run, hits, conversions, a check-in."""

    def __init__(self, app: App, folder: Path) -> None:
        self.app, self.store = app, app.store
        self.place = folder / "warehouse"
        self.export: Export = export_of(app)
        self.run = ""
        self._serial = 0

    async def people(self) -> None:
        keys, now = self.store.keys, self.app.clock.now()
        tea = Conversation(gateway="sandbox", group="tea")
        self.tea = await self.app.members.group_number(tea, "Tea 茶")
        for name in ("小明", "Ann", "Bo", "Cy"):
            number = await self.app.members.number("sandbox", Account(id=name, name=name))
            effects = Effects(keys)
            effects.fact(keys.group_present(self.tea), number)
            effects.tag("vip", number, now)
            assert await self.store.apply(effects)

    async def sending(self) -> None:
        """One run to the group, as the planner and the sender leave it."""
        keys, now = self.store.keys, self.app.clock.now()
        sop = await self.app.rooms.sops.start("weekly_tips", "all-groups", "boss")
        step = (await self.app.rooms.sops.version(sop)).template.step[0].id
        self.run = f"{sop.id}/1/{step}/2026-05-01T10:00:00+08:00"
        effects = Effects(keys)
        effects.do("ZADD", keys.sop_runs(sop.id), now, self.run.partition("/")[2])
        for outcome in ("planned", "sent"):
            effects.fact(keys.sop_result(self.run, outcome), self.tea)
        effects.reached(self.run, self.tea)
        assert await self.store.apply(effects)
        self.link = await self.app.rooms.links.make("https://shop.example/x", "spring-sale")
        self.step = await self.app.rooms.links.steps.number(f"sop/{self.run}")

    async def hit(self, code: Code, visitor: str, at: int, agent: str = PHONE) -> None:
        self._serial += 1
        letters = self.app.rooms.links.codes.pack(code)
        line = Hit("t", self._serial, at, letters, "", visitor, agent).line()
        await self.store.call("XADD", self.store.keys.hits(), "*", "hits", line)

    async def clicks(self) -> None:
        now = self.app.clock.now()
        own = Code(self.link, self.step, self.tea, 1)
        await self.hit(own, "a" * 32, now)
        await self.hit(own, "a" * 32, now + HOUR)
        await self.hit(Code(self.link, self.step, self.tea, 2), "b" * 32, now)
        await self.hit(Code(self.link, self.step, self.tea), "c" * 32, now)
        await self.hit(own, "d" * 32, now, "Googlebot/2.1")
        await self.hit(own, "a" * 32, now + 24 * HOUR)
        await self.app.rooms.counter.drain()

    async def buys(self) -> None:
        code = self.app.rooms.links.codes.pack(Code(self.link, self.step, self.tea, 1))
        for name, value in (("1", "19.90"), ("2", "0.1")):
            order = Told(name=name, kind="order", value=Decimal(value), currency="CNY", code=code)
            await self.app.rooms.conversions.record(order, "shop")

    async def checks_in(self) -> None:
        effects = Effects(self.store.keys)
        records = self.app.rooms.checkins.records
        records.add(effects, "morning", self.today, 2, self.tea, 1)
        assert await self.store.apply(effects)

    @property
    def today(self) -> date:
        return date.fromisoformat("2026-05-01")

    def rows(self, table: str) -> list[dict[str, Any]]:
        by_day = next(shape.by_day for shape in SHAPES if shape.name == table)
        path = self.place / table if by_day else self.place / f"{table}.parquet"
        found: list[dict[str, Any]] = pq.read_table(path).to_pylist()
        return found


@pytest.fixture
def clock() -> TestClock:
    return TestClock(datetime(2026, 5, 1, 10, tzinfo=ZONE))


@pytest.fixture
async def house(
    store: Store, clock: TestClock, valkey: str, tmp_path: Path
) -> AsyncIterator[House]:
    config = tmp_path / "config.toml"
    config.write_text(
        f"""timezone = "Asia/Shanghai"
workspace = "{store.keys.workspace}"
data_dir = "{tmp_path}/data"
sop_templates = "{Path(__file__).parents[2] / "sop_templates"}"
[checkin.morning]
words = ["good morning"]
""",
        encoding="utf-8",
    )
    async with App(load_config(config, {}), clock, Random(1), unix(valkey)).at_rest() as app:
        made = House(app, tmp_path)
        await made.people()
        await made.sending()
        await made.clicks()
        await made.buys()
        await made.checks_in()
        yield made


async def test_every_table_is_there_with_its_rows(house: House) -> None:
    written = await house.export.write(house.place, until=date(2026, 5, 2))
    assert written.rows == {
        "links": 1,
        "groups": 1,
        "members": 4,
        "runs": 1,
        "results": 1,
        "reach": 4,
        "hits": 6,
        "counts": 4,
        "clicks": 3,
        "visitors": 1,
        "conversions": 2,
        "check_ins": 1,
    }
    manifest = json.loads((house.place / "manifest.json").read_text())
    assert manifest["layout"] == 1
    assert manifest["zone"] == "Asia/Shanghai"
    assert manifest["complete_until"] == "2026-05-01T02:00:00.000Z"
    told = {name: table["rows"] for name, table in manifest["tables"].items()}
    assert told == written.rows
    files = {file for table in manifest["tables"].values() for file in table["files"]}
    there = {p.relative_to(house.place).as_posix() for p in house.place.rglob("*.parquet")}
    assert files == there
    assert "hits/day=2026-05-02/part-0.parquet" in files


async def test_hits_tell_link_run_group_member_and_verdict_but_no_address(house: House) -> None:
    await house.export.write(house.place, until=date(2026, 5, 2))
    hits = house.rows("hits")
    assert [hit["verdict"] for hit in hits] == ["click"] * 4 + ["bot", "click"]
    assert {(hit["run"], hit["group"], hit["link"]) for hit in hits} == {(house.run, 1, 1)}
    assert [hit["member"] for hit in hits] == [1, 1, 2, None, 1, 1]
    assert hits[0]["app"] == "wechat"
    assert {len(hit["visitor"]) for hit in hits} == {12}
    assert str(hits[0]["day"]) == "2026-05-01"


async def test_members_have_names_only_when_asked(house: House) -> None:
    await house.export.write(house.place)
    assert {row["name"] for row in house.rows("members")} == {None}
    everything = b"".join(p.read_bytes() for p in house.place.rglob("*") if p.is_file())
    assert "小明".encode() not in everything
    await house.export.write(house.place, names=True, replace=True)
    first = house.rows("members")[0]
    assert (first["name"], first["gateways"], first["tags"]) == ("小明", ["sandbox"], ["vip"])


async def test_only_the_days_asked_for(house: House) -> None:
    day = date(2026, 5, 2)
    written = await house.export.write(house.place, since=day, until=day)
    assert written.rows["hits"] == written.rows["clicks"] == written.rows["counts"] == 1
    assert written.rows.get("conversions", 0) == written.rows.get("runs", 0) == 0
    assert written.rows["links"] == 1
    with pytest.raises(NoDays):
        await house.export.write(house.place, since=day, until=date(2026, 5, 1), replace=True)


async def test_a_target_that_was_skipped_says_why(house: House) -> None:
    effects = Effects(house.store.keys)
    effects.fact(house.store.keys.sop_result(house.run, "skipped:quiet hours"), 7)
    assert await house.store.apply(effects)
    await house.export.write(house.place)
    rows = [(row["group"], row["outcome"], row["reason"]) for row in house.rows("results")]
    assert rows == [(1, "sent", None), (7, "skipped", "quiet hours")]


async def test_of_several_groups_members_are_told_where_they_were(house: House) -> None:
    keys = house.store.keys
    cake = await house.app.members.group_number(
        Conversation(gateway="sandbox", group="cake"), "Cake"
    )
    effects = Effects(keys)
    effects.fact(keys.sop_result(house.run, "sent"), cake)
    effects.fact(keys.group_present(cake), 4)
    effects.reached(house.run, cake)
    effects.fact(keys.group_present(house.tea), 3, present=False)
    assert await house.store.apply(effects)
    await house.export.write(house.place)
    assert [(row["group"], row["member"]) for row in house.rows("reach")] == [
        *((house.tea, 1), (house.tea, 2), (house.tea, 3), (house.tea, 4), (cake, 4))
    ]


async def test_hits_not_yet_counted_are_not_called_complete(house: House) -> None:
    await house.hit(Code(house.link), "e" * 32, house.app.clock.now())
    oldest = (await house.store.call("XRANGE", house.store.keys.hits(), "-", "+"))[0][0]
    written = await house.export.write(house.place)
    assert written.complete_until == int(oldest.split(b"-")[0])


# the folder


async def test_what_goes_wrong_leaves_no_folder_and_an_earlier_export_as_it_was(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(span: object) -> AsyncIterator[Any]:
        yield None, [("id",)]
        raise OSError("the disk is full")

    around = {*house.place.parent.iterdir()}
    with monkeypatch.context() as patched:
        patched.setattr(house.export._actions, "conversions", broken)
        with pytest.raises((OSError, ValueError)):
            await house.export.write(house.place)
    assert {*house.place.parent.iterdir()} == around
    await house.export.write(house.place)
    before = (house.place / "manifest.json").read_bytes()
    monkeypatch.setattr(house.export._actions, "conversions", broken)
    with pytest.raises((OSError, ValueError)):
        await house.export.write(house.place, replace=True)
    assert (house.place / "manifest.json").read_bytes() == before
    assert {*house.place.parent.iterdir()} == {*around, house.place}


async def test_a_folder_of_something_else_is_never_replaced(house: House) -> None:
    house.place.mkdir()
    (house.place / "thesis.txt").write_text("mine")
    with pytest.raises(FolderTaken, match="no export of Muster's"):
        await house.export.write(house.place, replace=True)
    assert (house.place / "thesis.txt").read_text() == "mine"


async def test_an_earlier_export_is_replaced_only_by_force(house: House) -> None:
    house.place.mkdir()  # an empty folder is as good as none
    await house.export.write(house.place)
    with pytest.raises(FolderTaken, match="--force"):
        await house.export.write(house.place)
    await house.export.write(house.place, replace=True)


async def test_an_empty_community_has_every_table_all_the_same(
    store: Store, tmp_path: Path, house: House
) -> None:
    await store.call("FLUSHALL")
    await house.app.rooms.links.open()
    await house.export.write(house.place)
    for shape in SHAPES:
        columns = [*shape.columns, *(["day"] if shape.by_day else [])]
        path = house.place / shape.name if shape.by_day else house.place / f"{shape.name}.parquet"
        assert pq.read_table(path).column_names == columns


# the document


def told() -> dict[str, dict[str, str]]:
    """Tables and the types of their columns, as the document has them."""
    found: dict[str, dict[str, str]] = {}
    for name, text in re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", DOC, re.M | re.S):
        rows = re.findall(r"^\| (\w+) \| ([^|]+?) \|", text, re.M)
        found[name] = {column: kind for column, kind in rows if column != "column"}
    return found


def test_the_document_tells_of_every_table_and_column() -> None:
    words = {"moment": "timestamp", "decimal": "decimal(18, 4)", "list string": "list of string"}
    written = {s.name: {c: words.get(k, k) for c, k in s.columns.items()} for s in SHAPES}
    assert {name: columns for name, columns in told().items() if columns} == written
    for shape in SHAPES:
        section = DOC.partition(f"## {shape.name}\n")[2].partition("\n## ")[0]
        assert ("**day**" in section) == shape.by_day


async def test_the_documents_examples_run_and_tell_what_happened(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await house.export.write(house.place, until=date(2026, 5, 2))
    monkeypatch.chdir(house.place.parent)
    examples = re.findall(r"```sql\n(.*?)```", DOC, re.S)
    with duckdb.connect() as db:
        by_group, by_campaign, by_day = (db.execute(one).fetchall() for one in examples)
    sop, _, step, _ = house.run.split("/", 3)
    assert by_group == [(sop, step, "Tea 茶", 4, 3, 75.0)]
    assert by_campaign == [("spring-sale", "CNY", 2, 1, Decimal("20.0000"))]
    assert by_day == [
        *((date(2026, 5, 1), "bot", 1), (date(2026, 5, 1), "click", 4)),
        (date(2026, 5, 2), "click", 1),
    ]
