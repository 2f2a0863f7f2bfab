"""Live codes at WeCom: what people scan leads to who is on, and everybody is counted."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.gateways.adapter import Inlet
from bot.gateways.wecom import WeCom, WeComSettings
from bot.live_codes.alerts import Alerts
from bot.live_codes.live_codes import LiveCodes
from bot.live_codes.platform import Platform
from bot.live_codes.standing import Book
from bot.located import Problems
from bot.model.capabilities import Capabilities
from bot.model.conversation import Account
from bot.model.delivery import InDoubt, Misconfigured
from bot.model.live_code import LiveCode, Shift
from bot.store.address import unix
from bot.store.erasure import Erasure
from bot.store.facts import Facts
from bot.store.store import Store
from bot.testing.clock import TestClock
from bot.testing.community import Community
from bot.testing.wecom.variants import Limits

from .company import company
from .mirror import GATEWAY, Mirror, mirror
from .shop import called, settings

DAY = 86_400_000
CONTACT = "externalcontact/{}_contact_way"


class Desk:
    """The codes of a company, minded by one node."""

    def __init__(self, company: Mirror, adapter: WeCom) -> None:
        self.company, self.server, self.world = company, company.server, company.world
        self.adapter = adapter
        self.codes = LiveCodes(
            company.store,
            company.members,
            Platform(Book(company.store), lambda: {GATEWAY: adapter}, company.clock.now),
            Alerts(dict, lambda _: adapter.capabilities, str),
            (GATEWAY,),
            lambda _: adapter.capabilities,
            ZoneInfo("Asia/Shanghai"),
        )

    async def put(self, **about: Any) -> str:
        """Save a code; WeCom's id of it."""
        fields = {"id": "poster", "title": "Poster", "gateway": GATEWAY, "kind": "contact"}
        await self.codes.put(LiveCode.model_validate({**fields, **about}), "eve")
        return await self.way(str(about.get("id", "poster")))

    async def way(self, ident: str = "poster") -> str:
        found = await self.codes.get(ident)
        assert found
        assert found[1]
        return found[1].platform_id

    async def health(self, ident: str) -> list[str]:
        found = await self.codes.get(ident)
        assert found
        assert found[1]
        return [str(one) for one in found[1].health]

    async def scan(self, way: str, number: int = 1, **about: Any) -> None:
        """So many people scan it in this second, and we hear of it."""
        for _ in range(number):
            self.server.ways.scan(way, self.world.meet().external_userid, **about)
        await self.company.tell()
        await self.company.settle()

    async def enters(self, way: str) -> str:
        """Somebody scans a group code, and we hear of it; the group they came into."""
        chat = self.server.ways.scan_group(way, self.world.meet().external_userid)
        await self.company.tell()
        await self.company.settle()
        return chat

    async def minutes(self, number: int) -> None:
        for _ in range(number):
            self.company.clock.advance(60)
            await self.codes.tick()

    async def counted(self, ident: str = "poster") -> dict[tuple[str, str], tuple[int, int]]:
        """Scans and first comings by day and staff, over a week."""
        now = self.company.clock.now()
        rows = await self.codes.counts(ident, now - 3 * DAY, now + 4 * DAY)
        return {(one.day.isoformat(), one.staff): (one.scans, one.joined) for one in rows}


@asynccontextmanager
async def opened(store: Store, clock: TestClock, **about: Any) -> AsyncIterator[Desk]:
    async with mirror(store, clock, **about) as company:
        company.server.world.hire("cai")
        inlet = Inlet(GATEWAY, company.accept, clock, lambda: None, store=store)
        unconfirmed = {"group_size": company.server.limits.group_size}
        pasted = settings(company.server, unconfirmed=unconfirmed)
        adapter = WeCom(inlet, WeComSettings.model_validate(pasted))
        try:
            yield Desk(company, adapter)
        finally:
            await adapter.close()


@pytest.fixture
async def desk(store: Store, clock: TestClock) -> AsyncIterator[Desk]:
    async with opened(store, clock, limits=Limits(group_size=3)) as one:
        yield one


