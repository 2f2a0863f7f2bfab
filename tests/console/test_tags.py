"""Tags in the console: described, renamed, given to many by three parts, undone."""

from __future__ import annotations

from html import unescape

import pytest
from aiohttp import FormData

from bot.links.codes import Code
from tests.console.conftest import Visitor
from tests.console.house import House, follow, people


async def sent(visitor: Visitor, path: str, *fields: tuple[str, str]) -> tuple[int, str, str]:
    """Send a form; status, page and where it leads."""
    data = FormData([("csrf", await visitor.csrf()), *fields])
    async with visitor.client.post(path, data=data, allow_redirects=False) as answer:
        return answer.status, unescape(await answer.text()), answer.headers.get("Location", "")


TAG = (("old", ""), ("colour", "red"), ("group", "rank"), ("lasts", "30d"), ("exclusive", "on"))


async def test_a_tag_is_described_and_the_list_shows_it(house: House) -> None:
    visitor = await house.operator("ann", "manager")
    assert "No tags yet" in await visitor.get("/tags")
    status, _, _ = await sent(visitor, "/tags/edit", ("name", "gold"), *TAG)
    assert status == 303
    page = unescape(await visitor.get("/tags"))
    assert 'class="badge t-red"><bdi>gold</bdi>' in page
    assert "one at most" in page
    assert ">30d<" in page
    form = unescape(await visitor.get("/tags/edit?name=gold"))
    assert 'value="30d"' in form
    assert "0 members have it" in form


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "two words"}, "without spaces"),
        ({"name": "gold"}, "another tag is called this"),
        ({"name": "x", "lasts": "soon"}, "expected a time such as 30d"),
        ({"name": "x", "colour": "blu"}, 'did you mean "blue"?'),
    ],
)
async def test_mistakes_are_told_at_their_field(
    house: House, fields: dict[str, str], said: str
) -> None:
    visitor = await house.operator("ann", "manager")
    await sent(visitor, "/tags/edit", ("name", "gold"), *TAG)
    given = {**dict(TAG), **fields}
    status, page, _ = await sent(visitor, "/tags/edit", *given.items())
    assert status == 422
    assert said in page.split('class="wrong" role="alert">', 1)[1].split("<")[0]


async def test_one_member_is_given_a_tag_on_their_page_and_it_is_taken(house: House) -> None:
    await people(house, 1)
    visitor = await house.operator("ann", "manager")
    for do, there, said in (
        ("give", True, "is given"),
        ("give", True, "Nothing changes"),
        ("take", False, "is taken"),
    ):
        status, _, where = await sent(visitor, "/members/1/tags", ("tag", "vip"), ("do", do))
        assert (status, where) == (303, "/members/1")
        assert said in await visitor.get(where)
        assert there is bool(await house.rooms.algebra.fact(house.store.keys.tag("vip")))
    page = unescape(await visitor.get("/members/1"))
    assert "operator ann" in page
    admin = await house.operator("root", "admin")
    assert "Gave a member a tag" in await admin.get("/audit")
    _, _, where = await sent(visitor, "/members/1/tags", ("tag", "two words"))
    assert "without spaces" in await visitor.get(where)
    viewer = await house.operator("eve", "viewer")
    assert (await sent(viewer, "/members/1/tags", ("tag", "vip")))[0] == 403


async def test_the_three_parts_are_shown_applied_and_undone(house: House) -> None:
    await people(house, 4)  # tea: 1, 3, 4; skincare: 1, 2, 4; running: 2, 3
    visitor = await house.operator("ann", "manager")
    chosen = (("group", "group:sandbox/tea"), ("group", "group:sandbox/skincare"))
    status, page, _ = await sent(visitor, "/tags/apply", *chosen, ("do", "preview"))
    assert status == 200
    tiles = (
        page.split('<section class="tiles three">')[1].split("</section>")[0].split("<label")[1:]
    )
    assert [tile.split('<b class="big">')[1].split("<")[0] for tile in tiles] == ["2", "2", "0"]
    assert "group%3Asandbox/tea%20and%20group%3Asandbox/skincare" in tiles[0]
    do = (("part", "all"), ("tag", "both"), ("way", "give"), ("do", "apply"))
    status, _, where = await sent(visitor, "/tags/apply", *chosen, *do)
    assert (status, where) == (303, "/tags/applied/1")
    assert 'data-renew="/tags/applied/1/now"' in await visitor.get(where)
    await house.rooms.tags.tick()
    page = unescape(await visitor.get(where))
    assert "2 members are changed back" in page
    assert await house.rooms.algebra.fact(house.store.keys.tag("both"))
    assert "application 1, by ann" in await visitor.get("/members/1")
    status, _, where = await sent(visitor, "/tags/applied/undo", ("id", "1"))
    assert status == 303
    await house.rooms.tags.tick()
    assert "undone" in await visitor.get(where)
    assert not await house.rooms.algebra.fact(house.store.keys.tag("both"))


async def test_a_pasted_list_says_which_lines_name_nobody(house: House) -> None:
    await people(house, 3)
    visitor = await house.operator("ann", "manager")
    fields = (("list", "u0\nsandbox/u1\nnobody"), ("do", "preview"))
    status, page, _ = await sent(visitor, "/tags/apply", *fields)
    assert status == 200
    assert "1 line names nobody:" in page
    assert "3: nobody" in page
    status, page, _ = await sent(visitor, "/tags/apply", ("do", "preview"))
    assert status == 422
    assert "choose at least one group, or paste a list" in page
    status, page, _ = await sent(visitor, "/tags/apply", *fields, ("at", "someday"))
    assert status == 422
    assert "expected a day and a time" in page


