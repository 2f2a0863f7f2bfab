"""Whoever types finds the members they mean."""

from __future__ import annotations

from random import Random

import pytest

from bot.members.attribute_index import AttributeIndex
from bot.members.attributes import Attribute, Attributes
from bot.members.search import Search
from bot.model.conversation import Account
from bot.model.initials import initials
from bot.store.effects import Effects
from bot.store.erasure import Erasure
from bot.store.members import Members
from bot.store.store import Store
from tests.store.dump import dump

PEOPLE = (
    *(("u1", "小明"), ("u2", "李小明"), ("u3", "Ada Lovelace"), ("u4", "韩梅梅 Hanmei")),
    *(("wmXyZ0123456789abcdef", "Bob"), ("u6", "🌸樱花🌸"), ("u7", "100%_*")),
)


def search_of(store: Store) -> Search:
    return Search(store, Members(store), lambda: ["sandbox"])


async def populate(store: Store) -> None:
    members, effects = Members(store), Effects(store.keys)
    for account, name in PEOPLE:
        await members.number("sandbox", Account(id=account, name=name))
    effects.attribute(1, "phone", "13800138000")
    effects.attribute(3, "city", "London")
    effects.attribute(3, "owner", "zelda")
    for number in (1, 3):
        effects.tag("vip", number, 1)
    assert await store.apply(effects)


async def found(store: Store, typed: str) -> list[int]:
    return [member.number for member in (await search_of(store).find(typed)).members]


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        *(("小明", [1, 2]), ("明", [2, 1]), ("李小", [2]), ("xm", [1]), ("lxm", [2]), ("HMM", [4])),
        *(("love", [3]), ("LOVELACE", [3]), ("ace", [3]), ("l", [3, 2]), ("lo", [3]), ("ve", [])),
        *(("ada love", [3]), ("love ada", [3]), ("ada bob", []), ("梅 han", [4]), ("梅han", [])),
        *(("13800138000", [1]), ("8000", [1]), ("0138", [1]), ("9999", [])),
        *(("wmXyZ0123456789abcdef", [5]), ("xyz01", []), ("u3", [3]), ("u6 x", [])),
        *(("#2", [2]), ("2", [2]), ("london", [3]), ("zelda", [])),
        *(("tag:vip", [3, 1]), ("tag:vip 小明", [1]), ("tag:gold", []), ("tag:vip bob", [])),
        *(("🌸", [6]), ("%_*", [7]), ("", []), ("  ", []), ("tag:", [])),
    ],
)
async def test_members_are_found_by_what_is_known_of_them(
    store: Store, typed: str, numbers: list[int]
) -> None:
    await populate(store)
    assert await found(store, typed) == numbers


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        *(("level:gold", [4, 1]), ("level:GO", [4, 1]), ("level:gold 明", [1]), ("level:g", [])),
        *(("level:gold tag:vip", [1]), ("level:gold xm", [1]), ("phone:13800138000", [1])),
        *(("level:none", []), ("city:London", []), ("level:", []), ("level:gold level:grey", [])),
    ],
)
async def test_members_are_found_by_a_value_of_an_attribute(
    store: Store, typed: str, numbers: list[int]
) -> None:
    await populate(store)
    effects = Effects(store.keys)
    for number, level in ((1, "gold"), (2, "grey"), (4, "gold")):
        effects.attribute(number, "level", level)
    assert await store.apply(effects)
    attributes, index = Attributes(store), AttributeIndex(store)
    await attributes.save(Attribute(name="level", type="choice", choices=("gold", "grey")))
    await attributes.save(Attribute(name="phone", type="phone", indexed=True))
    await index.tick()
    search = Search(store, Members(store), lambda: ["sandbox"], index)
    assert [member.number for member in (await search.find(typed)).members] == numbers


async def test_a_new_name_is_found_and_the_old_one_is_not(store: Store) -> None:
    await populate(store)
    await Members(store).number("sandbox", Account(id="u1", name="大卫"))
    assert await found(store, "大卫") == [1]
    assert await found(store, "小明") == [2]
    assert await found(store, "dw") == [1]


