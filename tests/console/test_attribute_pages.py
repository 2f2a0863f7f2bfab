"""Managers declare attributes, and ask for members by them."""

from __future__ import annotations

from html import unescape

from bot.store.effects import Effects
from tests.console.conftest import Visitor
from tests.console.house import House, people

HERE = "/members/attributes"


async def read(visitor: Visitor, path: str) -> str:
    return unescape(await visitor.get(path))


async def test_a_segment_asks_for_what_was_declared_once_everybody_was_read(house: House) -> None:
    await people(house, 3)
    effects = Effects(house.store.keys)
    for number, level in ((1, "3"), (2, "4")):
        effects.attribute(number, "level", level)
    assert await house.store.apply(effects)
    ann = await house.operator("ann", "manager")
    wrong = "attribute:level>=4"
    asked = {"name": "keen", "expression": wrong, "do": "save"}
    answer = await ann.post("/segments/edit", asked)
    assert "no attribute of this name is declared" in unescape(await answer.text())
    assert (await ann.post(HERE, {"name": "level", "type": "number"})).status == 303
    assert "members are being read for it: 0 of" in await read(ann, HERE)
    answer = await ann.post("/segments/edit", asked)
    assert "ask again in a while" in unescape(await answer.text())
    await house.rooms.attribute_index.tick()
    assert "being read" not in await read(ann, HERE)
    assert (await ann.post("/segments/edit", asked)).status == 303
    assert "members who have “level” ≥ “4”" in await read(ann, "/segments")
    assert "1 member" in await read(ann, "/segments")


async def test_text_is_asked_for_by_value_where_that_is_ticked(house: House) -> None:
    await people(house, 1)
    ann = await house.operator("ann", "manager")
    assert (await ann.post(HERE, {"name": "city", "type": "text", "indexed": "yes"})).status == 303
    page = await read(ann, f"{HERE}?name=city")
    assert 'name="indexed" value="yes" checked' in page
    await house.rooms.attribute_index.tick()
    assert "attribute:city=…" in await read(ann, HERE)
    change = {"attribute:city": "Shanghai"}
    assert (await ann.post("/members/1/attributes", change)).status == 303
    assert 'href="/members/1"' in await read(ann, "/members?q=city:shanghai")
    assert "/members/1" not in await read(ann, "/members?q=city:london")
    assert (await ann.post(HERE, {"name": "a=b", "type": "text"})).status == 422
