"""Imports over the API: a file goes up, is looked at, runs, and tells of every row."""

from __future__ import annotations

from collections.abc import AsyncIterator
from io import BytesIO

import openpyxl
import pytest
from aiohttp import ClientPayloadError

from bot.members.export import Sheet
from bot.reports.table import Row
from bot.store.line import StoreError
from tests.api.conftest import Said, Shop, Tool

FILE = """账号,姓名,手机号,标签
u1,小明,13800138000,vip
u2,李雷,13900139000,"vip,老客"
u2,李雷,13900139000,
,nobody,,
"""
CSV = {"Content_Type": "text/csv"}


async def uploaded(tool: Tool, text: str = FILE, **more: str) -> Said:
    raw = text.encode()
    return await tool.ask("POST", "/member-imports?file=people.csv", raw=raw, **CSV, **more)


async def finish(shop: Shop) -> None:
    await shop.house.rooms.import_work.tick()


async def test_a_table_goes_up_is_looked_at_and_runs(shop: Shop) -> None:
    tool = await shop.tool()
    made = await uploaded(tool)
    assert (made.status, made.json["state"], made.json["rows"]) == (201, "draft", 4)
    assert made.json["columns"] == ["account:sandbox", "name", "attribute:phone", "tags"]
    one = f"/member-imports/{made.json['number']}"
    looks = (await tool.get(f"{one}/preview"))["items"]
    assert [look["did"] for look in looks] == ["new", "new", "new", "refused"]
    assert looks[3]["faults"][0]["column"] == "账号"
    assert (await tool.get("/members"))["items"] == [], "a draft does nothing"
    assert (await tool.ask("POST", f"{one}/run")).json["state"] == "running"
    await finish(shop)
    done = await tool.get(one)
    assert done["state"] == "done"
    assert [done[did] for did in ("new", "changed", "same", "refused")] == [2, 0, 1, 1]
    assert (await tool.get("/members/1"))["tags"] == ["vip"]
    rows = await tool.get(f"{one}/results?limit=2")
    rest = await tool.get(f"{one}/results?limit=2&cursor={rows['next']}")
    found = [(row["row"], row["did"], row["member"]) for row in rows["items"] + rest["items"]]
    assert found == [(2, "new", 1), (3, "new", 2), (4, "same", 2), (5, "refused", None)]
    (refused,) = (await tool.get(f"{one}/results?only=refused"))["items"]
    assert (refused["row"], refused["cells"][1]) == (5, "nobody")
    assert refused["faults"][0]["column"] == "账号"
    assert (await tool.ask("POST", f"{one}/run")).status == 409
    assert (await tool.ask("DELETE", one)).status == 200
    assert (await tool.ask("GET", one)).status == 404


async def test_an_upload_sent_again_is_one_import(shop: Shop) -> None:
    tool = await shop.tool()
    told = [await uploaded(tool, Idempotency_Key="monday") for _ in range(3)]
    assert {one.text for one in told} == {told[0].text}
    assert len((await tool.get("/member-imports"))["items"]) == 1
    other = await uploaded(tool, FILE + "u3,x,,\n", Idempotency_Key="monday")
    assert other.status == 409


async def test_a_workbook_goes_up_too(shop: Shop) -> None:
    book, file = openpyxl.Workbook(), BytesIO()
    for row in (["id", "name"], ["u1", "Ada"]):
        book.active.append(row)
    book.save(file)
    tool = await shop.tool()
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    raw = file.getvalue()
    made = await tool.ask("POST", "/member-imports", raw=raw, Content_Type=kind)
    assert (made.status, made.json["header"]) == (201, ["id", "name"])
    odd = await tool.ask("POST", "/member-imports", raw=raw, Content_Type="image/png")
    assert odd.status == 415
    broken = await tool.ask("POST", "/member-imports", raw=b"PK\x03\x04no", Content_Type=kind)
    assert (broken.status, broken.at) == (422, [("body", "")])


async def test_columns_are_chosen_and_what_cannot_be_is_told(shop: Shop) -> None:
    tool = await shop.tool()
    one = f"/member-imports/{(await uploaded(tool)).json['number']}"
    wrong = await tool.ask("PUT", f"{one}/columns", {"columns": ["", "name", "", ""]})
    assert (wrong.status, wrong.at) == (422, [("body", "/columns")])
    body = {"columns": ["account:sandbox", "name", "", ""], "create": False}
    assert (await tool.ask("PUT", f"{one}/columns", body)).json["create"] is False
    await tool.ask("POST", f"{one}/run")
    late = await tool.ask("PUT", f"{one}/columns", body)
    assert late.status == 409
    stopped = await tool.ask("POST", f"{one}/stop")
    assert stopped.json["state"] == "stopped"
    await tool.ask("POST", f"{one}/run")
    await finish(shop)
    assert (await tool.get(one))["refused"] == 4, "nobody new was to be made"
    assert ("token shop", "import.stopped", "import 1") in await shop.audited()


async def test_members_are_exported_and_come_in_again(shop: Shop) -> None:
    tool = await shop.tool()
    one = f"/member-imports/{(await uploaded(tool)).json['number']}"
    await tool.ask("POST", f"{one}/run")
    await finish(shop)
    out = await tool.ask("GET", "/member-export?audience=tag:老客")
    assert out.headers["Content-Type"].startswith("text/csv")
    head, row = out.text.removeprefix("\ufeff").splitlines()
    assert head.startswith("Number,Name,")
    assert row.startswith("2,李雷,")
    again = await uploaded(tool, out.text)
    assert again.json["columns"][0] == "number"
    wrong = await tool.ask("GET", "/member-export?audience=tag:")
    assert wrong.at == [("query", "/audience")]


async def test_an_export_that_breaks_off_is_not_taken_for_whole(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: Sheet) -> AsyncIterator[list[Row]]:
        yield []
        raise StoreError("away")

    tool = await shop.tool()
    monkeypatch.setattr(shop.house.rooms.member_export, "rows", broken)
    with pytest.raises(ClientPayloadError):
        await tool.ask("GET", "/member-export")
    monkeypatch.undo()
    assert (await tool.ask("GET", "/member-export")).status == 200
