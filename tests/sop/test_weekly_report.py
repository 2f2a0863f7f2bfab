"""Figures as scheduled reports: SOPs like any other."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from itertools import count, islice

import pytest

from bot.links.codes import Code
from bot.links.counter import Counter
from bot.links.hits import Hit
from bot.model.message import Image, Message
from bot.routing.template import TemplateFailed
from bot.routing.writer import Reader
from bot.sop.foresight.preview import Preview
from bot.sop.templates.specimen import Specimens
from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Chat, Community, TestClock
from tests.links.site import PHONE

CONFIG = """
timezone = "Asia/Shanghai"
language = "en"
[delivery]
quiet_hours = "none"
daily_cap = "none"
[welcome]
enabled = false
"""
SUNDAY = datetime(2026, 6, 21, 4, tzinfo=UTC)
MONDAY = datetime(2026, 6, 22, 0, 55, tzinfo=UTC)
_serials = count()


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    workspace, clock = store.keys.workspace, TestClock(SUNDAY)
    async with Community(CONFIG, clock=clock, locate=unix(valkey), workspace=workspace) as made:
        yield made


async def click(community: Community, link: int, times: int = 1) -> None:
    app, links = community.app, community.app.rooms.links
    for serial in islice(_serials, times):
        letters, at = links.codes.pack(Code(link)), community.clock.now()
        hit = Hit("test", serial, at, letters, "", f"v{serial}", PHONE)
        await app.store.call("XADD", app.store.keys.hits(), "*", "hits", hit.line())
    await Counter(app.store, app.rooms.judge, links.steps, "test").drain()


async def ops(community: Community) -> Chat:
    """The ops group, known to the bot; somebody joined it."""
    chat = await community.group("ops", "Ops")
    await community.member("li", "Li").joins(chat)
    return chat


async def write(community: Community, text: str) -> Message:
    return await community.app.rooms.writer.write(text, {}, Reader())


async def test_on_monday_morning_the_ops_group_gets_last_weeks_figures(
    community: Community,
) -> None:
    chat, rooms = await ops(community), community.app.rooms
    spring = await rooms.links.make("https://shop.example/s", "spring")
    await click(community, spring, 3)
    await rooms.sops.start("weekly_report", "group:sandbox/ops", "Li", {"about": "campaign:spring"})
    await community.settle()
    community.clock.advance((MONDAY - SUNDAY).total_seconds())
    await click(community, spring)  # this week's
    await community.passes(minutes=4)
    await chat.expects_nothing()
    await community.passes(minutes=1)
    message = (await chat.expects("Last week")).message
    assert "spring · 2026-06-15 – 2026-06-21" in message.text
    assert "Fetches 3 · clicks 3 · people 3" in message.text
    assert "1. spring: 3 clicks by 3, 3 fetches" in message.text
    picture = next(one for one in message.segments if isinstance(one, Image))
    assert b64decode(picture.url.partition(",")[2]).startswith(b"\x89PNG")
    assert picture.alt == "Clicks ▁▁▁▁▁▁█"


async def test_texts_rank_and_draw_what_they_are_asked(community: Community) -> None:
    links = community.app.rooms.links
    spring, tea = [await links.make("https://shop.example/", name) for name in ("spring", "tea")]
    await click(community, spring, 2)
    await click(community, tea)
    said = (await write(community, '{{ top("campaigns", "today", 1) }}')).text
    assert "1. spring: 2 clicks by 2, 2 fetches" in said
    assert "tea" not in said
    drawn = await write(community, '{{ chart("all", "30d", "links") }}')
    assert [one.alt for one in drawn.segments if isinstance(one, Image)] == ["Clicks █▅"]
    said = (await write(community, '{{ figures("campaign:tea") }}')).text
    assert "tea · 2026-06-15 – 2026-06-21" in said


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('\n{{ figures("planet:mars") }}', "line 2: “planet:mars” is nothing figures are about"),
        ('\n\n{{ figures("all", "soon") }}', "line 3: “soon” is no time; write 30d"),
        ('{{ top("link") }}', "line 1: “link” has no order; write links"),
        ('{{ chart("all", "7d", "planets") }}', "line 1: “planets” has no order"),
        ("{{ figures(1, 2, 3) }}", "line 1: .*takes from 2 to 4 positional arguments"),
        ('{{ figures("campaign:none") }}', "no link is of the campaign “none”"),
    ],
)
async def test_what_a_text_asks_wrongly_is_told_with_its_line(
    community: Community, text: str, message: str
) -> None:
    with pytest.raises(TemplateFailed, match=message):
        await write(community, text)
    rehearsed = community.app.rooms.writer.rehearsal()
    if "none" not in text:
        with pytest.raises(TemplateFailed, match=message):
            await rehearsed.write(text, {})


async def test_reports_are_shown_before_they_are_sent_without_counting_anything(
    community: Community,
) -> None:
    rooms, template = community.app.rooms, community.app.rooms.sops.library.get("weekly_report")
    keys = await community.app.store.texts("KEYS", "*")
    told = (await Specimens(rooms.sops.means).texts(template, template.step[0], "en"))[""]
    assert isinstance(told, Message)
    assert "〈figures of all, 2026-06-08 – 2026-06-14〉" in told.text
    assert [one.url[:18] for one in told.segments if isinstance(one, Image)] == [
        "data:image/svg+xml"
    ]
    shown = await Preview(rooms.sops).template(template, {"best": "groups"})
    assert "〈Groups by clicks, 2026-06-08 – 2026-06-14〉" in shown["report"].text
    assert await community.app.store.texts("KEYS", "*") == keys
