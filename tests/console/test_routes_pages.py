"""Keyword routes in the console: tried, made, changed and removed."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote

import pytest

from tests.console.conftest import Visitor
from tests.console.house import House, people

RUN = {
    "old": "",
    "name": "跑步",
    "words": "跑步\nrunning",
    "mode": "contains",
    "group-0": "sandbox/running",
    "capacity-0": "200",
    "priority": "0",
}


async def filled(visitor: Visitor, form: dict[str, str]) -> tuple[int, str]:
    """Send the form, as its page shows it; status and page."""
    if form["old"] and "seen" not in form:
        shown = await visitor.get(f"/routes/edit?name={quote(form['old'])}")
        form = {**form, "seen": shown.split('name="seen" value="')[1].split('"')[0]}
    async with visitor.client.post(
        "/routes/edit", data={**form, "csrf": await visitor.csrf()}, allow_redirects=False
    ) as answer:
        return answer.status, unescape(await answer.text())


async def test_a_text_is_tried_and_the_winner_says_why(house: House) -> None:
    visitor = await house.operator("ann", "viewer")
    page = await visitor.get("/routes?say=我想进护肤喝茶群")
    winner, loser = page.split("护肤群</bdi>")[1].split("喝茶</bdi>")[:2]
    assert "wins" in winner
    assert "the text contains &#34;护肤&#34;" in winner
    assert "but a longer word matches" in loser
    assert "No route hears “天气”" in await visitor.get("/routes?say=天气")


async def test_what_nobody_answered_becomes_a_route_that_answers(house: House) -> None:
    (person, *_) = await people(house, 3)
    for _ in range(2):
        await person.says("一起跑步吗")
    visitor = await house.operator("ann", "manager")
    page = await visitor.get("/routes")
    assert "一起跑步吗" in page
    prefilled = re.search(r'href="(/routes/edit\?word=[^"]+)"', page)
    assert prefilled
    assert "一起跑步吗</textarea>" in await visitor.get(unescape(prefilled[1]))
    assert (await filled(visitor, RUN))[0] == 303
    await person.says("一起跑步吗")
    await house.community.direct(person).expects("Running club")
    page = await visitor.get("/routes")
    assert "1 asked" in page
    assert "1 shown the way" in page
    assert "一起跑步吗" not in page
    ((_, change),) = await house.console.audit.recent(limit=1)
    assert (change.what, change.on, change.before) == ("route.saved", "跑步", {})
    assert change.after["words"] == ["跑步", "running"]


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"words": "\n  \n"}, "that is not empty"),
        ({"mode": "regex", "words": "(", "synonyms": ""}, "not a regular expression"),
        ({"group-0": "running"}, 'expected a group as "gateway/group id"'),
        ({"group-0": "sandbx/running"}, 'unknown gateway "sandbx"; did you mean "sandbox"?'),
        ({"capacity-0": "many"}, 'got "many"'),
        ({"link-0": "running.example"}, "URL"),
        ({"reply": "{{ nme }}"}, "nme"),
        ({"name": "护肤群"}, "Another route is called this."),
        ({"priority": "high"}, 'got "high"'),
    ],
)
async def test_mistakes_are_told_beside_their_field_and_nothing_is_kept(
    house: House, form: dict[str, str], told: str
) -> None:
    visitor = await house.operator("ann", "manager")
    status, page = await filled(visitor, {**RUN, "synonyms": "跑步 = 慢跑，夜跑", **form})
    assert status == 422
    beside = re.findall(r'class="wrong" role="alert">([^<]+)<', page)
    assert len(beside) == 1
    assert told in beside[0]
    assert ("跑步 = 慢跑，夜跑" in page) is ("synonyms" not in form)
    assert len(await house.rooms.routes.routes()) == 2


async def test_a_route_is_changed_renamed_and_removed(house: House) -> None:
    visitor = await house.operator("ann", "manager")
    await filled(visitor, {**RUN, "synonyms": "跑步 = 慢跑，夜跑", "reply": "来吧"})
    page = unescape(await visitor.get("/routes/edit?name=跑步"))
    for kept in ("跑步 = 慢跑, 夜跑", "来吧</textarea>", 'value="sandbox/running"', 'value="200"'):
        assert kept in page
    renamed = {**RUN, "old": "跑步", "name": "跑团", "words": "跑"}
    assert (await filled(visitor, renamed))[0] == 303
    names = [one.route.name for one in await house.rooms.routes.routes()]
    assert names == ["护肤群", "喝茶", "跑团"]
    ((_, change),) = await house.console.audit.recent(limit=1)
    assert change.before["words"] == ["跑步", "running"]
    assert change.after["words"] == ["跑"]
    await visitor.post("/routes/remove", {"name": "跑团"})
    await visitor.post("/routes/remove", {"name": "跑团"})
    assert "It is gone already." in await visitor.get("/routes")
    assert len(await house.rooms.routes.routes()) == 2


async def test_who_saves_what_changed_meanwhile_is_shown_it_instead(house: House) -> None:
    visitor = await house.operator("ann", "manager")
    assert (await filled(visitor, RUN))[0] == 303
    edit, address = {**RUN, "old": "跑步"}, f"/routes/edit?name={quote('跑步')}"
    seen = (await visitor.get(address)).split('name="seen" value="')[1].split('"')[0]
    assert (await filled(visitor, {**edit, "words": "跑步\nmarathon"}))[0] == 303
    assert (await filled(visitor, {**edit, "capacity-0": "9", "seen": seen}))[0] == 303
    page = await visitor.get(address)
    assert "Somebody else changed this meanwhile" in page
    assert "marathon" in page
    assert 'value="200"' in page


async def test_routes_of_the_configuration_are_read_here_and_changed_there(house: House) -> None:
    visitor = await house.operator("ann", "manager")
    assert (await visitor.get("/routes")).count("in config.toml") == 2
    assert (await visitor.status("/routes/edit?name=护肤群"))[0] == 404
    await visitor.post("/routes/remove", {"name": "护肤群"})
    assert (await filled(visitor, {**RUN, "old": "护肤群", "seen": "", "name": "护肤群"}))[0] == 422
    assert [one.editable for one in await house.rooms.routes.routes()] == [False, False]


async def test_a_phrase_that_needs_no_answer_is_forgotten(house: House) -> None:
    (person, *_) = await people(house, 1)
    for text in ("哈哈哈", "退款怎么办"):
        await person.says(text)
    visitor = await house.operator("ann", "manager")
    assert "退款怎么办" not in await visitor.get("/routes/unmatched?q=哈")
    await visitor.post("/routes/unmatched/dismiss", {"phrase": "哈哈哈"})
    page = await visitor.get("/routes/unmatched")
    assert "哈哈哈" not in page
    assert "退款怎么办" in page


async def test_a_viewer_tries_and_changes_nothing(house: House) -> None:
    visitor = await house.operator("ann", "viewer")
    assert "/routes/edit" not in await visitor.get("/routes?say=天气")
    assert (await visitor.status("/routes/edit"))[0] == 403
    for path in ("/routes/edit", "/routes/remove", "/routes/unmatched/dismiss"):
        assert (await visitor.post(path, RUN)).status == 403
    assert (await visitor.status("/routes?after=x&where=///&say=茶"))[0] == 200


async def test_many_routes_are_paged_and_found(house: House) -> None:
    for n in range(28):
        route = {"name": f"route-{n:02}", "words": [f"word{n}"], "groups": ["sandbox/tea"]}
        await house.rooms.routes.save(route)
    visitor = await house.operator("ann", "viewer")
    first = await visitor.get("/routes")
    onward = re.search(r'rel="next" href="([^"]+)"', first)
    assert onward
    pages = first + await visitor.get(unescape(onward[1]))
    assert len(set(re.findall(r">route-(\d\d)<", pages))) == 28
    assert set(re.findall(r">route-(\d\d)<", await visitor.get("/routes?q=WORD27"))) == {"27"}


async def test_a_route_for_some_members_at_some_times_is_made_and_read_back(house: House) -> None:
    visitor = await house.operator("ann", "manager")
    form = {
        "mode": "all",
        "words": "跑 + 步",
        "pinyin": "on",
        "typos": "on",
        "labels-0": "华南，广东",
        "ask": "region",
        "question": "哪里？",
        "when-audience": "not tag:opt-out",
        "when-attributes": "city：广州、深圳",
        "when-weekdays": "sat",
        "when-hours": "9:00-18:00",
        "when-dates": "2099-10-01 / 2099-10-07",
        "when-otherwise": "周末见",
    }
    assert (await filled(visitor, {**RUN, **form}))[0] == 303
    route = next(r.route for r in await house.rooms.routes.routes() if r.route.name == "跑步")
    assert route.mode == "all"
    assert route.pinyin
    assert route.typos
    assert route.groups[0].labels == ("华南", "广东")
    assert route.when.model_dump(mode="json", exclude_defaults=True) == {
        "audience": "not tag:opt-out",
        "attributes": {"city": ["广州", "深圳"]},
        "weekdays": ["sat"],
        "hours": "09:00-18:00",
        "dates": ["2099-10-01/2099-10-07"],
        "otherwise": "周末见",
    }
    page = unescape(await visitor.get("/routes/edit?name=跑步"))
    for kept in ("city = 广州, 深圳", 'value="华南, 广东"', 'value="09:00-18:00"', "哪里？"):
        assert kept in page
    assert 'value="sat" checked' in page


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"when-audience": "tga:vip"}, "at character 1"),
        ({"when-hours": "nine"}, "two times of day"),
        ({"when-dates": "tomorrow"}, "a date"),
        ({"when-gateways": "sandbx"}, 'did you mean "sandbox"?'),
        ({"when-attributes": "region"}, ""),
        ({"ask": "region"}, "expected the answers to"),
        ({"question": "Where?"}, "nobody is asked"),
        ({"mode": "regex", "pinyin": "on"}, "a pattern fits only as it stands"),
    ],
)
async def test_mistakes_in_conditions_are_told_beside_their_field(
    house: House, form: dict[str, str], told: str
) -> None:
    visitor = await house.operator("ann", "manager")
    status, page = await filled(visitor, {**RUN, **form})
    assert status == 422
    [beside] = re.findall(r'class="wrong" role="alert">([^<]+)<', page)
    assert told in beside


async def test_routes_that_get_in_each_others_way_are_told_at_saving_and_in_the_list(
    house: House,
) -> None:
    visitor = await house.operator("ann", "manager")
    form = {**RUN, "words": "护肤", "csrf": await visitor.csrf()}
    async with visitor.client.post("/routes/edit", data=form) as answer:
        page = unescape(await answer.text())
    assert "The route is kept. Please read what is said of it below." in page
    assert "“护肤” leads to “护肤群” as well: members are asked which they mean" in page


async def test_a_message_is_tried_as_a_member_at_a_moment(house: House) -> None:
    await people(house, 1)
    await house.rooms.routes.save(
        {
            "name": "night",
            "words": ["夜"],
            "groups": ["sandbox/tea"],
            "when": {"hours": "22:00-06:00", "audience": "not tag:vip"},
        }
    )
    visitor = await house.operator("ann", "viewer")
    page = unescape(await visitor.get("/routes?say=夜&member=1&at=2026-06-17T23:00"))
    assert "wins" in page
    assert "only for members" not in page
    page = unescape(await visitor.get("/routes?say=夜&member=1&at=2026-06-17T12:00"))
    assert "but it is only at 22:00-06:00" in page
    tried = unescape(await visitor.get("/routes?say=夜&member=x&at=x"))
    assert "only for members who are not tagged “vip”" in tried


async def test_phrases_that_say_nearly_the_same_become_one_route_or_are_forgotten_together(
    house: House,
) -> None:
    (person, *_) = await people(house, 1)
    for text in ("一起跑步吗", "跑步", "跑步", "paobu"):
        await person.says(text)
    visitor = await house.operator("ann", "manager")
    page = await visitor.get("/routes/unmatched")
    assert "and 2 like it" in page
    [link] = set(re.findall(r'href="(/routes/edit\?word=[^"]+)"', page))
    assert "跑步\npaobu</textarea>" in await visitor.get(unescape(link))
    phrases = re.findall(r'name="phrase" value="([^"]+)"', page)
    assert phrases == ["跑步", "paobu", "一起跑步吗"]
    form = [("phrase", phrase) for phrase in phrases]
    form.append(("csrf", await visitor.csrf()))
    async with visitor.client.post("/routes/unmatched/dismiss", data=form) as answer:
        assert "It is forgotten." in await answer.text()
    assert (await house.rooms.routes.unmatched())[1] == 0


async def test_a_mistyped_group_is_told_when_the_route_is_saved(house: House) -> None:
    await house.community.group("running", "Running club")
    visitor = await house.operator("ann", "manager")
    assert (await filled(visitor, {**RUN, "group-0": "sandbox/runing"}))[0] == 303
    page = unescape(await visitor.get("/routes"))
    assert "nobody is led to sandbox/runing: its gateway has no such group." in page
    assert "runing" not in await visitor.get("/groups")
