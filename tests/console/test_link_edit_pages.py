"""Links in the console: changed, brought back, given words, drawn as QR codes."""

from __future__ import annotations

import re
from html import unescape

import aiohttp
import pytest

from bot.links.codes import Code
from tests.console.conftest import Visitor
from tests.console.house import PHONE, House, follow, people

SALE = "https://shop.example/spring?a=1"
BASE = {"url": SALE, "campaign": "spring", "version": "1"}


async def problems(visitor: Visitor, path: str, form: dict[str, str]) -> tuple[int, list[str]]:
    """The answer's status, and what is told beside the fields."""
    data = {**form, "csrf": await visitor.csrf()}
    async with visitor.client.post(path, data=data) as answer:
        page = await answer.text()
    return answer.status, [unescape(one) for one in re.findall(r'role="alert">([^<]+)<', page)]


async def test_a_manager_changes_a_link_and_sees_what_was_changed(house: House) -> None:
    await people(house, 2)
    number = await house.rooms.links.make(SALE, "spring")
    visitor = await house.operator("ann", "manager")
    form = {
        **BASE,
        "title": "Spring sale",
        "opens": "2026-06-01T08:00",
        "ends": "2026-06-30T22:00",
        "limit": "100",
        "parameters": "utm_source = 微信",
        "url-0": "https://shop.example/app",
        "devices-0": "ios",
        "languages-0": "zh, en",
        "groups-0": "sandbox/tea",
        "share-0": "50%",
    }
    answer = await visitor.post(f"/links/{number}/edit", form)
    assert answer.status == 303
    link = house.rooms.links.get(number)
    assert link
    assert (link.title, link.limit, link.opens) == ("Spring sale", 100, 1780272000000)
    [branch] = link.branches
    assert (branch.devices, branch.languages, branch.groups) == (("ios",), ("zh", "en"), (1,))
    page = unescape(await visitor.get(f"/links/{number}"))
    for words in (
        "The link is changed.",
        "0 of 100 taken",
        "utm_source=微信",
        "iPhone, iPad · language zh or en · 茶友会 Tea · 50 % of people",
        "Version 2",
        "Everybody else",
    ):
        assert words in page
    shown = unescape(await visitor.get(f"/links/{number}/edit"))
    for value in ("2026-06-30T22:00", "sandbox/tea", "utm_source = 微信", 'value="ios" checked'):
        assert value in shown
    assert (await visitor.post(f"/links/{number}/restore", {"version": "1"})).status == 303
    assert (await house.rooms.links.reread(number)).limit == 0  # type: ignore[union-attr]
    assert "Version 3" in await visitor.get(f"/links/{number}")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"url": "ftp://x.example"}, "must begin with https:// or http://"),
        ({"url-0": "javascript:x"}, "must begin with https:// or http://"),
        ({"languages-0": "zh"}, "must begin with https:// or http://"),
        ({"url-0": SALE, "languages-0": "中文"}, "expected a language such as zh"),
        ({"url-0": SALE, "groups-0": "sandbox/none"}, "the number of a group"),
        ({"url-0": SALE, "share-0": "half"}, "a whole number of percent"),
        ({"ends": "soon"}, "a day and time such as"),
        ({"opens": "2026-06-02T08:00", "ends": "2026-06-01T08:00"}, "later than the beginning"),
        ({"limit": "many"}, "how many clicks"),
        ({"parameters": "utm source"}, "a parameter cannot be called"),
        ({"version": "7"}, "somebody changed this link meanwhile"),
    ],
)
async def test_what_is_wrong_is_told_at_its_field_and_nothing_is_kept(
    house: House, wrong: dict[str, str], told: str
) -> None:
    number = await house.rooms.links.make(SALE, "spring")
    visitor = await house.operator("ann", "manager")
    status, found = await problems(visitor, f"/links/{number}/edit", {**BASE, **wrong})
    assert status == 422
    assert [one for one in found if told in one], found
    assert (await house.rooms.links.reread(number)).version == 1  # type: ignore[union-attr]


