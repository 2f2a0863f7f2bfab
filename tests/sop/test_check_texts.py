"""The plan check: texts and links that would not arrive as they were meant."""

from __future__ import annotations

import pytest

from bot.links.probe import Verdict
from bot.model.capabilities import Capabilities
from bot.sop.check.cutting import parted, shortened

from .desk import LONG, Desk, hello, news

# texts


async def test_a_picture_that_a_gateway_does_not_show_is_told(desk: Desk) -> None:
    await desk.town.group("tea")
    source = news("{{ image('https://shop.example/a.png') }} hi")
    found = (await desk.check(source)).about("picture")
    assert (found.severity, found.place.target) == ("note", "sandbox")


async def test_a_text_that_is_too_long_is_split_where_it_can_be(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(text_bytes=130)
    await desk.town.group("tea")
    checked = await desk.check(news(f"{LONG}。{LONG}"))
    found = checked.about("the text is 113 bytes too long")
    assert found.severity == "error"
    assert found.fix is not None
    assert str(found.fix.title) == "Split it into several messages"
    fixed = found.fix.apply(checked.template)
    assert [(s.id, s.text, s.follows) for s in fixed.step] == [
        ("news", f"{LONG}。", None),
        ("news-2", LONG, "news"),
    ]
    assert (await desk.version(fixed, "all-groups")).said == []


async def test_a_variant_that_is_too_long_is_shortened(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(text_bytes=130, member_list=True)
    await desk.town.join("a")
    variants = f"""
variant = [{{ name = "a", text = "short" }}, {{ name = "b", text = "{LONG}。{LONG}" }}]"""
    checked = await desk.check(hello().replace("text = '''hi'''", variants.strip()))
    found = checked.about("too long")
    assert found.place.target == "sandbox, b"
    assert found.fix is not None
    fixed = found.fix.apply(checked.template)
    assert fixed.step[0].variant[1].text == f"{LONG}。…"


async def test_each_language_is_measured_and_the_one_not_spoken_is_a_warning(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(text_bytes=20)
    await desk.town.group("tea")
    both = '{ zh = "茶", en = "a very long text about tea" }'
    checked = await desk.check(news().replace('"hi"', both))
    assert checked.about("6 bytes too long").severity == "warning"


async def test_the_longest_name_is_reckoned_with(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(text_bytes=50, member_list=True)
    await desk.town.join("a")
    checked = await desk.check(hello("{{ member.name }}!"))
    assert checked.about("the text is 11 bytes too long").fix is None


async def test_a_text_that_names_a_group_the_member_is_not_met_in_is_an_error(desk: Desk) -> None:
    await desk.town.join("a", "tea")
    await desk.town.join("a", "books")
    source = hello("{{ member.name }} of {{ group.name }}")
    found = (await desk.check(source, "everyone")).about("names the group")
    assert (found.severity, found.place.key) == ("error", "text")
    assert "names the group" not in " ".join((await desk.check(source, "all-groups")).said)


async def test_an_unknown_variable_of_a_draft_is_named_with_its_line(desk: Desk) -> None:
    await desk.town.group("tea")
    desk.town.template("draft", news())
    template = desk.town.sops.library.get("draft")
    step = template.step[0].model_copy(update={"text": "a\n{{ wether }}"})
    checked = await desk.version(template.model_copy(update={"step": (step,)}), "all-groups")
    assert checked.about("wether").severity == "error"
    assert str(checked.about("wether").message).startswith("Line 2 of the text")


async def test_a_link_in_a_group_is_nobodys_own(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(send_direct=False, member_list=True)
    await desk.town.join("a")
    step = '[[step]]\nid = "ask"\nfollows = "hello"\nwait = { for = "click", most = "1d" }'
    checked = await desk.check(hello("{{ link('https://shop.example/') }}", step=step))
    assert checked.about("calling the member").severity == "note"
    assert checked.about("would never see one").place.step == "ask"


def test_texts_are_cut_between_jinja_blocks() -> None:
    text = "{% for a in b %}\none\ntwo\n{% endfor %}\n{{ link(\n'x') }}\nthree"
    size = lambda words: len(words.encode())  # noqa: E731
    assert parted(text, 45, size) == [
        "{% for a in b %}\none\ntwo\n{% endfor %}",
        "{{ link(\n'x') }}\nthree",
    ]
    assert shortened(text, 45, size) == "{% for a in b %}\none\ntwo\n{% endfor %}…"
    assert parted(text, 20, size) is None


# links


@pytest.mark.parametrize(
    ("verdict", "severity"),
    [("gone", "error"), ("unreachable", "error"), ("refused", "warning"), ("private", "note")],
)
async def test_a_link_that_leads_nowhere_is_told(
    desk: Desk, verdict: Verdict, severity: str
) -> None:
    await desk.town.group("tea")
    url = "https://shop.example/old"
    desk.health = {url: verdict}
    checked = await desk.check(
        news("see {{ link('" + url + "') }} {{ link('https://ok.example') }}")
    )
    assert checked.asked == ["https://ok.example", url]
    assert checked.about(url).severity == severity
    assert len(checked.findings) == 1


async def test_a_missing_picture_is_told(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(segments=frozenset({"text", "image"}))
    await desk.town.group("tea")
    desk.health = {"https://shop.example/a.png": "gone"}
    source = news("{{ image('https://shop.example/a.png') }}{{ image('') }}")
    checked = await desk.check(source)
    assert checked.about("a.png").severity == "error"
    assert checked.about("without an address").severity == "error"


async def test_links_are_left_alone_when_nobody_wants_them_asked(desk: Desk) -> None:
    await desk.town.group("tea")
    source = news("{{ link('https://shop.example/') }}")
    assert (await desk.check(source, links=False)).asked == []
    changed = desk.town.sop_settings.model_copy(update={"check_links": False})
    desk.town.sop_settings = changed
    desk.town.change()
    assert (await desk.check(source)).asked == []
