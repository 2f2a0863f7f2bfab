"""Live codes in the console: made, changed with their shifts, looked at, ended."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from html import unescape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from playwright.async_api import Browser, expect

from bot.console.pages.live_code_form import LiveCodeForms
from bot.console.pages.live_code_qr import LiveCodeQr
from bot.console.pages.live_codes import LiveCodes as LiveCodePages
from bot.gateways.adapter import Adapter
from bot.live_codes.live_codes import DayCount
from bot.live_codes.live_codes import LiveCodes as Room
from bot.located import KeyPath, Located, Problems, nearest
from bot.model.capabilities import Capabilities
from bot.model.conversation import Account, Conversation
from bot.model.delivery import Delivery, Receipt, Refused, Retry
from bot.model.event import ContactAdded
from bot.model.live_code import LiveCode, LiveCodeState, Shift
from bot.model.phrase import Phrase
from bot.testing.clock import TestClock
from tests.console.conftest import PASSWORD, Site, Visitor
from tests.console.house import opened
from tests.gateways.wecom.company import AGENT, company
from tests.gateways.wecom.shop import settings

STAFF = ("ann", "ben", "cid")
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40
COUNTER = LiveCode(
    id="counter",
    title="Shop counter 柜台",
    gateway="shop",
    kind="contact",
    staff=("ann",),
    shifts=(Shift(weekdays=frozenset({0, 5}), start="09:00", end="18:00", staff=("ben",)),),
    daily_cap=20,
    spare=("cid",),
)
POSTER = LiveCode(
    id="poster", title="Poster", gateway="shop", kind="group", groups=("wr1", "wr2"), channel="p9"
)
FORM = {"id": "spring", "title": "Spring", "gateway": "shop", "kind": "contact", "staff": "ann"}


class Codes(Room):
    """A room without a platform; ``away`` makes the platform refuse."""

    def __init__(self) -> None:
        """Nothing is asked of anybody."""
        self.kept: dict[str, tuple[LiveCode, LiveCodeState | None]] = {}
        self.counted: list[DayCount] = []
        self.done: list[tuple[str, str, str]] = []
        self.away = False

    async def all(self) -> list[tuple[LiveCode, LiveCodeState | None]]:
        return [*self.kept.values()]

    async def get(self, ident: str) -> tuple[LiveCode, LiveCodeState | None] | None:
        return self.kept.get(ident)

    async def put(self, code: LiveCode, by: str) -> None:
        located = Located("live code")
        people: list[tuple[KeyPath, str]] = [
            (("staff", n), one) for n, one in enumerate(code.staff)
        ]
        for n, shift in enumerate(code.shifts):
            people += [(("shifts", n, "staff", m), one) for m, one in enumerate(shift.staff)]
        wrong = [
            located.problem(at, Phrase("unknown staff"), nearest(one, STAFF))
            for at, one in people
            if one not in STAFF
        ]
        if wrong:
            raise Problems(wrong)
        self._ask("put", code.id, by)
        state = LiveCodeState(platform_id="q1", image="weixin://1", staff=code.staff)
        self.kept[code.id] = code, state

    async def end(self, ident: str, by: str) -> None:
        self._ask("end", ident, by)
        code, state = self.kept[ident]
        self.kept[ident] = code.model_copy(update={"ended": True}), state

    async def check(self, ident: str) -> None:
        self._ask("check", ident, "")

    async def counts(self, ident: str, since: int, until: int) -> list[DayCount]:
        return self.counted

    def _ask(self, what: str, ident: str, by: str) -> None:
        if self.away:
            raise Retry(Phrase("the platform is away"))
        self.done.append((what, ident, by))

    def stands(self, code: LiveCode, **state: Any) -> None:
        """A code as if it had been made."""
        self.kept[code.id] = code, LiveCodeState(**{"platform_id": "q1", **state})


class Counter(Adapter):
    """A gateway whose staff are known."""

    def __init__(self) -> None:
        """Needs nothing."""

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities()

    async def send(self, delivery: Delivery) -> Receipt:
        raise Refused("nobody sends here")

    async def staff(self) -> list[Account]:
        return [Account(id=one, name=one.title()) for one in STAFF]


@dataclass
class Shop:
    """A console with a gateway that makes live codes."""

    site: Site
    codes: Codes = field(default_factory=Codes)
    able: dict[str, Capabilities] = field(default_factory=dict)

    @property
    def code(self) -> LiveCode:
        """The code made by the form."""
        return self.codes.kept["spring"][0]


@pytest.fixture
async def shop(site: Site) -> AsyncIterator[Shop]:
    """Two live groups, three of the staff, no code yet."""
    can = Capabilities(live_codes=frozenset({"contact", "group"}), live_groups=5)
    made = Shop(site, able={"shop": can, "chat": Capabilities()})
    console, codes = site.console, made.codes
    pages = LiveCodePages(console.frame, codes, site.members, console.audit, lambda: made.able)
    console.add(
        LiveCodeForms(
            *(console.frame, codes, site.members, console.audit),
            *(lambda: made.able, lambda: {"shop": Counter()}),
        ),
        pages,
        LiveCodeQr(console.frame, codes),
    )
    console.cards.append(pages.waiting)
    for ident, name in (("wr1", "Tea one"), ("wr2", "Tea two")):
        await site.members.group_number(Conversation(gateway="shop", group=ident), name)
    app = web.Application()
    app.add_routes(console.routes())
    app.router.add_get("/platform/picture", _picture)
    app.router.add_get("/platform/away", _away)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.site = replace(site, url=f"http://127.0.0.1:{runner.addresses[0][1]}")
    try:
        yield made
    finally:
        for client in made.site.clients:
            await client.close()
        await runner.cleanup()


async def _picture(_: web.Request) -> web.Response:
    return web.Response(body=PNG, content_type="image/png")


async def _away(_: web.Request) -> web.Response:
    raise web.HTTPBadGateway


async def manager(shop: Shop) -> Visitor:
    return await shop.site.operator("ann", "manager")


async def answered(
    visitor: Visitor, path: str, form: dict[str, Any]
) -> tuple[int, str, dict[str, str]]:
    """Status, page, and what is told beside each field."""
    data = [(k, v) for k, vs in form.items() for v in ([vs] if isinstance(vs, str) else vs)]
    data.append(("csrf", await visitor.csrf()))
    async with visitor.client.post(path, data=data) as answer:
        page = unescape(await answer.text())
    fields = re.findall(r'name="([\w-]+)"[^>]*>(?:(?!name=).)*?role="alert">([^<]+)<', page, re.S)
    return answer.status, page, dict(fields)


async def test_a_manager_makes_a_code_with_shifts_caps_and_spare_staff(shop: Shop) -> None:
    visitor = await manager(shop)
    form = {
        **FORM,
        "staff": ["ann", "", "cid"],
        "channel": "春季",
        "start-0": "18:00",
        "end-0": "02:00",
        "weekdays-0": ["4", "5"],
        "staff-0": ["ben", ""],
        "daily_cap": "30",
        "spare": "cid",
        "confirm": "on",
        "groups": ["Tea one", ""],
    }
    status, page, wrong = await answered(visitor, "/live-codes/new", form)
    assert (status, wrong) == (200, {})
    assert "The live code is made." in page
    assert shop.code == LiveCode(
        id="spring",
        title="Spring",
        gateway="shop",
        kind="contact",
        channel="春季",
        staff=("ann", "cid"),
        shifts=(Shift(weekdays=frozenset({4, 5}), start="18:00", end="02:00", staff=("ben",)),),
        daily_cap=30,
        spare=("cid",),
        confirm=True,
    )
    assert shop.codes.done == [("put", "spring", "ann")]


async def test_a_group_code_takes_groups_by_name_and_shows_them_so(shop: Shop) -> None:
    visitor = await manager(shop)
    form = {**FORM, "kind": "group", "groups": ["Tea two", "wr1"], "new_group": "on"}
    form |= {"base_name": "Tea", "base_number": "3"}
    assert (await answered(visitor, "/live-codes/new", form))[0] == 200
    assert shop.code.groups == ("wr2", "wr1")
    assert (shop.code.staff, shop.code.base_number) == ((), 3)
    page = await visitor.get("/live-codes/spring/edit")
    assert re.findall(r'name="groups" value="([^"]+)"', page) == ["Tea two", "Tea one"]
    assert "Tea3" in await visitor.get("/live-codes/spring")


async def test_shifts_are_added_and_removed_without_losing_what_was_written(shop: Shop) -> None:
    visitor = await manager(shop)
    form: dict[str, Any] = {**FORM, "title": "", "do": "add"}
    status, page, wrong = await answered(visitor, "/live-codes/new", form)
    assert (status, wrong, shop.codes.done) == (200, {}, [])
    assert re.findall(r'name="start-(\d)" value="([^"]+)"', page) == [("0", "09:00")]
    assert 'value="spring"' in page
    form |= {"start-0": "08:00", "end-0": "12:00", "staff-0": "ben"}
    form |= {"start-1": "13:00", "end-1": "20:00", "staff-1": "cid", "do": "remove:0"}
    _, page, _ = await answered(visitor, "/live-codes/new", form)
    assert re.findall(r'name="start-(\d)" value="([^"]+)"', page) == [("0", "13:00")]
    assert re.findall(r'name="staff-0" value="([^"]+)"', page) == ["cid"]


@pytest.mark.parametrize(
    ("wrong", "at", "told"),
    [
        ({"id": "Spring Shop"}, "id", "lower-case letters"),
        ({"id": "new"}, "id", "lower-case letters"),
        ({"title": ""}, "title", "not empty"),
        ({"staff": ["ann", "bem"]}, "staff", 'did you mean "ben"?'),
        ({"kind": "group", "groups": "Tea tow"}, "groups", 'did you mean "Tea two"?'),
        ({"daily_cap": "many"}, "daily_cap", "whole number of at least 1"),
        ({"channel": "春夏秋冬春夏秋冬春夏秋冬"}, "channel", "at most 30 bytes"),
        ({"start-0": "9", "weekdays-0": "1", "staff-0": "ann"}, "start-0", "such as 09:00"),
        ({"start-0": "09:00", "staff-0": "ann"}, "weekdays-0", "not empty"),
        ({"start-0": "09:00", "weekdays-0": "1", "staff-0": "ana"}, "staff-0", '"ann"'),
    ],
)
async def test_what_is_wrong_is_told_at_its_field_and_nothing_is_kept(
    shop: Shop, wrong: dict[str, Any], at: str, told: str
) -> None:
    visitor = await manager(shop)
    form = {**FORM, "end-0": "18:00", **wrong}
    status, page, found = await answered(visitor, "/live-codes/new", form)
    assert status == 422
    assert told in found.get(at, ""), (found, page)
    assert not shop.codes.kept


async def test_an_id_that_is_taken_and_a_platform_that_is_away_keep_what_was_written(
    shop: Shop,
) -> None:
    visitor = await manager(shop)
    shop.codes.away = True
    status, page, _ = await answered(visitor, "/live-codes/new", FORM)
    assert status == 422
    assert "shop did not take it: the platform is away" in page
    assert 'value="Spring"' in page
    shop.codes.away = False
    shop.codes.stands(COUNTER)
    _, _, found = await answered(visitor, "/live-codes/new", {**FORM, "id": "counter"})
    assert found == {"id": "Another live code has this id."}
    assert shop.codes.kept["counter"][0] == COUNTER


async def test_a_change_keeps_the_id_the_gateway_and_the_kind(shop: Shop) -> None:
    shop.codes.stands(COUNTER)
    visitor = await manager(shop)
    page = await visitor.get("/live-codes/counter/edit")
    assert 'value="0" checked' in page
    assert 'value="5" checked' in page
    assert 'name="id"' not in page
    form = {**FORM, "kind": "group", "channel": "x", "title": "Counter", "staff": ["ben"]}
    assert (await answered(visitor, "/live-codes/counter/edit", form))[0] == 200
    code, _ = shop.codes.kept["counter"]
    assert (code.id, code.kind, code.title) == ("counter", "contact", "Counter")
    assert (code.staff, code.shifts, code.channel) == (("ben",), (), "")
    assert "spring" not in shop.codes.kept


async def test_the_list_says_who_receives_what_came_and_what_is_wrong(shop: Shop) -> None:
    shop.codes.stands(COUNTER, image="https://q.example/1", staff=("ben", "cid"))
    full = Phrase("all groups are full: add another group to the code")
    shop.codes.stands(POSTER, health=(full,))
    shop.codes.counted = [
        DayCount(day=today(shop), staff="ben", scans=4, joined=3),
        DayCount(day=today(shop) - timedelta(days=2), staff="cid", scans=1003, joined=900),
    ]
    visitor = await shop.site.operator("eve", "viewer")
    page = unescape(await visitor.get("/live-codes"))
    for words in ("Shop counter 柜台", "ben, cid", "<b>4</b>", "1,007", full, "Tea one", "p9"):
        assert words in page
    assert 'src="/live-codes/counter/qr"' in page
    assert "1 live code needs care" in await visitor.get("/")
    page = unescape(await visitor.get("/live-codes?q=柜台"))
    assert "柜台" in page
    assert "Poster" not in page
    one = unescape(await visitor.get("/live-codes/counter"))
    for words in ("0 of 20 today", "Mon Sat 09:00-18:00", "Scans, day by day", ">900<"):
        assert words in one
    assert "/live-codes/counter/edit" not in one
    assert full in unescape(await visitor.get("/live-codes/poster"))


def today(shop: Shop) -> date:
    """The day it is in the workspace."""
    return datetime.fromtimestamp(shop.site.clock.now() / 1000, ZoneInfo("Asia/Shanghai")).date()


async def test_what_was_changed_is_shown_with_who_did_it(shop: Shop) -> None:
    visitor = await manager(shop)
    shift = {"start-0": "09:00", "end-0": "18:00", "weekdays-0": ["0", "5"], "staff-0": "ben"}
    await answered(visitor, "/live-codes/new", FORM)
    await answered(visitor, "/live-codes/new", {**FORM, "id": "other", "title": "Another code"})
    changed = {**FORM, "staff": ["ann", "ben"], **shift}
    await answered(visitor, "/live-codes/spring/edit", changed)
    viewer = await shop.site.operator("eve", "viewer")
    page = unescape(await viewer.get("/live-codes/spring"))
    for words in ("Made a live code", "Changed a live code", "Mon Sat 09:00-18:00 ben"):
        assert words in page
    assert re.search(r">ann</bdi></del> → <bdi[^>]*>ann; ben<", page)
    assert "Another code" not in page


async def test_a_code_is_looked_at_and_ended(shop: Shop) -> None:
    shop.codes.stands(COUNTER, image="https://q.example/1")
    visitor = await manager(shop)
    shop.codes.away = True
    for act, told in (("check", "did not answer"), ("end", "did not take it away")):
        assert told in (await answered(visitor, f"/live-codes/counter/{act}", {}))[1]
    shop.codes.away = False
    assert "looked at just now" in (await answered(visitor, "/live-codes/counter/check", {}))[1]
    assert "is ended" in (await answered(visitor, "/live-codes/counter/end", {}))[1]
    assert shop.codes.done == [("check", "counter", ""), ("end", "counter", "ann")]
    assert (await visitor.status("/live-codes/counter/edit"))[0] == 404
    assert "/live-codes/counter/qr" not in await visitor.get("/live-codes/counter")


async def test_a_viewer_changes_nothing(shop: Shop) -> None:
    shop.codes.stands(COUNTER)
    visitor = await shop.site.operator("eve", "viewer")
    assert "/live-codes/new" not in await visitor.get("/live-codes")
    for path in ("new", "counter/edit", "counter/check", "counter/end"):
        assert (await visitor.post(f"/live-codes/{path}", FORM)).status == 403
    for path in ("new", "counter/edit"):
        assert (await visitor.status(f"/live-codes/{path}"))[0] == 403
    assert shop.codes.done == []


async def test_what_is_not_there_is_not_found(shop: Shop) -> None:
    shop.codes.stands(COUNTER)
    visitor = await manager(shop)
    for path in ("none", "none/qr", "counter/qr", "none/edit"):
        assert (await visitor.status(f"/live-codes/{path}"))[0] == 404


async def test_without_a_gateway_that_makes_codes_the_page_says_what_is_needed(shop: Shop) -> None:
    del shop.able["shop"]
    visitor = await manager(shop)
    page = await visitor.get("/live-codes")
    assert "It needs a gateway whose platform makes such codes" in page
    assert "/live-codes/new" not in page
    assert (await visitor.status("/live-codes/new")) == (303, "/live-codes")


@pytest.mark.parametrize(
    ("image", "file", "kind", "name"),
    [
        (lambda url: f"{url}/platform/picture", "qr.svg", "image/png", "counter.png"),
        (lambda url: f"{url}/login", "qr.svg", "image/svg+xml", "counter.svg"),
        (lambda url: f"{url}/login", "qr.png", "image/png", "counter.png"),
        (lambda _: "weixin://code/1", "qr.svg", "image/svg+xml", "counter.svg"),
        (
            lambda _: f"data:image/png;base64,{b64encode(PNG).decode()}",
            *("qr.svg", "image/png", "counter.png"),
        ),
    ],
)
async def test_the_picture_is_the_platforms_or_drawn_from_its_link(
    shop: Shop, image: Callable[[str], str], file: str, kind: str, name: str
) -> None:
    shop.codes.stands(COUNTER, image=image(shop.site.url))
    visitor = await shop.site.operator("eve", "viewer")
    assert "/live-codes/counter/qr.svg" in await visitor.get("/live-codes/counter")
    async with visitor.client.get(f"/live-codes/counter/{file}") as answer:
        assert (answer.status, answer.content_type) == (200, kind)
        assert name in answer.headers["Content-Disposition"]
    async with visitor.client.get("/live-codes/counter/qr") as answer:
        assert answer.content_type.startswith("image/")


async def test_a_picture_that_cannot_be_fetched_is_said(shop: Shop) -> None:
    shop.codes.stands(COUNTER, image=f"{shop.site.url}/platform/away")
    visitor = await shop.site.operator("eve", "viewer")
    assert (await visitor.status("/live-codes/counter/qr"))[0] == 404
    page = await visitor.get("/live-codes/counter/qr.png")
    assert "does not give the picture now" in page


async def test_a_code_made_in_the_console_hangs_at_the_platform_and_counts(valkey: str) -> None:
    async with company(TestClock()) as server:
        keys = "\n".join(f'{k} = "{v}"' for k, v in settings(server, agent_id=AGENT).items())
        config = f'timezone = "Asia/Shanghai"\n[gateways.wecom]\nadapter = "wecom"\n{keys}\n'
        async with opened(valkey, "codes", config) as house:
            visitor = await house.operator("ann", "manager")
            form = {**FORM, "gateway": "wecom"}
            assert 'value="ben"' in await visitor.get("/live-codes/new")
            _, _, wrong = await answered(visitor, "/live-codes/new", {**form, "staff": "bem"})
            assert 'did you mean "ben"?' in wrong["staff"]
            status, page, _ = await answered(visitor, "/live-codes/new", form)
            assert (status, "The live code is made." in page) == (200, True)
            [way] = server.ways.contact.values()
            assert (way.fields["user"], way.fields["state"]) == (["ann"], "spring")
            await answered(visitor, "/live-codes/spring/edit", {**form, "staff": "ben"})
            assert way.fields["user"] == ["ben"]
            scanned = ContactAdded(
                id="scan-1",
                gateway="wecom",
                at=house.clock.now(),
                account=Account(id="wm1"),
                staff="ben",
                channel="spring",
            )
            await house.community.accept(scanned)
            await house.community.settle()
            page = await visitor.get("/live-codes/spring")
            assert re.search(r"<bdi>ben</bdi></td>(<td[^>]*>(<b>)?1(</b>)?</td>){4}", page)
            await answered(visitor, "/live-codes/spring/end", {})
            assert not server.ways.contact


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 390), ("en-US", 1280)])
async def test_a_manager_makes_a_code_in_a_browser(
    shop: Shop, browser: Browser, pictures: Path, language: str, width: int
) -> None:
    full = Phrase("all groups are full: add another group to the code")
    shop.codes.stands(COUNTER, image="weixin://counter", staff=("ann", "ben"))
    shop.codes.stands(POSTER, image="weixin://poster", health=(full,))
    shop.codes.counted = [
        DayCount(day=today(shop) - timedelta(days=n), staff=one, scans=n + 2, joined=n)
        for n in range(14)
        for one in STAFF
    ]
    await shop.site.operator("ann", "manager")
    context = await browser.new_context(
        base_url=shop.site.url, locale=language, viewport={"width": width, "height": 844}
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    async def seen(name: str) -> None:
        path = pictures / f"live-codes-{name}-{language}-{width}.png"
        await page.screenshot(path=path, full_page=True)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, name

    await page.goto("/login")
    await page.fill("input[name=name]", "ann")
    await page.fill("input[name=password]", PASSWORD)
    await page.click("main button")
    await page.goto("/live-codes")
    await seen("list")
    await page.click("a[href='/live-codes/new'].button")
    await expect(page.locator(".if-group")).to_be_hidden()
    await page.fill("input[name=title]", "Spring 春季")
    await page.fill("input[name=id]", "spring")
    await page.click("button[value=add]")
    await expect(page.locator("#shift-0")).to_be_visible()
    await page.fill("[name=staff-0] >> nth=0", "bem")
    await page.fill("[name=staff] >> nth=0", "ann")
    await page.press("input[name=title]", "Enter")
    await expect(page.locator("#shift-0 .wrong")).to_be_visible()
    await seen("form")
    await page.fill("[name=staff-0] >> nth=0", "ben")
    await page.click(".row button[value=save]")
    await expect(page.locator(".notice")).to_be_visible()
    assert shop.code.shifts[0].staff == ("ben",)
    await page.goto("/live-codes/new")
    await page.check("input[value=group]")
    await expect(page.locator(".if-contact")).to_be_hidden()
    await seen("groups")
    await page.goto("/live-codes/counter")
    await seen("one")
    assert [one for one in complaints if "422" not in one] == []  # a form that was refused
    await context.close()
