"""The plan check in the console: beside the start form, and of a SOP with its fixes."""

from __future__ import annotations

import html
import re

from tests.console.house import House, people

TALK = """
title = "Talk"
anchor = "calendar"
[guards]
blackout = ["2026-07-01/2026-07-03"]
[[step]]
id = "talk"
every = "0 12 * * 3"
text = "hi"
"""
FIX = re.compile(r'name="fix" value="([^"]+)"')


async def test_what_would_go_wrong_is_told_beside_the_start_form(house: House) -> None:
    ann = await house.operator("ann", "author")
    form = {"template": "weekly_tips", "kind": "all-groups"}
    async with ann.client.post(
        "/sops/check", data={**form, "csrf": await ann.csrf()}, headers={"Origin": house.url}
    ) as answer:
        part = await answer.text()
        assert answer.status == 200
    assert "No group is in the audience now" in part
    assert "<html" not in part
    assert "<form" not in part


async def test_a_form_that_is_no_plan_says_what_is_missing(house: House) -> None:
    ann = await house.operator("ann", "author")
    headers = {"Origin": house.url, "Sec-Fetch-Dest": "document"}
    form = {"template": "weekly_tips", "kind": "tag", "csrf": await ann.csrf()}
    async with ann.client.post("/sops/check", data=form, headers=headers) as answer:
        text = await answer.text()
        assert answer.status == 422
    assert "Name a tag." in text
    assert "<html" in text


async def test_viewers_do_not_check_plans(house: House) -> None:
    eve = await house.operator("eve", "viewer")
    answer = await eve.post("/sops/check", {"template": "weekly_tips"})
    assert answer.status == 403


async def test_a_fix_changes_the_sop_with_one_click(house: House) -> None:
    ann = await house.operator("ann", "manager")
    await people(house, 3)
    library = house.rooms.sops.library
    template = library.parse(TALK, "talk.toml")
    sop = await house.rooms.sops.start(template, "all-groups", "ann", name="talk")
    text = await ann.get(f"/sops/{sop.id}/check")
    assert "2026-07-01 is a blackout date: it waits until 2026-07-04" in html.unescape(text)
    found = FIX.search(text)
    assert found
    form = {"fix": html.unescape(found[1]), "base": "1"}
    answer = await ann.post(f"/sops/{sop.id}/check", form)
    assert (answer.status, answer.headers["Location"]) == (303, f"/sops/{sop.id}/check")
    changed = await house.rooms.sops.version(await house.rooms.sops.get("talk"))
    assert changed.template.guards.blackout == ()
    assert "blackout" not in await ann.get(f"/sops/{sop.id}/check")
    again = await ann.post(f"/sops/{sop.id}/check", form)
    assert again.status == 422
    assert (await ann.post(f"/sops/{sop.id}/check", {"fix": "{}", "base": "2"})).status == 404


async def test_an_authors_fix_is_proposed(house: House) -> None:
    ann = await house.operator("ann", "author")
    await people(house, 3)
    template = house.rooms.sops.library.parse(TALK, "talk.toml")
    await house.rooms.sops.start(template, "all-groups", "bob", name="talk")
    found = FIX.search(await ann.get("/sops/talk/check?days=90"))
    assert found
    answer = await ann.post("/sops/talk/check", {"fix": html.unescape(found[1]), "base": "1"})
    assert answer.headers["Location"].startswith("/sops/approvals/")
    assert (await house.rooms.sops.get("talk")).version == 1


async def test_a_sop_that_is_not_there_has_no_check(house: House) -> None:
    ann = await house.operator("ann", "author")
    assert (await ann.status("/sops/nothing/check"))[0] == 404
