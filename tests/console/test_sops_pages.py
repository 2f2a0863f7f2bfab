"""SOPs in the console: templates, starting with a preview, steering, results with names."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from bot.sop.outcomes.report import PEOPLE
from bot.store.effects import Effects
from tests.console.house import CONFIG, House, opened, passes, people

TARGETS = re.compile(r'href="(/sops/[^"]+/targets\?run=[^"]+)">(.*?)</a>', re.DOTALL)
NOTICE = {"template": "announcement", "kind": "all-groups"}


def numbers(page: str) -> dict[str, int]:
    """Where each number of the runs' rows leads, and the number."""
    found = {}
    for href, told in TARGETS.findall(page):
        if href.rpartition("=")[2] in PEOPLE:
            continue
        digits = re.sub(r"\D", "", re.sub(r"<[^>]+>", "", told))
        found[unescape(href)] = int(digits)
    return found


async def test_a_template_is_shown_as_the_steps_it_will_send(house: House) -> None:
    page = await (await house.operator("ann", "viewer")).get("/sops/templates/weekly_tips")
    assert "Wed 20:00" in page
    assert "/sops/start" not in page  # a viewer starts nothing
    page = await (await house.operator("bob", "manager")).get("/sops/templates/birthday")
    assert "/sops/start?template=birthday" in page


async def test_a_template_file_with_mistakes_says_where_they_are(
    valkey: str, tmp_path: Path
) -> None:
    good = '[[step]]\nid = "one"\nevery = "0 9 * * 1"\ntext = "hi"\n'
    head = 'title = "Mine"\nanchor = "calendar"\n'
    (tmp_path / "mine.toml").write_text(head + good, encoding="utf-8")
    config = f"sop_templates = {str(tmp_path)!r}\n{CONFIG}"
    async with opened(valkey, "broken", config) as house:
        broken = head + good.replace("0 9 * * 1", "0 99 * * 1").replace('"hi"', '"{{ nme }}"')
        (tmp_path / "mine.toml").write_text(broken, encoding="utf-8")
        visitor = await house.operator("ann", "manager")
        page = await visitor.get("/sops/templates")
        assert "mine.toml:5" in page
        assert "mine.toml:6" in page
        assert "step[0].every" in page
        assert (await visitor.status("/sops/start?template=mine"))[0] == 404


async def test_a_manager_previews_an_sop_for_a_real_group_and_starts_it(house: House) -> None:
    await people(house, 6)
    visitor = await house.operator("ann", "manager")
    form = {**NOTICE, "p-text": "Tea at three <b>!", "who": "2"}
    async with visitor.client.post(
        "/sops/start", data={**form, "do": "preview", "csrf": await visitor.csrf()}
    ) as answer:
        page = await answer.text()
    assert "📢 Tea at three &lt;b&gt;!" in page
    assert "As of now: 3 groups" in page
    assert await house.rooms.sops.all() == []
    answer = await visitor.post("/sops/start", {**form, "do": "start", "name": "tea-time"})
    assert answer.headers["Location"] == "/sops/tea-time"
    page = await visitor.get("/sops/tea-time")
    assert "running" in page
    assert "📢 Tea at three" in page
    assert "One-off announcement" in await visitor.get("/sops/upcoming?days=1")
    ((_, change),) = await house.console.audit.recent(limit=1)
    assert (change.who, change.what, change.on) == ("ann", "sop.started", "sop tea-time")


async def test_the_preview_is_written_for_the_member_who_is_asked_for(house: House) -> None:
    await people(house, 6)
    visitor = await house.operator("ann", "manager")
    form = {"template": "new_member_week", "kind": "all-groups", "language": "en"}
    token = {"csrf": await visitor.csrf()}
    for who, status, words in (("u2", 200, "韩梅梅, good to"), ("#4", 200, "Ada Lovelace, good")):
        async with visitor.client.post("/sops/start", data={**form, **token, "who": who}) as got:
            assert got.status == status
            assert words in await got.text()
    async with visitor.client.post("/sops/start", data={**form, **token, "who": "nobody"}) as got:
        assert got.status == 422
        assert "Nobody fits." in await got.text()


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"p-day": "soon"}, "expected a date such as 2026-10-01"),
        ({"p-text": ""}, "missing; expected text"),
        ({"name": "Tea Time"}, "expected a name of lower-case letters"),
        ({"kind": "groups"}, "Choose at least one group."),
        ({"kind": "tag", "tag": "vip"}, "expected groups"),
        ({"p-day": "2020-01-01", "p-time": "08:00"}, "time is past"),
    ],
)
async def test_what_is_wrong_is_told_beside_its_field_and_nothing_starts(
    house: House, form: dict[str, str], told: str
) -> None:
    await people(house, 3)
    visitor = await house.operator("ann", "manager")
    given = {**NOTICE, "p-text": "typed with care", "do": "start", **form}
    async with visitor.client.post(
        "/sops/start", data={**given, "csrf": await visitor.csrf()}
    ) as answer:
        page = await answer.text()
        assert answer.status == 422
    assert told in unescape(page)
    if "p-text" not in form:
        assert "typed with care" in page
    assert await house.rooms.sops.all() == []


