"""The calendar: what is to come and what was, moving steps, and the feed for phones."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from bot.sop.record import Sop
from tests.console.conftest import PASSWORD, Visitor
from tests.console.house import CONFIG, House, opened, passes, people

MOVE = re.compile(r'href="(/calendar/move\?[^"]+)"')
SLOT = re.compile(r'<li class="slot.*?</li>', re.DOTALL)
TWO = """
[[step]]
id = "one"
weekly = ["fri"]
at = "18:00"
text = "hi"
"""


def entries(page: str) -> list[str]:
    """What the entries of a calendar say, each on one line."""
    return [
        " ".join(re.sub(r"<[^>]+>", " ", unescape(found)).split()) for found in SLOT.findall(page)
    ]


async def tips(house: House, audience: str = "all-groups", name: str = "") -> Sop:
    """The weekly column; the house's clock stands at Wednesday, 2026-06-17, 08:00."""
    return await house.rooms.sops.start("weekly_tips", audience, "小王", name=name)


async def fields(visitor: Visitor, path: str) -> list[dict[str, str]]:
    """The hidden fields of each form that moves something."""
    page = await visitor.get(path)
    forms = re.findall(r'<form[^>]+action="/calendar/move">(.*?)</form>', page, re.DOTALL)
    hidden = re.compile(r'<input type="hidden" name="(?!csrf)([^"]+)" value="([^"]*)"')
    return [dict(hidden.findall(form)) for form in forms if "<ins>" in form]


async def test_a_month_shows_what_will_be_sent_and_a_day_says_more(house: House) -> None:
    await people(house, 6)
    await tips(house)
    visitor = await house.operator("ann", "viewer")
    month = await visitor.get("/calendar?day=2026-06-17")
    assert "June 2026" in month
    assert entries(month)[:2] == [
        "20:00 Weekly tips wednesday 3",
        "18:00 Weekly tips friday 3",
    ]
    assert "/calendar/move" not in month  # a viewer moves nothing
    day = await visitor.get("/calendar?view=day&day=2026-06-19")
    assert len(entries(day)) == 1
    for words in ("3 groups", "message", 'href="/sops/weekly_tips"'):
        assert words in SLOT.findall(day)[0]
    week = await visitor.get("/calendar?view=week&day=2026-06-19")
    assert len(entries(week)) == 2
    chinese = await (await house.operator("li", "manager", "zh")).get("/calendar?day=2026-06-17")
    assert "2026年6月" in chinese


async def test_days_gone_by_show_how_many_got_it(house: House) -> None:
    await people(house, 6)
    await tips(house)
    await passes(house, 3)
    visitor = await house.operator("ann", "manager")
    day = await visitor.get("/calendar?view=day&day=2026-06-19")
    assert "3 sent" in entries(day)[0]
    assert not MOVE.search(day)  # what was cannot be moved


async def test_the_calendar_is_for_one_group_one_member_or_one_sop(house: House) -> None:
    await people(house, 6)
    await tips(house, "group:sandbox/tea", "tea-tips")
    await tips(house, "group:sandbox/running", "run-tips")
    await house.rooms.sops.start("birthday", "everyone", "小王")
    visitor = await house.operator("ann", "viewer")
    path = "/calendar?view=day&day=2026-06-19"
    assert len(entries(await visitor.get(path))) == 2
    for narrow, only in (
        ("&group=1", "tea-tips"),
        ("&sop=run-tips", "run-tips"),
        ("&member=小明&sop=tea-tips", "tea-tips"),
    ):
        page = await visitor.get(path + narrow)
        assert len(entries(page)) == 1, narrow
        assert f'href="/sops/{only}"' in SLOT.findall(page)[0], narrow
    # 小明 is in the tea and the skincare group, and so gets nothing of the running club's.
    assert entries(await visitor.get(f"{path}&member=小明&sop=run-tips")) == []
    page = await visitor.get(f"{path}&member=nobody-of-this-name")
    assert "Nobody fits." in page
    assert entries(page) == []


