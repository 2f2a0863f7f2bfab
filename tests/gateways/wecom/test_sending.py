"""The app's own messages: to staff and app groups, within limits WeCom does not mention."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import pytest

from bot.model.delivery import InDoubt, Misconfigured, Refused, Retry
from bot.model.message import File, LinkCard, Mention, MiniProgram, Video
from bot.store.store import Store
from bot.testing.clock import TestClock
from bot.testing.wecom import Fault, WeComServer
from bot.testing.wecom.call import Call

from .company import AGENT, client, company
from .shop import Shop, picture, shop


@pytest.fixture
async def server(clock: TestClock) -> AsyncIterator[WeComServer]:
    async with company(clock) as served:
        yield served


@pytest.fixture
async def ours(server: WeComServer, store: Store) -> AsyncIterator[Shop]:
    async with shop(server, store, app_chats=["Floor1"]) as opened:
        yield opened


async def test_staff_get_words_pictures_cards_films_and_files(
    server: WeComServer, ours: Shop
) -> None:
    film = Video(url="data:video/mp4,moving", alt="The new shop")
    pdf = File(url="data:application/pdf,%25PDF-1.7", name="plan.pdf")
    card = LinkCard(url="https://x.example", title="Plan", description="For June")
    program = MiniProgram(app="wx1", path="a", title="Rota", url="https://x.example/r")
    called = Mention(account="ben", name="Ben")
    receipt = await ours.say("Read ", called, picture(), card, film, pdf, program, account="ann")
    bodies = [message.body for message in server.messages.to("ann")]
    assert [body["msgtype"] for body in bodies] == [
        "text",
        "image",
        "news",
        "video",
        "file",
        "news",
    ]
    assert bodies[0]["text"]["content"].strip() == "Read @Ben"
    assert bodies[2]["news"]["articles"][0]["description"] == "For June"
    assert bodies[3]["video"]["title"] == "The new shop"
    assert bodies[5]["news"]["articles"][0]["url"] == "https://x.example/r"
    assert receipt.message_id
    assert "mini program shown as a link card" in receipt.degraded


async def test_a_long_text_comes_in_pieces_that_fit(server: WeComServer, ours: Shop) -> None:
    await ours.say("好" * 1500, account="ann")
    texts = [message.body["text"]["content"] for message in server.messages.to("ann")]
    assert "".join(texts) == "好" * 1500
    assert all(len(text.encode()) <= 2048 for text in texts)


async def test_a_repeat_is_shown_once_and_the_same_words_of_another_delivery_again(
    server: WeComServer, ours: Shop
) -> None:
    for ident in ("one", "one", "two"):
        await ours.say("Please check in", account="ann", id=ident)
    assert len(server.messages.to("ann")) == 2


async def test_without_an_answer_it_is_tried_again_only_where_wecom_knows_repeats(
    server: WeComServer, ours: Shop
) -> None:
    server.refuse["message/send"] = [-1]
    with pytest.raises(Retry):
        await ours.say("Hello", account="ann", id="one")
    server.refuse["message/send"] = [-1]
    with pytest.raises(InDoubt):
        await ours.say("Hello", account="ann", id="two")


async def test_nothing_is_sent_that_wecom_would_drop_silently(
    server: WeComServer, ours: Shop, clock: TestClock
) -> None:
    waits = 0
    for number in range(100):
        try:
            await ours.say(f"Number {number}", account="ann")
        except Retry as told:
            clock.advance(told.after)
            waits += 1
            await ours.say(f"Number {number}", account="ann")
    assert waits > 50
    assert len(server.messages.to("ann")) == 100
    assert server.messages.dropped == []
    await ours.say("Another member has a limit of their own", account="ben")


async def test_who_is_not_there_is_refused(server: WeComServer, ours: Shop) -> None:
    with pytest.raises(Refused, match="81013"):
        await ours.say("Hello", account="nobody")
    server.world.hire("wmartin")  # not every id that begins so is a customer's
    await ours.say("Hello", account="wmartin")
    assert len(server.messages.to("wmartin")) == 1


async def test_a_member_wecom_names_as_unreachable_is_refused(
    server: WeComServer, ours: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = server._calls["message/send"]
    monkeypatch.setitem(
        server._calls, "message/send", lambda call: send(call) | {"invaliduser": "ann|x"}
    )
    with pytest.raises(Refused, match="visible range"):
        await ours.say("Hello", account="Ann")


@pytest.mark.parametrize("priority", ["reply", "notice", "broadcast"])
@pytest.mark.parametrize(
    "to", [{"account": "wmAAAA000001"}, {"account": "woAAAA000001"}, {"group": "wrAAAA000001"}]
)
async def test_nothing_goes_to_customers_without_a_tap(
    server: WeComServer, ours: Shop, priority: str, to: dict[str, str]
) -> None:
    with pytest.raises(Refused, match="tap"):
        await ours.say("Hello", priority=priority, **to)
    assert not server.asked["message/send"]
    assert not server.asked["appchat/send"]


async def test_a_welcome_into_a_customer_group_needs_a_tap_as_well(ours: Shop) -> None:
    with pytest.raises(Refused, match="tap"):
        await ours.say("Hello", priority="welcome", group="wrAAAA000001")


async def test_groups_the_app_made_get_messages(
    server: WeComServer, ours: Shop, clock: TestClock
) -> None:
    async with client(server, clock) as api:
        chat = {"name": "Floor 1", "userlist": ["ann", "ben"], "chatid": "Floor1"}
        await api.post("appchat/create", chat)
    await ours.say("Good morning", picture(), group="Floor1")
    received = server.chats.chats["Floor1"].received
    assert [body["msgtype"] for body in received] == ["text", "image"]
    server.refuse["appchat/send"] = [-1]
    with pytest.raises(InDoubt):
        await ours.say("Good night", group="Floor1")


async def test_after_a_failure_in_the_middle_only_the_rest_is_sent(
    server: WeComServer, ours: Shop, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with client(server, clock) as api:
        chat = {"name": "Floor 1", "userlist": ["ann", "ben"], "chatid": "Floor1"}
        await api.post("appchat/create", chat)
    words = ("好" * 600, "美" * 600)
    send, asked = server._calls["appchat/send"], count(1)

    def second_fails(call: Call) -> dict[str, Any]:
        if next(asked) == 2:
            raise Fault(45033, "api concurrent out of limit")
        return send(call)

    monkeypatch.setitem(server._calls, "appchat/send", second_fails)
    with pytest.raises(Retry):
        await ours.say(*words, group="Floor1", id="one")
    await ours.say(*words, group="Floor1", id="one", attempt=1)
    texts = [body["text"]["content"] for body in server.chats.chats["Floor1"].received]
    assert "".join(texts) == "".join(words)


async def test_an_upload_wecom_let_go_of_is_made_again_once(
    server: WeComServer, ours: Shop, clock: TestClock
) -> None:
    await ours.say(picture(), account="ann")
    clock.advance(3 * 86_400)
    await ours.say(picture(), account="ann")
    assert len(server.messages.to("ann")) == 2
    assert server.asked["media/upload"] == 2


async def test_a_large_file_is_sent(server: WeComServer, ours: Shop) -> None:
    film = Video(url=f"data:video/mp4,{'m' * (3 << 20)}")
    await ours.say(film, account="ann")
    [received] = server.messages.to("ann")
    assert len(server.media.find(received.body["video"]["media_id"]).upload.data) == 3 << 20


async def test_a_file_that_cannot_be_had_costs_only_itself(server: WeComServer, ours: Shop) -> None:
    receipt = await ours.say("Read this", File(url="data:,x", name="x.txt"), account="ann")
    assert receipt.degraded == ("x.txt is too small or too large for WeCom",)
    with pytest.raises(Refused, match="too small"):
        await ours.say(File(url="data:,x", name="x.txt"), account="ann")


async def test_another_apps_id_is_a_fault_of_the_settings(
    server: WeComServer, store: Store
) -> None:
    other = Shop(server, store, agent_id=str(AGENT + 1))
    try:
        with pytest.raises(Misconfigured, match="AgentId"):
            await other.say("Hello", account="ann")
    finally:
        await other.adapter.close()
