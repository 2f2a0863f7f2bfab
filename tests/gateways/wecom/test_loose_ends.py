"""Transfers, erasures, silent leavers, cards: what is easily forgotten at the edges."""

from __future__ import annotations

import asyncio
from itertools import count
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.gateways.wecom.notes import Unreached, written
from bot.model.asking import Ask
from bot.model.event import ContactAdded, ContactRemoved
from bot.model.message import Message
from bot.rooms.links import platforms
from bot.settings.rooms import OAuthSettings
from bot.store.address import unix
from bot.store.erasure import Erasure
from bot.store.store import Store
from bot.testing import Community, TestClock
from bot.testing.wecom import Limits, Variants

from .company import AGENT, SECRET, client, company
from .mirror import GATEWAY, Mirror, mirror
from .shop import KEY, TOKEN, called, shop

_workspaces = count(1)


async def known(here: Mirror) -> str:
    """A customer of Ann's since an hour, known to us."""
    customer = here.world.meet("Bo").external_userid
    here.world.add("ann", customer)
    await here.tell()
    here.clock.advance(3600)
    await here.turn()
    return customer


async def owner(here: Mirror, customer: str) -> str:
    member = await here.members.member(await here.number(customer))
    assert member
    return member.attributes["owner"]


# transfers


@pytest.mark.parametrize("told", ["removed first", "added first", "removed only", "nothing"])
async def test_a_customer_who_was_handed_over_belongs_to_who_has_them_now(
    store: Store, clock: TestClock, told: str
) -> None:
    async with mirror(store, clock) as here:
        bo = await known(here)
        assert await owner(here, bo) == "ann"
        here.world.add("ben", bo)
        here.world.remove("ann", bo, "DELETE_BY_TRANSFER")
        added, removed = here.server.callbacks.waiting
        here.lose()
        which = {
            "removed first": (removed, added),
            "added first": (added, removed),
            "removed only": (removed,),
            "nothing": (),
        }[told]
        for one in which:
            await here.tell(one)
        await here.turn(3)
        await here.round()
        assert await owner(here, bo) == "ben"
        assert await here.contacts("ann") == set()
        assert await here.contacts("ben") == {bo}


