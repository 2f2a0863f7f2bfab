"""Links that ask WeCom or WeChat who opens them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from pydantic import SecretStr

from bot.gateways.wechat.oauth import WeChatIdentity
from bot.gateways.wecom.api import WeComApi
from bot.gateways.wecom.oauth import WeComIdentity
from bot.i18n import Translator
from bot.links.codes import Code
from bot.links.desk import Desk
from bot.links.hits import Hit
from bot.links.identities import TIME, Identities
from bot.links.pages import Pages
from bot.links.redirect import Redirects
from bot.links.visitors import Visitors
from bot.model.conversation import Account
from bot.store.members import Members
from bot.store.store import Store
from bot.testing.clock import TestClock
from tests.gateways.fake_weixin import (
    AGENT,
    APP,
    APP_SECRET,
    CORP,
    CORP_SECRET,
    FakeWeixin,
    fake_weixin,
)
from tests.links.site import PHONE, Site

SALE = "https://shop.example/sale"
WECOM = PHONE.replace("MicroMessenger", "wxwork/4.1 MicroMessenger")
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36"


@dataclass
class Door:
    """A link room that asks the fake platforms."""

    site: Site
    fake: FakeWeixin
    identities: Identities
    members: Members
    base: str

    async def made(self, ask: str = "wecom", **terms: Any) -> int:
        number = await self.site.links.make(SALE)
        await Desk(self.site.store, self.site.links).edit(number, "ann", {"ask": ask, **terms})
        return number

    async def open(self, path: str | Code, agent: str = PHONE, **headers: str) -> tuple[int, str]:
        """The status and where a browser is sent."""
        code = path if isinstance(path, str) else self.site.links.codes.pack(path)
        sent = {"User-Agent": agent, "Accept-Language": "zh", **headers}
        url = f"{self.base}/l/{code}"
        async with self.site.browser.get(url, headers=sent, allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location", "")

    async def back(self, location: str, agent: str = PHONE, **who: str) -> tuple[int, str]:
        """What a browser gets that was sent to a platform, is told who it is and comes back."""
        parts = urlsplit(self.fake.visit(location, **who))
        assert f"{parts.scheme}://{parts.netloc}" == "https://shop.example"
        return await self.open(f"{parts.path}?{parts.query}".removeprefix("/l/"), agent)

    async def hits(self) -> list[tuple[Code | None, str]]:
        """Codes and flags of what was recorded."""
        rows = await self.site.store.call("XRANGE", self.site.store.keys.hits(), "-", "+")
        found = [Hit.parse(line) for _, row in rows for line in row[1].split(b"\n")]
        return [(self.site.links.codes.unpack(hit.code), hit.flags) for hit in found]


@pytest.fixture
async def door(site: Site, store: Store, clock: TestClock, tmp_path: Path) -> AsyncIterator[Door]:
    async with fake_weixin() as fake:
        visitors = Visitors(store)
        await visitors.refresh()
        api = WeComApi(fake.url, CORP, SecretStr(CORP_SECRET), clock)
        identities = Identities(
            store,
            visitors,
            {
                "wecom": WeComIdentity(api, CORP, AGENT, "wecom"),
                "wechat": WeChatIdentity(fake.url, APP, SecretStr(APP_SECRET), "oa"),
            },
            site.links.word_url,
        )
        pages = Pages(Translator().translate)
        redirects = Redirects(
            *(site.links, site.recorder, visitors, pages, clock), identities=identities
        )
        app = web.Application()
        app.add_routes(redirects.routes())
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield Door(site, fake, identities, Members(store), base)
        await runner.cleanup()
        await identities.close()


async def test_who_opens_a_groups_link_in_wecom_or_wechat_is_counted_as_the_member(
    door: Door,
) -> None:
    ann = await door.members.number("wecom", Account(id="ann", name="Ann"))
    guest = await door.members.number("wecom", Account(id="wm123", name="Guest"))
    number = await door.made()
    group = Code(number, 1, 2)
    asked, there = await door.open(group, WECOM)
    assert asked == 302
    assert await door.back(there, WECOM, userid="ann") == (302, SALE)
    _, there = await door.open(group)
    assert await door.back(there, openid="o", external_userid="wm123") == (302, SALE)
    assert await door.hits() == [
        (group, "b"),
        (Code(number, 1, 2, ann), "c"),
        (group, "b"),
        (Code(number, 1, 2, guest), "c"),
    ]
    await door.site.counter.drain()
    assert door.site.verdicts == {"page": 2, "click": 2}


async def test_an_official_account_knows_its_own_followers(door: Door) -> None:
    bob = await door.members.number("oa", Account(id="o-bob", name="Bob"))
    number = await door.made("wechat")
    assert await door.open(Code(number), WECOM) == (302, SALE)
    _, there = await door.open(Code(number))
    assert await door.back(there, openid="o-bob") == (302, SALE)
    assert (await door.hits())[-1] == (Code(number, 0, 0, bob), "c")


async def test_who_is_known_or_cannot_be_asked_goes_there_at_once(door: Door) -> None:
    number = await door.made()
    assert await door.open(Code(number, 1, 2, 3)) == (302, SALE)
    assert await door.open(Code(number), CHROME) == (302, SALE)
    assert await door.open(Code(number), DNT="1") == (302, SALE)
    assert await door.open(Code(number), **{"Sec-Purpose": "prefetch"}) == (302, SALE)
    assert (await door.site.fetch(Code(number))).headers["Location"] == SALE  # not set up there
    assert "b" not in "".join(flags for _, flags in await door.hits())


@pytest.mark.parametrize("refusal", [0, 50001, 60020])
async def test_strangers_and_refusals_stop_nobody(door: Door, refusal: int) -> None:
    number = await door.made()
    door.fake.refusal = refusal
    _, there = await door.open(Code(number, 1, 2))
    assert await door.back(there, openid="stranger") == (302, SALE)
    assert (await door.hits())[-1] == (Code(number, 1, 2), "c")
    assert bool(door.identities.troubles) == bool(refusal)
    door.fake.refusal = 0
    _, there = await door.open(Code(number, 1, 2))
    assert await door.back(there, openid="stranger") == (302, SALE)
    assert not door.identities.troubles


async def test_what_comes_back_late_twice_from_another_or_forged_names_nobody(
    door: Door, clock: TestClock
) -> None:
    ann = await door.members.number("wecom", Account(id="ann", name="Ann"))
    number = await door.made()
    group = Code(number, 1, 2)
    _, there = await door.open(group)
    assert await door.back(there, CHROME, userid="ann") == (302, SALE)
    assert await door.back(there.replace("oauth%2Fwecom", "oauth%2Fwechat"), userid="ann") == (
        *(302, SALE),
    )
    state = door.fake.visit(there, userid="ann").rpartition("state=")[2]
    code = door.fake.code(CORP, userid="ann")
    forged = f"{state[:-1]}{'0' if state[-1] != '0' else '1'}"
    assert await door.open(f"oauth/wecom?code={code}&state={forged}") == (302, SALE)
    assert await door.open(f"oauth/wecom?state={state}") == (302, SALE)
    clock.advance(TIME / 1000 + 1)
    assert await door.back(there, userid="ann") == (302, SALE)
    assert ann not in [found.member for found, _ in await door.hits() if found]
    assert (await door.open("oauth/wecom?state=x"))[0] == 404
    assert (await door.open("oauth/other?code=1"))[0] == 404


async def test_a_platform_that_is_away_names_nobody_and_is_told_to_operators(door: Door) -> None:
    api = WeComApi("http://127.0.0.1:9", CORP, SecretStr(CORP_SECRET), door.site.store.clock)
    away = Identities(
        door.site.store,
        Visitors(door.site.store),
        {"wecom": WeComIdentity(api, CORP, AGENT, "wecom")},
        door.site.links.word_url,
    )
    visitor = away._visitors.hash(door.site.store.clock.now(), "127.0.0.1", PHONE)
    at = door.site.store.clock.now()
    url = away.authorize_url("wecom", "abc", visitor, at)
    state = url.partition("state=")[2].partition("&")[0]
    assert await away.who("wecom", state, "code", visitor, at) == 0
    assert away.troubles["wecom"].why == "WeCom did not answer."
    await away.close()


async def test_asking_comes_before_the_page_in_between_and_takes_no_place(door: Door) -> None:
    ann = await door.members.number("wecom", Account(id="ann", name="Ann"))
    number = await door.made(confirm=True, limit=1)
    _, there = await door.open(Code(number))
    status, _ = await door.back(there, userid="ann")
    assert status == 200
    assert await door.site.links.taken(number) == 0
    assert await door.hits() == [(Code(number), "b"), (Code(number, 0, 0, ann), "b")]