async def test_two_sops_that_write_to_the_same_groups_at_once_are_marked(house: House) -> None:
    await people(house, 6)
    await tips(house)
    visitor = await house.operator("ann", "viewer")
    path = "/calendar?view=day&day=2026-06-19"
    assert "clash-words" not in await visitor.get(path)
    notice = {"text": "Tea at three", "day": "2026-06-19", "time": "18:10"}
    await house.rooms.sops.start("announcement", "group:sandbox/tea", "ann", notice)
    words = "writes to 1 of the same groups at nearly the same time."
    page = await visitor.get(path)
    assert f"“Weekly tips” {words}" in page
    assert f"“One-off announcement” {words}" in page
    assert f"“Weekly tips” {words}" in await visitor.get(f"{path}&sop=announcement")


async def test_holidays_make_up_workdays_and_closed_dates_stand_on_their_days(
    valkey: str,
) -> None:
    config = CONFIG.replace('daily_cap = "none"', 'daily_cap = "none"\nblackout = ["2026-06-26"]')
    config = config.replace('quiet_hours = "none"', 'quiet_hours = "22:00-08:00"')
    async with opened(valkey, "holidays", config) as house:
        visitor = await house.operator("ann", "viewer")
        page = await visitor.get("/calendar?day=2026-06-17")
        assert re.search(r'class="date[^"]* holiday[^"]*" data-day="2026-06-19"', page)
        assert re.search(r'class="date[^"]* closed[^"]*" data-day="2026-06-26"', page)
        assert "not yet published" not in page
        assert "Make-up workday" in await visitor.get("/calendar?day=2026-02-14")
        chinese = await house.operator("li", "viewer", "zh")
        assert "端午" in await chinese.get("/calendar?day=2026-06-17")
        assert "holidays of 2031 are not yet published" in await visitor.get(
            "/calendar?day=2031-06-01"
        )
        week = await visitor.get("/calendar?view=day&day=2026-06-18")
        assert "22:00-08:00" in week


async def test_a_manager_moves_a_step_sees_the_change_and_takes_it_back(house: House) -> None:
    await people(house, 3)
    sop = await tips(house)
    visitor = await house.operator("ann", "manager")
    day = await visitor.get("/calendar?view=day&day=2026-06-19")
    found = MOVE.search(day)
    assert found
    form = unescape(found[1])
    assert 'value="18:00"' in await visitor.get(form)
    preview = await visitor.get(f"{form}&day=2026-06-20&time=19:30")
    assert re.search(r"Fri 18:00.*<ins>Sat 19:30</ins>", preview, re.DOTALL)
    assert (await house.rooms.sops.get(sop.id)).version == 1  # looking changes nothing
    (hidden,) = await fields(visitor, f"{form}&day=2026-06-20&time=19:30")
    answer = await visitor.post("/calendar/move", hidden)
    assert answer.status == 303
    version = await house.rooms.sops.version(await house.rooms.sops.get(sop.id))
    step = version.template.find("friday")
    assert step is not None
    assert (step.weekly, step.at) == (("sat",), "19:30")
    moved = await visitor.get("/calendar?view=day&day=2026-06-20")
    assert entries(moved)[0].startswith("19:30 Weekly tips friday")
    told = await visitor.get(answer.headers["Location"])
    assert "now comes: Sat 19:30." in told
    again = await visitor.post("/calendar/move", hidden)
    assert again.status == 422  # made for a version that is no more
    await visitor.post("/calendar/undo", {"sop": sop.id, "version": "2", "day": "2026-06-20"})
    after = await house.rooms.sops.version(await house.rooms.sops.get(sop.id))
    assert after.number == 3
    assert after.template.find("friday") == house.rooms.sops.library.get("weekly_tips").find(
        "friday"
    )
    await visitor.post("/calendar/undo", {"sop": sop.id, "version": "2", "day": "2026-06-20"})
    assert (await house.rooms.sops.get(sop.id)).version == 3


async def test_dropping_on_another_day_keeps_the_time_and_on_an_hour_the_minutes(
    house: House,
) -> None:
    await people(house, 3)
    await tips(house)
    visitor = await house.operator("ann", "manager")
    found = MOVE.search(await visitor.get("/calendar?view=day&day=2026-06-19"))
    assert found
    form = unescape(found[1])
    assert "<ins>Sat 18:00</ins>" in await visitor.get(f"{form}&day=2026-06-20")
    assert "<ins>Sat 09:00</ins>" in await visitor.get(f"{form}&day=2026-06-20&hour=9")


