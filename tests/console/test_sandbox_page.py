"""The sandbox in a real browser: talking as several members, live, on a phone and a desktop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest
from aiohttp import ClientSession, web
from playwright.async_api import Browser, Page, expect

from bot.clock import SystemClock
from bot.gateways.adapter import Inlet
from bot.gateways.sandbox import Sandbox, SandboxSettings, World
from bot.gateways.sandbox.door import Door
from bot.gateways.sandbox.page import SandboxPage
from bot.i18n import Translator
from bot.model.delivery import Delivery
from bot.model.event import BaseEvent, ContactAdded, GroupCreated, MemberJoined, MessageReceived
from bot.model.message import Image, LinkCard, Mention, Message
from bot.store.bell import Bell
from bot.store.store import Store

PICTURE = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='240' height='150'%3E"
    "%3Crect width='240' height='150' fill='%230e7c66'/%3E%3Ccircle cx='120' cy='75' r='40'"
    " fill='%23ffd27d'/%3E%3C/svg%3E"
)


@dataclass
class Stage:
    """The sandbox with a bot that answers in a fixed way."""

    world: World
    url: str = ""
    sandbox: Sandbox | None = None
    heard: list[BaseEvent] = field(default_factory=list)
    answers: int = 0

    def adapter(self) -> Sandbox:
        assert self.sandbox
        return self.sandbox

    async def accept(self, event: BaseEvent) -> bool:
        """Take an event, and answer it as the bot would."""
        self.heard.append(event)
        who = Mention(account=event.account.id, name=event.account.name)
        match event:
            case MemberJoined():
                await self.answer(
                    event, Message.of("欢迎 ", who, " 加入！每天发「签到」可以积分。")
                )
            case MessageReceived() if "card" in event.message.text:
                card = LinkCard(
                    url="https://bot.example/l/a1b2",
                    title="Spring tea tasting",
                    description="Saturday at 15:00, bring a cup",
                    image=PICTURE,
                )
                await self.answer(event, Message.of(card))
                await self.answer(event, Message.of(Image(url=PICTURE, alt="a cup")))
            case MessageReceived():
                link = "https://bot.example/l/x9y8?from=chat"
                await self.answer(event, Message.of(f"签到成功！连续 3 天 🎉 看看 {link}。"))
            case ContactAdded() | GroupCreated() | _:
                pass
        return True

    async def answer(self, event: BaseEvent, message: Message) -> None:
        """One delivery through the real adapter."""
        self.answers += 1
        delivery = Delivery(id=f"{self.answers}", to=event.conversation, message=message)
        await self.adapter().send(delivery)


@pytest.fixture
async def stage(store: Store) -> AsyncIterator[Stage]:
    """A served sandbox; ``MUSTER_PICTURES`` keeps screenshots."""
    world, clock, random = World(store, Bell()), SystemClock(), Random(1)
    made = Stage(world)
    inlet = Inlet("sandbox", made.accept, clock, lambda: None)
    made.sandbox = Sandbox(inlet, SandboxSettings(), world)
    door = Door("sandbox", world, made.accept, clock, random, False)
    page = SandboxPage(
        "sandbox", door, world, made.adapter, made.accept, clock, random, Translator(), "zh"
    )
    app = web.Application()
    app.add_routes([*door.routes(), *page.routes()])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    await page.start()
    try:
        yield made
    finally:
        await page.stop()
        await runner.cleanup()


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 390), ("en-US", 1280)])
async def test_one_person_talks_as_two_members_and_sees_the_bot_answer(
    stage: Stage, browser: Browser, pictures: Path, language: str, width: int
) -> None:
    page, complaints = await _open(stage, browser, language, width)

    async def picture(name: str) -> None:
        await page.screenshot(path=pictures / f"sandbox-{name}-{language}-{width}.png")
        assert await page.evaluate("document.documentElement.scrollWidth") <= width

    await expect(page.locator(".hints")).to_be_visible()
    await picture("first")
    await page.click(".chip >> nth=0")
    await expect(page.locator(".from-bot a")).to_have_attribute(
        "href", "https://bot.example/l/x9y8?from=chat"
    )
    order = await page.locator(".said").evaluate_all("all => all.map(e => e.className)")
    assert order == ["said own", "said from-bot"]
    await _side(page, width)
    await page.click("#new-group")
    await page.fill("#ask-value", "Tea")
    await page.keyboard.press("Enter")
    await expect(page.locator("#chat-name")).to_have_text("Tea")
    await page.fill("#text", "大家好\nHello @muster")
    await page.keyboard.press("Enter")
    await expect(page.locator(".said.own .mention")).to_have_text("@muster")

    await _side(page, width)
    await page.click("#speaker")
    await page.click("#new-person")
    await page.fill("#ask-value", "李雷")
    await page.keyboard.press("Enter")
    await expect(page.locator("#speaker-name")).to_have_text("李雷")
    await page.click("#chats .chat:has-text('Tea')")
    await page.click("#join")
    await expect(page.locator(".from-bot .mention.me")).to_have_text("@李雷")
    await page.fill("#text", "show me a card")
    await page.click(".send")
    await expect(page.locator(".card b")).to_have_text("Spring tea tasting")
    await expect(page.locator("img.picture")).to_have_count(2)
    await picture("group")
    if width == 390:
        await page.click("#back")
        await picture("chats")

    await page.click("#open-switches")
    await page.check("[name=staff_confirm]")
    await page.check("[name=text_only]")
    await page.wait_for_timeout(50)
    await picture("switches")
    await page.keyboard.press("Escape")
    await expect(page.locator("#switches")).not_to_be_visible()
    assert stage.adapter().capabilities.staff_confirm
    assert complaints == []
    await page.context.close()


async def test_what_others_say_arrives_while_the_page_is_open(
    stage: Stage, browser: Browser
) -> None:
    page, complaints = await _open(stage, browser, "zh-CN", 1280)
    await expect(page.locator("#chats .chat")).to_have_count(1)
    async with ClientSession(stage.url) as program:
        for kind in ("member_joined", "message"):
            body = {"type": kind, "group": "run", "member": {"id": "u9", "name": "<b>Zoë</b>"}}
            async with program.post(
                "/sandbox/api/events", json={**body, "text": "javascript:alert(1) 你好"}
            ) as response:
                assert response.status == 202
    await page.click("#chats .chat:has-text('run')")
    await expect(page.locator(".said .name", has_text="<b>Zoë</b>")).to_have_count(1)
    await expect(page.locator(".log")).to_contain_text("javascript:alert(1) 你好")
    await expect(page.locator(".log a[href^=javascript]")).to_have_count(0)
    await page.click("#join")
    await expect(page.locator("#leave")).to_be_visible()
    await page.click("#leave")
    await expect(page.locator("#join")).to_be_visible()
    assert complaints == []
    await page.context.close()


async def test_switches_outlast_a_restart(stage: Stage, store: Store) -> None:
    async with ClientSession(stage.url) as program:
        async with program.post("/sandbox/api/settings", json={"chat_rate": 6}) as response:
            assert response.status == 200
        async with program.post("/sandbox/api/settings", json={"chat_rate": 0}) as response:
            assert response.status == 422
            assert "chat_rate" in (await response.json())["error"]
    kept = await stage.world.switches()
    assert kept
    assert SandboxSettings.model_validate_json(kept).chat_rate == 6


async def test_the_feed_tells_of_the_scene_only_when_it_changed(stage: Stage) -> None:
    async with ClientSession(stage.url) as program:

        async def feed(**query: str) -> dict[str, object]:
            async with program.get("/sandbox/api/feed", params=query) as response:
                found: dict[str, object] = await response.json()
                return found

        first = await feed()
        assert first["scene"] is not None
        known = str(first["version"])
        assert (await feed(after="0", scene=known))["scene"] is None
        async with program.post("/sandbox/api/people", json={"name": "Ann"}) as response:
            assert response.status == 201
        changed = await feed(after="0", scene=known, wait="5")
        assert "Ann" in str(changed["scene"])


async def _open(
    stage: Stage, browser: Browser, language: str, width: int
) -> tuple[Page, list[str]]:
    context = await browser.new_context(
        base_url=stage.url, locale=language, viewport={"width": width, "height": 844}
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: complaints.append(str(e)))
    await page.goto("/sandbox")
    return page, complaints


async def _side(page: Page, width: int) -> None:
    if width == 390:
        await page.click("#back")
