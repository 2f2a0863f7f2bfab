"""Check-in programmes made and changed in the console, with who a change touches shown first."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from bot.model.conversation import Conversation
from bot.settings.checkins import (
    BonusSettings,
    EvidenceSettings,
    FreezeSettings,
    MakeUpSettings,
)
from bot.store.effects import Effects
from tests.console.conftest import PASSWORD
from tests.console.house import House, opened, people

CONFIG = """
language = "en"
timezone = "Asia/Shanghai"
[delivery]
quiet_hours = "none"
[welcome]
enabled = false
[checkin.daily]
points = 2
[[routes]]
name = "书友群"
words = ["读书"]
groups = ["sandbox/tea"]
"""
NEW = {
    "name": "reading",
    "title": "读书会 Readers",
    "words": "读书\nread",
    "points": "3",
    "where": "group",
    "count": "everywhere",
    "every": "day",
    "week_starts": "monday",
}
AGREED = re.compile(r'name="agreed" value="(\w+)"')
WRONG = re.compile(
    r'name="([\w.]+)"[^>]*>(?:[^<]*</textarea>)?(?:<small>[^<]*</small>)?<span class="wrong"'
)
_houses = count(1)


@pytest.fixture
async def house(valkey: str) -> AsyncIterator[House]:
    async with opened(valkey, f"editor{next(_houses)}", CONFIG) as made:
        yield made


async def make(house: House, **fields: str) -> None:
    """A programme that is there already."""
    boss = await house.operator("zoe", "manager")
    answer = await boss.post("/check-ins/new", {**NEW, **fields, "do": "save"})
    assert answer.status == 303


async def records(house: House, streak: int) -> None:
    """One member who came on the last days."""
    room, effects = house.rooms.checkins, Effects(house.store.keys)
    today = room.today(room.programmes[0])
    for back in range(streak):
        room.records.add(effects, "reading", today - timedelta(days=back), 1, 1, 1)
    assert await house.store.apply(effects)


async def test_a_programme_is_made_on_one_page_and_runs_at_once(house: House) -> None:
    [ming] = await people(house, 1)
    boss = await house.operator("ann", "admin")
    assert "New programme" in await boss.get("/check-ins")
    looked = await boss.post("/check-ins/new", {**NEW, "do": "look"})
    assert "leads to the route 书友群" in await looked.text()
    assert house.rooms.checkins.programme("reading") is None
    form = {
        **NEW,
        "groups": "茶友会 Tea",
        "window.start": "06:00",
        "window.end": "23:30",
        "evidence.kind": "text",
        "evidence.least": "2",
        "evidence.approval": "on",
        "make_up.on": "on",
        "make_up.cost": "4",
        "freeze.per_month": "1",
        "bonus.every": "7",
        "stages.0.at": "3",
        "stages.0.of": "total",
        "stages.0.reward": "书签",
        "stages.0.stock": "10",
        "streak_reminder.at": "20:00",
        "do": "save",
    }
    answer = await boss.post("/check-ins/new", form)
    assert (answer.status, answer.headers["Location"]) == (303, "/check-ins/reading/edit")
    programme = house.rooms.checkins.programme("reading")
    assert programme is not None
    made = programme.settings
    assert made.groups == (Conversation(gateway="sandbox", group="tea"),)
    assert (made.window, made.points, made.words) == ("06:00-23:30", 3, ("读书", "read"))
    assert made.evidence == EvidenceSettings(kind="text", least=2, approval=True)
    assert made.make_up == MakeUpSettings(cost=4, per_month=3)
    assert (made.freeze, made.bonus) == (FreezeSettings(per_month=1), BonusSettings(every=7))
    assert [(one.at, one.of, one.reward, one.stock) for one in made.stages] == [
        (3, "total", "书签", 10)
    ]
    await ming.says("读书 三体 第一章", await house.community.group("tea"))
    page = await boss.get("/check-ins/reading")
    assert "读书会 Readers" in page
    assert "1 today" in page
    assert 'value="06:00"' in await boss.get("/check-ins/reading/edit")
    assert "Made a check-in programme" in await boss.get("/audit")


async def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(house: House) -> None:
    boss = await house.operator("ann", "manager")
    wrong = {
        **NEW,
        "name": "Reading Club",
        "points": "many",
        "stages.0.at": "",
        "stages.0.reward": "书签",
        "do": "save",
    }
    answer = await boss.post("/check-ins/new", wrong)
    page = await answer.text()
    assert answer.status == 422
    assert set(WRONG.findall(page)) == {"name", "points", "stages.0.at"}
    assert 'value="many"' in page
    assert 'value="书签"' in page
    assert await house.store.call("EXISTS", house.store.keys.checkin_made()) == 0


async def test_stages_are_added_and_taken_away_without_javascript(house: House) -> None:
    boss = await house.operator("ann", "manager")
    form = {**NEW, "stages.0.at": "3", "stages.1.at": "7"}
    added = await (await boss.post("/check-ins/new", {**form, "do": "stage"})).text()
    assert 'name="stages.2.at"' in added
    assert WRONG.findall(added) == []  # what was just added is still to be written
    less = await (await boss.post("/check-ins/new", {**form, "do": "drop:0"})).text()
    assert 'name="stages.0.at" value="7"' in less
    assert 'name="stages.1.at"' not in less


async def test_who_a_change_touches_is_shown_and_agreed_to_before_it_is_saved(
    house: House,
) -> None:
    await people(house, 1)
    await make(house)
    await records(house, 4)
    boss, room = await house.operator("ann", "manager"), house.rooms.checkins
    change = {**NEW, "points": "10", "seen": "1", "do": "save"}
    page = await (await boss.post("/check-ins/reading/edit", change)).text()
    assert "1 member would have another streak, total or number of points" in page
    assert "12 → <b>40</b>" in page
    [programme] = [p for p in room.programmes if p.name == "reading"]
    assert programme.settings.points == 3
    [agreed] = AGREED.findall(page)
    other = await boss.post("/check-ins/reading/edit", {**change, "points": "99", "agreed": agreed})
    assert "12 → <b>396</b>" in await other.text()
    saved = await boss.post("/check-ins/reading/edit", {**change, "agreed": agreed})
    assert saved.status == 303
    again = room.programme("reading")
    assert again is not None
    assert again.settings.points == 10
    page = await boss.get("/check-ins/reading/edit")
    assert "Points for a check-in: <bdi>3</bdi> → <bdi>10</bdi>" in page
    assert '<bdi>ann</bdi> <span class="sub">changed</span>' in page
    old = await boss.get("/check-ins/reading/edit?version=1")
    assert 'name="points" value="3"' in old


async def test_the_effect_is_told_while_one_writes(house: House) -> None:
    await people(house, 1)
    await make(house)
    await records(house, 4)
    boss = await house.operator("ann", "manager")
    draft = {**NEW, "every": "week", "seen": "1"}
    part = await (await boss.post("/check-ins/check", draft)).text()
    assert "<html" not in part
    assert "4 → <b>2</b>" in part
    part = await (await boss.post("/check-ins/check", {**draft, "count": "group"})).text()
    assert "there is nothing to compare" in part
    part = await (await boss.post("/check-ins/check", {**draft, "until": "soon"})).text()
    assert "1 thing to correct" in part


async def test_two_managers_who_save_at_once_do_not_undo_each_other(house: House) -> None:
    await make(house)
    boss = await house.operator("ann", "manager")
    first = await boss.post(
        "/check-ins/reading/edit", {**NEW, "points": "5", "seen": "1", "do": "save"}
    )
    assert first.status == 303
    second = await boss.post(
        "/check-ins/reading/edit", {**NEW, "points": "7", "seen": "1", "do": "save"}
    )
    assert second.headers["Location"] == "/check-ins/reading/edit"
    page = await boss.get("/check-ins/reading/edit")
    assert "Somebody else changed it meanwhile" in page
    assert 'name="points" value="5"' in page


async def test_a_programme_is_paused_and_ended_and_goes_on(house: House) -> None:
    [ming] = await people(house, 1)
    await make(house)
    tea = await house.community.group("tea")
    boss = await house.operator("ann", "admin")
    await boss.post("/check-ins/reading/state", {"do": "pause"})
    assert "It is paused." in await boss.get("/check-ins/reading/edit")
    assert ">paused<" in await boss.get("/check-ins")
    await ming.says("读书", tea)
    assert "“读书会 Readers” takes a break." in (await tea.hears())[-1].message.text
    await boss.post("/check-ins/reading/state", {"do": "end"})
    assert ">has ended<" in await boss.get("/check-ins/reading")
    await boss.post("/check-ins/reading/state", {"do": "resume"})
    await ming.says("读书", tea)
    assert "you are checked in!" in (await tea.hears())[-1].message.text
    await boss.post("/check-ins/reading/state", {"do": "end"})
    await ming.says("读书", tea)  # who came today is not told to come tomorrow
    assert "It ended on" in (await tea.hears())[-1].message.text
    audit = await boss.get("/audit")
    for done in ("Paused", "Ended"):
        assert f"{done} a check-in programme" in audit


async def test_one_of_the_configuration_is_read_only_and_opens_as_a_copy(house: House) -> None:
    boss = await house.operator("ann", "manager")
    page = await boss.get("/check-ins/daily/edit")
    assert "take the section out of config.toml" in page
    assert "disabled" in page
    assert (await boss.post("/check-ins/daily/edit", {**NEW, "do": "save"})).status == 404
    assert (await boss.post("/check-ins/daily/state", {"do": "end"})).status == 404
    copy = await boss.get("/check-ins/new?copy=daily")
    assert 'name="points" value="2"' in copy
    taken = await boss.post("/check-ins/new", {**NEW, "name": "daily", "do": "save"})
    assert "is in the configuration file" in await taken.text()


async def test_a_viewer_reads_and_changes_nothing(house: House) -> None:
    await make(house)
    visitor = await house.operator("ann", "viewer")
    assert (
        '<fieldset class="editor bare" data-ask="/check-ins/check" data-place="check" disabled>'
        in (await visitor.get("/check-ins/reading/edit"))
    )
    assert (await visitor.post("/check-ins/reading/edit", {**NEW, "do": "save"})).status == 403
    assert (await visitor.post("/check-ins/new", {**NEW, "do": "save"})).status == 403
    assert "New programme" not in await visitor.get("/check-ins")


async def test_a_stage_tells_who_got_it_and_how_many_are_left(house: House) -> None:
    persons = await people(house, 3)
    await make(
        house,
        **{
            "stages.0.at": "1",
            "stages.0.of": "streak",
            "stages.0.stock": "2",
            "stages.0.reward": "书签",
        },
    )
    tea = await house.community.group("tea")
    for one in persons:
        await one.says("读书", tea)
    visitor = await house.operator("ann", "viewer")
    assert 'href="/check-ins/reading/stages/streak-1"' in await visitor.get("/check-ins/reading")
    page = await visitor.get("/check-ins/reading/stages/streak-1")
    assert "2 members got it · 0 left" in page
    assert re.findall(r'<bdi class="name">([^<]+)</bdi></a>', page) == ["小明", "李雷"]
    assert (await visitor.status("/check-ins/reading/stages/streak-2"))[0] == 404


@pytest.mark.parametrize("width", [390, 1280])
async def test_a_manager_sees_whom_it_touches_while_writing_also_on_a_phone(
    house: House, browser: Browser, pictures: Path, width: int
) -> None:
    await people(house, 1)
    stage = {"stages.0.at": "3", "stages.0.reward": "书签", "stages.0.of": "streak"}
    await make(house, **stage)
    await records(house, 4)
    await house.operator("ann", "manager")
    context = await browser.new_context(
        base_url=house.url, locale="en-US", viewport={"width": width, "height": 844}
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto("/login")
    await page.fill("input[name=name]", "ann")
    await page.fill("input[name=password]", PASSWORD)
    await page.click("main button")
    await page.goto("/check-ins/reading/edit")
    await page.fill("input[name=points]", "10")
    await expect(page.locator("#check .tiles")).to_be_visible()
    await page.screenshot(path=pictures / f"check-in-editor-{width}.png", full_page=True)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await page.click("button[value=save]")
    await expect(page.locator(".notice")).to_be_visible()
    for path in ("", "/stages/streak-3", "/edit"):
        await page.goto(f"/check-ins/reading{path}")
        await page.screenshot(path=pictures / f"check-in{path[1:4]}-{width}.png", full_page=True)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert complaints == []
    await context.close()
