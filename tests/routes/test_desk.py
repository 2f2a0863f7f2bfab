"""Routes written at run time: checked like those of the file, and seen by every node."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bot.config import load_config
from bot.located import Problems
from bot.routes.desk import Desk, check_routes
from bot.settings.rooms import RouteSettings
from bot.store.store import Store
from bot.testing import TestClock

FIXED = RouteSettings.model_validate(
    {"name": "fixed", "words": ["护肤"], "groups": ["sandbox/skin"]}
)


def desk(store: Store) -> Desk:
    return Desk([FIXED], store, gateways=["sandbox", "qq"], functions=frozenset({"card"}))


def data(name: str = "tea", **more: Any) -> dict[str, Any]:
    return {"name": name, "words": ["喝茶"], "groups": ["sandbox/tea"], **more}


async def leads(one: Desk, text: str) -> list[str]:
    return [fit.route.name for fit in (await one.table()).best(text)]


async def test_a_saved_route_works_at_once_here_and_within_a_second_elsewhere(
    store: Store, clock: TestClock
) -> None:
    here, there = desk(store), desk(store)
    assert await leads(there, "喝茶") == []
    await here.save(data(), by="anna")
    assert await leads(here, "喝茶") == ["tea"]
    assert await leads(there, "喝茶") == []
    clock.advance(1)
    assert await leads(there, "喝茶") == ["tea"]
    await there.save(data(words=["饮茶"]))
    clock.advance(-3600)
    assert await leads(here, "饮茶") == ["tea"]
    assert await leads(here, "喝茶") == []
    assert await here.remove("tea")
    assert not await here.remove("tea")
    assert await leads(here, "饮茶") == []
    assert await leads(here, "护肤") == ["fixed"]


async def test_routes_saved_at_the_same_time_are_all_kept(store: Store) -> None:
    nodes = [desk(store) for _ in range(8)]
    await asyncio.gather(*(one.save(data(f"r{n}")) for n, one in enumerate(nodes)))
    assert await leads(desk(store), "喝茶") == [f"r{n}" for n in range(8)]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"wrods": ["x"]}, 'route: wrods: unknown key; did you mean "words"?'),
        ({"groups": ["tea"]}, 'route: groups[0]: expected a group as "gateway/group id"'),
        ({"groups": ["qqq/1"]}, 'route: groups[0]: unknown gateway "qqq"; did you mean "qq"?'),
        ({"lobby": ["wx/1"]}, 'route: lobby[0]: unknown gateway "wx"'),
        ({"name": "fixed"}, "route: name: 'fixed' is in the configuration file"),
        ({"words": ["喝茶", "(茶"], "mode": "regex"}, "route: words[1]: not a regular expression"),
        ({"words": ["茶", "!"], "mode": "contains"}, "route: words[1]: '!' is only punctuation"),
        ({"synonyms": {"护肤": ["美容"]}}, "route: synonyms.护肤: is in none of the words"),
        ({"reply": "{{ target.nmae }}"}, "route: reply: line 1: there is no value in target nmae"),
        ({"reply": "{{ group.name }}"}, "route: reply: line 1: there is no"),
        (
            {"words": ["一二三"], "synonyms": {n: ["a", "b", "c", "d"] for n in "一二三"}},
            "route: words[0]: can be said in 125 ways with its synonyms: at most 100",
        ),
    ],
)
async def test_a_wrong_route_is_refused_at_its_key(
    store: Store, wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(Problems) as raised:
        await desk(store).save(data(**wrong))
    assert message in str(raised.value)
    assert not await store.call("EXISTS", store.keys.routes())


async def test_a_route_of_the_configuration_cannot_be_removed(store: Store) -> None:
    with pytest.raises(Problems, match="change it there"):
        await desk(store).remove("fixed")


async def test_a_stored_route_that_cannot_be_read_is_left_out_and_told(store: Store) -> None:
    await desk(store).save(data("good"))
    await store.call("HSET", store.keys.routes(), "bad", '{"name": "bad", "colour": 1}')
    one = desk(store)
    assert await leads(one, "喝茶") == ["good"]
    assert "colour: unknown key" in "\n".join(map(str, one.problems))


def test_wrong_routes_of_the_file_are_told_with_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        '[[routes]]\nname = "tea"\ngroups = ["sandbox/tea"]\nwords = ["茶", "。"]\n'
        'mode = "prefix"\nreply = "{{ target.nmae }}"\n'
    )
    found = [str(p).replace(str(file), "file") for p in check_routes(load_config(file, {}))]
    assert len(found) == 2
    assert found[0].startswith("file:4: routes[0].words[1]: '。' is only punctuation")
    assert found[1].startswith("file:6: routes[0].reply: line 1: there is no value in target nmae")


def test_the_example_configuration_has_no_problems() -> None:
    example = Path(__file__).parents[2] / "config.example.toml"
    assert check_routes(load_config(example, {})) == []
