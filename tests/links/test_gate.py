"""Links with terms: from when until when, how often, and for whom elsewhere."""

from __future__ import annotations

import asyncio
from collections import Counter as Tally
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from bot.links.codes import Code
from bot.links.desk import Desk
from bot.links.destinations import added
from bot.links.gate import Fetch, Gate
from bot.links.links import Links
from bot.links.pages import Pages
from bot.links.redirect import Redirects
from bot.links.visitors import Visitors
from bot.links.ways import devices, wanted_language
from bot.settings.server import WebSettings
from bot.store.line import StoreError
from bot.store.store import Store
from bot.testing.clock import TestClock
from tests.links.site import PHONE, Server, Site

SALE, APP, OTHER = (f"https://shop.example/{path}" for path in ("sale", "app", "other"))
ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel) AppleWebKit/537.36 Chrome/120 Mobile"
DESKTOP = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120 Safari/537.36"
WECOM = PHONE.replace("MicroMessenger", "wxwork/4.1 MicroMessenger")


async def made(site: Site, **terms: Any) -> int:
    number = await site.links.make(SALE)
    await Desk(site.store, site.links).edit(number, "ann", terms)
    return number


async def where(site: Site, code: Code | str, **asked: Any) -> str:
    return (await site.fetch(code, **asked)).headers.get("Location", "")


async def test_a_link_holds_from_its_beginning_until_its_end(site: Site, clock: TestClock) -> None:
    now = clock.now()
    number = await made(site, opens=now + 60_000, ends=now + 120_000)
    early = await site.fetch(Code(number))
    assert early.status == 404
    clock.advance(60)
    assert await where(site, Code(number)) == SALE
    clock.advance(60)
    late = await site.fetch(Code(number, 1, 2, 3))
    assert late.status == 410
    assert late.headers["Cache-Control"] == "no-store"
    await site.fetch(Code(number), agent="curl/8.0")
    await site.counter.drain()
    sums = await site.clicks.sums(number)
    assert (sums.hits, sums.clicks) == (4, 1)
    assert sums.verdicts == {"early": 1, "click": 1, "expired": 1, "bot": 1}
    assert sorted(await site.clicks.closed()) == [(number, "early", 1), (number, "expired", 1)]
    assert await site.clicks.orphans() == []


async def test_a_withdrawn_link_is_gone_and_goes_to_its_own_fallback(site: Site) -> None:
    number = await made(site, withdrawn=True)
    assert (await site.fetch(Code(number))).status == 410
    await made(site, fallback="https://shop.example/其他")
    answer = await site.fetch(Code(number))
    assert (answer.status, answer.headers["Location"]) == (
        302,
        "https://shop.example/%E5%85%B6%E4%BB%96",
    )
    await site.counter.drain()
    assert (await site.clicks.sums(number)).verdicts == {"gone": 2}
    assert (await site.clicks.sums(0)).verdicts == {"gone": 2}


async def test_a_code_of_a_link_that_is_no_more_names_no_member_among_the_orphans(
    site: Site, store: Store
) -> None:
    await site.fetch(Code(77, 1, 2, 3))
    await site.fetch("nothing-here")
    await site.counter.drain()
    short = site.links.codes.pack(Code(77))
    assert set(await site.clicks.orphans()) == {(short, 1), ("nothing-here", 1)}
    assert (await site.clicks.sums(0)).verdicts == {"gone": 1, "orphan": 1}
    assert await store.call("EXISTS", store.keys.link_counts(77)) == 0


async def test_never_more_than_the_limit_are_let_in_however_many_come_at_once(
    site: Site, store: Store
) -> None:
    number = await made(site, limit=10, fallback=OTHER)
    codes = [Code(number, 1, 2, member) for member in range(1, 41)]
    places = await asyncio.gather(*(where(site, code) for code in codes))
    assert Tally(places) == {SALE: 10, OTHER: 30}
    await site.counter.drain()
    sums = await site.clicks.sums(number)
    assert (sums.clicks, sums.members, sums.verdicts) == (10, 10, {"click": 10, "full": 30})


