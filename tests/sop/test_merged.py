"""Who is in the middle of a SOP and is merged into another account goes on with it, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Literal

import pytest

from bot.audience.audience import Audience
from bot.gateways.sandbox.adapter import Sandbox
from bot.links.conversions import Told
from bot.links.counter import Counter
from bot.links.hits import Hit
from bot.members.merging import Merging
from bot.model.conversation import Conversation
from bot.model.delivery import Delivery, Receipt, Retry
from bot.model.message import Message
from bot.sop.changes.enrol import Enrolment
from bot.sop.clocks import Clocks
from bot.store.address import unix
from bot.store.effects import Effects
from bot.store.store import Store
from bot.testing import Community
from tests.links.site import PHONE

CONFIG = """
language = "en"
[delivery]
quiet_hours = "none"
daily_cap = "none"
[welcome]
enabled = false
"""
CARE = """
title = "Care"
anchor = "enrolled"
[[step]]
id = "hello"
after = "1h"
text = "hello"
[[step]]
id = "day"
follows = "hello"
after = "2h"
text = "how was it?"
[[step]]
id = "bye"
follows = "day"
after = "2h"
text = "bye"
"""
ASKING = """
title = "Asking"
anchor = "enrolled"
[[step]]
id = "ask"
after = "1h"
text = "how do you like it?"
[[step]]
id = "answer"
follows = "ask"
after = "0s"
wait = { for = "reply", most = "3h" }
[[step]]
id = "thanks"
follows = "answer/came"
after = "10m"
text = "thank you"
[[step]]
id = "remind"
follows = "answer/timed-out"
after = "0s"
text = "still there?"
"""


class Town:
    """#1 (u1) and #2 (u2), who are one person as it turns out, and a SOP for who is entered."""

    def __init__(self, community: Community) -> None:
        self.community = community
        self.app = community.app
        self.rooms = community.app.rooms
        self.people = {n: community.member(f"u{n}", f"u{n}") for n in (1, 2, 3)}

    @property
    def merging(self) -> Merging:
        return self.rooms.merging

    @property
    def sandbox(self) -> Sandbox:
        adapter = self.app.adapters()["sandbox"]
        assert isinstance(adapter, Sandbox)
        return adapter

    async def start(self, text: str) -> None:
        for person in self.people.values():
            await person.says("hi")
        await self.heard()
        await self.rooms.sops.shelf.save("care", text, "ann", 0)
        await self.rooms.sops.start("care", "everyone", "ann")
        await self.community.passes(minutes=1)

    async def enter(self, *numbers: int) -> None:
        for number in numbers:
            member = await self.app.members.member(number)
            assert member is not None
            assert await Enrolment(self.rooms.sops).enrol("care", member, "ann")

    async def heard(self) -> list[str]:
        """What the bot said to anybody since the test last looked: "u2: hello"."""
        said = [
            f"{person.id}: {one.message.summary}"
            for person in self.people.values()
            for one in await self.community.direct(person).hears()
        ]
        return sorted(said)

    async def after(self, hours: float) -> list[str]:
        await self.community.passes(hours=hours)
        return await self.heard()

    def holds(self, monkeypatch: pytest.MonkeyPatch, minutes: float, account: str = "") -> None:
        """The platform takes nothing for so long, or nothing for one account."""
        adapter, clock = self.sandbox, self.community.clock
        send, until = adapter.send, clock.now() + minutes * 60_000

        async def later(delivery: Delivery) -> Receipt:
            if clock.now() < until and account in ("", delivery.to.account):
                raise Retry("busy", after=(until - clock.now()) / 1000 + 1)
            return await send(delivery)

        monkeypatch.setattr(adapter, "send", later)

    async def who(self, outcome: str, step: str = "any") -> list[int]:
        """Whom an audience of the SOP's own finds."""
        sops = self.rooms.sops
        turn = await sops.turn(await sops.get("care"), self.community.clock.now())
        return (await turn.crowd.of(Audience.parse(f"step:{step}/{outcome}"))).numbers()


@pytest.fixture
async def town(valkey: str, store: Store) -> AsyncIterator[Town]:
    async with Community(CONFIG, locate=unix(valkey), workspace=store.keys.workspace) as made:
        yield Town(made)


async def finish_later(
    town: Town, monkeypatch: pytest.MonkeyPatch, pending: Literal["delivery", "task"], *who: int
) -> None:
    """Be in the SOP's first step; it is done some minutes after the two became one."""
    await town.start(CARE)
    await town.enter(*who)
    if pending == "task":
        monkeypatch.setattr(town.sandbox.settings, "staff_confirm", True)
    else:
        town.holds(monkeypatch, 72)
    await town.community.passes(hours=1, minutes=1)
    assert await town.heard() == []
    await town.merging.merge(1, 2, "ann")
    await town.community.passes(minutes=10)
    await town.merging.gather()
    if pending == "task":
        monkeypatch.setattr(town.sandbox.settings, "staff_confirm", False)
        tasks = await town.rooms.sops.tasks.open()
        assert len(tasks) == len(who)
        for task in tasks:
            assert await town.rooms.sops.tasks.done(task.id, "ann")
        await town.community.passes(minutes=10)
    else:
        await town.community.passes(minutes=10)
        assert await town.heard() == [f"u{n}: hello" for n in who]


