"""Finding members among many, without ever reading them all at once."""

from __future__ import annotations

import pytest

from bot.console import directory as module
from bot.console.directory import Directory
from bot.model.conversation import Account, Conversation
from bot.store.effects import Effects
from bot.store.facts import Facts
from bot.store.members import Members
from bot.store.store import Store


async def _named(store: Store, names: list[str]) -> tuple[Directory, Members]:
    members = Members(store)
    for index, name in enumerate(names):
        await members.number("sandbox", Account(id=f"u{index}", name=name))
    return Directory(store, members, Facts(store)), members


async def _all(directory: Directory, words: str, limit: int) -> list[list[str]]:
    pages, cursor = [], ""
    while True:
        found = await directory.search(words, cursor, limit)
        pages.append([m.name for m in found.members])
        cursor = found.next
        if not cursor:
            return pages


async def test_names_that_begin_with_the_words_come_first(store: Store) -> None:
    names = ["Joann", "Ann", "Hanna", "annika", "Bob", "Zoe ANN"]
    directory, _ = await _named(store, names)
    (page,) = await _all(directory, "ann", 50)
    assert page == ["Ann", "annika", "Hanna", "Joann", "Zoe ANN"]


async def test_pages_neither_repeat_nor_leave_out_anybody(store: Store) -> None:
    names = [f"{'x' * (n % 3)}tea {n}" for n in range(60)]
    directory, _ = await _named(store, names)
    pages = await _all(directory, "tea", 7)
    flat = [name for page in pages for name in page]
    assert sorted(flat) == sorted(names)
    assert all(len(page) == 7 for page in pages[:-1])


async def test_a_search_looks_at_a_bounded_number_of_names(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK", 50)
    monkeypatch.setattr(module, "CHUNK", 20)
    directory, _ = await _named(store, [f"m{n:03}" for n in range(180)] + ["the needle"])
    pages = await _all(directory, "needle", 10)
    assert len(pages) == 4
    assert [name for page in pages for name in page] == ["the needle"]


async def test_equal_names_and_odd_signs_are_told_apart(store: Store) -> None:
    names = ["同名", "同名", "[a-z]*?", "back\\slash", "\x00nul", "🌸"]
    directory, _ = await _named(store, names)
    for words, count in (("同名", 2), ("*", 1), ("[", 1), ("\\", 1), ("🌸", 1), ("nul", 1)):
        (page,) = await _all(directory, words, 50)
        assert len(page) == count, words


async def test_who_spoke_is_counted_the_same_in_both_encodings(store: Store) -> None:
    directory, _ = await _named(store, [f"m{n}" for n in range(10)])
    effects = Effects(store.keys)
    for number in (1, 3, 5):
        effects.fact(store.keys.active("2026-06-17"), number)
    for number in range(1, 2000):
        effects.fact(store.keys.active("2026-06-16"), number)
    for day in ("2026-06-16", "2026-06-17"):
        effects.do("EXPIRE", store.keys.active(day), 100)
    await store.apply(effects)
    assert await store.text("TYPE", store.keys.active("2026-06-16")) == "string"
    days = ["2026-06-15", "2026-06-16", "2026-06-17"]
    assert await directory.spoke([1, 2, 3, 2500], days) == [0, 3, 2]
    assert await directory.spoke_on(3, days) == [False, True, True]


async def test_a_members_groups_tell_since_when(store: Store) -> None:
    directory, members = await _named(store, ["Ann"])
    tea = await members.group_number(Conversation(gateway="sandbox", group="tea"), "Tea")
    run = await members.group_number(Conversation(gateway="sandbox", group="run"), "Run")
    await members.group_number(Conversation(gateway="sandbox", group="not"), "Not")
    effects = Effects(store.keys)
    effects.fact(store.keys.group_present(tea), 1)
    effects.fact(store.keys.group_present(run), 1)
    effects.do("ZADD", store.keys.group_joined(tea), 1_781_000_000_000, 1)
    await store.apply(effects)
    found = [(group.name, at) for group, at in await directory.groups_of(1)]
    assert found == [("Tea", 1_781_000_000_000), ("Run", 0)]
