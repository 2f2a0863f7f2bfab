"""The shelf: the workspace's own templates, with versions, beside those that come with Muster."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from string import printable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.located import Problems, parse
from bot.sop.templates.manuscript import head_of, toml, written
from bot.sop.templates.shelf import KEPT, LARGEST, Changed

from .test_library import NAMES, library
from .town import Town

TEXT = (
    'title = "Tea"\nanchor = "calendar"\n\n[[step]]\nid = "one"\nevery = "0 9 * * 1"\ntext = "hi"\n'
)
LATER = TEXT.replace("0 9", "0 10")


# keeping


async def test_an_own_template_is_kept_beside_the_files_and_can_be_started(town: Town) -> None:
    await town.join("u1")
    shelf = town.sops.shelf
    made = await shelf.save("tea-time", TEXT, "小王", 0)
    assert (made.version, made.by, made.at) == (1, "小王", town.clock.now())
    assert "tea-time" in await shelf.names()
    assert (await shelf.get("tea-time")).title == "Tea"
    sop = await town.start("tea-time")
    assert sop.identity.template == "tea-time"


async def test_an_own_template_hides_the_file_of_its_name_until_it_is_deleted(
    shipped: Callable[[], Town],
) -> None:
    shelf = shipped().sops.shelf
    file = await shelf.get("birthday")
    assert (await shelf.find("birthday")).version == 0
    await shelf.save("birthday", TEXT, "小王", 0)
    assert (await shelf.get("birthday")).title == "Tea"
    assert (await shelf.names()).count("birthday") == 1
    assert await shelf.delete("birthday", "小王")
    assert await shelf.get("birthday") == file
    assert not await shelf.delete("birthday", "小王")


async def test_what_is_wrong_is_said_with_its_line_and_nothing_is_kept(town: Town) -> None:
    shelf = town.sops.shelf
    with pytest.raises(Problems) as wrong:
        await shelf.save("tea-time", TEXT.replace('"hi"', '"{{ nme }}"'), "小王", 0)
    assert str(wrong.value).startswith("tea-time.toml:7: step[0].text: there is no variable nme")
    with pytest.raises(Problems, match="at most 256 kB"):
        await shelf.save("tea-time", TEXT + "#" * LARGEST, "小王", 0)
    assert "tea-time" not in await shelf.names()
    with pytest.raises(Problems, match='no template "tea-tme"'):
        await shelf.find("tea-tme")


@pytest.mark.parametrize("name", ["", "new", "Tea Time", "茶", "a/b", "x" * 61])
async def test_a_name_must_fit_into_an_address(town: Town, name: str) -> None:
    with pytest.raises(Problems):
        await town.sops.shelf.add(name, TEXT, "小王")


async def test_a_name_is_given_once(shipped: Callable[[], Town]) -> None:
    shelf = shipped().sops.shelf
    copy = await shelf.duplicate("birthday", "birthday-vip", "小王")
    assert copy.text == (await shelf.find("birthday")).text
    for taken in ("birthday", "birthday-vip"):
        with pytest.raises(Problems, match="Another template is called this"):
            await shelf.duplicate("webinar", taken, "小王")


# versions


async def test_of_two_who_save_at_once_one_is_told_that_it_changed(town: Town) -> None:
    shelf = town.sops.shelf
    base = await shelf.save("tea-time", TEXT, "小王", 0)
    both = await asyncio.gather(
        shelf.save("tea-time", LATER, "小王", base.version),
        shelf.save("tea-time", TEXT.replace("Tea", "Cake"), "ann", base.version),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in both) == ["Changed", "Shelved"]
    with pytest.raises(Changed):
        await shelf.save("tea-time", TEXT, "ann", 0)


async def test_every_version_can_be_brought_back(town: Town) -> None:
    shelf = town.sops.shelf
    await shelf.save("tea-time", TEXT, "小王", 0)
    await shelf.save("tea-time", LATER, "ann", 1)
    assert await shelf.save("tea-time", LATER, "ann", 2) == await shelf.find("tea-time")
    assert [(one.version, one.by) for one in await shelf.history("tea-time")] == [
        (2, "ann"),
        (1, "小王"),
    ]
    restored = await shelf.restore("tea-time", 1, "小王")
    assert (restored.version, restored.text) == (3, TEXT)
    await shelf.delete("tea-time", "小王")
    assert (await shelf.restore("tea-time", 2, "小王")).version == 4
    with pytest.raises(LookupError):
        await shelf.restore("tea-time", 9, "小王")


async def test_only_the_newest_versions_are_kept(town: Town) -> None:
    for number in range(KEPT + 3):
        await town.sops.shelf.save("tea-time", TEXT.replace("hi", f"hi {number}"), "小王")
    versions = [one.version for one in await town.sops.shelf.history("tea-time")]
    assert versions == [*range(KEPT + 3, 3, -1)]


async def test_the_audit_tells_what_was_there_before_and_after(town: Town) -> None:
    await town.sops.shelf.save("tea-time", TEXT, "小王", 0)
    await town.sops.shelf.save("tea-time", LATER, "ann", 1)
    await town.sops.shelf.delete("tea-time", "ann")
    rows = await town.store.call("XRANGE", town.store.keys.audit(), "-", "+")
    told = [fields[1].decode() for _, fields in rows]
    assert '"what":"template.saved"' in told[1]
    assert '1: every = \\"0 9 * * 1\\" → 2: every = \\"0 10 * * 1\\"' in told[1]
    assert "tea-time, by ann" in told[2]
    assert '"what":"template.deleted"' in told[2]


# written as TOML


@pytest.mark.parametrize("name", NAMES)
def test_a_template_written_again_says_the_same(name: str) -> None:
    template = library().get(name)
    text = written(template)
    assert library().parse(text, name) == template
    assert written(library().parse(text, name)) == text


def test_what_goes_without_saying_is_left_out() -> None:
    text = written(library().parse(TEXT, "tea"))
    assert text == TEXT


def test_the_comments_a_file_begins_with_are_found() -> None:
    assert head_of("# one\n# two\ntitle = 1\n# three\n") == "# one\n# two\n"


_words = st.text(st.sampled_from(printable + "茶\"'\\{}😀\u2028"), max_size=30).map(
    lambda text: text.replace("\r\n", "\n")
)
_values = st.recursive(
    st.booleans() | st.integers(-(2**40), 2**40) | _words | st.dates(),
    lambda inner: (
        st.dictionaries(_words, inner, max_size=3)
        | st.lists(_words, max_size=3)
        | st.lists(st.dictionaries(_words, inner, max_size=3), min_size=1, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(_words, _values, max_size=4))
def test_any_table_of_texts_numbers_and_lists_reads_back(data: dict[str, object]) -> None:
    assert parse(toml(data), "any.toml").data == data
