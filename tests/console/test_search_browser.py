"""The member search in a real browser: it finds while one types, and never goes back in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Browser, Page, Request, Route, expect

from tests.console.conftest import PASSWORD, Site, populate

FIELD, ROWS = "input[type=search]", "#found tbody tr"


@asynccontextmanager
async def members_page(
    site: Site, browser: Browser, *, script: bool = True, width: int = 1280
) -> AsyncIterator[Page]:
    """The page of members as a logged-in operator has it open; it must not complain."""
    await populate(site)
    await site.operator("ann", "manager")
    context = await browser.new_context(
        base_url=site.url,
        locale="en-US",
        java_script_enabled=script,
        viewport={"width": width, "height": 844},
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto("/members")
    await page.fill("input[name=name]", "ann")
    await page.fill("input[name=password]", PASSWORD)
    await page.click("main button")
    await expect(page.locator("h1")).to_have_text("Members")
    yield page
    await context.close()
    assert complaints == []


def asked(requests: list[Request]) -> list[str]:
    """The words that were searched for, in the order they were."""
    searches = [urlsplit(one.url) for one in requests if "part=1" in one.url]
    return [parse_qs(one.query).get("q", [""])[0] for one in searches]


@pytest.mark.parametrize("width", [390, 1280])
async def test_results_come_as_one_types_and_going_back_shows_them_again(
    site: Site, browser: Browser, pictures: Path, width: int
) -> None:
    async with members_page(site, browser, width=width) as page:
        requests: list[Request] = []
        page.on("request", lambda one: requests.append(one))
        await page.locator(FIELD).press_sequentially("lovelace 2", delay=20)
        await expect(page.locator(ROWS)).to_have_count(1)
        await expect(page.locator(ROWS)).to_contain_text("Ada Lovelace 22")
        assert asked(requests)[-1] == "lovelace 2"
        assert len(asked(requests)) < len("lovelace 2"), "not a request for every letter"
        await page.screenshot(path=pictures / f"search-{width}.png")
        assert page.url.endswith("/members?q=lovelace+2"), "reloading shows the same"
        await page.click("text=Ada Lovelace 22")
        await expect(page.locator("h1")).to_have_text("Ada Lovelace 22")
        await page.go_back()
        await expect(page.locator(ROWS)).to_have_count(1)
        await expect(page.locator(FIELD)).to_have_value("lovelace 2")
        await page.fill(FIELD, "")
        await expect(page.locator(ROWS)).not_to_have_count(1)
        await page.fill(FIELD, "nobody at all")
        await expect(page.locator("#found")).to_contain_text("Nobody fits")


async def test_arrows_go_through_what_was_found_and_enter_opens_it(
    site: Site, browser: Browser
) -> None:
    async with members_page(site, browser) as page:
        await page.fill(FIELD, "ada")
        await expect(page.locator(ROWS)).to_have_count(3)
        names = await page.locator(f"{ROWS} a.who").all_inner_texts()
        links = page.locator(f"{ROWS} a.who")
        await page.focus(FIELD)
        await page.keyboard.press("ArrowUp")
        await expect(page.locator(FIELD)).to_be_focused()
        await page.keyboard.press("ArrowDown")
        await expect(links.nth(0)).to_be_focused()
        await page.keyboard.press("ArrowUp")
        await expect(page.locator(FIELD)).to_be_focused()
        for _ in range(9):
            await page.keyboard.press("ArrowDown")
        await expect(links.nth(2)).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text(names[2].split("\n")[-1])


async def test_enter_in_the_field_searches_at_once(site: Site, browser: Browser) -> None:
    async with members_page(site, browser) as page:
        await page.fill(FIELD, "grace hopper 2")
        await page.keyboard.press("Enter")
        await expect(page.locator(".sub").first).to_contain_text("grace hopper 2")
        await expect(page.locator(ROWS)).to_have_count(1)


async def test_a_late_answer_never_replaces_a_newer_one(site: Site, browser: Browser) -> None:
    async with members_page(site, browser) as page:
        begun, released, over = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def slow(route: Route) -> None:
            if asked([route.request]) != ["ada"]:
                await route.continue_()
                return
            begun.set()
            await released.wait()
            await route.continue_()
            over.set()

        await page.route("**/members?*part=1*", slow)
        await page.fill(FIELD, "ada")
        await asyncio.wait_for(begun.wait(), 10)
        await page.fill(FIELD, "grace")
        await expect(page.locator(ROWS).first).to_contain_text("Grace")
        released.set()
        await asyncio.wait_for(over.wait(), 10)
        await page.evaluate("fetch('/healthz').catch(() => 0)")  # its answer would be here by now
        await expect(page.locator(ROWS).first).to_contain_text("Grace")
        assert await page.locator(ROWS, has_text="Ada").count() == 0
        await page.fill(FIELD, "ada")
        await expect(page.locator(ROWS).first).to_contain_text("Ada")


async def test_an_answer_that_fails_leaves_the_field_working(site: Site, browser: Browser) -> None:
    async with members_page(site, browser) as page:
        await page.route("**/members?*part=1*", lambda route: route.abort())
        async with page.expect_event("requestfailed"):
            await page.fill(FIELD, "ada")
        await page.unroute("**/members?*part=1*")
        await page.fill(FIELD, "grace")
        await expect(page.locator(ROWS).first).to_contain_text("Grace")


async def test_pinyin_on_its_way_to_characters_is_not_searched_for(
    site: Site, browser: Browser
) -> None:
    async with members_page(site, browser) as page:
        requests: list[Request] = []
        page.on("request", lambda one: requests.append(one))
        keyboard = await page.context.new_cdp_session(page)
        await page.focus(FIELD)
        for text in ("x", "xi", "xiao"):
            said = {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
            await keyboard.send("Input.imeSetComposition", said)
        await page.wait_for_timeout(300)
        assert asked(requests) == []
        await keyboard.send("Input.insertText", {"text": "小明"})
        await expect(page.locator(ROWS).first).to_contain_text("小明")
        assert asked(requests) == ["小明"]


async def test_without_scripts_the_button_searches(site: Site, browser: Browser) -> None:
    async with members_page(site, browser, script=False) as page:
        await page.fill(FIELD, "lovelace 2")
        await page.click("form.search button")
        await expect(page.locator(ROWS)).to_have_count(1)
        await expect(page.locator(FIELD)).to_have_value("lovelace 2")
        await page.click("text=Ada Lovelace 22")
        await expect(page.locator("h1")).to_have_text("Ada Lovelace 22")
