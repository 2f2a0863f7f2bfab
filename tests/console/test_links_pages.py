"""Links in the console: made, found, and opened down to groups and members."""

from __future__ import annotations

import re
from html import unescape

from bot.links.codes import Code
from tests.console.house import ROBOT, House, follow, people

SALE = {"url": "https://shop.example/spring?a=1", "campaign": "spring-sale"}


async def test_a_manager_makes_a_short_link_that_leads_there(house: House) -> None:
    visitor = await house.operator("ann", "manager")
    answer = await visitor.post("/links", SALE)
    page = await visitor.get(answer.headers["Location"])
    assert "The link is ready." in page
    short = re.search(r'<code id="short">([^<]+)</code>', page)
    assert short
    assert short[1].startswith(f"{house.url}/l/")
    async with visitor.client.get(short[1], allow_redirects=False) as followed:
        assert followed.headers["Location"] == SALE["url"]
    again = await visitor.post("/links", SALE)
    assert again.headers["Location"] == answer.headers["Location"]
    assert "There was such a link already." in await visitor.get("/links")
    changes = [change for _, change in await house.console.audit.recent()]
    made = [change for change in changes if change.what == "link.made"]
    assert [(change.who, change.after) for change in made] == [("ann", SALE)]


async def test_a_bad_destination_is_told_beside_what_was_typed(house: House) -> None:
    visitor = await house.operator("ann", "manager")
    form = {"url": "ftp://shop.example/<b>", "campaign": "tea", "csrf": await visitor.csrf()}
    async with visitor.client.post("/links", data=form) as answer:
        page = await answer.text()
        assert answer.status == 422
    assert "must begin with https:// or http://" in page
    assert 'value="ftp://shop.example/&lt;b&gt;"' in page
    assert house.rooms.links.count() == 0


async def test_hits_clicks_and_people_are_told_apart_down_to_members(house: House) -> None:
    await people(house, 4)
    link = await house.rooms.links.make(SALE["url"], "spring-sale")
    step = await house.rooms.links.steps.number("sop/weekly_tips/1/monday/each")
    for member in (1, 2, 2):
        await follow(house, Code(link, step, 1, member))
        house.clock.advance(60)
    await follow(house, Code(link), ROBOT)
    await house.rooms.counter.drain()
    visitor = await house.operator("ann", "viewer")
    page = await visitor.get(f"/links/{link}")
    tiles = re.findall(r"<span>(Hits|Clicks|People)</span><b>(\d+)</b>", page)
    assert tiles == [("Hits", "4"), ("Clicks", "3"), ("People", "2")]
    for words in ("Known programs", "WeChat", "weekly_tips · monday", "Complete until 17 Jun 08:0"):
        assert words in page
    assert 'href="/sops/weekly_tips"' in page
    assert f'href="/links/{link}/groups/1"' in page
    page = await visitor.get(f"/links/{link}/groups/1")
    rows = re.findall(r'<bdi class="name">([^<]+)</bdi></a></td><td[^>]*>(\d+)', page)
    assert rows == [("小明", "1"), ("李雷", "2")]
    page = await visitor.get(f"/links/{link}/groups/1?q=李")
    assert "李雷" in page
    assert "小明" not in page
    assert "Nobody we know" in await visitor.get(f"/links/{link}/groups/0")
    listed = await visitor.get("/links")
    assert re.findall(r"<td class=\"num\"[^>]*>(?:<b>)?(\d+)", listed) == ["4", "3", "2"]


async def test_links_are_paged_and_found(house: House) -> None:
    for n in range(30):
        await house.rooms.links.make(f"https://shop.example/{n:02}", f"campaign-{n:02}")
    visitor = await house.operator("ann", "viewer")
    first = await visitor.get("/links")
    onward = re.search(r'rel="next" href="([^"]+)"', first)
    assert onward
    pages = first + await visitor.get(unescape(onward[1]))
    assert len(set(re.findall(r">campaign-(\d\d)<", pages))) == 30
    assert re.findall(r">campaign-(\d\d)<", await visitor.get("/links?q=EXAMPLE/07")) == ["07"]
    assert "No link fits" in await visitor.get("/links?q=winter")


async def test_codes_that_lead_nowhere_are_listed(house: House) -> None:
    visitor = await house.operator("ann", "viewer")
    assert "Every link led somewhere" in await visitor.get("/links/orphans")
    for _ in range(2):
        async with visitor.client.get("/l/wrong7code", allow_redirects=False) as answer:
            assert answer.status == 404
    await house.rooms.counter.drain()
    page = await visitor.get("/links/orphans")
    assert "wrong7code" in page
    assert "No code fits" in await visitor.get("/links/orphans?q=other")


async def test_a_viewer_makes_no_links_and_unknown_ones_are_not_found(house: House) -> None:
    link = await house.rooms.links.make(SALE["url"])
    visitor = await house.operator("ann", "viewer")
    assert 'name="url"' not in await visitor.get("/links")
    assert (await visitor.post("/links", SALE)).status == 403
    for path in ("/links/99", "/links/x", f"/links/{link}/groups/77", f"/links/{link}/groups/x"):
        assert (await visitor.status(path))[0] == 404, path
    assert (await visitor.status("/links?after=zz&q=%5B"))[0] == 200
    assert "Nobody has followed it yet" in await visitor.get(f"/links/{link}")


async def test_without_links_the_page_says_how_one_is_written(house: House) -> None:
    page = unescape(await (await house.operator("ann", "manager")).get("/links"))
    assert '{{ link("https://…") }}' in page