async def test_a_repeat_and_a_program_take_no_place(site: Site, clock: TestClock) -> None:
    number = await made(site, limit=2)
    first, second, third = (Code(number, 1, 2, member) for member in (1, 2, 3))
    await site.fetch(first, "HEAD")
    await site.fetch(first, agent="curl/8.0")
    await site.fetch(first, Sec_Purpose="prefetch")
    assert [await where(site, first) for _ in range(3)] == [SALE] * 3
    assert await where(site, second) == SALE
    assert (await site.fetch(third)).status == 410
    assert await where(site, first) == SALE
    clock.advance(11)
    assert (await site.fetch(first)).status == 410
    await site.counter.drain()
    sums = await site.clicks.sums(number)
    assert (sums.clicks, sums.verdicts["full"], sums.verdicts["repeat"]) == (2, 2, 3)


async def test_what_was_clicked_before_counts_towards_a_new_limit(site: Site) -> None:
    number = await site.links.make(SALE)
    for member in (1, 2):
        await site.fetch(Code(number, 1, 2, member))
    await site.counter.drain()
    await made(site, limit=3)
    assert await where(site, Code(number, 1, 2, 3)) == SALE
    assert (await site.fetch(Code(number, 1, 2, 4))).status == 410
    await made(site, limit=4)
    assert await where(site, Code(number, 1, 2, 5)) == SALE


async def test_without_the_store_links_with_terms_lead_on(away: Site, server: Server) -> None:
    limited, branched = await made(away, limit=5), await away.links.make(OTHER)
    terms = {"branches": [{"url": APP, "devices": ["ios"]}]}
    await Desk(away.store, away.links).edit(branched, "ann", terms)
    await Desk(away.store, away.links).give_word(branched, "ann", "tea")
    await server.kill()
    assert await where(away, Code(limited)) == SALE
    assert await where(away, "tea") == APP
    assert await where(away, Code(branched), agent=ANDROID) == OTHER
    await server.start()


async def test_a_limit_that_must_hold_asks_visitors_to_come_back_while_the_store_is_away(
    away: Site, server: Server
) -> None:
    limited = await made(away, limit=5)
    code, link = Code(limited), away.links.get(limited)
    ways = away.links.ways(limited)
    assert link
    assert ways
    await server.kill()
    fetch = Fetch(code, "x", 0, "", "v", PHONE, "")
    with pytest.raises((StoreError, TimeoutError)):
        await Gate(away.links, strict=True).judge(link, ways, fetch)
    assert not (await Gate(away.links).judge(link, ways, fetch)).closed
    await server.start()


@pytest.mark.parametrize(
    ("branch", "asked", "fits"),
    [
        ({"devices": ["ios"]}, {"agent": PHONE}, True),
        ({"devices": ["wechat"]}, {"agent": PHONE}, True),
        ({"devices": ["wecom"]}, {"agent": PHONE}, False),
        ({"devices": ["wecom"]}, {"agent": WECOM}, True),
        ({"devices": ["wechat"]}, {"agent": WECOM}, False),
        ({"devices": ["android"]}, {"agent": ANDROID}, True),
        ({"devices": ["ios", "desktop"]}, {"agent": DESKTOP}, True),
        ({"devices": ["ios", "desktop"]}, {"agent": ANDROID}, False),
        ({"languages": ["zh"]}, {"Accept_Language": "zh-CN,en;q=0.5"}, True),
        ({"languages": ["ZH-Hant"]}, {"Accept_Language": "zh-CN,zh-Hant;q=0.5"}, False),
        ({"languages": ["zh"]}, {"Accept_Language": "en,zh;q=0.9"}, False),
        ({"languages": ["en", "zh"]}, {"Accept_Language": "fr;q=0.1,zh;q=0.9"}, True),
        ({"languages": ["zh"]}, {}, False),
        ({"groups": [2]}, {}, True),
        ({"groups": [3]}, {}, False),
        ({"share": 100}, {}, True),
        ({"devices": ["ios"], "groups": [3]}, {"agent": PHONE}, False),
    ],
)
async def test_a_branch_leads_whom_it_fits_elsewhere(
    site: Site, branch: dict[str, Any], asked: dict[str, str], fits: bool
) -> None:
    number = await made(site, branches=[{"url": APP, **branch}])
    assert await where(site, Code(number, 1, 2, 3), **asked) == (APP if fits else SALE)