async def test_words_are_given_and_taken(house: House) -> None:
    number = await house.rooms.links.make(SALE)
    visitor = await house.operator("ann", "manager")
    one = f"/links/{number}/words"
    assert (await visitor.post(one, {"word": "Spring-Sale"})).status == 303
    assert "/l/spring-sale" in await visitor.get(f"/links/{number}")
    async with visitor.client.get("/l/spring-sale", allow_redirects=False) as answer:
        assert answer.headers["Location"] == SALE
    status, found = await problems(visitor, one, {"word": "a b"})
    assert status == 422
    assert "a word is 2 to 60 letters" in found[0]
    assert (await visitor.post(f"{one}/take", {"word": "spring-sale"})).status == 303
    assert "The word is free again." in await visitor.get(f"/links/{number}")


async def test_a_qr_code_is_shown_and_downloaded_with_a_logo(house: House) -> None:
    number = await house.rooms.links.make(SALE)
    visitor = await house.operator("ann", "viewer")
    assert f"/links/{number}/qr.svg" in await visitor.get(f"/links/{number}/qr")
    async with visitor.client.get(f"/links/{number}/qr.svg") as answer:
        assert answer.content_type == "image/svg+xml"
    csrf, path = await visitor.csrf(), f"/links/{number}/qr"
    drawn = b'<svg xmlns="http://www.w3.org/2000/svg"><circle r="4"/></svg>'
    for kind, status in (("svg", 200), ("png", 422)):
        form = aiohttp.FormData({"csrf": csrf, "kind": kind, "correction": "Q"})
        form.add_field("logo", drawn, filename="logo.svg")
        async with visitor.client.post(path, data=form) as answer:
            assert answer.status == status
            body = await answer.read()
    assert b"a PNG code needs a PNG logo" in body
    answer = await visitor.post(path, {"kind": "png", "scale": "5"})
    assert "link-1.png" in answer.headers["Content-Disposition"]


async def test_closed_links_are_filtered_and_what_came_too_late_is_listed(house: House) -> None:
    links, desk = house.rooms.links, house.rooms.link_desk
    old, other = await links.make(SALE, "old"), await links.make(SALE, "other")
    await desk.edit(old, "ann", {"withdrawn": True})
    await desk.edit(other, "ann", {"limit": 3})
    visitor = await house.operator("ann", "viewer")
    for state, shown in (
        ("", {"old", "other"}),
        ("open", {"other"}),
        ("closed", {"old"}),
        ("limit", {"other"}),
        ("rules", set()),
    ):
        page = await visitor.get(f"/links?state={state}")
        assert set(re.findall(r"<bdi>(old|other)</bdi>", page)) == shown, state
    phone, path = {"User-Agent": PHONE}, f"/l/{links.codes.pack(Code(old))}"
    async with visitor.client.get(path, headers=phone) as answer:
        assert answer.status == 410
    async with visitor.client.get(f"/l/{links.codes.pack(Code(99, 1, 2, 3))}") as answer:
        assert answer.status == 404
    await follow(house, Code(other))
    await house.rooms.counter.drain()
    page = await visitor.get("/links/orphans")
    for words in ("Links that were closed", "withdrawn", "its link is no more"):
        assert words in page


async def test_a_viewer_changes_nothing(house: House) -> None:
    number = await house.rooms.links.make(SALE)
    visitor = await house.operator("ann", "viewer")
    assert f"/links/{number}/edit" not in await visitor.get(f"/links/{number}")
    for path in ("edit", "restore", "words", "words/take"):
        assert (await visitor.post(f"/links/{number}/{path}", BASE)).status == 403
    for path in ("/links/99/qr", "/links/99/qr.svg"):
        assert (await visitor.status(path))[0] == 404
