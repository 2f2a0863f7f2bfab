"""Templates in the console: the library, the timeline, the editor, import and export."""

from __future__ import annotations

import re
from collections.abc import Collection
from html import unescape
from pathlib import Path

import pytest
from aiohttp import FormData
from multidict import MultiDict
from playwright.async_api import Browser, expect

from bot.console.pages import sop_editor_plan
from bot.console.pages.sop_form import Form, field_of
from bot.console.pages.sop_form_fix import mended
from bot.links.probe import LinkHealth
from bot.routing.template import Templates
from bot.routing.writer import Writer
from bot.sop.check.fixes import ShiftTime, SplitText
from bot.sop.templates.library import Library
from bot.sop.templates.manuscript import toml
from tests.console.conftest import PASSWORD, Visitor
from tests.console.house import House, people
from tests.sop.town import FIGURES

TEA = """# Ours.
title = "Tea week"
anchor = "joined"

[[step]]
id = "hello"
after = "0d"
at = "20:00"
text = "Hello {{ member.name }}"

[[step]]
id = "ask"
after = "2d"
at = "20:00"
text = "How was it?"

[[step]]
id = "thanks"
follows = "ask"
after = "1h"
if = "step:ask/replied"
text = "Thank you"
"""


FOLDER = Path(__file__).parents[2] / "sop_templates"
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))


def library() -> Library:
    templates = Templates()
    return Library(FOLDER, templates, [*Writer(templates, FIGURES).names, "link"])


async def tea(house: House) -> None:
    await house.rooms.sops.shelf.add("tea-week", TEA, "ann")


def fields(name: str = "tea-week", **changed: str) -> dict[str, str]:
    """What a browser posts of the tea week's form, with some fields written over."""
    form = Form.of(library().parse(TEA, name), "en")
    found = {**form.head, "base": "1", "do": "save"}
    for letter, rows in (("p", form.parameters), ("s", form.steps)):
        for number, row in enumerate(rows):
            found |= {f"{letter}{number}.{key}": value for key, value in row.items()}
    return found | {key.replace("__", "."): value for key, value in changed.items()}


async def post(visitor: Visitor, path: str, form: dict[str, str]) -> tuple[int, str]:
    data = {**form, "csrf": await visitor.csrf()}
    async with visitor.client.post(path, data=data, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", "") + unescape(await answer.text())


async def upload(visitor: Visitor, name: str, content: bytes, called: str = "") -> tuple[int, str]:
    data = FormData()
    data.add_field("csrf", await visitor.csrf())
    data.add_field("name", called)
    data.add_field("file", content, filename=name)
    path = "/sops/templates/import"
    async with visitor.client.post(path, data=data, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", "") + unescape(await answer.text())


# the library


async def test_a_template_is_shown_as_a_card_and_as_a_timeline(house: House) -> None:
    visitor = await house.operator("ann", "viewer")
    page = unescape(await visitor.get("/sops/templates"))
    for words in ("A new member's first week", "When not", "6 steps · 7 days"):
        assert words in page
    page = unescape(await visitor.get("/sops/templates/new_member_week"))
    for words in (
        "3 days later",
        "20:00–21:00",
        "up to 6 hours late",
        "good to have you here",
        "欢迎来到",
    ):
        assert words in page
    waits = page.index("Waits for a reply, at most 2 days")
    assert waits < page.index("it came</span> 1 minute later")
    assert "/sops/start" not in page  # a viewer starts nothing
    assert "/edit" not in page


async def test_the_library_is_searched_by_title_name_and_purpose(house: House) -> None:
    visitor = await house.operator("ann", "manager")
    page = await visitor.get("/sops/templates?q=leap")
    assert "birthday" not in page
    page = await visitor.get("/sops/templates?q=生日")
    assert 'id="birthday"' in page
    assert 'id="webinar"' not in page
    assert "No template fits" in await visitor.get("/sops/templates?q=zebra")


async def test_an_exported_template_can_be_imported_under_another_name(house: House) -> None:
    visitor = await house.operator("ann", "manager")
    async with visitor.client.get("/sops/templates/survey/export") as answer:
        content = await answer.read()
        assert answer.headers["Content-Disposition"] == 'attachment; filename="survey.toml"'
    status, said = await upload(visitor, "survey.toml", content)
    assert status == 422
    assert "Another template is called this." in said
    status, where = await upload(visitor, "survey.toml", content, "my-survey")
    assert (status, where) == (303, "/sops/templates/my-survey")
    shelf = house.rooms.sops.shelf
    assert await shelf.get("my-survey") == await shelf.get("survey")
    assert (await shelf.find("my-survey")).text == content.decode()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (TEA.replace("member.name", "member.nmae").encode(), "bad.toml:9"),
        (TEA.encode().replace(b"Thank", b"\xff"), "bad.toml:22"),
        (b"", "Choose a .toml file."),
        (b"#" * 263_000, "The file has more than 256 kB."),
    ],
)
async def test_an_import_with_mistakes_says_where_and_keeps_nothing(
    house: House, content: bytes, words: str
) -> None:
    visitor = await house.operator("ann", "manager")
    status, said = await upload(visitor, "bad.toml", content)
    assert status == 422
    assert words in said
    assert "bad" not in await house.rooms.sops.shelf.names()
    assert (await upload(visitor, "bad.toml", b"#" * 400_000))[0] == 413