async def test_an_sop_is_paused_resumed_and_stopped_after_a_question(house: House) -> None:
    await people(house, 3)
    await house.rooms.sops.start("weekly_tips", "all-groups", "ann")
    visitor = await house.operator("ann", "manager")
    await visitor.post("/sops/weekly_tips/pause", {})
    assert "It is paused: nothing goes out." in await visitor.get("/sops/weekly_tips")
    await visitor.post("/sops/weekly_tips/resume", {})
    assert (await house.rooms.sops.get("weekly_tips")).state == "running"
    assert "Stop it for good?" in await visitor.get("/sops/weekly_tips/stop")
    assert (await house.rooms.sops.get("weekly_tips")).state == "running"
    await visitor.post("/sops/weekly_tips/stop", {})
    assert (await house.rooms.sops.get("weekly_tips")).state in ("stopping", "stopped")
    await visitor.post("/sops/weekly_tips/resume", {})
    assert "Somebody else changed it just now" in await visitor.get("/sops/weekly_tips")
    told = [change.what for _, change in await house.console.audit.recent(limit=4)]
    assert told[:3] == ["sop.stopping", "sop.running", "sop.paused"]
    assert "Stopped an SOP" in await (await house.operator("root", "admin")).get("/audit")


async def test_a_viewer_looks_and_steers_nothing(house: House) -> None:
    await house.rooms.sops.start("weekly_tips", "all-groups", "ann")
    visitor = await house.operator("ann", "viewer")
    assert "/sops/weekly_tips/pause" not in await visitor.get("/sops/weekly_tips")
    for path in ("/sops/weekly_tips/pause", "/sops/weekly_tips/stop", "/sops/start"):
        assert (await visitor.post(path, {**NOTICE, "p-text": "hi", "do": "start"})).status == 403
    for path in ("/sops/weekly_tips/stop", "/sops/start?template=weekly_tips"):
        assert (await visitor.status(path))[0] == 403
    assert [sop.state for sop in await house.rooms.sops.all()] == ["running"]


async def test_every_number_of_the_results_opens_the_names_behind_it(house: House) -> None:
    persons = await people(house, 9)
    sops, tea = house.rooms.sops, await house.community.group("tea")
    await sops.start("new_member_week", "group:sandbox/tea", "ann", {"topic": "tea"})
    await sops.start("weekly_tips", "all-groups", "ann")
    house.clock.advance(60)
    for person in persons[:4]:
        await person.joins(tea)
    await persons[1].says("退订")
    for _ in range(20 * 6):  # windows spread them over the evening
        house.clock.advance(600)
        while await house.rooms.planner.tick():
            await house.community.settle()
        await house.community.settle()
    visitor = await house.operator("ann", "viewer")
    page = await visitor.get("/sops/new_member_week")
    opened = numbers(page)
    assert sum(n for href, n in opened.items() if "outcome=sent" in href) == 3
    assert sum(n for href, n in opened.items() if "outcome=skipped" in href) == 1
    for href, number in opened.items():
        names = re.findall(r'class="who" href="/members/', await visitor.get(href))
        assert len(names) == number, href
    skipped = next(href for href in opened if "opted" in href)
    assert "李雷" in await visitor.get(skipped)
    assert "李雷" not in await visitor.get(f"{skipped}&q=ada")
    opened = numbers(await visitor.get("/sops/weekly_tips"))
    for href, number in opened.items():
        assert (await visitor.get(href)).count('class="who" href="/groups/') == number == 3


async def test_the_list_tells_state_audience_next_time_and_results(house: House) -> None:
    await people(house, 3)
    await house.rooms.sops.start("weekly_tips", "group:sandbox/tea", "ann")
    effects = Effects(house.store.keys)
    effects.tag("vip", 1, house.clock.now())
    assert await house.store.apply(effects)
    await house.rooms.sops.start("birthday", "tag:vip", "ann")
    await passes(house, 1)
    page = await (await house.operator("ann", "viewer")).get("/sops")
    for words in ("茶友会 Tea", "19 Jun 18:00", "1 sent", "tagged “vip”", "nothing within 30 days"):
        assert words in page


async def test_many_sops_are_paged_and_found(house: House) -> None:
    for index in range(23):
        await house.rooms.sops.start("weekly_tips", "all-groups", "ann", name=f"tips-{index:02}")
    visitor = await house.operator("ann", "viewer")
    first = await visitor.get("/sops")
    onward = re.search(r'rel="next" href="([^"]+)"', first)
    assert onward
    second = await visitor.get(unescape(onward[1]))
    seen = re.findall(r'class="strong" href="/sops/(tips-\d+)"', first + second)
    assert len(seen) == len(set(seen)) == 23
    assert re.findall(r'href="/sops/(tips-\d+)"', await visitor.get("/sops?q=tips-07")) == [
        "tips-07"
    ]


async def test_addresses_nobody_made_are_answered_kindly(house: House) -> None:
    await house.rooms.sops.start("weekly_tips", "all-groups", "ann")
    visitor = await house.operator("ann", "manager")
    one = "/sops/weekly_tips"
    for path in (
        "/sops/nothing",
        "/sops/start",
        "/sops/start?template=../config",
        f"{one}/targets",
        f"{one}/targets?run=1/monday/x&outcome=anything",
        f"{one}/targets?run=9/monday/x&outcome=sent",
        f"{one}/targets?run=1&outcome=sent",
        f"{one}/targets?run=1/monday/x&outcome=sent",
    ):
        assert (await visitor.status(path))[0] == 404, path
    for path in (
        f"{one}?after=x",
        "/sops?after=-1",
        "/sops/upcoming?days=900&after=zz",
        "/sops?q=[",
    ):
        assert (await visitor.status(path))[0] == 200, path


async def test_empty_pages_say_what_to_do_next(house: House) -> None:
    visitor = await house.operator("ann", "manager")
    assert "To the templates" in await visitor.get("/sops")
    assert "Start one from a template" in await visitor.get("/sops/upcoming")
