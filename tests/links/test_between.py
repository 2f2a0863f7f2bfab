"""Links with a page in between, and visitors who ask not to be tracked."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from bot.links.codes import Code
from bot.links.data_centres import DataCentres
from bot.links.desk import Desk
from bot.links.hits import Hit
from bot.links.pages import Pages
from bot.links.redirect import TIME, Redirects
from bot.links.visitors import DAY, Visitors
from bot.store.store import Store
from bot.testing.clock import TestClock
from tests.links.site import PHONE, Site

SALE, APP = "https://shop.example/sale?a=1&b=</script>", "https://shop.example/app"
ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel) AppleWebKit/537.36 Chrome/120 Mobile"


async def made(site: Site, **terms: Any) -> int:
    number = await site.links.make(SALE)
    await Desk(site.store, site.links).edit(number, "ann", terms)
    return number


async def hits(site: Site) -> list[Hit]:
    """What was recorded and is not counted yet."""
    rows = await site.store.call("XRANGE", site.store.keys.hits(), "-", "+")
    return [Hit.parse(line) for _, row in rows for line in row[1].split(b"\n")]


async def page(site: Site, path: str) -> tuple[str, str]:
    """A page in between and its policy."""
    headers = {"User-Agent": PHONE, "Accept-Language": "en"}
    async with site.browser.get(f"{site.base}/l/{path}", headers=headers) as answer:
        assert answer.status == 200
        return await answer.text(), answer.headers["Content-Security-Policy"]


async def test_the_page_is_no_click_and_what_its_script_sends_is(site: Site) -> None:
    number = await made(site, confirm=True, title="<Sale>")
    letters = site.links.codes.pack(Code(number, 1, 2, 3))
    text, policy = await page(site, letters)
    assert "&lt;Sale&gt;" in text
    assert text.count("</script>") == 1
    nonce = re.search(r'<script nonce="([^"]+)"', text)
    assert nonce
    assert f"script-src 'nonce-{nonce[1]}'" in policy
    assert "default-src 'none'" in policy
    assert (await page(site, letters))[1] != policy
    seen = re.search(rf'"(/l/{letters}/seen\?proof=\w+)"', text)
    assert seen
    async with site.browser.post(site.base + seen[1], headers={"User-Agent": PHONE}) as answer:
        assert answer.status == 204
    assert [hit.flags for hit in await hits(site)] == ["b", "b", "cn"]
    await site.counter.drain()
    assert site.verdicts == {"page": 2, "click": 1}


async def test_without_script_the_link_on_the_page_is_the_click(site: Site) -> None:
    number = await made(site, confirm=True, branches=[{"url": APP, "devices": ["ios"]}])
    letters = site.links.codes.pack(Code(number, 1, 2, 3))
    text, _ = await page(site, letters)
    [shown] = re.findall(r'<a href="([^"]+)"', text)
    [refreshed] = re.findall(r'http-equiv="refresh" content="1;url=([^"]+)"', text)
    assert shown == refreshed
    there = await site.fetch(unescape(shown).removeprefix("/l/"))
    assert (there.status, there.headers["Location"]) == (302, APP)
    there = await site.fetch(unescape(shown).removeprefix("/l/"), agent="curl/8.0")
    assert there.status == 302
    await site.counter.drain()
    assert site.verdicts == {"page": 1, "click": 1, "bot": 1}


async def test_a_page_left_open_too_long_or_forged_confirms_nothing(
    site: Site, clock: TestClock
) -> None:
    number = await made(site, confirm=True)
    other = site.links.codes.pack(Code(number, 1, 2, 4))
    letters = site.links.codes.pack(Code(number, 1, 2, 3))
    text, _ = await page(site, letters)
    [go] = re.findall(r'<a href="/l/([^"]+)"', text)
    for bad in (
        go[:-1] + "x",
        f"{letters}/go",
        go.replace(letters, other),
        f"{letters}/go?proof=é",
    ):
        answer = await site.fetch(bad)
        assert answer.headers["Location"] == f"/l/{bad.partition('/')[0]}"
        assert (await site.fetch(bad.replace("/go", "/seen"), "POST")).status == 204
    clock.advance(TIME / 1000 + 1)
    assert (await site.fetch(go)).headers["Location"] == f"/l/{letters}"
    await site.counter.drain()
    assert site.verdicts == {"page": 1}


async def test_of_a_limited_number_only_who_goes_on_takes_a_place(site: Site) -> None:
    number = await made(site, confirm=True, limit=1)
    first, second = (site.links.codes.pack(Code(number, 1, 2, n)) for n in (3, 4))
    pages = [(await page(site, letters))[0] for letters in (first, first, second)]
    assert await site.links.taken(number) == 0
    assert 'sent = "" &&' in pages[0]
    gos = [re.findall(r'<a href="/l/([^"]+)"', text)[0] for text in pages]
    assert (await site.fetch(gos[2])).headers["Location"].startswith("https://shop.example/sale")
    assert (await site.fetch(gos[0])).status == 410
    assert (await site.fetch(first)).status == 410
    await site.counter.drain()
    assert site.verdicts == {"page": 3, "click": 1, "full": 2}


@pytest.mark.parametrize("header", ["DNT", "dnt", "Sec_GPC", "sec_gpc"])
async def test_who_asks_not_to_be_tracked_is_counted_for_no_member(site: Site, header: str) -> None:
    number = await made(site)
    code = Code(number, 1, 2, 3)
    asked = {header: "1", "Referer": "https://mail.example/inbox?me=1"}
    assert (await site.fetch(code, **asked)).status == 302
    assert (await site.fetch(Code(number, 0, 0, 3), **asked)).status == 302
    await site.fetch(code, **{header: "0"}, Referer="https://other.example/")
    found = [(site.links.codes.unpack(hit.code), hit.referrer) for hit in await hits(site)]
    assert found == [
        (Code(number, 1, 2), ""),
        (Code(number), ""),
        (code, "https://other.example/"),
    ]


async def test_untracked_visitors_keep_limits_and_shares_as_everybody(
    site: Site, store: Store
) -> None:
    shares = [{"url": APP, "share": 50}]
    number = await made(site, limit=100, branches=shares)
    for member in range(1, 20):
        code = Code(number, 1, 2, member)
        open_, hidden = await site.fetch(code), await site.fetch(code, DNT="1", agent=ANDROID)
        assert open_.headers["Location"] == hidden.headers["Location"]
    assert all(
        site.links.codes.unpack(h.code) == Code(number, 1, 2) for h in (await hits(site))[1::2]
    )
    named = {site.links.codes.pack(Code(number, 1, 2, member)) for member in range(1, 20)}
    places = await store.call("KEYS", "*link:place:*")
    visitor = (await hits(site))[1].visitor
    assert not [
        p for p in places if p.endswith(visitor.encode()) and any(n in p.decode() for n in named)
    ]


async def test_a_workspace_may_ignore_it_and_flags_machines(site: Site, store: Store) -> None:
    number = await made(site)
    redirects = Redirects(
        *(site.links, site.recorder, Visitors(store), Pages(lambda language, text: text)),
        store.clock,
        lambda request: "52.95.110.1",
        data_centres=DataCentres(),
        respect=False,
    )
    letters = site.links.codes.pack(Code(number, 1, 2, 3))
    headers = {"User-Agent": PHONE, "DNT": "1", "Referer": "https://x.example/"}
    request = make_mocked_request("GET", f"/l/{letters}", headers, match_info={"code": letters})
    assert (await redirects.answer(request)).status == 302
    [hit] = await hits(site)
    assert (hit.code, hit.referrer, hit.flags) == (letters, "https://x.example/", "dn")
    await site.counter.drain()
    assert site.verdicts == {"suspect": 1}


async def test_a_seal_holds_on_every_node_until_its_time_for_its_text(store: Store) -> None:
    here, there = Visitors(store), Visitors(store)
    await here.refresh()
    await there.refresh()
    now = store.clock.now()
    for until in (now + 1000, now // DAY * DAY + DAY + 5):
        seal = here.seal("abc", until)
        assert re.fullmatch("[0-9a-f]{27}", seal)
        assert there.sealed("abc", seal, now)
        assert there.sealed("abc", seal, until)
        assert not there.sealed("abc", seal, until + 1)
        assert not there.sealed("abd", seal, now)
    for bad in ("", "x", "0" * 27, f"{now + 900 * DAY:011x}" + "0" * 16, "é" * 27):
        assert not here.sealed("abc", bad, now)