async def test_pages_go_on_where_the_last_one_ended_and_lose_nobody(store: Store) -> None:
    members = Members(store)
    for number in range(300):
        name = f"王{number}" if number % 3 else f"李{number}"
        await members.number("sandbox", Account(id=f"a{number}", name=name))
    search, cursor, seen = search_of(store), "", list[int]()
    while True:
        page = await search.find("王", cursor, 7)
        seen += [m.number for m in page.members]
        cursor = page.next
        assert len(page.members) <= 7
        if not cursor:
            break
    assert sorted(seen) == [n + 1 for n in range(300) if n % 3]


async def test_it_finds_who_a_plain_look_at_everybody_finds(store: Store) -> None:
    chance, members, texts = Random(7), Members(store), dict[int, str]()
    for number in range(1, 400):
        name = "".join(chance.choices("王小明李abc 12", k=chance.randrange(1, 7))).strip() or "x"
        account = "".join(chance.choices("abc123", k=6)) + str(number)
        got = await members.number("sandbox", Account(id=account, name=name))
        texts[got] = f" {name.casefold()} {initials(name)} {account} "
    search = search_of(store)
    for _ in range(200):
        text = texts[chance.randrange(1, 400)].strip()
        at = chance.randrange(len(text))
        word = text[at : at + chance.randrange(1, 5)].split(" ")[0]
        if not word or word.isdecimal():
            continue
        short = len(word) < 3 and word.isascii()
        fits = {n for n, t in texts.items() if (f" {word}" if short else word) in t}
        page = await search.find(word, "", 500)
        assert {m.number for m in page.members} == fits, word


async def test_members_of_before_the_search_are_found_once_they_were_read(store: Store) -> None:
    keys = store.keys
    for number in range(1, 451):
        fields = (
            "name",
            f"老王{number}",
            "folded",
            f"老王{number}",
            "account:sandbox",
            f"o{number}",
        )
        await store.call("HSET", keys.member(number), *fields)
        await store.call("SETBIT", keys.members_all(), number, 1)
    await store.call("SET", keys.member_seq(), 450)
    search = search_of(store)
    await search.begin()
    assert await search.older() == (0, 450)
    await Members(store).number("sandbox", Account(id="new", name="新王"))
    assert await found(store, "新王") == [451]
    await search.tick()
    assert await search.older() == (450, 450)
    assert await found(store, "lw450") == [450]
    assert await found(store, "o33") == [*range(339, 329, -1), 33]
    assert not await search.complete()


async def test_letters_that_many_have_are_found_far_apart(store: Store) -> None:
    members, search = Members(store), search_of(store)
    for block in range(600):
        await store.call("SET", store.keys.member_seq(), block * 64 + 7)
        name = "王五" if block != 3 else "王六"
        await members.number("sandbox", Account(id=f"far{block}", name=name))
    assert await store.text("TYPE", store.keys.member_grams("王五")) == "string"
    everybody, cursor = list[int](), ""
    while True:
        page = await search.find("五", cursor, 200)
        everybody += [member.number for member in page.members]
        cursor = page.next
        if not cursor:
            break
    assert sorted(everybody) == [block * 64 + 8 for block in range(600) if block != 3]
    assert await found(store, "六") == [3 * 64 + 8]


async def test_an_erased_member_leaves_no_letters(store: Store) -> None:
    await populate(store)
    await Members(store).number("sandbox", Account(id="u6", name="🌸樱桃🌸"))
    before = {key for key in await dump(store) if key.startswith("member:grams:")}
    assert any("樱花" in key for key in before)
    await Erasure(store, Members(store)).erase_member(6, "ann")
    after = {key for key in await dump(store) if key.startswith("member:grams:")}
    assert not any(letter in key for key in after for letter in "樱花桃")
    assert await found(store, "樱花") == []
    assert await found(store, "小明") == [1, 2]


def test_initials_are_those_of_pinyin() -> None:
    assert initials("赵钱孙李周吴郑王冯陈卫蒋沈韩杨") == "zqslzwzwfcwjshy"
    assert initials("张伟 Tea") == "zw tea"
    assert initials("Ada") == ""
    assert initials("🌸") == ""
