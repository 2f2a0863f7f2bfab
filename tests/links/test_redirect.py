"""What a member's phone gets when it opens a link."""

from __future__ import annotations

from bot.links.codes import Code
from bot.links.rules import VERSION
from bot.links.visitors import Visitors
from bot.store.store import Store
from tests.links.site import PHONE, Site

SALE = "https://shop.example/sale?词=春#片段"
SENT = "https://shop.example/sale?%E8%AF%8D=%E6%98%A5#%E7%89%87%E6%AE%B5"


async def test_a_link_leads_to_its_destination_and_is_on_disk_before(site: Site) -> None:
    number = await site.links.make(SALE)
    response = await site.fetch(Code(number, 1, 2, 3))
    assert response.status == 302
    assert response.headers["Location"] == SENT
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert site.outcomes == {"stored": 1}
    await site.counter.drain()
    assert (await site.clicks.sums(number)).clicks == 1


async def test_head_is_answered_and_is_no_click(site: Site) -> None:
    number = await site.links.make(SALE)
    response = await site.fetch(Code(number), "HEAD")
    assert response.status == 302
    assert response.headers["Location"] == SENT
    await site.counter.drain()
    sums = await site.clicks.sums(number)
    assert (sums.hits, sums.clicks, sums.verdicts) == (1, 0, {"head": 1})


async def test_announced_prefetches_and_bots_are_redirected_but_no_clicks(site: Site) -> None:
    code = Code(await site.links.make(SALE))
    await site.fetch(code, Sec_Purpose="prefetch;prerender")
    await site.fetch(code, Purpose="prefetch")
    await site.fetch(code, X_Purpose="preview")
    await site.fetch(code, X_Moz="prefetch")
    await site.fetch(code, agent="curl/8.0")
    await site.fetch(code, agent="")
    assert (await site.fetch(code, agent=PHONE)).status == 302
    await site.counter.drain()
    assert site.verdicts == {"prefetch": 4, "bot": 2, "click": 1}


async def test_a_link_made_by_another_process_is_found_at_once(site: Site, store: Store) -> None:
    other = type(site.links)(store, str)
    await other.open()
    number = await other.make(SALE)
    assert (await site.fetch(Code(number))).headers["Location"] == SENT


async def test_a_code_we_did_not_make_gets_a_kind_page_and_is_an_orphan(site: Site) -> None:
    number = await site.links.make(SALE)
    good = site.links.codes.pack(Code(number, 1, 2, 3))
    forged = good[:-1] + ("A" if good[-1] != "A" else "B")
    for bad in (forged, "%0A%1Fx", "nothing-here"):
        async with site.browser.get(f"{site.base}/l/{bad}", allow_redirects=False) as response:
            assert response.status == 404
            assert response.headers["Cache-Control"] == "no-store"
            assert "This link leads nowhere" in await response.text()
    await site.fetch(Code(number + 1))
    await site.counter.drain()
    assert (await site.clicks.sums(0)).verdicts == {"orphan": 3, "gone": 1}
    assert len(await site.clicks.orphans()) == 4
    assert (forged, 1) in await site.clicks.orphans()
    assert (await site.clicks.sums(number)).hits == 0


async def test_the_page_is_in_the_visitors_language(site: Site) -> None:
    for accept, language in (("zh-CN,zh;q=0.9,en;q=0.5", "zh"), ("en,zh;q=0.5", "en"), ("", "en")):
        response = await site.fetch("x", Accept_Language=accept)
        assert f'lang="{language}"' in await response.text()


async def test_no_address_is_kept_and_long_headers_are_cut(site: Site, store: Store) -> None:
    number = await site.links.make(SALE)
    await site.fetch(
        Code(number), agent=PHONE + "x" * 3000, Referer="https://r.example/" + "y" * 3000
    )
    rows = await store.call("XRANGE", store.keys.hits(), "-", "+")
    assert b"127.0.0.1" not in rows[0][1][1]
    assert len(rows[0][1][1]) < 512 + 1024 + 150
    await site.counter.drain()
    [(_, hit)] = await site.clicks.hits()
    assert (hit.verdict, hit.rules, len(hit.agent), len(hit.referrer)) == (
        "click",
        VERSION,
        512,
        1024,
    )


async def test_a_visitor_is_another_one_tomorrow_and_the_same_on_every_node(store: Store) -> None:
    here, there = Visitors(store), Visitors(store)
    await here.refresh()
    await there.refresh()
    now, day = store.clock.now(), 86_400_000
    assert here.hash(now, "203.0.113.9", PHONE) == there.hash(now, "203.0.113.9", PHONE)
    assert here.hash(now + day, "203.0.113.9", PHONE) == there.hash(now + day, "203.0.113.9", PHONE)
    hashes = {
        here.hash(now, "203.0.113.9", PHONE),
        here.hash(now + day, "203.0.113.9", PHONE),
        here.hash(now, "203.0.113.10", PHONE),
        here.hash(now, "203.0.113.9", PHONE + "x"),
    }
    assert len(hashes) == 4
