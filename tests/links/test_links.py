"""Links are made once, and found by whatever an operator calls them."""

from __future__ import annotations

import asyncio

import pytest

from bot.links.codes import Code
from bot.links.destinations import BadDestination
from bot.links.links import Links
from bot.routing.writer import Reader
from bot.store.store import Store

SALE = "https://shop.example/sale?utm=a#top"


async def opened(store: Store) -> Links:
    links = Links(store, lambda: "https://go.example/")
    await links.open()
    return links


async def test_the_same_destination_and_campaign_are_one_link(store: Store) -> None:
    here, there = await opened(store), await opened(store)
    numbers = await asyncio.gather(*(k.make(SALE, "spring") for k in (here, there) * 5))
    assert set(numbers) == {1}
    assert await here.make(SALE, "summer") == 2
    assert await here.make(SALE) == 3
    assert here.count() == 3


async def test_a_text_gets_a_code_of_its_step_group_and_member(store: Store) -> None:
    links = await opened(store)
    url = await links.link(Reader("week/tips", 4, 1234), SALE, campaign="spring")
    assert url.startswith("https://go.example/l/")
    assert links.codes.unpack(url.rpartition("/")[2]) == Code(1, 1, 4, 1234)
    again = await links.link(Reader("week/tips", 4, 1234), SALE, "spring")
    assert again == url
    other = await links.link(Reader("week/more", 4, 1234), SALE, "spring")
    assert links.codes.unpack(other.rpartition("/")[2]) == Code(1, 2, 4, 1234)
    plain = await links.link(Reader(), SALE, "spring")
    assert links.codes.unpack(plain.rpartition("/")[2]) == Code(1)
    assert len(plain) < len(url)


async def test_a_bad_destination_makes_no_link(store: Store) -> None:
    links = await opened(store)
    with pytest.raises(BadDestination):
        await links.link(Reader(), "javascript:alert(1)")
    assert links.count() == 0


async def test_a_link_made_elsewhere_is_known_after_a_refresh(store: Store) -> None:
    here, there = await opened(store), await opened(store)
    number = await there.make(SALE)
    assert here.location(number) is None
    assert await here.look_up(number) == there.get(number)
    assert here.location(number) == SALE
    await there.make("https://shop.example/two")
    await here.refresh()
    assert here.location(2) == "https://shop.example/two"
    assert await here.look_up(77) is None


async def test_an_operator_finds_a_link_by_what_they_have(store: Store) -> None:
    links = await opened(store)
    spring = await links.make(SALE, "spring-sale")
    await links.make("https://shop.example/autumn", "autumn-sale")
    code = links.codes.pack(Code(spring, 2, 3, 4))
    for what in ("1", "#1", "spring-sale", SALE, code, f"https://go.example/l/{code}", "SPRING"):
        assert [link.number for link in links.find(what)] == [1], what
    assert [link.number for link in links.find("sale")] == [2, 1]
    assert links.find("winter") == []
    assert links.find("") == []
    assert [k.number for k in links.search("shop", offset=1, limit=1)] == [1]


async def test_codes_of_one_workspace_are_read_by_all_its_processes(store: Store) -> None:
    here, there = await opened(store), await opened(store)
    assert there.codes.unpack(here.codes.pack(Code(5, 6, 7, 8))) == Code(5, 6, 7, 8)


async def test_a_campaign_too_long_to_keep_is_refused_and_nothing_else_suffers(
    store: Store,
) -> None:
    links = Links(store, lambda: "https://bot.example")
    await links.open()
    with pytest.raises(BadDestination, match="at most 100 letters"):
        await links.make("https://example.com/", "c" * 101)
    number = await links.make("https://example.com/", "c" * 100)
    other = Links(store, lambda: "https://bot.example")
    await other.open()
    assert other.location(number) == "https://example.com/"
