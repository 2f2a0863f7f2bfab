"""Figures where operators already are, and ``link()`` in a text."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import AsyncIterator

import pytest

from bot.links.clicks import Clicks
from bot.links.codes import Code
from bot.links.counter import Counter
from bot.links.hits import Hit
from bot.links.judge import Judge
from bot.links.links import Links
from bot.model.conversation import Account
from bot.model.message import Image, Text
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
    await Counter(app.store, Judge(links, zone), links.steps, "test").drain()


async def greeted(community: Community) -> Code:
    """Tea friends, of whom 小明 was greeted with a link; its code."""
    tea, ming = await community.group("tea", "茶友会"), community.member("u1", "小明")
    await ming.joins(tea)
    await community.passes(seconds=1)
    said = await tea.expects("Hello 小明: http://127.0.0.1:8080/l/")
    links = community.app.rooms.links
    code = links.codes.unpack(said.message.text.rpartition("/")[2])
    assert code
    return code


async def test_figures_of_a_campaign_are_told_with_a_picture(community: Community) -> None:
    code = await greeted(community)
    assert (code.link, code.group > 0) == (1, True)
    await click(community, code, code, Code(1))
    boss = community.member("boss", "老板")
    await boss.says("/stats spring-sale")
    message = (await boss.expects("spring-sale · 2026-")).message
    assert "Fetches 3 · clicks 3 · people 3" in message.text
    assert "茶友会 2" in message.text
    assert "Complete until 2026-" in message.text
    picture = message.segments[-1]
    assert isinstance(picture, Image)
    assert b64decode(picture.url.partition(",")[2]).startswith(b"\x89PNG")
    assert picture.alt.startswith("Clicks ▁")
    assert picture.alt.endswith("█")
    await boss.says("/top links week")
    await boss.expects("1. spring-sale: 3 clicks by 3, 3 fetches")
    await boss.says("/群排行")
    told = (await boss.expects("Groups by clicks")).message.text
    assert "1. 茶友会: 2 clicks by 2, 2 fetches" in told


async def test_a_gateway_without_pictures_gets_a_line_of_bars(valkey: str, store: Store) -> None:
    plain = f'{CONFIG}\n[gateways.sandbox]\nadapter = "sandbox"\ntext_only = true\n'
    async with Community(plain, locate=unix(valkey), workspace=store.keys.workspace) as community:
        await community.app.roles.give("sandbox", "boss", "viewer")
        await click(community, await greeted(community))
        boss = community.member("boss", "老板")
        await boss.says("/数据 SPRING_sale 今天")
        message = (await boss.expects("spring-sale · 2026-")).message
        assert [type(one) for one in message.segments] == [Text]
        assert "\nClicks ▁" in message.text


async def test_who_clicked_is_told_to_the_operator_alone(community: Community) -> None:
    code = await greeted(community)
    boss, mei = community.member("boss", "老板"), community.member("u2", "小美")
    tea = await community.group("tea")
    await mei.joins(tea)
    await community.passes(seconds=1)
    ming = await community.app.members.number("sandbox", Account(id="u1"))
    await click(community, Code(1, code.step, 0, ming), code)
    await tea.hears()
    await boss.says("/who clicked spring-sale", tea)
    await tea.expects("The names are in our direct chat.")
    told = (await boss.expects("1 members clicked")).message.text
    assert told.splitlines()[2] == "小明"
    assert "say no name; 1 people made some" in told
    await boss.says("/谁没点 spring-sale 在 本群 上周", tea)
    told = (await boss.expects("茶友会")).message.text
    assert "0 members it reached did not click" in told
    await boss.says("/who clicked spring-sale in tee")
    told = (await boss.expects("Nothing is called “tee”")).message.text
    assert told.splitlines()[1:] == [f"/who clicked group:{code.group}  茶友会"]


async def test_who_is_no_operator_is_told_nothing(community: Community) -> None:
    ming = community.member("u1", "小明")
    for words in ("/stats spring-sale", "/top links", "/who clicked spring-sale", "/数据"):
        await ming.says(words)
    assert await community.direct(ming).hears() == []


async def test_what_fits_several_or_nothing_is_said(community: Community) -> None:
    links, boss = community.app.rooms.links, community.member("boss", "老板")
    await boss.says("/top links")
    await boss.expects("Nothing was clicked.")
    await boss.says("/stats")
    await boss.expects("All links · 2026-")
    await boss.says("/stats no {{ 7 * 7 }}")
    await boss.expects("Nothing is called “no {{ 7 * 7 }}”")
    await links.make(SALE, "spring-sale")
    await links.make(SALE, "autumn-sale")
    await boss.says("/stats sale")
    told = (await boss.expects("2 fit “sale”; say which:")).message.text
    assert sorted(told.splitlines()[1:]) == [
        "/stats campaign:autumn-sale  autumn-sale",
        "/stats campaign:spring-sale  spring-sale",
    ]
    await boss.says("/stats campaign:autumn-sale")
    await boss.expects("autumn-sale · 2026-")
    await boss.says("/stats spring-sail")
    told = (await boss.expects("Nothing is called “spring-sail”")).message.text
    assert "/stats campaign:spring-sale" in told
    await boss.says("/stats link:99")
    await boss.expects("there is no link #99")


async def test_a_group_asks_for_its_own_figures(community: Community) -> None:
    await click(community, await greeted(community))
    boss, tea = community.member("boss", "老板"), await community.group("tea")
    await tea.hears()
    await boss.says("/stats group today", tea)
    told = (await tea.expects("茶友会 · 2026-")).message.text
    assert "clicks 1 · people 1" in told
