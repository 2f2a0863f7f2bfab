"""The dry run in the console: numbers, reasons and the members behind them."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from tests.console.conftest import Visitor
from tests.console.house import House, people

START = "/sops/start/dry-run"
TIPS = {"template": "weekly_tips", "kind": "all-groups", "p-monday": "hello"}
WEEK = {"template": "new_member_week", "kind": "all-groups", "p-topic": "tea"}
FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
BEHIND = re.compile(r'formaction="([^"]+/who[^"]+)"')


async def run_dry(visitor: Visitor, path: str, form: Mapping[str, str]) -> tuple[int, str]:
    """Push a button of the start form, or of a draft's dry run."""
    given = {**form, "csrf": await visitor.csrf()}
    headers = {"Origin": visitor.url}
    async with visitor.client.post(path, data=given, headers=headers) as answer:
        return answer.status, html.unescape(await answer.text())


async def test_a_dry_run_shows_who_will_get_it_and_who_not(house: House) -> None:
    await people(house, 3)
    sops = house.rooms.sops
    await sops.start("weekly_tips", "all-groups", "ann", {"monday": "hello"})
    visitor = await house.operator("ann", "viewer")
    page = await visitor.get("/sops/weekly_tips/dry-run")
    assert "wednesday" in page
    assert "Nothing is sent" in page
    assert "<form method" not in page[page.index("<main") :]
    names = await visitor.get("/sops/weekly_tips/dry-run/who?why=gets&step=wednesday")
    assert "茶友会 Tea" in names
    assert "Dry run" in await visitor.get("/sops/weekly_tips")
    assert (await visitor.status("/sops/weekly_tips/dry-run/who?why=magic"))[0] == 404
    assert (await visitor.status("/sops/weekly_tips/dry-run/who?why=gets&day=x"))[0] == 404
    assert (await visitor.status("/sops/nothing/dry-run"))[0] == 404


async def test_a_draft_is_run_dry_from_the_form_that_starts_it(house: House) -> None:
    await people(house, 3)
    ann = await house.operator("ann", "author")
    assert f'formaction="{START}"' in await ann.get("/sops/start?template=weekly_tips")
    status, page = await run_dry(ann, START, TIPS)
    assert status == 200
    assert "wednesday" in page
    assert "3 groups" in page
    assert "as if" not in page.lower()
    assert await house.rooms.sops.all() == []


async def test_behind_each_number_of_a_draft_are_its_names_and_the_way_back(house: House) -> None:
    await people(house, 3)
    ann = await house.operator("ann", "author")
    _, page = await run_dry(ann, START + "?days=14", TIPS)
    carried = dict(FIELD.findall(page))
    assert carried.items() >= TIPS.items()
    behind = BEHIND.search(page)
    assert behind
    assert "days=14" in behind[1]
    status, names = await run_dry(ann, behind[1], carried)
    assert status == 200
    assert "茶友会 Tea" in names
    assert dict(FIELD.findall(names)).items() >= TIPS.items()
    _, form = await run_dry(ann, "/sops/start", {**carried, "do": "preview"})
    assert ">hello</textarea>" in form


async def test_names_behind_a_number_of_a_draft_come_a_page_at_a_time(house: House) -> None:
    await people(house, 60)
    ann = await house.operator("ann", "author")
    _, first = await run_dry(ann, START + "/who?why=gets&days=7&since=7", WEEK)
    more = re.search(r'formaction="([^"]+after=50[^"]*)"', first)
    assert more
    _, second = await run_dry(ann, more[1], WEEK)
    assert (first.count('href="/members/'), second.count('href="/members/')) == (50, 10)


async def test_a_draft_that_counts_from_joining_can_be_seen_as_if_begun_before(
    house: House,
) -> None:
    await people(house, 3)
    house.clock.advance(86_400)
    ann = await house.operator("ann", "author")
    _, usual = await run_dry(ann, START, WEEK)
    assert "These numbers are as if it had begun 7 days ago" in usual
    assert "3 members" in usual
    _, fresh = await run_dry(ann, START + "?since=0", WEEK)
    assert "nobody knows who will" in fresh
    assert "3 members" not in fresh
    _, long = await run_dry(ann, START + "?since=30", WEEK)
    assert "as if it had begun 30 days ago" in long


async def test_a_draft_that_is_no_plan_comes_back_as_the_form(house: House) -> None:
    ann = await house.operator("ann", "author")
    status, page = await run_dry(ann, START, {**TIPS, "kind": "tag"})
    assert status == 422
    assert "Name a tag." in page
    assert 'action="/sops/start"' in page


async def test_viewers_run_no_drafts_dry(house: House) -> None:
    eve = await house.operator("eve", "viewer")
    assert (await run_dry(eve, START, TIPS))[0] == 403
