"""How a message looks per gateway: nothing is lost silently, nothing is cut in a bad place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.gateways.adapter import Inlet
from bot.gateways.graphemes import graphemes
from bot.gateways.look import Look, look, shorten, split
from bot.gateways.onebot11.adapter import OneBot11
from bot.gateways.onebot11.message import render
from bot.gateways.onebot11.settings import OneBot11Settings
from bot.gateways.pieces import LINK, in_bytes, in_units
from bot.gateways.profiles import TITLES, profiles
from bot.gateways.sandbox.adapter import ALL, PLAIN, SandboxSettings
from bot.model.capabilities import Capabilities
from bot.model.message import (
    AnySegment,
    File,
    Image,
    LinkCard,
    Mention,
    Message,
    MiniProgram,
    Text,
    Unknown,
    Video,
)
from bot.routing.template import Templates
from bot.routing.writer import Reader, Writer
from bot.testing.clock import TestClock

FAMILY = "👨‍👩‍👧‍👦"
CARD = LinkCard(url="https://x.example/l/1", title="新品", description="春茶")
MENU = File(url="https://x.example/menu.pdf", name="menu.pdf")
FILM = Video(url="https://x.example/tea.mp4", alt="泡茶")
SHOP = MiniProgram(app="wx1", path="pages/a", title="茶铺", url="https://x.example/shop")
EVERY: tuple[AnySegment, ...] = (
    Text(text="你好"),
    Mention(account="1", name="小明"),
    Image(url="https://x.example/a.png", alt="茶"),
    CARD,
    MENU,
    FILM,
    SHOP,
    Unknown(name="face"),
)


def lost(seen: Look) -> list[str]:
    return [str(one) for bubble in seen.bubbles for part in bubble.parts for one in part.lost]


# profiles


def test_every_profile_has_a_title_and_shows_text() -> None:
    assert TITLES.keys() == profiles().keys()
    assert all("text" in can.segments for can in profiles().values())


def test_profiles_of_our_own_adapters_are_what_the_adapters_say() -> None:
    async def accept(_: object) -> bool:
        return True

    inlet = Inlet("g", accept, TestClock(), lambda: None)
    settings = OneBot11Settings.model_validate({"mode": "reverse", "access_token": "t" * 20})
    assert profiles()["onebot11"] == OneBot11(inlet, settings).capabilities
    sandbox = profiles()["sandbox"]
    assert (sandbox.segments, sandbox.idempotent) == (ALL, SandboxSettings().idempotent)


# what is shown


@pytest.mark.parametrize("name", profiles())
def test_whatever_a_gateway_cannot_show_is_shown_another_way_and_named(name: str) -> None:
    can = profiles()[name]
    for segment in EVERY:
        seen = look(Message.of(segment), can)
        ((part,),) = [bubble.parts for bubble in seen.bubbles]
        assert bool(part.lost) is (segment.kind not in can.segments)
        assert part.segment.kind in can.segments
        assert (part.segment == segment) is not bool(part.lost)


def test_a_mini_program_becomes_a_card_else_a_link_else_its_title() -> None:
    cards = Capabilities(segments=frozenset({"text", "link_card"}))
    seen = look(Message.of(SHOP), cards)
    assert seen.bubbles[0].parts[0].segment == LinkCard(url=SHOP.url or "", title="茶铺")
    seen = look(Message.of(SHOP), Capabilities())
    assert seen.bubbles[0].words == "茶铺\nhttps://x.example/shop"
    seen = look(Message.of(SHOP.model_copy(update={"url": None})), Capabilities())
    assert (seen.bubbles[0].words, lost(seen)) == ("茶铺", ["mini program shown as its title"])


def test_what_has_no_address_is_left_out_by_name() -> None:
    film = Video(url="data:video/mp4;base64,AA", alt="泡茶")
    seen = look(Message.of(film, File(url="data:,x", name="a.txt")), Capabilities())
    assert lost(seen) == ["video left out", "file a.txt left out"]
    assert seen.bubbles[0].words == "[泡茶][a.txt]"


def test_no_word_sticks_to_a_link_that_stands_in_for_a_segment() -> None:
    seen = look(
        Message.of("先看", FILM, "再来", CARD, MENU, Mention(account="1", name="小明")),
        Capabilities(segments=PLAIN),
    )
    assert seen.bubbles[0].words == (
        "先看\n[泡茶] https://x.example/tea.mp4\n再来\n新品\n春茶\nhttps://x.example/l/1\n"
        "[menu.pdf] https://x.example/menu.pdf\n@小明 "
    )


def test_a_card_that_needs_a_message_of_its_own_is_kept_only_alone() -> None:
    can = Capabilities(segments=frozenset({"text", "link_card"}), alone=frozenset({"link_card"}))
    assert look(Message.of(CARD), can).kept
    assert lost(look(Message.of("看", CARD), can)) == ["link card shown as text"]


@pytest.mark.parametrize("link_cards", [False, True])
def test_the_preview_says_what_the_adapter_then_does(link_cards: bool) -> None:
    kinds = profiles()["onebot11"].segments | ({"link_card"} if link_cards else set())
    can = profiles()["onebot11"].model_copy(update={"segments": kinds})
    for segments in [EVERY, *((one,) for one in EVERY)]:
        message = Message.of(*segments)
        sent, seen = render(message, group=True, link_cards=link_cards), look(message, can)
        assert list(sent.degraded) == lost(seen)
        said = "".join(part.data["text"] for part in sent.parts if part.type == "text")
        shown = [part.segment for part in seen.bubbles[0].parts]
        assert said == "".join(one.text for one in shown if isinstance(one, Text))


# bubbles


def test_where_attachments_travel_alone_a_message_is_several() -> None:
    message = Message.of("一", Mention(account="1", name="明"), EVERY[2], MENU, "二")
    seen = look(message, profiles()["telegram"])
    assert [[part.segment.kind for part in bubble.parts] for bubble in seen.bubbles] == [
        ["text", "mention"],
        ["image"],
        ["file"],
        ["text"],
    ]
    assert seen.problems == ()
    assert len(look(message, profiles()["onebot11"]).bubbles) == 1


def test_in_wecom_all_words_come_first_which_is_said_when_it_changes_the_order() -> None:
    seen = look(Message.of("一", EVERY[2], "二", SHOP), profiles()["wecom"])
    assert [bubble.words for bubble in seen.bubbles] == ["一\n二", "", ""]
    assert seen.needs_tap
    assert [str(one) for one in seen.problems] == [
        "all words come first, pictures and cards after them"
    ]
    assert look(Message.of("一", EVERY[2]), profiles()["wecom"]).problems == ()


def test_more_attachments_than_a_gateway_takes_is_a_problem() -> None:
    wecom = profiles()["wecom"]
    assert look(Message.of("看", *[CARD] * 9), wecom).problems == ()
    (problem,) = look(Message.of("看", *[CARD] * 10), wecom).problems
    assert str(problem) == "10 attachments, but at most 9 can be sent"


@pytest.mark.parametrize("message", [Message(), Message.of(" "), Message.of(Mention(account="1"))])
def test_a_message_of_nothing_is_a_problem(message: Message) -> None:
    (problem,) = look(message, profiles()["wecom"]).problems
    assert str(problem) == "nothing of the message can be shown"


def test_a_title_too_long_for_a_card_is_cut_and_that_is_said() -> None:
    card = CARD.model_copy(update={"title": "茶" * 50, "description": "叶" * 200})
    seen = look(Message.of(card), profiles()["wecom"])
    shown = seen.bubbles[0].parts[0].segment
    assert isinstance(shown, LinkCard)
    assert (in_bytes(shown.title), in_bytes(shown.description)) == (126, 510)
    assert lost(seen) == ["title shortened", "description shortened"]


# too long


def test_a_text_over_the_limit_says_by_how_much_and_where_it_would_be_split() -> None:
    text = "\n\n".join("茶" * 500 for _ in range(3))
    seen = look(Message.of(text), profiles()["wecom"])
    assert seen.too_long == 4504 - 4000
    assert seen.bubbles[0].pieces == ("茶" * 500 + "\n\n" + "茶" * 500, "茶" * 500)
    assert str(seen.problems[0]) == "the text is 504 bytes too long"
    assert look(Message.of("茶" * 1333), profiles()["wecom"]).too_long == 0


def test_telegram_counts_characters_not_bytes() -> None:
    assert look(Message.of("茶" * 4096), profiles()["telegram"]).too_long == 0
    assert look(Message.of("😀" * 2049), profiles()["telegram"]).too_long == 2


def test_what_a_degraded_segment_adds_counts_too() -> None:
    can = Capabilities(text_bytes=40)
    assert look(Message.of("a" * 30), can).too_long == 0
    assert look(Message.of("a" * 30, MENU), can).too_long == 28


# splitting


@pytest.mark.parametrize(
    ("text", "limit", "pieces"),
    [
        ("", 5, []),
        ("abc", 5, ["abc"]),
        ("一段。\n\n二段。三句。", 21, ["一段。", "二段。三句。"]),
        ("一行\n二行\n三行", 14, ["一行\n二行", "三行"]),
        ("第一句。第二句！第三句", 27, ["第一句。第二句！", "第三句"]),
        ("他说：“好。”然后走了", 24, ["他说：“好。”", "然后走了"]),
        ("One two. Three four", 16, ["One two.", "Three four"]),
        ("pi is 3.14159 or so", 9, ["pi is", "3.14159", "or so"]),
        ("甲乙丙丁", 7, ["甲乙", "丙丁"]),
        ("看 https://x.example/abcdef 好", 26, ["看", "https://x.example/abcdef", "好"]),
        ("去https://x.example/a，好", 25, ["去https://x.example/a，", "好"]),
        (FAMILY * 2, in_bytes(FAMILY) + 3, [FAMILY, FAMILY]),
        ("🇨🇳🇯🇵🇰🇷", 17, ["🇨🇳🇯🇵", "🇰🇷"]),
        ("e\u0301e\u0301", 4, ["e\u0301", "e\u0301"]),
    ],
)
def test_texts_are_split_where_a_reader_pauses(text: str, limit: int, pieces: list[str]) -> None:
    assert split(text, limit) == pieces


def test_a_border_far_from_the_limit_is_not_worth_a_tiny_message() -> None:
    first, *_ = split("好。\n\n" + "茶，" * 500, 1000)
    assert in_bytes(first) > 900


PIECES = st.sampled_from(
    [
        *("茶", "a", " ", "\n", "\n\n", "\r\n", "。", ". ", "，", "“", "”", "é", "한"),
        *(FAMILY, "👍🏽", "🇨🇳", "e\u0301"),
        *("https://x.example/a?b=c&d=%20 ", "https://t.example"),
    ]
)
TEXTS = st.lists(PIECES, max_size=60).map("".join)


@given(TEXTS, st.integers(min_value=1, max_value=200))
def test_splitting_loses_only_blanks_and_breaks_nothing(text: str, limit: int) -> None:
    for measure in (in_bytes, in_units):
        pieces = split(text, limit, measure)
        assert "".join("".join(pieces).split()) == "".join(text.split())
        for piece in pieces:
            assert measure(piece) <= limit or len(list(graphemes(piece))) == 1 or LINK.match(piece)
        links = [link.rstrip(".") for link in LINK.findall(text)]
        assert [link.rstrip(".") for piece in pieces for link in LINK.findall(piece)] == links


@given(TEXTS, st.integers(min_value=1, max_value=200))
def test_a_shortened_text_fits_and_says_that_something_is_missing(text: str, limit: int) -> None:
    short = shorten(text, limit)
    assert in_bytes(short) <= limit
    assert short == text.strip() or "…" in short or limit < 3


def test_a_shortened_text_keeps_its_links() -> None:
    text = "春茶上市了。" * 20 + "报名：https://x.example/l/abc 谢谢大家"
    short = shorten(text, 100)
    assert short == "春茶上市了。" * 4 + "…\nhttps://x.example/l/abc"
    assert shorten("https://x.example/a https://x.example/b", 25) == "…\nhttps://x.example/a"
    assert shorten("茶" * 10, 10) == "茶茶…"
    assert shorten("https://x.example/long", 10) == "…"


@pytest.mark.parametrize("cut", [split, shorten])
def test_a_limit_of_nothing_is_an_error(cut: object) -> None:
    with pytest.raises(ValueError, match="limit of 0"):
        cut("a", 0)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (FAMILY + "a", 2),
        ("👍🏽👍", 2),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", 1),
        ("1\ufe0f\u20e3", 1),
        ("\u1112\u1161\u11ab\u1112", 2),
        ("नि", 1),
        ("\r\n\n", 2),
        ("\n\u0301", 2),
        ("", 0),
    ],
)
def test_what_a_reader_sees_as_one_character_is_one(text: str, parts: int) -> None:
    found = list(graphemes(text))
    assert ("".join(found), len(found)) == (text, parts)


# writing


async def test_a_manager_writes_files_films_and_mini_programs_with_tracked_links() -> None:
    async def link(reader: Reader, url: str) -> str:
        return f"https://m.example/l/{reader.group}?{url}"

    message = await Writer(Templates(), {"link": link}).write(
        "{{ file(link('a'), '菜单.pdf') }}{{ video('https://x.example/v.mp4', '泡茶') }}"
        "{{ mini_program('wx1', 'pages/a', '茶铺', url=link('b')) }}"
        "{{ mini_program('wx1', 'pages/a', '茶铺', 'https://x.example/p.png') }}",
        {},
        Reader("s", 3, 7),
    )
    assert message.segments == (
        File(url="https://m.example/l/3?a", name="菜单.pdf"),
        Video(url="https://x.example/v.mp4", alt="泡茶"),
        MiniProgram(app="wx1", path="pages/a", title="茶铺", url="https://m.example/l/3?b"),
        MiniProgram(app="wx1", path="pages/a", title="茶铺", picture="https://x.example/p.png"),
    )
