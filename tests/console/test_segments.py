"""Segments in the console: saved, read aloud, counted, used and deleted."""

from __future__ import annotations

import re
from html import unescape

import pytest

from tests.console.conftest import Visitor
from tests.console.house import House, people


async def filled(visitor: Visitor, **form: str) -> tuple[int, str]:
    """Send the form; status and page."""
    given = {"old": "", "name": "", "do": "save", "csrf": await visitor.csrf(), **form}
    async with visitor.client.post("/segments/edit", data=given, allow_redirects=False) as answer:
        return answer.status, unescape(await answer.text())


async def test_a_segment_is_previewed_without_javascript_and_saved(house: House) -> None:
    await people(house, 6)
    visitor = await house.operator("ann", "manager")
    assert "No segments yet" in await visitor.get("/segments")
    page = unescape(await visitor.get("/segments/edit"))
    assert "members who are tagged “vip”" in page  # what can be written, read aloud
    form = {"name": "tea", "expression": "group:sandbox/tea and not group:sandbox/running"}
    status, page = await filled(visitor, **form, do="preview")
    assert status == 200
    told = "members who are in “茶友会 Tea” but are not in “Running club 跑团”"
    assert told in page
    assert "As of now: 2 members" in page
    assert 'value="tea"' in page
    assert "No segments yet" in await visitor.get("/segments")
    assert (await filled(visitor, **form))[0] == 303
    page = unescape(await visitor.get("/segments"))
    assert told in page
    assert "2 members" in page
    (entry,) = [one for _, one in await house.community.app.journal.recent()][:1]
    assert (entry.what, entry.source) == ("segment.saved", "segment tea, by ann")


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"name": "", "expression": "everyone"}, "Give it a name."),
        ({"name": "tea", "expression": "everyone"}, "Another segment is called this."),
        ({"name": "x" * 61, "expression": "everyone"}, "expected a name of 1 to 60 characters"),
        ({"name": "new", "expression": ""}, "Say who it is for."),
        ({"name": "new", "expression": "group:sandbox/tee"}, 'did you mean "sandbox/tea"?'),
        ({"name": "new", "expression": "tag:"}, "this term is not complete"),
        ({"name": "new", "expression": "step:x/sent"}, "only a SOP can ask"),
        ({"old": "tea", "expression": "not segment:tea"}, "leads back to itself"),
    ],
)
async def test_mistakes_are_told_at_their_field_and_nothing_is_kept(
    house: House, form: dict[str, str], told: str
) -> None:
    await people(house, 3)
    await house.rooms.segments.save("tea", "group:sandbox/tea", "小王")
    visitor = await house.operator("ann", "manager")
    status, page = await filled(visitor, **form)
    assert status == 422
    beside = re.findall(r'class="wrong" role="alert">([^<]+)<', page)
    assert [text for text in beside if told in text]
    assert form["expression"] in page
    (kept,) = await house.rooms.segments.all()
    assert str(kept.audience) == "group:sandbox/tea"


async def test_what_is_used_is_not_deleted_and_the_page_says_by_whom(house: House) -> None:
    await people(house, 3)
    segments, sops = house.rooms.segments, house.rooms.sops
    await segments.save("tea", "group:sandbox/tea", "小王")
    await segments.save("others", "not segment:tea", "小王")
    await sops.start("birthday", "segment:tea", "小王", name="cake")
    visitor = await house.operator("ann", "manager")
    page = unescape(await visitor.get("/segments"))
    row = page.split("<b><bdi>tea</bdi></b>")[1].split("</tr>")[0]
    assert 'href="/sops/cake"' in row
    assert ">others<" in row
    form = await visitor.get("/segments/edit?name=tea")
    assert 'action="/segments/delete"' not in form
    assert "It can be deleted when nothing uses it any more." in form
    await visitor.post("/segments/delete", {"name": "tea"})
    assert "It is in use." in await visitor.get("/segments")
    await sops.stop("cake", "小王")
    for name in ("others", "tea"):
        assert 'action="/segments/delete"' in await visitor.get(f"/segments/edit?name={name}")
        await visitor.post("/segments/delete", {"name": name})
        assert "The segment is deleted." in await visitor.get("/segments")
    await visitor.post("/segments/delete", {"name": "tea"})
    assert "It is gone already." in await visitor.get("/segments")


async def test_a_segment_a_condition_names_is_in_use_too(house: House) -> None:
    await people(house, 3)
    await house.rooms.segments.save("tea", "group:sandbox/tea", "小王")
    text = (
        'title = "T"\nanchor = "joined"\n[guards]\nstop_when = "segment:tea"\n'
        '[[step]]\nid = "a"\nafter = "1h"\ntext = "hello"\n'
    )
    template = house.rooms.sops.shelf.check("t", text)
    await house.rooms.sops.start(template, "everyone", "小王", name="t")
    visitor = await house.operator("ann", "manager")
    await visitor.post("/segments/delete", {"name": "tea"})
    assert await house.rooms.segments.names() == ["tea"]


async def test_a_changed_segment_holds_at_once_for_what_uses_it(house: House) -> None:
    await people(house, 6)
    await house.rooms.segments.save("tea", "group:sandbox/tea", "小王")
    await house.rooms.segments.save("others", "not segment:tea", "小王")
    visitor = await house.operator("ann", "manager", "zh")
    assert (await filled(visitor, old="tea", expression="everyone"))[0] == 303
    rows = unescape(await visitor.get("/segments"))
    assert ">0" in rows.split("<b><bdi>others</bdi></b>")[1].split("</tr>")[0]
    assert (await visitor.status("/segments/edit?name=nobody"))[0] == 404


async def test_a_viewer_reads_segments_and_changes_none(house: House) -> None:
    await people(house, 3)
    await house.rooms.segments.save("tea", "group:sandbox/tea", "小王")
    visitor = await house.operator("ann", "viewer")
    page = await visitor.get("/segments")
    assert ">tea<" in page
    assert "/segments/edit" not in page
    assert (await visitor.status("/segments/edit"))[0] == 403
    for path in ("/segments/edit", "/segments/delete"):
        assert (await visitor.post(path, {"name": "tea", "do": "save"})).status == 403
    assert await house.rooms.segments.names() == ["tea"]


async def test_many_segments_are_paged_and_found(house: House) -> None:
    for n in range(28):
        await house.rooms.segments.save(f"segment-{n:02}", "everyone", "小王")
    visitor = await house.operator("ann", "viewer")
    first = await visitor.get("/segments")
    onward = re.search(r'rel="next" href="([^"]+)"', first)
    assert onward
    pages = first + await visitor.get(unescape(onward[1]))
    assert len(set(re.findall(r">segment-(\d\d)<", pages))) == 28
    assert set(re.findall(r">segment-(\d\d)<", await visitor.get("/segments?q=-27"))) == {"27"}
