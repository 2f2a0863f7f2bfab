"""Check-ins as staff work with them: rosters, corrections, approvals, rules tried, files."""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from io import BytesIO, StringIO
from itertools import count

import openpyxl
import pytest

from bot.checkins.evidence import Evidence
from bot.store.effects import Effects
from tests.console.house import House, keep_checking_in, opened, people

NAMES = re.compile(r'<bdi class="name">([^<]+)</bdi></a>')
CONFIG = """
timezone = "Asia/Shanghai"
[delivery]
quiet_hours = "none"
[welcome]
enabled = false
[checkin.daily]
points = 2
freeze = { per_month = 1 }
[[checkin.daily.stages]]
at = 3
reward = "贴纸 sticker"
stock = 2
certificate = true
[checkin.photo]
words = ["晒图"]
evidence = { kind = "text", least = 2, approval = true }
"""
_houses = count(1)


@pytest.fixture
async def house(valkey: str) -> AsyncIterator[House]:
    async with opened(valkey, f"staff{next(_houses)}", CONFIG) as made:
        yield made


def today(house: House) -> date:
    return house.rooms.checkins.today(house.rooms.checkins.programmes[0])


async def shown(house: House, member: int, text: str) -> Evidence:
    """A check-in of today that waits for approval."""
    checkins, effects = house.rooms.checkins, Effects(house.store.keys)
    day = today(house)
    checkins.records.add(effects, "photo", day, member, 1, 1)
    evidence = Evidence(
        programme="photo", member=member, day=day, at=house.clock.now(), text=text, state="pending"
    )
    checkins.evidence.keep(effects, evidence, 86_400)
    assert await house.store.apply(effects)
    return evidence


async def test_a_day_tells_who_came_in_order_and_who_is_missing(house: House) -> None:
    persons = await people(house, 4)
    tea = await house.community.group("tea")
    for person in (persons[3], persons[0]):
        await person.says("签到", tea)
    visitor = await house.operator("ann", "viewer")
    assert "2 of 3 members, 66%" in await visitor.get("/check-ins/daily?group=1")
    path = f"/check-ins/daily/day?day={today(house)}"
    page = await visitor.get(f"{path}&group=1")
    assert NAMES.findall(page) == ["Ada Lovelace", "小明"]
    assert NAMES.findall(await visitor.get(f"{path}&group=1&which=missing")) == ["韩梅梅"]
    assert NAMES.findall(await visitor.get(f"{path}&which=missing")) == ["李雷", "韩梅梅"]
    yesterday = today(house) - timedelta(days=1)
    assert "Nobody came." in await visitor.get(f"/check-ins/daily/day?day={yesterday}")
    assert f"day={yesterday}" in page


async def test_a_correction_needs_a_reason_and_shows_at_once_and_in_the_audit(
    house: House,
) -> None:
    await people(house, 1)
    boss = await house.operator("ann", "admin")
    path, day = "/check-ins/daily/members/1", today(house)
    form = {"day": day.isoformat(), "done": "yes"}
    assert (await boss.post(f"{path}/correct", form)).status == 422
    assert (await house.rooms.checkins.standing(house.rooms.checkins.programmes[0], 1)).total == 0
    answer = await boss.post(f"{path}/correct", {**form, "reason": "told me at the till"})
    assert (answer.status, answer.headers["Location"]) == (303, path)
    page = await boss.get(path)
    assert "It is corrected." in page
    assert "check-ins in all 1" in page
    assert "told me at the till" in page
    assert "told me at the till" in await boss.get("/audit")
    await boss.post(f"{path}/correct", {**form, "reason": "again"})
    assert "It was so already." in await boss.get(path)
    tomorrow = (day + timedelta(days=2)).isoformat()
    late = await boss.post(f"{path}/correct", {**form, "day": tomorrow, "reason": "x"})
    assert late.status == 422