async def test_an_event_is_moved_alone_or_with_all_its_steps(house: House) -> None:
    await people(house, 3)
    given = {"subject": "tea", "day": "2026-06-20", "start": "20:00"}
    urls = {"room_url": "https://shop.example/a", "replay_url": "https://shop.example/b"}
    await house.rooms.sops.start("webinar", "everyone", "ann", {**given, **urls})
    visitor = await house.operator("ann", "manager")
    found = MOVE.search(await visitor.get("/calendar?view=day&day=2026-06-19"))
    assert found
    forms = await fields(visitor, f"{unescape(found[1])}&day=2026-06-21")
    assert [form["whole"] for form in forms] == ["", "yes"]
    assert (await visitor.post("/calendar/move", forms[1])).status == 303
    version = await house.rooms.sops.version(await house.rooms.sops.get("webinar"))
    assert version.parameters["day"] == "2026-06-22"
    assert version.template == house.rooms.sops.library.get("webinar")


async def test_what_cannot_be_moved_says_why(house: House) -> None:
    await people(house, 3)
    await tips(house)
    visitor = await house.operator("ann", "manager")
    found = MOVE.search(await visitor.get("/calendar?view=day&day=2026-06-19"))
    assert found
    form = unescape(found[1])
    for query, why in (
        ("&day=2026-06-01&time=18:00", "That time is past."),
        ("&day=2026-06-19&time=18:00", "It comes then already."),
    ):
        async with visitor.client.get(form + query) as answer:
            assert answer.status == 422
            assert why in await answer.text()
    for path in ("/calendar/move?sop=no&step=x&from=1", form.replace("friday", "sunday")):
        assert (await visitor.status(path))[0] == 404
    assert (await visitor.status(re.sub(r"from=\d+", "from=x", form)))[0] == 404
    viewer = await house.operator("eve", "viewer")
    assert (await viewer.status(form))[0] == 403
    for day in ("x", "0001-01-01", "9999-12-31", "2026-02-30"):
        assert "June 2026" in await viewer.get(f"/calendar?day={day}")


async def test_just_before_a_step_its_sop_is_locked(house: House) -> None:
    await people(house, 3)
    sop = await tips(house)
    visitor = await house.operator("ann", "manager")
    found = MOVE.search(await visitor.get("/calendar?view=day&day=2026-06-19"))
    assert found
    (hidden,) = await fields(visitor, f"{unescape(found[1])}&day=2026-06-20")
    house.clock.advance(12 * 3600 - 60)  # a minute before Wednesday's step
    answer = await visitor.post("/calendar/move", hidden)
    assert answer.status == 422
    assert (await house.rooms.sops.get(sop.id)).version == 1


async def test_where_changes_need_approval_a_move_is_proposed(valkey: str) -> None:
    async with opened(valkey, "approved", f"{CONFIG}\n[sop]\napproval = true\n") as house:
        await people(house, 3)
        sop = await tips(house)
        visitor = await house.operator("ann", "manager")
        found = MOVE.search(await visitor.get("/calendar?view=day&day=2026-06-19"))
        assert found
        path = f"{unescape(found[1])}&day=2026-06-20"
        assert "Another operator has to approve it" in await visitor.get(path)
        (hidden,) = await fields(visitor, path)
        await visitor.post("/calendar/move", hidden)
        assert (await house.rooms.sops.get(sop.id)).version == 1
        assert await house.store.call("HLEN", house.store.keys.sop_proposals()) == 1


