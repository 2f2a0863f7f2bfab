"""The gateway as a whole: connected, called back, and a customer's way from scan to welcome."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest

from bot.gateways.adapters import ADAPTERS
from bot.gateways.wecom import WeCom
from bot.gateways.wecom.notes import Changed, ContactEdited, read
from bot.model.delivery import Misconfigured
from bot.model.event import ContactAdded, GroupCreated, MessageReceived
from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Community, TestClock
from bot.testing.wecom import Variants, WeComServer

from .company import SECRET, company
from .shop import KEY, TOKEN, Shop, called, shop

_workspaces = count(1)


@pytest.fixture
async def server(clock: TestClock) -> AsyncIterator[WeComServer]:
    async with company(clock, variants=Variants(retry_after=0)) as served:
        yield served


@pytest.fixture
async def ours(server: WeComServer, store: Store) -> AsyncIterator[Shop]:
    async with shop(server, store) as opened:
        yield opened


def test_it_is_known_by_its_name() -> None:
    assert ADAPTERS["wecom"] is WeCom
    assert not WeCom.exclusive


async def test_a_wrong_secret_is_told_before_anybody_waits_for_callbacks(
    server: WeComServer, store: Store
) -> None:
    ours = Shop(server, store, secret="wrong")
    try:
        with pytest.raises(Misconfigured, match="Secret"):
            await anext(ours.adapter.receive())
        assert ours.status == []
    finally:
        await ours.adapter.close()


async def test_the_address_is_verified_and_events_and_notes_are_kept(
    server: WeComServer, ours: Shop, store: Store
) -> None:
    assert await server.callbacks.verify()
    customer = await ours.scans()
    server.world.edit("ann", customer, "likes tea")
    group = server.world.create_group("ann", "Tea", customer)
    server.world.say("ben", 1000002, "hello")
    assert {one.statuses[-1] for one in await server.callbacks.flush()} == {200}
    assert {type(event) for event in ours.events} == {ContactAdded, GroupCreated, MessageReceived}
    kept = await store.texts("LRANGE", store.keys.wecom_notes("wecom"), 0, -1)
    assert [read(text) for text in kept] == [
        ContactEdited("ann", customer),
        Changed(group.chat_id, "", "", complete=False),
    ]
    assert ours.status


async def test_what_a_callback_told_is_not_acknowledged_before_it_is_kept(
    server: WeComServer, ours: Shop, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> bool:
        raise ConnectionError("the store is away")

    customer = await ours.scans()
    server.world.edit("ann", customer, "likes tea")
    with monkeypatch.context() as while_away:
        while_away.setattr(store, "apply", away)
        [posted] = await server.callbacks.flush()
    assert set(posted.statuses) == {503}


async def test_the_members_of_a_customer_group_and_the_groups_can_be_asked_for(
    server: WeComServer, ours: Shop
) -> None:
    customer = server.world.meet("Li").external_userid
    server.world.add("ann", customer)
    group = server.world.create_group("ann", "Tea", customer)
    there = await ours.adapter.members(group.chat_id)
    assert {(one.id, one.name) for one in there} >= {(customer, "Li")}
    assert await ours.adapter.groups() == [(group.chat_id, "")]


@pytest.mark.parametrize(("said", "count"), [("month", 28), ("week", 7), ("day", 1)])
async def test_the_company_says_how_many_mass_messages_it_allows(
    server: WeComServer, store: Store, said: str, count: int
) -> None:
    ours = Shop(server, store, mass_sends=said)
    can = ours.adapter.capabilities
    assert [(quota.per, quota.count, quota.period) for quota in can.quotas] == [
        ("member", count, said),
        ("group", count, said),
    ]
    assert (can.staff_confirm, can.asks, can.idempotent, can.welcome_window) == (
        *(True, True, False, 20.0),
    )
    await ours.adapter.close()


GREETING = """
from bot import ContactAdded, Context, Message, Router

router = Router("greeting")


@router.on(ContactAdded)
async def greet(ctx: Context, event: ContactAdded) -> None:
    ctx.send(Message.of(f"Welcome by {event.channel}"), priority="welcome")
    ctx.send(Message.of("And once more"), priority="welcome")
"""


async def test_a_customer_who_scans_a_code_is_welcomed_by_the_running_bot_and_only_once(
    clock: TestClock,
    server: WeComServer,
    store: Store,
    valkey: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = f"greeting_{next(_workspaces)}"
    (tmp_path / f"{module}.py").write_text(GREETING)
    monkeypatch.syspath_prepend(str(tmp_path))
    config = f"""
        handlers = ["{module}"]
        [gateways.wecom]
        adapter = "wecom"
        corp_id = "{server.corp_id}"
        agent_id = 1000002
        secret = "{SECRET}"
        token = "{TOKEN}"
        aes_key = "{KEY}"
        api_url = "{server.url}"
    """
    workspace = f"wecom{next(_workspaces)}"
    async with Community(config, clock=clock, locate=unix(valkey), workspace=workspace) as muster:
        gateway = muster.app.switchboard.connections["wecom"]
        async with called(server, gateway.adapter):
            customer = server.world.meet("Li").external_userid
            server.world.add("ann", customer, state="door")
            await server.callbacks.flush()
            await muster.settle()
            await muster.passes(seconds=5)
            [sent] = server.welcomes.sent
            assert sent.external_userid == customer
            assert sent.body["text"]["content"] == "Welcome by door"
            assert clock.now() - sent.at < 20_000
            assert gateway.status.state == "online"
            told = [entry.reason async for _, entry in muster.app.journal.search("used already")]
            assert len(told) == 1  # of the second one
