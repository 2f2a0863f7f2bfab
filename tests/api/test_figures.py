"""Figures over the API are those of the figure room."""

from __future__ import annotations

from bot.figures.period import read_period
from bot.figures.subject import Subject
from tests.api.conftest import Shop
from tests.api.test_resources import every
from tests.console.house import click_around, people


async def test_figures_are_those_the_room_makes(shop: Shop) -> None:
    link, tool, room = await click_around(shop.house), await shop.tool(), shop.house.rooms.figures
    figures = await room.of(Subject("link", str(link)), read_period("", room.today), "group")
    found = await tool.get(f"/figures?subject=link:{link}&by=group")
    assert (found["subject"], found["by"], found["zone"]) == (
        f"link:{link}",
        "group",
        "Asia/Shanghai",
    )
    assert found["total"]["clicks"] == figures.total.clicks > 0
    assert found["total"]["verdicts"] == dict(figures.total.verdicts)
    assert [(row["key"], row["clicks"], row["people"], row["reach"]) for row in found["rows"]] == [
        (row.key, row.clicks, row.people, row.reach) for row in figures.rows
    ]
    assert (await tool.get("/figures?since=2026-01-01"))["by"] is None


async def test_the_members_behind_a_figure_come_in_pages(shop: Shop) -> None:
    await people(shop.house, 20)
    link, room = await click_around(shop.house), shop.house.rooms.figures
    subject, period = Subject("link", str(link)), read_period("", room.today)
    clicked = await room.who(subject, period, "people")
    assert clicked.count() > 1
    tool = await shop.tool("read:members")
    found = await every(tool, f"/figures/members?subject=link:{link}&measure=people", 1)
    assert [one["number"] for one in found] == [*clicked]
    page = await tool.get(f"/figures/members?subject=link:{link}&limit=1")
    assert page["count"] == clicked.count()
    said = await (await shop.tool("read:stats", name="bi")).ask("GET", "/figures/members")
    assert said.status == 403


async def test_campaigns_come_with_what_they_came_to(shop: Shop) -> None:
    await click_around(shop.house)
    tool, room = await shop.tool(), shop.house.rooms.figures
    figures = await room.of(Subject(), read_period("", room.today), "campaign")
    found = await every(tool, "/campaigns", 1)
    assert [(one["name"], one["hits"], one["clicks"]) for one in found] == [
        (row.key, row.hits, row.clicks) for row in figures.rows if row.key
    ]
    assert found


async def test_what_cannot_be_told_is_refused_at_its_place(shop: Shop) -> None:
    tool = await shop.tool()
    for query, at in (
        ("subject=planet:mars", "/subject"),
        ("subject=link:77", "/subject"),
        ("subject=campaign:none", "/subject"),
        ("by=planet", "/by"),
        ("since=2026-13-01", "/since"),
        ("until=0001-01-01", "/until"),
        ("since=9999-12-31", "/since"),
        ("since=2026-02-02&until=2026-02-01", "/since"),
    ):
        said = await tool.ask("GET", f"/figures?{query}")
        assert (said.status, said.at) == (422, [("query", at)]), query
    assert (await tool.ask("GET", "/figures?until=9999-12-31&since=0001-01-01")).status == 200
    said = await tool.ask("GET", "/figures/members?key=3")
    assert (said.status, said.at) == (422, [("query", "/by")])
