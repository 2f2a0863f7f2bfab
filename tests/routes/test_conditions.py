"""Routes that are only for some members or some times: the next best answers, and it is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.located import Located, Problems, validate
from bot.routes.conditions import closed_by, conditions_of, heard, never_holds
from bot.routes.routes import Routes
from bot.settings.conditions import WEEKDAYS, RouteConditions
from bot.store.address import unix
from bot.store.effects import Effects
from bot.store.store import Store
from bot.testing import Community, Person

CONFIG = """
language = "en"
timezone = "Asia/Shanghai"
handlers = ["handlers.keyword_routes"]

[[routes]]
name = "VIP 护肤"
words = ["护肤"]
mode = "contains"
priority = 5
groups = ["sandbox/vip"]
when = { audience = "tag:vip" }

[[routes]]
name = "South"
words = ["护肤"]
mode = "contains"
priority = 4
groups = ["sandbox/south"]
when = { attributes = { region = ["华南", "south"] } }

[[routes]]
name = "护肤"
words = ["护肤"]
mode = "contains"
groups = ["sandbox/skin"]

[[routes]]
name = "Night"
words = ["夜"]
groups = ["sandbox/night"]
when = { hours = "22:00-06:00", weekdays = ["sat"], otherwise = "{{ member.name }}, at night." }

