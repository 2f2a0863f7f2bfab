"""Welcome scripts in the console: written, previewed, tried, counted."""

from __future__ import annotations

import re
from html import unescape

import pytest
from playwright.async_api import Browser, expect

from tests.console.conftest import PASSWORD, Visitor
from tests.console.house import House

FORM = {
    "id": "spring",
    "title": "Spring 春",
    "enabled": "on",
    "kind.group": "on",
    "again": "after",
    "again.after": "7d",
    "across": "script",
    "window": "5s",
    "s0.m0.text": "欢迎 {{ member.name }} 来到 {{ group.name }}",
    "s0.m0.to": "group",
}
NIGHT = {
    "s1.title": "night",
    "s1.start": "22:00",
    "s1.end": "08:00",
    "s1.fri": "on",
    "s1.m0.text": "夜深了，{{ member.name }}",
    "s1.m1.text": "{{ card('https://x.example', 'Rules') }}",
    "s1.m1.after": "10s",
    "s1.m1.to": "direct",
}


@pytest.fixture
async def ann(house: House) -> Visitor:
    await house.community.group("tea", "茶友会")
    await house.community.member("u1", "小明").joins(await house.community.group("tea"))
    return await house.operator("ann", "manager")


def words(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


async def test_a_script_written_in_the_form_greets(house: House, ann: Visitor) -> None:
    assert (await ann.post("/welcomes/new", {**FORM, **NIGHT, "do": "save"})).status == 303
    tea = await house.community.group("tea")
    await house.community.member("u2", "小红").joins(tea)
    await house.community.passes(seconds=5)
    await tea.expects("欢迎 小红 来到 茶友会")
    shown = words(await ann.get("/welcomes"))
    assert "Spring 春" in shown
    assert "1" in shown
    page = await ann.get("/welcomes/spring")
    for said in ("夜深了，{{ member.name }}", 'value="22:00"', 'value="7d"'):
        assert said in unescape(page)
    found = await house.rooms.welcomes.scripts.get("spring")
    assert found is not None
    layer = found.script.layers[0]
    assert (layer.weekdays, layer.start, layer.messages[1].to) == (("fri",), "22:00", "direct")
    changed = {**FORM, "title": "Later", "do": "save"}
    assert (await ann.post("/welcomes/spring", changed)).status == 303
    assert "Later" in await ann.get("/welcomes")
    assert (await ann.post("/welcomes/spring/remove", {})).status == 303
    assert await house.rooms.welcomes.scripts.get("spring") is None


async def test_what_is_wrong_stands_beside_its_field(ann: Visitor) -> None:
    texts = {"s1.m0.text": "{{ member.nmae }}", "block": "ok\n/(/"}
    forms = {"again.after": "often", "s1.m1.after": "soon", "keep_last": "0", "window": "x"}
    for wrong in (texts, forms):
        answer = await ann.post("/welcomes/new", {**FORM, **NIGHT, **wrong, "do": "save"})
        page = await answer.text()
        assert answer.status == 422
        for field in wrong:
            start = page.index(f'name="{field}"')
            assert "wrong" in page[start : start + 400], field


async def test_buttons_change_the_draft_and_keep_what_was_written(ann: Visitor) -> None:
    async def after(do: str, form: dict[str, str]) -> str:
        answer = await ann.post("/welcomes/new", {**form, "do": do})
        return await answer.text()

    assert 's0.m1.text"' in await after("add:0", FORM)
    assert 's0.m0.v0.text"' in await after("variant:0:0", FORM)
    page = await after("layer", FORM)
    assert 's1.start"' in page
    assert "欢迎 {{ member.name }}" in unescape(page)
    assert "s1.start" not in await after("unlayer:1", {**FORM, **NIGHT})
    assert 's1.m1.text"' not in await after("drop:1:0", {**FORM, **NIGHT})
    assert "欢迎" in await after("drop:9:9", FORM)
    page = await after("add:0", FORM)
    assert 'class="wrong"' not in page  # what was just added is still to be written
    assert 'class="problem"' not in page
    assert "来到 茶友会" in words(page)


async def test_the_preview_says_what_somebody_would_get_when_and_why(
    house: House, ann: Visitor
) -> None:
    tried = {**FORM, **NIGHT, "try.name": "小华", "try.at": "2026-11-28T01:00"}
    said = words(await (await ann.post("/welcomes/check", tried)).text())
    assert "夜深了，小华" in said
    assert "Rules" in said
    tried["try.at"] = "2026-11-28T12:00"
    said = words(await (await ann.post("/welcomes/check", tried)).text())
    assert "欢迎 小华 来到 茶友会" in said
    assert await house.rooms.welcomes.scripts.get("spring") is None  # looking keeps nothing


async def test_what_somebody_would_get_can_be_asked_of_all_scripts(
    house: House, ann: Visitor
) -> None:
    scripts = house.rooms.welcomes.scripts
    feast = {"dates": ["2027-05-01"], "messages": ["五一快乐 {{ member.name }}"]}
    code = {"id": "code", "when": {"codes": ["poster"]}, "messages": ["hi"], "layers": [feast]}
    await scripts.save(code, "ann")
    await scripts.save({"id": "all", "messages": ["大家好"], "block": ["代购"]}, "ann")
    ask = "/welcomes?try=1&try.gateway=sandbox&try.group=sandbox/tea&try.at=2027-05-01T09:00"
    said = words(await ann.get(f"{ask}&try.code=poster&try.name=小华"))
    assert "五一快乐 小华" in said
    assert "大家好" in words(await ann.get(f"{ask}&try.name=小华"))
    assert "代购" in words(await ann.get(f"{ask}&try.name=代购"))


async def test_the_list_says_what_can_never_be_or_names_nothing(house: House, ann: Visitor) -> None:
    scripts = house.rooms.welcomes.scripts
    for data in (
        {"id": "wide", "title": "Wide", "messages": ["a"], "priority": 1},
        {"id": "never", "title": "Never", "messages": ["b"]},
        {"id": "typo", "title": "Typo", "messages": ["c"], "when": {"groups": ["te"]}},
        {"id": "twin1", "messages": ["d"], "when": {"groups": ["tea"]}, "start": ["none"]},
        {"id": "twin2", "messages": ["e"], "when": {"groups": ["tea"]}},
    ):
        await scripts.save(data, "ann")
    client = await ann.client.get("/welcomes", headers={"Accept-Language": "en"})
    page = words(await client.text())
    notes = {
        problem.key: str(problem.said)
        for one in await scripts.all()
        for problem in await _lint(house, one.script.id)
    }
    assert notes["when"] == 'it never applies: "Wide" always goes before it'
    assert notes["when.groups[0]"] == 'there is no group "te"; did you mean "tea"?'
    assert notes["priority"].startswith('"twin1" is equally close')
    assert notes["start[0]"] == 'there is no SOP "none"'
    assert "Wide" in page


async def _lint(house: House, ident: str):  # type: ignore[no-untyped-def]
    from bot.welcome.lint import Known, lint

    listed = await house.rooms.welcomes.scripts.all()
    can = {name: c for name, _, _, c in house.community.app.switchboard.gateways()}
    known = Known((), (), {"sandbox/tea": "茶友会"}, can, ())
    found = next(one.script for one in listed if one.script.id == ident)
    return lint(found, listed, known) if not ident.startswith("settings") else []


async def test_viewers_read_and_change_nothing(house: House, ann: Visitor) -> None:
    await house.rooms.welcomes.scripts.save({"id": "spring", "messages": ["hi"]}, "ann")
    eve = await house.operator("eve", "viewer")
    assert "spring" in await eve.get("/welcomes")
    assert "hi" in await eve.get("/welcomes/spring")
    assert (await eve.post("/welcomes/spring", {**FORM, "do": "save"})).status == 403
    assert (await eve.post("/welcomes/spring/remove", {})).status == 403


async def test_the_preview_follows_while_one_writes(
    house: House, ann: Visitor, browser: Browser
) -> None:
    page = await browser.new_page()
    await page.goto(f"{house.url}/login")
    await page.fill("[name=name]", "ann")
    await page.fill("[name=password]", PASSWORD)
    await page.press("[name=password]", "Enter")
    await page.wait_for_url(f"{house.url}/")
    await page.goto(f"{house.url}/welcomes/new")
    await page.fill("[name='s0.m0.text']", "你好 {{ member.name }}！")
    await page.click("text=Try it as somebody else")
    await page.fill("[name='try.name']", "小华")
    await expect(page.locator("#check")).to_contain_text("你好 小华！")
    text = page.locator("[name='s0.m0.text']")
    await text.press_sequentially("{{ membr }}")
    wrong = page.locator("label:has([name='s0.m0.text']) .wrong")
    await expect(wrong).to_contain_text("member")
    await text.fill("")
    await page.click("text=the member's name")
    await expect(text).to_have_value("{{ member.name }}")
    await expect(wrong).to_have_count(0)
    await page.close()


async def test_a_newcomer_presses_the_button_in_the_sandbox(
    house: House, ann: Visitor, browser: Browser
) -> None:
    gate = {"text": "{{ member.name }}，点一下", "button": "我是人"}
    data = {"id": "gated", "messages": ["欢迎 {{ member.name }}"], "gate": gate}
    await house.rooms.welcomes.scripts.save(data, "ann")
    await house.community.member("u7", "小七").joins(await house.community.group("tea"))
    page = await browser.new_page()
    await page.goto(f"{house.url}/sandbox#as=u7&chat=g%3Atea")
    await page.get_by_role("button", name="我是人", exact=True).click()
    await expect(page.get_by_role("button", name="我是人", exact=True)).to_have_count(0)
    await house.community.passes(seconds=5)
    await expect(page.locator("#log")).to_contain_text("欢迎 小七")
    await page.close()


async def test_a_new_form_complains_of_nothing_before_anything_is_tried(ann: Visitor) -> None:
    page = await ann.get("/welcomes/new")
    assert 'class="problem"' not in page
    assert "wrong" not in page
    empty = {**FORM, "id": "", "s0.m0.text": ""}
    live = await (await ann.post("/welcomes/check", empty)).text()
    assert 'class="problem"' not in live  # as long as it is only being written
    typing = await (await ann.post("/welcomes/check", {**empty, "s0.m0.text": "{{ x }}"})).text()
    assert "s0.m0.text" in typing
    assert "Message 1 · Text: " in words(typing)
    tried = await (await ann.post("/welcomes/new", {**empty, "do": "look"})).text()
    assert 'name="tried"' in tried
    live = await (await ann.post("/welcomes/check", {**empty, "tried": "1"})).text()
    assert 'class="problem"' in live


async def test_a_script_of_the_settings_is_opened_as_a_copy(house: House, ann: Visitor) -> None:
    scripts = house.rooms.welcomes.scripts
    configured = [one.script.id for one in await scripts.all() if not one.stored]
    assert f'href="/welcomes/new?from={configured[0]}"' in await ann.get("/welcomes")
    await scripts.save({"id": "spring", "title": "春", "messages": ["来了"]}, "ann")
    assert 'href="/welcomes/new?from=spring"' in await ann.get("/welcomes/spring")
    page = unescape(await ann.get("/welcomes/new?from=spring"))
    for said in ("来了", 'value="春"', 'value="spring-2"'):
        assert said in page
    await scripts.save({"id": "spring-2", "messages": ["来了"]}, "ann")
    assert 'value="spring-3"' in await ann.get("/welcomes/new?from=spring")
    assert 'name="id" value=""' in await ann.get("/welcomes/new?from=nothing")


async def test_texts_are_compared_by_what_came_of_them(house: House, ann: Visitor) -> None:
    scripts = house.rooms.welcomes.scripts
    assert 'id="variants"' not in await ann.get("/welcomes")
    texts = {"text": "A {{ member.name }}", "variants": ["B {{ member.name }}"]}
    await scripts.save({"id": "spring", "messages": [texts], "window": "0s"}, "ann")
    tea = await house.community.group("tea")
    for n in range(6):
        await house.community.member(f"v{n}").joins(tea)
        await house.community.passes(seconds=1)
    page = words(await ann.get("/welcomes"))
    rows = re.findall(r"1([AB]) . {{ member.name }} (\d+) – (\d+) 100.0 %", page)
    assert [name for name, _, _ in rows] == ["A", "B"]
    assert sum(int(got) for _, got, _ in rows) == sum(int(stayed) for *_, stayed in rows) == 6


async def test_what_newcomers_must_do_is_kept_as_it_was_written(house: House, ann: Visitor) -> None:
    gate = {"gate.ask": "number", "gate.text": "{{ number }}?", "gate.mute": "on"}
    gate |= {"gate.within": "5m", "gate.otherwise": "remove"}
    said = words(await (await ann.post("/welcomes/check", {**FORM, **gate})).text())
    assert "before the welcome · to the group 1234?" in said
    assert (await ann.post("/welcomes/new", {**FORM, **gate, "do": "save"})).status == 303
    found = await house.rooms.welcomes.scripts.get("spring")
    assert found is not None
    assert found.script.gate is not None
    assert (found.script.gate.ask, found.script.gate.mute) == ("number", True)
    page = await ann.get("/welcomes/spring")
    assert re.search(r'name="gate.mute" value="on" checked', page)
    assert "can keep newcomers from speaking" in words(page)  # no gateway here can
