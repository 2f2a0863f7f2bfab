"""What became of an SOP, in the console: numbers with names, second tries, files."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from html import unescape

import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from bot.gateways.sandbox import Sandbox
from bot.model.delivery import Delivery, InDoubt, Receipt, Refused
from bot.sop.record import Sop
from bot.testing.community import Person
from tests.console.house import House, assign, people

NUMBER = re.compile(r'href="(/sops/[^"]+/targets\?[^"]+)"[^>]*>(.*?)</a>', re.DOTALL)
NOTICE = """
title = "Notice"
anchor = { date = "day" }
to = "member"
[parameters.day]
type = "date"
default = "today"
[parameters.time]
type = "time"
default = "now"
[[step]]
id = "notice"
at = { parameter = "time" }
missed = "ask"
text = "hello {{ member.name }}"
"""


def numbers(page: str) -> dict[str, int]:
    """Where each number leads, and the number."""
    found = {}
    for href, told in NUMBER.findall(page):
        inner = re.sub(r"<em>.*?</em>", "", told, flags=re.DOTALL)
        if digits := re.sub(r"\D", "", re.sub(r"<[^>]+>", "", inner)):
            found[unescape(href)] = int(digits)
    return found


async def start(house: House) -> Sop:
    template = house.rooms.sops.library.parse(NOTICE, "notice.toml")
    return await house.rooms.sops.start(template, "everyone", "ann", name="notice")


async def goes_out(house: House) -> None:
    """All that is due now leaves."""
    house.clock.advance(61)
    for _ in range(3):
        while await house.rooms.planner.tick():
            await house.community.settle()
        await house.community.settle()


async def announced(house: House, monkeypatch: pytest.MonkeyPatch) -> tuple[Sop, list[Person]]:
    """Six members told something: two refused, one in doubt, the first time."""
    persons = await people(house, 6)
    adapter = house.community.app.switchboard.connections["sandbox"].adapter
    assert isinstance(adapter, Sandbox)
    real, seen = adapter.send, set[int]()

    async def send(delivery: Delivery) -> Receipt:
        number = delivery.member or 0
        if number <= 3 and number not in seen:
            seen.add(number)
            raise InDoubt("cut off") if number == 3 else Refused("=HYPERLINK(no such user)")
        return await real(delivery)

    monkeypatch.setattr(adapter, "send", send)
    once = adapter.settings.model_copy(update={"idempotent": False})
    monkeypatch.setattr(adapter, "settings", once)
    sop = await start(house)
    await goes_out(house)
    return sop, persons


async def test_every_number_on_every_page_opens_as_many_names(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, persons = await announced(house, monkeypatch)
    await persons[4].says("thanks!")
    visitor = await house.operator("vic", "viewer")
    seen: dict[str, set[int]] = {}
    for path in ("/sops/notice", "/sops/notice/results"):
        found = numbers(await visitor.get(path))
        assert any("outcome=failed" in href for href in found)
        for href, number in found.items():
            names = (await visitor.get(href)).count('class="who" href="/members/')
            assert names == number, href
            seen.setdefault(re.findall("outcome=([^&]+)", href)[0], set()).add(number)
    assert seen["failed"] == {2}
    assert seen["in_doubt"] == {1}
    assert seen["sent"] == seen["reached"] == {3}
    assert seen["replied"] == {1}
    assert "=HYPERLINK(no such user)" in unescape(
        await visitor.get("/sops/notice/targets?step=notice&outcome=failed")
    )
    row = await visitor.get("/sops")
    assert "3 sent" in row
    assert "3 failed" in row


async def test_a_manager_tries_what_failed_again_and_then_nothing_is_left_to_try(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await announced(house, monkeypatch)
    run = (await house.rooms.sops.results.runs("notice"))[0].id
    visitor = await house.operator("ann", "manager")
    assert "Try the 2 that failed again" in await visitor.get("/sops/notice")
    await visitor.post("/sops/notice/retry", {"run": run})
    await goes_out(house)
    page = await visitor.get("/sops/notice")
    assert "that failed again" not in page
    now = await house.rooms.sops.results.run("notice", run)
    assert (now.planned, now.sent, now.failed, now.in_doubt) == (6, 5, 0, 1)
    await visitor.post("/sops/notice/retry", {"run": run})
    assert "It is decided already." in await visitor.get("/sops/notice")
    ((_, change),) = await house.console.audit.recent(limit=1)
    assert (change.who, change.what, change.on) == ("ann", "sop.retried", "sop notice")
    assert (await visitor.post("/sops/notice/retry", {"run": "1/other/x"})).status == 404


async def test_what_is_in_doubt_is_sent_again_after_a_warning(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await announced(house, monkeypatch)
    run = (await house.rooms.sops.results.runs("notice"))[0].id
    visitor = await house.operator("ann", "manager")
    page = await visitor.get("/sops/notice")
    assert "some may get it twice" in page
    assert (await visitor.post("/sops/notice/doubt", {"run": run, "do": "x"})).status == 404
    await visitor.post("/sops/notice/doubt", {"run": run, "do": "resend"})
    await goes_out(house)
    now = await house.rooms.sops.results.run("notice", run)
    assert (now.sent, now.failed, now.in_doubt) == (4, 2, 0)
    told = [change.what for _, change in await house.console.audit.recent(limit=1)]
    assert told == ["sop.decided"]


async def test_a_viewer_decides_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await announced(house, monkeypatch)
    run = (await house.rooms.sops.results.runs("notice"))[0].id
    visitor = await house.operator("vic", "viewer")
    for path in ("/sops/notice", "/sops/notice/results"):
        assert "that failed again" not in await visitor.get(path)
    for what in ("retry", "doubt", "asked"):
        assert (await visitor.post(f"/sops/notice/{what}", {"run": run})).status == 403
    assert (await house.rooms.sops.results.run("notice", run)).failed == 2


@pytest.mark.parametrize(("do", "outcome"), [("send", "sent"), ("skip", "skipped:missed")])
async def test_a_missed_step_waits_for_a_decision_on_the_overview(
    house: House, do: str, outcome: str
) -> None:
    await people(house, 3)
    await start(house)
    await house.rooms.planner.tick()
    house.clock.advance(6 * 3600)  # the bot was off
    await house.rooms.planner.tick()
    visitor = await house.operator("ann", "manager")
    assert "1 missed step waits for your decision" in await visitor.get("/")
    page = await visitor.get("/sops/notice")
    assert "Waiting for your decision" in page
    (href,) = [href for href in numbers(page) if "outcome=asked" in href]
    assert (await visitor.get(href)).count('class="who" href="/members/') == 3
    found = re.search(r'name="occurrence" value="([^"]+)"', page)
    assert found
    form = {"occurrence": unescape(found[1]), "do": do}
    await visitor.post("/sops/notice/asked", form)
    await goes_out(house)
    (run,) = await house.rooms.sops.results.runs("notice")
    assert (await house.rooms.sops.results.targets(run, outcome))[0] == 3
    await visitor.post("/sops/notice/asked", form)
    assert "It is decided already." in await visitor.get("/sops/notice")
    assert "missed step waits" not in await visitor.get("/")


async def test_progress_renews_itself_while_the_sop_runs_and_no_longer(house: House) -> None:
    await people(house, 6)
    await house.rooms.sops.start("weekly_tips", "all-groups", "ann")
    visitor = await house.operator("vic", "viewer")
    assert 'data-renew="/sops/weekly_tips/progress"' in await visitor.get("/sops/weekly_tips")
    part = await visitor.get("/sops/weekly_tips/progress")
    assert part.lstrip().startswith("<div")
    assert "data-renew" in part
    await house.rooms.sops.pause("weekly_tips", "ann")
    assert "data-renew" not in await visitor.get("/sops/weekly_tips/progress")
    assert (await visitor.status("/sops/nothing/progress"))[0] == 404


async def test_results_are_exported_so_that_no_spreadsheet_runs_them(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await announced(house, monkeypatch)
    visitor = await house.operator("ann", "manager")
    for what, lines in (("steps", 3), ("times", 2), ("targets", 7), ("staff", 1)):
        async with visitor.client.get(f"/sops/notice/export.csv?what={what}") as answer:
            assert answer.status == 200
            assert f"notice-{what}.csv" in answer.headers["Content-Disposition"]
            body = await answer.read()
        assert body.startswith(b"\xef\xbb\xbf")
        rows = [*csv.reader(io.StringIO(body.decode("utf-8-sig")))]
        assert len(rows) == lines, what
        if what == "targets":
            told = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
            assert sorted(row["Outcome"] for row in told) == [
                *("Failed", "Failed", "In doubt", "Sent", "Sent", "Sent")
            ]
            assert "'=HYPERLINK(no such user)" in {row["Why"] for row in told}
        async with visitor.client.get(f"/sops/notice/export.xlsx?what={what}") as answer:
            assert answer.status == 200
            assert zipfile.ZipFile(io.BytesIO(await answer.read())).testzip() is None
        async with visitor.client.get(f"/sops/notice/export.parquet?what={what}") as answer:
            assert answer.status == 200
            table = pq.read_table(io.BytesIO(await answer.read()))
        assert table.column_names == [heading.partition(" (Asia")[0] for heading in rows[0]]
        assert table.num_rows == lines - 1


async def test_a_viewer_exports_numbers_and_no_names(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await announced(house, monkeypatch)
    visitor = await house.operator("vic", "viewer")
    page = await visitor.get("/sops/notice/results")
    assert "what=steps" in page
    assert "what=targets" not in page
    for what, status in (("steps", 200), ("times", 200), ("targets", 404), ("staff", 404)):
        assert (await visitor.status(f"/sops/notice/export.csv?what={what}"))[0] == status
        assert (await visitor.status(f"/sops/notice/export.parquet?what={what}"))[0] == status
    assert (await visitor.status("/sops/notice/export.csv?what=all"))[0] == 404


async def test_tasks_are_found_by_staff_sop_and_lateness(house: House) -> None:
    await people(house, 3)
    sop = await house.rooms.sops.start("weekly_tips", "all-groups", "ann")
    await assign(house, sop, "first", late=2, member=1)
    second = await assign(house, sop, "second", late=-2, member=2)
    await house.rooms.sops.tasks.postpone(second.id, second.due, "ann")
    visitor = await house.operator("vic", "viewer")
    texts = r'id="task-\d+">(\w+)<'
    assert re.findall(texts, await visitor.get("/tasks")) == ["first", "second"]
    assert re.findall(texts, await visitor.get("/tasks?late=yes")) == ["first"]
    assert re.findall(texts, await visitor.get("/tasks?owner=-")) == ["first", "second"]
    assert re.findall(texts, await visitor.get("/tasks?sop=other")) == []
    staff = await visitor.get(f"/sops/{sop.id}/results")
    assert "nobody in particular" in staff


async def test_results_read_well_in_chinese_and_when_there_is_nothing(house: House) -> None:
    await people(house, 3)
    await house.rooms.sops.start("weekly_tips", "all-groups", "ann")
    visitor = await house.operator("vic", "viewer", "zh")
    assert "/sops/weekly_tips/export.csv" in await visitor.get("/sops/weekly_tips/results")
