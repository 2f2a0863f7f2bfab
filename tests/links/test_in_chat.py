"""Link statistics where operators already are, and ``link()`` in a text."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.links.clicks import Clicks
from bot.links.codes import Code
from bot.links.counter import Counter
from bot.links.hits import Hit
from bot.links.links import Links
from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Community
from tests.links.site import PHONE

SALE = "https://shop.example/sale"
CONFIG = """
language = "en"
handlers = ["handlers.link_stats", "handlers.welcome"]

[welcome]
window = "0s"
messages = ["Hello {{ member.name }}: {{ link('https://shop.example/sale', 'spring-sale') }}"]
"""


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    workspace = store.keys.workspace
    async with Community(CONFIG, locate=unix(valkey), workspace=workspace) as made:
        await made.app.roles.give("sandbox", "boss", "viewer")
        yield made


async def click(community: Community, *codes: Code) -> None:
    """Clicks, counted."""
    app = community.app
    links = app.rooms.services[Links]
    assert isinstance(links, Links)
    for serial, code in enumerate(codes):
        letters, at = links.codes.pack(code), community.clock.now()
        hit = Hit("test", serial, at, letters, "", f"v{serial}", PHONE)
        await app.store.call("XADD", app.store.keys.hits(), "*", "hits", hit.line())
    zone = app.rooms.services[Clicks].zone  # type: ignore[attr-defined]
    await Counter(app.store, links, zone, "test").drain()


async def test_link_in_a_text_is_tracked_and_its_clicks_are_told(community: Community) -> None:
    tea, ming = await community.group("tea", "茶友会"), community.member("u1", "小明")
    await ming.joins(tea)
    await community.passes(seconds=1)
    said = await tea.expects("Hello 小明: http://127.0.0.1:8080/l/")
    links = community.app.rooms.services[Links]
    assert isinstance(links, Links)
    code = links.codes.unpack(said.message.text.rpartition("/")[2])
    assert code
    assert (code.link, code.group > 0) == (1, True)
    await click(community, code, code, Code(1))
    boss = community.member("boss", "老板")
    await boss.says("/stats spring-sale")
    told = (await boss.expects("spring-sale")).message.text
    assert "3 clicks by" in told
    assert "茶友会: 2" in told
    await boss.says("/top links")
    await boss.expects("1. spring-sale: 3")


async def test_who_is_no_operator_is_told_nothing(community: Community) -> None:
    ming = community.member("u1", "小明")
    await ming.says("/stats spring-sale")
    await ming.says("/top links")
    heard = await community.direct(ming).hears()
    assert not [said for said in heard if "link" in said.message.text]


async def test_what_fits_several_links_or_none_is_said(community: Community) -> None:
    links = community.app.rooms.services[Links]
    assert isinstance(links, Links)
    boss = community.member("boss", "老板")
    await boss.says("/top links")
    await boss.expects("No link was clicked yet.")
    await boss.says("/stats")
    await boss.expects("Say which link")
    await boss.says("/stats no {{ 7 * 7 }}")
    await boss.expects("There is no link “no {{ 7 * 7 }}”")
    await links.make(SALE, "spring-sale")
    await links.make(SALE, "autumn-sale")
    await boss.says("/stats sale")
    told = (await boss.expects("2 links fit")).message.text
    assert told.splitlines()[1:] == ["/stats #2  autumn-sale", "/stats #1  spring-sale"]
