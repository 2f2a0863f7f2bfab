"""Live codes lead to who is on, whatever happens to the platform, the nodes and the answers."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.located import Problems
from bot.model.delivery import InDoubt, Misconfigured, Refused, Retry
from bot.model.live_code import LiveCode, LiveCodeState, Shift
from bot.store.store import Store
from bot.testing.clock import TestClock

from .street import Killed, Street, Walls, door, poster

DAYTIME = Shift(weekdays=frozenset(range(5)), start="09:00", end="18:00", staff=("cai", "dan"))
HOUR = 60


@pytest.fixture
def street(store: Store, clock: TestClock) -> Street:
    return Street(store, clock, Walls(clock))


async def state(street: Street, ident: str = "poster") -> LiveCodeState:
    found = await street.codes.get(ident)
    assert found
    assert found[1]
    return found[1]


# making and changing


async def test_a_code_hangs_as_soon_as_it_is_saved(street: Street) -> None:
    await street.codes.put(poster(), "eve")
    assert street.leads_to() == ("ann", "ben")
    ((code, now),) = await street.codes.all()
    assert code == poster()
    assert now
    assert (now.platform_id, now.image) == ("way-1", "https://street.example/way-1.png")
    assert (now.staff, now.health, now.problem) == (("ann", "ben"), (), "")


async def test_what_the_platform_need_not_know_is_no_call(street: Street) -> None:
    await street.codes.put(poster(), "eve")
    await street.codes.put(poster(title="The poster at the door"), "eve")
    assert street.walls.changes == ["make"]
    await street.codes.put(poster(staff=("cai",)), "eve")
    assert street.walls.changes == ["make", "change"]
    assert street.leads_to() == ("cai",)


async def test_an_ended_code_hangs_no_more_and_its_numbers_stay(street: Street) -> None:
    await street.codes.put(poster(), "eve")
    await street.comes("poster", "ann", 3)
    await street.codes.end("poster", "eve")
    await street.codes.end("poster", "eve")
    assert street.walls.hung == {}
    assert street.walls.changes == ["make", "end"]
    now = street.clock.now()
    (count,) = await street.codes.counts("poster", now, now + 1)
    assert (count.staff, count.scans) == ("ann", 3)
    await street.pass_by(30, 10)
    assert street.walls.changes == ["make", "end"]
    with pytest.raises(Problems, match="ended"):
        await street.codes.put(poster(), "eve")
    with pytest.raises(KeyError):
        await street.codes.end("another", "eve")


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"gateway": "stret"}, "gateway", 'unknown gateway "stret"; did you mean "street"?'),
    ({"gateway": "chat"}, "gateway", "this gateway has no such codes"),
    ({"staff": ("ann", "bne")}, "staff[1]", 'did you mean "ben"?'),
    ({"staff": ()}, "staff", "somebody must receive when no shift is on"),
    ({"shifts": (DAYTIME.model_copy(update={"staff": ("x",)}),)}, "shifts[0].staff[0]", '"x"'),
    ({"shifts": (DAYTIME, DAYTIME)}, "shifts[1]", "at the same time as shift 1"),
    ({"daily_cap": 5}, "spare", "once the daily cap is reached"),
    ({"channel": "door"}, "channel", "“Door” has this channel already"),
    ({"groups": ("g1",)}, "groups", "only for codes that lead into groups"),
]


@pytest.mark.parametrize(("about", "key", "words"), WRONG)
async def test_what_cannot_be_is_said_at_its_field(
    street: Street, about: dict[str, Any], key: str, words: str
) -> None:
    await street.group("g1")
    await street.codes.put(door("g1"), "eve")
    with pytest.raises(Problems) as told:
        await street.codes.put(poster(**about), "eve")
    (problem,) = told.value.problems
    assert problem.key == key
    assert words in str(problem)
    assert await street.codes.get("poster") is None


async def test_groups_must_be_known_and_not_too_many(street: Street) -> None:
    await street.group("tea")
    with pytest.raises(Problems, match=r'groups\[0\]: no group "tee".*did you mean "tea"'):
        await street.codes.put(door("tee"), "eve")
    with pytest.raises(Problems, match="groups: 6, and 5 are allowed"):
        await street.codes.put(door(*["tea"] * 6), "eve")


async def test_a_code_keeps_its_channel_gateway_and_kind(street: Street) -> None:
    await street.codes.put(poster(), "eve")
    with pytest.raises(Problems, match="keeps its channel"):
        await street.codes.put(poster(channel="another"), "eve")
    await street.codes.put(poster(channel="poster"), "eve")


async def test_nobody_able_is_said_and_nothing_is_made(street: Street) -> None:
    street.walls.away = {"ann", "ben"}
    with pytest.raises(Problems, match="none of them can receive"):
        await street.codes.put(poster(), "eve")
    assert street.walls.hung == {}


# what goes wrong on the way


@pytest.mark.parametrize("error", [Refused("no"), Misconfigured("no"), Retry("busy")])
async def test_what_the_platform_refuses_is_not_half_saved(
    street: Street, error: Exception
) -> None:
    street.walls.before = [error]
    with pytest.raises(type(error)):
        await street.codes.put(poster(), "eve")
    assert await street.codes.all() == []
    await street.codes.put(poster(), "eve")
    street.walls.before = [error]
    with pytest.raises(type(error)):
        await street.codes.put(poster(staff=("cai",)), "eve")
    found = await street.codes.get("poster")
    assert found
    assert found[0] == poster()


@pytest.mark.parametrize("end", [Killed(), InDoubt("no answer"), ValueError("torn")])
async def test_after_an_answer_that_was_lost_there_is_still_one_code(
    street: Street, end: BaseException
) -> None:
    street.walls.after = [end]
    with pytest.raises((Killed, InDoubt)):
        await street.codes.put(poster(), "eve")
    assert len(street.walls.hung) == 1
    await street.node().put(poster(), "eve")
    assert len(street.walls.hung) == 1
    assert (await state(street)).platform_id == "way-1"


async def test_a_change_whose_answer_was_lost_is_taken_back(street: Street) -> None:
    await street.codes.put(poster(), "eve")
    street.walls.after = [Killed()]
    with pytest.raises(Killed):
        await street.codes.put(poster(staff=("cai",)), "eve")
    assert street.leads_to() == ("cai",)
    await street.pass_by(1)
    assert street.leads_to() == ("ann", "ben")


async def test_a_node_that_is_not_connected_says_so(street: Street) -> None:
    with pytest.raises(Retry, match="not connected"):
        await street.node(connected=False).put(poster(), "eve")


async def test_two_people_who_save_at_once_leave_one_code(street: Street) -> None:
    await asyncio.gather(
        street.codes.put(poster(staff=("ann",)), "eve"),
        street.node().put(poster(staff=("ben",)), "bob"),
    )
    assert len(street.walls.hung) == 1
    found = await street.codes.get("poster")
    assert found
    assert found[0].staff == street.leads_to()


# shifts and caps


async def test_at_the_end_of_a_shift_the_code_changes_once(street: Street) -> None:
    await street.codes.put(poster(shifts=(DAYTIME,)), "eve")
    assert street.leads_to() == ("ann", "ben")
    street.walls.changes.clear()
    nodes = [street.codes, street.node(), street.node()]
    changes = []
    for minute in range(12 * HOUR):
        street.clock.advance(60)
        await asyncio.gather(*(node.tick() for node in nodes))
        if street.walls.changes:
            changes.append((f"{8 + (minute + 1) // 60}:{(minute + 1) % 60:02}", street.leads_to()))
            assert street.walls.changes == ["change"]
            street.walls.changes.clear()
    assert changes == [("9:00", ("cai", "dan")), ("18:00", ("ann", "ben"))]


async def test_caps_lead_to_the_spare_staff_until_the_next_day(street: Street) -> None:
    await street.codes.put(poster(daily_cap=20, spare=("dan",)), "eve")
    await street.comes("poster", "ann", 20)
    await street.pass_by(1)
    assert street.leads_to() == ("ben",)
    await street.comes("poster", "ben", 21)
    await street.pass_by(1)
    assert street.leads_to() == ("dan",)
    now = await state(street)
    assert now.added_today == {"ann": 20, "ben": 21}
    assert [str(one) for one in now.health] == [
        "Everybody on duty has had the 20 new contacts of the day: spare staff receive."
    ]
    await street.pass_by(16 * HOUR, 10)
    assert street.leads_to() == ("ann", "ben")
    assert (await state(street)).health == ()


async def test_who_cannot_receive_is_left_out_and_comes_back(street: Street) -> None:
    street.roles = {"chat/eve": "manager", "chat/vic": "viewer"}
    await street.codes.put(poster(), "eve")
    street.walls.away = {"ann"}
    await street.pass_by(11)
    assert street.leads_to() == ("ben",)
    (alert,) = await street.told()
    assert alert.startswith("chat/d/eve: ⚠️ The live code “Poster”: ann cannot receive anybody")
    street.walls.away = set()
    await street.pass_by(11)
    assert street.leads_to() == ("ann", "ben")
    assert len(await street.told()) == 1


async def test_a_refused_change_is_tried_again_without_haste(street: Street) -> None:
    await street.codes.put(poster(shifts=(DAYTIME,)), "eve")
    await street.pass_by(59)
    street.walls.before = [Refused("no"), Retry("busy", after=120)]
    street.walls.changes.clear()
    await street.pass_by(1)
    assert (await state(street)).problem == "no"
    for _ in range(100):
        street.clock.advance(1)
        await street.codes.tick()
    assert (await state(street)).problem == "busy"
    await street.pass_by(3)
    assert (await state(street)).problem == ""
    assert street.leads_to() == ("cai", "dan")
    assert street.walls.changes == ["change"]


async def test_a_look_that_failed_says_why(street: Street) -> None:
    await street.codes.put(poster(), "eve")
    street.walls.unseen = [Retry("busy")]
    with pytest.raises(Retry):
        await street.codes.check("poster")
    assert (await state(street)).problem == "busy"
    await street.codes.check("poster")
    assert (await state(street)).problem == ""


async def test_what_somebody_changed_at_the_platform_is_put_right(street: Street) -> None:
    await street.codes.put(poster(), "eve")
    street.walls.hung["way-1"].staff = ("dan",)
    await street.pass_by(11)
    assert street.leads_to() == ("ann", "ben")


# groups and health


async def test_full_groups_are_told_once_and_mended_by_another_group(street: Street) -> None:
    street.roles = {"chat/eve": "admin"}
    for ident in ("tea", "cake"):
        await street.group(ident)
    await street.codes.put(door("tea"), "eve")
    street.walls.full = {"tea"}
    await street.pass_by(60)
    assert [str(one) for one in (await state(street, "door")).health] == [
        "All its groups are full: add one, or let the platform make new ones."
    ]
    assert len(await street.told()) == 1
    await street.codes.put(door("tea", "cake"), "eve")
    assert (await state(street, "door")).health == ()


async def test_a_group_that_ended_is_told_by_its_name(street: Street) -> None:
    await street.group("tea", "Tea lovers")
    await street.group("cake")
    await street.codes.put(door("tea", "cake", new_group=True), "eve")
    street.walls.ended = {"tea"}
    await street.codes.check("door")
    (what,) = (await state(street, "door")).health
    assert what == "Tea lovers has ended: choose another group."


async def test_groups_the_platform_made_stay_when_a_code_is_changed(street: Street) -> None:
    await street.group("tea")
    code: LiveCode = door("tea", new_group=True, base_name="Tea ")
    await street.codes.put(code, "eve")
    street.walls.hung["way-1"].groups = ("tea", "tea-2")
    await street.codes.put(code.model_copy(update={"remark": "at the door"}), "eve")
    assert street.walls.hung["way-1"].groups == ("tea", "tea-2")
    await street.pass_by(30, 10)
    assert street.walls.changes == ["make", "change"]


async def test_a_code_removed_at_the_platform_is_told_and_made_anew_when_saved(
    street: Street,
) -> None:
    street.roles = {"chat/eve": "manager"}
    await street.codes.put(poster(shifts=(DAYTIME,)), "eve")
    street.walls.hung.clear()
    await street.pass_by(3 * HOUR)
    (what,) = (await state(street)).health
    assert what.startswith("The platform has it no more")
    assert street.walls.hung == {}
    assert len(await street.told()) == 1
    await street.codes.put(poster(), "eve")
    assert street.leads_to() == ("ann", "ben")
    assert (await state(street)).health == ()


async def test_a_code_is_looked_at_every_ten_minutes_by_one_node(street: Street) -> None:
    await street.codes.put(poster(), "eve")
    nodes = [street.codes, street.node()]
    street.walls.looked = 0
    for _ in range(HOUR):
        street.clock.advance(60)
        await asyncio.gather(*(node.tick() for node in nodes))
    assert street.walls.looked == 6