async def test_a_copy_is_made_changed_and_taken_away(house: House) -> None:
    visitor = await house.operator("ann", "manager")
    status, where = await post(
        visitor, "/sops/templates/birthday/duplicate", {"to": "birthday-vip"}
    )
    assert (status, where) == (303, "/sops/templates/birthday-vip/edit")
    status, said = await post(visitor, "/sops/templates/birthday/duplicate", {"to": "Birthday 2"})
    assert status == 422
    assert "Expected lower-case letters" in said
    assert "your own, version 1" in await visitor.get("/sops/templates/birthday-vip")
    await post(visitor, "/sops/templates/birthday-vip/delete", {})
    assert (await visitor.status("/sops/templates/birthday-vip"))[0] == 404
    assert "Version 1" in await visitor.get("/sops/templates/birthday-vip/history")
    await post(visitor, "/sops/templates/birthday-vip/restore", {"version": "1"})
    assert (await visitor.status("/sops/templates/birthday-vip"))[0] == 200


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


# the plan check of a draft

FIX = re.compile(r'name="fix" value="(\{.*?\})"')
TALK = {
    "base": "0",
    "called": "talk",
    "do": "look",
    "anchor": "calendar",
    "to": "group",
    "title.en": "Talk",
    "blackout": "2026-06-24/2026-06-26",
    "s0.id": "invite",
    "s0.action": "message",
    "s0.cycle": "weekly",
    "s0.weekly": "wed",
    "s0.at": "12:00",
    "s0.en": "Come to the talk",
    "s1.id": "talk",
    "s1.action": "message",
    "s1.cycle": "every",
    "s1.every": "0 12 * * 3",
    "s1.en": "We begin",
}


async def plan(visitor: Visitor, **changed: str) -> str:
    """What is said of the talk's plan, in a part of the page."""
    form = TALK | {"do": ""} | {key.replace("__", "."): text for key, text in changed.items()}
    status, part = await post(visitor, "/sops/templates/plan", form)
    assert status == 200
    assert "<html" not in part
    return part


async def test_what_would_go_wrong_stands_at_its_step(house: House) -> None:
    await people(house, 3)
    visitor = await house.operator("ann", "author")
    part = await plan(visitor)
    assert "As of now: 3 groups" in part
    step = part.split("Step 2, talk")[1]
    assert "2026-06-24 is a blackout date: it waits until 2026-06-27" in step
    assert "Take 2026-06-24 – 2026-06-26 out of the blackout dates" in step
    part = await plan(visitor, blackout="")
    assert "blackout" not in part


async def test_a_draft_is_no_plan_while_something_is_wrong_with_it(house: House) -> None:
    visitor = await house.operator("ann", "author")
    part = await plan(visitor, s0__en="{{ nobody }}")
    assert "It is checked once nothing is wrong with the template." in part
    assert "Step" not in part


async def test_a_draft_is_checked_for_whom_its_author_assumes(house: House) -> None:
    await people(house, 4)
    visitor = await house.operator("ann", "author")
    assert "As of now: 4 members" in await plan(visitor, to="member")
    assert "As of now: 3 groups" in await plan(visitor, **{"for": "everyone"})  # it is for groups
    one = {"for": "expression", "for__expression": "group:sandbox/tea"}
    assert "As of now: 1 group" in await plan(visitor, **one)
    nobody = {"for": "expression", "for__expression": "tag:opt-out"}
    assert "Nobody is in the audience now" in await plan(visitor, to="member", **nobody)
    assert "Say who it is for." in await plan(visitor, **{"for": "expression"})
    wrong = await plan(visitor, **{"for": "expression", "for__expression": "grup:tea"})
    assert 'did you mean "group"?' in wrong