async def test_a_code_at_wecom_is_as_it_was_saved(desk: Desk) -> None:
    way = await desk.put(staff=("ann", "ben"), confirm=True, channel="door", remark="by the door")
    fields = desk.server.ways.contact[way].fields
    assert (fields["user"], fields["state"]) == (["ann", "ben"], "door")
    assert (fields["skip_verify"], fields["remark"]) == (False, "poster by the door")
    found = await desk.codes.get("poster")
    assert found
    assert found[1]
    assert found[1].image == f"https://wework.qpic.cn/wwpic/{way}/0"
    await desk.codes.end("poster", "eve")
    assert desk.server.ways.contact == {}


async def test_twenty_scans_in_one_second_are_twenty_counted(desk: Desk) -> None:
    way = await desk.put(staff=("ann", "ben"))
    await desk.scan(way, 20)
    day = "2026-06-17"
    assert await desk.counted() == {(day, "ann"): (10, 10), (day, "ben"): (10, 10)}
    keys = desk.company.store.keys
    assert await Facts(desk.company.store).count(keys.channel_members("poster")) == 20


async def test_told_twice_or_found_by_the_comparison_they_count_once(desk: Desk) -> None:
    way = await desk.put(staff=("ann",))
    for _ in range(5):
        desk.server.ways.scan(way, desk.world.meet().external_userid)
    told = [*desk.server.callbacks.waiting]
    desk.company.lose()
    await desk.company.tell(*told[:2])
    await desk.company.round()
    await desk.company.tell(*told)
    await desk.company.settle()
    assert await desk.counted() == {("2026-06-17", "ann"): (5, 5)}


async def test_who_comes_back_scans_again_but_joined_once(desk: Desk) -> None:
    way, customer = await desk.put(staff=("ann",)), desk.world.meet().external_userid
    for _ in range(2):
        desk.server.ways.scan(way, customer)
        await desk.company.tell()
        await desk.company.settle()
        desk.company.clock.advance(60)
        desk.world.remove("ann", customer)
        await desk.company.tell()
        await desk.company.settle()
        desk.company.clock.advance(86_400)
    days = {("2026-06-17", "ann"): (1, 1), ("2026-06-18", "ann"): (1, 0)}
    assert await desk.counted() == days


async def test_who_is_confirmed_later_counts_when_they_scanned(desk: Desk) -> None:
    way, customer = await desk.put(staff=("ann",)), desk.world.meet().external_userid
    desk.server.ways.scan(way, customer, half=True)
    await desk.company.tell()
    await desk.company.settle()
    assert await desk.counted() == {("2026-06-17", "ann"): (1, 0)}
    desk.company.clock.advance(86_400)
    desk.world.confirm("ann", customer)
    await desk.company.tell()
    await desk.company.settle()
    days = {("2026-06-17", "ann"): (1, 0), ("2026-06-18", "ann"): (0, 1)}
    assert await desk.counted() == days


async def test_who_is_erased_is_counted_but_not_known(desk: Desk) -> None:
    way, store = await desk.put(staff=("ann",)), desk.company.store
    customer = desk.world.meet().external_userid
    desk.server.ways.scan(way, customer)
    await desk.company.tell()
    await desk.company.settle()
    number = await desk.company.number(customer)
    assert await Erasure(store, desk.company.members).erase_member(number, "eve")
    assert await desk.counted() == {("2026-06-17", "ann"): (1, 0)}
    keys = store.keys
    assert not await store.call("EXISTS", keys.channel_came(GATEWAY, "ann"))
    assert not await store.call("EXISTS", keys.channel_joined("2026-06-17", "ann", "poster"))


