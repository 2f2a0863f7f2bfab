"""What an attribute may hold is said once and checked wherever it is filled in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.members.attributes import Attribute, Attributes, Type, WrongAttribute, attribute
from bot.members.import_work import ImportWork
from bot.members.imports import Imports
from bot.settings.welcome import Script
from bot.store.address import unix
from bot.store.members import Members
from bot.store.store import Store
from bot.testing import Community
from bot.welcome.lint import Known, lint


@pytest.mark.parametrize(
    ("type_", "typed", "kept"),
    [
        ("text", "  hello  ", "hello"),
        ("number", "1,200.5", "1200.5"),
        ("date", "2001/5/31", "2001-05-31"),
        ("date", "2001年5月31日", "2001-05-31"),
        ("date", "5-31", "05-31"),
        ("choice", "GOLD", "gold"),
        ("number", "１２", "12"),
        ("phone", "１３８００１３８０００", "13800138000"),
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


def test_the_bot_s_own_attributes_have_their_types_undeclared(store: Store) -> None:
    with pytest.raises(WrongAttribute, match="Did you mean “Asia/Tokyo”"):
        Attributes(store).written("timezone", "Asia/Tokio")


def test_what_is_required_is_not_emptied_and_names_are_names() -> None:
    with pytest.raises(WrongAttribute, match="Level"):
        Attribute(name="level", label="Level", required=True).read("")
    for name in ("", "a=b", "a<b", "a;b", 'say "hi"', "x" * 61, "two\nlines"):
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


# who writes them

CONFIG = """
handlers = ["handlers.welcome", "handlers.keyword_routes", "tests.members.levels"]

[[welcome.scripts]]
id = "poster"
attributes = { level = "glod", city = "上海" }

[[routes]]
name = "同城"
words = ["同城群"]
mode = "contains"
ask = "region"
groups = [{ group = "sandbox/south", labels = ["华南"] }]
"""


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    async with Community(CONFIG, locate=unix(valkey), workspace=store.keys.workspace) as made:
        attributes = made.app.rooms.attributes
        await attributes.save(Attribute(name="level", type="choice", choices=("gold", "silver")))
        await attributes.save(Attribute(name="region", type="choice", choices=("South",)))
        yield made


async def kept(community: Community) -> dict[str, str]:
    one = await community.app.members.member(1)
    assert one is not None
    return one.attributes


async def test_a_handler_writes_the_form_that_is_kept_and_fails_with_a_wrong_value(
    community: Community,
) -> None:
    ming = community.member("u1", "小明")
    await ming.says("level GOLD")
    assert await kept(community) == {"level": "gold"}
    await ming.says("level none")
    assert await kept(community) == {"level": ""}
    await ming.says("level glod")
    ((_, letter),) = await community.app.inbox.dead_letters()
    assert "attribute “level”" in letter.reason
    assert "Did you mean “gold”" in letter.reason
    assert "levels.py" in letter.traceback
    assert await kept(community) == {"level": ""}


async def test_a_script_with_a_wrong_value_does_the_rest_and_the_reason_is_kept(
    community: Community,
) -> None:
    tea = await community.group("tea")
    await community.member("u1", "小明").joins(tea)
    assert await kept(community) == {"city": "上海"}
    entries = [one for _, one in await community.app.journal.recent()]
    (refused,) = [one for one in entries if one.what == "attribute.refused"]
    assert refused.text == "level = glod"
    assert refused.reason.startswith("“glod” is none of: gold, silver.")


async def test_a_route_leads_on_though_what_it_asked_cannot_be_kept(community: Community) -> None:
    await community.group("south")
    ming = community.member("u1", "小明")
    await ming.says("同城群")
    await ming.says("华南")
    assert "region" not in await kept(community)
    whats = [one.what for _, one in await community.app.journal.recent()]
    assert "attribute.refused" in whats
    await ming.expects("适合你的群是「south」")


async def test_the_lint_of_a_script_tells_which_value_cannot_be_kept(store: Store) -> None:
    attributes = Attributes(store)
    await attributes.save(Attribute(name="level", type="number"))
    known = Known((), (), {}, {}, (), attributes.written)
    script = Script(id="a", attributes={"level": "high", "city": "any"})
    (found,) = lint(script, [], known)
    assert found.key == "attributes.level"
    assert "“high” is no number" in str(found)
    assert lint(script, [], replace(known, written=lambda _, value: value)) == []