async def test_what_is_asked_at_the_start_is_made_up_in_a_draft(house: House) -> None:
    await people(house, 3)
    visitor = await house.operator("ann", "author")
    asked = {"p0.name": "day", "p0.type": "date", "p1.name": "guide", "p1.type": "url"}
    dated = {"s0.side": "before", "s0.offset": "20", "s1.at": "12:00", "s1.en": "{{ link(guide) }}"}
    form = {**asked, **dated, "anchor": "date", "anchor.date": "day", "blackout": ""}
    part = await plan(visitor, **form)
    words = re.sub(r"<[^>]*>", "", part)
    assert "Made up for now: day 2026-07-09, guide https://example.com/guide" in words
    assert "Its time is past" not in part
    assert "Check the links too" in part


async def test_links_are_asked_only_when_a_button_says_so(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await people(house, 3)
    visitor = await house.operator("ann", "author")
    asked: list[str] = []

    async def probe(urls: Collection[str]) -> dict[str, LinkHealth]:
        asked.extend(urls)
        return {url: LinkHealth(url=url, verdict="gone", detail="404") for url in urls}

    monkeypatch.setattr(house.rooms.plan_check, "_probe", probe)
    form = {
        "p0.name": "guide",
        "p0.type": "url",
        "s0.en": "{{ link(guide) }} {{ link('https://tea.example/old') }}",
    }
    assert "leads nowhere" not in await plan(visitor, **form)
    assert asked == []
    part = await plan(visitor, do="links", **form)
    assert asked == ["https://tea.example/old"]
    assert "https://tea.example/old leads nowhere" in part.split("Step 1, invite")[1]
    assert "The links were checked too." in part


async def test_a_plan_that_takes_long_to_check_does_not_hold_up_its_author(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await people(house, 3)
    visitor = await house.operator("ann", "author")
    monkeypatch.setattr(sop_editor_plan, "LIVE", 0.0)
    assert "it is not done while you write" in await plan(visitor)
    assert "is a blackout date" in await plan(visitor, do="look")


async def test_a_fix_changes_the_draft_and_saves_nothing(house: House) -> None:
    await people(house, 3)
    visitor = await house.operator("ann", "author")
    status, page = await post(visitor, "/sops/templates/new/edit", TALK)
    assert status == 200
    fix = FIX.search(page)
    assert fix
    form = {**TALK, "do": "", "fix": fix[1]}
    status, page = await post(visitor, "/sops/templates/new/edit", form)
    assert status == 200
    assert "Done in the draft, not saved yet: Take 2026-06-24 – 2026-06-26 out" in page
    assert "2026-06-24/2026-06-26</textarea>" not in page
    assert "is a blackout date" not in page
    assert 'value="talk"' in page  # the name it is to have
    assert "talk" not in await house.rooms.sops.shelf.names()
    for spent in ({**form, "blackout": ""}, {**form, "fix": "{}"}, {**form, "s0.en": " "}):
        status, page = await post(visitor, "/sops/templates/new/edit", spent)
        assert status == 422
        assert "This change fits no more" in page
        assert "We begin" in page


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_fix_touches_only_what_it_is_about(language: str) -> None:
    text = toml(Form.posted(MultiDict({**TALK, "s0.en": "One. " * 30})).data)
    template = library().parse(text, "talk")
    posted = {**TALK, "s0.en": "One. " * 30, "s0.until": "", "s1.v0.en": "kept, though unused"}
    form = Form.posted(MultiDict(posted))
    split = mended(form, template, SplitText(step="invite", limit=80), language)
    assert [step["id"] for step in split.steps] == ["invite", "invite-2", "talk"]
    assert [step.get("zh", "") for step in split.steps] == ["", "", ""]
    assert all(len(step["en"]) <= 80 for step in split.steps)
    assert split.steps[2] == form.steps[1]
    assert library().parse(toml(split.data), "talk").step[1].follows == "invite"
    later = mended(form, template, ShiftTime(step="talk", minutes=30), language)
    assert later.steps == (form.steps[0], {**form.steps[1], "every": "30 12 * * 3"})


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
