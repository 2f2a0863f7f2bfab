"""Links are changed later: with their earlier versions kept, and known to every node soon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from bot.console.audit import Audit
from bot.links.codes import Code
from bot.links.desk import Desk, EditedMeanwhile, LinkError
from bot.links.links import Links
from bot.located import Problems
from bot.store.store import Store

SALE, NEW = "https://shop.example/sale", "https://shop.example/新?a=1#b"


async def opened(store: Store) -> tuple[Links, Desk]:
    links = Links(store, lambda: "https://go.example")
    await links.open()
    return links, Desk(store, links)


async def test_a_changed_link_keeps_its_codes_and_what_texts_call_it(store: Store) -> None:
    links, desk = await opened(store)
    number = await links.make(SALE, "spring")
    code = links.codes.pack(Code(number, 1, 2, 3))
    link = await desk.edit(number, "ann", {"url": NEW, "title": " The   sale ", "campaign": "tea"})
    assert (link.url, link.title, link.campaign, link.version) == (NEW, "The sale", "tea", 2)
    assert links.codes.unpack(code) == Code(number, 1, 2, 3)
    for again in (links, (await opened(store))[0]):
        assert await again.make(SALE, "spring") == number
        assert again.count() == 1
    assert await links.make(NEW, "tea") == 2


async def test_other_nodes_learn_an_edit_at_their_next_refresh(store: Store) -> None:
    (here, desk), (there, _) = await opened(store), await opened(store)
    number = await here.make(SALE)
    await there.refresh()
    assert there.location(number) == SALE
    await desk.edit(number, "ann", {"url": "https://shop.example/two"})
    await desk.give_word(number, "ann", "tea")
    assert there.worded("tea") is None
    await there.refresh()
    assert there.location(number) == "https://shop.example/two"
    assert there.worded("tea") == (number, there.codes.pack(Code(number)))
    await desk.edit(number, "ann", {"withdrawn": True})
    await there.refresh()
    assert there.location(number) is None


async def test_history_says_who_set_what_and_any_version_comes_back(store: Store) -> None:
    links, desk = await opened(store)
    number = await links.make(SALE, "spring")
    assert await desk.history(number) == []
    await desk.edit(number, "ann", {"url": NEW})
    await desk.edit(number, "bob", {"limit": 5, "parameters": {"utm_source": "微信"}})
    assert [(one.version, one.by, one.terms.url) for one in await desk.history(number)] == [
        (3, "bob", NEW),
        (2, "ann", NEW),
        (1, "", SALE),
    ]
    link = await desk.restore(number, "cy", 1)
    assert (link.version, link.url, link.limit, link.parameters) == (4, SALE, 0, {})
    assert links.location(number) == SALE
    with pytest.raises(LinkError, match="version 9 is not kept"):
        await desk.restore(number, "cy", 9)
    changes = [change for _, change in await Audit(store).recent()]
    assert [(one.who, one.what, one.on) for one in changes[1:]] == [
        ("bob", "link.changed", "#1"),
        ("ann", "link.changed", "#1"),
    ]
    assert changes[1].before == {"limit": 0, "parameters": {}}
    assert changes[1].after == {"limit": 5, "parameters": {"utm_source": "微信"}}


async def test_nothing_changed_is_no_version(store: Store) -> None:
    links, desk = await opened(store)
    number = await links.make(SALE)
    assert (await desk.edit(number, "ann", {"url": f" {SALE} "})).version == 1
    assert await Audit(store).recent() == []


async def test_two_who_edit_at_once_do_not_overwrite_each_other(store: Store) -> None:
    (links, desk), (_, other) = await opened(store), await opened(store)
    number = await links.make(SALE)
    await other.edit(number, "bob", {"title": "his"}, 1)
    with pytest.raises(EditedMeanwhile):
        await desk.edit(number, "ann", {"title": "hers"}, 1)
    assert (await desk.edit(number, "ann", {"limit": 9}, 2)).title == "his"


BAD: list[tuple[Mapping[str, Any], str, str]] = [
    ({"url": "javascript:alert(1)"}, "url", "must begin with https"),
    ({"fallback": "//evil.example"}, "fallback", "must begin with https"),
    ({"branches": [{"url": "data:text/html,x"}]}, "branches[0].url", "must begin with https"),
    ({"branches": [{"url": SALE, "devices": ["iso"]}]}, "branches[0].devices[0]", "ios, android"),
    ({"branches": [{"url": SALE, "languages": ["中文"]}]}, "branches[0].languages[0]", "language"),
    ({"branches": [{"url": SALE, "share": 101}]}, "branches[0].share", "percent"),
    ({"branches": [{"url": SALE, "share": 60}] * 2}, "branches", "more than 100 percent"),
    ({"branches": [{"url": SALE}] * 21}, "branches", ""),
    ({"opens": 2000, "ends": 1000}, "ends", "later than the beginning"),
    ({"ends": "tomorrow"}, "ends", "a day and time such as"),
    ({"limit": -1}, "limit", "how many clicks"),
    ({"parameters": {"a b": "c"}}, "parameters", "“a b”"),
    ({"parameters": {"a": "x" * 2000}}, "parameters", "too long"),
    ({"title": "x" * 101}, "title", ""),
    ({"color": "red"}, "color", "unknown key"),
]


@pytest.mark.parametrize(("changes", "key", "why"), BAD)
async def test_wrong_terms_are_told_at_their_place_and_change_nothing(
    store: Store, changes: Mapping[str, Any], key: str, why: str
) -> None:
    links, desk = await opened(store)
    number = await links.make(SALE)
    with pytest.raises(Problems) as caught:
        await desk.edit(number, "ann", changes)
    [problem] = caught.value.problems
    assert problem.key == key
    assert why in problem.said
    await links.refresh()
    assert links.get(number).version == 1  # type: ignore[union-attr]


async def test_a_word_is_one_links_and_free_again_when_it_is_taken_away(store: Store) -> None:
    links, desk = await opened(store)
    one, two = await links.make(SALE), await links.make(NEW)
    assert await desk.give_word(one, "ann", " Spring-Sale ") == "spring-sale"
    assert await desk.give_word(one, "ann", "春茶") == "春茶"
    assert await desk.give_word(one, "ann", "ｓｐｒｉｎｇ-sale") == "spring-sale"
    assert links.words(one) == ["spring-sale", "春茶"]
    assert [link.number for link in links.find("SPRING-sale")] == [one]
    assert [link.number for link in links.find(links.word_url("春茶"))] == [one]
    with pytest.raises(LinkError, match="link #1 has this word"):
        await desk.give_word(two, "ann", "spring-sale")
    assert not await desk.take_word(two, "ann", "spring-sale")
    assert await desk.take_word(one, "ann", "Spring-sale")
    assert await desk.give_word(two, "ann", "spring-sale") == "spring-sale"
    assert links.words(two) == ["spring-sale"]


async def test_what_is_no_word_is_refused(store: Store) -> None:
    links, desk = await opened(store)
    number = await links.make(SALE)
    for bad in ("", "a", "-a", "a/b", "two words", "sale+", "x" * 61, "a.b", "a%20b"):
        with pytest.raises(LinkError, match="a word is 2 to 60 letters"):
            await desk.give_word(number, "ann", bad)
    with pytest.raises(LinkError, match="there is no link #7"):
        await desk.give_word(7, "ann", "tea")
    with pytest.raises(LinkError, match="there is no link #7"):
        await desk.edit(7, "ann", {"title": "x"})
