"""What members are answered: how far the week is, which programme, what is still wanted."""

from __future__ import annotations

from bot.model.conversation import Account
from bot.model.event import MessageReceived
from bot.model.message import Image, Message
from bot.store.store import Store
from tests.checkins.house import at, heard_by, house, says


async def test_evidence_that_is_not_enough_is_answered_with_what_is_wanted(
    valkey: str, store: Store
) -> None:
    config = '[checkin.daily]\nwhere = "both"\nevidence = { kind = "text", least = 5 }'
    async with house(valkey, store, config) as one:
        tea = await one.group("tea")
        short = (
            "明, that was 2 of at least 5 characters: write it again with a little more in one"
            " message, and you are checked in."
        )
        await says(one, "明", "签到", tea)
        assert (await says(one, "明", "跑了", tea)).message.text == short
        assert await heard_by(one, "明", "哈哈", tea) == [], "in a group once"
        assert await heard_by(one, "红", "跑了", tea) == [], "nobody asked them"
        assert "you are checked in!" in (await says(one, "明", "跑了五公里", tea)).message.text
        await one.member("红").joins(tea)
        picture = Message.of(Image(url="https://example.com/1.png"))
        await says(one, "红", "签到")
        for _ in range(2):
            told = (await says(one, "红", picture)).message.text
            assert told.startswith("红, tell us about it in a message of at least 5 characters")
        assert "You can say" in (await says(one, "红", "help")).message.text, "words are words"
        assert "you are checked in!" in (await says(one, "红", "跑了五公里")).message.text
        assert "You can say" in (await says(one, "红", "跑了")).message.text, "it is over"


async def test_a_link_where_a_picture_is_wanted_is_answered_and_so_is_who_asks_the_bot(
    valkey: str, store: Store
) -> None:
    async with house(valkey, store, '[checkin.daily]\nevidence = { kind = "picture" }') as one:
        tea, wanted = await one.group("tea"), "明, send a picture of it, and you are checked in."
        await says(one, "明", "签到", tea)
        link = "https://example.com/run"
        assert (await says(one, "明", link, tea)).message.text == wanted
        assert await heard_by(one, "明", link, tea) == []
        await one.accept(
            MessageReceived(
                id="to-bot",
                gateway="sandbox",
                at=one.clock.now(),
                account=Account(id="明", name="明"),
                group=tea.group,
                message=Message.of("这样行吗"),
                to_bot=True,
            )
        )
        await tea.expects(wanted)
        one.clock.advance(601)
        assert await heard_by(one, "明", link, tea) == [], "nobody waits for it any more"


async def test_a_weekly_check_in_tells_how_far_the_week_is(valkey: str, store: Store) -> None:
    config = '[checkin.daily]\nevery = "week"\ntimes = 2\nmake_up = {}\npoints = 0'
    async with house(valkey, store, config) as one:
        tea, told = await one.group("tea"), []
        for day in ("17", "18", "20", "22"):  # a Wednesday, and the next Monday
            at(one, f"2026-06-{day}T09:00")
            told.append((await says(one, "明", "签到", tea)).message.text.splitlines()[1:])
        assert told == [
            ["📅 This week: 1 of 2.", "🔥 total 1 · no. 1 here today"],
            ["📅 Done for this week: 2× (it takes 2).", "🔥 Streak 1 · total 2 · no. 1 here today"],
            ["📅 Done for this week: 3× (it takes 2).", "🔥 Streak 1 · total 3 · no. 1 here today"],
            ["📅 This week: 1 of 2.", "🔥 Streak 1 · total 4 · no. 1 here today"],
        ]
        again = (await says(one, "明", "签到", tea)).message.text
        assert again.splitlines()[1] == "📅 This week: 1 of 2."
        made = (await says(one, "明", "补签 6月21日", tea)).message.text
        assert made == "明, 2026-06-21 is made up for!\n🔥 Streak 1 · total 5"


async def test_a_week_the_campaign_has_a_day_of_asks_for_that_day(
    valkey: str, store: Store
) -> None:
    config = '[checkin.daily]\nevery = "week"\ntimes = 3\nuntil = 2026-06-22'
    async with house(valkey, store, config) as one:
        at(one, "2026-06-22T09:00")
        said = (await says(one, "明", "签到", await one.group("tea"))).message.text
        assert "Done for this week: 1× (it takes 1)." in said


async def test_of_several_programmes_in_a_group_the_answer_names_which(
    valkey: str, store: Store
) -> None:
    config = """
[checkin.daily]
make_up = {}
[checkin.books]
title = "晨读"
words = ["读书"]
groups = ["sandbox/readers"]
make_up = {}
"""
    async with house(valkey, store, config) as one:
        tea, readers = await one.group("tea"), await one.group("readers")
        for words, expected in (
            ("读书", "晨读 · 明, you are checked in!"),
            ("签到", "Daily check-in · 明, you are checked in!"),
            ("读书", "晨读 · 明, you have already checked in today"),
            ("补签 晨读 昨天", "晨读 · 明, 2026-06-16 is made up for!"),
        ):
            assert (await says(one, "明", words, readers)).message.text.startswith(expected)
        said = (await says(one, "红", "签到", tea)).message.text
        assert said.startswith("红, you are checked in!")
