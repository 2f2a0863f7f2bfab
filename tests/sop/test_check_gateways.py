"""The plan check: what the gateways cannot do, or not for so many."""

from __future__ import annotations

from bot.model.capabilities import Capabilities, Quota, Rate
from bot.store.effects import Effects

from .desk import DAY_MS, HOUR_MS, Desk, hello, news


async def test_a_gateway_that_needs_a_staff_tap_tells_tasks_and_staff(desk: Desk) -> None:
    town = desk.town
    town.can["sandbox"] = Capabilities(staff_confirm=True)
    numbers = [await town.join(f"m{n}") for n in range(6)]
    effects = Effects(town.store.keys)
    for number in numbers:
        effects.attribute(number, "owner", f"staff{number % 3}")
    assert await town.store.apply(effects)
    desk.forecast.rows = [
        desk.row(DAY_MS, numbers, step="hello", to="member", by_staff=numbers),
        desk.row(DAY_MS + HOUR_MS, numbers, step="hello", to="member", by_staff=numbers),
    ]
    found = (await desk.check(hello())).about("staff member's tap")
    assert str(found.message).endswith("12 tasks on 2026-06-18 for 3 staff")
    assert found.severity == "note"


async def test_taps_that_nobody_would_do_are_a_warning(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(staff_confirm=True)
    await desk.town.group("tea")
    desk.forecast.rows = [desk.row(DAY_MS, [1], by_staff=[1])]
    found = (await desk.check(news())).about("nobody owns")
    assert found.severity == "warning"


async def test_a_monthly_quota_counts_what_went_out_and_what_is_foreseen(desk: Desk) -> None:
    town = desk.town
    quota = Quota(per="group", count=4, period="month")
    town.can["sandbox"] = Capabilities(quotas=(quota,))
    await town.group("tea")
    await town.group("books")
    await town.store.call("SET", town.store.keys.cap("g1:sandbox", "2026-06"), 2)
    days = (1, 2, 3, 20, 21)
    desk.forecast.rows = [desk.row(n * DAY_MS, [1, 2]) for n in days]
    found = (await desk.check(news())).about("messages a month")
    assert str(found.message) == (
        "“sandbox” allows 4 messages a month: 1 targets would need more by 2026-06-20"
    )
    await town.store.call("DEL", town.store.keys.cap("g1:sandbox", "2026-06"))
    assert (await desk.check(news())).said == []


async def test_a_quota_of_the_owner_counts_all_their_members(desk: Desk) -> None:
    town = desk.town
    quota = Quota(per="owner", count=3, period="day")
    town.can["sandbox"] = Capabilities(quotas=(quota,))
    numbers = [await town.join(f"m{n}") for n in range(4)]
    effects = Effects(town.store.keys)
    for number in numbers:
        effects.attribute(number, "owner", "ann")
    assert await town.store.apply(effects)
    desk.forecast.rows = [desk.row(DAY_MS, numbers, step="hello", to="member")]
    found = (await desk.check(hello())).about("allows ann 3 messages a day")
    assert "4 are planned on 2026-06-18" in str(found.message)


async def test_a_gateway_that_cannot_write_into_groups_is_an_error(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(send_group=False)
    await desk.town.group("tea")
    assert (await desk.check(news())).about("cannot write into groups").severity == "error"


async def test_a_gateway_that_reaches_no_member_is_an_error(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(send_group=False, send_direct=False)
    await desk.town.join("a")
    assert (await desk.check(hello())).about("neither to members nor").severity == "error"


async def test_a_gateway_without_member_list_is_told(desk: Desk) -> None:
    await desk.town.join("a")
    assert (await desk.check(hello())).about("does not list").severity == "note"
    desk.town.can["sandbox"] = Capabilities(member_list=True)
    assert (await desk.check(hello())).said == []


async def test_a_group_that_is_gone_is_an_error(desk: Desk) -> None:
    number = await desk.town.group("tea")
    await desk.town.group("books")
    effects = Effects(desk.town.store.keys)
    effects.group(number, "gone", "1")
    assert await desk.town.store.apply(effects)
    audience = "group:sandbox/tea or group:sandbox/books"
    found = (await desk.check(news(), audience)).about("“sandbox/tea” is gone")
    assert (found.severity, found.place.key) == ("error", "audience")


async def test_a_route_whose_groups_are_full_is_told(desk: Desk) -> None:
    await desk.town.join("a")
    step = '[[step]]\nid = "on"\nfollows = "hello"\nroute = "full"'
    assert (await desk.check(hello(step=step))).about("“full” are full").place.step == "on"


async def test_members_who_cannot_be_reached_or_have_opted_out_are_counted(desk: Desk) -> None:
    await desk.town.join("a")
    skipped = {"cannot be reached": [2, 3], "opted out": [4]}
    desk.forecast.rows = [
        desk.row(DAY_MS, [1], step="hello", to="member", skipped=skipped),
        desk.row(2 * DAY_MS, [1], step="hello", to="member", skipped=skipped),
    ]
    checked = await desk.check(hello())
    assert checked.about("2 members cannot be reached").severity == "warning"
    assert checked.about("1 members have opted out").severity == "note"


async def test_a_rate_so_slow_that_the_last_are_too_late_is_told(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(account_rate=Rate(count=1, seconds=1), member_list=True)
    for n in range(3):
        await desk.town.join(f"m{n}")
    desk.forecast.rows = [desk.row(DAY_MS, range(1, 4), step="hello", to="member")]
    assert (await desk.check(hello())).said == []
    more = 'guards = { rate = "2/20m" }'
    found = (await desk.check(hello(more=more))).about("3 messages take 30 minutes")
    assert found.severity == "warning"
