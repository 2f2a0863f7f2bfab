"""What a member is told of their own check-ins, and of a streak about to break, in a chat."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import pytest

from bot.model.message import Image
from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Community
from handlers.my_check_ins import month_named

CONFIG = """
language = "en"
timezone = "Asia/Shanghai"
[welcome]
enabled = false
[checkin.daily]
streak_reminder = { at = "20:00", least = 2 }
"""
TODAY = date(2026, 3, 15)


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    workspace = store.keys.workspace
    async with Community(CONFIG, locate=unix(valkey), workspace=workspace) as made:
        yield made


@pytest.mark.parametrize(
    ("words", "month"),
    [
        *(("", (2026, 3)), ("本月", (2026, 3)), ("上月", (2026, 2)), ("last month", (2026, 2))),
        *(("3", (2026, 3)), ("4", (2025, 4)), ("12月", (2025, 12)), ("2025-12", (2025, 12))),
        *(("2026年1月", (2026, 1)), ("2025/7", (2025, 7))),
        *(("13", None), ("0", None), ("2026-04", None), ("2023-12", None), ("picture", None)),
    ],
)
def test_a_month_is_named_as_people_do(words: str, month: tuple[int, int] | None) -> None:
    found = month_named(words, TODAY)
    assert found == (date(*month, 1) if month else None)


def test_last_month_of_january_is_december() -> None:
    assert month_named("上个月", date(2026, 1, 31)) == date(2025, 12, 1)


@pytest.mark.parametrize("words", ["我的打卡", "my check-ins"])
async def test_members_are_shown_their_month(community: Community, words: str) -> None:
    tea, ming = await community.group("tea"), community.member("u1", "小明")
    await ming.says("签到", tea)
    await community.passes(days=1)
    await ming.says("签到", tea)
    await tea.hears()
    await ming.says(words, tea)
    [said] = await tea.hears()
    [picture] = said.message.segments
    assert isinstance(picture, Image)
    assert picture.url.startswith("data:image/png;base64,")
    assert "小明" in picture.alt
    assert "in a row 2" in picture.alt
    assert picture.alt.count("🟩") == 3  # two days and what the square means


async def test_a_month_that_is_unclear_is_asked_for_and_talk_is_left_alone(
    community: Community,
) -> None:
    tea, ming = await community.group("tea"), community.member("u1", "小明")
    await ming.says("我的打卡 13月", tea)
    await tea.expects("Which month?")


async def test_who_would_lose_a_streak_is_told_until_they_want_no_more(
    community: Community,
) -> None:
    tea, ming = await community.group("tea", "Tea"), community.member("u1", "小明")
    await ming.joins(tea)
    for _ in range(2):
        await ming.says("签到", tea)
        await community.passes(days=1)
    await community.passes(hours=15)  # to 23:00, past the reminder of a day without check-in
    told = await ming.expects("小明, your streak of 2 ends today unless you say “签到” in Tea.")
    assert "stop check-ins" in told.message.text
    await ming.says("stop check-ins")
    await ming.expects("You will get no more about “check-ins”.")
    for _ in range(2):
        await ming.says("签到", tea)
        await community.passes(days=1)
    await community.passes(days=1)
    await community.direct(ming).expects_nothing()