async def test_a_handover_that_failed_leaves_a_customer_to_who_had_them(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here:
        bo = await known(here)
        number = await here.number(bo)
        await store.call("HSET", store.keys.member(number), "attribute:owner", "ben")
        here.world.refuse_transfer("ann", bo)
        await here.tell()
        await here.turn(3)
        await here.turn(3)
        assert await owner(here, bo) == "ann"


async def test_whose_a_customer_is_by_an_operators_word_stays_so_while_nothing_happens(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here:
        bo = await known(here)
        number = await here.number(bo)
        await store.call("HSET", store.keys.member(number), "attribute:owner", "cat")
        here.world.edit("ann", bo, "likes tea")
        await here.tell()
        await here.round()
        assert await owner(here, bo) == "cat"


# leaving without a word


async def test_a_customer_who_left_and_no_callback_said_so_is_found_by_a_mass_send(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here:
        bo = await known(here)
        here.world.removed_by_customer("ann", bo)
        here.lose()
        await here.round()
        assert await here.contacts("ann") == {bo}, "the lists say nothing of it"
        async with shop(here.server, store) as ours:
            ask = Ask(
                id="a1",
                gateway=GATEWAY,
                staff="ann",
                kind="direct",
                targets=(bo,),
                message=Message.of("Hello"),
                since=clock.now(),
            )
            msgid = await ours.adapter.ask(ask)
            here.server.mass.tap(msgid, "ann")
            _, targets = await ours.adapter.asked(msgid, ask)
            assert targets[bo][0] == "gone"
        await here.turn(3)
        assert await here.contacts("ann") == set()
        [left] = [event for event in here.heard if isinstance(event, ContactRemoved)]
        assert (left.by, left.staff) == ("contact", "ann")
        await here.round()
        assert await here.contacts("ann") == set(), "the lists do not bring them back"
        here.world.add("ann", bo)
        await here.tell()
        await here.round()
        assert await here.contacts("ann") == {bo}


async def test_who_came_back_after_a_mass_send_is_not_taken_for_gone(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here:
        bo = await known(here)
        note = written(Unreached("ann", (bo,), clock.now() - 2 * 3_600_000))
        await store.call("RPUSH", store.keys.wecom_notes(GATEWAY), note)
        await store.call("EXPIRE", store.keys.wecom_notes(GATEWAY), 60)
        await here.turn(3)
        assert await here.contacts("ann") == {bo}


# erasure


async def test_who_was_erased_is_not_brought_back_by_lists_but_by_what_they_do(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here:
        bo = await known(here)
        chat = here.world.create_group("ann", "Tea", bo).chat_id
        [tag] = here.world.make_tags("Kind", "vip")
        here.world.tag("ann", bo, tag.id)
        await here.tell()
        clock.advance(600)
        await here.round()
        number = await here.number(bo)
        accounts = store.keys.member_accounts(GATEWAY)
        assert await Erasure(store, here.members).erase_member(number, "an operator")
        assert bo.encode() not in (await _everything(store))

        here.world.edit("ann", bo, "likes tea")
        await here.tell()
        await here.round()
        await here.round()
        assert await store.text("HGET", accounts, bo) is None
        assert await here.contacts("ann") == set()
        assert await here.present(chat) == {"ann"}
        assert await here.tagged("vip") == set()

        clock.advance(600)
        here.world.leave(chat, bo)
        here.world.join(chat, bo)
        here.lose()
        await here.round()
        assert await here.present(chat) == {"ann", bo}
        assert await here.number(bo) > number


async def test_that_somebody_erased_is_gone_makes_no_member_of_them(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here, shop(here.server, store) as ours:
        bo = await known(here)
        chat = here.world.create_group("ann", "Tea", bo, "ben").chat_id
        here.lose()
        await Erasure(store, here.members).erase_member(await here.number(bo), "an operator")
        here.world.remove("ann", bo)
        here.world.leave(chat, bo, "ben")
        assert {one.statuses[-1] for one in await here.server.callbacks.flush()} == {200}
        assert [event.account.id for event in ours.events] == ["ben"]


async def _everything(store: Store) -> bytes:
    """All that stands in hashes, sets and sorted sets."""
    found: list[bytes] = []
    for raw in await store.call("KEYS", f"{store.prefix}*"):
        kind = await store.text("TYPE", raw)
        read = {"hash": ("HGETALL",), "set": ("SMEMBERS",), "zset": ("ZRANGE", 0, -1)}.get(
            kind or ""
        )
        if read:
            found += await store.call(read[0], raw, *read[1:])
    return b"\n".join(found)


# cards and tokens


ANSWERING = """
from bot import ActionChosen, Context, Router

router = Router("cards")


@router.on(ActionChosen)
async def answer(ctx: Context, event: ActionChosen) -> None:
    ticked = "+".join(event.choices["drinks"])
    await ctx.reply(f"{event.action} on {event.card}: {ticked}")
"""


def config(server_url: str, corp_id: str, handlers: str) -> str:
    return f"""
        handlers = ["{handlers}"]
        [gateways.wecom]
        adapter = "wecom"
        corp_id = "{corp_id}"
        agent_id = {AGENT}
        secret = "{SECRET}"
        token = "{TOKEN}"
        aes_key = "{KEY}"
        api_url = "{server_url}"
    """


async def test_a_handler_answers_what_was_chosen_on_a_card(
    clock: TestClock, valkey: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = f"cards_{next(_workspaces)}"
    (tmp_path / f"{module}.py").write_text(ANSWERING)
    monkeypatch.syspath_prepend(str(tmp_path))
    async with (
        company(clock, variants=Variants(retry_after=0)) as server,
        Community(
            config(server.url, server.corp_id, module),
            clock=clock,
            locate=unix(valkey),
            workspace=f"cards{next(_workspaces)}",
        ) as muster,
        called(server, muster.app.switchboard.connections["wecom"].adapter),
    ):
        ticked = {"QuestionKey": "drinks", "OptionIds": {"OptionId": "tea"}}
        server.callbacks.emit(
            {
                "FromUserName": "ann",
                "Event": "template_card_event",
                "EventKey": "order",
                "TaskId": "card-7",
                "CardType": "multiple_interaction",
                "ResponseCode": "once",
                "AgentID": AGENT,
                "SelectedItems": {"SelectedItem": ticked},
            }
        )
        await server.callbacks.flush()
        await muster.settle()
        [sent] = server.messages.to("ann")
        assert sent.body["text"]["content"] == "order on card-7: tea"


async def test_who_opens_a_link_is_asked_for_with_the_gateways_token(
    clock: TestClock, store: Store
) -> None:
    async with company(clock) as server, client(server, clock, store) as api:
        await api.get("externalcontact/get_follow_user_list")
        wecom = {"corp_id": server.corp_id, "agent_id": str(AGENT), "secret": SecretStr(SECRET)}
        oauth = OAuthSettings.model_validate(
            {"wecom": {**wecom, "api_url": server.url, "gateway": "wecom"}}
        )
        identity = platforms(oauth, clock, store)["wecom"]
        try:
            assert await identity.who(server.people.visit(userid="ann")) == "ann"
        finally:
            await identity.close()
        assert server.asked["gettoken"] == 1


# what WeCom leaves open: either way it ends the same


@pytest.mark.parametrize("lists", ["items", "commas", "absent"])
async def test_however_a_groups_new_members_are_told_they_are_known(
    store: Store, clock: TestClock, lists: str
) -> None:
    async with mirror(store, clock) as here:
        bo = await known(here)
        chat = here.world.create_group("ann", "Tea").chat_id
        await here.tell()
        await here.turn(3)
        here.world.join(chat, bo, "ben", scene=3)
        await here.tell(lists=lists)
        for _ in range(3):
            await here.turn(61)
        assert await here.present(chat) == {"ann", "ben", bo}


@pytest.mark.parametrize("tries", [3, 4])
async def test_however_often_wecom_tries_again_it_is_one_event(
    store: Store, clock: TestClock, tries: int
) -> None:
    variants = Variants(tries=tries, retry_after=0)  # type: ignore[arg-type]
    async with company(clock, variants=variants) as server, shop(server, store) as ours:
        await ours.scans(told=False)
        server.callbacks.fail("unanswered")
        [posted] = await server.callbacks.flush()
        assert posted.statuses == [200] * tries
        assert len({event.id for event in ours.events}) == 1
        assert isinstance(ours.events[0], ContactAdded)


@pytest.mark.parametrize("at_once", [5, 10])
async def test_no_more_calls_than_are_allowed_are_under_way_at_once(
    store: Store, clock: TestClock, at_once: int
) -> None:
    async with company(clock, limits=Limits(at_once=at_once)) as server:
        more = {"unconfirmed": {"call_concurrency": at_once}}
        async with shop(server, store, **more) as ours:
            customer = await ours.scans(told=False)
            [tag] = server.world.make_tags("Kind", "vip")
            body = {"userid": "ann", "external_userid": customer, "add_tag": [tag.id]}
            calls = (ours.adapter._api.post("externalcontact/mark_tag", body) for _ in range(40))
            await asyncio.gather(*calls)  # one too many is answered 45033, and would raise
