"""The writer: texts become messages of segments, and functions in them are personal."""

import pytest

from bot.model.message import Image, LinkCard, Mention, Message, Text
from bot.routing.template import TemplateFailed, Templates
from bot.routing.writer import Reader, Writer


async def link(reader: Reader, url: str) -> str:
    return f"https://m.example/l/{reader.group}-{reader.member}?{url}"


@pytest.fixture
def writer() -> Writer:
    return Writer(Templates(), {"link": link})


async def test_a_link_in_a_text_is_made_for_its_reader(writer: Writer) -> None:
    message = await writer.write("看 {{ link('a') }} 吧", {}, Reader("welcome", 3, 7))
    assert message.text == "看 https://m.example/l/3-7?a 吧"


async def test_a_card_can_hold_a_tracked_link(writer: Writer) -> None:
    message = await writer.write("{{ card(link('a'), '标题') }}", {}, Reader("s", 1, 2))
    assert message.segments == (LinkCard(url="https://m.example/l/1-2?a", title="标题"),)


async def test_mentions_and_images_become_segments_in_their_place(writer: Writer) -> None:
    member = {"account": "u1", "name": "小明"}
    text = "{{ mention(member) }}你好{{ image('https://x/y.png', '图') }}再见"
    message = await writer.write(text, {"member": member})
    assert message.segments == (
        Mention(account="u1", name="小明"),
        Text(text="你好"),
        Image(url="https://x/y.png", alt="图"),
        Text(text="再见"),
    )


async def test_a_name_that_looks_like_a_placeholder_is_only_a_name(writer: Writer) -> None:
    for name in ("\ue00099\ue001", "\ue0000\ue001"):
        message = await writer.write(
            "{{ member.name }} {{ link('a') }}", {"member": {"name": name}}
        )
        assert message.text.count("https://") == 1


async def test_a_text_that_fails_after_a_link_leaves_nothing_behind(writer: Writer) -> None:
    with pytest.raises(TemplateFailed):
        await writer.write("{{ link('a') }} {{ nobody }}", {})


async def test_a_function_may_show_a_picture_and_be_rehearsed_without_being_called() -> None:
    called: list[str] = []

    async def chart(_: Reader, about: str) -> Image:
        called.append(about)
        return Image(url="data:,x", alt=about)

    async def instead(_: Reader, about: str) -> str:
        return f"〈{about}〉"

    async def link(_: Reader, url: str) -> str:
        called.append(url)
        return "https://bot.example/l/1"

    writer = Writer(Templates(), {"chart": chart, "link": link}, {"chart": instead})
    text = "{{ chart('spring') }} {{ link('https://shop.example/') }}"
    rehearsed = await writer.rehearsal().write(text, {})
    assert rehearsed == Message.of("〈spring〉 https://shop.example/")
    assert called == []
    written = await writer.write(text, {})
    assert written.segments[0] == Image(url="data:,x", alt="spring")
    assert called == ["spring", "https://shop.example/"]
