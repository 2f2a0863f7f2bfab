"""A SOP's first step welcomes a new customer by itself; what comes later staff confirm."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from bot.store.address import unix
from bot.store.store import Store
from bot.testing.clock import TestClock
from bot.testing.community import Community
from bot.testing.wecom import WeComServer
from bot.testing.wecom.variants import Variants

from .company import AGENT, SECRET, company
from .shop import KEY, TOKEN, called, picture

SEND, UPLOAD = "externalcontact/send_welcome_msg", "media/upload"
CONFIG = """
workspace = "{workspace}"
timezone = "Asia/Shanghai"
handlers = {handlers}
{more}
[sandbox]
enabled = false
[gateways.wecom]
adapter = "wecom"
corp_id = "{corp}"
agent_id = {agent}
secret = "{secret}"
token = "{token}"
aes_key = "{key}"
api_url = "{url}"
"""
STOCK, NONE, GREETER = '["handlers"]', "[]", '["tests.gateways.wecom.greeter"]'
HELLO = """
title = "Newcomers"
anchor = "contact_added"
[[step]]
id = "hello"
after = "0s"
text = '''{text}'''
[[step]]
id = "guide"
after = "1h"
text = "How to brew"
"""


class Shop:
    """The bot, its company, and Ann who has the customers."""

    def __init__(self, bot: Community, server: WeComServer) -> None:
        self.bot, self.server, self.clock = bot, server, bot.clock
        self.sops = bot.app.rooms.sops

    async def begin(self, name: str = "newcomers", text: str = "Nice to meet you") -> None:
        """Start the SOP."""
        folder = self.bot.config.sop_templates
        (folder / f"{name}.toml").write_text(HELLO.format(text=text), encoding="utf-8")
        await self.sops.start(name, "everyone", "ann", {})
        self.clock.advance(1)  # who came in the same millisecond came before it

    async def scans(self, *, code: bool = True, talks: bool = False) -> str:
        """Somebody becomes Ann's customer, and ``talks`` to her at once; their id."""
        ident = self.server.world.meet().external_userid
        self.server.world.add("ann", ident, code=code)
        if talks:
            self.server.world.talk("ann", ident)
        await self.server.callbacks.flush()
        await self.bot.settle()
        return ident

    async def outcome(self, name: str = "newcomers") -> dict[str, dict[str, int]]:
        """What became of each step."""
        found: dict[str, dict[str, int]] = {}
        for run in await self.sops.results.runs(name, 0, 100):
            counts = {"sent": run.sent, "task": run.task, "failed": run.failed, **run.skipped}
            found[run.step] = {end: count for end, count in counts.items() if count}
        return found

    @property
    def welcomes(self) -> list[tuple[str, str]]:
        """Who was welcomed with which words."""
        sent = self.server.welcomes.sent
        return [(one.external_userid, one.body["text"]["content"]) for one in sent]


@asynccontextmanager
async def opened(
    store: Store, valkey: str, tmp: Any, handlers: str = STOCK, more: str = ""
) -> AsyncIterator[Shop]:
    """A bot at this company, at 8:00 in Shanghai."""
    clock = store.clock
    assert isinstance(clock, TestClock)
    async with company(clock, variants=Variants(retry_after=0.0)) as server:
        config = CONFIG.format(
            workspace=store.keys.workspace,
            handlers=handlers,
            more=f'sop_templates = "{tmp}"\n{more}',
            corp=server.corp_id,
            agent=AGENT,
            secret=SECRET,
            token=TOKEN,
            key=KEY,
            url=server.url,
        )
        async with (
            Community(config, clock=clock, locate=unix(valkey)) as bot,
            called(server, bot.app.adapters()["wecom"]),
        ):
            yield Shop(bot, server)


@pytest.mark.parametrize("handlers", [STOCK, NONE], ids=["as shipped", "no handlers"])
async def test_the_first_step_welcomes_within_its_window_and_the_next_is_for_staff(
    store: Store, valkey: str, tmp_path: object, handlers: str
) -> None:
    async with opened(store, valkey, tmp_path, handlers) as shop:
        await shop.begin()
        customer = await shop.scans()
        await shop.bot.passes(seconds=2)
        assert shop.welcomes == [(customer, "Nice to meet you")]
        assert await shop.outcome() == {"hello": {"sent": 1}}
        await shop.bot.passes(hours=1)
        assert await shop.outcome() == {"hello": {"sent": 1}, "guide": {"task": 1}}
        assert [task.text for task in await shop.sops.tasks.open()] == ["How to brew"]
        assert len(shop.welcomes) == 1


async def test_a_handler_that_welcomes_has_the_welcome_and_the_step_is_for_staff(
    store: Store, valkey: str, tmp_path: object
) -> None:
    async with opened(store, valkey, tmp_path, GREETER) as shop:
        await shop.begin()
        customer = await shop.scans()
        await shop.bot.passes(seconds=2)
        assert shop.welcomes == [(customer, "Welcome to the tea shop!")]
        assert await shop.outcome() == {"hello": {"task": 1}}
        assert shop.server.asked[SEND] == 1


