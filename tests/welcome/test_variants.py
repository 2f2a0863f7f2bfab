"""One text against another: whom each reached, who clicked in it, and who stayed."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.links.codes import Code
from bot.model.conversation import Account
from bot.model.event import ContactRemoved
from bot.settings.welcome import Script
from bot.store.address import unix
from bot.store.store import Store
from bot.testing import Community
from bot.testing.community import Person
from tests.links.test_in_chat import click

A = "A {{ link('https://shop.example/a') }}"
TEXTS = {"text": A, "variants": ["B {{ link('https://shop.example/a') }}"]}


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    async with Community("", locate=unix(valkey), workspace=store.keys.workspace) as made:
        yield made


async def script(community: Community, **more: Any) -> Script:
    data = {"id": "spring", "messages": [TEXTS], "window": "0s", **more}
    return await community.app.rooms.welcomes.scripts.save(data, "ann")


async def results(community: Community, one: Script) -> dict[str, tuple[int, int | None, int]]:
    found = await community.app.rooms.welcomes.variants.results(one)
    return {f"{r.place}{r.name}": (r.reached, r.clicked, r.stayed) for r in found}


async def code_of(community: Community, text: str) -> Code:
    found = community.app.rooms.links.codes.unpack(re.findall(r"/l/(\w+)", text)[0])
    assert found is not None
    return found


async def removes(community: Community, person: Person) -> None:
    event = ContactRemoved(
        id=f"removed-{person.id}-{community.clock.now()}",
        gateway="sandbox",
        at=community.clock.now(),
        account=Account(id=person.id, name=person.name),
    )
    await community.accept(event)


async def test_clicks_in_a_group_count_for_the_variant_they_were_in(community: Community) -> None:
    one, tea = await script(community), await community.group("tea")
    people = [community.member(f"u{n}", f"人{n}") for n in range(8)]
    for person in people:
        await person.joins(tea)
        await community.passes(seconds=1)
    heard = [said.message.text for said in await tea.hears()]
    texts = {name: next(t for t in heard if t.startswith(name)) for name in "AB"}
    codes = {name: await code_of(community, text) for name, text in texts.items()}
    assert codes["A"].step != codes["B"].step
    await click(community, codes["A"], codes["A"], codes["B"])
    got = {name: sum(t.startswith(name) for t in heard) for name in "AB"}
    assert await results(community, one) == {
        "1A": (got["A"], 2, got["A"]),
        "1B": (got["B"], 1, got["B"]),
    }


async def test_who_leaves_within_a_week_has_not_stayed_and_later_it_is_no_matter(
    community: Community,
) -> None:
    one, tea = await script(community, again="always"), await community.group("tea")
    ming, hong = community.member("u1", "小明"), community.member("u2", "小红")
    for person in (ming, hong):
        await person.joins(tea)
        await community.passes(seconds=1)
    community.clock.advance(6 * 86_400)
    await ming.leaves(tea)
    community.clock.advance(2 * 86_400)
    await hong.leaves(tea)
    assert sum(stayed for _, _, stayed in (await results(community, one)).values()) == 1
    await ming.joins(tea)  # and is greeted anew
    await community.passes(seconds=1)
    assert sum(stayed for _, _, stayed in (await results(community, one)).values()) == 2


async def test_a_contact_who_ends_the_chat_soon_has_not_stayed(community: Community) -> None:
    one = await script(community, when={"kinds": ["contact"]})
    ming = community.member("u1", "小明")
    await ming.adds_the_bot()
    said = (await community.direct(ming).hears())[0].message.text
    code = await code_of(community, said)
    assert code.member == 1
    await click(community, code, code)
    assert (await results(community, one))[f"1{said[0]}"] == (1, 1, 1)
    await removes(community, ming)
    assert (await results(community, one))[f"1{said[0]}"] == (1, 1, 0)


async def test_a_layers_texts_are_counted_apart_from_what_is_said_by_default(
    community: Community,
) -> None:
    night = {"start": "00:00", "end": "23:59", "messages": [TEXTS]}
    one, tea = await script(community, layers=[night]), await community.group("tea")
    await community.member("u1", "小明").joins(tea)
    await community.passes(seconds=1)
    found = await results(community, one)
    assert [sum(found[f"{place}{name}"][0] for name in "AB") for place in ("1", "1.1")] == [0, 1]
    assert found["1A"] == (0, None, 0)


async def test_a_script_without_variants_compares_nothing(community: Community) -> None:
    assert await results(community, await script(community, messages=["hi"])) == {}
