"""A link with a page in between, in a real browser; and the clicks of who uses the console."""

from __future__ import annotations

import re
from html import unescape

import pytest
from playwright.async_api import Browser

from bot.links.codes import Code
from bot.links.desk import Desk
from bot.links.identities import Trouble
from bot.model.phrase import Phrase
from tests.console.house import House

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36"
)


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("limit", [0, 5])
async def test_a_browser_goes_on_by_itself_and_is_one_click(
    house: House, browser: Browser, script: bool, limit: int
) -> None:
    rooms = house.rooms
    there = f"{house.url}/healthz?a=1&b='\"</script>"
    number = await rooms.links.make(there)
    await Desk(house.store, rooms.links).edit(number, "ann", {"confirm": True, "limit": limit})
    context = await browser.new_context(
        locale="zh-CN", java_script_enabled=script, user_agent=CHROME
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on(
        "console",
        lambda said: (
            complaints.append(said.text) if "Content Security Policy" in said.text else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(f"{house.url}/l/{rooms.links.codes.pack(Code(number, 1, 2, 3))}")
    await page.wait_for_url(re.compile("/healthz"), timeout=8000)
    await context.close()
    await rooms.counter.drain()
    sums = await rooms.clicks.sums(number)
    assert sums.verdicts == {"page": 1, "click": 1}
    assert sums.members == 1
    assert complaints == []


async def test_an_operators_own_browser_is_the_staffs(house: House) -> None:
    rooms = house.rooms
    number = await rooms.links.make("https://shop.example/sale")
    path = f"{house.url}/l/{rooms.links.codes.pack(Code(number))}"
    ann = await house.operator("ann", "viewer")
    guest = house.visitor(**{"User-Agent": CHROME, "Accept-Language": "zh"})
    agent = {"User-Agent": CHROME + " Edg/126", "Accept-Language": "zh"}
    async with ann.client.get("/links", headers=agent) as answer:
        assert answer.status == 200
    for client, headers in ((ann.client, agent), (guest.client, {})):
        async with client.get(path, headers=headers, allow_redirects=False) as answer:
            assert answer.status == 302
    await rooms.counter.drain()
    assert (await rooms.clicks.sums(number)).verdicts == {"staff": 1, "click": 1}
    page = unescape(await ann.get(f"/links/{number}"))
    assert "The staff's own" in page


async def test_a_manager_puts_a_page_in_between_and_lets_wecom_be_asked(house: House) -> None:
    number = await house.rooms.links.make("https://shop.example/sale")
    visitor = await house.operator("ann", "manager")
    form = {"url": "https://shop.example/sale", "version": "1", "confirm": "on", "ask": "wecom"}
    assert (await visitor.post(f"/links/{number}/edit", form)).status == 303
    link = house.rooms.links.get(number)
    assert link
    assert (link.confirm, link.ask, link.plain) == (True, "wecom", False)
    page = unescape(await visitor.get(f"/links/{number}/edit"))
    assert re.search(r'name="confirm" value="on" checked', page)
    assert re.search(r'value="wecom" selected>WeCom is asked \(not set up\)', page)
    told = unescape(await visitor.get(f"/links/{number}"))
    assert "Page in between" in told
    assert "Asks who opens it</dt><dd>WeCom (not set up)" in told
    why = Phrase("The links' domain is not among the app's trusted domains (可信域名).")
    house.rooms.identities.troubles["wecom"] = Trouble(house.clock.now(), why)
    for path in (f"/links/{number}", f"/links/{number}/edit"):
        assert why in unescape(await visitor.get(path))
    wrong = {**form, "version": "2", "ask": "qq", "csrf": await visitor.csrf()}
    async with visitor.client.post(f"/links/{number}/edit", data=wrong) as answer:
        assert answer.status == 422
        assert "wecom, wechat" in await answer.text()
