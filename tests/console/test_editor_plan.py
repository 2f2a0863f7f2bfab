"""The plan check of a draft beside its form, and fixes that change the draft."""

from __future__ import annotations

import re
from collections.abc import Collection

import pytest
from multidict import MultiDict

from bot.console.pages import sop_editor_plan
from bot.console.pages.sop_form import Form
from bot.console.pages.sop_form_fix import mended
from bot.links.probe import LinkHealth
from bot.sop.check.fixes import ShiftTime, SplitText
from bot.sop.templates.manuscript import toml
from tests.console.conftest import Visitor
from tests.console.editing import library, post
from tests.console.house import House, people

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