PENDING = pytest.mark.parametrize("pending", ["delivery", "task"])


@PENDING
async def test_the_steps_after_one_that_was_under_way_come_to_the_survivor_once(
    town: Town, monkeypatch: pytest.MonkeyPatch, pending: Literal["delivery", "task"]
) -> None:
    await finish_later(town, monkeypatch, pending, 2)
    assert await town.after(hours=2.5) == ["u1: how was it?"]
    assert await town.after(hours=2.5) == ["u1: bye"]
    assert await town.after(hours=4) == []
    assert await town.who("sent") == [1]
    assert await town.who("skipped") == []


@PENDING
async def test_whoever_was_in_it_with_both_accounts_gets_the_rest_once(
    town: Town, monkeypatch: pytest.MonkeyPatch, pending: Literal["delivery", "task"]
) -> None:
    await finish_later(town, monkeypatch, pending, 1, 2)
    assert await town.after(hours=2.5) == ["u1: how was it?"]
    assert await town.after(hours=2.5) == ["u1: bye"]
    assert await town.after(hours=4) == []


@PENDING
async def test_who_was_no_other_after_all_goes_on_where_they_were(
    town: Town, monkeypatch: pytest.MonkeyPatch, pending: Literal["delivery", "task"]
) -> None:
    await finish_later(town, monkeypatch, pending, 2)
    await town.merging.split(2, "ann")
    assert await town.after(hours=2.5) == ["u2: how was it?"]
    assert await town.after(hours=2.5) == ["u2: bye"]
    assert await town.after(hours=4) == []


@PENDING
async def test_two_who_were_no_one_after_all_each_go_on(
    town: Town, monkeypatch: pytest.MonkeyPatch, pending: Literal["delivery", "task"]
) -> None:
    await finish_later(town, monkeypatch, pending, 1, 2)
    await town.merging.split(2, "ann")
    assert await town.after(hours=2.5) == ["u1: how was it?", "u2: how was it?"]
    assert await town.after(hours=2.5) == ["u1: bye", "u2: bye"]


@PENDING
async def test_the_forecast_has_the_survivor(
    town: Town, monkeypatch: pytest.MonkeyPatch, pending: Literal["delivery", "task"]
) -> None:
    await finish_later(town, monkeypatch, pending, 2)
    mine = await town.rooms.forecast.member(1, 1)
    assert [(row.step, row.why(1)) for row in mine] == [("day", ""), ("bye", "")]
    rows = [row for row in await town.rooms.forecast.all(1) if row.step == "day"]
    assert [(row.who.numbers(), row.why(1)) for row in rows] == [([1], "")]


