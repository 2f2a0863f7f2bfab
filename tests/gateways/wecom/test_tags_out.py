"""Tags that go both ways: what changes here comes to WeCom, and what changes there comes here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

import pytest
from pydantic import ValidationError

from bot.gateways.wecom.errors import WeComError
from bot.gateways.wecom.notes import ContactEdited, read, written
from bot.gateways.wecom.settings import WeComSettings
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.store import Store
from bot.testing.clock import TestClock

from .caller import KEYS
from .company import company
from .mirror import GATEWAY, Mirror, mirror
from .shop import shop

MARK, CREATE = "externalcontact/mark_tag", "externalcontact/add_corp_tag"
PREFIX: dict[str, Any] = {"tag_prefix": "w/"}


class Killed(Exception):
    """The node ended here."""


def customers(here: Mirror, *who: str) -> list[str]:
    """Customers of Ann's, known since an hour; '+' at a name's end: of Ben's too."""
    found = []
    for name in who:
        found.append(ident := here.world.meet(name).external_userid)
        here.world.add("ann", ident)
        if name.endswith("+"):
            here.world.add("ben", ident)
    here.lose()
    here.clock.advance(3600)
    return found


async def give(here: Mirror, account: str, *tags: str) -> None:
    """Tag somebody on our side."""
    number, effects = await here.number(account), Effects(here.store.keys)
    for tag in tags:
        effects.tag(tag, number, here.clock.now())
    assert await here.store.apply(effects)


async def take(here: Mirror, account: str, *tags: str) -> None:
    """Take tags from somebody on our side."""
    number, effects = await here.number(account), Effects(here.store.keys)
    for tag in tags:
        effects.fact(here.store.keys.tag(tag), number, present=False)
    assert await here.store.apply(effects)


async def tags(here: Mirror, account: str) -> set[str]:
    """The tags of ours somebody has."""
    names = await here.store.texts("ZRANGE", here.store.keys.tag_names(), 0, -1)
    number, facts = await here.number(account), Facts(here.store)
    return {name for name in names if await facts.has(here.store.keys.tag(name), number)}


def marked(here: Mirror, staff: str, account: str) -> set[str]:
    """The company tags that a staff member sees at a customer."""
    return {here.world.tags[ident].name for ident in here.world.relations[staff, account].tags}


def untag(here: Mirror, staff: str, account: str, *idents: str) -> None:
    """The staff member takes company tags from a customer."""
    here.world.relations[staff, account].tags.difference_update(idents)
    here.world.edit(staff, account, "")


def delete(here: Mirror, ident: str) -> None:
    """The admin deletes a company tag."""
    del here.world.tags[ident]
    for relation in here.world.relations.values():
        relation.tags.discard(ident)


async def tell(here: Mirror, *which: dict[str, Any]) -> None:
    """Callbacks come, as to the adapter: who was added is looked at."""
    for fields in which or tuple(here.server.callbacks.waiting):
        if fields.get("ChangeType") == "add_external_contact":
            note = written(ContactEdited(fields["UserID"], fields["ExternalUserID"]))
            await here.store.call("RPUSH", here.store.keys.wecom_notes(GATEWAY), note)
            await here.store.call("EXPIRE", here.store.keys.wecom_notes(GATEWAY), 60)
    await here.tell(*which)


async def patiently(here: Mirror, work: Coroutine[Any, Any, Any]) -> None:
    """Do it while time passes."""
    task = asyncio.create_task(work)
    while not task.done():
        here.clock.advance(0.5)
        await asyncio.sleep(0.005)
    await task


# both ways


async def test_a_tag_given_or_taken_here_is_so_with_every_staff_member_of_the_customer(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock, settings=PREFIX) as here:
        bo, cy = customers(here, "Bo+", "Cy")
        here.world.make_tags("Kind", "vip", "new")
        await here.turn()
        await give(here, bo, "w/vip", "w/new", "other")
        await here.turn(3)
        assert marked(here, "ann", bo) == marked(here, "ben", bo) == {"vip", "new"}
        assert marked(here, "ann", cy) == set()
        assert here.server.asked[MARK] == 2
        await take(here, bo, "w/new")
        await here.turn(3)
        assert marked(here, "ann", bo) == marked(here, "ben", bo) == {"vip"}
        await here.round()
        assert await tags(here, bo) == {"w/vip", "other"}
        assert here.server.asked[MARK] == 4


