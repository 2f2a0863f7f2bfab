"""The OneBot 11 adapter keeps the contract, in all three modes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Literal

import aiohttp
import pytest

from bot.gateways.adapter import Adapter, Inlet
from bot.gateways.onebot11 import OneBot11, OneBot11Settings, door
from bot.model.capabilities import SegmentKind
from bot.model.delivery import Misconfigured, Refused, Retry, SendError
from bot.model.event import BaseEvent
from bot.testing.conformance import AdapterConformance, Arrived, Platform, Traits, line

from .fake_onebot import FakeOneBot, Payload

TOKEN, SECRET = "tea-token-of-ours", "tea-secret-of-ours"
CODES: dict[type[SendError], int] = {Retry: 201, Refused: 1400, Misconfigured: 1404}
NATIVE: dict[str, SegmentKind] = {"at": "mention", "image": "image", "share": "link_card"}

Mode = Literal["forward", "reverse", "http"]


class Moody(FakeOneBot):
    """``next`` answers the next send, which is not done; ``silent``: answers to sends get lost."""

    def __init__(self, **login: Any) -> None:
        super().__init__(**login)
        self.next: Payload | None = None
        self.silent = False

    def _act(self, action: str, params: Payload) -> Payload | None:
        if action.startswith("send_"):
            refusal, self.next = self.next, None
            if refusal is not None:
                return refusal
            if self.silent:
                super()._act(action, params)
                return None
        return super()._act(action, params)


class OneBot(Platform):
    """A fake implementation; ids are numbers."""

    # Callbacks may be posted again; a WebSocket never repeats, and only messages have ids.
    push = Traits(repeats=frozenset({"message"}))

    def __init__(self, mode: Mode, **settings: Any) -> None:
        super().__init__()
        self.mode = mode
        self.settings = settings
        self.secrets = (TOKEN, SECRET)
        self.fake = Moody(token=TOKEN, secret=SECRET if mode == "http" else None)
        self.traits = {
            "forward": self.push,
            "reverse": replace(self.push, ending="told", logins=False, webhook=True),
            "http": Traits(acknowledged=True, ending="never", webhook=True),
        }[mode]
        self.url = ""
        self._last: Payload = {}
        self._arrived: list[tuple[int, Arrived]] = []

    def account(self, number: int) -> str:
        return str(20001 + number)

    def group(self, number: int) -> str:
        return str(100 + number)

    def make(self, inlet: Inlet) -> Adapter:
        ways: dict[Mode, dict[str, Any]] = {
            "forward": {"url": self.fake.ws_url},
            "reverse": {},
            "http": {"api_url": self.fake.api_url, "secret": SECRET, "action_timeout": 0.3},
        }
        login = {"mode": self.mode, "access_token": TOKEN}
        settings = OneBot11Settings.model_validate(login | ways[self.mode] | self.settings)
        return OneBot11(inlet, settings)

    async def start(self, url: str) -> None:
        self.url = url
        if self.mode == "reverse":
            await self.fake.dial(url)

    async def say(
        self, account: str, group: str | None, text: str, *, to_bot: bool = False
    ) -> bool:
        if group is None:
            return await self._tell(self.fake.private_message(text, user=int(account)))
        message = [{"type": "text", "data": {"text": text}}]
        if to_bot:
            message.insert(0, {"type": "at", "data": {"qq": str(self.fake.self_id)}})
        return await self._tell(
            self.fake.group_message(message, user=int(account), group=int(group))
        )

    async def join(self, account: str, group: str) -> bool:
        return await self._tell(self.fake.joined(int(account), group=int(group)))

    async def leave(self, account: str, group: str) -> bool:
        return await self._tell(self.fake.left(int(account), group=int(group)))

    async def repeat(self) -> bool:
        return await self._tell(self._last)

    async def _tell(self, payload: Payload) -> bool:
        self._last = payload
        if self.mode == "http":
            return await self.fake.post(self.url, payload) < 300
        await self.fake.emit(payload)
        return True

    async def sent(self) -> Sequence[Arrived]:
        while not self.fake.sent.empty():
            self._arrived.append(_arrived(self.fake.sent.get_nowait()))
        return tuple(one for _, one in self._arrived)

    async def left_there(self) -> Sequence[Arrived]:
        await self.sent()
        return [one for ident, one in self._arrived if ident not in self.fake.recalled]

    async def is_in(self, account: str, group: str) -> bool:
        return (int(group), int(account)) not in self.fake.removed

    async def may_speak(self, account: str, group: str) -> bool:
        return not self.fake.muted.get((int(group), int(account)))

    async def refuse(self, error: type[SendError]) -> None:
        self.fake.next = {"status": "failed", "retcode": CODES[error], "data": None}

    async def fall_silent(self) -> None:
        self.fake.silent = True

    async def drop(self) -> None:
        if self.mode == "http":
            raise NotImplementedError
        await self.fake.cut()

    async def lock_out(self) -> None:
        if self.mode == "reverse":
            raise NotImplementedError
        self.fake.token = "another"

    async def forge(self) -> int:
        if self.mode == "http":
            self.fake.secret = "another"
            try:
                return await self.fake.post(self.url, self.fake.joined())
            finally:
                self.fake.secret = SECRET
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await self.fake.dial(self.url, Authorization="Bearer another")
        return refused.value.status


def _arrived(call: Payload) -> tuple[int, Arrived]:
    group, account = call.get("group_id"), call.get("user_id")
    parts = call["message"]
    return call["message_id"], Arrived(
        group=None if group is None else str(group),
        account=None if account is None else str(account),
        text="".join(part["data"].get("text", "") for part in parts),
        kinds=tuple(NATIVE[part["type"]] for part in parts if part["type"] in NATIVE),
    )


class _OneBotConformance(AdapterConformance):
    mode: Mode
    settings: ClassVar[dict[str, Any]] = {}

    @pytest.fixture
    async def platform(self) -> AsyncIterator[Platform]:
        platform = OneBot(self.mode, **self.settings)
        async with platform.fake:
            yield platform


class TestForward(_OneBotConformance):
    mode = "forward"


class TestReverse(_OneBotConformance):
    mode = "reverse"


class TestHttp(_OneBotConformance):
    mode = "http"


class TestWithLinkCards(_OneBotConformance):
    mode = "forward"
    settings: ClassVar[dict[str, Any]] = {"link_cards": True}


# what only a platform with callbacks can show: these flaws are found, too


class Spoilt(OneBot):
    """The adapter gets an inlet that does not do what it says."""

    def __init__(self, mode: Mode, **spoilt: Any) -> None:
        super().__init__(mode)
        self.spoilt = spoilt

    def make(self, inlet: Inlet) -> Adapter:
        return super().make(replace(inlet, **self.spoilt))


async def _taken(_: BaseEvent) -> bool:
    return True


async def test_an_adapter_that_acknowledges_what_is_not_kept_is_found() -> None:
    platform = Spoilt("http", accept=_taken)
    async with platform.fake:
        with pytest.raises(AssertionError, match=r"hand the event to inlet\.accept"):
            await TestHttp().test_nothing_is_acknowledged_before_it_is_kept(platform)


async def test_an_adapter_that_does_not_tell_a_loss_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(line, "PATIENCE", 0.5)
    platform = Spoilt("reverse", lost=lambda _: None)
    async with platform.fake:
        with pytest.raises(AssertionError, match=r"inlet\.lost is called"):
            await TestReverse().test_a_lost_connection_is_seen_and_another_one_works(platform)


async def test_an_adapter_that_lets_anybody_in_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "check_signature", lambda *_: None)
    platform = OneBot("http")
    async with platform.fake:
        with pytest.raises(AssertionError, match="an unsigned call was answered with 204"):
            await TestHttp().test_only_the_platform_may_call_the_webhook(platform)