[[routes]]
name = "Silent"
words = ["静"]
groups = ["sandbox/night"]
when = { dates = ["2020-01-01"] }
"""
SATURDAY = datetime(2026, 6, 20, 23, 0, tzinfo=UTC) - timedelta(hours=8)


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    async with Community(CONFIG, locate=unix(valkey), workspace=store.keys.workspace) as made:
        yield made


def service(community: Community) -> Routes:
    return community.app.rooms.routes


async def asked(community: Community, person: Person, text: str) -> str:
    await community.direct(person).hears()
    await person.says(text)
    return " | ".join(one.message.summary for one in await community.direct(person).hears())


async def known(community: Community, ident: str) -> tuple[Person, int]:
    person = community.member(ident, ident)
    await person.says("hello")
    [found] = [
        one
        for one in await community.app.members.some(range(1, 20))
        if one.accounts.get("sandbox") == ident
    ]
    return person, found.number


async def give(community: Community, member: int, tag: str = "", **attributes: str) -> None:
    effects = Effects(community.app.store.keys)
    if tag:
        effects.tag(tag, member, community.clock.now())
    for name, value in attributes.items():
        effects.attribute(member, name, value)
    assert await community.app.store.apply(effects)


def test_what_the_journal_keeps_of_a_condition_is_said_in_other_languages() -> None:
    when = RouteConditions(
        weekdays=("sat", "sun"), attributes={"region": ("华南",)}, audience="tag:vip"
    )
    translated = {
        "only on {value}": "仅限 {value}",
        "only for members whose {name} is {value}": "仅限 {name} 为 {value} 的成员",
        "only for {value}": "仅限{value}",
        "Saturday": "星期六",
        "Sunday": "星期日",
    }
    said = [heard(f"夜谈: {one.kept}") for one in conditions_of(when)]
    assert [one.said(lambda text: translated.get(text, text)) for one in said if one] == [
        "夜谈: 仅限 星期六, 星期日",
        "夜谈: 仅限 region 为 华南 的成员",
        "夜谈: 仅限tag:vip",
    ]
    assert heard("夜谈: opted out") is None


async def test_a_route_is_only_for_its_audience_and_others_get_the_next(
    community: Community,
) -> None:
    ming, number = await known(community, "ming")
    assert "“skin”" in await asked(community, ming, "护肤")
    await give(community, number, region=" 華南")
    assert "“south”" in await asked(community, ming, "护肤")
    await give(community, number, tag="vip")
    assert "“vip”" in await asked(community, ming, "护肤")


async def test_who_asks_at_another_time_is_told_if_the_route_says_so(community: Community) -> None:
    ming, _ = await known(community, "ming")
    assert await asked(community, ming, "夜") == "ming, at night."
    assert await asked(community, ming, "静") == ""
    entries = [entry for _, entry in await community.app.journal.recent()]
    refused = [entry.reason for entry in entries if entry.what == "route.refused"]
    assert refused == ["Silent: only on 2020-01-01", "Night: only at 22:00-06:00"]


async def test_a_phrase_is_explained_for_a_member_and_a_moment(community: Community) -> None:
    _, number = await known(community, "ming")
    await give(community, number, region="south")
    routes = service(community)
    anybody = await routes.explain("护肤")
    assert anybody.winners == ("VIP 护肤",)
    assert anybody.reasons[0].text().endswith("only for members who are tagged “vip”")
    theirs = await routes.explain("护肤", member=number)
    assert theirs.winners == ("South",)
    told = {one.route: one.text() for one in theirs.reasons}
    assert told["VIP 护肤"].endswith("but it is only for members who are tagged “vip”")
    assert told["护肤"].endswith("but a rule of higher priority matches")
    night = int(SATURDAY.timestamp() * 1000)
    assert (await routes.explain("夜", at=night)).winners == ("Night",)
    assert (await routes.explain("夜", at=night + 86_400_000)).winners == ()
    [reason] = (await routes.explain("夜", at=night + 86_400_000)).reasons
    assert reason.text().endswith("but it is only on Saturday")


async def test_a_route_that_is_for_no_tag_or_gateway_there_is_is_told(community: Community) -> None:
    told = {one.routes[0]: str(one.message) for one in await service(community).cautions()}
    assert told["VIP 护肤"] == "only for tag:vip: there is none of this name"
    assert told["Silent"] == "its dates are over, or on none of its days of the week"
    data = {"name": "x", "words": ["x"], "groups": ["sandbox/skin"]}
    with pytest.raises(Problems) as wrong:
        service(community).read({**data, "when": {"gateways": ["sandbx"]}})
    assert "when.gateways[0]" in str(wrong.value)
    assert 'did you mean "sandbox"?' in str(wrong.value)
    with pytest.raises(Problems) as wrong:
        service(community).read({**data, "when": {"audience": "tga:vip"}})
    assert "when.audience" in str(wrong.value)
    assert "at character 1" in str(wrong.value)


@pytest.mark.parametrize(
    ("when", "key", "told"),
    [
        ({"hours": "9 to 5"}, "hours", "two times of day"),
        ({"weekdays": ["sunday"]}, "weekdays[0]", '"sun"'),
        ({"dates": ["2026-13-01"]}, "dates[0]", "a date"),
        ({"attributes": {"region": 3}}, "attributes", ""),
        ({"tag": "vip"}, "tag", ""),
    ],
)
def test_conditions_are_checked_at_their_keys(when: dict[str, Any], key: str, told: str) -> None:
    with pytest.raises(Problems) as wrong:
        validate(RouteConditions, Located("route", when))
    assert key in str(wrong.value)
    assert told in str(wrong.value)


@given(
    minutes=st.integers(0, 365 * 24 * 60),
    start=st.integers(0, 23),
    length=st.integers(1, 23),
    weekdays=st.sets(st.sampled_from(WEEKDAYS)),
    first=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    days=st.integers(0, 300),
)
def test_hours_over_midnight_belong_to_the_day_they_began(
    minutes: int, start: int, length: int, weekdays: Any, first: date, days: int
) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    last = first + timedelta(days=days)
    when = RouteConditions.model_validate(
        {
            "hours": f"{start:02}:00-{(start + length) % 24:02}:00",
            "weekdays": sorted(weekdays),
            "dates": [f"{first}/{last}"],
        }
    )
    midnight = at.replace(hour=0, minute=0)
    began = [
        day.date()
        for day in (midnight, midnight - timedelta(days=1))
        if timedelta(0) <= at - day - timedelta(hours=start) < timedelta(hours=length)
    ]
    opened = any(
        first <= day <= last and (not weekdays or WEEKDAYS[day.weekday()] in weekdays)
        for day in began
    )
    assert (closed_by(when, at) is None) is opened


@given(
    weekdays=st.sets(st.sampled_from(WEEKDAYS)),
    first=st.dates(date(2026, 1, 1), date(2026, 2, 1)),
    days=st.integers(0, 20),
)
def test_what_never_holds_is_known(weekdays: Any, first: date, days: int) -> None:
    today = date(2026, 1, 15)
    when = RouteConditions.model_validate(
        {"weekdays": sorted(weekdays), "dates": [f"{first}/{first + timedelta(days=days)}"]}
    )
    noons = [datetime(2026, 1, 15, 12, tzinfo=UTC) + timedelta(days=n) for n in range(60)]
    assert never_holds(when, today) is not any(closed_by(when, noon) is None for noon in noons)
