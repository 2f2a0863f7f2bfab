"""Mass sends with pictures: uploaded once, and again when WeCom has let go of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.model.asking import Ask
from bot.model.message import Image, LinkCard, Message, MiniProgram, Segment
from bot.store.store import Store
from bot.testing.clock import TestClock
from bot.testing.wecom import WeComServer

from .company import company
from .shop import Shop, picture, shop

UPLOAD, ADD = "media/upload", "externalcontact/add_msg_template"


@pytest.fixture
async def server(clock: TestClock) -> AsyncIterator[WeComServer]:
    async with company(clock) as served:
        yield served


@pytest.fixture
async def ours(server: WeComServer, store: Store) -> AsyncIterator[Shop]:
    async with shop(server, store) as opened:
        yield opened


def ask(customer: str, *parts: str | Segment, since: int = 0) -> Ask:
    return Ask(
        id="offer/1",
        gateway="wecom",
        staff="ann",
        kind="direct",
        targets=(customer,),
        message=Message.of(*parts),
        since=since,
    )


async def test_pictures_and_cards_are_attached_and_the_rest_is_told_in_words(
    server: WeComServer, ours: Shop
) -> None:
    customer = await ours.scans()
    card = LinkCard(url="https://x.example/menu", title="Menu")
    program = MiniProgram(app="wx1", path="a", title="Order", picture=picture("two").url)
    bare = MiniProgram(app="wx1", path="a", title="Shop", url="https://x.example/shop")
    await ours.adapter.ask(ask(customer, "New tea. ", picture(), card, program, bare))
    [task] = server.mass.tasks.values()
    kinds = [one["msgtype"] for one in task.body["attachments"]]
    assert kinds == ["image", "link", "miniprogram"]
    assert task.body["text"]["content"] == "New tea. Shop https://x.example/shop"


async def test_a_picture_is_uploaded_once_and_anew_when_wecom_let_go_of_it(
    server: WeComServer, ours: Shop, clock: TestClock
) -> None:
    customer = await ours.scans()
    for _ in range(2):
        await ours.adapter.ask(ask(customer, "New tea", picture()))
    assert server.asked[UPLOAD] == 1
    clock.advance(3 * 86_400)  # the store's clock is another, so we still hold the old id
    await ours.adapter.ask(ask(customer, "New tea", picture()))
    assert (server.asked[UPLOAD], len(server.mass.tasks)) == (2, 3)


async def test_an_ask_of_a_picture_alone_is_found_again(server: WeComServer, ours: Shop) -> None:
    customer = await ours.scans()
    shown: Image = picture()
    asked = ask(customer, shown, since=server.world.now() * 1000)
    ident = await ours.adapter.ask(asked)
    assert await ours.adapter.find_ask(asked) == ident
    assert len(server.mass.tasks) == 1