async def test_the_first_branch_that_fits_wins_in_its_time(site: Site, clock: TestClock) -> None:
    now = clock.now()
    night = {"url": OTHER, "opens": now + 60_000, "ends": now + 120_000}
    number = await made(site, branches=[night, {"url": APP, "devices": ["ios"]}])
    found = []
    for _ in range(3):
        found.append(await where(site, Code(number)))
        clock.advance(60)
    assert found == [APP, OTHER, APP]


async def test_shares_split_people_and_everybody_stays_where_they_were(site: Site) -> None:
    number = await made(site, branches=[{"url": APP, "share": 30}, {"url": OTHER, "share": 30}])
    codes = [Code(number, 1, 2, member) for member in range(1, 301)]
    first = await asyncio.gather(*(where(site, code) for code in codes))
    again = await asyncio.gather(*(where(site, code, agent=ANDROID) for code in codes))
    assert first == again
    split = Tally(first)
    assert all(abs(split[url] - share) < 35 for url, share in ((APP, 90), (OTHER, 90), (SALE, 120)))
    anybody = {await where(site, Code(number)) for _ in range(3)}
    assert len(anybody) == 1


async def test_the_hit_says_which_branch_was_taken_in_which_version(
    site: Site, store: Store
) -> None:
    number = await made(site, branches=[{"url": APP, "devices": ["ios"]}])
    await site.fetch(Code(number))
    await site.fetch(Code(number), agent=ANDROID)
    rows = await store.call("XRANGE", store.keys.hits(), "-", "+")
    flags = [line.split(b"\x1f")[4] for _, row in rows for line in row[1].split(b"\n")]
    assert flags == [b"2.1n", b"2.0n"]
    await site.counter.drain()
    assert (await site.clicks.sums(number)).clicks == 2


async def test_a_word_leads_there_in_any_case_and_counts_for_its_link(site: Site) -> None:
    number = await site.links.make(SALE)
    desk = Desk(site.store, site.links)
    await desk.give_word(number, "ann", "Spring-Sale")
    await desk.give_word(number, "ann", "春茶")
    for path in ("spring-sale", "SPRING-SALE", "春茶", "%E6%98%A5%E8%8C%B6"):
        assert await where(site, path) == SALE
    await site.counter.drain()
    assert (await site.clicks.sums(number)).hits == 4
    await desk.take_word(number, "ann", "spring-sale")
    assert (await site.fetch("spring-sale")).status == 404


async def test_a_plus_shows_where_a_code_leads_and_is_no_hit(site: Site, store: Store) -> None:
    number = await made(
        site, title="<Sale>", branches=[{"url": f"{APP}?a=1&b=2", "devices": ["ios"]}]
    )
    await Desk(store, site.links).give_word(number, "ann", "tea")
    for path in (site.links.codes.pack(Code(number, 1, 2, 3)), "tea"):
        async with site.browser.get(f"{site.base}/l/{path}+", allow_redirects=False) as answer:
            text = await answer.text()
        assert answer.status == 200
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert "&lt;Sale&gt;" in text
        assert f'href="{SALE}"' in text
        assert "app?a=1&amp;b=2" in text
    assert (await site.fetch("nothing-here+")).status == 404
    assert await store.call("XLEN", store.keys.hits()) == 0


