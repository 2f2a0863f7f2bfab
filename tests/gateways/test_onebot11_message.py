"""OneBot 11 messages: CQ codes and segment arrays, read and written."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nonebot.adapters.onebot.v11 import Message as TheirMessage
from nonebot.adapters.onebot.v11 import MessageSegment as TheirSegment

from bot.gateways.onebot11.message import Part, decode, encode, parts_of, read, render
from bot.model.message import File, Image, LinkCard, Mention, Message, Text, Unknown

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_.\-]{0,8}", fullmatch=True)
CODES = st.builds(
    Part, NAMES.filter(lambda name: name != "text"), st.dictionaries(NAMES, st.text(), max_size=4)
)
TEXTS = st.builds(lambda text: Part("text", {"text": text}), st.text(min_size=1))


def merged(parts: list[Part]) -> list[Part]:
    """Neighbouring texts as one: a string cannot tell them apart."""
    whole: list[Part] = []
    for part in parts:
        if whole and part.type == whole[-1].type == "text":
            whole[-1] = Part("text", {"text": whole[-1].data["text"] + part.data["text"]})
        else:
            whole.append(part)
    return whole


@settings(deadline=None)
@given(st.lists(TEXTS | CODES, max_size=8))
def test_what_is_written_as_a_cq_string_is_read_back(parts: list[Part]) -> None:
    assert decode(encode(parts)) == merged(parts)


@settings(deadline=None)
@given(st.text())
def test_any_string_is_read_without_loss(text: str) -> None:
    again = encode(decode(text))
    assert decode(again) == decode(text)


FILLED = st.builds(
    Part,
    NAMES.filter(lambda name: name != "text"),
    st.dictionaries(NAMES, st.text("ab ,[]&;=中😀", min_size=1), max_size=3),
)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.builds(lambda t: Part("text", {"text": t}), st.text("ab,[]&;中😀", min_size=1)) | FILLED,
        max_size=6,
    )
)
def test_another_library_reads_and_writes_the_same_strings(parts: list[Part]) -> None:
    theirs = TheirMessage([TheirSegment(part.type, dict(part.data)) for part in parts])
    assert encode(parts) == str(theirs)
    read_by_them = [Part(s.type, dict(s.data)) for s in TheirMessage(encode(parts))]
    assert merged(read_by_them) == decode(str(theirs))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a, b & c", [Part("text", {"text": "a, b & c"})]),
        ("&#91;CQ:at,qq=1&#93;", [Part("text", {"text": "[CQ:at,qq=1]"})]),
        ("&amp;#91;", [Part("text", {"text": "&#91;"})]),
        ("[CQ:at,qq=1", [Part("text", {"text": "[CQ:at,qq=1"})]),
        ("[CQ:face,id=14]", [Part("face", {"id": "14"})]),
        ("[CQ:shake]", [Part("shake", {})]),
        (
            "[CQ:image,url=https://x/?a=1&amp;b=2&#44;3]",
            [Part("image", {"url": "https://x/?a=1&b=2,3"})],
        ),
    ],
)
def test_cq_strings_as_the_standard_has_them(text: str, parts: list[Part]) -> None:
    assert decode(text) == parts


@pytest.mark.parametrize("text", ["[CQ:" * 500_000, "[CQ:a" + ",k=v" * 500_000, "[" * 2_000_000])
def test_a_hostile_string_takes_no_longer_than_its_length(text: str) -> None:
    began = time.process_time()
    assert decode(text) == [Part("text", {"text": text})]
    assert time.process_time() - began < 3


@pytest.mark.parametrize(
    ("message", "segment"),
    [
        ([{"type": "text", "data": {"text": "hi"}}], Text(text="hi")),
        ({"type": "text", "data": {"text": "hi"}}, Text(text="hi")),
        (["hi"], Text(text="hi")),
        (
            [{"type": "at", "data": {"qq": 123, "name": "小明"}}],
            Mention(account="123", name="小明"),
        ),
        ("[CQ:at,qq=all]", Mention(account=None)),
        ("[CQ:image,file=a.jpg,url=https://x/a.jpg]", Image(url="https://x/a.jpg")),
        ("[CQ:image,file=https://x/a.jpg]", Image(url="https://x/a.jpg")),
        ("[CQ:image,file=a.jpg]", Unknown(name="image")),
        ("[CQ:face,id=14]", Unknown(name="face")),
        ("[CQ:record,file=https://x/a.amr]", File(url="https://x/a.amr", name="record")),
        (
            [{"type": "file", "data": {"url": "https://x/f", "name": "f.pdf"}}],
            File(url="https://x/f", name="f.pdf"),
        ),
        (
            "[CQ:share,url=https://x,title=T,content=C]",
            LinkCard(url="https://x", title="T", description="C"),
        ),
        ("[CQ:share,url=https://x]", LinkCard(url="https://x", title="https://x")),
        (
            [
                {
                    "type": "json",
                    "data": {
                        "data": json.dumps(
                            {"meta": {"news": {"title": "T", "desc": "D", "jumpUrl": "https://x"}}}
                        )
                    },
                }
            ],
            LinkCard(url="https://x", title="T", description="D"),
        ),
        (
            [
                {
                    "type": "json",
                    "data": {
                        "data": {"meta": {"detail_1": {"title": "T", "qqdocurl": "https://x"}}}
                    },
                }
            ],
            LinkCard(url="https://x", title="T"),
        ),
        ("[CQ:json,data=not json]", Unknown(name="json")),
        ("[CQ:json,data=&#91;1&#93;]", Unknown(name="json")),
        ("[CQ:xml,data=<a/>]", Unknown(name="xml")),
        ([{"type": "mface_from_the_future", "data": None}], Unknown(name="mface_from_the_future")),
        ([{"type": "at", "data": {}}], Unknown(name="at")),
    ],
    ids=lambda value: str(value)[:50],
)
def test_each_segment_becomes_ours(message: object, segment: object) -> None:
    assert read(message).message.segments == (segment,)


@pytest.mark.parametrize(
    "message", [None, 7, [], [None, 3, {}, {"type": 5}], "", [{"type": "text"}]]
)
def test_a_message_that_is_none_is_empty(message: object) -> None:
    assert read(message).message == Message()


def test_a_reply_is_told_apart_from_the_words() -> None:
    content = read(
        [{"type": "reply", "data": {"id": -42}}, {"type": "text", "data": {"text": "签到"}}]
    )
    assert (content.reply_to, content.message.text) == ("-42", "签到")


def test_strings_and_arrays_of_one_message_read_alike() -> None:
    array = [{"type": "text", "data": {"text": "[a] & b"}}, {"type": "at", "data": {"qq": "1"}}]
    assert read(encode(parts_of(array))) == read(array)


def test_in_a_direct_chat_a_mention_is_a_name() -> None:
    message = Message.of(Mention(account="1", name="小明"), Mention(account=None), "hi")
    rendered = render(message, group=False, link_cards=False)
    assert encode(rendered.parts) == "@小明 hi"
    assert rendered.degraded == ("mention shown as a name", "mention shown as a name")


@pytest.mark.parametrize(
    ("url", "file"),
    [
        ("https://x/a.png", "https://x/a.png"),
        ("data:image/png;base64,QUJD", "base64://QUJD"),
        ("data:image/svg+xml,%3Csvg%2F%3E", "base64://PHN2Zy8+"),
    ],
)
def test_pictures_go_as_address_or_base64(url: str, file: str) -> None:
    rendered = render(Message.of(Image(url=url)), group=True, link_cards=False)
    assert rendered.parts == [Part("image", {"file": file})]


def test_a_card_among_words_is_text_even_where_cards_are_allowed() -> None:
    card = LinkCard(url="https://x", title="T")
    rendered = render(Message.of("look: ", card), group=True, link_cards=True)
    assert [part.type for part in rendered.parts] == ["text", "text"]
    assert rendered.degraded == ("link card shown as text",)


def test_a_file_that_is_nowhere_is_left_out_by_name() -> None:
    rendered = render(
        Message.of(File(url="data:text/plain,hi", name="a.txt"), Unknown(name="face")),
        group=True,
        link_cards=False,
    )
    assert encode(rendered.parts) == "&#91;a.txt&#93;&#91;face&#93;"
    assert rendered.degraded == ("file a.txt left out", "face shown as text")