async def test_a_day_outside_the_campaign_is_not_corrected_but_named(valkey: str) -> None:
    config = f"{CONFIG}[checkin.june]\nwords = ['六月']\nsince = 2026-06-16\nuntil = 2026-06-16\n"
    async with opened(valkey, f"staff{next(_houses)}", config) as house:
        await people(house, 1)
        boss, path = await house.operator("ann", "manager"), "/check-ins/june/members/1"
        page = await boss.get(path)
        assert 'value="2026-06-16" min="2026-06-16" max="2026-06-16"' in page
        for day, why in (("15", "before 2026-06-16"), ("17", "after 2026-06-16")):
            form = {"day": f"2026-06-{day}", "done": "yes", "reason": "was there"}
            for act in ("correct", "excuse"):
                answer = await boss.post(f"{path}/{act}", form)
                assert answer.status == 422
                assert f"2026-06-{day} is {why}, the programme" in await answer.text()


async def test_points_are_given_taken_and_taken_back_with_a_reason(house: House) -> None:
    await people(house, 1)
    boss = await house.operator("ann", "manager")
    path, checkins = "/check-ins/daily/members/1", house.rooms.checkins
    daily = checkins.programmes[0]
    await boss.post(f"{path}/points", {"points": "5", "what": "give", "reason": "quiz"})
    await boss.post(f"{path}/points", {"points": "9", "what": "take", "reason": "mug"})
    assert "They have not as many points." in await boss.get(path)
    assert (await checkins.standing(daily, 1)).points == 5
    page = await boss.get(path)
    [entry] = re.findall(r'name="entry" value="(\d+)"', page)
    await boss.post(f"{path}/reverse", {"entry": entry, "reason": "wrong member"})
    assert (await checkins.standing(daily, 1)).points == 0
    page = await boss.get(path)
    assert "taken back" in page
    assert 'name="entry"' not in page
    for wrong in ("0", "-3", "many", "99999999"):
        form = {"points": wrong, "what": "give", "reason": "x"}
        assert (await boss.post(f"{path}/points", form)).status == 422


async def test_viewers_read_and_change_nothing(house: House) -> None:
    await people(house, 1)
    await shown(house, 1, "晨跑")
    visitor = await house.operator("ann", "viewer")
    page = await visitor.get("/check-ins/daily/members/1")
    assert "Correct a day" not in page
    assert "<button data-key" not in await visitor.get("/check-ins/approvals")
    for path in ("/check-ins/daily/members/1/correct", "/check-ins/approvals/approve"):
        assert (await visitor.post(path, {"reason": "x"})).status == 403
    assert (await visitor.status("/check-ins/daily/export.csv"))[0] == 403


async def test_what_waits_is_approved_or_refused_with_a_reason(house: House) -> None:
    await people(house, 2)
    first, second = await shown(house, 1, "晨跑五公里"), await shown(house, 2, "<b>x</b>")
    boss = await house.operator("ann", "manager")
    assert "2 check-ins wait for approval" in await boss.get("/")
    page = await boss.get("/check-ins/approvals")
    assert "晨跑五公里" in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    await boss.post("/check-ins/approvals/approve", {"key": first.key})
    assert "It is approved." in await boss.get("/check-ins/approvals")
    form = {"key": second.key}
    assert (await boss.post("/check-ins/approvals/refuse", form)).status == 422
    await boss.post("/check-ins/approvals/refuse", {**form, "reason": "not a run"})
    page = await boss.get("/check-ins/approvals")
    assert "It is refused." in page
    assert "Nothing waits" in page
    photo = house.rooms.checkins.programmes[1]
    totals = [(await house.rooms.checkins.standing(photo, n)).total for n in (1, 2)]
    assert totals == [1, 0]
    await boss.post("/check-ins/approvals/approve", form)
    assert "Somebody else decided it just now." in await boss.get("/check-ins/approvals")


