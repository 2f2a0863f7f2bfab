"""The editor of templates in the console: the form, the source, and who may."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from multidict import MultiDict
from playwright.async_api import Browser, expect

from bot.console.pages.sop_form import Form, field_of
from bot.sop.templates.manuscript import toml
from tests.console.conftest import PASSWORD
from tests.console.editing import NAMES, TEA, fields, library, post, tea, upload
from tests.console.house import House, people

# the form


@pytest.mark.parametrize("name", NAMES)
def test_a_template_survives_the_form(name: str) -> None:
    template = library().get(name)
    form = Form.of(template, "zh")
    posted: MultiDict[str] = MultiDict(form.head)
    for letter, rows in (("p", form.parameters), ("s", form.steps)):
        for number, row in enumerate(rows):
            for key, value in row.items():
                texts = value.split() if key == "weekly" else [value]
                for text in texts:
                    posted.add(f"{letter}{number}.{key}", text.replace("\n", "\r\n"))
    assert library().parse(toml(Form.posted(posted).data), name) == template


async def test_a_manager_changes_a_text_and_saves(house: House) -> None:
    await tea(house)
    visitor = await house.operator("ann", "manager")
    page = unescape(await visitor.get("/sops/templates/tea-week/edit"))
    assert "Hello {{ member.name }}" in page
    assert "Hello Ada" in page  # as it will read
    form = fields(s1__en="How was the tea?\r\nA line is enough.")
    assert await post(visitor, "/sops/templates/tea-week/edit", form) == (
        303,
        "/sops/templates/tea-week",
    )
    shelf = house.rooms.sops.shelf
    step = (await shelf.get("tea-week")).step[1]
    assert step.text == "How was the tea?\nA line is enough."
    assert (await shelf.find("tea-week")).text.startswith("# Ours.\n")
    audit = await house.console.audit.recent()
    change = audit[0][1]
    assert (change.who, change.what, change.on) == ("ann", "template.saved", "tea-week")
    assert "How was it?" in change.before["state"]
    assert "A line is enough." in change.after["state"]


async def test_what_is_wrong_stands_at_its_field_and_nothing_is_saved(house: House) -> None:
    await tea(house)
    visitor = await house.operator("ann", "manager")

    async def wrong(field: str, **changed: str) -> str:
        """What is said beside a field."""
        status, page = await post(visitor, "/sops/templates/tea-week/edit", fields(**changed))
        assert status == 422
        assert f'data-wrong="{field}"' in page
        return page.split(f'name="{field}"')[1].split("</label>")[0]

    said = await wrong("s0.en", s0__en="Hello\n{{ member.nmae }}")
    assert "line 2: there is no value in member nmae" in said
    assert "expected seconds, or a duration" in await wrong("s1.offset", s1__offset="soon")
    assert 'did you mean "ask"?' in await wrong("s2.if", s2__if="step:aks/replied")
    assert "expected a rate" in await wrong("rate", rate="many")
    assert "Say what it says." in await wrong("s0.zh", s0__en=" ")
    assert "Give it a title." in await wrong("title.zh", title__en="")
    assert (await house.rooms.sops.shelf.find("tea-week")).version == 1


async def test_steps_are_added_moved_copied_and_removed_without_javascript(house: House) -> None:
    await tea(house)
    visitor = await house.operator("ann", "manager")

    async def ids(do: str) -> list[str]:
        status, page = await post(visitor, "/sops/templates/tea-week/edit", fields(do=do))
        assert status == 200
        return re.findall(r'name="s\d+\.id" value="([^"]*)"', page)

    assert await ids("up:1") == ["ask", "hello", "thanks"]
    assert await ids("down:1") == ["hello", "thanks", "ask"]
    assert await ids("copy:1") == ["hello", "ask", "ask-2", "thanks"]
    assert await ids("remove:0") == ["ask", "thanks"]
    assert await ids("add:message") == ["hello", "ask", "thanks", "step-4"]
    assert await ids("up:0") == await ids("remove:99") == ["hello", "ask", "thanks"]
    assert (await house.rooms.sops.shelf.find("tea-week")).version == 1


def test_a_new_step_comes_a_day_after_the_last_at_the_same_time() -> None:
    form = Form.of(library().parse(TEA, "tea"), "en").changed("add:message")
    data = form.data["step"][-1]
    assert (data["after"], data["at"]) == ("3d", "20:00")
    waiting = form.changed("add:wait").data["step"][-1]
    assert waiting["follows"] == "step-4"


def test_a_step_keeps_its_followers_when_it_is_called_otherwise() -> None:
    form = Form.of(library().parse(TEA, "tea"), "en")
    posted: MultiDict[str] = MultiDict(form.head)
    for number, row in enumerate(form.steps):
        for key, value in {**row, "was": row["id"]}.items():
            posted.add(f"s{number}.{key}", value)
    posted["s1.id"] = "question"
    template = library().parse(toml(Form.posted(posted).data), "tea")
    assert template.step[2].follows == "question"
    assert str(template.step[2].condition) == "step:question/replied"


@pytest.mark.parametrize(
    ("key", "field"),
    [
        ("step[1].text.zh", "s1.zh"),
        ("step[0].text", "s0.en"),
        ("step[0].missed.send_late", "s0.late"),
        ("step[2].variant[1].text.en", "s2.v1.en"),
        ("step[2].branch[0].if", "s2.b0.if"),
        ("step[2].before", "s2.offset"),
        ("step[2].wait.most", "s2.most"),
        ("guards.rate", "rate"),
        ("anchor.date", "anchor.date"),
        ("title", "title.zh"),
        ("parameters.tea.default", ""),
    ],
)
def test_every_problem_finds_its_field(key: str, field: str) -> None:
    assert field_of(key, Form.of(library().parse(TEA, "tea"), "en")) == field


async def test_a_new_template_is_laid_out_from_nothing(house: House) -> None:
    visitor = await house.operator("ann", "author")
    page = await visitor.get("/sops/templates/new/edit")
    assert 'name="called"' in page
    form = {
        "called": "hello-week",
        "base": "0",
        "do": "save",
        "anchor": "joined",
        "title.en": "Hello",
        "s0.id": "one",
        "s0.action": "message",
        "s0.offset": "1",
        "s0.offset.unit": "d",
        "s0.at": "20:00",
        "s0.en": "Hi",
        "s0.zh": "你好",
    }
    status, where = await post(visitor, "/sops/templates/new/edit", form)
    assert (status, where) == (303, "/sops/templates/hello-week")
    template = await house.rooms.sops.shelf.get("hello-week")
    assert (template.title, template.step[0].after) == ("Hello", 86_400.0)
    status, page = await post(visitor, "/sops/templates/new/edit", {**form, "called": "birthday"})
    assert status == 422
    assert "Another template is called this." in page


async def test_of_two_editors_the_second_is_told_and_may_still_save(house: House) -> None:
    await tea(house)
    ann, bob = await house.operator("ann", "manager"), await house.operator("bob", "manager")
    path = "/sops/templates/tea-week/edit"
    assert (await post(ann, path, fields(s0__en="From Ann")))[0] == 303
    status, page = await post(bob, path, fields(s0__en="From Bob"))
    assert status == 422
    assert "Somebody else saved this template meanwhile." in page
    assert "From Bob" in page
    assert (await house.rooms.sops.shelf.get("tea-week")).step[0].text == "From Ann"
    base = re.search(r'name="base" value="(\d+)"', page)
    assert base
    assert (await post(bob, path, fields(s0__en="From Bob", base=base[1])))[0] == 303


async def test_a_draft_is_checked_and_previewed_for_a_gateway(house: House) -> None:
    visitor = await house.operator("ann", "manager")
    text = "{{ card('https://tea.example', 'Tea', 'Leaves') }}Hello {{ member.name }}"
    form = fields(s0__en=text, s0__if="tag:vip and not active:7d", see="onebot11")
    status, part = await post(visitor, "/sops/templates/check", form)
    assert status == 200
    assert "<html" not in part
    assert "Nothing is wrong with it." in part
    assert "members who are tagged “vip” but have not spoken in the last 7 days" in part
    assert 'class="lost"' in part
    status, part = await post(visitor, "/sops/templates/check", {**form, "see": "wecom"})
    assert "a staff member must tap to send it" in part


# the source


async def test_the_source_is_edited_with_located_errors(house: House) -> None:
    await tea(house)
    visitor = await house.operator("ann", "manager")
    assert "# Ours." in await visitor.get("/sops/templates/tea-week/source")
    path = "/sops/templates/tea-week/source"
    wrong = {"text": TEA.replace('"joined"', '"jonied"'), "base": "1"}
    status, page = await post(visitor, path, wrong)
    assert status == 422
    assert "tea-week.toml:3" in page
    right = {"text": TEA.replace("Tea week", "Tea days"), "base": "1"}
    assert (await post(visitor, path, right))[0] == 303
    assert (await house.rooms.sops.shelf.get("tea-week")).title == "Tea days"
    assert (await post(visitor, path, right))[0] == 422  # based on a version that is not the newest


async def test_a_viewer_changes_nothing(house: House) -> None:
    await tea(house)
    visitor = await house.operator("ann", "viewer")
    assert (await visitor.status("/sops/templates/tea-week/edit"))[0] == 403
    assert (await post(visitor, "/sops/templates/tea-week/edit", fields()))[0] == 403
    assert (await post(visitor, "/sops/templates/tea-week/delete", {}))[0] == 403
    assert (await upload(visitor, "x.toml", TEA.encode()))[0] == 403


# in a browser


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 390), ("en-US", 1280)])
async def test_a_manager_lays_out_a_step_and_sees_it_while_writing(
    house: House, browser: Browser, pictures: Path, language: str, width: int
) -> None:
    await tea(house)
    await people(house, 3)
    await house.operator("ann", "manager")
    context = await browser.new_context(
        base_url=house.url, locale=language, viewport={"width": width, "height": 844}
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda e: complaints.append(str(e)))
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    await page.goto("/login")
    await page.fill("input[name=name]", "ann")
    await page.fill("input[name=password]", PASSWORD)
    await page.click("main button")
    await page.goto("/sops/templates/tea-week/edit")
    await page.click("button[value='add:message']")
    step = page.locator("#s3")
    await expect(step.locator("textarea[name='s3.en']")).to_be_visible()
    await expect(step.locator("[name='s3.task.en']")).to_be_hidden()
    await expect(step.locator("[name='s3.lunar']")).to_be_hidden()
    await page.fill("textarea[name='s3.en']", "See you, ")
    await step.locator("[data-insert*='member.name']").click()
    await expect(page.locator("#see-3 .said")).to_contain_text("See you, ")
    await expect(step.locator(".bytes").first).to_contain_text("bytes" if width > 400 else "")
    await page.fill("textarea[name='s3.en']", "See you, {{ nobody }}")
    await expect(step.locator(".wrong")).to_be_visible()
    await page.fill("textarea[name='s3.en']", "See you, {{ member.name }}")
    await expect(step.locator(".wrong")).to_have_count(0)
    await page.locator("summary:has(+ * [name=blackout])").click()
    await page.fill("[name=blackout]", "2026-06-20/2026-06-21")
    fix = page.locator("#plan button[name=fix]")
    await expect(fix).to_contain_text("2026-06-20 – 2026-06-21")
    await expect(page.locator("#plan .hint").first).to_contain_text("3")
    await fix.scroll_into_view_if_needed()
    await page.screenshot(path=pictures / f"editor-plan-{language}-{width}.png")
    await fix.click()
    await expect(page.locator(".notice")).to_contain_text("2026-06-20")
    await expect(page.locator("[name=blackout]")).to_have_value("")
    await expect(page.locator("textarea[name='s3.en']")).to_have_value("See you, {{ member.name }}")
    await expect(page.locator("#plan .findings")).to_have_count(0)
    await page.screenshot(path=pictures / f"editor-{language}-{width}.png", full_page=True)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await page.click("button[value=save]")
    await expect(page.locator(".notice")).to_be_visible()
    await expect(page.locator(".timeline")).to_contain_text("See you, {{ member.name }}")
    assert complaints == []
    await context.close()
