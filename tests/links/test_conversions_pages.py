"""The console shows what was told and what it comes to; admins make the keys shops sign with."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from decimal import Decimal
from itertools import count

import pytest

from bot.links.codes import Code
from bot.links.conversions import Told
from tests.console.house import House, opened, people

_houses = count(1)


@pytest.fixture
async def house(valkey: str) -> AsyncIterator[House]:
    async with opened(valkey, f"taken{next(_houses)}") as made:
        yield made


async def tell(house: House, name: str, code: Code, kind: str = "sale") -> None:
    letters = house.rooms.links.codes.pack(code)
    told = Told(name=name, kind=kind, value=Decimal("19.90"), currency="CNY", code=letters)
    await house.rooms.conversions.record(told, "token shop")


async def test_everybody_sees_conversions_and_what_they_come_to(house: House) -> None:
    viewer = await house.operator("vic", "viewer")
    assert "No conversions yet" in await viewer.get("/conversions")
    await people(house, 2)
    links = house.rooms.links
    link = await links.make("https://shop.example/spring", "spring-sale")
    step = await links.steps.number("sop/weekly_tips/1/wednesday/w")
    for number in range(60):
        await tell(house, f"o{number}", Code(link, step, 1, 1 + number % 2))
    shown = await viewer.get("/conversions")
    assert "1,194.00 CNY" in shown
    assert "2 members converted." in shown
    assert "by the code of the link" in shown
    assert shown.count("token shop") == 50
    (more,) = re.findall(r'rel="next" href="([^"]+)"', shown)
    assert (await viewer.get(more.replace("&amp;", "&"))).count("token shop") == 10
    assert "spring-sale" in await viewer.get("/conversions?by=campaign")
    assert 'href="/sops/weekly_tips"' in await viewer.get("/conversions?by=sop")
    assert "/conversions/keys" not in shown


async def test_a_key_is_shown_once_and_ends_when_revoked(house: House) -> None:
    admin, path = await house.operator("ann", "admin"), "/conversions/keys"

    async def make(name: str, hosts: str) -> tuple[int, str]:
        form = {"name": name, "hosts": hosts, "csrf": await admin.csrf()}
        async with admin.client.post(path, data=form, headers={"Origin": house.url}) as answer:
            return answer.status, await answer.text()

    status, shown = await make("shop", "shop.example, Pay.example")
    found = re.search(r'<code id="secret">([\w-]{43})</code>', shown)
    assert status == 200
    assert found
    listed = await admin.get(path)
    assert "pay.example" in listed
    assert found[1] not in listed
    for name, hosts, said in (
        ("shop", "", "There is a key of this name."),
        ("", "", "A key&#39;s name has 1 to 40 letters."),
        ("b", "https://shop.example/", "is no host name"),
        ("b", "a@b.example", "is no host name"),
    ):
        status, shown = await make(name, hosts)
        assert (status, said in shown) == (422, True)
    ident = re.search(r'name="id" value="(\w+)"', listed)
    assert ident
    assert (await admin.post(f"{path}/revoke", {"id": ident[1]})).status == 303
    assert "No signing keys yet" in await admin.get(path)
    audited = await admin.get("/audit")
    assert "Made a signing key" in audited
    assert "Ended a signing key" in audited
    assert found[1] not in audited


async def test_keys_are_for_admins(house: House) -> None:
    manager = await house.operator("max", "manager")
    async with manager.client.get("/conversions/keys") as answer:
        assert answer.status == 403