async def test_the_day_of_a_shop_code(desk: Desk) -> None:
    shift = Shift(weekdays=frozenset(range(7)), start="08:00", end="18:00", staff=("ann", "ben"))
    way = await desk.put(staff=("cai",), shifts=(shift,), spare=("cai",), daily_cap=3)
    users = desk.server.ways.contact[way].fields
    asked = desk.server.asked
    await desk.scan(way, 4)
    await desk.minutes(1)
    assert asked[CONTACT.format("update")] == 0
    await desk.scan(way, 2)
    await desk.minutes(1)
    assert desk.server.ways.contact[way].fields["user"] == ["cai"]
    assert await desk.health("poster") == [
        "Everybody on duty has had the 3 new contacts of the day: spare staff receive."
    ]
    await desk.scan(way, 2)
    assert asked[CONTACT.format("update")] == 1
    desk.company.clock.advance(24 * 3600)
    await desk.minutes(1)
    assert desk.server.ways.contact[way].fields["user"] == ["ann", "ben"]
    assert asked[CONTACT.format("update")] == 2
    assert desk.server.ways.contact[way].fields["state"] == users["state"]


async def test_staff_who_cannot_receive_are_left_out(desk: Desk) -> None:
    way = await desk.put(staff=("ann", "ben"))
    desk.world.staff["ann"].active = False
    await desk.minutes(11)
    assert desk.server.ways.contact[way].fields["user"] == ["ben"]
    (ill,) = await desk.health("poster")
    assert ill.startswith("ann cannot receive")
    desk.world.staff["ben"].contacts = False
    with pytest.raises(Problems, match=r'staff\[1\]: nobody called "ben"'):
        await desk.put(staff=("ann", "ben"))


async def test_a_code_deleted_at_wecom_is_found_missing(desk: Desk) -> None:
    way = await desk.put(staff=("ann",))
    del desk.server.ways.contact[way]
    await desk.codes.check("poster")
    (ill,) = await desk.health("poster")
    assert ill.startswith("The platform has it no more")
    assert await desk.put(staff=("ann",)) != way


