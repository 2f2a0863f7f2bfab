"""A route's page: its numbers, what they mean, and who waits."""

from __future__ import annotations

from collections.abc import Mapping
from html import unescape
from pathlib import Path

import pytest

from bot.config import STARTER, Config, load_config
from tests.console.house import House, opened
from tests.console.test_routes_pages import RUN, filled

PLACES = {"fill": "fewest", "full": "wait", "hold": "90m", "per_day": "3", "readmit": "on"}


async def test_places_are_set_in_the_form_and_stay_when_it_is_saved_again(house: House) -> None:
    visitor = await house.operator("ann", "manager")
    assert (await filled(visitor, {**RUN, **PLACES}))[0] == 303
    page = unescape(await visitor.get("/routes/edit?name=跑步"))
    for shown in ('value="fewest" checked', 'value="wait" checked', 'value="90m"', 'value="3"'):
        assert shown in page
    [route] = [r.route for r in await house.rooms.routes.routes() if r.route.name == "跑步"]
    assert (route.fill, route.full, route.hold, route.per_day) == ("fewest", "wait", 5400, 3)
    assert route.readmit


async def test_what_is_wrong_with_places_stands_beside_the_field(house: House) -> None:
    visitor = await house.operator("ann", "manager")
    for field, value in (("hold", "soon"), ("per_day", "0"), ("full", "never")):
        status, page = await filled(visitor, {**RUN, **PLACES, field: value})
        assert status == 422
        beside = page.split('class="wrong" role="alert">')
        assert len(beside) == 2
        assert f'name="{field}"' in beside[0]


async def test_a_routes_page_shows_its_funnel_and_who_waits(house: House) -> None:
    visitor = await house.operator("ann", "manager")
    await filled(visitor, {**RUN, **PLACES, "capacity-0": "1"})
    for who in ("p1", "p2"):
        await house.community.member(who, f"person {who}").says("跑步")
    page = unescape(await visitor.get("/routes/statistics?name=跑步"))
    assert 'data-label="Asked">2<' in page
    assert 'data-label="Shown the way">1<' in page
    assert "person p2" in page.split("Waiting list")[1]
    assert "person p1" not in page.split("Waiting list")[1]
    assert "members who asked for it" in page
    led = page.split("What led to it")[1].split("What is counted")[0]
    assert "“跑步”" in led
    assert 'data-label="Asked">2<' in led
    assert 'data-label="Asked">2<' in await visitor.get("/routes/statistics?name=跑步&days=")
    async with visitor.client.get("/routes/statistics?name=nothing") as answer:
        assert answer.status == 404


async def test_list_and_page_say_how_full_each_group_is_and_how_many_wait(house: House) -> None:
    visitor = await house.operator("ann", "manager")
    await filled(visitor, {**RUN, **PLACES, "capacity-0": "3"})
    running = await house.community.group("running")
    for who in ("p1", "p2"):
        await house.community.member(who, f"person {who}").joins(running)
    for who in ("p3", "p4", "p5"):
        await house.community.member(who, f"person {who}").says("跑步")
    listed = unescape(await visitor.get("/routes"))
    for shown in ("2 of 3 there", "1 held", "2 in line"):
        assert shown in listed
    page = unescape(await visitor.get("/routes/statistics?name=跑步"))
    full = page.split("How full the groups are")[1].split("</table>")[0]
    for label, n in (("In it now", 2), ("Places held", 1), ("Takes", 3), ("Free", 0)):
        assert f'data-label="{label}">{n}<' in full
    assert 'data-label="Wait for it">2<' in full


async def test_what_runs_without_a_file_is_built_in_and_says_how_it_is_changed(
    valkey: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def starter(path: Path, environ: Mapping[str, str]) -> Config:
        return load_config(STARTER, environ, folder=path.parent)

    monkeypatch.setattr("bot.testing.community.load_config", starter)
    async with opened(valkey, "starter") as house:
        page = await (await house.operator("ann", "manager")).get("/routes")
        assert "built in</small>" in page
        assert "in config.toml" not in page
        assert "To change it, write a config.toml" in page


async def test_what_stands_in_a_file_says_so(house: House) -> None:
    page = await (await house.operator("ann", "manager")).get("/routes")
    assert "in config.toml</small>" in page
    assert "built in" not in page
