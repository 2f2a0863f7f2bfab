"""What an attribute may hold is said once and checked wherever it is filled in."""

from __future__ import annotations

import pytest

from bot.members.attributes import Attribute, Attributes, Type, WrongAttribute, attribute
from bot.members.import_work import ImportWork
from bot.members.imports import Imports
from bot.store.members import Members
from bot.store.store import Store


@pytest.mark.parametrize(
    ("type_", "typed", "kept"),
    [
        ("text", "  hello  ", "hello"),
        ("number", "1,200.5", "1200.5"),
        ("date", "2001/5/31", "2001-05-31"),
        ("date", "2001年5月31日", "2001-05-31"),
        ("date", "5-31", "05-31"),
        ("choice", "GOLD", "gold"),
        ("phone", "+86 138-0013-8000", "+8613800138000"),
        ("phone", "0086 13800138000", "+8613800138000"),
        ("email", "ming@example.com", "ming@example.com"),
        ("url", "https://example.com/ming?a=1", "https://example.com/ming?a=1"),
        ("zone", "Asia/Shanghai", "Asia/Shanghai"),
        ("yes-no", "是", "yes"),
        ("yes-no", "FALSE", "no"),
    ],
)
def test_values_are_kept_in_one_form_however_they_are_typed(
    type_: Type, typed: str, kept: str
) -> None:
    one = Attribute(name="a", type=type_, choices=("gold", "silver"))
    assert one.read(typed) == kept
    assert one.read(kept) == kept
    assert one.read(" ") == ""


@pytest.mark.parametrize(
    ("type_", "typed", "said"),
    [
        ("number", "many", "42"),
        ("number", "1e5", "42"),
        ("date", "2001-02-30", "2001-05-31"),
        ("date", "31/5/2001", "2001-05-31"),
        ("choice", "glod", "Did you mean “gold”"),
        ("choice", "???", "gold, silver"),
        ("phone", "call me", "digits"),
        ("email", "ming@example", "ming@example.com"),
        ("url", "javascript:alert(1)", "https://"),
        ("zone", "Asia/Shangai", "Did you mean “Asia/Shanghai”"),
        ("yes-no", "maybe", "neither"),
        ("text", "x" * 501, "500"),
    ],
)
def test_a_wrong_value_is_told_what_was_expected(type_: Type, typed: str, said: str) -> None:
    one = Attribute(name="a", type=type_, choices=("gold", "silver"))
    with pytest.raises(WrongAttribute, match=said.replace("?", r"\?").replace("(", r"\(")):
        one.read(typed)


def test_what_is_required_is_not_emptied_and_names_are_names() -> None:
    with pytest.raises(WrongAttribute, match="Level"):
        Attribute(name="level", label="Level", required=True).read("")
    for name in ("", "a;b", 'say "hi"', "x" * 61, "two\nlines"):
        with pytest.raises(WrongAttribute):
            attribute(name)


async def test_declared_attributes_are_known_to_every_node_and_can_be_given_up(
    store: Store,
) -> None:
    here, there = Attributes(store), Attributes(store)
    await here.save(Attribute(name="phone", type="phone"))
    assert there.read("phone", "call me") == "call me"
    await there.refresh()
    with pytest.raises(WrongAttribute):
        there.read("phone", "call me")
    with pytest.raises(WrongAttribute, match="list"):
        await here.save(Attribute(name="level", type="choice"))
    await there.remove("phone")
    assert there.read("phone", "call me") == "call me"
    with pytest.raises(WrongAttribute, match="phone"):
        await there.remove("phone")


async def test_an_import_refuses_a_row_whose_value_is_of_another_type(store: Store) -> None:
    attributes, imports = Attributes(store), Imports(store, lambda: ["sandbox"])
    await attributes.save(Attribute(name="phone", type="phone"))
    file = "账号,手机号\nu1,138 0013 8000\nu2,call me\n".encode()
    made = await imports.take("ann", "people.csv", file)
    await imports.choose(made.id, made.columns, True)
    await imports.run(made.id, "ann")
    await ImportWork(store, imports, lambda: "here", lambda: attributes.read).tick()
    results = [one async for some in imports.results(made.id) for one in some]
    assert [one.did for one in results] == ["new", "refused"]
    assert results[1].faults[0].column == 1
    one = await Members(store).member(1)
    assert one is not None
    assert one.attributes == {"phone": "13800138000"}