async def test_stages_tell_what_is_left_and_other_rules_whom_they_touch(house: House) -> None:
    await people(house, 6)
    await keep_checking_in(house, 6, 20)
    visitor = await house.operator("ann", "viewer")
    page = await visitor.get("/check-ins/daily/rules")
    assert "3 in a row" in page
    assert "贴纸 sticker" in page
    path, checkins = "/check-ins/daily/rules", house.rooms.checkins
    same = re.search(r"<textarea[^>]*>([^<]*)<", page)
    assert same
    text = same[1].replace("&#34;", '"').replace("&gt;", ">")
    assert "Nobody&#39;s streak" in await _asked(visitor, path, text)
    before = await checkins.standing(checkins.programmes[0], 1)
    page = await _asked(visitor, path, "points = 5")
    told = re.search(r"Would change</span><b>(\d+)</b>", page)
    assert told
    assert int(told[1]) == 6
    assert f"<b>{before.total * 5}</b>" in page
    assert (await checkins.standing(checkins.programmes[0], 1)) == before
    page = await _asked(visitor, path, "pionts = 5", 422)
    assert "[checkin.daily]" in page
    assert "did you mean" in page
    assert "nothing to compare" in await _asked(visitor, path, 'count = "group"', 422)


async def _asked(visitor, path: str, rules: str, status: int = 200) -> str:  # type: ignore[no-untyped-def]
    form = {"rules": rules, "csrf": await visitor.csrf()}
    headers = {"Origin": visitor.url}
    async with visitor.client.post(path, data=form, headers=headers) as answer:
        assert answer.status == status
        return str(await answer.text())


async def test_files_hold_records_standings_and_points_and_no_formula(house: House) -> None:
    persons = await people(house, 2)
    evil = house.community.member("u9", "=HYPERLINK(1)")
    tea = await house.community.group("tea")
    for person in (*persons, evil):
        await person.says("签到", tea)
    boss = await house.operator("ann", "manager")
    rows = await _csv(boss, "standings")
    assert [row[1:] for row in rows[1:]] == [
        ["小明", "0", "1", "1", "1", "2", today(house).isoformat()],
        ["李雷", "0", "1", "1", "1", "2", today(house).isoformat()],
        ["'=HYPERLINK(1)", "0", "1", "1", "1", "2", today(house).isoformat()],
    ]
    records = await _csv(boss, "records")
    assert [row[3:] for row in records[1:]] == [[today(house).isoformat(), "checked in"]] * 3
    points = await _csv(boss, "points")
    assert [row[4] for row in points[1:]] == ["2"] * 3
    async with boss.client.get("/check-ins/daily/export.xlsx?what=records") as answer:
        book = openpyxl.load_workbook(BytesIO(await answer.read()))
    sheet = book["daily"]
    assert sheet.max_row == 4
    assert sheet["B4"].value == "=HYPERLINK(1)"
    assert sheet["B4"].data_type == "s"
    assert (await boss.status("/check-ins/daily/export.csv?what=secrets"))[0] == 404


async def _csv(visitor, what: str) -> list[list[str]]:  # type: ignore[no-untyped-def]
    async with visitor.client.get(f"/check-ins/daily/export.csv?what={what}") as answer:
        assert answer.status == 200
        return [*csv.reader(StringIO((await answer.read()).decode("utf-8-sig")))]


async def test_odd_addresses_are_answered_kindly(house: House) -> None:
    await people(house, 1)
    boss = await house.operator("ann", "manager")
    for path in (
        *("/check-ins/daily/day?day=x&group=zz&after=-1", "/check-ins/daily/day?day=1999-01-01"),
        *("/check-ins/daily/members/1?month=2026-99", "/check-ins/daily/members/1?month=1999-01"),
        *("/check-ins/approvals?after=zz", "/check-ins/daily/members/1?group=77"),
    ):
        assert (await boss.status(path))[0] == 200
    for path in ("/check-ins/no/day", "/check-ins/no/rules", "/check-ins/daily/members/77"):
        assert (await boss.status(path))[0] == 404
    await boss.post("/check-ins/approvals/approve", {"key": "1:0:daily:zz"})
    await boss.post("/check-ins/approvals/refuse", {"key": "", "reason": "x"})