async def test_a_closed_link_says_so_in_its_preview(site: Site) -> None:
    number = await made(site, withdrawn=True)
    path = site.links.codes.pack(Code(number))
    async with site.browser.get(f"{site.base}/l/{path}+") as answer:
        text = await answer.text()
    assert "not in use any more" in text
    assert SALE not in text


@pytest.mark.parametrize(
    ("url", "parameters", "expected"),
    [
        ("https://x.example", {"a": "1"}, "https://x.example?a=1"),
        ("https://x.example/?", {"a": "1"}, "https://x.example/?a=1"),
        ("https://x.example/p?q=a+b%20c&", {"a": "1"}, "https://x.example/p?q=a+b%20c&a=1"),
        ("https://x.example/p#/r?a=2", {"a": "1"}, "https://x.example/p?a=1#/r?a=2"),
        ("https://x.example/p?a=2#f", {"a": "1", "b": "3"}, "https://x.example/p?a=2&b=3#f"),
        ("https://x.example/p?%61=2", {"a": "1"}, "https://x.example/p?%61=2"),
        (
            "https://x.example/春?词=花",
            {"源": "微 信&"},
            "https://x.example/春?词=花&%E6%BA%90=%E5%BE%AE%20%E4%BF%A1%26",
        ),
    ],
)
def test_parameters_are_added_and_nothing_there_is_changed(
    url: str, parameters: dict[str, str], expected: str
) -> None:
    assert added(url, parameters) == expected


async def test_parameters_come_with_every_destination(site: Site) -> None:
    number = await made(
        site,
        parameters={"utm_source": "微信"},
        branches=[{"url": f"{APP}?x=1", "devices": ["ios"]}],
    )
    source = "utm_source=%E5%BE%AE%E4%BF%A1"
    assert await where(site, Code(number)) == f"{APP}?x=1&{source}"
    assert await where(site, Code(number), agent=ANDROID) == f"{SALE}?{source}"
    plain = await site.links.make(OTHER)
    await Desk(site.store, site.links).edit(plain, "ann", {"parameters": {"a": "1"}})
    assert site.links.location(plain) == f"{OTHER}?a=1"


async def test_links_are_answered_at_their_own_domains_alone(site: Site) -> None:
    number = await site.links.make(SALE)
    pages = Pages(lambda language, text: text, "https://shop.example/lost")
    web = WebSettings(public_url="https://bot.example", link_domains=("Go.example", "b.example"))
    assert web.link_url() == "https://go.example"
    store, hosts = site.store, web.link_hosts()
    redirects = Redirects(
        site.links, site.recorder, Visitors(store), pages, store.clock, hosts=hosts
    )
    route = redirects.routes()[0]
    path = f"/l/{site.links.codes.pack(Code(number))}"
    found = {}
    for host in ("go.example", "b.example:8080", "bot.example", "127.0.0.1", "evil.example"):
        request = make_mocked_request(
            "GET", path, {"Host": host, "User-Agent": PHONE}, match_info={"code": path[3:]}
        )
        found[host] = (await route.handler(request)).headers["Location"]
    assert found.pop("evil.example") == "https://shop.example/lost"
    assert set(found.values()) == {SALE}


def test_devices_and_languages_are_read() -> None:
    assert devices(WECOM) == {"ios", "wecom"}
    assert devices("") == {"desktop"}
    assert wanted_language("") == ""
    assert wanted_language("*;q=x, EN-gb;q=0.3") == "en-gb"


async def test_no_two_nodes_share_a_place_out_twice(site: Site, store: Store) -> None:
    number = await made(site, limit=20)
    others = []
    for _ in range(3):
        links = Links(store, str)
        await links.open()
        others.append(links)
    link = others[0].get(number)
    assert link
    asked = [other.admit(link, f"c{n}", "v", 1_000, True) for n in range(20) for other in others]
    assert sum(await asyncio.gather(*asked)) == 60  # each code is one visitor's, thrice
    assert not await others[0].admit(link, "c-late", "v", 1_000, True)
