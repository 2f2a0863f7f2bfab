"""Figures in the console: chosen, cut, opened to members, compared, exported, drawn."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from decimal import Decimal
from html import unescape
from pathlib import Path

import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, expect

from bot.links.codes import Code
from bot.links.conversions import Told
from bot.store.effects import Effects
from tests.console.conftest import PASSWORD
from tests.console.house import ROBOT, House, follow, people

ALONE = """
title = { en = "Spring sale", zh = "春季特惠" }
anchor = { date = "day" }
to = "member"
[parameters.day]
type = "date"
default = "today"
[parameters.time]
type = "time"
default = "now"
[[step]]
id = "offer"
at = { parameter = "time" }
text = "Look: {{ link('https://shop.example/spring', 'spring') }}"
"""
OPENS = re.compile(r'href="(/figures/members\?[^"]+)"[^>]*>([\d,]+)(?: members?)?</a>')
NAMED = 'class="who" href="/members/'


async def goes_out(house: House) -> None:
    """All that is due now leaves."""
    house.clock.advance(61)
    for _ in range(3):
        while await house.rooms.planner.tick():
            await house.community.settle()
        await house.community.settle()


async def sale(house: House, members: int = 9) -> int:
    """Members told of a sale alone, of whom three clicked and one bought; the link."""
    rooms = house.rooms
    await people(house, members)
    effects = Effects(house.store.keys)
    effects.group(1, "owner", "小王")
    effects.attribute(1, "owner", "小王")
    effects.attribute(2, "owner", "=Li")
    effects.attribute(2, "channel", "poster")
    assert await house.store.apply(effects)
    template = rooms.sops.library.parse(ALONE, "sale.toml")
    await rooms.sops.start(template, "all-groups", "ann", name="sale")
    await goes_out(house)
    link = await rooms.links.make("https://shop.example/spring", "spring")
    (run,) = await rooms.sops.results.runs("sale")
    step = await rooms.links.steps.number(f"sop/{run.name}")
    house.clock.advance(600)
    for member in (1, 2, 2, 3):
        await follow(house, Code(link, step, 0, member))
        house.clock.advance(60)
    await follow(house, Code(link), ROBOT)
    await rooms.counter.drain()
    code = rooms.links.codes.pack(Code(link, step, 0, 2))
    told = Told(name="o1", kind="sale", value=Decimal("12.50"), currency="CNY", code=code)
    await rooms.conversions.record(told, "shop")
    return link


async def test_raw_clean_and_unique_stand_together_each_with_what_it_counts(house: House) -> None:
    link = await sale(house)
    visitor = await house.operator("vic", "viewer")
    page = await visitor.get(f"/figures?subject=link:{link}&period=7d")
    tile = page[page.index('class="tile counted"') :]
    assert re.findall(r"<b>(\d+)</b>", tile)[:3] == ["5", "4", "3"]
    assert page.count('<details class="meaning">') >= 8
    assert "How often the link was fetched" in page
    for words in ("33.3 %", "Complete until 2026-06-17", "12.50 CNY", "Known programs", "11 min"):
        assert words in page, words
    assert f'href="/links/{link}"' in page
    zh = await house.operator("zhou", "viewer", "zh")
    assert "春季特惠" in await zh.get("/figures?subject=sop:sale&by=day")


async def test_every_number_opens_as_many_members(house: House) -> None:
    link = await sale(house)
    visitor = await house.operator("vic", "viewer")
    opened: dict[str, int] = {}
    for subject in ("all", f"link:{link}", "campaign:spring", "sop:sale", "step:sale/offer"):
        for by in ("day", "group", "staff", "channel", "link", "run"):
            page = await visitor.get(f"/figures?subject={subject}&period=7d&by={by}")
            for href, number in OPENS.findall(page):
                opened[unescape(href)] = int(number)
    assert len(opened) > 40
    for href, number in opened.items():
        assert (await visitor.get(href)).count(NAMED) == number, href
    missing = await visitor.get(f"/figures/members?subject=link:{link}&period=7d&measure=missing")
    assert missing.count(NAMED) == 6
    found = await visitor.get(f"/figures/members?subject=link:{link}&measure=people&q=李")
    assert found.count(NAMED) == 1
    assert "小王" in await visitor.get(f"/figures/members?subject=link:{link}&measure=people")


async def test_what_is_typed_finds_the_subject_or_what_fits(house: House) -> None:
    link = await sale(house)
    visitor = await house.operator("vic", "viewer")
    page = await visitor.get("/figures")
    assert '<option value="Campaign: spring">' in page
    for words, subject in (
        ("Campaign: spring", "campaign%3Aspring"),
        ("SOP: Spring sale", "sop%3Asale"),
        (f"#{link}", f"link%3A{link}"),
    ):
        async with visitor.client.get(
            "/figures/find", params={"q": words, "period": "7d"}, allow_redirects=False
        ) as answer:
            assert answer.headers["Location"].startswith(f"/figures?subject={subject}&period=7d")
    async with visitor.client.get("/figures/find", params={"q": "friend"}) as answer:
        assert answer.status == 422
        assert "Nothing is called “friend”." in await answer.text()


async def test_two_dates_become_an_address_that_can_be_kept(house: House) -> None:
    await sale(house)
    visitor = await house.operator("vic", "viewer")
    status, place = await visitor.status(
        "/figures?subject=campaign:spring&by=group&since=2026-06-01&until=2026-06-17"
    )
    assert status == 303
    assert "period=2026-06-01..2026-06-17" in place
    assert "by=group" in place
    page = await visitor.get(place)
    assert 'value="2026-06-01"' in page
    assert page.count("<tr>") > 1


@pytest.mark.parametrize(
    "query",
    ["subject=planet:mars", "subject=link:99", "period=yesteryear", "since=2026-06-09&until=x"],
)
async def test_a_wrong_address_says_what_is_wrong(house: House, query: str) -> None:
    visitor = await house.operator("vic", "viewer")
    async with visitor.client.get(f"/figures?{query}") as answer:
        assert answer.status == 422
        assert 'role="alert"' in await answer.text()
    for path in ("/figures.csv", "/figures.png", "/figures/members", "/figures/compare"):
        if "period" not in query or path != "/figures/members":
            assert (await visitor.status(f"{path}?{query}&measure=people"))[0] == 404, path


async def test_rows_are_ordered_by_what_is_asked_and_paged(house: House) -> None:
    rooms = house.rooms
    numbers = [await rooms.links.make(f"https://shop.example/{n:02}") for n in range(52)]
    for place, link in enumerate(numbers):
        for _ in range(1 if place else 2):
            await follow(house, Code(link))
            house.clock.advance(11)
        if place == 7:
            await follow(house, Code(link), ROBOT)
            await follow(house, Code(link), ROBOT)
    await rooms.counter.drain()
    visitor = await house.operator("vic", "viewer")
    rows = r'<tr><td><a class="strong"[^>]*><bdi>shop.example/(\d\d)<'
    assert re.findall(rows, await visitor.get("/figures?by=link"))[0] == "00"
    assert re.findall(rows, await visitor.get("/figures?by=link&sort=hits"))[0] == "07"
    first = await visitor.get("/figures?by=link&sort=name")
    assert re.findall(rows, first)[:2] == ["00", "01"]
    onward = re.search(r'rel="next" href="([^"]+)"', first)
    assert onward
    assert re.findall(rows, await visitor.get(unescape(onward[1]))) == ["50", "51"]


async def test_what_is_shown_is_exported_safely_with_its_definitions(house: House) -> None:
    await sale(house)
    visitor = await house.operator("vic", "viewer")
    query = "subject=all&period=7d&by=staff&sort=name"
    bodies = {}
    for form in ("csv", "xlsx", "parquet"):
        async with visitor.client.get(f"/figures.{form}?{query}") as answer:
            assert answer.status == 200
            assert f".{form}" in answer.headers["Content-Disposition"]
            bodies[form] = await answer.read()
    rows = [*csv.reader(io.StringIO(bodies["csv"].decode("utf-8-sig")))]
    table = {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[1:]}
    assert [*table] == ["'=Li", "nobody in particular", "小王", "All together"]
    assert table["All together"]["Fetches"] == "5"
    assert (table["小王"]["Clicks"], table["'=Li"]["Clicks"]) == ("1", "2")
    assert table["All together"]["Revenue (CNY)"] == "12.5"
    assert zipfile.ZipFile(io.BytesIO(bodies["xlsx"])).testzip() is None
    found = pq.read_table(io.BytesIO(bodies["parquet"]))
    assert found.num_rows == 4
    about = found.schema.metadata[b"muster"].decode()
    for words in ("How often the link was fetched", "Complete until", "Asia/Shanghai", "version"):
        assert words in about


async def test_who_is_behind_a_figure_is_exported_by_managers_only(house: House) -> None:
    link = await sale(house)
    path = f"/figures/members.csv?subject=link:{link}&period=7d&measure=people"
    viewer = await house.operator("vic", "viewer")
    assert (await viewer.status(path))[0] == 403
    manager = await house.operator("ann", "manager")
    async with manager.client.get(path) as answer:
        rows = [*csv.reader(io.StringIO((await answer.read()).decode("utf-8-sig")))]
    assert rows[0][:2] == ["Number", "Name"]
    assert [row[0] for row in rows[1:]] == ["1", "2", "3"]
    assert rows[2][4:] == ["'=Li", "poster"]
    assert rows[1][4] == "小王"


async def test_the_chart_comes_as_a_picture(house: House) -> None:
    link = await sale(house, 3)
    visitor = await house.operator("vic", "viewer")
    async with visitor.client.get(f"/figures.png?subject=link:{link}&by=hour") as answer:
        assert answer.content_type == "image/png"
        assert (await answer.read()).startswith(b"\x89PNG")


async def test_campaigns_have_funnels_that_open_to_members(house: House) -> None:
    await sale(house)
    visitor = await house.operator("vic", "viewer")
    page = await visitor.get("/figures/campaigns?period=7d")
    assert 'href="/figures?subject=campaign%3Aspring' in page
    funnel = [(unescape(href), int(number)) for href, number in OPENS.findall(page)]
    assert [number for _, number in funnel] == [9, 3, 1]
    for href, number in funnel:
        assert (await visitor.get(href)).count(NAMED) == number
    assert "12.50 CNY" in page
    assert "33.3 %" in page
    assert "No campaign in this time" in await visitor.get("/figures/campaigns?period=2026-01-01")


async def test_two_groups_and_two_times_are_compared_honestly(house: House) -> None:
    link = await sale(house)
    visitor = await house.operator("vic", "viewer")
    page = await visitor.get("/figures/compare?period=7d&kind=campaign")
    assert "Fewer than two to compare" in page
    page = await visitor.get(f"/figures/compare?subject=link:{link}&period=7d&kind=group")
    assert '<select name="b">' in page
    page = await visitor.get(f"/figures/compare?subject=link:{link}&period=7d&kind=staff")
    assert "Too few to tell: fewer than 30 members" in page
    page = await visitor.get(f"/figures/compare?subject=link:{link}&period=7d")
    assert "on one side there is nobody to count" in page
    async with visitor.client.get(
        f"/figures/compare?subject=link:{link}&kind=period&a_since=2026-06-17&a_until=2026-06-17"
        "&b_since=2026-06-17&b_until=2026-06-17"
    ) as answer:
        assert answer.status == 422
        assert "choose two that differ" in await answer.text()
    again = f"/figures/compare?subject=link:{link}&kind=staff&goal=converted&a=%3DLi&b=小王"
    page = await visitor.get(again)
    assert '<option value="=Li" selected>' in page
    assert "100.0 %" in page


async def test_two_ways_of_a_link_are_compared_by_who_converted(house: House) -> None:
    await people(house, 4)
    rooms = house.rooms
    link = await rooms.links.make("https://shop.example/a")
    branches = [{"url": "https://shop.example/b", "devices": ["ios"]}]
    await rooms.link_desk.edit(link, "ann", {"branches": branches})
    for member, agent in ((1, ""), (2, "Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile")):
        await follow(house, Code(link, 0, 1, member), *([agent] if agent else []))
        house.clock.advance(60)
    await rooms.counter.drain()
    visitor = await house.operator("vic", "viewer")
    page = await visitor.get(f"/figures?subject=link:{link}&by=way")
    assert "1. iPhone, iPad" in page
    assert "Everybody else" in page
    page = await visitor.get(f"/figures/compare?subject=link:{link}&kind=way")
    assert "Conversion: who converted" in page
    assert "Click-through: who clicked" not in page


async def test_links_groups_and_sops_lead_to_their_figures(house: House) -> None:
    link = await sale(house)
    visitor = await house.operator("vic", "viewer")
    page = await visitor.get(f"/links/{link}")
    assert f"/figures?subject=link%3A{link}" in page
    assert "Figures of the last 30 days" in page
    assert "Figures of the last 30 days" in await visitor.get("/groups/1")
    assert "subject=sop%3Asale" in await visitor.get("/sops/sale/results")
    assert 'href="/figures"' in await visitor.get("/")


async def test_a_manager_says_whose_a_group_is(house: House) -> None:
    await people(house, 3)
    viewer = await house.operator("vic", "viewer")
    assert 'name="owner"' not in await viewer.get("/groups/1")
    assert (await viewer.post("/groups/1/owner", {"owner": "x"})).status == 403
    manager = await house.operator("ann", "manager")
    await manager.post("/groups/1/owner", {"owner": "  小  王 "})
    assert "The group has an owner now." in await manager.get("/groups/1")
    group = await house.members.group(1)
    assert group
    assert group.owner == "小 王"
    await manager.post("/groups/1/owner", {"owner": ""})
    group = await house.members.group(1)
    assert group
    assert group.owner == ""
    changes = [change for _, change in await house.console.audit.recent()]
    told = [(c.who, c.before, c.after) for c in changes if c.what == "group.owner"]
    assert told == [("ann", {"owner": "小 王"}, {"owner": ""}), ("ann", {}, {"owner": "小 王"})]
    assert (await manager.post("/groups/77/owner", {"owner": "x"})).status == 404


async def test_clicks_come_in_while_one_looks(house: House) -> None:
    link = await sale(house)
    visitor = await house.operator("vic", "viewer")
    assert f'data-renew="/links/{link}/now"' in await visitor.get(f"/links/{link}")
    part = await visitor.get(f"/links/{link}/now")
    assert part.lstrip().startswith("<section")
    assert re.findall(r"<b>(\d+)</b>", part) == ["5", "4", "3"]
    await follow(house, Code(link))
    await house.rooms.counter.drain()
    assert re.findall(r"<b>(\d+)</b>", await visitor.get(f"/links/{link}/now")) == ["6", "5", "4"]
    progress = await visitor.get("/sops/sale/progress")
    assert re.findall(r"<span>(Clicks|People who clicked)</span><b>(\d+)</b>", progress) == [
        *(("Clicks", "4"), ("People who clicked", "3"))
    ]


PAGES = (
    *("/figures", "/figures?by=hour", "/figures?by=link", "/figures?by=group&period=7d"),
    *("/figures?subject=sop:sale&by=run", "/figures?by=staff", "/figures/campaigns"),
    *("/figures/compare?kind=group", "/figures/compare", "/figures/find?q=friend"),
    *(
        "/figures/members?measure=reach",
        "/groups/1",
        "/links/1",
        "/sops/sale",
        "/sops/sale/results",
    ),
)


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 390), ("en-US", 1280)])
async def test_figures_fit_a_phone_and_a_desk(
    house: House, browser: Browser, pictures: Path, language: str, width: int
) -> None:
    await sale(house, 30)
    await house.operator("ann", "manager")
    context = await browser.new_context(
        base_url=house.url, locale=language, viewport={"width": width, "height": 844}
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: _complain(complaints, m))
    page.on("pageerror", lambda e: complaints.append(str(e)))
    await page.goto("/login")
    await page.fill("input[name=name]", "ann")
    await page.fill("input[name=password]", PASSWORD)
    await page.click("main button")
    for path in PAGES:
        await page.goto(path)
        await page.screenshot(path=pictures / _name(path, language, width), full_page=True)
        assert await _fits(page, width), f"{path} scrolls sideways at {width}"
    await page.goto("/figures")
    for what in (
        ".meaning summary >> nth=1",
        ".follow .meaning summary >> nth=1",
        ".dates summary",
    ):
        await page.click(what)
        name = "".join(c if c.isalnum() else "-" for c in what)
        await page.screenshot(path=pictures / f"opened{name}-{language}-{width}.png")
        assert await _fits(page, width)
    assert await page.locator(".meaning[open]").count() == 0
    await page.emulate_media(media="print", color_scheme="dark")
    assert not await page.locator("nav.side, nav.bar, .chooser").locator("visible=true").count()
    await page.screenshot(path=pictures / f"print-{language}-{width}.png", full_page=True)
    assert complaints == []
    await context.close()


async def test_an_open_page_counts_on_by_itself(house: House, browser: Browser) -> None:
    link = await sale(house, 3)
    await house.operator("vic", "viewer")
    context = await browser.new_context(base_url=house.url, locale="en-US")
    page = await context.new_page()
    await page.goto("/login")
    await page.fill("input[name=name]", "vic")
    await page.fill("input[name=password]", PASSWORD)
    await page.click("main button")
    await page.goto(f"/links/{link}")
    clicks = page.locator("[data-renew] .tile >> nth=1").locator("b")
    await expect(clicks).to_have_text("4")
    await follow(house, Code(link))
    await house.rooms.counter.drain()
    await expect(clicks).to_have_text("5", timeout=9000)
    await context.close()


def _complain(complaints: list[str], message: ConsoleMessage) -> None:
    if message.type in ("error", "warning") and "422" not in message.text:
        complaints.append(message.text)


async def _fits(page: Page, width: int) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth") <= width)


def _name(path: str, language: str, width: int) -> str:
    plain = "".join(c if c.isalnum() else "-" for c in path.strip("/"))
    return f"{plain}-{language}-{width}.png"
