"""Which script greets, what it says when, and whose name keeps them from it."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.config import load_config
from bot.located import Problems
from bot.settings.welcome import Script, WelcomeMessage, WelcomeSettings
from bot.store.store import Store
from bot.welcome import layers
from bot.welcome.arrival import Arrival
from bot.welcome.choosing import Listed, choose, explain, overlap
from bot.welcome.names import BlockList
from bot.welcome.scripts import Scripts, check_welcomes
from bot.welcome.variants import chosen

BY_CODE = Arrival("group", "wx", group="tea", staff=("ann", "ben"), code="spring")


def script(ident: str, **more: Any) -> Script:
    return Script.model_validate({"id": ident, "messages": [ident], **more})


def listed(*scripts: Script, stored: bool = True) -> list[Listed]:
    return [Listed(one, stored) for one in scripts]


ALL = [
    script("all"),
    script("gateway", when={"gateways": ["wx"]}, priority=9),
    script("group", when={"groups": ["wx/tea"]}),
    script("staff", when={"staff": ["ben"]}),
    script("code", when={"codes": ["spring"]}),
]


def test_live_code_goes_before_staff_before_group_before_gateway_before_all() -> None:
    order = []
    left = listed(*ALL)
    while left:
        winner = choose(left, BY_CODE)
        assert winner is not None
        order.append(winner.script.id)
        left.remove(winner)
    assert order == ["code", "staff", "group", "gateway", "all"]


def test_of_equally_close_scripts_priority_decides_then_the_console_before_the_settings() -> None:
    low, high = script("a-low"), script("b-high", priority=1)
    assert choose(listed(low, high), BY_CODE) == Listed(high, True)
    mine, file = Listed(script("z"), True), Listed(script("a"), False)
    assert choose([file, mine], BY_CODE) == mine


def test_a_script_that_names_several_must_fit_in_all() -> None:
    both = script("both", when={"codes": ["spring"], "groups": ["other"]})
    assert choose(listed(both, ALL[0]), BY_CODE) == Listed(ALL[0], True)


def test_kinds_are_kept_apart() -> None:
    contact = script("contact", when={"kinds": ["contact"]})
    assert choose(listed(contact), BY_CODE) is None
    assert choose(listed(contact, *ALL), Arrival("contact", "wx")) == Listed(contact, True)


def test_every_script_that_lost_has_its_reason() -> None:
    off = script("off", enabled=False)
    told = {
        one.script.id: str(one.why)
        for one in explain(listed(off, *ALL, script("else", when={"groups": ["x"]})), BY_CODE)
    }
    assert [*told] == ["code", "staff", "group", "gateway", "all", *[*told][5:]]
    assert told["code"] == "it is the closest that applies"
    assert told["all"] == "another one is for this live code"
    assert told["off"] == "it is switched off"
    assert told["else"] == "it is for the groups x"


def test_scripts_overlap_only_where_one_person_can_meet_both() -> None:
    assert overlap(ALL[2].when, ALL[4].when)
    assert not overlap(ALL[2].when, script("x", when={"groups": ["wx/other"]}).when)
    assert not overlap(ALL[0].when, script("x", when={"kinds": ["opened"]}).when)


# layers

LAYERED = script(
    "layered",
    layers=[
        {"title": "night", "start": "22:00", "end": "02:00", "messages": ["night"]},
        {"title": "weekend", "weekdays": ["sat", "sun"], "messages": ["weekend"]},
        {"title": "new year", "dates": ["2026-12-31/2027-01-01"], "messages": ["party"]},
        {"title": "friday night", "weekdays": ["fri"], "start": "20:00", "end": "03:00",
         "messages": ["friday"]},
        {"title": "holiday", "holidays": True, "messages": ["holiday"]},
    ],
)  # fmt: skip


def holiday(day: date) -> bool:
    return day == date(2026, 10, 3)


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("2026-11-25T12:00", "layered"),  # a Wednesday
        ("2026-11-25T22:00", "night"),
        ("2026-11-26T01:59", "night"),
        ("2026-11-26T02:00", "layered"),
        ("2026-11-28T12:00", "weekend"),
        ("2026-11-27T20:30", "friday"),
        ("2026-11-28T02:30", "weekend"),  # both fit, the one above holds
        ("2026-12-31T23:00", "party"),  # a date before the night
        ("2027-01-02T00:30", "night"),
        ("2026-10-03T12:00", "holiday"),  # a Saturday
    ],
)
def test_special_dates_go_before_the_week_before_the_default(moment: str, said: str) -> None:
    spoken = layers.at(LAYERED, datetime.fromisoformat(moment), holiday)
    assert spoken.messages[0].text == said


def test_a_weekly_slot_over_midnight_belongs_to_the_day_it_began_on() -> None:
    friday = LAYERED.layers[3]
    saturday, sunday = map(datetime.fromisoformat, ("2026-11-28T02:30", "2026-11-29T02:30"))
    assert layers.holds(friday, saturday, holiday)
    assert not layers.holds(friday, sunday, holiday)


# names


@pytest.mark.parametrize(
    ("pattern", "name", "blocked"),
    [
        ("代购", "小红代购", True),
        ("vip", "ＶＩＰ客服", True),
        ("=admin", "Admin", True),
        ("=admin", "Administrator", False),
        (r"/加.?v\d+/", "加VX 加微V888", True),
        (r"/^刷单/", "不刷单", False),
    ],
)
def test_the_block_list_knows_parts_whole_names_and_patterns(
    pattern: str, name: str, blocked: bool
) -> None:
    assert (BlockList([pattern]).find(name) == pattern) is blocked


# variants


def test_a_member_always_gets_the_same_variant_and_shares_hold() -> None:
    message = WelcomeMessage.model_validate(
        {"text": "a", "share": 3, "variants": [{"text": "b", "share": 1}]}
    )
    got = [chosen("spring", member, message) for member in range(4000)]
    assert got == [chosen("spring", member, message) for member in range(4000)]
    assert 0.70 < got.count("A") / 4000 < 0.80
    assert got != [chosen("autumn", member, message) for member in range(4000)]


# keeping


async def test_what_a_manager_writes_is_told_wrong_where_it_is(store: Store) -> None:
    scripts = Scripts(WelcomeSettings(), store)
    wrong = {
        "id": "spring",
        "messages": ["ok", {"text": "{{ member.nmae }}"}],
        "layers": [{"weekdays": ["mon"], "messages": ["{% if %}"]}],
        "block": ["/(/"],
    }
    with pytest.raises(Problems) as told:
        await scripts.save(wrong, "ann")
    by_key = {problem.key: str(problem.said) for problem in told.value.problems}
    assert 'did you mean "name"?' in by_key["messages[1].text"]
    assert {"block[0]", "layers[0].messages[0].text", "messages[1].text"} == {*by_key}
    for data, key in (
        ({"id": "x", "layers": [{"messages": ["a"]}]}, "layers[0]"),
        ({"id": "x", "when": {"kindz": []}}, "when.kindz"),
        ({"id": "x", "again": "often"}, "again"),
        ({"id": "settings"}, "id"),
    ):
        with pytest.raises(Problems) as told:
            scripts.read(data)
        assert [problem.key for problem in told.value.problems] == [key]


async def test_scripts_are_kept_for_every_node_changed_and_taken_away(store: Store) -> None:
    here, there = Scripts(WelcomeSettings(), store), Scripts(WelcomeSettings(), store)
    await there.all()
    await here.save({"id": "spring", "title": "Spring", "messages": ["hi"], "again": "never"}, "a")
    store.clock.advance(1)  # type: ignore[attr-defined]
    found = await there.get("spring")
    assert found is not None
    assert (found.stored, found.script.name, found.script.again) == (True, "Spring", "never")
    assert await here.remove("spring", "a")
    assert not await here.remove("spring", "a")
    assert await here.get("spring") is None


async def test_a_kept_script_this_version_cannot_read_is_left_out_and_told(store: Store) -> None:
    scripts = Scripts(WelcomeSettings(), store)
    await scripts.save({"id": "good", "messages": ["hi"]}, "a")
    await store.call("HSET", store.keys.welcome_scripts(), "bad", '{"id":"bad","later":1}')
    await store.call("INCR", store.keys.welcome_version())
    fresh = Scripts(WelcomeSettings(), store)
    assert [one.script.id for one in await fresh.all()] == ["good", "settings"]
    assert "later" in str(fresh.problems[0])


def test_scripts_of_the_settings_are_checked_at_the_start_with_their_lines(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        """[welcome]
block = ["/(/"]
[[welcome.scripts]]
id = "spring"
messages = ["{{ member.nmae }}"]
[[welcome.scripts]]
id = "spring"
when = { gateways = ["sandbx"] }
""",
        encoding="utf-8",
    )
    config = load_config(tmp_path / "config.toml", {})
    told = [str(problem) for problem in check_welcomes(config)]
    for line, key, words in (
        (2, "welcome.block[0]", "not a regular expression"),
        (5, "welcome.scripts[0].messages[0]", 'did you mean "name"?'),
        (7, "welcome.scripts[1].id", "another script has this id"),
        (8, "welcome.scripts[1].when.gateways[0]", 'did you mean "sandbox"?'),
    ):
        assert any(f":{line}: {key}" in one and words in one for one in told), told
