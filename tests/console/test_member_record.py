"""A member's page: attributes, notes, the timeline, one person with two accounts, all as a file."""

from __future__ import annotations

import json
from html import unescape

from tests.console.conftest import Visitor
from tests.console.house import House, people


async def shown(visitor: Visitor, path: str = "/members/1") -> str:
    return unescape(await visitor.get(path))


async def declare(visitor: Visitor, name: str, type_: str, **more: str) -> int:
    form = {"name": name, "type": type_, **more}
    return (await visitor.post("/members/attributes", form)).status


async def test_attributes_are_checked_as_they_are_declared(house: House) -> None:
    await people(house, 1)
    visitor = await house.operator("ann", "manager")
    assert "any text" in await shown(visitor, "/members/attributes")
    assert await declare(visitor, "phone", "phone", label="手机") == 303
    assert await declare(visitor, "level", "choice", choices="gold\nsilver") == 303
    assert await declare(visitor, "level;", "text") == 422
    form = {"attribute:phone": "138 0013 8000", "attribute:level": "gold"}
    assert (await visitor.post("/members/1/attributes", form)).status == 303
    page = await shown(visitor)
    assert 'value="13800138000"' in page
    assert "Attributes changed" in page
    wrong = {"attribute:phone": "call me", "attribute:level": "silver"}
    answer = await visitor.post("/members/1/attributes", wrong)
    assert answer.status == 422
    said = unescape(await answer.text())
    assert "“call me” is no phone number" in said
    one = await house.members.member(1)
    assert one is not None
    assert one.attributes == {"phone": "13800138000", "level": "gold"}
    assert (await visitor.post("/members/attributes/remove", {"name": "level"})).status == 303
    assert (await visitor.post("/members/attributes/remove", {"name": "level"})).status == 404


async def test_who_may_only_look_changes_what_every_operator_may(house: House) -> None:
    await people(house, 1)
    manager, viewer = await house.operator("ann", "manager"), await house.operator("ben", "viewer")
    await declare(manager, "city", "text", by="viewer")
    assert (await viewer.post("/members/1/attributes", {"attribute:city": "SH"})).status == 303
    assert (await viewer.post("/members/1/attributes", {"attribute:owner": "x"})).status == 404
    new = {"new-name": "secret", "new-value": "x"}
    assert (await viewer.post("/members/1/attributes", new)).status == 303
    one = await house.members.member(1)
    assert one is not None
    assert one.attributes == {"city": "SH"}


async def test_notes_say_who_wrote_them_and_when(house: House) -> None:
    await people(house, 1)
    visitor = await house.operator("ann", "manager")
    await visitor.post("/members/1/notes", {"text": "likes <b>green</b> tea"})
    raw = await visitor.get("/members/1")
    assert "<b>green</b>" not in raw
    page = unescape(raw)
    assert "likes <b>green</b> tea" in page
    assert "ann" in page.split('id="notes"')[1]
    assert "green" in await shown(visitor, "/members/1?kind=notes")
    [note] = await house.rooms.notes.of(1)
    await visitor.post("/members/1/notes/remove", {"of": "1", "id": note.id})
    assert await house.rooms.notes.of(1) == []


async def test_the_timeline_is_paged_and_narrowed(house: House) -> None:
    [person] = await people(house, 1)
    for n in range(60):
        await house.community.passes(seconds=5)
        await person.says(f"what is {n}?")
    await person.says("退订")
    visitor = await house.operator("ann", "viewer")
    timeline = house.rooms.timeline
    seen, before = [], ""
    while True:
        page = await timeline.page(1, "", before)
        seen += [ident for ident, _ in page.rows]
        before = page.next
        if not before:
            break
    assert len(seen) == len(set(seen)) > 60
    only = {entry.what for _, entry in (await timeline.page(1, "tags")).rows}
    assert only
    assert all(what.startswith(("tag.", "member.opted")) for what in only)
    assert "Wants no broadcasts" in await shown(visitor, "/members/1?kind=tags")
    assert "no broadcasts" in await shown(visitor)
    assert "Joined" in await shown(visitor, "/members/1?kind=groups")
    assert "Joined" not in (await shown(visitor, "/members/1?kind=tags")).split('id="timeline"')[1]


async def test_two_who_share_a_phone_are_compared_merged_and_split(house: House) -> None:
    await people(house, 3)
    visitor = await house.operator("ann", "manager")
    for number, phone in ((1, "138 0013 8000"), (2, "+86 138-0013-8000")):
        form = {"new-name": "phone", "new-value": phone}
        await visitor.post(f"/members/{number}/attributes", form)
    page = await shown(visitor, "/members/2")
    assert "the same phone number" in page
    assert "/members/2/merge?with=1" in page
    compared = await shown(visitor, "/members/2/merge?with=1")
    assert "138 0013 8000" in compared
    assert "+86 138-0013-8000" in compared
    form = {"with": "1", "choose:phone": "+86 138-0013-8000", "why": "the same phone"}
    merged = await visitor.post("/members/2/merge", form)
    assert merged.headers["Location"] == "/members/1"
    assert await visitor.status("/members/2") == (303, "/members/1")
    page = await shown(visitor)
    assert "u0" in page
    assert "u1" in page
    assert "Merged with another member" in page
    assert (await visitor.post("/members/1/split", {"former": "2"})).status == 303
    assert "u1" in await shown(visitor, "/members/2")
    for path in ("/members/1/merge?with=77", "/members/1/merge?with=1", "/members/1/merge?with=x"):
        assert (await visitor.status(path))[0] == 303


async def test_all_that_is_kept_of_a_member_is_a_file(house: House) -> None:
    first, second = await people(house, 2)
    await first.says("签到", await house.community.group("tea", "茶友会"))
    await first.says("退订")
    visitor = await house.operator("ann", "manager")
    await visitor.post("/members/1/notes", {"text": "likes tea"})
    await visitor.post("/members/2/notes", {"text": "likes coffee"})
    await house.rooms.merging.merge(1, 2, "ann")
    text = await visitor.get("/members/1/data.json")
    kept = json.loads(text)
    assert kept["numbers"] == [1, 2]
    assert kept["kept"]["tag:opt-out"] is True
    assert "likes tea" in text
    assert "likes coffee" in text
    assert any(name.startswith("checkin:days:daily:1") for name in kept["kept"])
    assert second is not first


async def test_only_an_administrator_erases_and_says_whom(house: House) -> None:
    await people(house, 2)
    manager, admin = await house.operator("ann", "manager"), await house.operator("eva", "admin")
    assert (await manager.post("/members/1/erase", {"number": "1"})).status == 403
    await admin.post("/members/1/erase", {"number": "2"})
    assert await house.members.member(1) is not None
    assert (await admin.post("/members/1/erase", {"number": "1"})).status == 303
    assert await house.members.member(1) is None
