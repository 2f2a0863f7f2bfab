"""Texts, names and ids nobody should write, and somebody will."""

from __future__ import annotations

import asyncio
import io
import json
import time

import pytest

from bot.delivery.names import LONGEST, presentable
from bot.log import configure
from bot.model.conversation import Account
from bot.model.event import MessageReceived
from bot.model.message import Message
from tests.bad_input.conftest import House

HUGE = "好" * 1_700_000  # 5 MB
BIDI = "\u202e\u2066\u2069\u2067"
EMOJI = "👩\u200d👩\u200d👧\u200d👦" * 400


async def test_a_five_megabyte_message_is_handled_and_cropped_where_it_is_kept(
    house: House,
) -> None:
    began = time.monotonic()
    await house.says("echo " + HUGE)
    (answer,) = await house.hears()
    assert answer["text"] == f"heard {HUGE}"
    await house.says("what is " + HUGE, group=None)
    await house.says("echo after")
    assert (await house.hears())[0]["text"] == "heard after"
    assert time.monotonic() - began < 5
    async with asyncio.timeout(5):
        while not any(e.what == "event.unmatched" for _, e in await house.app.journal.recent()):
            await asyncio.sleep(0.01)
    assert all(len(e.model_dump_json()) < 2000 for _, e in await house.app.journal.recent())
    unmatched = await house.app.store.texts("ZRANGE", house.app.store.keys.unmatched(), 0, -1)
    assert max(map(len, unmatched)) <= 60


async def test_the_loop_goes_on_while_a_huge_message_is_handled(house: House) -> None:
    await house.says("echo before")
    await house.hears()
    longest = 0.0

    async def feel() -> None:
        nonlocal longest
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.005)
            longest = max(longest, time.monotonic() - before)

    feeling = asyncio.create_task(feel())
    event = MessageReceived(
        id="huge",
        gateway="sandbox",
        at=house.app.clock.now(),
        account=Account(id="u1"),
        group="tea",
        message=Message.of(HUGE),
        to_bot=True,
    )
    await house.app.accept(event)
    async with asyncio.timeout(10):
        while not any(e.what == "event.unmatched" for _, e in await house.app.journal.recent()):
            await asyncio.sleep(0.01)
    feeling.cancel()
    assert longest < 0.5


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (EMOJI, None),
        (f"{BIDI}小明{BIDI}", "小明"),
        ("小\n明\r\n\x1b[31m", "小明[31m"),
        ("a\x00b", "ab"),
        (BIDI, "u1"),
        ("   ", "u1"),
        ("{{ member.name }}{% for x in y %}", "{{ member.name }}{% for x in y %}"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("\ue0000\ue001", None),
        ("علي", "علي"),
    ],
)
async def test_a_name_is_greeted_and_kept_fit_to_be_shown(
    house: House, name: str, shown: str | None
) -> None:
    stream = io.StringIO()
    configure("debug", "text", stream)
    member = {"id": "u1", "name": name}
    status, text = await house.event(type="member_joined", member=member)
    assert status == 202, text
    await house.says("echo 1", member=member)
    texts = [message["text"] for message in await house.hears(2)]
    greeting = next(text for text in texts if text.startswith("欢迎"))
    kept = await house.app.members.member(1)
    assert kept
    for written in (greeting, kept.name, *map(_json, await house.app.journal.timeline(1))):
        assert not set(BIDI) & set(written)
        assert "\n" not in written
        assert len(written) < 1000
    assert len(kept.name) <= LONGEST
    if shown is not None:
        assert greeting == f"欢迎 {shown} 来到 tea"
    assert not set(BIDI) & set(stream.getvalue())
    configure("warning", "text", stream)


def _json(entry: object) -> str:
    return json.dumps(str(entry), ensure_ascii=False)


def test_a_cropped_name_does_not_end_in_half_an_emoji() -> None:
    assert presentable(EMOJI).endswith(("👩…", "👧…", "👦…"))
    assert presentable("x" * LONGEST) == "x" * LONGEST
    assert len(presentable("x" * (LONGEST + 1))) == LONGEST


@pytest.mark.parametrize(
    "text", ["\x00", "echo a\x00b", "echo \u202eabc", "echo \x1b[2J", "echo \ufffe"]
)
async def test_control_characters_in_a_text_break_nothing(house: House, text: str) -> None:
    await house.says(text)
    await house.says(text, group=None)
    await house.says("echo after")
    while (await house.hears())[-1]["text"] != "heard after":
        pass
    assert await house.app.inbox.dead_letters() == []


STRANGE = (
    *("a", "a/b", "a/b/c", "a:b", "a:b:c", "{a}", "{}", "%s", "a b", "..", "../a", "*", "a*"),
    *("sandbox/g/a", "d/u1", "reply:sandbox/g/a", "💥", "茶", "a\u2028b", "\\", '"', "null", "0"),
)


async def test_groups_and_people_of_strange_ids_are_kept_apart(house: House) -> None:
    for number, ident in enumerate(STRANGE):
        await house.says(f"echo {number}", group=ident, member={"id": ident})
        await house.says(f"echo d{number}", group=None, member={"id": ident})
        await house.event(type="member_joined", group=ident, member={"id": f"j{ident}"})
    heard = await house.hears(3 * len(STRANGE))
    said = {(m["group"], m["member"], m["text"]) for m in heard}
    for number, ident in enumerate(STRANGE):
        assert (ident, None, f"heard {number}") in said
        assert (None, ident, f"heard d{number}") in said
    greeted = [m["group"] for m in heard if m["text"].startswith("欢迎")]
    assert sorted(greeted) == sorted(STRANGE)
    numbers = await house.app.store.table("HGETALL", house.app.store.keys.group_ids())
    assert len(numbers) == len(STRANGE)
    assert await house.app.inbox.dead_letters() == []


async def test_what_is_remembered_of_one_is_not_told_to_another(house: House) -> None:
    await house.says("ask one", group="a", member={"id": "b/c"})
    await house.says("ask two", group="a/b", member={"id": "c"})
    await house.says("ask three", group="a", member={"id": "b/c"})
    texts = [message["text"] for message in await house.hears(3)]
    assert sorted(texts) == ["known nothing", "known nothing", "known one"]


@pytest.mark.parametrize("field", ["id", "group", "account"])
@pytest.mark.parametrize("ident", ["a\nb", "a\x00b", "\x7f"])
async def test_the_inbox_takes_no_id_with_control_characters(
    house: House, field: str, ident: str
) -> None:
    fields = {"id": "e1", "group": "g", "account": "u1"} | {field: ident}
    event = MessageReceived(
        id=fields["id"],
        gateway="sandbox",
        at=house.app.clock.now(),
        account=Account(id=fields["account"]),
        group=fields["group"],
        message=Message.of("echo 1"),
    )
    before = await house.written()
    with pytest.raises(ValueError, match="control characters"):
        await house.app.accept(event)
    assert await house.written() == before
