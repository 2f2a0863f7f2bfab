"""The console in a real browser: phone and desktop, Chinese and English."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, expect

from tests.console.conftest import PASSWORD, Site, populate
from tests.console.house import House, live

PAGES = (
    *("/", "/groups", "/groups/1", "/members", "/members/1", "/journal", "/dead-letters"),
    *("/in-doubt", "/gateways", "/operators", "/audit", "/account"),
)
ROOMS = (
    *("/", "/sops", "/sops/templates", "/sops/start?template=new_member_week"),
    *("/sops/weekly_tips", "/sops/new_member_week", "/sops/weekly_tips/stop", "/sops/upcoming"),
    *("/tasks", "/routes", "/routes/edit?word=几点开门", "/routes/edit?name=跑步"),
    *("/routes/unmatched", "/links", "/links/1", "/links/1/groups/1", "/links/orphans"),
    *("/check-ins", "/check-ins/daily", "/check-ins/daily?group=1&board=total", "/members/1"),
    *("/check-ins/daily/day?group=1", "/check-ins/daily/members/1", "/check-ins/daily/rules"),
    *("/check-ins/approvals",),
    *("/journal", "/audit"),
)
WORDS = {
    "zh-CN": {"choose": "设置你的密码", "overview": "概览", "members": "成员"},
    "en-US": {"choose": "Choose your password", "overview": "Overview", "members": "Members"},
}


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 390), ("en-US", 1280)])
async def test_an_operator_logs_in_chooses_a_password_and_finds_a_member(
    site: Site, browser: Browser, pictures: Path, language: str, width: int
) -> None:
    await populate(site)
    password = await site.console.operators.ensure_admin()
    assert password
    words = WORDS[language]
    context = await browser.new_context(
        base_url=site.url, locale=language, viewport={"width": width, "height": 844}
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: _complain(complaints, m))
    page.on("pageerror", lambda e: complaints.append(str(e)))

    await page.goto("/members?q=ada")
    await page.screenshot(path=pictures / f"login-{language}-{width}.png")
    await page.fill("input[name=name]", "admin")
    await page.fill("input[name=password]", password)
    await page.click("main button")
    await expect(page.locator("h1")).to_have_text(words["choose"])
    await page.fill("input[name=old]", password)
    await page.fill("input[name=new]", "a short sentence is good")
    await page.fill("input[name=again]", "a short sentence is good")
    await page.screenshot(path=pictures / f"choose-{language}-{width}.png")
    await page.click("main button")
    await expect(page.locator("h1")).to_have_text(words["overview"])
    await expect(page.locator(".notice")).to_be_visible()
    await page.reload()
    await expect(page.locator(".notice")).to_have_count(0)

    await page.goto("/members")
    await expect(page.locator("h1")).to_have_text(words["members"])
    await page.fill("input[type=search]", "velace 2")
    await page.keyboard.press("Enter")
    await expect(page.locator("table.list tbody tr")).to_have_count(1)
    await page.click("text=Ada Lovelace 22")
    await expect(page.locator("h1")).to_have_text("Ada Lovelace 22")

    for path in PAGES:
        await page.goto(path)
        await page.screenshot(path=pictures / _name(path, language, width), full_page=True)
        assert await _fits(page, width), f"{path} scrolls sideways at {width}"
    if width == 390:
        await page.goto("/")
        await page.click(".drawer summary")
        await expect(page.locator(".sheet")).to_be_visible()
        await page.screenshot(path=pictures / f"drawer-{language}-{width}.png")
    assert complaints == []
    await context.close()


async def test_empty_pages_teach_in_the_dark_too(
    site: Site, browser: Browser, pictures: Path
) -> None:
    password = await site.console.operators.ensure_admin()
    assert password
    await site.console.operators.set_password("admin", password, "a short sentence is good")
    context = await browser.new_context(
        base_url=site.url,
        locale="zh-CN",
        color_scheme="dark",
        viewport={"width": 390, "height": 844},
    )
    page = await context.new_page()
    await page.goto("/login")
    await page.fill("input[name=name]", "Admin")
    await page.fill("input[name=password]", "a short sentence is good")
    await page.click("main button")
    for path in ("/", "/groups", "/members", "/journal", "/dead-letters", "/in-doubt"):
        await page.goto(path)
        await expect(page.locator(".empty")).to_be_visible()
        await page.screenshot(path=pictures / _name(path, "empty", 390), full_page=True)
        assert await _fits(page, 390)
    await context.close()


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 390), ("en-US", 1280)])
async def test_a_manager_starts_an_sop_does_a_task_and_tries_a_route(
    house: House, browser: Browser, pictures: Path, language: str, width: int
) -> None:
    await live(house)
    await house.operator("ann", "admin")
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

    await page.goto("/sops/start?template=announcement")
    await page.fill("textarea[name=p-text]", "Tea at three")
    await expect(page.locator(".picks").first).to_be_hidden()
    await page.check("input[value=groups]")
    await page.check("input[value='sandbox/g/skincare']")
    await page.click("button[value=preview]")
    await expect(page.locator(".chat .said")).to_have_text("📢 Tea at three")
    await expect(page.locator("input[value='sandbox/g/skincare']")).to_be_checked()
    await page.screenshot(path=pictures / f"preview-{language}-{width}.png", full_page=True)
    await page.click("button[value=start]")
    await expect(page.locator(".notice")).to_be_visible()
    await expect(page.locator("h1 .badge.good")).to_be_visible()

    await page.goto("/tasks")
    await expect(page.locator("article")).to_have_count(2)
    await page.click("article:first-of-type form[action='/tasks/done'] button")
    await expect(page.locator("article")).to_have_count(1)

    await page.goto("/routes")
    await page.fill("input[name=say]", "我想进护肤群")
    await page.keyboard.press("Enter")
    await expect(page.locator(".answer li.good b")).to_have_text("护肤群")

    for path in ROOMS:
        await page.goto(path)
        await page.screenshot(path=pictures / _name(path, language, width), full_page=True)
        assert await _fits(page, width), f"{path} scrolls sideways at {width}"
    assert complaints == []
    await context.close()


def _complain(complaints: list[str], message: ConsoleMessage) -> None:
    if message.type in ("error", "warning"):
        complaints.append(message.text)


async def _fits(page: Page, width: int) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth") <= width)


def _name(path: str, language: str, width: int) -> str:
    plain = "".join(c if c.isalnum() else "-" for c in path.strip("/"))
    return f"{plain or 'overview'}-{language}-{width}.png"


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
async def test_charts_fit_a_phone_also_when_dates_are_long(
    house: House, browser: Browser, language: str
) -> None:
    house.clock.advance(157 * 86_400)  # to 21 November: two digits each
    await live(house)
    await house.operator("ann", "viewer")
    context = await browser.new_context(
        base_url=house.url, locale=language, viewport={"width": 390, "height": 844}
    )
    page = await context.new_page()
    await page.goto("/login")
    await page.fill("input[name=name]", "ann")
    await page.fill("input[name=password]", PASSWORD)
    await page.click("main button")
    await page.goto("/check-ins")
    await expect(page.locator(".labels").first).to_be_attached()
    assert await _fits(page, 390)
    await context.close()