async def test_what_came_from_wecom_does_not_go_back(store: Store, clock: TestClock) -> None:
    async with mirror(store, clock, settings=PREFIX) as here:
        [bo] = customers(here, "Bo+")
        [vip] = here.world.make_tags("Kind", "vip")
        await here.turn()
        here.world.tag("ann", bo, vip.id)
        await tell(here)
        await here.turn(3)
        assert await tags(here, bo) == {"w/vip"}
        untag(here, "ann", bo, vip.id)
        here.lose()
        await here.round()
        assert await tags(here, bo) == set()
        assert here.server.asked[MARK] == 0


async def test_tags_of_the_settings_go_both_ways_and_no_others(
    store: Store, clock: TestClock
) -> None:
    settings = {"tags": {"important": "Level/high"}}
    async with mirror(store, clock, settings=settings) as here:
        bo, cy = customers(here, "Bo", "Cy")
        [high] = here.world.make_tags("Level", "high")
        [same, important] = here.world.make_tags("Mood", "high", "important")
        here.world.tag("ann", cy, high.id)
        await here.turn()
        assert await tags(here, cy) == {"important"}
        await give(here, bo, "important", "high")
        await here.turn(3)
        assert here.world.relations["ann", bo].tags == {high.id}
        here.world.tag("ann", bo, important.id)  # not ours: that name is of another one
        await tell(here)
        await here.turn(3)
        await take(here, bo, "important", "high")
        await here.turn(3)
        assert here.world.relations["ann", bo].tags == {important.id}
        here.world.tag("ann", cy, same.id)
        here.lose()
        await here.round()
        assert await tags(here, cy) == {"important", "high"}


async def test_without_settings_nothing_goes_to_wecom(store: Store, clock: TestClock) -> None:
    async with mirror(store, clock) as here:
        [bo] = customers(here, "Bo")
        here.world.make_tags("Kind", "vip")
        await here.turn()
        await give(here, bo, "vip")
        await here.round()
        assert here.server.asked[MARK] == 0
        assert await tags(here, bo) == {"vip"}


async def test_before_the_first_comparison_both_have_tags_and_then_both_have_all(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock, settings=PREFIX) as here:
        bo, cy = customers(here, "Bo", "Cy")
        [vip] = here.world.make_tags("Kind", "vip")
        await give(here, bo, "w/vip")
        here.world.tag("ann", cy, vip.id)
        here.lose()
        await here.turn()
        assert await here.tagged("w/vip") == {bo, cy}
        assert marked(here, "ann", bo) == marked(here, "ann", cy) == {"vip"}


async def test_many_tags_of_one_customer_are_told_in_few_calls(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock, settings=PREFIX) as here:
        [bo] = customers(here, "Bo")
        names = [f"t{number}" for number in range(70)]
        here.world.make_tags("Kind", *names)
        await here.turn()
        await give(here, bo, *(f"w/{name}" for name in names))
        await here.turn(3)
        assert marked(here, "ann", bo) == {*names}
        assert here.server.asked[MARK] == 3


# company tags come, go and are renamed


async def test_a_company_tag_that_is_missing_is_said_and_not_asked_for(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock, settings=PREFIX) as here:
        [bo] = customers(here, "Bo")
        await here.turn()
        await give(here, bo, "w/vip")
        for _ in range(3):
            await here.turn(3)
        status = await here.sync.status()
        assert "w/vip" in str(status.mark_reason)
        assert status.waiting == 1
        assert here.server.asked[MARK] == here.server.asked[CREATE] == 0
        here.world.make_tags("Kind", "vip")
        await tell(here)
        await here.turn(3)
        await here.turn(61)
        assert marked(here, "ann", bo) == {"vip"}
        status = await here.sync.status()
        assert (status.mark_reason, status.waiting) == (None, 0)


async def test_a_missing_company_tag_is_created_where_that_is_allowed(
    store: Store, clock: TestClock
) -> None:
    settings = PREFIX | {"create_tags": "Muster", "tags": {"gold": "Level/gold"}}
    async with mirror(store, clock, settings=settings) as here:
        bo, cy = customers(here, "Bo", "Cy")
        await here.turn()
        await give(here, bo, "w/vip", "gold")
        await give(here, cy, "w/vip")
        await here.turn(3)
        assert marked(here, "ann", bo) == {"vip", "gold"}
        assert marked(here, "ann", cy) == {"vip"}
        groups = {group.name: group.group_id for group in here.world.tag_groups.values()}
        made = {tag.name: tag.group_id for tag in here.world.tags.values()}
        assert made == {"vip": groups["Muster"], "gold": groups["Level"]}
        await here.round()
        assert await tags(here, bo) == {"w/vip", "gold"}
        assert here.server.asked[CREATE] == 2


