"""Managers bring members in from a table, take them out as one, and find them while they type."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO

import openpyxl
import pytest
from aiohttp import FormData

from bot.members.import_work import ImportWork
from tests.console.conftest import Visitor
from tests.console.house import House, people

FILE = (
    "id,姓名,手机号,标签\nu0,小明,13800138000,vip\nnew,周杰,139,a b\n,谁,1,\nnew2,林黛玉,137,vip\n"
)


async def upload(visitor: Visitor, body: bytes, name: str = "people.csv") -> tuple[int, str, str]:
    form = FormData()
    form.add_field("csrf", await visitor.csrf())
    form.add_field("file", BytesIO(body), filename=name, content_type="text/csv")
    headers = {"Origin": visitor.url}
    async with visitor.client.post(
        "/members/imports", data=form, headers=headers, allow_redirects=False
    ) as answer:
        return answer.status, answer.headers.get("Location", ""), await answer.text()


async def work(house: House) -> None:
    await ImportWork(house.store, house.rooms.imports, lambda: house.community.app.node).tick()


async def read(visitor: Visitor, path: str) -> bytes:
    async with visitor.client.get(path) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.read()


async def test_a_table_is_looked_at_then_imported_then_told(house: House) -> None:
    await people(house, 3)
    ann = await house.operator("ann", "manager")
    status, here, _ = await upload(ann, FILE.encode())
    assert (status, here) == (303, "/members/imports/1")
    page = await ann.get(here)
    for said in ("people.csv", "cannot be a tag", "who is meant and is empty", "2 refused"):
        assert said in page
    assert len(await house.rooms.imports.all()) == 1
    assert (await house.rooms.imports.get(1)).state == "draft"
    chosen = {"column0": "account:sandbox", "column1": "name", "column2": "attribute:phone"}
    wrong = await ann.post(here, {**chosen, "column3": "name", "do": "run"})
    assert wrong.status == 422
    sent = await ann.post(here, {**chosen, "column3": "tags", "create": "yes", "do": "run"})
    assert sent.status == 303
    await work(house)
    page = await ann.get(here)
    assert "done" in page
    results = (await read(ann, f"{here}/results.csv")).decode("utf-8-sig")
    rows = [*csv.DictReader(StringIO(results))]
    assert [row["What became of it"] for row in rows] == [
        *("changed", "refused", "refused", "new member"),
    ]
    book = openpyxl.load_workbook(BytesIO(await read(ann, f"{here}/results.xlsx?only=refused")))
    assert [row[0] for row in book.active.iter_rows(min_row=2, values_only=True)] == [3, 4]
    member = await house.members.member(1)
    assert member is not None
    assert member.attributes["phone"] == "13800138000"


async def test_a_column_can_be_any_attribute_that_is_declared(house: House) -> None:
    ann = await house.operator("ann", "manager")
    for name, label in (("level", "等级分"), ("city", "")):
        kept = {"name": name, "label": label, "type": "text"}
        assert (await ann.post("/members/attributes", kept)).status == 303
    status, here, _ = await upload(ann, "账号,等级分,鞋码\nu1,3,40\n".encode())
    assert status == 303
    page = await ann.get(here)
    assert '<option value="attribute:level" selected>Attribute “level · 等级分”' in page
    assert page.count('<option value="attribute:city">') == 3


async def test_a_table_that_says_of_nobody_whom_it_means_is_told_so_at_once(house: House) -> None:
    ann = await house.operator("ann", "manager")
    status, here, _ = await upload(ann, "城市\n上海\n".encode())
    assert status == 303
    page = await ann.get(here)
    assert "One column must say who is meant" in page
    assert ">1 new<" not in page


async def test_a_file_that_is_no_table_says_why(house: House) -> None:
    ann = await house.operator("ann", "manager")
    status, _, page = await upload(ann, b"PK\x03\x04 nothing", "x.xlsx")
    assert status == 422
    assert "This is not an XLSX file." in page


async def test_a_table_may_be_larger_than_other_forms(house: House) -> None:
    ann = await house.operator("ann", "manager")
    rows = "".join(f"u{n},{'x' * 900}\n" for n in range(3000))
    status, here, _ = await upload(ann, f"id,note\n{rows}".encode())
    assert status == 303
    assert (await house.rooms.imports.get(1)).rows == 3000
    assert (await ann.post(here, {"do": "drop"})).headers["Location"] == "/members/imports"
    assert await house.rooms.imports.all() == []


@pytest.mark.parametrize("path", ["/members/imports", "/members/export", "/members/export/csv"])
async def test_viewers_neither_import_nor_export(house: House, path: str) -> None:
    viewer = await house.operator("vic", "viewer")
    assert (await viewer.status(path))[0] == 403


async def test_an_export_says_all_that_is_known_and_comes_in_again(house: House) -> None:
    await people(house, 3)
    ann = await house.operator("ann", "manager")
    await upload(ann, b"id,note,tags\nu0,=1+1,vip\n")
    await house.rooms.imports.run(1, "ann")
    await work(house)
    body = await read(ann, "/members/export/csv?audience=tag:vip")
    [row] = csv.DictReader(StringIO(body.decode("utf-8-sig")))
    assert (row["Number"], row["Account: sandbox"], row["note"]) == ("1", "u0", "'=1+1")
    assert row["Tags"] == "vip"
    assert "茶友会 Tea" in row["Groups"]
    status, here, _ = await upload(ann, body)
    assert status == 303
    page = await ann.get(here)
    assert "0 refused" not in page
    await house.rooms.imports.run(2, "ann")
    await work(house)
    assert (await house.rooms.imports.get(2)).same == 1
    for form in ("xlsx", "parquet"):
        assert await read(ann, f"/members/export/{form}?audience=everyone")


async def test_an_audience_nobody_understands_is_told_at_the_form(house: House) -> None:
    ann = await house.operator("ann", "manager")
    async with ann.client.get("/members/export/csv?audience=tagg:vip") as answer:
        assert answer.status == 422
        assert "tag" in await answer.text()


async def test_what_is_found_is_shown_without_the_rest_of_the_page(house: House) -> None:
    await people(house, 12)
    vic = await house.operator("vic", "viewer")
    part = await vic.get("/members?q=hmm&part=1")
    assert part.lstrip().startswith('<div id="found">')
    assert "韩梅梅" in part
    assert "李雷" not in part
    assert "Nobody fits" in await vic.get("/members?q=nosuch")
    assert "search.js" in await vic.get("/members?q=hmm")
