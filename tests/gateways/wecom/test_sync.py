"""The sync: one node, all lists at the start and from time to time, callbacks' gaps at once."""

from __future__ import annotations

import asyncio

import pytest

from bot.gateways.wecom.notes import (
    ArchiveAgreed,
    Changed,
    CompareNow,
    ContactEdited,
    ContactLost,
    Note,
    TagsChanged,
    TransferFailed,
    Unreached,
    read,
    written,
)
from bot.gateways.wecom.status import Status
from bot.gateways.wecom.sync import NotOurs
from bot.model.event import ContactAdded, GroupCreated, MemberJoined, MemberLeft
from bot.store.store import Store
from bot.testing.clock import TestClock
from bot.testing.wecom import Variants

from .mirror import GATEWAY, Mirror, mirror

FOLLOWERS = "externalcontact/get_follow_user_list"
GROUP = "externalcontact/groupchat/get"


def shop(here: Mirror) -> tuple[str, str, str]:
    """A customer of Ann's, one of Ben's, and a group of Ann's with both, since three hours."""
    world = here.world
    bo, cy = world.meet("Bo").external_userid, world.meet("Cy").external_userid
    world.add("ann", bo, state="door")
    world.add("ben", cy)
    chat = world.create_group("ann", "Tea", bo).chat_id
    world.join(chat, cy, state="poster")
    here.lose()
    here.clock.advance(3 * 3600)
    return bo, cy, chat


