"""SOP messages to WeCom's customers, from the step to the tap and its results."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from bot.gateways.wecom.api import WeComApi
from bot.gateways.wecom.mass import MassSends
from bot.model.asking import Ask, AskState, Targets
from bot.model.delivery import InDoubt
from bot.sop.outcomes.errands import Errands
from bot.store.effects import Effects
from bot.testing.clock import TestClock
from bot.testing.wecom import WeComServer
from bot.testing.wecom.variants import Variants

from .tapping import NOTICE, OFFER, STAFF, Platform
from .town import DAY, HOUR, Town

MINUTE = 60.0


class WeCom(Platform):
    """As the gateway delegates its asks; ``lost``: answers to asks that do not come."""

    lost = 0

    def __init__(self, clock: TestClock, mass: MassSends) -> None:
        super().__init__(clock)
        self.mass = mass
        self.can = STAFF

    async def ask(self, ask: Ask) -> str:
        ident = await self.mass.ask(ask)
        if self.lost:
            self.lost -= 1
            raise InDoubt("WeCom did not answer.")
        return ident

    async def find_ask(self, ask: Ask) -> str:
        return await self.mass.find_ask(ask)

    async def asked(self, platform_id: str, ask: Ask) -> tuple[AskState, Targets]:
        return await self.mass.asked(platform_id, ask)

    async def remind(self, platform_id: str) -> None:
        await self.mass.remind(platform_id)

    async def withdraw(self, platform_id: str) -> None:
        await self.mass.withdraw(platform_id)


class Shop:
    """Ann's and Ben's customers, in the town and at WeCom."""

    def __init__(self, town: Town, server: WeComServer, gateway: WeCom) -> None:
        self.town, self.server, self.gateway = town, server, gateway
        town.can["wecom"] = gateway.can
        self.errands = Errands(
            town.store,
            town.members,
            town.sops.tasks,
            lambda: {"wecom": gateway},
            lambda ms: ms,
        )

    async def customer(self, staff: str) -> str:
        ident = self.server.world.meet().external_userid
        self.server.world.add(staff, ident)
        number = await self.town.join(ident, "shop", "wecom")
        await self.town.set(number, "owner", staff)
        return ident

    async def pass_by(self, seconds: float, step: float = 60.0) -> None:
        while seconds > 0:
            self.town.clock.advance(min(step, seconds))
            seconds -= step
            await self.town.tick()
            await self.errands.tick()

    @property
    def tasks(self) -> dict[str, str]:
        """The tasks at WeCom, by who has them."""
        return {next(iter(task.tapped)): name for name, task in self.server.mass.tasks.items()}


@pytest.fixture
async def shop(town: Town) -> AsyncIterator[Shop]:
    made = WeComServer(town.clock, variants=Variants(dispatch=90.0))
    made.app(1000002, "app-secret")
    made.world.hire("ann")
    made.world.hire("ben")
    async with made.serve() as server:
        api = WeComApi(server.url, server.corp_id, SecretStr("app-secret"), town.clock)
        try:
            yield Shop(town, server, WeCom(town.clock, MassSends(api)))
        finally:
            await api.close()


async def test_one_taps_late_one_for_some_and_one_never(shop: Shop) -> None:
    shop.server.world.hire("cat", "Cat")
    staff = {who: [await shop.customer(who) for _ in range(3)] for who in ("ann", "ben", "cat")}
    sop = await shop.town.start(shop.town.template("offer", OFFER), "everyone")
    await shop.pass_by(HOUR + 5 * MINUTE)
    assert set(shop.tasks) == {"ann", "ben", "cat"}
    shop.server.mass.tap(shop.tasks["ben"], "ben", staff["ben"][:1])
    shop.server.world.removed_by_customer("ann", staff["ann"][2])
    await shop.pass_by(6 * HOUR, 300)
    shop.server.mass.tap(shop.tasks["ann"], "ann")
    await shop.pass_by(DAY, 300)
    ends = {"sent": 3, "left": 1, "staff": 2, "too late": 3}
    assert await shop.town.outcome(sop) == {"planned": 9, **ends}
    assert shop.server.mass.tasks[shop.tasks["cat"]].cancelled
    assert shop.server.asked["externalcontact/add_msg_template"] == 3
    assert (await shop.town.sops.get(sop.id)).state == "finished"


async def test_an_answer_that_is_lost_makes_no_second_task(shop: Shop) -> None:
    shop.gateway.lost = 2
    for who in ("ann", "ann", "ben"):
        await shop.customer(who)
    sop = await shop.town.start(shop.town.template("offer", OFFER), "everyone")
    await shop.pass_by(HOUR + 10 * MINUTE)
    assert shop.server.asked["externalcontact/add_msg_template"] == 2
    for who, name in shop.tasks.items():
        shop.server.mass.tap(name, who)
    await shop.pass_by(10 * MINUTE)
    assert await shop.town.outcome(sop) == {"planned": 3, "sent": 3}


async def test_a_customer_group_is_written_to_by_its_owner(shop: Shop) -> None:
    group = shop.server.world.create_group("ben", "tea")
    number = await shop.town.group(group.chat_id, "wecom")
    effects = _owned(shop.town, number, "ben")
    assert await shop.town.store.apply(effects)
    shop.town.members.forget_group(number)
    sop = await shop.town.start(shop.town.template("notice", NOTICE), "all-groups")
    await shop.pass_by(HOUR + 5 * MINUTE)
    shop.server.mass.tap(shop.tasks["ben"], "ben")
    await shop.pass_by(10 * MINUTE)
    assert await shop.town.outcome(sop) == {"planned": 1, "sent": 1}


async def test_a_stop_cancels_it_at_wecom_within_seconds(shop: Shop) -> None:
    await shop.customer("ann")
    sop = await shop.town.start(shop.town.template("offer", OFFER), "everyone")
    await shop.pass_by(2 * HOUR)
    await shop.town.sops.stop(sop.id, "ann")
    await shop.pass_by(2, 1)
    assert shop.server.mass.tasks[shop.tasks["ann"]].cancelled
    assert await shop.town.outcome(sop) == {"planned": 1, "stopped": 1}


def _owned(town: Town, number: int, owner: str) -> Effects:
    effects = Effects(town.store.keys)
    effects.group(number, "owner", owner)
    return effects
