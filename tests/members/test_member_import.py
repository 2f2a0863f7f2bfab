"""Members come in from a table: read as people mean it, each row once, with its outcome."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.members.attribute_index import AttributeIndex
from bot.members.attributes import Attribute, Attributes
from bot.members.footprint import Footprint
from bot.members.import_columns import WrongColumns, check, guess
from bot.members.import_preview import Preview
from bot.members.import_rows import NO_PHONE, PHONES, RowReader
from bot.members.import_sheet import Unreadable, sheet_rows
from bot.members.import_table import TableIn
from bot.members.import_work import ImportWork
from bot.members.imports import Imports, NoSuchImport, Result, WrongState
from bot.members.merging import Merging
from bot.model.conversation import Account
from bot.reports.csv_text import csv_of
from bot.reports.table import Column, Table
from bot.reports.workbook import xlsx_of
from bot.store.effects import Effects
from bot.store.erasure import Erasure
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store

FILE = """账号,姓名,手机号,生日,标签
u1,小明,13800138000,2001-05-31,vip
u2,李雷,13900139000,,vip 老客
"""


def desk(store: Store) -> Imports:
    return Imports(store, lambda: ["sandbox", "wecom"])


def worker(store: Store, name: str = "here") -> ImportWork:
    return ImportWork(store, desk(store), lambda: name)


def workbook(rows: Sequence[Sequence[object]]) -> bytes:
    book, file = openpyxl.Workbook(), BytesIO()
    for row in rows:
        book.active.append(list(row))
    book.save(file)
    return file.getvalue()


async def done(store: Store, text: str | bytes, **choice: object) -> list[Result]:
    """Take a file, run it to its end; what became of each row."""
    imports = desk(store)
    body = text if isinstance(text, bytes) else text.encode()
    made = await imports.take("ann", "people.csv", body)
    if choice:
        columns = choice.get("columns", made.columns)
        await imports.choose(made.id, columns, bool(choice.get("create", True)))  # type: ignore[arg-type]
    await imports.run(made.id, "ann")
    await worker(store).tick()
    assert (await imports.get(made.id)).state == "done"
    return [one async for some in imports.results(made.id) for one in some]


# reading files


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_is_read_in_the_letters_spreadsheets_write(codec: str) -> None:
    table = TableIn(FILE.encode(codec))
    assert table.header == ("账号", "姓名", "手机号", "生日", "标签")
    assert next(table.rows()) == (2, ["u1", "小明", "13800138000", "2001-05-31", "vip"])


@pytest.mark.parametrize("divider", [",", ";", "\t"])
def test_cells_may_be_divided_as_other_countries_do(divider: str) -> None:
    text = f'id{divider}"a{divider}b"\nu1{divider}"one\ntwo"\n'
    table = TableIn(text.encode())
    assert table.header == ("id", f"a{divider}b")
    assert [*table.rows()] == [(2, ["u1", "one\ntwo"])]


def test_a_workbook_is_read_as_openpyxl_reads_it() -> None:
    rows: list[list[object]] = [
        ["id", "phone", "birthday", "seen", "share", "ok", "note"],
        [
            "u1",
            13800138000,
            date(2001, 5, 31),
            datetime.fromisoformat("2026-01-02T03:04:05"),
            0.25,
            True,
            " a\nb ",
        ],
        [None, None, None, None, None, None, None],
        ["u2", "+86 139", None, None, 3.0, False, "小明"],
    ]
    assert [*sheet_rows(workbook(rows))] == [
        (1, [str(cell) for cell in rows[0]]),
        (2, ["u1", "13800138000", "2001-05-31", "2026-01-02 03:04:05", "0.25", "yes", " a\nb "]),
        (4, ["u2", "+86 139", "", "", "3", "no", "小明"]),
    ]


@given(st.lists(st.lists(st.text("abc小=+-@'\" ,;\n1", max_size=6), min_size=3, max_size=3)))
def test_what_we_export_comes_in_as_it_was(rows: list[list[str]]) -> None:
    rows = [[cell.strip() or "x" for cell in row] for row in [*rows, ["=1", "'=2", "-"]]]
    columns = tuple(Column(name) for name in ("a", "b", "c"))
    table = Table("people", columns, rows)
    kept = [[cell.removeprefix("'") if cell[1:2] in "=+-@" else cell for cell in r] for r in rows]
    for body in (b"".join(csv_of(table, "UTC")), xlsx_of([table], "UTC", 0)):
        found = [cells for _, cells in TableIn(body).rows()]
        for was, now in zip(kept, found, strict=True):
            assert [cell.lstrip("'") for cell in now] == [cell.lstrip("'") for cell in was]


def bomb(name: str, content: bytes, size: int) -> bytes:
    """A workbook one part of which unpacks to ``size`` bytes."""
    made = BytesIO()
    with (
        ZipFile(BytesIO(workbook([["id"], ["u1"]]))) as good,
        ZipFile(made, "w", ZIP_DEFLATED) as bad,
    ):
        for info in good.infolist():
            if info.filename != name:
                bad.writestr(info.filename, good.read(info))
        with bad.open(name, "w") as part:
            while size > 0:
                part.write(content)
                size -= len(content)
    return made.getvalue()


def test_a_zip_bomb_is_refused_before_it_unpacks() -> None:
    body = bomb("xl/styles.xml", b" " * 1_000_000, 300_000_000)
    assert len(body) < 1_000_000
    with pytest.raises(Unreadable, match="unpacks to more"):
        TableIn(body)


def test_a_workbook_with_entities_is_refused() -> None:
    evil = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><x>&b;</x>'
    with pytest.raises(Unreadable, match="document type"):
        TableIn(bomb("xl/styles.xml", evil, 1))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "no row below"),
        (b"id,name\n", "no row below"),
        (b"id,id\nu1,u2\n", "Two columns"),
        (b"\xd0\xcf\x11\xe0rest", "save it as .xlsx"),
        (b"PK\x03\x04rest", "not an XLSX"),
        (b"\x00\x01\x02\x00", "neither UTF-8"),
        (b"id," * 300 + b"\nu1", "more than 200 columns"),
    ],
)
def test_what_is_no_table_says_why(body: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        TableIn(body)


# columns


def test_columns_are_guessed_from_their_names() -> None:
    header = ("External User ID", "姓名", "Phone", "生日", "标签", "鞋码", "wecom", "Known since")
    assert guess(header, ["wecom", "qq"]) == (
        *("account:wecom", "name", "attribute:phone", "attribute:birthday", "tags"),
        *("attribute:鞋码", "", ""),
    )


def test_a_column_called_as_people_call_an_attribute_is_that_attribute() -> None:
    assert guess(("账号", "等级分"), ["qq"], {"等级分": "level"}) == (
        "account:qq",
        "attribute:level",
    )


def test_the_phone_number_says_who_is_meant_where_nothing_else_does() -> None:
    assert guess(("手机", "City"), ["qq"]) == ("phone", "attribute:city")
    assert guess(("手机", "number"), ["qq"]) == ("attribute:phone", "number")


def test_columns_may_be_called_as_expressions_call_them() -> None:
    assert guess(("account", "attribute:city"), ["qq"]) == ("account:qq", "attribute:city")
    reader = RowReader(("account:qq", "name"))
    assert reader.read((2, ["qq/123", "Ada"])) == reader.read((2, ["123", "Ada"]))


def test_the_number_says_who_is_meant_where_there_is_one() -> None:
    assert guess(("Number", "Account: wecom", "City"), ["wecom"]) == (
        "number",
        "",
        "attribute:city",
    )


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        (("name", "tags"), "who is meant"),
        (("number", "account:wecom"), "both say who"),
        (("number", ""), "brings anything"),
        (("account:nowhere", "name"), "none of"),
        (("number", "shoe"), "cannot be"),
        (("attribute:a", "attribute:a"), "both to be"),
        (("number",), "2 columns"),
    ],
)
def test_columns_that_cannot_be_say_why(columns: Sequence[str], why: str) -> None:
    with pytest.raises(WrongColumns, match=why):
        check(("one", "two"), columns, ["wecom"])


def test_what_is_wrong_with_a_row_is_said_by_column() -> None:
    reader = RowReader(("number", "name", "tags"))
    read = reader.read((7, ["twelve", "x" * 300, 'a "b"']))
    assert [(fault.column, str(fault.phrase)[:24]) for fault in read.faults] == [
        (0, "“twelve” is no member's "),
        (1, "This has more than 200 c"),
        (2, '“a "b"” cannot be a tag:'),
    ]


# doing it


async def test_members_come_in_with_all_that_is_told_of_them(store: Store) -> None:
    found = await done(store, FILE.replace("vip 老客", "vip、老客"))
    assert [(one.row, one.did, one.member) for one in found] == [(2, "new", 1), (3, "new", 2)]
    ming = await Members(store).member(1)
    assert ming is not None
    assert (ming.name, ming.accounts) == ("小明", {"sandbox": "u1"})
    assert ming.attributes == {"phone": "13800138000", "birthday": "2001-05-31"}
    facts, keys = Facts(store), store.keys
    assert await facts.numbers(keys.tag("vip")) == [1, 2]
    assert await facts.numbers(keys.tag("老客")) == [2]
    assert await store.text("ZSCORE", keys.member_dates("birthday"), 1) == "531"
    assert await Members(store).number("sandbox", Account(id="u1", name="小明")) == 1


async def test_the_same_file_again_changes_nothing(store: Store) -> None:
    await done(store, FILE.replace(" 老客", ""))
    again = await done(store, FILE.replace(" 老客", "").replace("13900139000", "13900139001"))
    assert [one.did for one in again] == ["same", "changed"]


async def test_a_wrong_row_is_left_out_whole_and_kept_with_its_reason(store: Store) -> None:
    rows = "id,name,tags\nu1,Ann,a b c\n,Bob,x\nu3,Cid,y\n"
    found = await done(store, rows)
    assert [one.did for one in found] == ["refused", "refused", "new"]
    assert found[0].of == ("u1", "Ann", "a b c")
    assert [fault.column for fault in found[0].faults] == [2]
    assert await Members(store).number("sandbox", Account(id="u9")) == 2


async def test_unknown_accounts_are_refused_when_nobody_is_to_be_made(store: Store) -> None:
    await Members(store).number("sandbox", Account(id="u2", name="李雷"))
    found = await done(store, FILE.replace(" 老客", ""), create=False)
    assert [(one.did, one.why) for one in found] == [("refused", "unknown"), ("changed", "")]


async def test_members_are_meant_by_number_too(store: Store) -> None:
    await Members(store).number("sandbox", Account(id="u1", name="小明"))
    found = await done(store, "Number,City\n#1,上海\n5,北京\n")
    assert [(one.did, one.why) for one in found] == [("changed", ""), ("refused", "nobody")]


async def test_who_was_erased_does_not_come_back_by_an_import(store: Store) -> None:
    await done(store, FILE.replace(" 老客", ""))
    await Erasure(store, Members(store)).erase_member(1, "ann")
    found = await done(store, FILE.replace(" 老客", ""))
    assert [one.did for one in found] == ["refused", "same"]
    assert "was erased" in found[0].faults[0].phrase


async def test_a_name_the_platform_told_stays(store: Store) -> None:
    await Members(store).number("sandbox", Account(id="u1", name="小明"))
    await done(store, "id,name\nu1,Somebody\n")
    found = await Members(store).member(1)
    assert found is not None
    assert found.name == "小明"


async def test_stopping_and_going_on_does_each_row_once(store: Store) -> None:
    imports = desk(store)
    rows = "\n".join(f"u{n},Name {n}" for n in range(450))
    made = await imports.take("ann", "people.csv", f"id,name\n{rows}\n".encode())
    await imports.run(made.id, "ann")
    working = asyncio.create_task(worker(store).work(made.id))
    while not (await imports.get(made.id)).done:
        await asyncio.sleep(0)
    await imports.stop(made.id, "ann")
    await working
    half = await imports.get(made.id)
    assert half.state == "stopped"
    assert 0 < half.done < 450
    await imports.run(made.id, "ann")
    await asyncio.gather(worker(store).tick(), worker(store).tick())
    whole = await imports.get(made.id)
    assert (whole.state, whole.new, whole.done) == ("done", 450, 450)
    results = [one.row async for some in imports.results(made.id) for one in some]
    assert results == [*range(2, 452)]


async def test_two_nodes_do_not_both_do_it_and_one_goes_on_for_the_other(store: Store) -> None:
    imports = desk(store)
    made = await imports.take("ann", "people.csv", b"id,name\n" + b"u1,A\n" * 350)
    await imports.run(made.id, "ann")
    working = asyncio.create_task(worker(store, "one").work(made.id))
    while not (await imports.get(made.id)).done:
        await asyncio.sleep(0)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    before = (await imports.get(made.id)).done
    await worker(store, "two").work(made.id)
    assert (await imports.get(made.id)).done == before
    store.clock.advance(16)  # type: ignore[attr-defined]
    await worker(store, "two").work(made.id)
    assert (await imports.get(made.id)).done == 350


async def test_what_is_done_cannot_be_run_again_and_can_be_dropped(store: Store) -> None:
    imports = desk(store)
    await done(store, FILE.replace(" 老客", ""))
    with pytest.raises(WrongState, match="done"):
        await imports.run(1, "ann")
    await imports.drop(1)
    with pytest.raises(NoSuchImport):
        await imports.get(1)
    assert await imports.all() == []


async def test_an_erasure_takes_a_member_out_of_results_and_rows(store: Store) -> None:
    imports = desk(store)
    await done(store, "id,name\nacct-7311,独孤求败\nu2,李雷\n")
    waiting = await imports.take("ann", "p.csv", "id,name\nacct-7311,独孤求败\nu2,李雷\n".encode())
    await Erasure(store, Members(store)).erase_member(1, "ann")
    assert [one.member async for some in imports.results(1) for one in some] == [2]
    assert [cells[0] for _, cells in await imports.first(waiting.id, 9)] == ["u2"]


# who is meant by a phone number, or by a number of before a merge


async def with_phones(store: Store, *phones: str) -> None:
    """Members with these phone numbers, who are found by them."""
    members, effects = Members(store), Effects(store.keys)
    for number, phone in enumerate(phones, 1):
        await members.number("sandbox", Account(id=f"p{number}"))
        effects.attribute(number, "phone", phone)
    assert await store.apply(effects)
    await Attributes(store).save(Attribute(name="phone", type="phone", indexed=True))
    await AttributeIndex(store).tick()


async def test_rows_find_who_has_their_phone_number_and_say_when_it_is_not_one(
    store: Store,
) -> None:
    await with_phones(store, "138 0013 8000", "13900139000", "+8613900139000")
    file = "手机号,城市\n+86 13800138000,Oslo\n13900139000,Rome\n13700137000,Bonn\ncall,Bonn\n"
    columns = ("phone", "attribute:city")
    first, second, third, fourth = await done(store, file, columns=columns)
    assert (first.did, first.member) == ("changed", 1)
    assert (second.did, second.why) == ("refused", "phones")
    assert (third.did, third.why, third.of) == ("refused", "no phone", ("13700137000", "Bonn"))
    assert (fourth.did, fourth.faults[0].column) == ("refused", 0)
    found = await Members(store).some([1, 2, 3])
    assert [one.attributes.get("city") for one in found] == ["Oslo", None, None]


async def test_the_preview_says_whom_a_phone_number_means(store: Store) -> None:
    await with_phones(store, "13800138000", "13900139000", "13900139000")
    imports = desk(store)
    file = "手机号,城市\n13800138000,Oslo\n13900139000,Rome\n13700137000,Bonn\n".encode()
    made = await imports.take("ann", "people.csv", file)
    made = await imports.choose(made.id, ("phone", "attribute:city"), True)
    looks = await Preview(store, Members(store), imports).of(made)
    assert [look.did for look in looks] == ["changed", "refused", "refused"]
    assert [look.faults[0].say for look in looks[1:]] == [PHONES, NO_PHONE]


async def test_phone_numbers_mean_nobody_before_everybody_was_read_for_them(store: Store) -> None:
    imports = desk(store)
    made = await imports.take("ann", "people.csv", "手机号,城市\n13800138000,Oslo\n".encode())
    await Attributes(store).save(Attribute(name="phone", type="phone", indexed=True))
    with pytest.raises(WrongColumns, match="phone"):
        await imports.choose(made.id, ("phone", "attribute:city"), True)
    await AttributeIndex(store).tick()
    await imports.choose(made.id, ("phone", "attribute:city"), True)
    await Attributes(store).save(Attribute(name="phone"))
    with pytest.raises(WrongColumns, match="phone"):
        await imports.run(made.id, "ann")


async def test_a_number_of_before_a_merge_means_the_survivor(store: Store) -> None:
    members, facts = Members(store), Facts(store)
    for account in ("u1", "u2", "u3"):
        await members.number("sandbox", Account(id=account))
    merging = Merging(store, members, facts, Footprint(store, members, facts, ()))
    await merging.merge(2, 3, "ann", "")
    await merging.merge(1, 2, "ann", "")
    imports = desk(store)
    made = await imports.take("ann", "people.csv", "编号,城市\n3,Oslo\n".encode())
    (look,) = await Preview(store, members, imports).of(made)
    assert look.did == "changed"
    (result,) = await done(store, "编号,城市\n3,Oslo\n")
    assert (result.did, result.member) == ("changed", 1)
    one = await members.member(1)
    assert one is not None
    assert one.attributes == {"city": "Oslo"}


async def test_the_preview_of_what_was_imported_before_changes_nothing(store: Store) -> None:
    members, imports = Members(store), desk(store)
    for account in ("u1", "u2"):
        await members.number("sandbox", Account(id=account, name=account))
    effects = Effects(store.keys)
    effects.tag("vip", 1, 0)
    assert await store.apply(effects)
    made = await imports.take("ann", "people.csv", "账号,标签\nu1,vip\nu2,vip\n".encode())
    looks = await Preview(store, members, imports).of(made)
    assert [look.did for look in looks] == ["same", "changed"]
