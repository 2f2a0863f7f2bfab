"""The page of one gateway: how it is, what to do, what to set up, what did not arrive."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest
from playwright.async_api import Browser

from bot.delivery.journal import Entry, record
from bot.gateways.wecom.callback import WRONG_KEY
from bot.store.effects import Effects
from bot.testing import TestClock
from bot.testing.wecom import WeComServer
from tests.console.conftest import PASSWORD
from tests.console.house import House, opened
from tests.gateways.wecom.company import AGENT, SECRET, company
from tests.gateways.wecom.shop import KEY, TOKEN

PAGE = "/gateway/wecom"
CONFIG = """
timezone = "Asia/Shanghai"

{web}

[gateways.wecom]
adapter = "wecom"
corp_id = "{corp}"
agent_id = {agent}
secret = "{secret}"
token = "{token}"
aes_key = "{key}"
api_url = "{url}"
"""
PUBLIC = '[web]\npublic_url = "https://muster.example.com"'
_workspaces = count(1)


@asynccontextmanager
async def gateway(valkey: str, server: WeComServer, web: str = PUBLIC) -> AsyncIterator[House]:
    about = {"corp": server.corp_id, "agent": AGENT, "secret": SECRET, "web": web}
    config = CONFIG.format(**about, token=TOKEN, key=KEY, url=server.url)
    async with opened(valkey, f"gateway{next(_workspaces)}", config) as house:
        yield house
        if house.community.app.switchboard.connections["wecom"].status.state != "misconfigured":
            await compared(house)
        await house.community.settle()  # what is on its way comes and goes while keys are looked at


@pytest.fixture
async def server(clock: TestClock) -> AsyncIterator[WeComServer]:
    async with company(clock) as served:
        served.world.add("ann", served.world.meet("Bo").external_userid)
        clock.advance(-7200)  # what was before is past for the bot, whose clock is its own
        yield served


async def state(house: House, wanted: str) -> None:
    """Wait until the gateway is so."""
    connection = house.community.app.switchboard.connections["wecom"]
    async with asyncio.timeout(10):
        while connection.status.state != wanted:
            await asyncio.sleep(0.005)


async def compared(house: House) -> None:
    """Wait until everything was compared."""
    adapter = house.community.app.switchboard.connections["wecom"].adapter
    async with asyncio.timeout(10):
        while not any(row.kind == "moment" and row.value for row in (await adapter.health()).rows):
            await asyncio.sleep(0.005)


async def test_a_connected_gateway_tells_what_it_knows_and_what_to_copy(
    valkey: str, server: WeComServer
) -> None:
    async with gateway(valkey, server) as house:
        await state(house, "online")
        await compared(house)
        viewer = await house.operator("ann", "viewer")
        page = await viewer.get(PAGE)
        for words in (
            "Connected",
            "Staff with customers</dt><dd>2",
            "https://muster.example.com/gateways/wecom",
            server.corp_id,
            f">{AGENT}<",
            "Nothing failed here.",
            "Last complete comparison",
        ):
            assert words in page, words
        for secret in (SECRET, TOKEN, KEY):
            assert secret not in page
        assert "/refresh" not in page, "looking does not change anything"
        assert f'href="{PAGE}"' in await viewer.get("/gateways")


async def test_without_a_public_address_it_says_what_comes_first(
    valkey: str, server: WeComServer
) -> None:
    async with gateway(valkey, server, web="") as house:
        page = await (await house.operator("ann", "viewer")).get(PAGE)
        assert "Set public_url under [web] first" in page


async def test_a_fault_is_told_with_what_to_do_and_tried_at_once_when_somebody_says_so(
    valkey: str, server: WeComServer
) -> None:
    server.trusted = frozenset({"192.0.2.1"})
    async with gateway(valkey, server) as house:
        await state(house, "misconfigured")
        manager = await house.operator("bo", "manager")
        page = await manager.get(PAGE)
        for words in ("Set up wrongly", "next try", "60020", "企业可信IP", "WeCom saw 127.0.0.1"):
            assert words in page, words
        server.trusted = None
        answer = await manager.post("/gateway/wecom/refresh", {})
        assert (answer.status, answer.headers["Location"]) == (303, PAGE)
        await state(house, "online")
        page = await manager.get(PAGE)
        assert "Compare now" in page
        assert 'role="alert"' not in page
        assert "Last trouble, over now:" in page
        assert "Had a gateway looked at" in await (await house.operator("cy", "admin")).get(
            "/audit"
        )


async def test_compare_now_reads_the_lists_again(valkey: str, server: WeComServer) -> None:
    async with gateway(valkey, server) as house:
        await state(house, "online")
        await compared(house)
        server.world.hire("cat", "Cat")
        manager = await house.operator("bo", "manager")
        assert (await manager.post("/gateway/wecom/refresh", {})).status == 303
        async with asyncio.timeout(10):
            while "Staff with customers</dt><dd>3" not in await manager.get(PAGE):
                house.clock.advance(3)
                await asyncio.sleep(0.01)


async def test_only_managers_have_it_looked_at_and_with_their_own_form(
    valkey: str, server: WeComServer
) -> None:
    async with gateway(valkey, server) as house:
        viewer = await house.operator("ann", "viewer")
        assert (await viewer.post("/gateway/wecom/refresh", {})).status == 403
        manager = await house.operator("bo", "manager")
        assert (await manager.post("/gateway/wecom/refresh", {}, csrf="x")).status == 403
        assert (await manager.post("/gateway/nobody/refresh", {})).status == 404
        assert (await manager.status("/gateway/nobody"))[0] == 404


async def test_what_was_not_delivered_is_listed_with_its_reason(
    valkey: str, server: WeComServer
) -> None:
    async with gateway(valkey, server) as house:
        effects = Effects(house.store.keys)
        for place, reason in (("wecom/d/ann", "nobody has this id"), ("other/d/x", "not ours")):
            entry = Entry(
                at=house.clock.now(), what="delivery.failed", conversation=place, reason=reason
            )
            record(effects, entry)
        await house.store.apply(effects)
        page = await (await house.operator("ann", "viewer")).get(PAGE)
        assert "nobody has this id" in page
        assert "not ours" not in page


async def test_a_callback_fault_is_told_with_what_to_do(valkey: str, server: WeComServer) -> None:
    async with gateway(valkey, server) as house:
        await state(house, "online")
        house.community.app.switchboard.connections["wecom"].adapter.inlet.lost(WRONG_KEY)
        page = await (await house.operator("ann", "viewer")).get(PAGE)
        assert "cannot be decrypted" in page
        assert "Set aes_key to the EncodingAESKey" in page


async def test_every_gateway_has_a_page_also_one_with_little_to_tell(house: House) -> None:
    page = await (await house.operator("ann", "viewer")).get("/gateway/sandbox")
    assert "What it can do" in page
    assert "Compare now" not in page


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 390), ("en-US", 1280)])
async def test_it_fits_on_a_phone_and_a_desk(
    valkey: str,
    server: WeComServer,
    browser: Browser,
    pictures: Path,
    language: str,
    width: int,
) -> None:
    server.trusted = frozenset({"192.0.2.1"})
    async with gateway(valkey, server) as house:
        await state(house, "misconfigured")
        await house.operator("bo", "manager", language[:2])
        context = await browser.new_context(
            base_url=house.url, locale=language, viewport={"width": width, "height": 844}
        )
        page = await context.new_page()
        await page.goto(f"/login?next={PAGE}")
        await page.fill("input[name=name]", "bo")
        await page.fill("input[name=password]", PASSWORD)
        await page.click("main button")
        await page.goto(PAGE)
        await page.screenshot(path=pictures / f"gateway-{language}-{width}.png", full_page=True)
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
        await context.close()
