"""What is meant by a few words."""

from __future__ import annotations

import pytest

from bot.figures.finder import Finder, Unclear
from bot.figures.period import last, read_period
from bot.figures.subject import Subject
from bot.links.codes import Code
from tests.figures.fair import Fair
from tests.figures.test_figures import ALONE, DAILY


@pytest.fixture
async def finder(fair: Fair) -> Finder:
    """A campaign of two links, one of a single link, two SOPs and two groups."""
    for url, campaign in (
        ("https://shop.example/a", "Spring-Sale"),
        ("https://shop.example/b", "Spring-Sale"),
        ("https://shop.example/tea", "autumn tea"),
        ("https://shop.example/poster", ""),
    ):
        await fair.links.make(url, campaign)
    await fair.join("a", "茶友会")
    await fair.join("b", "books")
    await fair.start(fair.template("new_member", ALONE))
    await fair.start(fair.template("new_member_week", DAILY))
    return Finder(fair.store, fair.links, fair.sops, fair.members, fair.figures)


@pytest.mark.parametrize(
    ("words", "subject", "period"),
    [
        ("", "all", ""),
        ("上周", "all", "last week"),
        ("spring sale", "campaign:Spring-Sale", ""),
        ("SPRING_sale 7d", "campaign:Spring-Sale", "7d"),
        ("spring-sale last week", "campaign:Spring-Sale", "last week"),
        ("活动 spring 本月", "campaign:Spring-Sale", "month"),
        ("autumn", "campaign:autumn tea", ""),
        ("link autumn tea", "link:3", ""),
        ("shop.example/tea", "campaign:autumn tea", ""),
        ("#4 today", "link:4", "today"),
        ("poster", "link:4", ""),
        ("link:2", "link:2", ""),
        ("sop new-member week", "sop:new_member_week", ""),
        ("sop new-member week yesterday", "sop:new_member_week", "yesterday"),
        ("流程 tips", "sop:new_member_week", ""),
        ("sop new member 今天", "sop:new_member", "today"),
        ("step new_member_week/tip", "step:new_member_week/tip", ""),
        ("步骤 hi 30天", "step:new_member/hi", "30d"),
        ("群 茶友会", "group:1", ""),
        ("books 2026-06", "group:2", "2026-06"),
    ],
)
async def test_words_people_use_are_understood(
    finder: Finder, fair: Fair, words: str, subject: str, period: str
) -> None:
    asked = await finder.find(words)
    assert str(asked.subject) == subject
    assert asked.period == read_period(period, fair.figures.today)


async def test_a_group_may_be_said_with_it(finder: Finder, fair: Fair) -> None:
    asked = await finder.find("spring-sale in book week", group=1)
    assert (str(asked.subject), asked.group) == ("campaign:Spring-Sale", 2)
    assert asked.period == read_period("week", fair.figures.today)
    asked = await finder.find("spring-sale today in here", group=1)
    assert (asked.group, asked.period) == (1, last(1, fair.figures.today))
    assert (await finder.find("group", group=2)).subject == Subject("group", "2")
    assert await finder.group("2") == await finder.group("Books") == Subject("group", "2")


@pytest.mark.parametrize(
    ("words", "said", "fitting"),
    [
        ("sop new", "2 fit “new”; say which:", ["sop:new_member", "sop:new_member_week"]),
        ("sprong-sale", "Nothing is called “sprong-sale”.", ["campaign:Spring-Sale"]),
        ("sop", "Say which one.", ["sop:new_member", "sop:new_member_week"]),
        ("link:77", "there is no link #77", []),
        ("#77", "Nothing is called “#77”.", []),
        ("9" * 5000, "Nothing is called “999", []),
        ("spring-sale in nowhere", "Nothing is called “nowhere”.", []),
    ],
)
async def test_what_is_unclear_is_said_with_what_may_be_meant(
    finder: Finder, words: str, said: str, fitting: list[str]
) -> None:
    with pytest.raises(Unclear) as unclear:
        await finder.find(words)
    assert str(unclear.value).startswith(said)
    assert sorted(str(subject) for subject, _ in unclear.value.fitting) == fitting


async def test_a_code_or_a_whole_address_means_its_link(finder: Finder, fair: Fair) -> None:
    address = fair.links.url(Code(2))
    assert str((await finder.find(address)).subject) == "link:2"
    assert str((await finder.find(address.rpartition("/")[2])).subject) == "link:2"