async def test_an_answer_that_was_lost_leaves_one_code(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = desk.adapter._ways.make

    async def torn(code: LiveCode, staff: Any) -> tuple[str, str]:
        await make(code, staff)
        raise InDoubt("no answer")

    monkeypatch.setattr(desk.adapter._ways, "make", torn)
    with pytest.raises(InDoubt):
        await desk.put(staff=("ann",))
    monkeypatch.undo()
    other = desk.server.ways.contact
    assert len(other) == 1
    assert await desk.put(staff=("ben",)) in other
    assert len(other) == 1


async def test_a_fault_an_operator_must_mend_leaves_nothing(desk: Desk) -> None:
    desk.server.refuse[CONTACT.format("add")] = [48002]
    with pytest.raises(Misconfigured):
        await desk.put(staff=("ann",))
    assert await desk.codes.all() == []


# groups


async def _tea(desk: Desk, **about: Any) -> tuple[str, str]:
    chat = desk.world.create_group("ann", "Tea").chat_id
    await desk.company.tell()
    await desk.company.settle()
    await desk.company.round()
    way = await desk.put(id="door", title="Door", kind="group", groups=(chat,), **about)
    return chat, way


async def test_who_enters_by_a_code_counts_for_its_channel(desk: Desk) -> None:
    chat, way = await _tea(desk, channel="street")
    assert await desk.enters(way) == chat
    assert await desk.enters(way) == chat
    assert await desk.counted("door") == {}
    calls = desk.server.asked["externalcontact/groupchat/get"]
    await desk.company.turn(4)
    await desk.company.turn(4)
    assert await desk.counted("door") == {("2026-06-17", ""): (2, 2)}
    assert desk.server.asked["externalcontact/groupchat/get"] == calls + 1
    await desk.company.round()
    assert await desk.counted("door") == {("2026-06-17", ""): (2, 2)}
    group = await desk.company.group(chat)
    assert group
    keys, facts = desk.company.store.keys, Facts(desk.company.store)
    assert await facts.count(keys.channel_members("street")) == 2


async def test_groups_no_code_leads_to_are_not_asked_for(desk: Desk) -> None:
    chat = desk.world.create_group("ann", "Cake").chat_id
    await desk.company.tell()
    await desk.company.settle()
    await desk.company.round()
    calls = desk.server.asked["externalcontact/groupchat/get"]
    desk.world.join(chat, desk.world.meet().external_userid)
    await desk.company.tell()
    await desk.company.turn(4)
    await desk.company.turn(4)
    assert desk.server.asked["externalcontact/groupchat/get"] == calls


async def test_a_full_group_is_told_unless_another_is_made(desk: Desk) -> None:
    chat, way = await _tea(desk)
    assert await desk.enters(way) == chat
    assert await desk.enters(way) == chat
    assert await desk.enters(way) == ""
    await desk.minutes(11)
    assert await desk.health("door") == [
        "All its groups are full: add one, or let the platform make new ones."
    ]
    await desk.put(
        id="door",
        title="Door",
        kind="group",
        groups=(chat,),
        new_group=True,
        base_name="Tea ",
        base_number=2,
    )
    assert await desk.health("door") == []
    second = await desk.enters(way)
    assert desk.world.groups[second].name == "Tea 2"
    await desk.minutes(11)
    assert desk.server.ways.join[way].fields["chat_id_list"] == [chat, second]


async def test_a_group_that_ended_is_told(desk: Desk) -> None:
    chat, _ = await _tea(desk)
    desk.world.dismiss(chat)
    await desk.minutes(11)
    assert await desk.health("door") == ["All its groups have ended: nobody can enter."]


async def test_what_this_gateway_can_is_declared(desk: Desk) -> None:
    can: Capabilities = desk.adapter.capabilities
    assert can.live_codes == {"contact", "group"}
    assert [*await desk.adapter.staff()] == [Account(id=one) for one in ("ann", "ben", "cai")]


# in a running bot

HANDLER = """
from bot.model.event import ContactAdded
from bot.live_codes.live_codes import LiveCodes
from bot.routing.context import Context
from bot.routing.router import Router

router = Router("codes")

@router.on(ContactAdded)
async def came(ctx: Context, codes: LiveCodes) -> None:
    ((code, _),) = await codes.all()
    ctx.note("test.came", text=f"{code.title} hangs")
"""


async def test_a_running_bot_minds_its_codes_and_tells_its_managers(
    store: Store,
    valkey: str,
    clock: TestClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "codes_handler.py").write_text(HANDLER)
    monkeypatch.syspath_prepend(str(tmp_path))
    async with company(clock) as server:
        gateway = "\n".join(f"{k} = {json.dumps(v)}" for k, v in settings(server).items())
        config = 'timezone = "Asia/Shanghai"\nlanguage = "en"\nhandlers = ["codes_handler"]\n'
        config += f'[gateways.wecom]\nadapter = "wecom"\n{gateway}\n'
        locate = unix(valkey)
        async with Community(config, clock=clock, locate=locate, workspace="codes") as muster:
            rooms, connection = muster.app.rooms, muster.app.switchboard.connections["wecom"]
            await muster.app.roles.give("wecom", "ben", "manager")
            fields = {"id": "poster", "title": "Poster", "gateway": "wecom", "kind": "contact"}
            poster = LiveCode.model_validate({**fields, "staff": ("ann", "ben")})
            await rooms.live_codes.put(poster, "eve")
            (way,) = server.ways.contact
            async with called(server, connection.adapter):
                server.ways.scan(way, server.world.meet().external_userid)
                await server.callbacks.flush()
                await muster.settle()
            counts = await rooms.live_codes.counts("poster", clock.now(), clock.now() + 1)
            assert [(one.staff, one.scans, one.joined) for one in counts] == [("ann", 1, 1)]
            server.world.staff["ann"].active = False
            clock.advance(660)
            await rooms.live_codes.tick()
            await muster.passes(seconds=5)
            assert server.ways.contact[way].fields["user"] == ["ben"]
            (told,) = server.messages.to("ben")
            assert "“Poster”: ann cannot receive anybody" in told.body["text"]["content"]
            noted = [e.text async for _, e in muster.app.journal.search("test.came")]
            assert noted == ["Poster hangs"]
