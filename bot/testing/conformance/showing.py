"""Showing: what the contract says of content, limits and abilities."""

from __future__ import annotations

import pytest

from bot.gateways.look import look
from bot.gateways.pieces import in_bytes, in_units
from bot.model.capabilities import Capabilities, SegmentKind
from bot.model.delivery import Refused
from bot.model.message import (
    AnySegment,
    File,
    Image,
    LinkCard,
    Mention,
    Message,
    MiniProgram,
    Unknown,
    Video,
)
from bot.testing.conformance.line import Line
from bot.testing.conformance.platform import Platform

PICTURE = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwAD"
    "hgGAWjR9awAAAABJRU5ErkJggg=="
)
SENTENCE = "泡茶要用八十度的水，不要太烫🍵。"
FREE = 20_000
"""Characters that arrive whole where there is no limit."""

MANY = 10
ATTACHED: tuple[SegmentKind, ...] = ("image", "file", "link_card", "video", "mini_program")

SEGMENTS: dict[str, tuple[AnySegment, tuple[str, ...]]] = {
    "mention": (Mention(account="", name="小红"), ("小红",)),
    "image": (Image(url=PICTURE, alt="茶园"), ("茶园",)),
    "link_card": (
        LinkCard(url="https://x.example/l/1", title="新品"),
        ("新品", "https://x.example/l/1"),
    ),
    "file": (File(url="data:text/plain,twelve%20teas", name="menu.txt"), ("menu.txt",)),
    "video": (Video(url="data:video/mp4,not%20really", alt="泡茶的手"), ("泡茶的手",)),
    "mini_program": (
        MiniProgram(
            app="wx1",
            path="pages/a",
            title="茶铺",
            picture=PICTURE,
            url="https://x.example/shop",
        ),
        ("茶铺", "https://x.example/shop"),
    ),
    "unknown": (Unknown(name="face"), ("face",)),
}
"""One of each kind, and the words that stand in for it where it cannot be shown."""


class Showing:
    """Content: shown as it is or in words that say so, and never over the limits."""

    pytestmark = pytest.mark.asyncio

    @pytest.mark.parametrize("alone", [True, False], ids=["alone", "among words"])
    @pytest.mark.parametrize("kind", SEGMENTS)
    async def test_every_segment_is_shown_or_put_in_words(
        self, platform: Platform, kind: str, alone: bool
    ) -> None:
        segment, words = SEGMENTS[kind]
        if isinstance(segment, Mention):
            segment = segment.model_copy(update={"account": platform.account(1)})
        async with Line(platform) as line:
            can = line.adapter.capabilities
            to = await line.reader()
            receipt = await line.send(to, *(() if alone else ("看这里 ",)), segment)
            arrived = await platform.sent()
        kept = kind in can.segments and (alone or kind not in can.alone)
        if kind == "mention" and to.group is None and receipt.degraded:
            kept = False  # in a direct chat nobody need be called
        shown = {one for message in arrived for one in message.kinds}
        text = "\n".join(message.text for message in arrived)
        assert alone or "看这里" in text, f"the words beside it are missing: {arrived}"
        if kept:
            assert kind in shown, f"declared, but not shown as a {kind}: {arrived}"
            assert receipt.degraded == (), f"shown as it is, but {receipt.degraded}"
            return
        assert receipt.degraded, f"a {kind} cannot be shown, but degraded says nothing"
        assert all(receipt.degraded), "a word in degraded is empty"
        if kind == "mini_program" and "link_card" in shown:
            return
        missing = [word for word in words if word not in text]
        assert not missing, f"of a {kind} that cannot be shown {missing} is missing in {text!r}"

    async def test_a_message_of_nothing_is_refused(self, platform: Platform) -> None:
        async with Line(platform) as line:
            for nothing in ((), ("",)):
                to = await line.reader()
                error = await line.fails(line.delivery(to, *nothing))
                assert isinstance(error, Refused), f"expected Refused, got {error!r}"
            assert not await platform.sent()

    # limits

    async def test_a_text_as_long_as_allowed_arrives_whole(self, platform: Platform) -> None:
        async with Line(platform) as line:
            to = await line.reader()
            text = _filled(line.adapter.capabilities)
            receipt = await line.send(to, text)
            assert [one.text for one in await platform.sent()] == [text]
            assert receipt.degraded == ()

    async def test_a_text_that_is_too_long_is_refused_or_cut_as_it_looks(
        self, platform: Platform
    ) -> None:
        async with Line(platform) as line:
            can = line.adapter.capabilities
            to = await line.reader()
            whole = _filled(can)
            text = whole + SENTENCE + "https://x.example/a/long/link " + whole[: len(whole) // 3]
            expected = _pieces(text, can)
            try:
                receipt = await line.send(to, text)
            except Refused:
                assert _is_limited(can), "there is no limit, but the text was refused"
                expected = []
            shown = [one.text for one in await platform.sent()]
            if platform.traits.welcomes:  # there is one message and no more
                assert receipt.degraded, "the text was shortened, and nothing said of it"
                assert len(shown) == 1
                expected = shown
        assert shown == expected, f"{len(shown)} texts arrived, {len(expected)} were expected"
        for one in shown:
            assert can.text_bytes is None or in_bytes(one) <= can.text_bytes
            assert can.text_units is None or in_units(one) <= can.text_units

    async def test_attachments_are_all_shown_up_to_their_limit(self, platform: Platform) -> None:
        async with Line(platform) as line:
            can = line.adapter.capabilities
            to = await line.reader()
            kind = next((one for one in ATTACHED if one in can.segments - can.alone), None)
            most = MANY if can.attachments is None else can.attachments
            receipt = await line.send(to, *([SEGMENTS[kind or "image"][0]] * most))
            shown = [one for message in await platform.sent() for one in message.kinds]
            assert shown == ([kind] * most if kind else []), f"{most} were sent: {shown}"
            assert bool(receipt.degraded) is (kind is None)
            if kind is None or can.attachments is None:
                return
            try:
                over = await line.send(await line.reader(), *([SEGMENTS[kind][0]] * (most + 1)))
            except Refused:
                over = None
            after = [one for message in await platform.sent() for one in message.kinds]
            assert over is None or over.degraded, "one too many was sent, and nothing said of it"
            assert len(after) - most <= (most if over else 0)

    # abilities

    async def test_members_and_groups_are_listed_where_declared(self, platform: Platform) -> None:
        async with Line(platform) as line:
            adapter, group = line.adapter, platform.group(0)
            await line.chat()
            if not adapter.capabilities.member_list:
                for asking in (adapter.members(group), adapter.groups()):
                    with pytest.raises(NotImplementedError):
                        await line.do(asking)
                return
            members = {account.id for account in await line.do(adapter.members(group))}
            groups = {ident for ident, _ in await line.do(adapter.groups())}
        assert {platform.account(0), platform.account(1)} <= members
        assert group in groups


def _is_limited(can: Capabilities) -> bool:
    return can.text_bytes is not None or can.text_units is not None


def _filled(can: Capabilities) -> str:
    """A text that just fits."""
    limit, measure = FREE, in_units
    if can.text_units is not None:
        limit = can.text_units
    elif can.text_bytes is not None:
        limit, measure = can.text_bytes, in_bytes
    text = SENTENCE * (limit // measure(SENTENCE))
    return text + "." * (limit - measure(text))


def _pieces(text: str, can: Capabilities) -> list[str]:
    return [
        piece
        for bubble in look(Message.of(text), can).bubbles
        for piece in bubble.pieces or (bubble.words,)
    ]