async def test_what_was_there_before_us_is_known_and_nobody_is_greeted(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here:
        bo, cy, chat = shop(here)
        began = clock.now() - 3 * 3_600_000
        await here.turn()
        assert here.heard == []
        assert await here.contacts("ann") == {bo}
        assert await here.contacts("ben") == {cy}
        group = await here.group(chat)
        assert group
        assert (group.name, group.owner, group.since) == ("Tea", "ann", began)
        assert await here.present(chat) == {"ann", bo, cy}
        number = await here.number(bo)
        member = await here.members.member(number)
        assert member
        assert (member.name, member.attributes) == ("Bo", {"owner": "ann", "channel": "door"})
        keys = store.keys
        for key in (keys.moment("contact"), keys.group_joined(group.number)):
            assert float(await store.text("ZSCORE", key, number) or 0) == began
        created = await store.text("ZSCORE", keys.groups_created(), group.number)
        assert float(created or 0) == began


async def test_the_channel_of_a_group_code_is_that_of_who_came_by_it(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here:
        _, _, chat = shop(here)
        dee = here.world.meet("Dee").external_userid
        here.world.join(chat, dee, state="poster")
        await here.turn()
        member = await here.members.member(await here.number(dee))
        assert member
        assert member.attributes == {"channel": "poster"}


async def test_after_a_round_another_finds_nothing(store: Store, clock: TestClock) -> None:
    async with mirror(store, clock) as here:
        shop(here)
        await here.turn()
        told = len(here.accepted)
        await here.round()
        assert len(here.accepted) == told


async def test_a_callback_that_was_lost_within_the_hour_greets_all_the_same(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here:
        _, _, chat = shop(here)
        await here.turn()
        dee = here.world.meet("Dee").external_userid
        here.world.add("ben", dee, state="fair")
        here.world.join(chat, dee)
        here.lose()
        await here.round()
        added, joined = sorted(here.heard, key=lambda event: type(event).__name__)
        assert isinstance(added, ContactAdded)
        assert (added.account.name, added.staff, added.channel) == ("Dee", "ben", "fair")
        assert isinstance(joined, MemberJoined)
        assert (joined.account.name, joined.group_name, joined.how) == ("Dee", "Tea", "link")


async def test_a_callback_that_was_lost_long_ago_greets_nobody(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here:
        _, _, chat = shop(here)
        await here.turn()
        dee = here.world.meet("Dee").external_userid
        here.world.add("ben", dee)
        here.world.join(chat, dee)
        here.lose()
        clock.advance(2 * 3600)
        await here.round()
        assert here.heard == []
        assert dee in await here.present(chat)
        assert dee in await here.contacts("ben")


async def test_what_a_callback_is_still_on_its_way_for_is_left_to_it(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here:
        _, _, chat = shop(here)
        await here.turn()
        dee = here.world.meet("Dee").external_userid
        here.world.add("ben", dee)
        here.world.join(chat, dee)
        here.sync.soon()
        await here.turn(2)
        assert here.heard == []
        await here.tell()
        await here.round()
        kinds = sorted(type(event).__name__ for event in here.heard)
        assert kinds == ["ContactAdded", "MemberJoined"]


async def test_a_group_whose_callback_names_nobody_is_asked_for_at_once(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here:
        _, _, chat = shop(here)
        await here.turn()
        dee = here.world.meet("Dee").external_userid
        here.world.join(chat, dee)
        await here.tell(lists="absent")
        await here.turn(3)
        assert [e.account.name for e in here.heard if isinstance(e, MemberJoined)] == ["Dee"]


async def test_a_group_that_does_not_show_the_change_yet_is_asked_for_again(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock, variants=Variants(settle=5)) as here:
        bo, _, chat = shop(here)
        await here.turn()
        here.world.leave(chat, bo)
        await here.tell(lists="absent")
        await here.turn(1)
        assert bo in await here.present(chat)
        await here.turn(3)
        await here.turn(3)
        assert bo not in await here.present(chat)
        assert [type(e) for e in here.heard if isinstance(e, MemberLeft | MemberJoined)] == [
            MemberLeft
        ]


async def test_callbacks_that_follow_each_other_need_no_question(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here:
        bo, _, chat = shop(here)
        await here.turn()
        asked = here.server.asked[GROUP]
        dee = here.world.meet("Dee").external_userid
        here.world.join(chat, dee)
        here.world.leave(chat, bo)
        await here.tell()
        await here.turn(3)
        assert here.server.asked[GROUP] == asked
        here.world.join(chat, bo)
        here.lose()
        here.world.leave(chat, dee)
        await here.tell()
        await here.turn(3)
        assert here.server.asked[GROUP] == asked + 1


async def test_a_new_group_is_known_with_its_name_owner_and_people_soon(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here:
        bo, _, _ = shop(here)
        await here.turn()
        chat = here.world.create_group("ben", "Coffee", bo).chat_id
        await here.tell()
        await here.turn(3)
        group = await here.group(chat)
        assert group
        assert (group.name, group.owner) == ("Coffee", "ben")
        assert await here.present(chat) == {"ben", bo}
        assert sum(isinstance(e, GroupCreated) for e in here.heard) == 1


async def test_names_and_owners_follow(store: Store, clock: TestClock) -> None:
    async with mirror(store, clock) as here:
        _, _, chat = shop(here)
        await here.turn()
        here.world.rename(chat, "Green tea")
        here.world.change_owner(chat, "ben")
        await here.tell()
        await here.turn(3)
        await here.turn(61)
        group = await here.group(chat)
        assert group
        assert (group.name, group.owner) == ("Green tea", "ben")


async def test_a_group_that_ended_is_gone_whether_we_are_told_or_not(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here:
        _, _, chat = shop(here)
        other = here.world.create_group("ben", "Coffee").chat_id
        here.lose()
        await here.turn()
        here.world.dismiss(chat)
        await here.tell()
        here.world.dismiss(other)
        here.lose()
        await here.settle()
        first = await here.group(chat)
        assert first
        assert first.gone
        await here.round()
        second = await here.group(other)
        assert second
        assert second.gone


async def test_who_only_half_is_a_contact_is_none_till_confirmed(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here:
        shop(here)
        await here.turn()
        dee = here.world.meet("Dee").external_userid
        here.world.add("ann", dee, half=True)
        await here.tell()
        await here.round()
        assert dee not in await here.contacts("ann")
        assert (
            await store.text("ZSCORE", store.keys.moment("contact"), await here.number(dee)) is None
        )
        here.world.confirm("ann", dee)
        here.lose()
        clock.advance(600)
        await here.round()
        assert dee in await here.contacts("ann")


async def test_who_left_us_alone_stays_listed_and_is_no_new_contact(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here:
        bo, _, _ = shop(here)
        await here.turn()
        here.world.removed_by_customer("ann", bo)
        await here.tell()
        await here.round()
        assert bo not in await here.contacts("ann")
        here.world.add("ann", bo)
        here.lose()
        await here.round()
        assert bo in await here.contacts("ann")
        assert sum(isinstance(e, ContactAdded) for e in here.heard) == 1


async def test_staff_who_may_have_no_customers_any_more_have_none(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here:
        shop(here)
        await here.turn()
        here.world.staff["ben"].contacts = False
        await here.round()
        assert await here.contacts("ben") == set()
        assert (await here.sync.status()).staff == 1


async def test_of_callbacks_that_overtook_each_other_the_later_one_holds(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here:
        dee = here.world.meet("Dee").external_userid
        here.world.add("ann", dee)
        clock.advance(10)
        here.world.removed_by_customer("ann", dee)
        clock.advance(10)
        here.world.add("ann", dee)
        added, removed, again = here.server.callbacks.waiting
        await here.tell(removed, added)
        await here.settle()
        assert await here.contacts("ann") == set()
        here.server.callbacks.waiting = []
        await here.tell(again)
        await here.tell(dict(removed, Source="told late"))
        await here.settle()
        assert await here.contacts("ann") == {dee}


# notes


@pytest.mark.parametrize(
    "note",
    [
        Changed("wrTea", "v1", "v2", complete=False),
        ContactEdited("ann", "wmBo"),
        TransferFailed("ann", "wmBo", "customer_refused"),
        ArchiveAgreed("ann", "wmBo", "W1"),
        TagsChanged("et1", "tag", "delete", ""),
        ContactLost("ann", "wmBo"),
        Unreached("ann", ("wmBo", "wmCy"), 5),
        CompareNow(5),
    ],
)
def test_a_note_is_read_as_it_was_written(note: Note) -> None:
    assert read(written(note)) == note


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"note":"Other"}', '{"note":"Changed"}'])
def test_a_note_of_another_version_is_none(text: str) -> None:
    assert read(text) is None


# tags


async def test_the_companys_tags_are_ours_and_what_is_ours_stays(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock, settings={"tag_prefix": "wecom/"}) as here:
        bo, cy, _ = shop(here)
        vip, new = here.world.make_tags("Kind", "vip", "new")
        here.world.tag("ann", bo, vip.id)
        here.world.tag("ben", cy, vip.id, new.id)
        here.lose()
        await here.turn()
        assert await here.tagged("wecom/vip") == {bo, cy}
        assert await here.tagged("wecom/new") == {cy}
        here.world.relations["ben", cy].tags.clear()
        here.world.edit("ben", cy, "no tags")
        await here.tell()
        await here.turn(3)
        assert await here.tagged("wecom/vip") == {bo}
        vip.name = "VIP"
        await here.round()
        assert await here.tagged("wecom/vip") == set()
        assert await here.tagged("wecom/VIP") == {bo}


# nodes, limits and refusals


async def test_of_two_nodes_one_reads_the_lists_and_the_other_goes_on_after_it(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here:
        shop(here)
        other = here.another()
        running = asyncio.create_task(here.sync.run())
        while not (await other.status()).complete:
            await asyncio.sleep(0.005)
        asked = here.server.asked[FOLLOWERS]
        await other.turn()
        assert here.server.asked[FOLLOWERS] == asked
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await other.turn()
        assert here.server.asked[FOLLOWERS] == asked + 1
        await here.settle()


async def test_a_node_whose_lease_went_to_another_stops(store: Store, clock: TestClock) -> None:
    async with mirror(store, clock) as here:
        shop(here)
        await here.turn()
        here.sync.soon()
        here.server.gates[FOLLOWERS] = asyncio.Event()
        turn = asyncio.create_task(here.sync.turn())
        while here.server.asked[FOLLOWERS] < 2:
            await asyncio.sleep(0.005)
        await store.call("SET", store.keys.wecom_sync_lease(GATEWAY), "another", "EX", 60)
        clock.advance(60)
        here.server.gates.pop(FOLLOWERS).set()
        with pytest.raises(NotOurs):
            await turn


async def test_a_round_that_is_refused_says_why_and_is_begun_again_later(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here:
        bo, _, _ = shop(here)
        here.server.refuse["externalcontact/groupchat/list"] = [48002]
        await here.turn()
        status = await here.sync.status()
        assert status.complete == 0
        assert "客户联系" in status.reason
        assert await here.contacts("ann") == {bo}
        await here.turn(30)
        assert here.server.asked[FOLLOWERS] == 1
        await here.turn(31)
        status = await here.sync.status()
        assert status == Status(
            complete=clock.now(), begun=clock.now(), staff=2, contacts=2, groups=1
        )
        assert here.heard == []


async def test_one_whom_wecom_refuses_does_not_keep_the_others(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here:
        _, cy, chat = shop(here)
        here.server.refuse["externalcontact/batch/get_by_user"] = [60111]
        await here.turn()
        assert await here.contacts("ann") == set()
        assert await here.contacts("ben") == {cy}
        assert cy in await here.present(chat)
        assert (await here.sync.status()).skipped == 1


async def test_pages_are_read_to_the_end(store: Store, clock: TestClock) -> None:
    async with mirror(store, clock) as here:
        many = {here.world.meet().external_userid for _ in range(230)}
        for one in many:
            here.world.add("ann", one)
        here.lose()
        await here.turn()
        assert await here.contacts("ann") == many


async def test_a_company_too_large_to_list_its_groups_is_asked_by_owner(
    store: Store, clock: TestClock
) -> None:
    async with mirror(store, clock) as here:
        _, _, chat = shop(here)
        for number in range(1000):
            here.world.hire(f"s{number}", contacts=number < 150)
        here.world.change_owner(chat, "s149")
        here.lose()
        clock.advance(600)
        await here.turn()
        group = await here.group(chat)
        assert group
        assert group.owner == "s149"