async def test_the_time_of_day_is_the_survivors_own(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    effects = Effects(town.app.store.keys)
    await town.start(CARE.replace('after = "2h"', 'after = "0s"\nat = "20:00"'))
    effects.attribute(2, "timezone", "Asia/Tokyo")
    await town.app.store.apply(effects)
    await town.enter(2)
    town.holds(monkeypatch, 72)
    await town.community.passes(hours=1.1)
    await town.merging.merge(1, 2, "ann")
    assert await town.after(hours=1) == ["u2: hello"]
    assert await town.after(hours=11 - 2.2) == []
    assert await town.after(hours=0.5) == ["u1: how was it?"]


async def test_quiet_hours_of_what_was_written_before_are_the_survivors_own(town: Town) -> None:
    effects = Effects(town.app.store.keys)
    await town.start(CARE)
    effects.attribute(2, "timezone", "Asia/Tokyo")
    await town.app.store.apply(effects)
    to = Conversation(gateway="sandbox", account="u2")
    written = Delivery(id="d", to=to, message=Message.of("hello"), due=0, member=2)
    await town.merging.merge(1, 2, "ann")
    clocks = Clocks(town.app.store, town.app.members, town.rooms.sops.versions, "Asia/Shanghai")
    zone, _ = await clocks.of(written)
    assert zone.key == "Asia/Tokyo"


async def test_it_goes_on_through_two_merges(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    await town.start(CARE)
    await town.enter(3)
    town.holds(monkeypatch, 72)
    await town.community.passes(hours=1, minutes=1)
    await town.merging.merge(2, 3, "ann")
    await town.merging.merge(1, 2, "ann")
    assert await town.after(hours=1) == ["u3: hello"]
    assert await town.after(hours=2.5) == ["u1: how was it?"]
    assert await town.after(hours=4) == ["u1: bye"]


@PENDING
async def test_an_answer_of_the_survivor_is_put_down_to_what_came_late(
    town: Town, monkeypatch: pytest.MonkeyPatch, pending: Literal["delivery", "task"]
) -> None:
    await finish_later(town, monkeypatch, pending, 2)
    await town.people[1].says("fine, thanks")
    assert await town.who("replied", "hello") == [1]


# waiting for an answer


async def waiting(town: Town) -> None:
    """#2 was asked, an hour ago."""
    await town.start(ASKING)
    await town.enter(2)
    await town.community.passes(hours=2)
    assert await town.heard() == ["u2: how do you like it?"]


@pytest.mark.parametrize("speaks", [1, 2])
async def test_either_account_answers_what_one_was_asked(town: Town, speaks: int) -> None:
    await waiting(town)
    await town.merging.merge(1, 2, "ann")
    await town.people[speaks].says("very much")
    await town.heard()
    assert await town.after(hours=1) == ["u1: thank you"]
    assert await town.after(hours=6) == []


async def test_an_answer_counts_that_came_just_before_they_were_merged(town: Town) -> None:
    await waiting(town)
    await town.people[2].says("very much")
    await town.heard()
    await town.merging.merge(1, 2, "ann")
    assert await town.after(hours=1) == ["u1: thank you"]
    assert await town.after(hours=6) == []


async def test_the_time_to_answer_does_not_begin_anew(town: Town) -> None:
    await waiting(town)
    await town.merging.merge(1, 2, "ann")
    assert await town.after(hours=2.5) == ["u1: still there?"]
    assert await town.after(hours=4) == []


async def test_who_was_asked_with_both_accounts_is_reminded_once(town: Town) -> None:
    await town.start(ASKING)
    await town.enter(1, 2)
    await town.community.passes(hours=2)
    await town.heard()
    await town.merging.merge(1, 2, "ann")
    assert await town.after(hours=2.5) == ["u1: still there?"]
    assert await town.after(hours=4) == []


# taken back and tried again


@pytest.mark.parametrize("who", [(2,), (1, 2)], ids=["one account", "both"])
async def test_what_a_pause_took_back_comes_to_the_survivor_once(
    town: Town, monkeypatch: pytest.MonkeyPatch, who: tuple[int, ...]
) -> None:
    await town.start(CARE)
    await town.enter(*who)
    town.holds(monkeypatch, 72)
    await town.community.passes(hours=1, minutes=1)
    await town.merging.merge(1, 2, "ann")
    await town.rooms.sops.pause("care", "ann")
    await town.community.passes(minutes=3)
    await town.rooms.sops.resume("care", "ann")
    assert await town.after(hours=1) == ["u1: hello"]
    assert await town.after(hours=6) == ["u1: bye", "u1: how was it?"]


async def test_what_failed_for_one_account_is_tried_again_with_the_survivors(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.start(CARE)
    await town.enter(2)
    town.holds(monkeypatch, 90)  # more than a step may be late
    await town.community.passes(hours=1.6)
    await town.merging.merge(1, 2, "ann")
    assert await town.rooms.retry.failed("care", "1/hello/each", "ann") == 1
    assert await town.after(hours=1) == ["u1: hello"]
    assert await town.after(hours=6) == ["u1: bye", "u1: how was it?"]


async def test_what_reached_one_account_is_not_tried_again_for_the_other(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    await town.start(CARE)
    await town.enter(1, 2)
    town.holds(monkeypatch, 90, "u2")
    await town.community.passes(hours=1.6)
    assert await town.heard() == ["u1: hello"]
    await town.merging.merge(1, 2, "ann")
    assert await town.rooms.retry.failed("care", "1/hello/each", "ann") == 0
    assert await town.after(hours=6) == ["u1: bye", "u1: how was it?"]


# links


async def test_a_link_one_account_was_sent_is_clicked_by_the_survivor(town: Town) -> None:
    asking = ASKING.replace("how do you like it?", "{{ link('https://shop.example/a') }}")
    await town.start(asking.replace('for = "reply"', 'for = "click"'))
    await town.enter(2)
    await town.community.passes(hours=1.5)
    (said,) = await town.heard()
    await town.merging.merge(1, 2, "ann")
    letters = said.rpartition("/")[2]
    at, links = town.community.clock.now(), town.rooms.links
    hit = Hit("test", 1, at, letters, "", "v1", PHONE)
    await town.app.store.call("XADD", town.app.store.keys.hits(), "*", "hits", hit.line())
    await Counter(town.app.store, town.rooms.judge, links.steps, "test").drain()
    assert await town.after(hours=1) == ["u1: thank you"]
    assert await town.who("clicked", "ask") == [1]
    sold = Told(name="id:order-1", kind="sale", member=1)
    assert (await town.rooms.conversions.record(sold, "ann"))[0].link == 1
    for name, told in (("id:order-2", {"code": letters}), ("id:order-3", {"member": 2})):
        sold = Told.model_validate({"name": name, "kind": "sale", **told})
        assert (await town.rooms.conversions.record(sold, "ann"))[0].member == 1