async def test_a_company_tag_that_cannot_be_created_is_tried_once_in_a_round(
    store: Store, clock: TestClock
) -> None:
    settings = {"create_tags": "Muster", "tags": {"vip": "Kind/vip"}}
    async with mirror(store, clock, settings=settings) as here:
        [bo] = customers(here, "Bo")
        here.world.make_tags("Kind", "other")  # the admin's group, which no app may change
        await here.turn()
        await give(here, bo, "vip")
        for _ in range(3):
            await here.turn(3)
        assert here.server.asked[CREATE] == 1
        status = await here.sync.status()
        assert str(status.mark_reason).startswith("WeCom has no tag for “vip”")
        assert "it made itself" in str(status.mark_reason)
        assert await tags(here, bo) == {"vip"}


async def test_a_company_tag_that_was_created_without_an_answer_is_found(
    store: Store, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with mirror(store, clock, settings=PREFIX | {"create_tags": "Muster"}) as here:
        [bo] = customers(here, "Bo")
        await here.turn()
        await give(here, bo, "w/vip")
        with monkeypatch.context() as patch:
            patch.setattr(here.api, "post", dying(here, CREATE))
            with pytest.raises(Killed):
                await here.sync.turn()
        await here.turn(3)
        assert marked(here, "ann", bo) == {"vip"}
        assert [tag.name for tag in here.world.tags.values()] == ["vip"]


async def test_a_company_tag_that_is_deleted_there_is_taken_from_everybody_here(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock, settings=PREFIX | {"create_tags": "Muster"}) as here:
        bo, cy = customers(here, "Bo", "Cy")
        [vip] = here.world.make_tags("Kind", "vip")
        await here.turn()
        await give(here, bo, "w/vip")
        await here.turn(3)
        delete(here, vip.id)
        await here.round()
        assert await tags(here, bo) == set()
        assert here.server.asked[CREATE] == 0
        await give(here, cy, "w/vip")
        await here.turn(3)
        assert marked(here, "ann", cy) == {"vip"}
        assert marked(here, "ann", bo) == set()


async def test_a_company_tag_that_is_deleted_as_we_mark_is_no_endless_loop(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock, settings=PREFIX) as here:
        [bo] = customers(here, "Bo")
        [vip] = here.world.make_tags("Kind", "vip")
        await here.turn()
        delete(here, vip.id)
        await give(here, bo, "w/vip")
        for _ in range(3):
            await here.turn(3)
        assert here.server.asked[MARK] == 1
        status = await here.sync.status()
        assert status.unmarked == 1
        assert "40068" in str(status.mark_reason)
        await here.round()
        status = await here.sync.status()
        assert status.unmarked == 0
        assert "w/vip" in str(status.mark_reason)
        assert here.server.asked[MARK] == 1


async def test_a_company_tag_of_the_settings_that_is_renamed_stays_the_same_one(
    store: Store, clock: TestClock
) -> None:
    settings = {"tags": {"important": "Level/high"}}
    async with mirror(store, clock, settings=settings) as here:
        bo, cy = customers(here, "Bo", "Cy")
        [high] = here.world.make_tags("Level", "high")
        await here.turn()
        await give(here, bo, "important")
        await here.turn(3)
        high.name = "top"
        await here.round()
        assert await tags(here, bo) == {"important"}
        await give(here, cy, "important")
        await here.turn(3)
        assert marked(here, "ann", cy) == marked(here, "ann", bo) == {"top"}


async def test_a_tag_that_is_taken_out_of_the_settings_is_taken_from_nobody(
    store: Store, clock: TestClock
) -> None:
    settings = {"tags": {"important": "Level/high"}}
    async with mirror(store, clock, settings=settings) as here:
        [bo] = customers(here, "Bo")
        here.world.make_tags("Level", "high")
        await here.turn()
        await give(here, bo, "important")
        await here.turn(3)
        await store.call("DEL", store.keys.wecom_sync_lease(GATEWAY))
        here.settings = here.settings.model_copy(update={"tags": {}})
        here.sync = here.another()
        await here.turn()
        await here.round()
        assert await tags(here, bo) == {"important", "high"}
        assert marked(here, "ann", bo) == {"high"}


# people come and go


async def test_who_is_nobodys_customer_yet_is_marked_on_becoming_one(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock, settings=PREFIX) as here:
        here.world.make_tags("Kind", "vip")
        bo = here.world.meet("Bo").external_userid
        chat = here.world.create_group("ann", "Tea", bo)
        await here.turn()
        await give(here, bo, "w/vip")
        await here.turn(3)
        assert here.server.asked[MARK] == 0
        here.lose()
        here.world.add("ann", bo)
        await tell(here)
        await here.turn(3)
        assert marked(here, "ann", bo) == {"vip"}
        assert bo in chat.members


@pytest.mark.parametrize("settings", [PREFIX, {}])
async def test_a_gateway_looks_at_a_new_customer_where_tags_go_both_ways(
    settings: dict[str, Any], store: Store, clock: TestClock
) -> None:
    async with company(clock) as server, shop(server, store, **settings) as ours:
        bo = await ours.scans(name="Bo")
        notes = await store.texts("LRANGE", store.keys.wecom_notes(GATEWAY), 0, -1)
        assert (read(notes[-1]) if notes else None) == (
            ContactEdited("ann", bo) if settings else None
        )


async def test_who_is_removed_keeps_the_tags_and_has_them_there_on_coming_back(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock, settings=PREFIX) as here:
        bo, cy = customers(here, "Bo", "Cy")
        here.world.make_tags("Kind", "vip")
        await here.turn()
        await give(here, bo, "w/vip")
        await give(here, cy, "w/vip")
        await here.turn(3)
        here.world.remove("ann", bo)
        await tell(here)
        await here.turn(3)
        await here.turn(3)
        assert await here.tagged("w/vip") == {bo, cy}
        here.world.remove("ann", cy)
        here.lose()
        await here.round()
        assert await here.tagged("w/vip") == {bo, cy}
        for customer in (bo, cy):
            here.world.add("ann", customer)
        await tell(here)
        await here.turn(3)
        assert marked(here, "ann", bo) == marked(here, "ann", cy) == {"vip"}


async def test_whose_staff_member_left_is_marked_with_the_others(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock, settings=PREFIX) as here:
        bo, cy = customers(here, "Bo+", "Cy")
        here.world.make_tags("Kind", "vip")
        await here.turn()
        await give(here, bo, "w/vip")
        await give(here, cy, "w/vip")
        await here.turn(3)
        for key in [key for key in here.world.relations if key[0] == "ann"]:
            del here.world.relations[key]
        del here.world.staff["ann"]
        await here.round()
        assert await here.tagged("w/vip") == {bo, cy}
        await take(here, bo, "w/vip")
        await here.turn(3)
        assert marked(here, "ben", bo) == set()


async def test_who_is_only_half_a_customer_is_marked_once_confirmed(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock, settings=PREFIX) as here:
        here.world.make_tags("Kind", "vip")
        bo = here.world.meet("Bo").external_userid
        here.world.add("ann", bo, half=True)
        here.lose()
        clock.advance(3600)
        await give(here, bo, "w/vip")
        await here.turn()
        for _ in range(3):
            await here.turn(3)
        assert here.server.asked[MARK] == 1
        assert (await here.sync.status()).unmarked == 0
        here.world.confirm("ann", bo)
        await tell(here)
        await here.turn(3)
        assert marked(here, "ann", bo) == {"vip"}


# refusals, limits and nodes


async def test_one_whom_wecom_refuses_is_shown_and_does_not_keep_the_others(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock, settings=PREFIX) as here:
        bo, cy = customers(here, "Bo", "Cy")
        here.world.make_tags("Kind", "vip")
        await here.turn()
        await give(here, bo, "w/vip")
        await give(here, cy, "w/vip")
        here.server.refuse[MARK] = [40058]
        for _ in range(3):
            await here.turn(3)
        assert here.server.asked[MARK] == 2
        assert sorted(len(here.world.relations["ann", one].tags) for one in (bo, cy)) == [0, 1]
        status = await here.sync.status()
        assert status.unmarked == 1
        assert "40058" in str(status.mark_reason)
        await here.round()
        assert marked(here, "ann", bo) == marked(here, "ann", cy) == {"vip"}
        status = await here.sync.status()
        assert (status.unmarked, status.mark_reason) == (0, None)


@pytest.mark.parametrize("errcode", [45033, 45009, 48002, -1])
async def test_what_wecom_refuses_for_now_is_left_for_later_and_not_lost(
    errcode: int, store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock, settings=PREFIX) as here:
        [bo] = customers(here, "Bo")
        here.world.make_tags("Kind", "vip")
        await here.turn()
        await give(here, bo, "w/vip")
        here.server.refuse[MARK] = [errcode] * 4
        await patiently(here, here.sync.turn())
        asked = here.server.asked[MARK]
        assert 1 <= asked <= 4
        status = await here.sync.status()
        assert str(errcode) in str(status.mark_reason)
        await here.turn(3)
        assert here.server.asked[MARK] == asked  # not before a minute
        here.server.refuse.clear()
        await here.turn(61)
        assert marked(here, "ann", bo) == {"vip"}
        assert (await here.sync.status()).mark_reason is None


async def test_no_more_than_five_are_marked_at_once_by_all_nodes_together(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock, settings=PREFIX) as here:
        many = customers(here, *(f"C{number}" for number in range(23)))
        here.world.make_tags("Kind", "vip")
        await here.turn()
        for one in many:
            await give(here, one, "w/vip")
        gate = here.server.gates[MARK] = asyncio.Event()
        nodes = [asyncio.create_task(node.run()) for node in (here.sync, here.another())]
        while here.server.asked[MARK] < 5:
            await asyncio.sleep(0.005)
        for _ in range(5):
            clock.advance(3)
            await asyncio.sleep(0.01)
        assert here.server.asked[MARK] == 5
        gate.set()
        while any(not marked(here, "ann", one) for one in many):
            await asyncio.sleep(0.005)
        for node in nodes:
            node.cancel()
        await asyncio.gather(*nodes, return_exceptions=True)
        assert here.server.asked[MARK] == 23  # none was answered 45033


def dying(
    here: Mirror, path: str, end: Exception | None = None
) -> Callable[..., Coroutine[Any, Any, dict[str, Any]]]:
    """A call whose answer nobody is left to hear."""
    post = here.api.post

    async def call(asked: str, body: dict[str, Any], **params: str) -> dict[str, Any]:
        answer = await post(asked, body, **params)
        if asked == path:
            raise end or Killed
        return answer

    return call


async def test_what_wecom_did_without_an_answer_is_not_taken_for_a_staff_members_doing(
    store: Store, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with mirror(store, clock, settings=PREFIX) as here:
        [bo] = customers(here, "Bo")
        here.world.make_tags("Kind", "vip")
        await here.turn()
        await give(here, bo, "w/vip")
        with monkeypatch.context() as patch:
            silence = WeComError(0, "no answer", sent=True)
            patch.setattr(here.api, "post", dying(here, MARK, silence))
            await patiently(here, here.sync.turn())
        assert "did not answer" in str((await here.sync.status()).mark_reason)
        await take(here, bo, "w/vip")
        here.world.edit("ann", bo, "a remark")
        await tell(here)
        await here.turn(3)
        assert await tags(here, bo) == set()
        await here.turn(61)
        assert marked(here, "ann", bo) == set()


@pytest.mark.parametrize("meanwhile", ["nothing", "taken", "deleted"])
async def test_a_node_that_ends_as_it_marks_leaves_all_to_the_next_one(
    meanwhile: str, store: Store, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with mirror(store, clock, settings=PREFIX) as here:
        [bo] = customers(here, "Bo")
        [vip] = here.world.make_tags("Kind", "vip")
        await here.turn()
        await give(here, bo, "w/vip")
        with monkeypatch.context() as patch:
            patch.setattr(here.api, "post", dying(here, MARK))
            with pytest.raises(Killed):
                await here.sync.turn()
        assert marked(here, "ann", bo) == {"vip"}
        if meanwhile == "taken":
            await take(here, bo, "w/vip")
        elif meanwhile == "deleted":
            delete(here, vip.id)
        await store.call("DEL", store.keys.wecom_sync_lease(GATEWAY))
        here.sync = here.another()
        await here.turn()  # begins with a round
        await here.round()
        here_too = await tags(here, bo)
        there = marked(here, "ann", bo)
        assert (here_too, there) == {
            "nothing": ({"w/vip"}, {"vip"}),
            "taken": (set(), set()),
            "deleted": ({"w/vip"}, set()),  # WeCom was never seen to have it: it is missing
        }[meanwhile]
        assert here.server.asked[MARK] == 1 + (meanwhile == "taken")


# whatever happens


class History:
    """Random deeds of ours and of the company's."""

    def __init__(self, here: Mirror, seed: int) -> None:
        self.here = here
        self.random = Random(seed)
        self.people = customers(here, "Bo+", "Cy", "Dee+", "Eve")
        self.idents = {tag.name: tag.id for tag in here.world.make_tags("Kind", "a", "b", "c")}
        here.lose()

    async def deed(self) -> tuple[str, str, bool] | None:
        """Something happens: who now has which tag of ours or not, if it is about tags."""
        here, random, world = self.here, self.random, self.here.world
        who, name = random.choice(self.people), random.choice([*self.idents])
        mine = [staff for staff in ("ann", "ben") if (staff, who) in world.relations]
        match random.choice(("give", "take", "tag", "untag", "add", "remove")):
            case "give":
                await give(here, who, f"w/{name}")
                return who, name, True
            case "take":
                await take(here, who, f"w/{name}")
                return who, name, False
            case "tag" if mine:
                world.tag(random.choice(mine), who, self.idents[name])
                return who, name, True
            case "untag" if mine:
                for staff in mine:
                    untag(here, staff, who, self.idents[name])
                return who, name, False
            case "add" if len(mine) < 2:
                world.add(random.choice([{"ann", "ben"}.difference(mine).pop()]), who)
            case "remove" if mine:
                world.remove(random.choice(mine), who)
        return None

    async def told(self) -> None:
        """Callbacks come, some twice, and some never."""
        waiting, self.here.server.callbacks.waiting = self.here.server.callbacks.waiting, []
        for fields in waiting:
            for _ in range(self.random.choice((0, 1, 1, 2))):
                await tell(self.here, fields)

    async def quiet(self) -> None:
        """Everything has been compared, and compared again."""
        self.here.lose()
        await self.here.round()
        await self.here.round()

    async def is_even(self) -> None:
        """Both sides have the same."""
        for who in self.people:
            both = [m for staff in ("ann", "ben") if (m := self.sees(staff, who)) is not None]
            if both:
                assert await tags(self.here, who) == {f"w/{n}" for n in set().union(*both)}

    def sees(self, staff: str, who: str) -> set[str] | None:
        """What a staff member sees of a customer, if it is one of theirs."""
        return marked(self.here, staff, who) if (staff, who) in self.here.world.relations else None


@pytest.mark.parametrize("seed", range(8))
async def test_after_whatever_happened_both_sides_are_equal(
    seed: int, store: Store, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with mirror(store, clock, settings=PREFIX) as here:
        history = History(here, seed)
        await here.turn()
        for _ in range(40):
            await history.deed()
            if history.random.random() < 0.5:
                await history.told()
            match history.random.randrange(8):
                case 0 | 1 | 2:
                    await here.turn(3)
                case 3:
                    await here.round()
                case 4:
                    here.server.refuse[MARK] = [40058]
                case 5:
                    await self_killed(here, monkeypatch)
        here.server.refuse.clear()
        await history.quiet()
        await history.is_even()
        asked = here.server.asked[MARK]
        await history.quiet()
        assert here.server.asked[MARK] == asked
        assert not await store.call("EXISTS", store.keys.wecom_marking(GATEWAY))


async def self_killed(here: Mirror, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node ends between a call and what it would have kept, and another goes on."""
    with monkeypatch.context() as patch:
        patch.setattr(here.api, "post", dying(here, MARK))
        try:
            await here.turn()
        except Killed:
            await here.store.call("DEL", here.store.keys.wecom_sync_lease(GATEWAY))
            here.sync = here.another()


@pytest.mark.parametrize("seed", range(4))
async def test_of_changes_after_each_other_the_last_one_holds_on_both_sides(
    seed: int, store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock, settings=PREFIX) as here:
        history = History(here, seed)
        await here.turn()
        last: dict[tuple[str, str], bool] = {}
        for _ in range(15):
            if deed := await history.deed():
                last[deed[:2]] = deed[2]
            await history.told()
            await here.round()
        await history.is_even()
        for (who, name), has in last.items():
            assert (f"w/{name}" in await tags(here, who)) == has


# settings


def refused(**settings: Any) -> str:
    """What is said of these settings."""
    with pytest.raises(ValidationError) as told:
        WeComSettings.model_validate(KEYS | settings)
    return str(told.value)


def test_a_company_tag_is_named_with_its_group_and_once() -> None:
    assert "group/tag" in refused(tags={"vip": "vip"})
    assert "group/tag" in refused(tags={"vip": "Kind/"})
    assert "at most 30" in refused(tags={"vip": f"Kind/{'x' * 31}"})
    said = refused(tags={"vip": "Kind/vip", "gold": "Kind/vip"})
    assert '"vip" and "gold" both name "Kind/vip"' in said