async def test_a_phone_reads_the_calendar_at_a_secret_address_until_it_is_ended(
    house: House,
) -> None:
    await people(house, 3)
    await tips(house)
    visitor = await house.operator("ann", "viewer")
    async with visitor.client.post(
        "/calendar/feed", data={"csrf": await visitor.csrf()}, headers={"Origin": house.url}
    ) as answer:
        found = re.search(r"(/calendar\.ics\?token=[\w-]+)", await answer.text())
    assert found
    phone = house.visitor()  # without any session
    async with phone.client.get(found[1]) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/calendar"
        assert "Set-Cookie" not in answer.headers
        body = await answer.text()
    assert "DTSTART:20260619T100000Z" in body  # Friday, 18:00 in Shanghai
    assert "每周小贴士 · friday · 3 个群" in body.replace("\r\n ", "")
    token = found[1].partition("=")[2]
    kept = await house.store.texts("HGETALL", house.store.keys.calendar_feeds())
    assert token not in "".join(kept)
    assert token not in await visitor.get("/calendar/feed")  # told only once
    await visitor.post("/calendar/feed/revoke", {})
    for path in (found[1], "/calendar.ics", "/calendar.ics?token=x"):
        assert (await phone.status(path))[0] == 404


async def test_who_is_no_operator_any_more_has_no_feed(house: House) -> None:
    visitor = await house.operator("ann", "viewer")
    async with visitor.client.post(
        "/calendar/feed", data={"csrf": await visitor.csrf()}, headers={"Origin": house.url}
    ) as answer:
        found = re.search(r"(/calendar\.ics\?token=[\w-]+)", await answer.text())
    assert found
    assert (await visitor.status(found[1]))[0] == 200
    await house.console.operators.remove("test", "ann")
    assert (await house.visitor().status(found[1]))[0] == 404
    house.clock.advance(60)
    await house.operator("ann", "viewer")  # another one of the same name
    assert (await house.visitor().status(found[1]))[0] == 404


async def test_an_empty_calendar_says_how_to_begin(house: House) -> None:
    page = await (await house.operator("ann", "viewer")).get("/calendar")
    assert "To the templates" in page


async def enter(house: House, page: Page) -> None:
    """Log in as a manager."""
    await house.operator("ann", "manager")
    await page.goto("/login")
    await page.fill("input[name=name]", "ann")
    await page.fill("input[name=password]", PASSWORD)
    await page.click("main button")


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 390), ("en-US", 1280)])
async def test_the_calendar_in_a_browser_by_mouse_and_keys(
    house: House, browser: Browser, pictures: Path, language: str, width: int
) -> None:
    await people(house, 9)
    await tips(house)
    await tips(house, "group:sandbox/tea", "tea-tips")
    notice = {"text": "周五晚上茶友会", "day": "2026-06-26", "time": "18:15"}
    await house.rooms.sops.start("announcement", "group:sandbox/tea", "ann", notice)
    await passes(house, 3)
    context = await browser.new_context(
        base_url=house.url, locale=language, viewport={"width": width, "height": 844}
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on(
        "console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda e: complaints.append(str(e)))
    await enter(house, page)
    for view in ("month", "week", "day"):
        await page.goto(f"/calendar?view={view}&day=2026-06-24")
        name = f"calendar-{view}-{language}-{width}.png"
        await page.screenshot(path=pictures / name, full_page=True)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await page.goto("/calendar/feed")
    await page.click("main button")
    await page.screenshot(path=pictures / f"calendar-feed-{language}-{width}.png", full_page=True)
    await page.goto("/calendar?day=2026-06-24")
    await page.focus('[data-day="2026-06-24"] .num')
    await page.keyboard.press("ArrowRight")
    shown = '[data-day="2026-06-25"]' if width > 760 else '[data-day="2026-06-26"]'
    await expect(page.locator(f"{shown} .num")).to_be_focused()
    if width > 760:
        await page.drag_and_drop(
            '[data-day="2026-06-26"] .slot >> nth=0', '[data-day="2026-06-25"]'
        )
        await expect(page.locator(".moves ins")).to_have_text("Thu 18:00")
    else:
        await page.goto("/calendar?view=day&day=2026-06-26")
        await page.locator('a[href^="/calendar/move"]').first.click()
        await page.fill("input[type=time]", "19:00")
        await page.click("main form[method=get] button")
    path = pictures / f"calendar-move-{language}-{width}.png"
    await page.screenshot(path=path, full_page=True)
    await page.locator('form[action="/calendar/move"] button').first.click()
    await expect(page.locator('form[action="/calendar/undo"] button')).to_be_visible()
    path = pictures / f"calendar-moved-{language}-{width}.png"
    await page.screenshot(path=path, full_page=True)
    assert complaints == []
    await context.close()