async def test_a_welcome_in_the_settings_goes_before_that_of_a_sop(
    store: Store, valkey: str, tmp_path: object
) -> None:
    text = f"Hi {{{{ member.account }}}}{{{{ image('{picture().url}') }}}}"
    async with opened(store, valkey, tmp_path, more=f'[welcome]\ncontact = "{text}"') as shop:
        await shop.begin()
        await shop.bot.app.rooms.welcome_media.tick()
        assert shop.server.asked[UPLOAD] == 1
        customer = await shop.scans()
        await shop.bot.passes(seconds=2)
        assert shop.welcomes == [(customer, f"Hi {customer}")]
        assert await shop.outcome() == {"hello": {"task": 1}}
        assert (shop.server.asked[SEND], shop.server.asked[UPLOAD]) == (1, 1)


async def test_who_cannot_be_welcomed_has_the_reason_in_the_journal(
    store: Store, valkey: str, tmp_path: object
) -> None:
    async with opened(store, valkey, tmp_path, more='[welcome]\ncontact = "Hi"') as shop:
        await shop.scans(code=False)
        told = [entry for _, entry in await shop.bot.app.journal.recent(limit=50)]
        [skipped] = [entry for entry in told if entry.what == "welcome.skipped"]
        assert skipped.reason == "the platform gave no leave to welcome them"
        assert shop.server.asked[SEND] == 0


async def test_of_two_sops_one_welcomes_and_the_other_is_for_staff(
    store: Store, valkey: str, tmp_path: object
) -> None:
    async with opened(store, valkey, tmp_path) as shop:
        await shop.begin("newcomers")
        await shop.begin("others", "Welcome, too")
        await shop.scans()
        await shop.bot.passes(seconds=2)
        ends = [await shop.outcome(name) for name in ("newcomers", "others")]
        assert sorted(str(one["hello"]) for one in ends) == ["{'sent': 1}", "{'task': 1}"]
        assert shop.server.asked[SEND] == 1


async def test_without_a_code_or_too_late_the_welcome_is_for_staff(
    store: Store, valkey: str, tmp_path: object
) -> None:
    async with opened(store, valkey, tmp_path) as shop:
        await shop.begin()
        await shop.scans(code=False)
        await shop.bot.passes(seconds=2)
        assert await shop.outcome() == {"hello": {"task": 1}}
        await shop.scans()
        shop.clock.advance(25)
        await shop.bot.passes(seconds=2)
        assert await shop.outcome() == {"hello": {"task": 2}}
        assert shop.server.asked[SEND] == 0


async def test_a_welcome_that_failed_is_tried_again_as_a_task(
    store: Store, valkey: str, tmp_path: object
) -> None:
    async with opened(store, valkey, tmp_path) as shop:
        await shop.begin()
        await shop.scans(talks=True)
        await shop.bot.passes(seconds=2)
        assert await shop.outcome() == {"hello": {"failed": 1}}
        [run] = await shop.sops.results.runs("newcomers", 0, 100)
        assert await shop.bot.app.rooms.retry.failed("newcomers", run.id, "ann") == 1
        await shop.bot.passes(seconds=2)
        assert await shop.outcome() == {"hello": {"task": 1}}


async def test_a_welcome_waits_for_no_quiet_hours_and_counts_as_no_mass_message(
    store: Store, valkey: str, tmp_path: object
) -> None:
    quiet = '[delivery]\nquiet_hours = "07:00-09:30"\n'
    async with opened(store, valkey, tmp_path, more=quiet) as shop:
        await shop.begin()
        customer = await shop.scans()
        await shop.bot.passes(seconds=2)
        assert shop.welcomes == [(customer, "Nice to meet you")]
        keys = shop.bot.app.store.keys
        assert not await store.texts("KEYS", keys.cap("m*:wecom", "*"))
        await shop.bot.passes(hours=2)
        assert await shop.outcome() == {"hello": {"sent": 1}, "guide": {"task": 1}}


async def test_what_a_welcome_shows_is_uploaded_before_anybody_comes(
    store: Store, valkey: str, tmp_path: object
) -> None:
    async with opened(store, valkey, tmp_path) as shop:
        media = shop.bot.app.rooms.welcome_media
        await shop.begin(text=f"Hello {{{{ image('{picture().url}') }}}}")
        await media.tick()
        assert shop.server.asked[UPLOAD] == 1
        await shop.scans()
        await shop.bot.passes(seconds=2)
        [sent] = shop.server.welcomes.sent
        assert [one["msgtype"] for one in sent.body["attachments"]] == ["image"]
        assert shop.server.asked[UPLOAD] == 1
        await shop.begin("others", f"{{{{ image('{picture('two').url}') }}}}")  # a change
        await media.tick()
        assert shop.server.asked[UPLOAD] == 2


async def test_uploads_are_renewed_before_they_end_and_tried_again_when_they_failed(
    store: Store, valkey: str, tmp_path: object
) -> None:
    async with opened(store, valkey, tmp_path) as shop:
        media, app = shop.bot.app.rooms.welcome_media, shop.bot.app.store
        shop.server.refuse[UPLOAD] = [45009]
        await shop.begin(text=f"Hello {{{{ image('{picture().url}') }}}}")
        await media.tick()
        await media.tick()  # not at once again
        assert shop.server.asked[UPLOAD] == 1
        shop.clock.advance(61)
        await media.tick()
        assert shop.server.asked[UPLOAD] == 2
        for hours, uploads in ((7, 2), (5, 3)):
            for key in await app.texts("KEYS", app.keys.wecom_upload("*", "*", "*")):
                await app.call("EXPIRE", key, hours * 3600)
            shop.clock.advance(241)
            await media.tick()
            assert shop.server.asked[UPLOAD] == uploads
