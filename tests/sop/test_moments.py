"""SOP steps that are moments: published once by each of the staff, seen by their contacts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping

import pytest

from bot.console.pages.sop_step_form import step_data, step_fields
from bot.links.probe import LinkHealth
from bot.located import Problems
from bot.model.capabilities import Capabilities, Quota
from bot.sop.check import PlanCheck
from bot.sop.foresight.forecast import Forecast
from bot.sop.outcomes.errands import Errands
from bot.sop.templates.step import Step
from bot.testing.wecom.moments import Moment
from bot.testing.wecom.variants import Variants
from tests.gateways.wecom.company import company
from tests.gateways.wecom.shop import Shop as Gateway

from .town import DAY, HOUR, Town

HEAD = """
title = "tea"
anchor = { date = "day" }
to = "member"
[parameters.day]
type = "date"
default = "today"
[[step]]
id = "new"
at = "13:00"
"""
TEA = HEAD + 'as = "moment"\ntext = "New tea is here"\n'
MINUTE = 60.0


class Shop:
    """Ann's and Ben's customers, in the town and at WeCom."""

    def __init__(self, town: Town, gateway: Gateway) -> None:
        self.town, self.server = town, gateway.server
        town.can["wecom"] = gateway.adapter.capabilities
        self.errands = Errands(
            town.store,
            town.members,
            town.sops.tasks,
            lambda: {"wecom": gateway.adapter},
            lambda ms: ms,
        )

    async def customer(self, staff: str, zone: str = "") -> str:
        ident = self.server.world.meet().external_userid
        self.server.world.add(staff, ident)
        number = await self.town.join(ident, "shop", "wecom")
        await self.town.set(number, "owner", staff)
        if zone:
            await self.town.set(number, "timezone", zone)
        return ident

    async def pass_by(self, seconds: float, step: float = 60.0) -> None:
        while seconds > 0:
            self.town.clock.advance(min(step, seconds))
            seconds -= step
            await self.town.tick()
            await self.errands.tick()

    @property
    def moments(self) -> dict[str, Moment]:
        """The moments at WeCom, by who is asked to publish them."""
        found = [*self.server.moments.jobs.values()]
        assert len({next(iter(one.published)) for one in found}) == len(found)
        return {next(iter(one.published)): one for one in found}

    def publish(self, staff: str) -> None:
        self.server.moments.publish(self.moments[staff].moment_id, staff)


@pytest.fixture
async def shop(town: Town) -> AsyncIterator[Shop]:
    async with company(town.clock, variants=Variants(dispatch=90.0)) as server:
        gateway = Gateway(server, town.store)
        try:
            yield Shop(town, gateway)
        finally:
            await gateway.adapter.close()


async def test_each_of_the_staff_is_asked_once_and_who_is_shown_it_has_got_it(shop: Shop) -> None:
    ann = [await shop.customer("ann", zone) for zone in ("", "Europe/Berlin", "America/Lima")]
    for _ in range(2):
        await shop.customer("ben")
    shop.server.moments.full.add(ann[0])
    sop = await shop.town.start(shop.town.template("tea", TEA), "everyone")
    await shop.pass_by(HOUR + 10 * MINUTE)
    assert set(shop.moments) == {"ann", "ben"}
    assert await shop.town.outcome(sop) == {"planned": 5, "task": 5}
    shop.publish("ann")
    await shop.pass_by(30 * MINUTE)
    assert await shop.town.outcome(sop) == {"planned": 5, "sent": 2, "task": 3}
    await shop.pass_by(HOUR, 600)
    assert await shop.town.outcome(sop) == {"planned": 5, "sent": 2, "left": 1, "task": 2}
    await shop.pass_by(DAY, 600)
    assert await shop.town.outcome(sop) == {"planned": 5, "sent": 2, "left": 1, "too late": 2}
    assert shop.moments["ben"].cancelled
    assert shop.server.asked["externalcontact/add_moment_task"] == 2
    assert not shop.server.mass.tasks


async def test_a_moment_taken_back_by_a_pause_is_published_after_it(shop: Shop) -> None:
    await shop.customer("ann")
    sop = await shop.town.start(shop.town.template("tea", TEA), "everyone")
    await shop.pass_by(HOUR + 10 * MINUTE)
    first = shop.moments["ann"]
    await shop.town.sops.pause(sop.id, "小王")
    await shop.pass_by(5 * MINUTE)
    assert first.cancelled
    await shop.town.sops.resume(sop.id, "小王")
    await shop.pass_by(10 * MINUTE)
    (second,) = [one for one in shop.server.moments.jobs.values() if not one.cancelled]
    shop.server.moments.publish(second.moment_id, "ann")
    await shop.pass_by(10 * MINUTE)
    assert await shop.town.outcome(sop) == {"planned": 1, "sent": 1}


async def test_only_contacts_with_the_tags_see_it(shop: Shop) -> None:
    await shop.customer("ann")
    (tag,) = shop.server.world.make_tags("Level", "vip")
    store = shop.town.store
    await store.call("HSET", store.keys.wecom_tags("wecom"), tag.id, "vip")
    await shop.town.start(shop.town.template("tea", TEA + 'seen_by = "vip"\n'), "everyone")
    await shop.pass_by(HOUR + 10 * MINUTE)
    (moment,) = shop.server.moments.jobs.values()
    assert moment.body["visible_range"]["external_contact_list"] == {"tag_list": [tag.id]}


async def test_where_staff_publish_nothing_nobody_gets_it_and_the_results_say_why(
    town: Town,
) -> None:
    await town.join("ann")
    sop = await town.start(town.template("tea", TEA), "everyone")
    await town.pass_by(HOUR + 1)
    assert await town.outcome(sop) == {"planned": 1, "no moments": 1}
    assert town.sent == []


async def test_moments_have_a_quota_of_their_own(shop: Shop) -> None:
    quota = Quota(per="member", count=1, period="month")
    can = shop.town.can["wecom"]
    shop.town.can["wecom"] = can.model_copy(update={"moment_quotas": (quota,)})
    await shop.customer("ann")
    first = await shop.town.start(shop.town.template("tea", TEA), "everyone")
    second = await shop.town.start(shop.town.template("more", TEA), "everyone")
    third = await shop.town.start(
        shop.town.template("plain", TEA.replace('as = "moment"\n', "")), "everyone"
    )
    await shop.pass_by(HOUR + 5 * MINUTE)
    outcomes = [await shop.town.outcome(one) for one in (first, second)]
    assert sorted(map(str, outcomes)) == [
        "{'planned': 1, 'frequency cap': 1}",
        "{'planned': 1, 'task': 1}",
    ]
    assert await shop.town.outcome(third) == {"planned": 1, "task": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + 'as = "moment"\ntext = "Hello {{ member.name }}"\n', "member"),
        (HEAD + 'as = "moment"\ntext = "x"\nuntil = "15:00"\n', "until"),
        (HEAD + 'as = "moment"\ntext = "x"\nholdout = 10\n', "holdout"),
        (HEAD + 'as = "moment"\ntask = "Publish it"\n', 'expected beside "text" only'),
        (HEAD + 'text = "x"\nseen_by = "vip"\n', 'expected beside as = "moment" only'),
        (TEA.replace('"member"', '"group"'), "groups see no moments"),
        (
            'title = "tea"\nanchor = "joined"\n[[step]]\nid = "new"\nafter = "1d"\n'
            'as = "moment"\ntext = "x"\n',
            "for everybody at once",
        ),
    ],
    ids=["name", "until", "holdout", "task", "seen_by", "group", "joined"],
)
def test_what_cannot_be_a_moment_is_said_where_it_is_written(
    town: Town, text: str, said: str
) -> None:
    town.template("tea", text)
    with pytest.raises(Problems, match=said):
        town.sops.library.get("tea")


def test_a_moment_stays_one_when_it_was_changed_in_the_form(town: Town) -> None:
    town.template("tea", TEA + 'seen_by = ["vip", "new"]\n')
    (step,) = town.sops.library.get("tea").step
    written = step_data(step_fields(step, "en"), "date")
    assert (written["as"], written["seen_by"]) == ("moment", ["vip", "new"])
    assert Step.model_validate(written) == step


async def test_before_the_start_the_check_says_who_publishes_it_and_who_sees_it_besides(
    shop: Shop,
) -> None:
    for staff in ("ann", "ann", "ben"):
        await shop.customer(staff)
    other = await shop.customer("ann")
    await shop.town.tag(await shop.town.join(other, "shop", "wecom"), "vip")
    said = await _check(shop.town, "tag:vip", TEA)
    assert "note: 1 staff on “wecom” are asked to publish it; 1 members are meant" in said
    assert "warning: All contacts of these staff see it: 2 more than are meant" in said
    tagged = await _check(shop.town, "tag:vip", TEA + 'seen_by = "vip"\n')
    assert any("all with one of the tags see it" in one for one in tagged)


async def test_the_check_says_where_a_moment_cannot_be_published_or_is_too_long(
    town: Town,
) -> None:
    await town.join("ann")
    town.can["sandbox"] = Capabilities(staff_confirm=True, asks=True)
    assert "error: On “sandbox” staff publish no moments: 1 members get nothing" in await _check(
        town, "everyone", TEA
    )
    town.can["sandbox"] = town.can["sandbox"].model_copy(
        update={"moments": True, "moment_chars": 10}
    )
    said = await _check(town, "everyone", TEA)
    assert "error: The text has 15 characters, and a moment on “sandbox” 10" in said


async def _no_links(_: Collection[str]) -> Mapping[str, LinkHealth]:
    """Nobody is asked."""
    return {}


async def _check(town: Town, audience: str, text: str) -> list[str]:
    """What the plan check says of a draft."""
    sops, now = town.sops, town.clock.now()
    template = sops.library.get(town.template("draft", text))
    version = await sops.drafts.version(1, template, audience, {}, "小王", None, now)
    check = PlanCheck(sops, ("sandbox", "wecom"), _no_links, Forecast(sops))
    return [f"{one.severity}: {one.message}" for one in await check.check(version)]