async def test_a_tag_that_a_route_of_the_console_asks_for_is_not_renamed(house: House) -> None:
    await people(house, 1)
    visitor = await house.operator("ann", "manager")
    await sent(visitor, "/members/1/tags", ("tag", "vip"))
    when = {"audience": "tag:vip and not tag:vip2"}
    route = {"name": "night", "words": ["night"], "groups": ["sandbox/tea"], "when": when}
    await house.rooms.routes.save(route, "ann")
    rename = (("old", "vip"), ("new", "gold"), ("do", "rename"))
    status, page, _ = await sent(visitor, "/tags/rename", *rename)
    assert status == 422
    assert "it is named by route night" in page
    await house.rooms.routes.remove("night", "ann")
    assert (await sent(visitor, "/tags/rename", *rename))[0] == 303


async def test_a_tag_is_renamed_and_merged_and_a_rule_gives_one(house: House) -> None:
    await people(house, 3)
    visitor = await house.operator("ann", "manager")
    rule = (("audience", "group:sandbox/tea"), ("tag", "tea"))
    assert (await sent(visitor, "/tags/rules", *rule))[0] == 303
    status, page, _ = await sent(visitor, "/tags/rules", ("audience", "tag:te"), ("tag", "x"))
    assert status == 422
    assert 'did you mean "tea"?' in page
    await house.rooms.tags.rules.tick()
    assert "given to 2 members" in unescape(await visitor.get("/tags"))
    to = (("old", "tea"), ("new", "drinkers"), ("do", "rename"))
    assert (await sent(visitor, "/tags/rename", *to))[0] == 303
    page = unescape(await visitor.get("/tags"))
    assert "<b><bdi>drinkers</bdi></b>" in page
    status, page, _ = await sent(
        visitor, "/tags/rename", ("old", "drinkers"), ("new", "none"), ("do", "merge")
    )
    assert status == 422
    assert "there is none of this name" in page
    assert (await sent(visitor, "/tags/rules/remove", ("id", "1")))[0] == 303
    status, page, _ = await sent(visitor, "/tags/delete", ("old", "drinkers"))
    assert status == 422
    assert "2 members still have this tag" in page


async def test_a_viewer_looks_and_changes_nothing(house: House) -> None:
    await house.rooms.tags.rules.add("everyone", "known", "ann")
    visitor = await house.operator("eve", "viewer")
    page = await visitor.get("/tags")
    assert "known" in page
    assert "<form" not in page.split("<main")[1]
    for path in ("/tags/edit", "/tags/apply", "/tags/rules"):
        assert (await sent(visitor, path))[0] in (403, 404)


async def test_the_segments_page_shows_how_a_segment_grew(house: House) -> None:
    await people(house, 2)
    await house.rooms.segments.save("all", "everyone", "ann")
    visitor = await house.operator("ann", "manager")
    assert 'class="spark"' not in await visitor.get("/segments")
    for _ in range(2):
        await house.rooms.segment_sizes.tick()
        house.clock.advance(86_400)
    visitor = await house.operator("bea", "manager")
    assert 'class="spark"' in await visitor.get("/segments")
    assert "Members, a point a day" in await visitor.get("/segments/edit?name=all")
    page = unescape(await visitor.get("/segments/edit?expression=tag%3Avip"))
    assert ">tag:vip</textarea>" in page


async def test_who_says_a_word_gets_a_tag_by_a_rule_of_the_page(house: House) -> None:
    persons = await people(house, 2)
    visitor = await house.operator("ann", "manager")
    form = (("words", "opening hours\n几点开门"), ("mode", "contains"), ("tag", "asked"))
    wrong = (*form, ("place", "sandbox/te"))
    status, page, _ = await sent(visitor, "/tags/rules/said", *wrong)
    assert status == 422
    assert 'did you mean "sandbox/tea"' in page
    assert ">opening hours\n几点开门</textarea>" in page
    status, _, where = await sent(visitor, "/tags/rules/said", *form, ("place", "sandbox/tea"))
    assert (status, where) == (303, "/tags")
    await persons[0].says("你们几点开门")
    await persons[1].says("opening hours?", await house.community.group("tea"))
    page = unescape(await visitor.get("/tags"))
    assert "<q>opening hours</q>, <q>几点开门</q> → <b><bdi>asked</bdi></b>" in page
    assert "given to 1 member<" in page
    assert "茶友会 Tea" in page.split("<q>几点开门</q>")[1].split("</li>")[0]
    member = unescape(await visitor.get("/members/2?kind=tags"))
    assert "rule 1" in member.split('id="timeline"')[1]
    assert (await sent(visitor, "/tags/rules/remove", ("id", "1")))[0] == 303
    assert "<q>" not in await visitor.get("/tags")


async def test_a_members_page_tells_what_they_clicked(house: House) -> None:
    await people(house, 2)
    sale = await house.rooms.links.make("https://shop.example/spring", "spring-sale")
    await follow(house, Code(sale, 0, 1, 1))
    await house.rooms.counter.drain()
    visitor = await house.operator("ann", "viewer")
    for path in ("/members/1", "/members/1?kind=clicks"):
        timeline = unescape(await visitor.get(path)).split('id="timeline"')[1]
        assert "Clicked a link" in timeline
        assert "spring-sale" in timeline
    assert "spring-sale" not in (await visitor.get("/members/2")).split('id="timeline"')[1]
