"""What rooms know of members can be asked for in audiences."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.audience import Algebra, Audience
from bot.checkins.audience import CheckedIn
from bot.checkins.checkins import CheckIns
from bot.links.audience import Clicked
from bot.links.links import Links
from bot.settings.checkins import CheckInSettings
from bot.store.facts import Facts
from tests.audience.conftest import Village

TODAY = date(2026, 6, 17)


@pytest.fixture
async def algebra(village: Village) -> Algebra:
    """Two links of a campaign and a programme; the clock's day is TODAY in both zones."""
    store, clock = village.store, village.clock
    links = Links(store, lambda: "https://bot.example")
    await links.open()
    for path in ("one", "two"):
        await links.make(f"https://example.com/{path}", "spring sale")
    settings = {"daily": CheckInSettings()}
    checkins = CheckIns(settings, "Asia/Tokyo", store, village.members, Facts(store), clock)
    zone = ZoneInfo("Asia/Shanghai")
    sources = [CheckedIn(store.keys, checkins), Clicked(store, links, zone)]
    return Algebra(store, village.members, village.segments, sources)


async def who(algebra: Algebra, text: str) -> list[int]:
    return (await algebra.members(Audience.parse(text))).numbers()


async def brief(village: Village, key: str, member: int) -> None:
    await village.fact(key, member)
    await village.store.call("EXPIRE", key, 3600)


async def test_who_checked_in_lately(village: Village, algebra: Algebra) -> None:
    for member, ago in ((1, 0), (2, 2), (3, 3)):
        on = village.keys.checkin_on("daily", 0, TODAY - timedelta(days=ago))
        await brief(village, on, member)
    assert await who(algebra, "checked-in:daily/3d") == [1, 2]
    assert await who(algebra, "checked_in('daily')") == [1]
    assert await who(algebra, "checked-in:weekly/3d") == []
    (problem,) = await algebra.check(Audience.parse("checked-in:dayly/3d"))
    assert problem.hint == 'did you mean "daily"?'


async def test_who_clicked_a_campaign_a_link_or_lately(village: Village, algebra: Algebra) -> None:
    keys = village.keys
    await village.fact(keys.link_clicked(1, "all"), 1, 2)
    await village.fact(keys.link_clicked(2, "all"), 3)
    await brief(village, keys.link_today(1, TODAY), 2)
    await brief(village, keys.link_today(2, TODAY - timedelta(days=7)), 3)
    assert await who(algebra, 'clicked:"spring sale"') == [1, 2, 3]
    assert await who(algebra, "clicked:#2 or clicked:https://example.com/two") == [3]
    assert await who(algebra, 'clicked:"spring sale"/7d') == [2]
    assert await who(algebra, 'clicked:"spring sale"/8d') == [2, 3]
    (problem,) = await algebra.check(Audience.parse('clicked:"spring sail"'))
    assert problem.hint == 'did you mean "spring sale"?'
